//! The table of opportunities: the deals, with their lines.

use super::*;

/// The module of opportunities.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: OPPORTUNITY,
        short: "opp",
        label: Label::new("Opportunity", "فرصت"),
        plural: Label::new("Opportunities", "فرصت‌ها"),
        name_field: "name",
        list_columns: &[
            "name",
            "account_id",
            "stage",
            "amount",
            "probability",
            "close_date",
            "assigned_user_id",
        ],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    let mut fields = deal();
    fields.extend(progress());
    fields.extend(worth());
    fields
}

/// Who, what and where from.
fn deal() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام فرصت")
            .required()
            .searched()
            .default(DefaultValue::NamingConvention),
        field("account_id", RA, named_reference(ACCOUNT), "Account", "نام حساب").required().searched(),
        field("contacts", M, FieldKind::Entries, "Contacts", "افراد")
            .access(Access::Command)
            .entries(vec![field("role", R, line(), "Role", "نقش"), removed()]),
        field("business_type", R, choices(BUSINESS_TYPES), "Business type", "نوع کسب و کار"),
        field("lead_source", R, FieldKind::Setting(SettingList::LeadSources), "Lead source", "منبع سرنخ"),
        field("next_step", R, line(), "Next step", "قدم بعد").searched(),
        field("campaign_id", R, reference(CAMPAIGN), "Campaign", "کمپین"),
        field("opened_on", R, FieldKind::Date, "Opened on", "تاریخ آغاز").default(DefaultValue::Today),
        field("close_date", R, FieldKind::Date, "Expected close date", "تخمین تاریخ فروش").required(),
        field("status", R, choices(STATUSES), "Status", "وضعیت").required().default(value("active")),
        field("original_lead_id", I, reference(LEAD), "Original lead", "سرنخ اولیه"),
        dismissed_duplicates(OPPORTUNITY),
    ]
}

/// Where it stands.
fn progress() -> Vec<FieldDef> {
    vec![
        field("stage", RA, FieldKind::Stage, "Stage", "مرحله فروش")
            .required()
            .access(Access::Command)
            .default(DefaultValue::FirstStage),
        field("stage_history", G, FieldKind::Composite, "Stage history", "سابقه مراحل"),
        field("checks", M, FieldKind::Entries, "Stage checklist", "کارهای مرحله")
            .access(Access::Command)
            .entries(vec![
                field("done", RA, FieldKind::Composite, "Done", "انجام‌شده").access(Access::Command),
            ]),
        field("probability_override", RA, FieldKind::Composite, "Probability by hand", "احتمال دستی")
            .access(Access::Command),
        field("probability", D, FieldKind::Percent, "Probability", "احتمال موفقیت").access(Access::Command),
        field("win_reason", D, FieldKind::Setting(SettingList::WinReasons), "Win reason", "دلیل موفقیت")
            .access(Access::Command),
        field(
            "loss_reason",
            D,
            FieldKind::Setting(SettingList::LossReasons),
            "Loss reason",
            "دلیل از دست رفتن",
        )
        .access(Access::Command),
        field("close_note", D, note(), "Remark on the outcome", "یادداشت نتیجه").access(Access::Command),
        field("actual_close_date", D, FieldKind::Date, "Closed on", "تاریخ بسته‌شدن").access(Access::Command),
    ]
}

/// What it is worth.
fn worth() -> Vec<FieldDef> {
    vec![
        field("currency", R, FieldKind::Currency, "Currency", "واحد پول")
            .required()
            .default(DefaultValue::OrganisationCurrency),
        field("amount_mode", RA, choices(AMOUNT_MODES), "Amount from", "شیوه محاسبه مبلغ")
            .required()
            .access(Access::Command),
        field("manual_amount", RA, FieldKind::Money, "Amount by hand", "مبلغ دستی").access(Access::Command),
        field("amount", D, FieldKind::Money, "Amount", "مبلغ").access(Access::Command),
        field("lines", M, FieldKind::Entries, "Lines", "ردیف محصولات")
            .access(Access::Command)
            .entries(line_item()),
    ]
}

/// The registers of one line.
fn line_item() -> Vec<FieldDef> {
    vec![
        field("product_id", R, reference(PRODUCT), "Product", "محصول"),
        field("name", R, line(), "Name", "نام").required(),
        field("unit", R, line(), "Unit", "واحد"),
        field("note", R, line(), "Note", "یادداشت"),
        field("qty", R, FieldKind::Quantity { scale_max: 6 }, "Quantity", "تعداد")
            .required()
            .default(value("1")),
        field("unit_price", RA, FieldKind::Money, "Unit price", "قیمت واحد").required(),
        field("discount", RA, FieldKind::Discount, "Discount", "تخفیف"),
        field("tax_rate", R, FieldKind::TaxRate, "Tax rate", "نرخ مالیات"),
        field("position", R, FieldKind::Position, "Position", "ترتیب").access(Access::Command),
        removed(),
        field("gross", D, FieldKind::Money, "Gross", "ناخالص"),
        field("net", D, FieldKind::Money, "Net", "خالص"),
        field("tax", D, FieldKind::Money, "Tax", "مالیات"),
        field("total", D, FieldKind::Money, "Total", "جمع"),
    ]
}

fn note() -> FieldKind {
    FieldKind::Text { letters_max: NOTE_LETTERS_MAX }
}

/// Letters of a remark.
const NOTE_LETTERS_MAX: usize = 4000;

const AMOUNT_MODES: &[(&str, &str, &str)] =
    &[("manual", "By hand", "دستی"), ("lines", "From line items", "قیمت بر اساس اقلام خط")];

const BUSINESS_TYPES: &[(&str, &str, &str)] =
    &[("existing", "Existing business", "کسب و کار موجود"), ("new", "New business", "کسب و کار جدید")];

const STATUSES: &[(&str, &str, &str)] = &[("active", "Active", "فعال"), ("inactive", "Inactive", "غیر فعال")];
