# پیام‌های فارسی خط فرمان. هر کلید در en.ftl هم هست.
error = خطا:
confirm-prompt = [بله/خیر]
unknown-author = فردی ناشناس
too-large = بزرگ‌تر از حد محاسبه

saved = { $id } ذخیره شد · { $unsent } ارسال‌نشده · برگرداندن: forsat undo
unchanged = { $id } همین را می‌گوید؛ چیزی نوشته نشد
edit-nothing = چیزی برای تغییر نیست؛ مثلاً بنویسید forsat { $module } edit RECORD next_step="تماس"
line-edit-nothing = چیزی برای تغییر نیست؛ مثلاً بنویسید --qty 3
resolve-how = بگویید کدام سو می‌ماند: --take N یا --value …
undone = برگردانده شد: { $command }
undone-nothing = چیزی برگردانده نشد از: { $command }؛ واگرد بعدی فرمان پیش از آن را برمی‌گرداند
undo-left-written = { $id } { $what } دست نخورد: اکنون { $now } است و پس از آن فرمان نوشته شده
undo-left-later = { $id } { $what } دست نخورد: فرمان دیرتری از خودتان آن را تغییر داده؛ نخست همان را برگردانید
undo-left-conflict = { $id } { $what } همان ماند: آن فرمان به تعارضی پایان داد که واگرد نمی‌تواند بازش گرداند؛ تعارض میان این‌ها بود: { $sides }. برای تصمیمی دیگر:
undo-left-edited = { $id } { $name } دست نخورد: پس از ساختن شما دیگران آن را ویرایش کرده‌اند. برای حذف آن با این حال:
undo-left-deals = { $id } { $name } دست نخورد: فرصت‌های باز به آن وابسته‌اند. برای حذف آن با این حال:
undo-left-trashed = { $id } { $name } هم‌اکنون در سطل زباله است
undo-left-refused = { $id }: رله این رکورد را نپذیرفت، پس چیزی برای برگرداندن نیست؛ forsat status نپذیرفته‌ها را نشان می‌دهد

init-done = انبار در { $dir } ساخته شد و بدون هیچ رله‌ای کار می‌کند
init-next = گام بعد: forsat account add --name "…" و سپس forsat opp add --account "…"

list-part = { $shown } از { $total }؛ همه: --all
list-all = { $total ->
    [0] هیچ
   *[other] روی هم { $total }
}
find-none = نام هیچ رکوردی «{ $text }» ندارد
delete-one = { $name } به سطل زباله برود؟
delete-many = { $count } رکورد به سطل زباله برود؟
delete-deals = فرصت‌های بازِ وابسته: { $count }، روی هم { $sums }.
issues-count = { $total ->
    [0] چیزی برای تصمیم‌گیری نیست
   *[other] { $total } مورد
}

status-no-relay = ندارد؛ پیوستن: forsat join URL CODE
status-relay = رله
status-all-sent = همه‌چیز ارسال شده
status-unsent = { $count } ارسال‌نشده
status-refused = { $id }: رله یک ویرایش را نپذیرفت ({ $code })؛ نگه داشته شده، forsat inspect { $id } را ببینید
status-space = فضا
status-role = نقش
status-unsent-heading = ارسال‌نشده
status-cursor = جایگاه
status-synced = آخرین همگامی
status-never = هرگز
status-differs = با رله یکی نیست

show-trashed = در سطل زباله
show-disputed = حذف مورد اختلاف
show-unsent = { $count } ارسال‌نشده
show-by-hand = (دستی)
show-probability = احتمال موفقیت
show-booked = ثبت‌شده هنگام بستن
show-no-rate = نامعلوم: برای { $currency } نرخی نیست
line-product = محصول
line-quantity = تعداد
line-price = قیمت واحد
line-discount = تخفیف
line-tax = مالیات
line-net = خالص

pipeline-stage = مرحله
pipeline-deals = فرصت
pipeline-amount = مبلغ
pipeline-weighted = وزنی
pipeline-open = باز
pipeline-won = موفق
pipeline-lost = شکست
pipeline-disputed = مورد اختلاف: { $count } · { $amount }، نه موفق و نه شکست
pipeline-no-rate = بدون نرخ برای { $currency }: { $count }، بیرون از هر جمع
pipeline-overflow = بزرگ‌تر از حد محاسبه: { $count }، بیرون از هر جمع
pipeline-no-amount = بدون مبلغ: { $count }، صفر شمرده شده
pipeline-disputed-deletions = حذف مورد اختلاف: { $count }، تا تصمیم شمرده می‌شود
pipeline-quarter = فصل
pipeline-quarter-name = { $year } فصل { $quarter }
pipeline-no-date = بدون تاریخ
pipeline-restated = بازنگری { $amount }، { $count } بازگشوده

