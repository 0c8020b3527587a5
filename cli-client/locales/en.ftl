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
undone-nothing = took nothing back of: { $command }; another undo takes the command before it
undo-left-written = left { $id } { $what } alone: it says { $now } by now, written after that command
undo-left-later = left { $id } { $what } alone: a later command of yours changed it; take that one back first
undo-left-conflict = left { $id } { $what } as it is: that command ended a conflict, which undoing can't bring back; it stood between { $sides }. To decide otherwise:
undo-left-edited = left { $id } { $name } alone: others have edited it since you made it. To delete it all the same:
undo-left-deals = left { $id } { $name } alone: open deals hang on it. To delete it all the same:
undo-left-trashed = { $id } { $name } is in the trash already
undo-left-gone = left { $id } { $what } alone: the record moved to a space that isn't shown to you; the command still counts as not taken back. Once the record is here again:
undo-left-refused = { $id }: the relay refused this record, so there is nothing to take back; forsat status shows what was refused

init-done = made a store in { $dir }; it works without any relay
init-next = next: forsat account add --name "…", then forsat opp add --account "…"

list-part = { $shown } of { $total }; all of them: --all
list-all = { $total ->
    [0] none
   *[other] { $total } in all
}
find-none = no record's name holds "{ $text }"
delete-one = put { $name } into the trash?
delete-many = { $count ->
    [one] put 1 record into the trash?
   *[other] put { $count } records into the trash?
}
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
status-moves = { $count ->
    [one] 1 record moves to { $space } with the next sync; forsat move to the space that it lives in keeps it there
   *[other] { $count } records move to { $space } with the next sync; forsat move to the space that they live in keeps them there
}
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
inspect-vouched = vouched for
inspect-time = time
inspect-bytes = bytes
inspect-state = state
history-unsent = unsent
author-verified = verified
author-unverified = unverified
author-own = own

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
sync-new-records = new records: { $count }
sync-changed = changed: { $fields }
sync-merged = merged: { $fields }
sync-amount = amount { $before } → { $now }, which nobody typed
sync-counts = { $received } changes received, { $sent } sent
sync-fetched = { $count } that this device had lost came back from the relay
sync-brought-back = { $count } that the relay had lost went back to it
sync-moved = { $count } moved to another space
sync-gone = { $count } left for a space that you don't see
sync-refused = { $count } refused: forsat refused
sync-aside = { $count } set aside at the relay, for its managers
sync-erased = { $count } erased for good
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
watch-healing = this device and the relay differ; finding out in what
watch-healed = they are level again
trouble-mismatch = this device and the relay differ; nothing is lost, see: forsat status
trouble-cursor = the relay's store was made anew or restored; it is compared with this device
trouble-refill = the relay has lost { $count } changes and does not take them back from this device: forsat status
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
forecast-since = the forecast now, and by how much it is more or less than on { $day }
forecast-was = than before
forecast-changes = what changed it:
forecast-unchanged = no deal has changed the forecast since { $day }
forecast-part = { $shown } of { $total } deals that changed it; all of them: --json
forecast-kind-added = new
forecast-kind-removed = gone
forecast-kind-won = won
forecast-kind-lost = lost
forecast-kind-disputed = disputed
forecast-kind-reopened = open again
forecast-kind-moved = moved
forecast-kind-revalued = revalued
forecast-place-nowhere = not counted
forecast-place-overdue = overdue
forecast-place-no-date = no date
forecast-place-later = later
forecast-place-won = won
forecast-place-lost = lost
forecast-place-disputed = disputed
month-persian-1 = Farvardin
month-persian-2 = Ordibehesht
month-persian-3 = Khordad
month-persian-4 = Tir
month-persian-5 = Mordad
month-persian-6 = Shahrivar
month-persian-7 = Mehr
month-persian-8 = Aban
month-persian-9 = Azar
month-persian-10 = Dey
month-persian-11 = Bahman
month-persian-12 = Esfand
month-gregorian-1 = January
month-gregorian-2 = February
month-gregorian-3 = March
month-gregorian-4 = April
month-gregorian-5 = May
month-gregorian-6 = June
month-gregorian-7 = July
month-gregorian-8 = August
month-gregorian-9 = September
month-gregorian-10 = October
month-gregorian-11 = November
month-gregorian-12 = December
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

