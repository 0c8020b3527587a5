//! The table of activities: calls, meetings, tasks and notes around other records.

use super::*;

/// The module of activities.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: ACTIVITY,
        short: "act",
        label: Label::new("Activity", "فعالیت"),
        plural: Label::new("Activities", "فعالیت‌ها"),
        name_field: "subject",
        list_columns: &["kind", "subject", "parents", "status", "start", "due_date", "assigned_user_id"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    let parents = [OPPORTUNITY, LEAD, ACCOUNT, CONTACT, CAMPAIGN].map(Cow::Borrowed).to_vec();
    let mut kind = field("kind", I, choices(KINDS), "Kind", "نوع").required();
    // Set once, by whoever creates it.
    kind.access = Access::Edit;
    vec![
        kind,
        field("subject", R, line(), "Subject", "موضوع").required().searched(),
        field("parents", S, FieldKind::References(parents), "About", "مربوط به").required(),
        field("status", R, choices(STATUSES), "Status", "وضعیت"),
        field("start", RA, FieldKind::Moment, "Start", "آغاز"),
        field("end", RA, FieldKind::Moment, "End", "پایان"),
        field("due_date", R, FieldKind::Date, "Due date", "سررسید"),
        field("priority", R, choices(PRIORITIES), "Priority", "اولویت"),
        field("direction", R, choices(DIRECTIONS), "Direction", "جهت"),
        field("attendees", M, FieldKind::Entries, "Attendees", "حاضران").entries(vec![
            field("raw", R, line(), "Name", "نام").required(),
            field("contact_id", R, reference(CONTACT), "Contact", "فرد"),
            field("user_id", R, reference(USER), "User", "کاربر"),
            removed(),
        ]),
        field("outcome", T, FieldKind::LongText, "Outcome", "نتیجه").searched(),
        field("reminder", R, minutes(), "Reminder (minutes before)", "یادآوری (دقیقه پیش از آغاز)"),
    ]
}

/// Minutes before the start or the due date; a week at most.
fn minutes() -> FieldKind {
    FieldKind::Integer { min: 0, max: 7 * 24 * 60 }
}

const KINDS: &[(&str, &str, &str)] = &[
    ("call", "Call", "تماس"),
    ("meeting", "Meeting", "جلسه"),
    ("task", "Task", "کار"),
    ("note", "Note", "یادداشت"),
];

/// Those of calls and meetings first, then those of tasks.
const STATUSES: &[(&str, &str, &str)] = &[
    ("planned", "Planned", "برنامه‌ریزی‌شده"),
    ("held", "Held", "برگزارشده"),
    ("not_held", "Not held", "برگزارنشده"),
    ("not_started", "Not started", "شروع‌نشده"),
    ("in_progress", "In progress", "در حال انجام"),
    ("completed", "Completed", "انجام‌شده"),
    ("pending_input", "Waiting for input", "در انتظار پاسخ"),
    ("deferred", "Deferred", "به تعویق افتاده"),
];

const PRIORITIES: &[(&str, &str, &str)] =
    &[("high", "High", "بالا"), ("medium", "Medium", "متوسط"), ("low", "Low", "پایین")];

const DIRECTIONS: &[(&str, &str, &str)] = &[("in", "Incoming", "ورودی"), ("out", "Outgoing", "خروجی")];
