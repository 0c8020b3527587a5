//! The table of campaigns: efforts that leads and deals come from.

use super::*;

/// The module of campaigns.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: CAMPAIGN,
        short: "campaign",
        label: Label::new("Campaign", "کمپین"),
        plural: Label::new("Campaigns", "کمپین‌ها"),
        name_field: "name",
        list_columns: &["name", "type", "status", "start", "end", "budget", "expected_revenue"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام").required().searched(),
        field("type", R, choices(TYPES), "Type", "نوع"),
        field("status", R, choices(STATUSES), "Status", "وضعیت").default(value("planning")),
        field("start", R, FieldKind::Date, "Start", "آغاز"),
        field("end", R, FieldKind::Date, "End", "پایان"),
        field("currency", R, FieldKind::Currency, "Currency", "واحد پول")
            .default(DefaultValue::OrganisationCurrency),
        field("budget", RA, FieldKind::Money, "Budget", "بودجه"),
        field("actual_cost", RA, FieldKind::Money, "Actual cost", "هزینه واقعی"),
        field("expected_revenue", RA, FieldKind::Money, "Expected revenue", "درآمد مورد انتظار"),
        field("objective", T, FieldKind::LongText, "Objective", "هدف").searched(),
        dismissed_duplicates(CAMPAIGN),
    ]
}

const TYPES: &[(&str, &str, &str)] = &[
    ("telesales", "Telesales", "فروش تلفنی"),
    ("mail", "Mail", "پست"),
    ("email", "Email", "رایانامه"),
    ("print", "Print", "چاپی"),
    ("web", "Web", "وب"),
    ("radio", "Radio", "رادیو"),
    ("television", "Television", "تلویزیون"),
    ("newsletter", "Newsletter", "خبرنامه"),
    ("social", "Social media", "شبکه‌های اجتماعی"),
    ("event", "Event", "رویداد"),
    ("other", "Other", "سایر"),
];

const STATUSES: &[(&str, &str, &str)] = &[
    ("planning", "Planning", "در حال برنامه‌ریزی"),
    ("active", "Active", "فعال"),
    ("inactive", "Inactive", "غیر فعال"),
    ("complete", "Complete", "پایان‌یافته"),
];
