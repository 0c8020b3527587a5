//! The table of people who work with the records.

use super::*;

/// The module of users.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: USER,
        short: "user",
        label: Label::new("User", "کاربر"),
        plural: Label::new("Users", "کاربران"),
        name_field: "name",
        list_columns: &["name", "email", "role", "team", "manager_id", "active"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    vec![
        field("name", R, line(), "Name", "نام").required().searched(),
        field("email", R, line(), "Email", "رایانامه").searched(),
        field("role", R, line(), "Role", "نقش"),
        field("manager_id", R, reference(USER), "Manager", "مدیر"),
        field("team", R, line(), "Team", "گروه"),
        field("locale", R, choices(LOCALES), "Language", "زبان"),
        field("calendar", R, choices(CALENDARS), "Calendar", "تقویم"),
        field("digits", R, choices(DIGITS), "Digits", "رقم‌ها"),
        field("currency_unit", R, choices(UNITS), "Currency unit", "واحد نمایش پول"),
        field("active", R, FieldKind::Bool, "Active", "فعال").default(value(true)),
    ]
}

const LOCALES: &[(&str, &str, &str)] = &[("fa", "Persian", "فارسی"), ("en", "English", "انگلیسی")];
const DIGITS: &[(&str, &str, &str)] = &[("fa", "Persian", "فارسی"), ("latin", "Latin", "لاتین")];
const UNITS: &[(&str, &str, &str)] = &[("rial", "Rial", "ریال"), ("toman", "Toman", "تومان")];
/// Calendars, also the organisation's choice.
pub(super) const CALENDARS: &[(&str, &str, &str)] =
    &[("persian", "Persian", "هجری شمسی"), ("gregorian", "Gregorian", "میلادی")];