# settings, checklists and preferences
settings-edit-nothing = nothing to change; write for example forsat settings edit organisation="Arya" calendar=persian
settings-probability = "{ $typed }" is no probability; give a whole percentage from 0 to 100
settings-no-stage = there is no stage "{ $stage }"; forsat settings stage list shows them
settings-id = id
settings-label = label
settings-percent = probability
settings-note = note
settings-archived = archived
settings-replaced = archived, counts under { $by }
settings-checks = { $count ->
    [one] one checklist item
   *[other] { $shown } checklist items
}
settings-no-checks = { $stage } has no checklist; add to it with forsat settings stage check add
settings-hidden = hidden; values are kept
settings-unknown-type = of a type that this version doesn't know; values are kept
settings-none = none
settings-yes = yes
settings-no = no
me-edit-nothing = nothing to change; write for example forsat me edit locale=fa digits=latin currency_unit=toman
check-required = required
history-forced = moved on by force; still open: { $items }
# Errors
record-word = record
or-between = {" "}or{" "}
interrupted = stopped; nothing was saved
no-store = no Forsat store in { $dir }; run forsat init there, or forsat join URL CODE
store-exists = { $dir } already holds a Forsat store; open it, or name another directory
not-found = no { $module } matches "{ $text }"; forsat find { $text } searches by name
ambiguous = "{ $text }" could be { $count } records; type more of the id: { $options }
needs-yes = { $message } Confirm with --yes
nothing-to-undo = nothing to undo on this device
unreachable = the relay { $url } can't be reached: { $why }; work goes on offline, try again later
relay-refused = { $why }
sync-busy = another process is already syncing this store; it sends what you save here within a second
not-joined = this store isn't attached to a relay; run forsat join URL CODE
read-only = you may only read in the space "{ $space }"; ask an administrator for another role
store-failed = the store failed: { $why }
store-odd = the store holds something unexpected: { $why }; run forsat inspect, and keep a copy of the store
file-failed = { $path }: { $why }
unknown-module = there is no module "{ $module }"; forsat --help lists them
wrong-module = this is a record of { $found }; the command is for { $wanted }
missing = { $module } needs { $fields }; add { $typed }
nameless = { $module } needs a name; give { $typed }
activity-status = a { $kind } can't be "{ $status }"; use one of: { $options }
ends-before-start = the end lies before the start; give a later end
required = { $field } is required and can't be cleared; give it another value
trashed = the record is deleted; restore it first with its module's restore command
not-trashed = the record is not deleted; there is nothing to restore
target-trashed = { $name } is deleted and can't be chosen; restore it first, or choose another
too-many = { $field } already has { $max } entries, the most that it can; remove one first
no-issue = there is no issue "{ $issue }" on this record; forsat issues lists them
no-side = side { $given } does not exist; choose from 1 to { $sides }
not-a-resolution = "{ $what }" does not end this issue; { $hint }
resolve-hint-command = use { $command }
resolve-hint-by-itself = it ends by itself once its cause is gone
resolve-hint-unreadable = that side can't be read; give a stage with --value
resolve-hint-side = take one of its sides
resolve-hint-only-closed = --on, --reason and --note belong to won or lost
settings-stay = the settings can't be deleted; change them instead
unknown-stage = there is no stage "{ $stage }"; forsat pipeline lists the stages
archived-stage = the stage "{ $stage }" is archived; use { $instead }
same-stage = the deal already is in "{ $stage }"; nothing to do
stage-kind = "{ $stage }" is not an open stage; { $hint }
stage-hint-close = use forsat opp lose … --reason
stage-hint-open = name one of the open stages that forsat pipeline lists
not-closed = the deal is not closed; nothing to reopen
reason-needed = a lost deal needs a reason; add --reason with one of: { $options }
unknown-reason = there is no reason "{ $text }"; use one of: { $options }
note-needed = the reason "other" needs a note; add --note "…"
closes-ahead = { $day } lies ahead; a deal closes today or earlier
outcome-disputed = the outcome is disputed; end that first with forsat resolve … stage --take 1
no-price = { $product } has no price in { $currency }; add unit_price=…
no-line = there is no line "{ $line }"; forsat opp show numbers the lines
ambiguous-line = "{ $line }" could be several lines; use the line's number
closed-probability = only an open deal has a probability of its own; a won one counts 100 and a lost one 0
input-unknown-field = { $module } has no field "{ $field }"; its fields are: { $known }
input-not-editable = { $field } can't be set directly; { $hint }
input-choice = "{ $text }" is none of the values of { $field }; use one of: { $options }
input-ambiguous = "{ $text }" could be { $options }; write it in full
input-range = { $field }: "{ $text }" does not fit; give { $expected }
input-negative = { $field }: an amount can't be negative; use a discount
input-of-field = { $field }: { $why }
why-not-a-list = += and -= are for lists such as tags; use =
why-derived = it follows from other fields or has a command of its own
why-commands-only = only commands write it
why-not-of-a-line = give one of the line's own values, such as qty or unit_price
expected-letters = at most { $most } letters
expected-one-line = one line without control characters
expected-tags = tags of at most { $most } letters without "/"
expected-whole = a whole number from { $min } to { $max }
expected-decimals = a number with at most { $scale } decimals
expected-positive = a number above zero with at most { $scale } decimals
expected-percent = a percentage from 0 to 100
expected-whole-percent = a whole percentage from 0 to 100
expected-fine-percent = a percentage with at most two decimals
expected-yes-no = yes or no
expected-time-zone = an IANA time zone such as Asia/Tehran
reference-none = no single record matches "{ $text }"; give more of its id or name
reference-several = "{ $text }" could be { $options }; write one of these
number-malformed = "{ $text }" is not a number; write it as 1200000, 1,200,000, 1.2M or ۱.۲ میلیون
number-grouping = the separators in "{ $text }" are unclear; group by three as in 1,250,000 and use a point for decimals
number-unit = "{ $unit }" in "{ $text }" is not a known unit; use rial, toman or a currency code such as USD
number-too-long = "{ $text }" has more digits than can be computed with; check for a mistyped digit or unit
money-overflow = the amount is too large to compute with; check for a mistyped digit or unit
money-mismatch = { $left } and { $right } can't be added; convert one of them at an exchange rate first
money-negative = an amount can't be negative; use a discount instead
money-too-fine = { $value } { $currency } has too many decimal places; { $currency } has at most { $scale }
money-rate = an exchange rate must be above zero; give organisation units per one unit
money-stored = a stored amount can't be read: { $why }; set the amount again
currency-unknown = "{ $text }" is not a currency; give a code of three letters such as IRR, USD or EUR
date-malformed = "{ $text }" is not a date; write 1404/06/30, 2025-09-21, today, tomorrow or +3d
date-year = the year { $year } in "{ $text }" is neither Jalali (1300–1499) nor Gregorian (1900–2199); write the year in full
date-absent = { $date } does not exist in the { $calendar } calendar: { $why }
date-month-days = that month has { $days } days
date-months = months run from 1 to 12
date-another = give another date
date-too-far = "{ $text }" leads too far; give a date within the years that can be kept
date-stored = "{ $text }" is not a stored date, which reads YYYY-MM-DD; set the date again
calendar-persian = Jalali
calendar-gregorian = Gregorian
moment-no-time = "{ $text }" has no time of day; write for example tomorrow 14:30
moment-skipped = in { $zone } the clocks skip "{ $text }"; give another hour

