# English messages of the command line. Every key stands in fa.ftl too.
error = error:
confirm-prompt = [y/N]
unknown-author = someone unknown
too-large = too large to compute

saved = saved { $id } · { $unsent } unsent · undo: forsat undo
unchanged = { $id } says that already; nothing was written
edit-nothing = nothing to change; write for example forsat { $module } edit RECORD next_step="call"
line-edit-nothing = nothing to change; give for example --qty 3
resolve-how = say which side holds: --take N, or --value …
undone = took back: { $command }
undo-skipped = left { $id } { $field } alone: it says { $now } by now, written after that command

init-done = made a store in { $dir }; it works without any relay
init-next = next: forsat account add --name "…", then forsat opp add --account "…"

list-part = { $shown } of { $total }; all of them: --all
list-all = { $total ->
    [0] none
   *[other] { $total } in all
}
find-none = no record's name holds "{ $text }"
delete-one = put { $name } into the trash?
delete-many = put { $count } records into the trash?
delete-deals = Open deals that hang on it: { $count }, together { $sums }.
issues-count = { $total ->
    [0] nothing to decide
    [one] one issue
   *[other] { $total } issues
}

status-no-relay = none; attach one with: forsat join URL CODE
status-relay = relay
status-all-sent = everything is sent
status-unsent = { $count } unsent
status-refused = { $id }: an edit was refused by the relay ({ $code }); it is kept, see forsat inspect { $id }
status-space = space
status-role = role
status-unsent-heading = unsent
status-cursor = position
status-synced = last in sync
status-never = never
status-differs = differs from the relay

show-trashed = in the trash
show-disputed = deletion disputed
show-unsent = { $count } unsent
show-by-hand = (set by hand)
show-probability = Probability
show-booked = Booked at closing
show-no-rate = unknown: no rate for { $currency }
line-product = product
line-quantity = quantity
line-price = unit price
line-discount = discount
line-tax = tax
line-net = net

pipeline-stage = stage
pipeline-deals = deals
pipeline-amount = amount
pipeline-weighted = weighted
pipeline-open = open
pipeline-won = won
pipeline-lost = lost
pipeline-disputed = disputed: { $count } · { $amount }, in neither won nor lost
pipeline-no-rate = no rate for { $currency }: { $count }, outside every sum
pipeline-overflow = too large to compute: { $count }, outside every sum
pipeline-no-amount = without an amount: { $count }, counted as 0
pipeline-disputed-deletions = deletion disputed: { $count }, counted until decided
pipeline-quarter = quarter
pipeline-quarter-name = { $year } Q{ $quarter }
pipeline-no-date = no date
pipeline-restated = restated { $amount }, { $count } reopened

inspect-space = space
inspect-heads = heads
inspect-feed-heads = heads in the feed
inspect-change = change
inspect-device = device
inspect-seq = seq
inspect-author = author
inspect-time = time
inspect-bytes = bytes
inspect-state = state
history-unsent = unsent

import-rows = { $count } rows
import-new = { $count } new
import-updated = { $count } updated
import-unchanged = { $count } unchanged
import-kept = { $count } cells left as edited here
import-refused = { $count } refused
import-refused-file = refused rows are in { $path }: correct them there and import that file
import-dry-run = nothing was written (--dry-run)
import-saved = saved · { $unsent } unsent

list-comma = ,{" "}
sync-new = new
sync-new-records = { $count } new records
sync-changed = changed: { $fields }
sync-merged = merged: { $fields }
sync-amount = amount { $before } → { $now }, which nobody typed
sync-counts = { $received } changes received, { $sent } sent
sync-refused = { $count } refused: forsat issues
sync-unreadable = { $count } unreadable: forsat issues

join-workspace = workspace { $workspace }
join-user-changes = the relay knows you from another device already; this store's user becomes that one
join-sends = the next sync sends { $changes } changes ({ $bytes } bytes) that this store already has
join-settings = this store has settings of its own; the relay's count from now on where it has any
join-confirm = Attach this store to the relay?
join-done = attached; send and receive with: forsat sync
watch-begins = connected mode; stop with Ctrl-C
watch-waits = another process is syncing this store; this one begins when that one ends
watch-online = online
watch-offline = offline; work goes on, trying again by itself
trouble-mismatch = this device and the relay differ; nothing is lost, see: forsat status
trouble-cursor = the relay's store was made anew or restored; everything is read again
trouble-echo = the relay named a change of this device that is not here; it is fetched
trouble-space = you no longer see one of the spaces; what is here stays readable

