//! Editing fields: plain ones are written as asked; a deal's amount, stage and outcome keep their rules.

use super::stage::{
    check_note, find_reason, find_stage, move_closed, move_open, refuse_ahead, set_probability,
};
use super::{Close, Context, Plan, Refusal, activity, check, refuse_trashed, settings};
use crate::canonical;
use crate::composite::{
    AmountMode, Composite, Mode, NamedReference, Outcome, Removed, heads_hex, id_scalar,
    read_typed_reference, reference_id,
};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::lifecycle;
use crate::money::Money;
use crate::opportunity::{CurrentStage, Standing, lines_total_seen};
use crate::record::{RecordState, Scalar};
use crate::schema::input::{Assignment, Input, InputError, WhyNotEditable};
use crate::schema::{FieldDef, FieldKind, MergeCode, OPPORTUNITY, SETTINGS, record_name};
use rust_decimal::Decimal;

/// Entries that phones, emails or prices may have.
const ENTRIES_MAX: usize = 100;

/// Changes fields of a record.
pub fn edit(
    ctx: &mut Context<'_>,
    state: &RecordState,
    changes: &[Assignment],
) -> Result<Vec<Edit>, Refusal> {
    refuse_trashed(state)?;
    let mut plan = Plan::new(state);
    let deal = assign(&mut plan, ctx, changes)?;
    if state.module == OPPORTUNITY {
        deal.amount(&mut plan, ctx);
        if let Some(to) = &deal.stage {
            deal.move_to(&mut plan, ctx, to, false)?;
        } else {
            deal.correct(&mut plan, ctx)?;
        }
        deal.probability(&mut plan, ctx)?;
    }
    refuse_cleared(&plan, ctx, state, changes)?;
    activity::check(&plan)?;
    settings::check_convention(&plan)?;
    Ok(plan.finish())
}

/// Writes the plain fields and gathers those of a deal that have rules of their own.
pub(super) fn assign(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    changes: &[Assignment],
) -> Result<DealChanges, Refusal> {
    let schema = ctx.schema;
    let module = plan.state.module.clone();
    let table = schema.module(&module).ok_or_else(|| Refusal::UnknownModule(module.clone()))?;
    let mut deal = DealChanges::default();
    for change in changes {
        let field = table.field(&change.field).ok_or_else(|| InputError::UnknownField {
            module: module.clone(),
            field: change.field.clone(),
            known: String::new(),
        })?;
        if !field.is_settable() {
            let hint = WhyNotEditable::Derived;
            return Err(InputError::NotEditable { field: change.field.clone(), hint }.into());
        }
        if module == OPPORTUNITY && deal.take(change) {
            continue;
        }
        plain(plan, ctx, field, &change.input)?;
    }
    Ok(deal)
}

/// Writes a field without rules of its own.
fn plain(plan: &mut Plan, ctx: &mut Context<'_>, field: &FieldDef, input: &Input) -> Result<(), Refusal> {
    let name = field.name.as_ref();
    match (&field.kind, input) {
        (FieldKind::Tags, input) => tags(plan, name, input),
        (FieldKind::References(_), input) => {
            refuse_trashed_targets(ctx, input)?;
            tags(plan, name, input);
        }
        (FieldKind::Entries, input) => return entries(plan, ctx, field, input),
        (FieldKind::LongText, Input::Value(value)) if field.merge == MergeCode::T => {
            let value = value.as_text().unwrap_or_default().to_owned();
            plan.push(Edit::SetText { field: name.to_owned(), value });
        }
        (FieldKind::Reference(_) | FieldKind::NamedReference(_), Input::Value(value)) => {
            let value = checked_reference(ctx, field, value)?;
            plan.push(Edit::set(name, value));
        }
        (_, Input::Value(value)) => plan.push(Edit::set(name, value.clone())),
        (_, Input::Add(_) | Input::Remove(_)) => {
            let hint = WhyNotEditable::NotAList;
            return Err(InputError::NotEditable { field: name.to_owned(), hint }.into());
        }
    }
    Ok(())
}