# Today, completions, drafts, questions
welcome = Forsat (فرصت) keeps sales records on your own device and merges them with everyone else's.
welcome-init = Begin here:         forsat init --user "Your name"
welcome-join = Or join your team:  forsat join URL CODE
welcome-more = Everything else:    forsat --help
today-overdue = Overdue: { $count }
today-due = Today: { $count }
today-rest = and { $count } more
today-nothing-due = nothing is due today
today-issues = To decide: { $count }
today-day = day
today-what = what
today-name = name
today-about = about
today-closes = expected to close
today-no-relay = works without a relay; attach one with forsat join URL CODE
draft-kept = what you typed is kept as draft { $number }; go on with: forsat drafts resume { $typed }
draft-dropped = draft { $number } is gone
draft-missing = there is no draft { $number }; forsat drafts lists them
drafts-none = no drafts
drafts-how = go on: forsat drafts resume N · throw away: forsat drafts drop N
drafts-waiting = unsaved drafts: { $count }, see forsat drafts
ask-optional = { $label } (optional)
ask-none = — none —
ask-save = Save
ask-more = More fields?
ask-needed = this is needed; Ctrl-C stops and keeps a draft
ask-choice-help = ↑↓ to move, Enter to choose, letters to filter
ask-name-help = letters of the name, ↑↓ to choose, Tab to take it
ask-date-help = 1404/06/31, 2025-09-22, tomorrow, +3d
ask-moment-help = tomorrow 14:30, 1404/06/31 10:00
ask-money-help = 1.2M, 1,250,000 toman; without a unit: the record's currency
ask-reason-lost = Why was it lost?
ask-reason-won = Why was it won?
ask-note = What happened?
reason-to-choose = give the reason with --reason: { $options }

# Refusals of conversion, duplicates, checklists and settings
already-converted = the lead is converted already, into { $became }; to convert it anew, first set status=recycled
no-person = the lead names no person; add --contact, or give it a last_name=…
no-activities = there are no activities about a record of { $module }; they are about { $modules }
nothing-to-complete = a note has no status that could be completed; edit its text with forsat activity edit
not-mergeable = records of { $module } can't be merged or marked as duplicates
same-record = a record can't be merged into itself; name two different ones
merged-away = the record was merged into { $name } ({ $id }); use that one, or take the merge back first
not-merged = the record was not merged into another; there is nothing to take back
closed-duplicate = one of the deals is closed and the other is not; say whose stage counts with --take stage=1, or the other's number
converted-duplicate = { $name } was converted and the surviving lead was not; let the converted one survive
not-dismissible = records of { $module } keep no list of dismissed pairs yet
no-contact = { $name } is no contact of the deal; forsat opp show lists them
checks-open = before the deal leaves "{ $stage }": { $items }; tick off with forsat opp check … { $first }, or add --force
no-check = the checklist of "{ $stage }" has no item "{ $text }"; it has: { $options }
not-open = the deal is not open, so its stage has no checklist; reopen it first with forsat opp reopen
label-needed = a label is missing; give --label-fa, --label-en, or both
label-taken = "{ $id }" is called "{ $label }" already; change or restore that one, or choose another label
setting-unknown = there is no { $what } "{ $text }"; there are: { $options }
fixed-probability = "{ $name }" is a closing stage: won counts 100 and lost 0; only open stages have a probability
last-of-kind = "{ $name }" is the last stage of its kind here ({ $kind }), and deals need one; add another first
replacement-kind = "{ $by }" can't stand in for "{ $stage }": both must be of one kind ({ $kind }); choose another with --replaced-by
replacement-unused = "{ $name }" can't stand in for another stage: it is archived, or the same stage; choose one in use
already-archived = "{ $name }" is archived already; nothing to do
not-archived = "{ $name }" is in use; nothing to restore
setting-nothing = nothing to change; name what, such as --label-fa or --label-en
own-currency = { $name } is the organisation's own currency and counts as it is; give a rate for another one
rate-missing = there is no rate of { $currency } from { $day } on; forsat settings rate list shows them
period-unknown = "{ $name }" is no period; write a year, a quarter or a month, such as 1404, 1404-Q2 or 1404/07
no-target = there is no such target; forsat settings target list shows them
placeholder-unknown = "{ $name }" can't be filled in; a naming convention knows {"{"}account{"}"} and {"{"}product{"}"}
field-name = "{ $name }" can't name a field; use at most 40 Latin letters, digits and _, a letter first: --name region
field-type = there is no type "{ $text }"; use one of: { $types }
field-module = { $name } takes no fields of your own; choose opportunity, lead, account, contact or another kind of record
field-taken = { $module } has a field "{ $field }" already; choose another name or label
# duplicates
duplicates-count = { $total ->
    [one] one pair
   *[other] { $total } pairs
}
merge-record = Record
merge-legend = ✓ is taken; choose otherwise with --take FIELD=N, or --take FIELD=VALUE
merge-question = Merge { $others } into { $survivor }?
merge-take-form = "{ $given }" isn't FIELD=N or FIELD=VALUE; write for example --take industry=2
unmerge-take-back = The merge copied: { $fields }. Take that back, too?
unmerge-kept = what the merge copied stays: { $fields }; to take it back as well: forsat undo, then unmerge with --take-back
show-merged-into = merged into { $name } ({ $id })
# Lists, filters, many records at once
update-nothing = nothing to change; write for example forsat { $module } update --where "status=active" status=inactive
mass-target = say which records: by ids or names, or by --where, --text, --filter, --open or --mine, but not both; for example forsat { $module } update --where "next_step is empty" next_step="call"
mass-more = … and { $count } more
mass-refused = left out: { $name }: { $reason }
mass-deals = Open deals that hang on them: { $count }.
mass-counts = { $matched } meant · { $changed } to change · { $unchanged } say so already · { $refused } left out
mass-done = { $changed } changed · { $unchanged } said so already · { $refused } left out
mass-saved = saved · { $unsent } unsent · undo: forsat undo
mass-nothing = nothing was written
mass-confirm = { $count ->
    [one] change 1 record?
   *[other] change { $count } records?
}
filter-saved-broken = the saved filter "{ $name }" can't be used as it stands; mend it with: forsat filter edit "{ $name }" condition="…"
filter-expected-test = a field is expected here, such as stage=negotiation
filter-expected-operator = an operator is expected behind the field: = != < <= > >= ~, in (…), is empty, is not empty
filter-expected-value = a value is expected behind the operator; for no value write: is empty
filter-expected-joint = "and", "or" or the end is expected here; put a value that holds such signs in quotes
filter-expected-list_end = a comma or ) is expected here
filter-expected-bracket = ) is expected here
filter-expected-quote = the quote that begins here doesn't end
filter-too_long = a condition has at most { $letters } letters
filter-too_much = a condition has at most { $depth } levels, { $tests } tests, and { $values } values in a list
filter-unknown_field = { $module } has no field "{ $field }"; there are { $known }
filter-ambiguous_field = "{ $field }" could be { $options }; write one of these names
filter-not_filtered = one can't filter by { $field }
filter-operator = { $field } takes { $known }, not { $operator }
filter-not_open = "open" says nothing about { $module }; it is for opportunities, leads and activities