demo-begin = Forsat: two people, one relay, and a network that comes and goes. Everything is in { $dir }
demo-relay = Relay   { $url }, workspace "{ $workspace }"; devices: office (Sara, admin) and field (Reza, rep)
demo-import = Import  office takes { $rows } rows: { $deals } deals, { $accounts } accounts, { $products } products, { $people } people; { $refused } rows refused ({ $reason }) · { $seconds } s
demo-first-sync = Sync    office sent { $sent } changes in { $up } s; field received { $received } in { $down } s
demo-offline = Offline, both work on the same deals:
demo-s2 = { $deal }: Sara wins it at { $amount }; Reza, not knowing, adds a line of { $line }
demo-s11 = { $deal }: Sara types { $amount } by hand; Reza adds a line of { $line }
demo-s16 = { $deal }: Sara wins it on { $won }; Reza loses it on { $lost } (price)
demo-text = { $deal }: both write into its description; each adds a deal of their own
demo-online = Back online ({ $office } changes of Sara, { $field } of Reza). What the office hears and merges by itself:
demo-merged-text = description of { $deal }: "{ $text }"
demo-decide = What a person must decide, and the command that ends it:
demo-pipeline = Pipeline on both devices { $equal ->
    [yes] (the same to the last byte: { $bytes } bytes of report compared)
   *[no] DIFFERS between the devices
}:
demo-closed = won { $won } · { $wonAmount }, lost { $lost }, disputed { $disputed } · { $disputedAmount }
demo-next = Go on with these very stores:
demo-base-text = Visited the plant.
demo-sara-text = They want two racks.
demo-reza-text = The guard is called Karim.
demo-dir-used = { $dir } isn't empty; name an empty or a new folder with --dir
demo-sara = Sara
demo-reza = Reza
side-booked = booked at closing
side-live = as it is now

# reports
breakdown-total = in all
breakdown-none = (none)
breakdown-owner = owner
breakdown-team = team
breakdown-source = source
breakdown-campaign = campaign
breakdown-account = account
breakdown-product = product
breakdown-period = month
forecast-month = month
forecast-expected = open
forecast-committed = committed
forecast-weighted = weighted
forecast-best-case = best case
forecast-short = short term
forecast-mid = mid term
forecast-overdue = overdue: { $count } open deals, { $amount } (weighted { $weighted }), expected by now and in no month
forecast-no-date = no date: { $count } open deals, { $amount } (weighted { $weighted }), in no month
forecast-later = later: { $count } open deals, { $amount } (weighted { $weighted })
stuck-median = median days
stuck-stays = stays
stuck-days = days
stuck-deal = deal
stuck-bottleneck = bottleneck
stuck-clamped = { $count } with clocks running backwards
stuck-none = every open deal has something planned
stuck-part = { $shown } of { $total } deals with nothing planned; all of them: --json

# what lies around a record
related-coming = Coming
related-happened = Happened
related-part = the first { $shown }; all of them: --json
related-call = call
related-meeting = meeting
related-task = task
related-note = note
related-stage = stage
related-won = won
related-lost = lost
related-close_date = expected to close
related-created = created

# Leads and what is logged
lead-new = new
lead-existing = was here before
lead-activities = { $count ->
    [one] 1 activity of the lead is
   *[other] { $shown } activities of the lead are
} now about these too
lead-no-close-date = the deal has no expected close date yet: forsat opp edit { $id } close_date=…
show-not-here = (not on this device)
log-about = { $about } · { $status }
log-note = { $about }
log-follow-up = to do: { $name } ({ $id })
log-next-step = to do, and the deal's next step: { $name } ({ $id })
log-due-of-task = --due is for tasks; give the hour of a call or meeting with --at, and what follows with --next … --on …
