//! A workspace's own fields: added to a module, and hidden.

use super::rate::{kept_again, removal};
use super::{Labels, SettingsRefusal};
use crate::command::{Context, Refusal};
use crate::edit::Edit;
use crate::record::RecordState;
use crate::schema::{ModuleDef, SETTINGS};
use crate::settings::{CUSTOM_PREFIX, CustomField, field_kind, is_custom_name};
use crate::text::fold;

/// The field of the settings that keeps the workspace's own fields.
const CUSTOM_FIELDS: &str = "custom_fields";

/// A new field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldDraft {
    /// The module's stored name.
    pub module: String,
    /// Its name, without the prefix.
    pub name: String,
    /// Its label; the name where none is given.
    pub labels: Labels,
    /// Its type, as `text` or `choice(a,b)`.
    pub type_text: String,
}

/// Adds a field to a module; one that was hidden comes back with its values.
pub fn field_add(ctx: &Context<'_>, state: &RecordState, draft: &FieldDraft) -> Result<Vec<Edit>, Refusal> {
    let table = target_module(ctx, &draft.module)?;
    let short = fold(draft.name.trim()).replace([' ', '-'], "_");
    let name = format!("{CUSTOM_PREFIX}{}", short.strip_prefix(CUSTOM_PREFIX).unwrap_or(&short));
    if !is_custom_name(&name) {
        return Err(SettingsRefusal::FieldName(draft.name.clone()).into());
    }
    let type_text = draft.type_text.trim();
    if field_kind(type_text).is_none() {
        return Err(SettingsRefusal::FieldType { text: type_text.to_owned() }.into());
    }
    let own = Labels { fa: None, en: Some(short.replace('_', " ")) };
    let label = if draft.labels.is_empty() { own.over(None)? } else { draft.labels.over(None)? };
    let keys = [fold(&label.fa), fold(&label.en)];
    let is_same = |field: &&crate::schema::FieldDef| {
        field.name == name || keys.contains(&fold(&field.label.fa)) || keys.contains(&fold(&field.label.en))
    };
    if let Some(field) = table.fields.iter().find(is_same) {
        let (module, field) = (table.name.to_string(), field.name.to_string());
        return Err(SettingsRefusal::FieldTaken { module, field }.into());
    }
    let id = format!("{}:{name}", table.name);
    refuse_other_type(ctx, &id, type_text)?;
    let set = |register: &str, value: &str| Edit::set_entry(CUSTOM_FIELDS, &id, register, value);
    let mut edits = vec![
        set("module", &table.name),
        set("name", &name),
        set("label_fa", &label.fa),
        set("label_en", &label.en),
        set("type", type_text),
    ];
    edits.extend(kept_again(state, CUSTOM_FIELDS, &id));
    Ok(edits)
}

/// Hides a field; the values that records hold are kept.
pub fn field_remove(
    ctx: &Context<'_>,
    state: &RecordState,
    module: &str,
    name: &str,
) -> Result<Vec<Edit>, Refusal> {
    let shown =
        || ctx.settings().custom_fields.iter().filter(|field| !field.removed && field.module == module);
    let key = fold(name).replace([' ', '-'], "_");
    let is_named = |field: &&CustomField| {
        let label = |label: &str| fold(label) == fold(name);
        field.name == key
            || field.name.strip_prefix(CUSTOM_PREFIX) == Some(&key)
            || label(&field.label.fa)
            || label(&field.label.en)
    };
    match shown().find(is_named) {
        Some(field) => Ok(vec![removal(state, CUSTOM_FIELDS, &field.id)]),
        None => {
            let names: Vec<&str> = shown().map(|field| field.name.as_str()).collect();
            let options = if names.is_empty() { "—".to_owned() } else { names.join(", ") };
            Err(SettingsRefusal::Unknown { what: "field of your own", text: name.to_owned(), options }.into())
        }
    }
}

fn target_module<'s>(ctx: &Context<'s>, name: &str) -> Result<&'s ModuleDef, Refusal> {
    let table = ctx.schema.module(name).ok_or_else(|| Refusal::UnknownModule(name.to_owned()))?;
    if matches!(table.name.as_ref(), SETTINGS | "filter") {
        return Err(SettingsRefusal::FieldModule(name.to_owned()).into());
    }
    Ok(table)
}

/// Refuses to bring a hidden field back as another type: the values that are kept would read as nonsense.
fn refuse_other_type(ctx: &Context<'_>, id: &str, type_text: &str) -> Result<(), Refusal> {
    let hidden = ctx.settings().custom_fields.iter().find(|field| field.id == id);
    match hidden.filter(|field| field.type_text != type_text) {
        Some(field) => Err(SettingsRefusal::FieldTaken {
            module: field.module.clone(),
            field: format!("{} ({})", field.name, field.type_text),
        }
        .into()),
        None => Ok(()),
    }
}