/// Refuses a reference to a deleted record, and refreshes the name that is kept beside it.
pub(super) fn checked_reference(
    ctx: &Context<'_>,
    field: &FieldDef,
    value: &Scalar,
) -> Result<Scalar, Refusal> {
    let Some(id) = reference_id(value) else { return Ok(value.clone()) };
    let target = lifecycle::resolve(id, ctx.world);
    let lifecycle::Target::Found { record, life } = &target else { return Ok(value.clone()) };
    let name = record_name(record);
    if !life.is_visible() {
        return Err(Refusal::TargetTrashed { name, id: record.id });
    }
    Ok(match field.kind {
        FieldKind::NamedReference(_) => NamedReference { id: record.id, name }.to_scalar(),
        _ => id_scalar(record.id),
    })
}

/// Refuses to put a deleted record into a set of references.
pub(super) fn refuse_trashed_targets(ctx: &Context<'_>, input: &Input) -> Result<(), Refusal> {
    let (Input::Value(value) | Input::Add(value)) = input else { return Ok(()) };
    let keys = value.as_text().unwrap_or_default().split(',');
    for (_, id) in keys.filter_map(read_typed_reference) {
        if let lifecycle::Target::Found { record, life } = lifecycle::resolve(id, ctx.world)
            && !life.is_visible()
        {
            return Err(Refusal::TargetTrashed { name: record_name(&record), id: record.id });
        }
    }
    Ok(())
}

/// Writes the difference between the tags there and those asked for.
fn tags(plan: &mut Plan, field: &str, input: &Input) {
    let split = |value: &Scalar| -> Vec<String> {
        let text = value.as_text().unwrap_or_default();
        text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    };
    let there: Vec<String> = plan.state.set(field).map(str::to_owned).collect();
    let (added, gone) = match input {
        Input::Add(value) => (split(value), Vec::new()),
        Input::Remove(value) => (Vec::new(), split(value)),
        Input::Value(value) => {
            let wanted = split(value);
            let gone = there.iter().filter(|tag| !wanted.contains(tag)).cloned().collect();
            (wanted, gone)
        }
    };
    for key in added.into_iter().filter(|tag| !there.contains(tag)) {
        plan.push(Edit::Add { field: field.to_owned(), key });
    }
    for key in gone.into_iter().filter(|tag| there.contains(tag)) {
        plan.push(Edit::Remove { field: field.to_owned(), key });
    }
}

/// Writes a single value of a keyed map: a phone, an email, a price.
fn entries(plan: &mut Plan, ctx: &mut Context<'_>, field: &FieldDef, input: &Input) -> Result<(), Refusal> {
    let Some(register) = field.entry_value() else { return Ok(()) };
    let (name, register) = (field.name.to_string(), register.name.to_string());
    let (Input::Value(value) | Input::Add(value) | Input::Remove(value)) = input;
    if value.is_null() {
        return Ok(());
    }
    // A price's entry is its currency; other entries are found again by their value.
    let price = Money::from_scalar(value).map(|money| money.currency().code().to_owned());
    let known = plan.state.entries(&name).find(|(_, entry)| entry.winner(&register) == value);
    let known = price.clone().or_else(|| known.map(|(id, _)| id.to_owned()));
    let entry = match (input, known) {
        (Input::Remove(_), None) => return Ok(()),
        (Input::Remove(_), Some(id)) => {
            let removed = Removed { value: true, seen_heads: heads_hex(&plan.state.heads) };
            plan.push(Edit::set_entry(name, id, "removed", removed.to_scalar()));
            return Ok(());
        }
        (_, Some(id)) => id,
        (_, None) => ctx.new_entry().0.to_string(),
    };
    if plan.state.entry(&name, &entry).is_none() && plan.state.entries(&name).count() >= ENTRIES_MAX {
        return Err(Refusal::TooMany { field: name, max: ENTRIES_MAX });
    }
    let gone = plan.state.entry(&name, &entry).is_some_and(|entry| !lifecycle::Presence::of(entry).is_kept());
    plan.push(Edit::set_entry(&name, &entry, register, value.clone()));
    if gone {
        let removed = Removed { value: false, seen_heads: heads_hex(&plan.state.heads) };
        plan.push(Edit::set_entry(name, entry, "removed", removed.to_scalar()));
    }
    Ok(())
}

