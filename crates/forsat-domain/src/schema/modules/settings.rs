//! The table of a workspace's settings: one record, read with built-in defaults for everything that it lacks.

use super::*;

/// The module of settings.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: SETTINGS,
        short: "settings",
        label: Label::new("Settings", "تنظیمات"),
        plural: Label::new("Settings", "تنظیمات"),
        name_field: "organisation",
        list_columns: &["organisation", "currency", "time_zone", "calendar"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("organisation", R, line(), "Organisation", "نام سازمان"),
        field("currency", R, FieldKind::Currency, "Organisation currency", "واحد پول سازمان"),
        field("time_zone", R, FieldKind::TimeZone, "Time zone", "منطقه زمانی"),
        field("calendar", R, choices(super::user::CALENDARS), "Calendar", "تقویم"),
        field("fiscal_year_start", R, month(), "First month of the fiscal year", "ماه آغاز سال مالی"),
        field("tax_in_amount", R, FieldKind::Bool, "Tax in the amount", "مالیات در مبلغ"),
        field("naming_convention", R, line(), "Naming convention", "قاعده نام‌گذاری"),
        entries("pipelines", "Pipelines", "سبدهای فروش", named()),
        entries("stages", "Stages", "مرحله‌ها", stage()),
        entries("lead_sources", "Lead sources", "منابع سرنخ", named()),
        entries("win_reasons", "Win reasons", "دلیل‌های موفقیت", named()),
        entries("loss_reasons", "Loss reasons", "دلیل‌های از دست رفتن", named()),
        entries("rates", "Exchange rates", "نرخ‌های تبدیل", rate()),
        entries("targets", "Targets", "هدف‌ها", target()),
        entries("custom_fields", "Custom fields", "فیلدهای سفارشی", custom_field()),
    ]
}

fn entries(name: &'static str, en: &'static str, fa: &'static str, registers: Vec<FieldDef>) -> FieldDef {
    field(name, M, FieldKind::Entries, en, fa).access(Access::Command).entries(registers)
}

fn month() -> FieldKind {
    FieldKind::Integer { min: 1, max: 12 }
}

fn position() -> FieldDef {
    field("position", R, FieldKind::Integer { min: 0, max: 1_000_000 }, "Position", "ترتیب")
}

fn labels() -> Vec<FieldDef> {
    vec![
        field("label_fa", R, line(), "Persian label", "برچسب فارسی").required(),
        field("label_en", R, line(), "English label", "برچسب انگلیسی"),
    ]
}

/// A labelled, ordered item that is archived rather than deleted.
fn named() -> Vec<FieldDef> {
    let mut fields = labels();
    fields.extend([position(), field("archived", R, FieldKind::Bool, "Archived", "بایگانی‌شده")]);
    fields
}

/// A stage; its checklist lies in the same entry under `check/<item id>/<field>`.
fn stage() -> Vec<FieldDef> {
    let mut fields = named();
    fields.extend([
        field("pipeline", R, line(), "Pipeline", "سبد فروش"),
        field("kind", I, choices(STAGE_KINDS), "Kind", "نوع").required(),
        field("default_probability", R, FieldKind::Percent, "Probability", "احتمال"),
        field("exit_criteria", R, FieldKind::Text { letters_max: 4000 }, "Exit criteria", "شرط گذر"),
        field("replaced_by", R, line(), "Replaced by", "جایگزین"),
    ]);
    fields
}

/// A rate; the entry's id is `<currency>-<date>`, so two people who enter the same day meet in one register.
fn rate() -> Vec<FieldDef> {
    vec![
        field("currency", R, FieldKind::Currency, "Currency", "واحد پول").required(),
        field("date", R, FieldKind::Date, "Date", "تاریخ").required(),
        field("rate", R, FieldKind::Rate, "Rate", "نرخ").required(),
        removed(),
    ]
}

fn target() -> Vec<FieldDef> {
    vec![
        field("user_id", R, reference(USER), "User", "کاربر"),
        field("team", R, line(), "Team", "گروه"),
        field("period", R, line(), "Period", "دوره").required(),
        field("value", RA, FieldKind::Money, "Target", "هدف").required(),
        removed(),
    ]
}

fn custom_field() -> Vec<FieldDef> {
    let mut fields = labels();
    fields.extend([
        field("module", R, line(), "Module", "ماژول").required(),
        field("name", R, line(), "Name", "نام").required(),
        field("type", R, line(), "Type", "نوع").required(),
        removed(),
    ]);
    fields
}

const STAGE_KINDS: &[(&str, &str, &str)] =
    &[("open", "Open", "باز"), ("won", "Won", "موفق"), ("lost", "Lost", "شکست")];
