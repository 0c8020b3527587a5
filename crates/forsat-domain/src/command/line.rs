//! The lines of a deal: added from the catalogue or as free text, edited, removed and put back.

use super::edit::set_mode;
use super::position::after;
use super::{Context, Plan, Refusal, expect_module, refuse_trashed};
use crate::composite::{Composite, Mode, Removed, heads_hex, id_scalar};
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::id::RecordId;
use crate::lifecycle::{self, Presence, Target};
use crate::opportunity::{Amount, Line, display_currency};
use crate::record::{RecordState, Scalar};
use crate::schema::input::{Assignment, Input};
use crate::schema::{OPPORTUNITY, PRODUCT, record_name};
use crate::text::fold;
use crate::world::World;

/// Lines that a deal may have, removed ones included.
const LINES_MAX: usize = 500;

/// A line to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewLine {
    /// The product of the catalogue; none for free text, which needs a name and a price.
    pub product: Option<RecordId>,
    /// The line's own values; they win over the product's.
    pub fields: Vec<Assignment>,
    /// The entry's id, where it is derived from a source; otherwise a new one is drawn.
    pub entry: Option<String>,
}

/// A line of a product with values of its own.
pub fn new_line(product: RecordId, fields: Vec<Assignment>) -> NewLine {
    NewLine { product: Some(product), fields, entry: None }
}

/// Adds a line; a deal that has no amount by hand then takes its amount from the lines.
pub fn line_add(ctx: &mut Context<'_>, state: &RecordState, line: &NewLine) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    add(&mut plan, ctx, line)?;
    let amount = Amount::read(state, ctx.settings(), ctx.today);
    if amount.manual.is_none() && amount.mode == Mode::Manual {
        set_mode(&mut plan, ctx, Mode::Lines);
    }
    Ok(plan.finish())
}

/// Changes values of a line.
pub fn line_edit(
    ctx: &mut Context<'_>,
    state: &RecordState,
    entry: &str,
    changes: &[Assignment],
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    expect_kept(state, entry)?;
    for change in changes {
        set(&mut plan, ctx, entry, change)?;
    }
    Ok(plan.finish())
}

/// Takes a line out; edits that this device has not seen keep it, flagged.
pub fn line_remove(state: &RecordState, entry: &str) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    expect_kept(state, entry)?;
    set_removed(&mut plan, "lines", entry, true);
    Ok(plan.finish())
}

/// Puts a removed line back.
pub fn line_restore(state: &RecordState, entry: &str) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    if state.entry("lines", entry).is_none() {
        return Err(Refusal::NoLine(entry.to_owned()));
    }
    set_removed(&mut plan, "lines", entry, false);
    Ok(plan.finish())
}

/// Finds a line by its number from 1 in the order shown, the beginning of its id, or its name.
pub fn find_line(
    state: &RecordState,
    world: &dyn World,
    today: CivilDate,
    text: &str,
) -> Result<String, Refusal> {
    let amount = Amount::read(state, world.settings(), today);
    let kept: Vec<&Line> = amount.kept_lines().collect();
    let text = text.trim();
    let number: Option<usize> = crate::number::ascii_digits(text).parse().ok();
    if let Some(line) = number.and_then(|number| kept.get(number.checked_sub(1)?)) {
        return Ok(line.entry.clone());
    }
    let key = fold(text);
    // A number beyond the last line is a slip, not the beginning of an id that happens to begin so.
    let is_number = number.is_some_and(|number| number <= LINES_MAX);
    let named: Vec<&&Line> = kept.iter().filter(|line| fold(&line.name) == key).collect();
    let begun: Vec<&&Line> = kept.iter().filter(|line| !is_number && line.entry.starts_with(&key)).collect();
    let found = if named.is_empty() { begun } else { named };
    match found.as_slice() {
        [line] if !key.is_empty() => Ok(line.entry.clone()),
        [] | [_] => Err(Refusal::NoLine(text.to_owned())),
        _ => Err(Refusal::AmbiguousLine(text.to_owned())),
    }
}

fn begin(state: &RecordState) -> Result<Plan, Refusal> {
    expect_module(state, OPPORTUNITY)?;
    refuse_trashed(state)?;
    Ok(Plan::new(state))
}