inspect-space = فضا
inspect-heads = سرها
inspect-feed-heads = سرها در خوراک
inspect-change = تغییر
inspect-device = دستگاه
inspect-seq = شماره
inspect-author = نویسنده
inspect-time = زمان
inspect-bytes = بایت
inspect-state = حالت
history-unsent = ارسال‌نشده

import-rows = { $count } سطر
import-new = { $count } تازه
import-updated = { $count } به‌روز
import-unchanged = { $count } بی‌تغییر
import-kept = { $count } خانه همان ویرایش این‌جا ماند
import-refused = { $count } رد شد
import-refused-file = سطرهای ردشده در { $path } است: همان‌جا درست کنید و دوباره وارد کنید
import-dry-run = چیزی نوشته نشد (--dry-run)
import-saved = ذخیره شد · { $unsent } ارسال‌نشده

list-comma = ،{" "}
sync-new = تازه
sync-new-records = { $count } رکورد تازه
sync-changed = تغییر: { $fields }
sync-merged = ادغام: { $fields }
sync-amount = مبلغ { $before } → { $now } که کسی ننوشته
sync-counts = { $received } تغییر رسید، { $sent } فرستاده شد
sync-fetched = { $count } تغییری که این دستگاه از دست داده بود از رله بازگشت
sync-brought-back = { $count } تغییری که رله از دست داده بود به آن بازگردانده شد
sync-refused = { $count } پذیرفته نشد: forsat issues
sync-unreadable = { $count } ناخوانا: forsat issues

join-workspace = فضای کار { $workspace }
join-user-changes = رله شما را از دستگاه دیگری می‌شناسد؛ کاربر این انبار همان می‌شود
join-sends = همگامی بعدی { $changes } تغییر ({ $bytes } بایت) این انبار را می‌فرستد
join-settings = این انبار تنظیمات خودش را دارد؛ از این پس تنظیمات رله، اگر داشته باشد، به کار می‌رود
join-confirm = این انبار به رله بپیوندد؟
join-done = پیوست؛ فرستادن و گرفتن: forsat sync
watch-begins = حالت پیوسته؛ پایان با Ctrl-C
watch-waits = برنامهٔ دیگری همین انبار را همگام می‌کند؛ کار این برنامه پس از پایان آن آغاز می‌شود
watch-online = برخط
watch-offline = برون‌خط؛ کار ادامه دارد و خودش دوباره تلاش می‌کند
watch-healing = این دستگاه و رله یکی نیستند؛ تفاوت‌ها پیدا می‌شوند
watch-healed = دوباره یکی شدند
trouble-mismatch = این دستگاه و رله یکی نیستند؛ چیزی از دست نرفته، ببینید: forsat status
trouble-cursor = انبار رله از نو ساخته یا بازگردانده شده؛ با این دستگاه سنجیده می‌شود
trouble-refill = رله { $count } تغییر را از دست داده و از این دستگاه پس نمی‌گیرد: forsat status
trouble-echo = رله تغییری از این دستگاه را نام برد که این‌جا نیست؛ گرفته می‌شود
trouble-space = یکی از فضاها را دیگر نمی‌بینید؛ آن‌چه این‌جاست خواندنی می‌ماند

demo-begin = فرصت: دو نفر، یک رله و شبکه‌ای که می‌آید و می‌رود. همه‌چیز در { $dir } است
demo-relay = رله      { $url }، فضای کار «{ $workspace }»؛ دستگاه‌ها: دفتر (سارا، مدیر سامانه) و میدان (رضا، فروشنده)
demo-import = ورود     دفتر { $rows } سطر می‌گیرد: { $deals } فرصت، { $accounts } حساب، { $products } محصول، { $people } نفر؛ { $refused } سطر رد شد ({ $reason }) · { $seconds } ثانیه
demo-first-sync = همگامی   دفتر { $sent } تغییر را در { $up } ثانیه فرستاد؛ میدان { $received } را در { $down } ثانیه گرفت
demo-offline = برون‌خط، هر دو روی همان فرصت‌ها کار می‌کنند:
demo-s2 = { $deal }: سارا آن را با { $amount } می‌برد؛ رضا، بی‌خبر، ردیفی به مبلغ { $line } می‌افزاید
demo-s11 = { $deal }: سارا مبلغ { $amount } را دستی می‌نویسد؛ رضا ردیفی به مبلغ { $line } می‌افزاید
demo-s16 = { $deal }: سارا در { $won } موفق ثبت می‌کند؛ رضا در { $lost } شکست (قیمت)
demo-text = { $deal }: هر دو در توضیحات می‌نویسند؛ هر یک فرصتی تازه می‌سازد
demo-online = دوباره برخط ({ $office } تغییر سارا، { $field } تغییر رضا). آن‌چه به دفتر می‌رسد و خودش ادغام می‌شود:
demo-merged-text = توضیحات { $deal }: «{ $text }»
demo-decide = آن‌چه باید کسی تصمیم بگیرد، و فرمانی که پایانش می‌دهد:
demo-pipeline = سبد فروش در هر دو دستگاه { $equal ->
    [yes] (تا آخرین بایت یکسان: { $bytes } بایت گزارش مقایسه شد)
   *[no] یکسان نیست
}:
demo-closed = موفق { $won } · { $wonAmount }، شکست { $lost }، مورد اختلاف { $disputed } · { $disputedAmount }
demo-next = با همین انبارها ادامه دهید:
demo-base-text = از کارخانه بازدید شد.
demo-sara-text = دو رک می‌خواهند.
demo-reza-text = نام نگهبان کریم است.
demo-dir-used = { $dir } خالی نیست؛ پوشه‌ای خالی یا تازه را با --dir نام ببرید
demo-sara = سارا
demo-reza = رضا
side-booked = ثبت‌شده هنگام بستن
side-live = آن‌چه اکنون هست

