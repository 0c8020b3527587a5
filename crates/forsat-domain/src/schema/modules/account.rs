//! The table of accounts: the customers.

use super::*;

/// The module of accounts.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: ACCOUNT,
        short: "account",
        label: Label::new("Account", "حساب"),
        plural: Label::new("Accounts", "حساب‌ها"),
        name_field: "name",
        list_columns: &["name", "industry", "account_type", "assigned_user_id", "modified_at"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام").required().searched(),
        field("kind", R, choices(KINDS), "Kind", "حقیقی/حقوقی"),
        field("account_type", R, choices(TYPES), "Type", "نوع حساب"),
        field("industry", R, line(), "Industry", "صنعت").searched(),
        field("national_id", R, line(), "National id", "شناسه/کد ملی").searched(),
        field("annual_revenue", RA, FieldKind::Money, "Annual revenue", "درآمد سالانه"),
        field("employees", R, count(), "Employees", "تعداد کارکنان"),
        field("website", R, line(), "Website", "وب‌سایت").searched(),
        contact_points("phones", "Phones", "تلفن‌ها"),
        contact_points("emails", "Emails", "رایانامه‌ها"),
        field("billing_address", RA, FieldKind::Address, "Billing address", "نشانی صورت‌حساب"),
        field("shipping_address", RA, FieldKind::Address, "Shipping address", "نشانی تحویل"),
        field("parent_id", R, reference(ACCOUNT), "Parent account", "حساب مادر"),
        field("campaign_id", R, reference(CAMPAIGN), "Campaign", "کمپین"),
        field("original_lead_id", I, reference(LEAD), "Original lead", "سرنخ اولیه"),
        dismissed_duplicates(ACCOUNT),
    ]
}

fn count() -> FieldKind {
    FieldKind::Integer { min: 0, max: 100_000_000 }
}

const KINDS: &[(&str, &str, &str)] =
    &[("natural", "Natural person", "حقیقی"), ("legal", "Legal person", "حقوقی")];

const TYPES: &[(&str, &str, &str)] = &[
    ("customer", "Customer", "مشتری"),
    ("prospect", "Prospect", "مشتری احتمالی"),
    ("partner", "Partner", "شریک"),
    ("reseller", "Reseller", "نماینده فروش"),
    ("supplier", "Supplier", "تأمین‌کننده"),
    ("competitor", "Competitor", "رقیب"),
    ("investor", "Investor", "سرمایه‌گذار"),
    ("other", "Other", "سایر"),
];
