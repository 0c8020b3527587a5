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