fn expect_kept(state: &RecordState, entry: &str) -> Result<(), Refusal> {
    let kept = state.entry("lines", entry).is_some_and(|entry| Presence::of(entry).is_kept());
    if kept { Ok(()) } else { Err(Refusal::NoLine(entry.to_owned())) }
}

/// Adds a line to a plan: the product's snapshot, overlaid by the line's own values.
pub(super) fn add(plan: &mut Plan, ctx: &mut Context<'_>, line: &NewLine) -> Result<(), Refusal> {
    if plan.state.entries("lines").count() >= LINES_MAX {
        return Err(Refusal::TooMany { field: "lines".to_owned(), max: LINES_MAX });
    }
    let entry = line.entry.clone().unwrap_or_else(|| ctx.new_entry().0.to_string());
    let last = plan.state.entries("lines").filter_map(|(_, entry)| entry.winner("position").as_text()).max();
    let position = after(last);
    let priced = line.fields.iter().any(|change| change.field == "unit_price");
    for (name, value) in snapshot(plan, ctx, line.product, priced)? {
        plan.push(Edit::set_entry("lines", &entry, name, value));
    }
    plan.push(Edit::set_entry("lines", &entry, "position", position));
    plan.push(Edit::set_entry("lines", &entry, "qty", "1"));
    for change in &line.fields {
        set(plan, ctx, &entry, change)?;
    }
    let blank =
        |name: &&str| plan.state.entry("lines", &entry).is_none_or(|entry| entry.winner(name).is_blank());
    let missing: Vec<String> = ["name", "qty", "unit_price"]
        .iter()
        .filter(|name| blank(name))
        .map(|name| (*name).to_owned())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::Missing { module: "a line".to_owned(), fields: missing })
}

/// What a line takes from its product: name, price in the deal's currency, unit and tax.
fn snapshot(
    plan: &Plan,
    ctx: &Context<'_>,
    product: Option<RecordId>,
    priced: bool,
) -> Result<Vec<(&'static str, Scalar)>, Refusal> {
    let Some(product) = product else { return Ok(Vec::new()) };
    let mut values = vec![("product_id", id_scalar(product))];
    let target = lifecycle::resolve(product, ctx.world);
    let Target::Found { record, life } = &target else { return Ok(values) };
    let name = record_name(record);
    if !life.is_visible() {
        return Err(Refusal::TargetTrashed { name, id: record.id });
    }
    if record.module != PRODUCT {
        return Err(Refusal::WrongModule(record.module.clone(), PRODUCT));
    }
    let currency = display_currency(&plan.state, ctx.settings()).code();
    let price = record.entry("prices", currency).filter(|entry| Presence::of(entry).is_kept());
    match price.map(|entry| entry.winner("value")).filter(|price| !price.is_null()) {
        Some(price) => values.push(("unit_price", price.clone())),
        None if priced => {}
        None => return Err(Refusal::NoPrice { product: name, currency: currency.to_owned() }),
    }
    values[0].1 = id_scalar(record.id);
    for field in ["name", "unit", "tax_rate"] {
        let value = record.winner(field);
        if !value.is_blank() {
            values.push((field, value.clone()));
        }
    }
    Ok(values)
}

/// Writes one value of a line.
fn set(plan: &mut Plan, ctx: &Context<'_>, entry: &str, change: &Assignment) -> Result<(), Refusal> {
    let register = ctx.schema.field(OPPORTUNITY, &format!("lines/{entry}/{}", change.field));
    let known = register.filter(|register| register.is_settable());
    let (Some(register), Input::Value(value)) = (known, &change.input) else {
        let hint = crate::schema::input::WhyNotEditable::NotOfALine;
        let field = change.field.clone();
        return Err(crate::schema::input::InputError::NotEditable { field, hint }.into());
    };
    if register.required && value.is_blank() {
        return Err(Refusal::Required(change.field.clone()));
    }
    plan.push(Edit::set_entry("lines", entry, change.field.clone(), value.clone()));
    Ok(())
}

/// Writes whether an entry is taken out.
pub(super) fn set_removed(plan: &mut Plan, field: &str, entry: &str, value: bool) {
    let removed = Removed { value, seen_heads: heads_hex(&plan.state.heads) };
    plan.push(Edit::set_entry(field, entry, "removed", removed.to_scalar()));
}