# reports
breakdown-total = مجموع
breakdown-none = (هیچ‌کدام)
breakdown-owner = مسئول
breakdown-team = گروه
breakdown-source = منبع
breakdown-campaign = کمپین
breakdown-account = حساب
breakdown-product = محصول
breakdown-period = ماه
forecast-month = ماه
forecast-expected = باز
forecast-committed = قطعی
forecast-weighted = وزنی
forecast-best-case = بهترین حالت
forecast-short = کوتاه‌مدت
forecast-mid = میان‌مدت
forecast-overdue = موعد گذشته: { $count } فرصت باز، { $amount } (وزنی { $weighted })؛ در هیچ ماهی شمرده نشده‌اند
forecast-no-date = بی‌تاریخ: { $count } فرصت باز، { $amount } (وزنی { $weighted })؛ در هیچ ماهی شمرده نشده‌اند
forecast-later = پس از این ماه‌ها: { $count } فرصت باز، { $amount } (وزنی { $weighted })
forecast-since = پیش‌بینی امروز، و تفاوت آن با { $day }
forecast-was = تفاوت
forecast-changes = آنچه آن را تغییر داد:
forecast-unchanged = از { $day } هیچ فرصتی پیش‌بینی را تغییر نداده است
forecast-part = { $shown } فرصت از { $total } فرصتی که آن را تغییر دادند؛ همه: --json
forecast-kind-added = تازه
forecast-kind-removed = کنار رفته
forecast-kind-won = برده
forecast-kind-lost = باخته
forecast-kind-disputed = مورد اختلاف
forecast-kind-reopened = دوباره باز
forecast-kind-moved = جابه‌جا
forecast-kind-revalued = تغییر ارزش
forecast-place-nowhere = شمرده نمی‌شد
forecast-place-overdue = موعد گذشته
forecast-place-no-date = بی‌تاریخ
forecast-place-later = پس از این ماه‌ها
forecast-place-won = برده
forecast-place-lost = باخته
forecast-place-disputed = مورد اختلاف
month-persian-1 = فروردین
month-persian-2 = اردیبهشت
month-persian-3 = خرداد
month-persian-4 = تیر
month-persian-5 = مرداد
month-persian-6 = شهریور
month-persian-7 = مهر
month-persian-8 = آبان
month-persian-9 = آذر
month-persian-10 = دی
month-persian-11 = بهمن
month-persian-12 = اسفند
month-gregorian-1 = ژانویه
month-gregorian-2 = فوریه
month-gregorian-3 = مارس
month-gregorian-4 = آوریل
month-gregorian-5 = مه
month-gregorian-6 = ژوئن
month-gregorian-7 = ژوئیه
month-gregorian-8 = اوت
month-gregorian-9 = سپتامبر
month-gregorian-10 = اکتبر
month-gregorian-11 = نوامبر
month-gregorian-12 = دسامبر
stuck-median = میانه روزها
stuck-stays = توقف‌ها
stuck-days = روز
stuck-deal = فرصت
stuck-bottleneck = گلوگاه
stuck-clamped = { $count } مورد با ساعت وارونه
stuck-none = برای هر فرصت باز کاری برنامه‌ریزی شده است
stuck-part = { $shown } از { $total } فرصت بی‌برنامه؛ همه آن‌ها: ‎--json

# what lies around a record
related-coming = پیش رو
related-happened = انجام‌شده
related-part = { $shown } مورد نخست؛ همه: ‎--json
related-call = تماس
related-meeting = جلسه
related-task = کار
related-note = یادداشت
related-stage = مرحله
related-won = فروش موفق
related-lost = شکست فروش
related-close_date = موعد فروش
related-created = ایجاد

