//! Issues that every record can have: conflicts of fields, missing and unreadable values, disputed deletions.

use super::{Issue, IssueCode, IssueSide};
use crate::canonical;
use crate::composite::{Address, Composite, Discount, Moment, NamedReference, reference_id};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::lifecycle::{Life, Presence};
use crate::money::Money;
use crate::record::{Entry, FieldState, RecordState, Register, Scalar};
use crate::schema::{FieldDef, FieldKind, MergeCode, ModuleDef, Schema};

/// Registers whose conflicts have rules of their own.
const RULED: [&str; 5] = ["stage", "amount_mode", "probability_override", "lifecycle", "merged_into"];

/// The issues of a record's fields and life.
pub(super) fn issues(state: &RecordState, schema: &Schema) -> Vec<Issue> {
    let table = schema.module(&state.module);
    let mut found = Vec::new();
    deletion(state, &mut found);
    if state.unreadable > 0 {
        found.push(Issue::new(IssueCode::UnreadableChanges, state.id, "").info());
    }
    for (name, field) in &state.fields {
        let def = table.and_then(|table| table.field(name));
        match field {
            FieldState::Register(register) => register_issues(state, name, def, register, &mut found),
            FieldState::Map(entries) => {
                for (id, entry) in entries.iter().filter(|(_, entry)| Presence::of(entry).is_kept()) {
                    removal(state, (name, id), entry, &mut found);
                    entry_issues(state, (name, id), def, entry, &mut found);
                }
            }
            FieldState::Text(_) | FieldState::Set(_) | FieldState::Grow(_) => {}
        }
    }
    if let Some(table) = table {
        missing(state, table, &mut found);
    }
    found
}

/// A deletion that met edits or a restoration.
fn deletion(state: &RecordState, found: &mut Vec<Issue>) {
    if !Life::of(state).is_disputed() {
        return;
    }
    let mut sides: Vec<IssueSide> = state.sides("lifecycle").iter().map(IssueSide::of).collect();
    sides.extend(state.late_lifecycle.iter().map(IssueSide::edited));
    let issue = Issue::new(IssueCode::DisputedDeletion, state.id, "lifecycle");
    found.push(issue.shown(sides).words(&["restore", "confirm"]));
}

/// A conflict or an unreadable value of one register of the record.
fn register_issues(
    state: &RecordState,
    name: &str,
    def: Option<&FieldDef>,
    register: &Register,
    found: &mut Vec<Issue>,
) {
    let immutable = def.is_some_and(|def| def.merge == MergeCode::I);
    if !immutable && !RULED.contains(&name) && is_conflict(def, register) {
        found.push(conflict(state, name.to_owned(), register));
    }
    if def.is_some_and(|def| name != "amount_mode" && name != "stage" && !is_readable(def, register.winner()))
    {
        found.push(Issue::new(IssueCode::UnreadableValue, state.id, name).value());
    }
}

/// An entry that was removed and edited, or removed and put back.
fn removal(state: &RecordState, (field, id): (&str, &str), entry: &Entry, found: &mut Vec<Issue>) {
    if Presence::of(entry) != Presence::Disputed {
        return;
    }
    let removed = entry.fields.get("removed");
    let sides = removed.into_iter().flat_map(|register| register.sides.iter().map(IssueSide::of));
    let late = entry.late.iter().map(IssueSide::edited);
    let issue = Issue::new(IssueCode::LineRemovedButEdited, state.id, format!("{field}/{id}/removed"));
    found.push(issue.shown(sides.chain(late).collect()).words(&["keep", "remove"]));
}

/// Conflicts, missing and unreadable values of the registers of an entry.
fn entry_issues(
    state: &RecordState,
    (field, id): (&str, &str),
    def: Option<&FieldDef>,
    entry: &Entry,
    found: &mut Vec<Issue>,
) {
    for (name, register) in entry.fields.iter().filter(|(name, _)| *name != "removed") {
        let def = def.and_then(|def| def.entry_field(name));
        let immutable = def.is_some_and(|def| def.merge == MergeCode::I);
        if !immutable && is_conflict(def, register) {
            found.push(conflict(state, format!("{field}/{id}/{name}"), register));
        }
        if def.is_some_and(|def| !is_readable(def, register.winner())) {
            found.push(
                Issue::new(IssueCode::UnreadableValue, state.id, format!("{field}/{id}/{name}")).value(),
            );
        }
    }
    // Settings fill what an entry lacks with defaults.
    let required =
        def.into_iter().filter(|_| state.module != crate::schema::SETTINGS).flat_map(|def| &def.entries);
    for register in required.filter(|register| register.required && entry.winner(&register.name).is_blank()) {
        let path = format!("{field}/{id}/{}", register.name);
        found.push(Issue::new(IssueCode::RequiredMissing, state.id, path).value());
    }
}

fn conflict(state: &RecordState, path: String, register: &Register) -> Issue {
    let sides = register.sides.iter().map(IssueSide::of).collect();
    Issue::new(IssueCode::FieldConflict, state.id, path).take(sides).value()
}

/// Tells whether the sides differ in what they mean: a name kept beside a reference is no difference.
fn is_conflict(def: Option<&FieldDef>, register: &Register) -> bool {
    let Some(first) = register.sides.first().filter(|_| register.is_conflicted()) else { return false };
    if def.is_some_and(|def| matches!(def.kind, FieldKind::NamedReference(_))) {
        let id = reference_id(&first.value);
        return id.is_none() || register.sides.iter().any(|side| reference_id(&side.value) != id);
    }
    true
}

/// Required fields that are blank.
fn missing(state: &RecordState, table: &ModuleDef, found: &mut Vec<Issue>) {
    for field in table.fields.iter().filter(|field| field.required && field.name != "amount_mode") {
        let blank = match field.kind {
            FieldKind::Entries => state.entries(&field.name).all(|(_, entry)| !Presence::of(entry).is_kept()),
            FieldKind::References(_) => state.set(&field.name).next().is_none(),
            _ => state.winner(&field.name).is_blank(),
        };
        if blank {
            found.push(Issue::new(IssueCode::RequiredMissing, state.id, field.name.clone()).value());
        }
    }
}

/// Tells whether a stored value is one that the field can hold; nothing is always readable.
fn is_readable(def: &FieldDef, value: &Scalar) -> bool {
    if value.is_null() {
        return true;
    }
    let text = value.as_text();
    match &def.kind {
        FieldKind::Date => text.is_some_and(|text| text.parse::<CivilDate>().is_ok()),
        FieldKind::Currency => {
            text.is_some_and(|text| serde_json::from_value::<Currency>(text.into()).is_ok())
        }
        FieldKind::Money => Money::from_scalar(value).is_some(),
        FieldKind::Discount => Discount::from_scalar(value).is_some(),
        FieldKind::NamedReference(_) => NamedReference::from_scalar(value).is_some(),
        FieldKind::Reference(_) => reference_id(value).is_some(),
        FieldKind::Address => Address::from_scalar(value).is_some(),
        FieldKind::Moment => Moment::from_scalar(value).is_some(),
        FieldKind::Decimal { .. } => text.is_some_and(|text| canonical::parse_decimal(text).is_ok()),
        FieldKind::Quantity { .. } | FieldKind::Rate => text
            .and_then(|text| canonical::parse_decimal(text).ok())
            .is_some_and(|number| number.is_sign_positive()),
        FieldKind::Integer { .. } | FieldKind::Percent | FieldKind::TaxRate | FieldKind::Timestamp => {
            value.as_int().is_some()
        }
        FieldKind::Bool => value.as_bool().is_some(),
        _ => text.is_some(),
    }
}
