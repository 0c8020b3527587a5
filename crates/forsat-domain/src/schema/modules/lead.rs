//! The table of leads: people and companies that may become customers.

use super::*;

/// The module of leads.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: LEAD,
        short: "lead",
        label: Label::new("Lead", "سرنخ"),
        plural: Label::new("Leads", "سرنخ‌ها"),
        name_field: "name",
        list_columns: &["name", "company", "status", "source", "phones", "assigned_user_id", "created_at"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    let mut fields = super::person::fields();
    fields.extend([
        field("company", R, line(), "Company", "شرکت").searched(),
        field("status", R, choices(STATUSES), "Status", "وضعیت").required().default(value("new")),
        field("source", R, FieldKind::Setting(SettingList::LeadSources), "Source", "منبع سرنخ"),
        field("opportunity_name", R, line(), "Opportunity name", "نام فرصت").searched(),
        field("opportunity_amount", RA, FieldKind::Money, "Opportunity amount", "مبلغ فرصت"),
        field("campaign_id", R, reference(CAMPAIGN), "Campaign", "کمپین"),
        field(
            "loss_reason",
            RA,
            FieldKind::Setting(SettingList::LossReasons),
            "Loss reason",
            "دلیل از دست رفتن",
        ),
        field("conversions", G, FieldKind::Composite, "Conversions", "تبدیل‌ها"),
        field("converted", D, FieldKind::Bool, "Converted", "تبدیل‌شده").access(Access::Command),
        dismissed_duplicates(LEAD),
    ]);
    fields
}

const STATUSES: &[(&str, &str, &str)] = &[
    ("new", "New", "جدید"),
    ("assigned", "Assigned", "واگذارشده"),
    ("in_process", "In process", "در دست اقدام"),
    ("converted", "Converted", "تبدیل‌شده"),
    ("recycled", "Recycled", "بازگشته"),
    ("dead", "Dead", "از دست رفته"),
];