# Leads and what is logged
lead-new = جدید
lead-existing = از پیش موجود
lead-activities = { $shown } فعالیت سرنخ اکنون به این‌ها هم مربوط است
lead-no-close-date = تخمین تاریخ فروش این فرصت هنوز خالی است: forsat opp edit { $id } close_date=…
show-not-here = (روی این دستگاه نیست)
log-about = { $about } · { $status }
log-note = { $about }
log-follow-up = کار بعدی: { $name } ({ $id })
log-next-step = کار بعدی و قدم بعد فرصت: { $name } ({ $id })
log-due-of-task = گزینه --due برای کارهاست؛ زمان تماس یا جلسه را با --at و کار بعدی را با --next … --on … بدهید

# settings, checklists and preferences
settings-edit-nothing = چیزی برای تغییر نیست؛ برای نمونه بنویسید: forsat settings edit organisation="آریا" calendar=persian
settings-probability = «{ $typed }» احتمال نیست؛ درصدی بی‌اعشار از ۰ تا ۱۰۰ بدهید
settings-no-stage = مرحله‌ای به نام «{ $stage }» نیست؛ forsat settings stage list مرحله‌ها را نشان می‌دهد
settings-id = شناسه
settings-label = برچسب
settings-percent = احتمال
settings-note = یادداشت
settings-archived = بایگانی‌شده
settings-replaced = بایگانی‌شده، در { $by } شمرده می‌شود
settings-checks = { $shown } کار در فهرست مرحله
settings-no-checks = { $stage } فهرست کار ندارد؛ با forsat settings stage check add بیفزایید
settings-hidden = پنهان؛ مقدارها نگه داشته می‌شوند
settings-unknown-type = از نوعی که این نسخه نمی‌شناسد؛ مقدارها نگه داشته می‌شوند
settings-none = هیچ
settings-yes = بله
settings-no = خیر
me-edit-nothing = چیزی برای تغییر نیست؛ برای نمونه بنویسید: forsat me edit locale=fa digits=latin currency_unit=toman
check-required = لازم
history-forced = با زور پیش برده شد؛ هنوز باز: { $items }
# Errors
record-word = رکورد
or-between = {" "}یا{" "}
interrupted = متوقف شد؛ چیزی ذخیره نشد
no-store = در { $dir } انباری نیست؛ آن‌جا forsat init را اجرا کنید یا forsat join URL CODE
store-exists = در { $dir } از پیش انباری هست؛ همان را به کار ببرید یا پوشه‌ای دیگر را نام ببرید
not-found = هیچ { $module } با «{ $text }» جور نیست؛ جستجوی نام: forsat find { $text }
ambiguous = «{ $text }» می‌تواند { $count } رکورد باشد؛ بخش بیشتری از شناسه را بنویسید: { $options }
needs-yes = { $message } با --yes تأیید کنید
nothing-to-undo = در این دستگاه چیزی برای برگرداندن نیست
unreachable = رلهٔ { $url } در دسترس نیست: { $why }؛ کار برون‌خط ادامه دارد، بعداً دوباره تلاش کنید
relay-refused = رله نپذیرفت: { $why }
sync-busy = فرایند دیگری همین انبار را همگام می‌کند؛ آن‌چه این‌جا ذخیره کنید ظرف یک ثانیه می‌فرستد
not-joined = این انبار به رله‌ای نپیوسته؛ forsat join URL CODE را اجرا کنید
read-only = در این فضا فقط حق خواندن دارید؛ از مدیر نقش دیگری بخواهید ({ $why })
store-failed = انبار به کار نیامد: { $why }
store-odd = انبار چیزی نامنتظر دارد: { $why }؛ forsat inspect را اجرا کنید و رونوشتی از انبار نگه دارید
file-failed = { $path }: خواندن یا نوشتن نشد: { $why }
unknown-module = ماژول «{ $module }» نداریم؛ فهرست: forsat --help
wrong-module = این رکورد از «{ $found }» است؛ این فرمان برای «{ $wanted }» است
missing = برای { $module } لازم است: { $fields }؛ بیفزایید: { $typed }
nameless = { $module } باید نامی داشته باشد؛ بنویسید: { $typed }
activity-status = وضعیت «{ $status }» برای نوع { $kind } نیست؛ یکی از این‌ها: { $options }
ends-before-start = پایان پیش از آغاز است؛ پایانی دیرتر بدهید
required = { $field } لازم است و خالی نمی‌شود؛ مقدار دیگری بدهید
trashed = این رکورد حذف شده؛ نخست با فرمان restore ماژولش بازگردانید
not-trashed = این رکورد حذف نشده؛ چیزی برای بازگرداندن نیست
target-trashed = { $name } حذف شده و نمی‌توان آن را برگزید؛ نخست بازگردانید یا دیگری را برگزینید
too-many = { $field } هم‌اکنون { $max } مورد دارد که بیشینه است؛ نخست یکی را بردارید
no-issue = این رکورد موردی به نام «{ $issue }» ندارد؛ فهرست: forsat issues
no-side = سوی { $given } وجود ندارد؛ از ۱ تا { $sides } برگزینید
not-a-resolution = «{ $what }» این مورد را پایان نمی‌دهد؛ { $hint }
resolve-hint-command = بنویسید { $command }
resolve-hint-by-itself = با رفتن علتش خودش پایان می‌یابد
resolve-hint-unreadable = این سو خوانده نمی‌شود؛ با --value مرحله‌ای بدهید
resolve-hint-side = یکی از سوهایش را برگزینید
resolve-hint-only-closed = ‎--on و ‎--reason و ‎--note تنها همراه won یا lost معنا دارند
settings-stay = تنظیمات حذف نمی‌شود؛ به جای آن تغییرش دهید
unknown-stage = مرحله‌ای به نام «{ $stage }» نیست؛ فهرست مرحله‌ها: forsat pipeline
archived-stage = مرحلهٔ «{ $stage }» بایگانی شده؛ به جای آن: { $instead }
same-stage = فرصت هم‌اکنون در «{ $stage }» است؛ کاری نمانده
stage-kind = «{ $stage }» مرحلهٔ باز نیست؛ { $hint }
stage-hint-close = بنویسید forsat opp lose … --reason
stage-hint-open = یکی از مرحله‌های باز را نام ببرید که forsat pipeline نشان می‌دهد
not-closed = فرصت بسته نیست؛ چیزی برای بازگشودن نیست
reason-needed = فرصتِ ازدست‌رفته دلیل می‌خواهد؛ --reason را با یکی از این‌ها بدهید: { $options }
unknown-reason = دلیلی به نام «{ $text }» نیست؛ یکی از این‌ها: { $options }
note-needed = دلیل «سایر» یادداشت می‌خواهد؛ بیفزایید --note "…"
closes-ahead = { $day } هنوز نیامده؛ فرصت امروز یا پیش از آن بسته می‌شود
outcome-disputed = نتیجه مورد اختلاف است؛ نخست آن را پایان دهید: forsat resolve … stage --take 1
no-price = { $product } به { $currency } قیمت ندارد؛ بیفزایید unit_price=…
no-line = ردیف «{ $line }» نیست؛ شمارهٔ ردیف‌ها: forsat opp show
ambiguous-line = «{ $line }» می‌تواند چند ردیف باشد؛ شمارهٔ ردیف را بدهید
closed-probability = فقط فرصتِ باز احتمال جداگانه دارد؛ موفق ۱۰۰ و ازدست‌رفته ۰ شمرده می‌شود
input-unknown-field = { $module } فیلدی به نام «{ $field }» ندارد؛ فیلدهایش: { $known }
input-not-editable = { $field } مستقیم نوشته نمی‌شود؛ { $hint }
input-choice = «{ $text }» از مقدارهای { $field } نیست؛ یکی از این‌ها: { $options }
input-ambiguous = «{ $text }» می‌تواند این‌ها باشد: { $options }؛ کامل بنویسید
input-range = { $field }: «{ $text }» نمی‌گنجد؛ بدهید: { $expected }
input-negative = { $field }: مبلغ منفی نمی‌شود؛ تخفیف به کار ببرید
input-of-field = { $field }: { $why }
why-not-a-list = += و -= برای فهرست‌هایی مانند برچسب‌هاست؛ = بنویسید
why-derived = از فیلدهای دیگر به دست می‌آید یا فرمان خودش را دارد
why-commands-only = فقط فرمان‌ها آن را می‌نویسند
why-not-of-a-line = یکی از مقدارهای خود ردیف را بدهید، مانند qty یا unit_price
expected-letters = حداکثر { $most } نویسه
expected-one-line = یک سطر بدون نویسهٔ کنترلی
expected-tags = برچسب‌هایی حداکثر { $most } نویسه و بدون «/»
expected-whole = عددی درست از { $min } تا { $max }
expected-decimals = عددی با حداکثر { $scale } رقم اعشار
expected-positive = عددی بزرگ‌تر از صفر با حداکثر { $scale } رقم اعشار
expected-percent = درصدی از ۰ تا ۱۰۰
expected-whole-percent = درصدی درست از ۰ تا ۱۰۰
expected-fine-percent = درصدی با حداکثر دو رقم اعشار
expected-yes-no = بله یا خیر
expected-time-zone = منطقهٔ زمانی IANA مانند Asia/Tehran
reference-none = هیچ رکورد یگانه‌ای با «{ $text }» جور نیست؛ بخش بیشتری از شناسه یا نام را بنویسید
reference-several = «{ $text }» می‌تواند این‌ها باشد: { $options }؛ یکی را بنویسید
number-malformed = «{ $text }» عدد نیست؛ بنویسید 1200000 یا ۱٬۲۰۰٬۰۰۰ یا 1.2M یا ۱.۲ میلیون
number-grouping = جداکننده‌های «{ $text }» روشن نیست؛ سه‌رقم‌سه‌رقم مانند ۱٬۲۵۰٬۰۰۰ جدا کنید و اعشار را با ممیز بنویسید
number-unit = «{ $unit }» در «{ $text }» واحد شناخته‌شده‌ای نیست؛ ریال، تومان یا کدی مانند USD بنویسید
number-too-long = «{ $text }» رقم‌هایی بیش از حد محاسبه دارد؛ رقم یا واحد اضافه را بازبینی کنید
money-overflow = مبلغ بزرگ‌تر از حد محاسبه است؛ رقم یا واحد اضافه را بازبینی کنید
money-mismatch = { $left } و { $right } جمع نمی‌شوند؛ نخست یکی را با نرخ تبدیل کنید
money-negative = مبلغ منفی نمی‌شود؛ تخفیف به کار ببرید
money-too-fine = { $value } { $currency } اعشار زیادی دارد؛ { $currency } حداکثر { $scale } رقم اعشار دارد
money-rate = نرخ تبدیل باید بزرگ‌تر از صفر باشد؛ بهای یک واحد را به پول سازمان بدهید
money-stored = مبلغ ذخیره‌شده خوانده نمی‌شود: { $why }؛ مبلغ را دوباره بنویسید
currency-unknown = «{ $text }» واحد پول نیست؛ کدی سه‌حرفی مانند IRR یا USD یا EUR بدهید
date-malformed = «{ $text }» تاریخ نیست؛ بنویسید ۱۴۰۴/۰۶/۳۰ یا 2025-09-21 یا امروز، فردا، +3d
date-year = سال { $year } در «{ $text }» نه شمسی است (۱۳۰۰–۱۴۹۹) و نه میلادی (۱۹۰۰–۲۱۹۹)؛ سال را کامل بنویسید
date-absent = { $date } در گاه‌شمار { $calendar } نیست: { $why }
date-month-days = آن ماه { $days } روز دارد
date-months = ماه از ۱ تا ۱۲ است
date-another = تاریخ دیگری بدهید
date-too-far = «{ $text }» زیاد دور است؛ تاریخی در سال‌های نگه‌داشتنی بدهید
date-stored = «{ $text }» تاریخ ذخیره‌شده نیست که به شکل YYYY-MM-DD است؛ تاریخ را دوباره بنویسید
calendar-persian = شمسی
calendar-gregorian = میلادی
moment-no-time = «{ $text }» ساعت ندارد؛ مثلاً بنویسید فردا ۱۴:۳۰
moment-skipped = در { $zone } ساعت «{ $text }» پریده می‌شود؛ ساعت دیگری بدهید