/// Refuses to leave a required field blank that was asked to be cleared.
fn refuse_cleared(
    plan: &Plan,
    ctx: &Context<'_>,
    before: &RecordState,
    changes: &[Assignment],
) -> Result<(), Refusal> {
    for change in changes {
        let field = ctx.schema.field(&plan.state.module, &change.field);
        let is_set =
            field.is_some_and(|field| field.required && matches!(field.kind, FieldKind::References(_)));
        if is_set && plan.state.set(&change.field).next().is_none() {
            return Err(Refusal::Required(change.field.clone()));
        }
    }
    for change in changes.iter().filter(|change| change.input == Input::Value(Scalar::Null)) {
        let field = ctx.schema.field(&plan.state.module, &change.field);
        let is_list = |field: &FieldDef| matches!(field.kind, FieldKind::Entries | FieldKind::References(_));
        let required = field.is_some_and(|field| field.required && !is_list(field));
        if required && plan.state.winner(&change.field).is_blank() {
            return Err(Refusal::Required(change.field.clone()));
        }
    }
    if record_name(&plan.state).is_empty() && !record_name(before).is_empty() {
        return Err(super::create::nameless(&plan.state.module));
    }
    Ok(())
}

/// What is asked for a deal's amount, stage, outcome and probability.
#[derive(Debug, Default)]
pub(super) struct DealChanges {
    pub(super) stage: Option<String>,
    pub(super) amount: Option<Scalar>,
    pub(super) mode: Option<Scalar>,
    probability: Option<Scalar>,
    reason: Option<Scalar>,
    note: Option<Scalar>,
    close_date: Option<Scalar>,
}

impl DealChanges {
    /// Takes a change that has rules of its own; tells whether it did.
    fn take(&mut self, change: &Assignment) -> bool {
        let Input::Value(value) = &change.input else { return false };
        let place = match change.field.as_str() {
            "stage" => {
                self.stage = value.as_text().map(str::to_owned);
                return true;
            }
            "amount" | "manual_amount" => &mut self.amount,
            "amount_mode" => &mut self.mode,
            "probability" => &mut self.probability,
            "loss_reason" | "win_reason" => &mut self.reason,
            "close_note" => &mut self.note,
            "actual_close_date" => &mut self.close_date,
            _ => return false,
        };
        *place = Some(value.clone());
        true
    }

    /// Writes the amount and where it comes from; typing an amount chooses it over the lines.
    pub(super) fn amount(&self, plan: &mut Plan, ctx: &Context<'_>) {
        if let Some(value) = &self.amount {
            plan.push(Edit::set("manual_amount", value.clone()));
        }
        let typed = self.amount.as_ref().is_some_and(|value| !value.is_null());
        let mode = match self.mode.as_ref().and_then(Scalar::as_text) {
            Some("lines") => Some(Mode::Lines),
            Some(_) => Some(Mode::Manual),
            None if typed => Some(Mode::Manual),
            None => None,
        };
        if let Some(mode) = mode {
            set_mode(plan, ctx, mode);
        }
    }

    /// Moves to the stage asked for, with what is asked for its outcome.
    pub(super) fn move_to(
        &self,
        plan: &mut Plan,
        ctx: &mut Context<'_>,
        to: &str,
        lenient: bool,
    ) -> Result<(), Refusal> {
        let stage = find_stage(to, ctx.settings())?;
        if !lenient {
            check::leave(plan, ctx, stage, false)?;
        }
        if stage.kind == Outcome::Open {
            return move_open(plan, ctx, stage);
        }
        let text = |value: &Option<Scalar>| value.as_ref().and_then(Scalar::as_text).map(str::to_owned);
        let on = text(&self.close_date).and_then(|date| date.parse().ok());
        let close = Close { on, reason: text(&self.reason), note: text(&self.note) };
        move_closed(plan, ctx, stage, &close, lenient)
    }