# import, export, change log, undo, trash
exported = exported: { $count } { $module }
log-made-again = { $who }, for { $original }
log-created = created
log-more = { $shown } shown · more: add --skip { $next }
log-cut = The search ended before it was through: too many records changed since. Narrow it with --since, or name the record.
log-empty = no changes
commands-none = this device has given no commands yet
commands-time = when
commands-command = command
commands-records = records
commands-undone = taken back
commands-fixed = nothing to take back
commands-more = { $names } and { $more } more
list-comma = {", "}
undone-many = { $count ->
    [one] 1 record was put back as it was
   *[other] { $count } records were put back as they were
}
trash-count = { $count } in the trash
trash-module = module
trash-name = name
trash-time = deleted
trash-by = by

# Arguments, refusals of the engine, files, rows, store and relay
no-such-field = no module has a field "{ $field }"
day-ahead = { $day } is still to come; a forecast is compared with a day that has passed
zone-unknown = the time zone is an IANA name, such as Asia/Tehran
calendar-unknown = the calendar is persian or gregorian
no-command = there is no command { $number }; forsat undo --list shows them
certificates = { $path }: the certificates can't be read: { $why }
no-column = a column: { $why }
account-name = an account needs a name; give --new-account NAME
no-change = no change of this record begins with { $hash }
several-changes = several changes begin with { $hash }; type more of the hash
not-exported = { $module } has no field "{ $field }" to export; there are { $known }
no-quarantined = no change in quarantine has the number { $number }; forsat quarantine lists them
no-refused-edit = no refused edit has the number { $number }; forsat refused lists them
too-many-records = { $count } records are more than one command changes ({ $max }); narrow the condition
filter-not-saved = a saved filter keeps conditions, columns and sorting; write --text as a condition, such as name~word
team-name = name the team, such as --team north
no-relay-address = the invite doesn't say where the relay is; give its address too
relay-address = "{ $text }" isn't a relay's address: { $why }; write for example wss://relay.example.com
address-no-scheme = it has no ws:// or wss://
address-other-scheme = only ws:// and wss:// can be used
address-unreadable = it can't be read
address-no-host = it names no host
other-space = the records lie in different spaces; move one of them first
not-administrator = only an administrator or a manager changes the settings, and you are a { $role } here; ask one of them
not-manager-of-user = only a manager or an administrator changes the record of another user, and you are a { $role } here; ask one of them
not-manager = records of { $module } belong to everybody: only a manager or an administrator adds or changes them, and you are a { $role } here; ask one of them
already-undone = command { $number } was taken back already
not-undoable = "{ $command }" wrote nothing that can be taken back
account-exists = there is an account "{ $name }" already; add --account { $id } to take it, or --new-account "{ $name }" to make another
refused-edit-of-nothing = the refused edit doesn't say what it is of; export it instead
erased-record = this record was erased for good and can't be made again; make a new record
refused-edit-moved-away = the record of this edit moved from { $space } to a space that isn't shown to you, so the edit can't be made again here; forsat refused export { $number } writes it to a file for somebody who sees the record
refused-edit-unreadable = this version can't read the refused edit, so it can't make it again; its bytes are kept, update the program
refused-edit-lost-base = what this edit builds on is lost, and what it wrote can't be read without that; type it again, its bytes are kept: forsat refused export N
refused-record = { $name }: { $why }; nothing was changed
unknown-space = there is no space "{ $name }" on this device; there are: { $known }
common-module = records of { $module } belong to everybody and have no space of their own
read-only-home = you may only read in "{ $space }", so the records of this store have nowhere to go; ask an administrator for another role, or join from an empty directory
no-space = the relay shows no space to you; ask its administrator
other-space-needed = there is no space "{ $name }" for you; name one with --space: { $known }
space-needed = you may write in several spaces; name one with --space: { $known }
already-joined = this store is attached to the relay { $url } already; to join another, name another directory
invite-none = this isn't an invite code: one begins with fsi1; copy the whole line that the relay printed
invite-character = "{ $letter }" can't be part of an invite code; copy the whole line that the relay printed
invite-length = the invite code has { $letters } characters, which no code has; copy the whole line that the relay printed
invite-checksum = the invite code was changed on its way (its checksum is wrong); copy it again
invite-key = the invite code holds no valid relay key; ask for a new invite
invite-address = the invite code holds no valid relay address; ask for a new invite
delete-leaves-deals = deleting this record leaves open deals behind.
not-a-field = "{ $text }" isn't FIELD=VALUE; write for example next_step="call"
no-home = no home directory to keep the store in ({ $why }); name a folder with --store
place-terminal = the terminal
place-drafts = the drafts
place-network = the network's thread
store-no-locks = this file system has no byte-range locks, which keep two programs from damaging one store; move the store to a local disk
store-in-use = another program, probably of an older version, has the store open; close it and try again
store-busy = the store is busy with another transaction of this program; try again
store-newer = the store has format { $found }, and this version reads up to { $supported }; install a newer version to open it
store-none = the file is not a store ({ $why }); restore it from a backup, or begin a new store and join the relay again
store-damaged = the store is damaged ({ $why }); keep a copy of the file, then restore a backup, or begin a new store and join the relay again
store-disk-full = the disk is full, nothing was saved; free some space and try again
store-io = reading or writing the store failed: { $why }
store-not-durable = the disk refused to make the last save durable; end the program, check the disk, and start again: what was acknowledged before is kept
store-no-document = the store holds no document { $id }
store-no-change = document { $id } has no change { $hash }
store-no-entry = there is no { $what } with number { $number }
store-too-large = { $what } is { $found }, and the store takes at most { $limit }
store-bad-text = { $what } is empty or holds a zero byte
damage-row = the row of { $module } { $id } is missing
damage-document = the document of record { $id } is missing
damage-unreadable-row = a row can't be read
damage-brief = a brief can't be read
damage-journal = an entry of the journal can't be read
damage-no-user = the store has no user
damage-forked = changes that say they were made here, and were not, keep coming
damage-cells = the cells of an earlier import can't be read
damage-key = { $path } isn't a device key; restore it from a backup
edit-unknown-module = this record is of the module { $module }, which this version does not know; update the program to edit it
edit-unknown-field = { $module } has no field { $field }; see the fields with --help
edit-wrong = { $field } can't be written in this way
edit-immutable = { $field } is set once, when the record is made; make a new record to have another value
edit-bad-key = "{ $key }" can't be a key of { $field }: use 1 to 512 bytes, and no / in the id of an entry
edit-actor = this device's writing identity belongs to another user here; renew the identity and try again
edit-bytes = this is too much for one change: { $count } bytes of at most { $most }; save it in smaller parts
edit-operations = this is too much for one change: { $count } operations of at most { $most }; save it in smaller parts
edit-full = this record has reached its limit ({ $changes } changes, { $bytes } bytes and { $operations } operations of history); make a new record and go on there
edit-counter = this record's operation counter is used up; make a new record and go on there
edit-failed = the record could not be written; export it with forsat inspect --raw and report this
unknown-head = there is no change { $hash } in this record; forsat history shows its changes
reauthor-base = the change { $hash } can't be made again: what it builds on is not here; sync and try again
reauthor-edit = the change { $hash } can't be made again: { $why }
import-failed = { $file }: { $why }
file-not-mapped = the mapping describes { $name }; name the file so
file-lacks-columns = it has no column { $name }; correct the mapping or the file
file-no-column = it has no column { $name }
file-delimiter = the delimiter is one ASCII character
file-two-columns = two columns are named "{ $name }"; rename one
file-long-row = row { $row } has more cells than the header has columns
file-syntax = it can't be read: { $why }
file-too-large = larger than { $most } bytes; split it
file-unknown-encoding = no encoding is called "{ $name }"; try utf-8, utf-16le or windows-1256
file-encoding = not all of it is { $name }; name its encoding in the mapping: encoding = "…"
file-large-mapping = a mapping has at most { $most } bytes; is this the data file?
file-no-source = source names where the data comes from; it can't be empty
file-no-key = { $name }: key names the columns that tell rows apart; give one
file-no-map = { $name }: there is no value map [maps.{ $map }]
file-not-an-export = this is no Forsat export (its first columns would be { $name }); name a mapping with --map
file-unknown-module = { $column } says "{ $name }", and there is no such module
file-no-rows = it has a header and no rows
file-unknown-field = { $module } has no field "{ $name }" here; correct its name or leave it out
file-add-field = , or add it: { $command } (one of { $types })
file-filled-twice = the mapping fills { $field } twice, as { $first } and as { $second }
file-not-json = line 1 is not JSON: { $why }
row-erased = its record was erased for good and can't be made again; make a new record
row-not-imported = no { $module } "{ $text }" was imported; import it first, or correct the cell
cell-time-zone = "{ $text }" is not an IANA time zone, such as Asia/Tehran
cell-unfillable = { $field } can't be filled from a cell
cell-none-of = "{ $text }" is none of { $known }
cell-too-large = "{ $text }" is too large to compute with
cell-percentage = "{ $text }" is not a percentage from 0 to 100
cell-letters = it has { $letters } letters, and { $most } are taken at most
cell-control-letter = it holds a line break or another control letter; write it in one line
cell-whole = "{ $text }" is not a whole number from { $min } to { $max }
cell-not-positive = "{ $text }" is not above zero
cell-decimals = "{ $text }" has more than { $most } decimals
cell-truth = "{ $text }" is neither yes nor no
cell-date-order = "{ $text }" is not a date of the form { $order }
cell-no-day = "{ $text }" is no day of either calendar
cell-no-value = { $text } is no value of { $field }
cell-json = the cell is not whole JSON ({ $why }); was it cut by a spreadsheet?
cell-not-a-list = it must be a list of texts
cell-not-an-object = it must be a JSON object
cell-not-a-text = { $text } is not a text
cell-not-whole = { $text } is not a whole number; write decimals as texts
cell-a-list = a list is no value of this field
cell-entry-id = "{ $text }" can't be the id of an entry
cell-not-canonical = the JSON object can't be kept: { $why }
row-double-key = its key stands in the file already, with other values
row-nameless = it has no { $fields }
row-empty-key = the key column { $text } is empty
row-template = a template has a {"{"} without its {"}"}
row-times = times = "{ $text }" is not a number
row-unknown-field = { $module } has no field { $text }
row-entries = it is filled by [[file.entry]] of the mapping
row-quantity = the quantity "{ $text }" must be above zero, with at most 6 decimals
row-no-price = the product "{ $product }" has no price in { $currency }; give it one first
row-stage = { $column }: "{ $text }" is not in the mapping's stages
row-no-closing-date = a deal in the stage { $text } needs the date on which it closed
row-no-module = "{ $text }" names no module; write module = "…" into the mapping, one of { $modules }
row-none-named = no { $module } is named "{ $text }"; add it first, or correct the cell
row-several-named = { $count } records of { $module } are named "{ $text }"
row-double-record = its record stands in the file already; keep one of the rows
row-other-module = it says { $column } "{ $text }" in a file of { $module }
row-not-json = the line is not JSON: { $why }
row-no-fields = the line has no object "fields"
row-record-id = "{ $text }" is not the id of a record; leave the column { $column } as it was exported
row-id-of-another = its id belongs to a record of { $module }; leave the column id as it was exported
row-merged = it was merged into another record; change that one
row-trashed = the record is in the trash; take it out with forsat trash restore first
row-settings = settings belong to their workspace; this one has its own
row-new-nameless = it isn't here yet, and has no { $fields }
row-no-account = it isn't here yet, and a deal needs its account_id
row-grows-only = it only grows by what people do; put the cell back as it was exported
row-stage-commands = a deal moves with forsat opp stage, win or lose; put the cell back as it was
row-fixed = it can't be changed by a file; put the cell back as it was exported
row-required = it is required; leave at least one
row-entry-needs = an entry needs its { $field }
row-entries-stay = its entries can't be taken out; put the cell back as it was exported
row-unknown-register = its entries have no "{ $text }"
row-no-record = there is no { $modules } { $id } here; import it first, or clear the cell
row-member = "{ $text }" is not of the form module:id
row-member-id = "{ $text }" is not an id
row-tag = "{ $text }": tags have at most { $most } letters and no /
relay-frame-too-large = the other side sent a message that is larger than allowed; update both programs, then connect again
relay-frame-truncated = the other side sent a message that is cut short; update both programs, then connect again
relay-frame-trailing = the other side sent a message with something after its end; update both programs, then connect again
relay-frame-too-deep = the other side sent a message that nests too deep; update both programs, then connect again
relay-frame-unsupported = the other side sent a message in a form that isn't part of the protocol; update both programs, then connect again
relay-frame-shape = the other side sent something that isn't a message of the protocol; check that the address is a relay's
relay-frame-field = the other side sent a message with a missing or wrong field; update both programs, then connect again
relay-unexpected-frame = the other side sent a message that doesn't belong at this point; update both programs, then connect again
relay-handshake-timeout = the handshake took too long; check the connection and try again
relay-idle-timeout = nothing was heard from the other side for too long; connect again
relay-protocol-unsupported = the two programs speak no common protocol version; update the older one
relay-unknown-device = this relay doesn't know the device; ask for an invite and join with it
relay-device-revoked = this device was revoked at the relay; ask an administrator for a new invite
relay-bad-signature = the device's signature is wrong; its key isn't the one that was enrolled
relay-invite-invalid = the invite isn't valid: it was used, has expired or is from another relay; ask for a new one
relay-device-quota = the workspace has as many devices as it may; revoke one that isn't used
relay-unknown-space = there is no such space, or this device has no access to it; ask an administrator
relay-device-pending = this device waits for an administrator to let it in; do the same again when that is done
relay-home-here = the record lives in this space; the change is sent there
relay-erased = the record was erased for good; nothing of it is taken any more
relay-unverified = the relay takes no lost changes back from somebody who may only read
relay-digest-mismatch = this device and the relay don't hold the same, and exchanging what differs has not mended it; nothing is lost here and it is tried again by itself; if it stays, keep the store and tell the relay's operator
relay-refill-refused = the relay has lost changes that this device holds and doesn't take them back from it; they stay here; devices of those who made them can bring them back, or the operator lets the relay accept them
relay-space-gone = the relay doesn't show this space to you any more; its records stay here as they were; ask an administrator
relay-unknown-echo = the relay has a change of this device that this store lacked: it is a restored or copied store; the change was asked for again
relay-control-forked = the relay says of access what it didn't say before: a backup was restored and has gone on by itself; ask the operator, and tell them who has lost access since
relay-control-unverified = the relay sent an entry about access that it didn't sign; it wasn't kept; tell the operator
relay-unreadable-change = a change of this record was left out of what you see; its bytes are kept, see forsat inspect
relay-damaged-change = the relay sent a change that can't be one; it was kept and left out
relay-document-in-other-space = this record came in the feed of a space that isn't its own; tell the relay's operator
erased = this device was revoked at the relay: its records and its key were erased here
erased-and = { $said }; { $more }
erased-aside = changes that were never sent ({ $count }) are at the relay, for its managers
erased-entry = the desktop's keyring couldn't be reached, delete "{ $entry }" there
erased-kept = changes that were never sent or were refused ({ $count }) are in { $path }, for an administrator
relay-forbidden = your role in this space doesn't allow this; ask an administrator for one that does
relay-cursor-invalid = the relay's store is new or was restored; it is compared with what this device holds
relay-overloaded = the relay has too much to do right now; it is tried again by itself
relay-unavailable = the relay's storage can't do this right now; it is tried again by itself
relay-draining = the relay is stopping for a while; the connection is made again by itself
relay-home-is = the record has gone to another space; it is made there by itself as soon as the feed has said so
relay-common-stays = records of the space that every member reads stay there, and nothing is moved into it
relay-unknown-document = the relay has no such record, or none that this device may see; sync first, then move it
relay-moved-away = the record was moved to a space that isn't shown to you before this was sent; what was typed is kept here
relay-move-refused = a record was not moved: the relay refused it; see your roles in both spaces, then move it again
move-confirm = { $count ->
    [one] Move 1 record to { $space }?
   *[other] Move { $count } records to { $space }?
}
move-would = would move to { $space }: { $count } · lives there already: { $there } · nothing was asked for
move-asked = { $count ->
    [one] 1 record moves to { $space } with the next sync
   *[other] { $count } records move to { $space } with the next sync
}
move-would-stay = { $count ->
    [one] 1 record lives in { $space } and was to leave it; it would stay · nothing was asked for
   *[other] { $count } records live in { $space } and were to leave it; they would stay · nothing was asked for
}
move-stays = { $count ->
    [one] 1 record stays in { $space }; the move that was asked for before is dropped
   *[other] { $count } records stay in { $space }; the moves that were asked for before are dropped
}
common-stays = records of the space that every member reads stay there, and nothing is moved into it
may-not-move = your role in { $space } ({ $role }) doesn't move records; ask a manager of both spaces
relay-missing-deps = changes that this one builds on aren't at the relay yet; it is tried again by itself
relay-too-many-streams = more spaces were asked for than a connection may; connect again
relay-bye = the connection was closed in good order
relay-internal = the program made a mistake of its own; please report it
relay-impostor-relay = whoever answers at this address is not the relay that the device was invited to; nothing was sent; check the address, or ask for a new invite if the relay was set up anew
relay-recorded-greeting = whoever answers at this address played back an old greeting of the relay; nothing that it said was believed; connect with wss:// or over another network
relay-reader-too-old = the workspace needs a newer version of this program; update it; nothing is lost meanwhile
relay-unreachable = the relay could not be reached; check the network and the address; everything is kept and goes out with the next sync
relay-other-workspace = the relay has begun another workspace than the one this store belongs to; nothing was sent or taken; ask its operator
one-settings = a workspace has one record of settings; edit that one
role-length = a role is one line of at most { $most } letters
different-modules = records of different modules are never suggested as duplicates
merge-modules = { $name } is a record of { $module }, and the other of { $other }; only records of one module can be merged
nothing-to-compare = name a field to compare by, such as "name similar"
setting-stage = stage
setting-pipeline = pipeline
setting-lead-source = lead source
setting-win-reason = win reason
setting-loss-reason = loss reason
setting-checklist-item = checklist item
setting-field-of-your-own = field of your own
network-no-answer = no answer in time
network-nothing-taken = the network took no data for too long
network-closed = the relay closed the connection
network-not-a-relay = what answers at this address isn't a Forsat relay
network-http = it answers with HTTP { $status }, not as a Forsat relay