# Today, completions, drafts, questions
welcome = فرصت رکوردهای فروش را روی دستگاه خودتان نگه می‌دارد و با دیگران یکی می‌کند.
welcome-init = آغاز همین‌جا:        forsat init --user "نام شما"
welcome-join = یا پیوستن به گروه:   forsat join URL CODE
welcome-more = همهٔ فرمان‌ها:        forsat --help
today-overdue = گذشته از موعد: { $count }
today-due = امروز: { $count }
today-rest = و { $count } مورد دیگر
today-nothing-due = امروز موعد چیزی نیست
today-issues = برای تصمیم‌گیری: { $count }
today-day = روز
today-what = چه
today-name = نام
today-about = مربوط به
today-closes = بسته‌شدن فرصت
today-no-relay = بدون رله کار می‌کند؛ پیوستن: forsat join URL CODE
draft-kept = آن‌چه نوشتید در پیش‌نویس { $number } ماند؛ ادامه: forsat drafts resume { $typed }
draft-dropped = پیش‌نویس { $number } دور انداخته شد
draft-missing = پیش‌نویس { $number } نیست؛ فهرست: forsat drafts
drafts-none = پیش‌نویسی نیست
drafts-how = ادامه: forsat drafts resume N · دور انداختن: forsat drafts drop N
drafts-waiting = پیش‌نویس‌های ذخیره‌نشده: { $count }، ببینید forsat drafts
ask-optional = { $label } (اختیاری)
ask-none = — هیچ —
ask-save = ذخیره
ask-more = فیلدهای دیگر؟
ask-needed = این لازم است؛ Ctrl-C متوقف می‌کند و پیش‌نویس می‌ماند
ask-choice-help = ↑↓ جابه‌جایی، Enter برگزیدن، حروف برای جستجو
ask-name-help = بخشی از نام، ↑↓ برگزیدن، Tab برداشتن
ask-date-help = ۱۴۰۴/۰۶/۳۱، 2025-09-22، فردا، +3d
ask-moment-help = فردا ۱۴:۳۰، ۱۴۰۴/۰۶/۳۱ ۱۰:۰۰
ask-money-help = ۱.۲ میلیارد تومان، 1.2M؛ بی‌واحد: واحد پول همین رکورد
ask-reason-lost = چرا از دست رفت؟
ask-reason-won = چرا موفق شد؟
ask-note = چه شد؟
reason-to-choose = دلیل را با --reason بدهید: { $options }

