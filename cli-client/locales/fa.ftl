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
undo-skipped = { $id } { $field } دست نخورد: اکنون { $now } است و پس از آن فرمان نوشته شده

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
trouble-mismatch = این دستگاه و رله یکی نیستند؛ چیزی از دست نرفته، ببینید: forsat status
trouble-cursor = انبار رله از نو ساخته یا بازگردانده شده؛ همه‌چیز دوباره خوانده می‌شود
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