    /// Corrects the outcome of a closed deal in place: the stay keeps its id, so it never beats a later move.
    fn correct(&self, plan: &mut Plan, ctx: &Context<'_>) -> Result<(), Refusal> {
        if self.reason.is_none() && self.note.is_none() && self.close_date.is_none() {
            return Ok(());
        }
        let current = CurrentStage::read(&plan.state, ctx.settings());
        let mut entry = match (current.standing, current.entry) {
            (Standing::Disputed, _) => return Err(Refusal::Disputed),
            (Standing::Won | Standing::Lost, Some(entry)) => entry,
            _ => return Err(Refusal::NotClosed),
        };
        if let Some(note) = &self.note {
            entry.note = note.as_text().map(str::to_owned);
        }
        if let Some(reason) = &self.reason {
            entry.reason_id = match reason.as_text() {
                Some(text) => Some(find_reason(entry.outcome, text, ctx.settings())?),
                None if entry.outcome == Outcome::Lost => {
                    return Err(Refusal::Required("loss_reason".into()));
                }
                None => None,
            };
        }
        check_note(entry.outcome, entry.reason_id.as_deref().unwrap_or_default(), entry.note.as_deref())?;
        if let Some(date) = &self.close_date {
            let day: Option<CivilDate> = date.as_text().and_then(|date| date.parse().ok());
            let day = day.ok_or_else(|| Refusal::Required("actual_close_date".into()))?;
            refuse_ahead(day, ctx.today)?;
            entry.actual_close_date = Some(day);
        }
        plan.push(Edit::set("stage", entry.to_scalar()));
        Ok(())
    }

    /// Writes the probability by hand.
    pub(super) fn probability(&self, plan: &mut Plan, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Some(value) = &self.probability else { return Ok(()) };
        set_probability(plan, ctx, value.as_int().and_then(|pct| u8::try_from(pct).ok()))
    }
}

/// Chooses where the amount comes from, remembering what the lines come to now.
pub(super) fn set_mode(plan: &mut Plan, ctx: &Context<'_>, mode: Mode) {
    let seen = lines_total_seen(&plan.state, ctx.settings(), ctx.today);
    // Each choice remembers the other way only: what it did not choose, and would not notice.
    let choice = match mode {
        Mode::Manual => AmountMode { mode, lines_total_seen: seen, manual_seen: None },
        Mode::Lines => {
            let manual_seen = Money::from_scalar(plan.state.winner("manual_amount"));
            AmountMode { mode, lines_total_seen: Default::default(), manual_seen }
        }
    };
    plan.push(Edit::set("amount_mode", choice.to_scalar()));
}

/// Sets one register of an entry of the settings: a stage's label, a reason's place, a pipeline.
pub fn set_setting(
    ctx: &Context<'_>,
    field: &str,
    entry: &str,
    name: &str,
    value: Scalar,
) -> Result<Vec<Edit>, Refusal> {
    let def = ctx.schema.module(SETTINGS).and_then(|table| table.field(field));
    let register = def.and_then(|def| def.entry_field(name));
    // A stage's checklist lies in its entry under names that the table does not list.
    let checklist = field == "stages" && name.starts_with("check/");
    if (register.is_none() && !checklist) || entry.is_empty() || entry.contains('/') {
        return Err(InputError::UnknownField {
            module: SETTINGS.to_owned(),
            field: format!("{field}/{entry}/{name}"),
            known: String::new(),
        }
        .into());
    }
    Ok(vec![Edit::set_entry(field, entry, name, value)])
}

/// Enters an exchange rate: units of the organisation's currency for one of `currency`, from `day` on.
pub fn set_rate(currency: Currency, day: CivilDate, rate: Decimal) -> Result<Vec<Edit>, Refusal> {
    if rate <= Decimal::ZERO {
        return Err(Refusal::RateNotPositive);
    }
    let entry = format!("{}-{day}", currency.code());
    let set = |name: &str, value: String| Edit::set_entry("rates", &entry, name, value);
    Ok(vec![
        set("currency", currency.code().to_owned()),
        set("date", day.to_string()),
        set("rate", canonical::decimal_text(rate)),
    ])
}