# Refusals of conversion, duplicates, checklists and settings
already-converted = این سرنخ پیش‌تر تبدیل شده است: { $became }؛ برای تبدیل دوباره نخست status=recycled را بنویسید
no-person = این سرنخ نام کسی را ندارد؛ --contact را بیفزایید یا last_name=… را بنویسید
no-activities = برای رکوردِ { $module } فعالیتی ثبت نمی‌شود؛ فعالیت‌ها دربارهٔ این‌هایند: { $modules }
nothing-to-complete = یادداشت وضعیتی برای انجام‌شدن ندارد؛ متنش را با forsat activity edit ویرایش کنید
not-mergeable = رکوردهای { $module } را نمی‌توان ادغام کرد یا تکراری شمرد
same-record = رکورد را نمی‌توان در خودش ادغام کرد؛ دو رکورد جدا را نام ببرید
merged-away = این رکورد در { $name } ({ $id }) ادغام شده؛ همان را به کار ببرید یا نخست ادغام را برگردانید
not-merged = این رکورد در دیگری ادغام نشده؛ چیزی برای برگرداندن نیست
closed-duplicate = یکی از فرصت‌ها بسته است و دیگری نه؛ با --take stage=1 یا شمارهٔ دیگری بگویید مرحلهٔ کدام بماند
converted-duplicate = { $name } تبدیل شده و سرنخِ ماندنی نه؛ بگذارید تبدیل‌شده بماند
not-dismissible = رکوردهای { $module } هنوز فهرست جفت‌های کنارگذاشته ندارند
no-contact = { $name } از افراد این فرصت نیست؛ فهرست: forsat opp show
checks-open = پیش از آن‌که فرصت از «{ $stage }» بیرون برود: { $items }؛ تیک بزنید با forsat opp check … { $first } یا --force را بیفزایید
no-check = فهرست کارهای «{ $stage }» موردی به نام «{ $text }» ندارد؛ دارد: { $options }
not-open = این فرصت باز نیست و مرحله‌اش فهرست کار ندارد؛ نخست با forsat opp reopen بازش کنید
label-needed = برچسب نوشته نشده؛ --label-fa یا --label-en یا هر دو را بدهید
label-taken = «{ $id }» هم‌اکنون «{ $label }» نام دارد؛ همان را تغییر دهید یا بازگردانید یا برچسب دیگری برگزینید
setting-unknown = { $what } به نام «{ $text }» نیست؛ این‌ها هست: { $options }
fixed-probability = «{ $name }» مرحلهٔ پایانی است: موفق ۱۰۰ و شکست ۰؛ فقط مرحلهٔ باز احتمال دارد
last-of-kind = «{ $name }» آخرین مرحله از نوع خود ({ $kind }) است و فرصت‌ها به آن نیاز دارند؛ نخست یکی دیگر بسازید
replacement-kind = «{ $by }» جانشین «{ $stage }» نمی‌شود: هر دو باید از یک نوع ({ $kind }) باشند؛ با --replaced-by دیگری را برگزینید
replacement-unused = «{ $name }» جانشین مرحلهٔ دیگری نمی‌شود: بایگانی شده یا همان مرحله است؛ یکی از مرحله‌های در کار را برگزینید
already-archived = «{ $name }» پیش‌تر بایگانی شده؛ کاری نمانده
not-archived = «{ $name }» در کار است؛ چیزی برای بازگرداندن نیست
setting-nothing = چیزی برای تغییر نیست؛ بنویسید چه، مانند --label-fa یا --label-en
own-currency = { $name } واحد پول خود سازمان است و همان شمرده می‌شود؛ نرخ واحد دیگری را بدهید
rate-missing = نرخی برای { $currency } از { $day } نیست؛ فهرست: forsat settings rate list
period-unknown = «{ $name }» دوره نیست؛ سال، فصل یا ماه بنویسید، مانند 1404 یا 1404-Q2 یا 1404/07
no-target = چنین هدفی نیست؛ فهرست: forsat settings target list
placeholder-unknown = «{ $name }» پُرکردنی نیست؛ قاعدهٔ نام‌گذاری {"{"}account{"}"} و {"{"}product{"}"} را می‌شناسد
field-name = «{ $name }» نام فیلد نمی‌شود؛ حداکثر ۴۰ حرف لاتین، رقم و _ که با حرف آغاز شود: --name region
field-type = نوعی به نام «{ $text }» نیست؛ یکی از این‌ها: { $types }
field-module = { $name } فیلد دلخواه نمی‌پذیرد؛ فرصت، سرنخ، حساب، فرد یا نوع دیگری از رکورد را برگزینید
field-taken = { $module } هم‌اکنون فیلدی به نام «{ $field }» دارد؛ نام یا برچسب دیگری برگزینید
# duplicates
duplicates-count = { $total } جفت
merge-record = رکورد
merge-legend = ✓ یعنی برداشته می‌شود؛ برای انتخاب دیگر: ‎--take FIELD=N یا ‎--take FIELD=VALUE
merge-question = { $others } در { $survivor } ادغام شود؟
merge-take-form = «{ $given }» به شکل FIELD=N یا FIELD=VALUE نیست؛ برای نمونه بنویسید ‎--take industry=2
unmerge-take-back = این مقدارها هنگام ادغام رونوشت شده‌اند: { $fields }. آن‌ها هم برگردانده شوند؟
unmerge-kept = آن‌چه ادغام رونوشت کرده بود می‌ماند: { $fields }؛ برای برگرداندن آن‌ها هم: forsat undo و سپس unmerge با ‎--take-back
show-merged-into = ادغام‌شده در { $name } ({ $id })
# Lists, filters, many records at once
update-nothing = چیزی برای تغییر نیست؛ برای نمونه بنویسید: forsat { $module } update --where "status=active" status=inactive
mass-target = بگویید کدام رکوردها: یا با شناسه و نام، یا با ‎--where، ‎--text، ‎--filter، ‎--open یا ‎--mine، نه هر دو؛ برای نمونه: forsat { $module } update --where "next_step is empty" next_step="تماس"
mass-more = … و { $count } رکورد دیگر
mass-refused = کنار گذاشته شد: { $name }: { $reason }
mass-deals = فرصت‌های بازی که به آن‌ها وابسته‌اند: { $count }.
mass-counts = { $matched } رکورد منظور · { $changed } تغییر می‌کند · { $unchanged } از پیش همین است · { $refused } کنار گذاشته شد
mass-done = { $changed } تغییر کرد · { $unchanged } از پیش همین بود · { $refused } کنار گذاشته شد
mass-saved = ذخیره شد · { $unsent } ارسال‌نشده · بازگرداندن: forsat undo
mass-nothing = چیزی نوشته نشد
mass-confirm = { $count } رکورد تغییر کند؟
filter-saved-broken = فیلتر ذخیره‌شدهٔ «{ $name }» به این صورت کار نمی‌کند؛ اصلاح با: forsat filter edit "{ $name }" condition="…"
filter-expected-test = اینجا باید نام یک فیلد بیاید، مانند stage=negotiation
filter-expected-operator = پس از فیلد باید عملگر بیاید: = != < <= > >= ~ یا in (…)، «خالی است»، «خالی نیست»
filter-expected-value = پس از عملگر باید مقدار بیاید؛ برای نبودن مقدار بنویسید: خالی است
filter-expected-joint = اینجا باید «و»، «یا» یا پایان شرط بیاید؛ مقداری را که چنین نشانه‌هایی دارد در «» بگذارید
filter-expected-list_end = اینجا باید ویرگول یا ) بیاید
filter-expected-bracket = اینجا باید ) بیاید
filter-expected-quote = نقل‌قولی که اینجا آغاز می‌شود بسته نشده است
filter-too_long = شرط حداکثر { $letters } حرف دارد
filter-too_much = شرط حداکثر { $depth } سطح، { $tests } آزمون و در هر فهرست { $values } مقدار دارد
filter-unknown_field = { $module } فیلدی به نام «{ $field }» ندارد؛ فیلدها: { $known }
filter-ambiguous_field = «{ $field }» می‌تواند { $options } باشد؛ یکی از این نام‌ها را بنویسید
filter-not_filtered = بر پایهٔ { $field } نمی‌توان فیلتر کرد
filter-operator = { $field } این عملگرها را می‌پذیرد: { $known }، نه { $operator }
filter-not_open = «باز» برای { $module } معنایی ندارد؛ برای فرصت، سرنخ و فعالیت است

# درون‌ریزی، برون‌بری، سابقه تغییرات، واگرد، سطل بازیافت
exported = { $count } مورد از { $module } برون‌بری شد
log-created = ایجاد شد
log-more = { $shown } تغییر نمایش داده شد · بقیه: ‎--skip { $next } را بیفزایید
log-cut = جست‌وجو پیش از پایان متوقف شد: رکوردهای زیادی تغییر کرده‌اند. با ‎--since آن را محدود کنید یا رکورد را نام ببرید.
log-empty = تغییری نیست
commands-none = هنوز فرمانی در این دستگاه داده نشده است
commands-time = زمان
commands-command = فرمان
commands-records = رکوردها
commands-undone = واگرد شده
commands-fixed = چیزی برای واگرد ندارد
commands-more = { $names } و { $more } مورد دیگر
list-comma = {"، "}
undone-many = { $count } رکورد به حالت پیشین برگشت
trash-count = { $count } مورد در سطل بازیافت
trash-module = ماژول
trash-name = نام
trash-time = زمان حذف
trash-by = حذف‌کننده