# verify
verify-sound = the store is whole
verify-unsound = the store isn't whole (findings: { $count }); the lines above say what heals it
verify-looked = looked at { $documents } records with { $changes } changes
verify-more = … and { $count } more
verify-change-damaged = the change { $change } is damaged: its bytes aren't what was saved
verify-change-missing = the change { $change } is missing
verify-unsent-damaged = the change { $change }, which was never sent, is damaged
verify-unsent-missing = the change { $change }, which was never sent, is missing
verify-change-index = the index of its changes is wrong
verify-document-row = what is known of it beside its changes is gone
verify-document-sums = its counts or heads aren't those of its changes
verify-snapshot = its quick copy is wrong
verify-outbox = the outbox doesn't name exactly what is unsent
verify-names = it isn't found by its name as it should be
verify-digests = the digests of the space { $space } are wrong
verify-value = a value in the table { $table } can't be read
verify-pages = pages of the file were damaged
verify-row = lists show other than the record says
verify-no-row = lists don't show it
verify-stray-row = lists show a record that isn't there
verify-brief = lists sort and filter it by other than the record says
verify-heal-repair = → forsat verify --repair makes anew what follows from the records
verify-heal-sync = → forsat verify --repair, then forsat sync: the relay has what is damaged or missing here
verify-heal-backup = → put a backup of the store's folder back if you have one, for what nobody else has; else forsat verify --repair sets it aside and the rest works
verify-repaired = repaired: rows, indexes and digests are made anew
verify-set-aside = { $count ->
    [one] 1 change is set aside; forsat sync brings it again from the relay
   *[other] { $count } changes are set aside; forsat sync brings them again from the relay
}
verify-lost = { $count ->
    [one] 1 change that the relay never took is lost; its bytes are kept aside in the store
   *[other] { $count } changes that the relay never took are lost; their bytes are kept aside in the store
}
verify-refused = { $count ->
    [one] 1 unsent edit builds on what is lost and can't be sent: forsat refused
   *[other] { $count } unsent edits build on what is lost and can't be sent: forsat refused
}

