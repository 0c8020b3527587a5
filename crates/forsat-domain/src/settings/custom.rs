//! A workspace's own fields: rows of the settings that join the schema table.

use crate::lifecycle::Presence;
use crate::record::{Entry, RecordState};
use crate::schema::{Choice, FieldDef, FieldKind, Label, MergeCode, Schema};
use crate::text::fold;

/// What the stored names of a workspace's own fields begin with, so that no built-in field ever takes one's place.
pub const CUSTOM_PREFIX: &str = "x_";

/// Letters of a line of text.
const LINE_LETTERS_MAX: usize = 255;
/// Decimals of a decimal number.
const DECIMAL_SCALE_MAX: u32 = 6;
/// The largest whole number, either side of zero.
const NUMBER_MAX: i64 = 1_000_000_000_000_000;
/// The most values of a fixed list.
const CHOICES_MAX: usize = 100;

/// The types that a workspace's own field can have, for messages.
pub const FIELD_TYPES: &str = "text, number, decimal, money, date, bool, percent, choice(a,b,c)";

/// One field of a workspace's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// The entry's id: `<module>:<name>`, so that two people who add the same field meet.
    pub id: String,
    /// The module that it belongs to.
    pub module: String,
    /// The stored name, with its prefix.
    pub name: String,
    /// What people read.
    pub label: Label,
    /// The type as it is written: `text`, `choice(a,b)`.
    pub type_text: String,
    /// Whether it is hidden; its values are kept.
    pub removed: bool,
}

impl CustomField {
    /// The row of the schema table; `None` for a type that this version doesn't know.
    pub fn definition(&self) -> Option<FieldDef> {
        let kind = field_kind(&self.type_text)?;
        let merge = if kind == FieldKind::Money { MergeCode::RA } else { MergeCode::R };
        let field = FieldDef::custom(self.name.clone(), self.label.clone(), kind);
        Some(FieldDef { merge, ..field })
    }
}

impl Schema {
    /// Adds a workspace's own fields; a row that can't join the table is left out, and its values are kept unseen.
    pub fn with_custom_fields(self, fields: &[CustomField]) -> Self {
        let shown = fields.iter().filter(|field| !field.removed);
        shown.filter_map(|field| Some((&field.module, field.definition()?))).fold(
            self,
            |schema, (module, field)| {
                let takes = schema.module(module).is_some_and(|table| table.field(&field.name).is_none());
                if !takes {
                    return schema;
                }
                schema
                    .with_field(module, field)
                    .expect("the module is there, the name free, the code a register")
            },
        )
    }
}

/// Reads every row, removed ones included, by id.
pub(super) fn read(state: Option<&RecordState>) -> Vec<CustomField> {
    let entries = state.into_iter().flat_map(|state| state.entries("custom_fields"));
    entries.filter_map(|(id, entry)| row(id, entry)).collect()
}

fn row(id: &str, entry: &Entry) -> Option<CustomField> {
    let text = |name: &str| entry.winner(name).as_text().map(str::trim).filter(|text| !text.is_empty());
    let name = text("name").filter(|name| is_custom_name(name))?;
    let fa = text("label_fa").or(text("label_en")).unwrap_or(name);
    let en = text("label_en").unwrap_or(fa);
    Some(CustomField {
        id: id.to_owned(),
        module: text("module")?.to_owned(),
        name: name.to_owned(),
        label: Label { fa: fa.to_owned().into(), en: en.to_owned().into() },
        type_text: text("type")?.to_owned(),
        removed: !Presence::of(entry).is_kept(),
    })
}

/// Tells whether a stored name can be that of a workspace's own field.
pub fn is_custom_name(name: &str) -> bool {
    let rest = name.strip_prefix(CUSTOM_PREFIX).unwrap_or_default();
    rest.starts_with(|letter: char| letter.is_ascii_lowercase())
        && rest.len() <= 40
        && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Reads a type as it is written.
pub fn field_kind(text: &str) -> Option<FieldKind> {
    if let Some(list) = text.trim().strip_prefix("choice(").and_then(|rest| rest.strip_suffix(')')) {
        return choices(list);
    }
    Some(match text.trim() {
        "text" => FieldKind::Text { letters_max: LINE_LETTERS_MAX },
        "number" => FieldKind::Integer { min: -NUMBER_MAX, max: NUMBER_MAX },
        "decimal" => FieldKind::Decimal { scale_max: DECIMAL_SCALE_MAX },
        "money" => FieldKind::Money,
        "date" => FieldKind::Date,
        "bool" => FieldKind::Bool,
        "percent" => FieldKind::Percent,
        _ => return None,
    })
}

/// Reads the values of a fixed list: the stored word of each is its text, folded.
fn choices(list: &str) -> Option<FieldKind> {
    let words = list.split([',', '،']).map(str::trim).filter(|word| !word.is_empty());
    let choices: Vec<Choice> = words
        .map(|word| Choice {
            slug: fold(word).replace(' ', "_").into(),
            label: Label { en: word.to_owned().into(), fa: word.to_owned().into() },
        })
        .collect();
    let distinct: std::collections::BTreeSet<&str> =
        choices.iter().map(|choice| choice.slug.as_ref()).collect();
    let sound = !choices.is_empty() && choices.len() <= CHOICES_MAX && distinct.len() == choices.len();
    sound.then_some(FieldKind::Choice(choices))
}
