//! The table of contacts: the people at customers.

use super::*;

/// The module of contacts.
pub(super) fn module() -> ModuleDef {
    super::module(ModuleSpec {
        name: CONTACT,
        short: "contact",
        label: Label::new("Contact", "فرد"),
        plural: Label::new("Contacts", "افراد"),
        name_field: "name",
        list_columns: &["name", "account_id", "job_title", "phones", "emails", "assigned_user_id"],
        fields: fields(),
    })
}

fn fields() -> Vec<FieldDef> {
    let mut fields = super::person::fields();
    for field in fields.iter_mut().filter(|field| field.name == "last_name") {
        field.required = true;
    }
    fields.extend([
        field("account_id", RA, named_reference(ACCOUNT), "Account", "نام حساب").searched(),
        field("reports_to", R, reference(CONTACT), "Reports to", "مدیر بالادست"),
        field("lead_source", R, FieldKind::Setting(SettingList::LeadSources), "Lead source", "منبع سرنخ"),
        field("original_lead_id", I, reference(LEAD), "Original lead", "سرنخ اولیه"),
        dismissed_duplicates(CONTACT),
    ]);
    fields
}
