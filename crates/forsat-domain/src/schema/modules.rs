//! The tables of the built-in modules, and the fields that every record has.

use std::borrow::Cow;

use super::{
    Access, Choice, DefaultValue, FieldDef, FieldKind, Label, MergeCode, ModuleDef, SettingList, field,
};
use crate::record::Scalar;

mod account;
mod activity;
mod campaign;
mod contact;
mod filter;
mod lead;
mod opportunity;
mod person;
mod product;
mod settings;
mod user;

use MergeCode::{D, G, I, M, R, RA, S, T};

/// The stored name of the module of customers.
pub const ACCOUNT: &str = "account";
/// The stored name of the module of calls, meetings, tasks and notes.
pub const ACTIVITY: &str = "activity";
/// The stored name of the module of campaigns.
pub const CAMPAIGN: &str = "campaign";
/// The stored name of the module of people at customers.
pub const CONTACT: &str = "contact";
/// The stored name of the module of saved filters.
pub const FILTER: &str = "filter";
/// The stored name of the module of people who may become customers.
pub const LEAD: &str = "lead";
/// The stored name of the module of deals.
pub const OPPORTUNITY: &str = "opportunity";
/// The stored name of the module of the catalogue.
pub const PRODUCT: &str = "product";
/// The stored name of the module of the workspace's settings, one record each.
pub const SETTINGS: &str = "settings";
/// The stored name of the module of people who work here.
pub const USER: &str = "user";

/// Letters of a name or another line of text.
const LINE_LETTERS_MAX: usize = 255;

/// The built-in modules in the order of the menus.
pub(super) fn all() -> Vec<ModuleDef> {
    vec![
        opportunity::module(),
        lead::module(),
        account::module(),
        contact::module(),
        activity::module(),
        product::module(),
        campaign::module(),
        filter::module(),
        user::module(),
        settings::module(),
    ]
}

/// What tells one module from another; the common fields are added to its own.
struct ModuleSpec {
    name: &'static str,
    short: &'static str,
    label: Label,
    plural: Label,
    name_field: &'static str,
    list_columns: &'static [&'static str],
    fields: Vec<FieldDef>,
}

/// Completes a module with the fields that every record has.
fn module(spec: ModuleSpec) -> ModuleDef {
    let mut fields = spec.fields;
    fields.extend(common());
    ModuleDef {
        name: Cow::Borrowed(spec.name),
        short: Cow::Borrowed(spec.short),
        label: spec.label,
        plural: spec.plural,
        name_field: Cow::Borrowed(spec.name_field),
        list_columns: spec.list_columns.iter().map(|name| Cow::Borrowed(*name)).collect(),
        fields,
    }
}

/// The fields of every record.
fn common() -> Vec<FieldDef> {
    vec![
        field("assigned_user_id", R, reference(USER), "Owner", "مسئول").default(DefaultValue::Creator),
        field("description", T, FieldKind::LongText, "Description", "توضیحات").searched(),
        field("tags", S, FieldKind::Tags, "Tags", "برچسب‌ها").searched(),
        field("external_ids", M, FieldKind::Entries, "External ids", "شناسه‌های بیرونی")
            .access(Access::Command)
            .entries(vec![
                field("source", R, line(), "Source", "مبدأ").required(),
                field("key", R, line(), "Key", "کلید").required(),
            ]),
        field("id", I, line(), "Id", "شناسه"),
        field("module", I, line(), "Module", "ماژول"),
        field("created_at", I, FieldKind::Timestamp, "Created at", "زمان ایجاد"),
        field("created_by", I, reference(USER), "Created by", "ایجادکننده"),
        field("modified_at", D, FieldKind::Timestamp, "Modified at", "زمان آخرین تغییر"),
        field("modified_by", D, reference(USER), "Modified by", "آخرین تغییردهنده"),
        field("lifecycle", RA, FieldKind::Composite, "Deletion", "حذف").access(Access::Command),
        field("merged_into", RA, FieldKind::Composite, "Merged into", "ادغام در").access(Access::Command),
    ]
}

fn line() -> FieldKind {
    FieldKind::Text { letters_max: LINE_LETTERS_MAX }
}

/// Pairs of records that somebody said are no duplicates of each other, by the other's id.
fn dismissed_duplicates(module: &'static str) -> FieldDef {
    let others = FieldKind::ReferenceSet(Cow::Borrowed(module));
    field("dismissed_duplicates", S, others, "Dismissed duplicates", "تکراری‌های ردشده")
        .access(Access::Command)
}

fn reference(module: &'static str) -> FieldKind {
    FieldKind::Reference(Cow::Borrowed(module))
}

fn named_reference(module: &'static str) -> FieldKind {
    FieldKind::NamedReference(Cow::Borrowed(module))
}

/// A fixed list from (slug, English, Persian).
fn choices(list: &[(&'static str, &'static str, &'static str)]) -> FieldKind {
    let choice = |&(slug, en, fa): &(&'static str, &'static str, &'static str)| Choice {
        slug: Cow::Borrowed(slug),
        label: Label::new(en, fa),
    };
    FieldKind::Choice(list.iter().map(choice).collect())
}

/// The register that takes an entry out of its map without deleting it.
fn removed() -> FieldDef {
    field("removed", RA, FieldKind::Composite, "Removed", "حذف‌شده").access(Access::Command)
}

fn value(value: impl Into<Scalar>) -> DefaultValue {
    DefaultValue::Value(value.into())
}

/// Phones or emails: a labelled list.
fn contact_points(name: &'static str, en: &'static str, fa: &'static str) -> FieldDef {
    field(name, M, FieldKind::Entries, en, fa).searched().entries(vec![
        field("raw", R, line(), "Value", "مقدار").required(),
        field("label", R, line(), "Label", "برچسب"),
        removed(),
    ])
}