# quarantine
quarantine-none = nothing is in quarantine for you to decide
quarantine-how = forsat quarantine apply N makes a change again as yours · drop N gives it up · --all takes all of them
quarantine-more = there are more at the relay; decide these first
quarantine-not-here = this record isn't on this device
quarantine-made = made by { $who } on { $device }, { $made } · at the relay since { $received }
quarantine-in-part = not all of this change can be read: what it builds on isn't here
quarantine-now = says now: { $value }
quarantine-reason-moved-away = the record was moved to a space that its author doesn't see before this was sent
quarantine-reason-home-elsewhere = the record lives in another space than the one this was made for
quarantine-reason-device-revoked = the device was revoked before this was sent
quarantine-confirm = Give up what is in quarantine under { $numbers }? The relay forgets it
quarantine-confirm-all = Give up { $count } in quarantine, all that is listed? The relay forgets them
quarantine-confirm-apply-all = Apply { $count } in quarantine, all that is listed?
quarantine-dropped = { $count } given up
quarantine-applied = { $count } applied
quarantine-already = in the record already: { $numbers }
quarantine-refused = { $number } stays: { $why }
quarantine-unclosed = what was applied is saved, and the relay couldn't be told: { $why }; give the command again, nothing is changed twice
quarantine-waiting = { $numbers } stays at the relay until the relay has what you applied; after a sync give the command again, nothing is changed twice (forsat refused tells what the relay didn't take)
quarantine-not-whole = what this change builds on isn't on this device, so not all of it can be read; make by hand what it shows, then drop it
quarantine-history-alone = this change writes the history of a deal's stages without moving the deal, which no command does; make by hand what it shows, then drop it
quarantine-elsewhere = the record isn't on this device, and this change doesn't begin it in a space that you see; a manager of the space that has it can apply this

# refused
refused-at-relay = at the relay, for its managers
refused-none = nothing that this device made was refused
refused-how = forsat refused retry N makes an edit again · export N writes it to a file · drop N gives it up
refused-made = made by { $who }, { $made } · refused { $refused }
refused-exported = written to { $path }
refused-confirm = Give the refused edit { $number } up? It won't be listed any more
refused-dropped = the refused edit { $number } is given up; its bytes are kept
relay-lost-base = what this edit builds on was damaged before it was sent; try it again (forsat refused retry N), or type it anew

# key
key-none = this store has no key of a device here
key-plain = the device's key lies in { $path } as it is, for its owner alone to read; forsat key seal protects it with a passphrase, forsat key keyring in the desktop's keyring
key-sealed = the device's key lies in { $path }, sealed with a passphrase
key-keyring = the device's key lies in the desktop's keyring as "{ $entry }"; { $path } says so
key-public = public half { $public }
key-cost = each attempt to open it takes { $mib } MiB of memory and { $passes } passes over it
key-ask = Passphrase of the device's key:
key-ask-new = New passphrase of the device's key:
key-ask-again = The same once more:
key-now-sealed = the key is sealed; without the passphrase this store can be read and edited, and not synced
key-now-keyring = the key lies in the desktop's keyring; without it this store can be read and edited, and not synced
key-stays-in-keyring = the keyring keeps "{ $entry }" as well; delete it there ({ $why })
key-now-plain = the key lies on the disk as it is again
key-error-sealed = the device's key is sealed: give the passphrase in a terminal, in FORSAT_PASSPHRASE, or with --passphrase-fd; or run forsat key unseal once, so that syncs in the background need none
key-error-wrong = the passphrase is wrong, or the key's file was changed; nothing was sent, try again
key-error-empty = no passphrase was given: type one in a terminal, or give it in FORSAT_PASSPHRASE or with --passphrase-fd
key-error-different = the two passphrases differ; nothing was changed, try again
key-error-none = the store has no key of its device here: put back device.key from where it was, or join again with a new invite
key-error-sealed-already = the key is sealed already; to keep it otherwise or under another passphrase, unseal it first
key-error-not-sealed = the key isn't sealed, and isn't in the keyring
key-error-in-keyring = the key lies in the desktop's keyring; bring it back with forsat key unseal first
key-error-not-in-keyring = the device's key isn't in the desktop's keyring any more: bring its entry back there, put back a device.key from a backup, or join again with a new invite
key-error-other-in-keyring = what the desktop's keyring holds for this device isn't its key: bring the right entry back there, put back a device.key from a backup, or join again with a new invite
keyring-unsupported = this program knows no keyring on this system; forsat key seal protects the key with a passphrase
keyring-absent = no keyring of a desktop is here to ask (Secret Service over the session's D-Bus): run this in the desktop session that has it; where there is none, forsat key seal protects the key with a passphrase
keyring-locked = the desktop's keyring is locked: unlock it in the desktop's program of passwords, or sign in to the desktop anew, and try again
keyring-no-collection = the desktop's keyring has no collection for new entries: make one in the desktop's program of passwords, and try again
keyring-no-answer = the desktop's keyring doesn't answer: see whether one of its windows asks for something, and try again
keyring-failed = the desktop's keyring failed: { $why }
key-error-unreadable = the sealed key can't be read; restore device.key from a backup

# What administrators ask of the relay
admin-user = user
admin-email = e-mail
admin-devices = devices
admin-roles = roles
admin-role = role
admin-device = device
admin-state = state
admin-seen = last heard of
admin-space = space
admin-id = id
admin-nobody = nobody is in a space that you administer
admin-state-pending = waits
admin-state-active = active
admin-state-revoked = revoked
admin-state-open = open
admin-state-used = used
admin-state-expired = expired
admin-to-approve = { $state }, to approve
admin-space-made = the space { $space } is made, and you are its administrator; your other devices see it with their next sync
admin-role-none = { $user } has no role in { $space } any more
admin-role-now = { $user } is { $role } in { $space } now
admin-role-already = { $user } is { $role } in { $space } already
admin-device-now = device { $device } ({ $id }) of { $user }: { $state }
admin-device-already = device { $device } ({ $id }) of { $user }: { $state } already
admin-cancelled = the invite { $invite } of { $user } is worthless now
admin-devices-too = the devices that { $user } has by now ({ $count }) see the space too: forsat admin device list
admin-invited = { $user } is invited to { $space } as { $role } and joins with:
admin-invite-once = the code works once, within 24 hours; hand it to nobody else
admin-invite-approve = their device then waits: let it in with forsat admin device activate, after which they join again
admin-revoke = revoke the device { $device } for good? It erases its records when it next connects.
admin-revoke-lost = revoke the device { $device } for good, as a lost one? It erases its records when it next connects, unsent ones too.
admin-no-answer = the relay gave no answer that this program understands; nothing is known to be done: see forsat admin user list, and update the older of the two programs
admin-failed = the relay refused: { $why }
admin-not-administrator = only an administrator of every space that this concerns may do it; ask one, or the relay's operator
admin-not-manager = only a manager or an administrator of a space decides what is in quarantine there; ask one
admin-space-exists = there is a space of that name already, though perhaps not one that you see; choose another name
admin-bad-name = that can't be the name of a space; give one of at most 100 letters
admin-no-such-space = you see no space of that name; forsat status lists yours
admin-no-such-user = there is no such user; see forsat admin user list
admin-no-such-device = there is no such device; see forsat admin device list
admin-no-such-invite = there is no such invite; see forsat admin invite list
admin-user-without-device = they have no device yet: the invite gives the role; cancel it and make another one
admin-no-role = they have no role in that space; see forsat admin user list
admin-device-revoked = the device was revoked, which is for good; make an invite, and let it join anew
admin-invite-used = the invite was redeemed; revoke the device instead, see forsat admin device list
admin-too-many-invites = as many of your invites wait as may; cancel some, see forsat admin invite list
admin-too-many = the list is longer than a device can be told; ask the relay's operator
