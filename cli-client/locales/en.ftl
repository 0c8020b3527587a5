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
sync-fetched = { $count } that this device had lost came back from the relay
sync-brought-back = { $count } that the relay had lost went back to it
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
needs-yes = { $message }; confirm with --yes
nothing-to-undo = nothing to undo on this device
unreachable = the relay { $url } can't be reached: { $why }; work goes on offline, try again later
relay-refused = { $why }
sync-busy = another process is already syncing this store; it sends what you save here within a second
not-joined = this store isn't attached to a relay; run forsat join URL CODE
read-only = { $why }
store-failed = { $why }
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
mass-confirm = change { $count } records?
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
exported = exported { $count } records: { $module }
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
undone-many = { $count } records were put back as they were
trash-count = { $count } in the trash
trash-module = module
trash-name = name
trash-time = deleted
trash-by = by
