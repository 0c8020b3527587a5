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
