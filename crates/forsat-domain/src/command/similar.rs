//! Creating similar: a new record with the values of one that is there, and a life of its own.

use super::create::{begin_stage, defaults, refuse_missing};
use super::edit::{assign, checked_reference, refuse_trashed_targets, set_mode};
use super::{Context, Created, Plan, Refusal, activity};
use crate::composite::{AmountMode, Composite, Mode};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::lifecycle::Presence;
use crate::record::{RecordState, Scalar};
use crate::schema::input::{Assignment, Input};
use crate::schema::{ACTIVITY, Access, FieldDef, FieldKind, LEAD, MergeCode, OPPORTUNITY, SETTINGS};

/// What belongs to one record alone: its stage and outcome, where it came from, what was decided about it.
const OWN: &[&str] = &[
    "stage",
    "probability_override",
    "opened_on",
    "amount_mode",
    "external_ids",
    "lifecycle",
    "merged_into",
    "original_lead_id",
];

/// Keyed maps whose keys mean something; the entries of all others get new ids.
const KEYED_BY_MEANING: &[&str] = &["prices", "cost", "contacts"];

/// Creates a record with the values of another; `changes` are written over them.
///
/// Left behind are ids, history, stage and outcome (a deal starts in the first stage), deletion, external ids, what
/// was dismissed, conversions, and the status and outcome of what has happened already. Lines and other entries are
/// copied with new ids.
pub fn similar(
    ctx: &mut Context<'_>,
    source: &RecordState,
    changes: &[Assignment],
) -> Result<Created, Refusal> {
    let schema = ctx.schema;
    let table = schema.module(&source.module).ok_or_else(|| Refusal::UnknownModule(source.module.clone()))?;
    if table.name == SETTINGS {
        return Err(Refusal::OneSettings);
    }
    let id = RecordId((ctx.new_uuid)());
    let mut plan = Plan::new(&RecordState::new(id, source.module.as_str()));
    let replaced = |field: &FieldDef| {
        changes.iter().any(|change| change.field == field.name && matches!(change.input, Input::Value(_)))
    };
    for field in table.fields.iter().filter(|field| is_copied(source, field) && !replaced(field)) {
        copy(&mut plan, ctx, source, field)?;
    }
    let deal = assign(&mut plan, ctx, changes)?;
    defaults(&mut plan, ctx, table);
    if table.name == OPPORTUNITY {
        deal.amount(&mut plan, ctx);
        if deal.amount.is_none() && deal.mode.is_none() {
            // Chosen anew over the lines that were copied, so that nothing seems to have changed since.
            let choice = AmountMode::from_scalar(source.winner("amount_mode"));
            set_mode(&mut plan, ctx, choice.map_or(Mode::Manual, |choice| choice.mode));
        }
        begin_stage(&mut plan, ctx, deal.stage.as_deref(), |plan, ctx, to| {
            deal.move_to(plan, ctx, to, false)
        })?;
        deal.probability(&mut plan, ctx)?;
    }
    activity::begin(&mut plan);
    refuse_missing(&plan, table, false)?;
    activity::check(&plan)?;
    Ok(Created { id, edits: plan.finish() })
}

fn is_copied(source: &RecordState, field: &FieldDef) -> bool {
    let name = field.name.as_ref();
    let has_happened = match source.module.as_str() {
        ACTIVITY => matches!(name, "status" | "outcome"),
        LEAD => matches!(name, "status" | "loss_reason"),
        _ => false,
    };
    if has_happened || OWN.contains(&name) || matches!(field.kind, FieldKind::ReferenceSet(_)) {
        return false;
    }
    match field.merge {
        MergeCode::D | MergeCode::G => false,
        // What is written once and by hand, such as the kind of an activity.
        MergeCode::I => field.access == Access::Edit,
        MergeCode::R | MergeCode::RA | MergeCode::T | MergeCode::S => true,
        // A checklist is progress of the deal that it belongs to.
        MergeCode::M => name != "checks",
    }
}

fn copy(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    source: &RecordState,
    field: &FieldDef,
) -> Result<(), Refusal> {
    let name = field.name.as_ref();
    match field.merge {
        MergeCode::T => {
            let value = source.text(name).to_owned();
            if !value.is_empty() {
                plan.push(Edit::SetText { field: name.to_owned(), value });
            }
        }
        MergeCode::S => {
            if matches!(field.kind, FieldKind::References(_)) {
                let keys: Vec<&str> = source.set(name).collect();
                refuse_trashed_targets(ctx, &Input::Value(Scalar::text(keys.join(","))))?;
            }
            for key in source.set(name) {
                plan.push(Edit::Add { field: name.to_owned(), key: key.to_owned() });
            }
        }
        MergeCode::M => copy_entries(plan, ctx, source, name),
        _ => {
            let value = field.winner(source);
            if !value.is_null() {
                let value = checked_reference(ctx, field, value)?;
                plan.push(Edit::set(name, value));
            }
        }
    }
    Ok(())
}

fn copy_entries(plan: &mut Plan, ctx: &mut Context<'_>, source: &RecordState, name: &str) {
    let kept = source.entries(name).filter(|(_, entry)| Presence::of(entry).is_kept());
    for (id, entry) in kept {
        let id = match KEYED_BY_MEANING.contains(&name) {
            true => id.to_owned(),
            false => ctx.new_entry().0.to_string(),
        };
        for (register, said) in entry.fields.iter().filter(|(register, _)| *register != "removed") {
            if !said.winner().is_null() {
                plan.push(Edit::set_entry(name, &id, register.as_str(), said.winner().clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Close, lose};
    use crate::edit::preview;
    use crate::opportunity::Standing;
    use crate::testing::{Desk, rials};

    fn copy_of(desk: &mut Desk, source: &RecordState, changes: &[Assignment]) -> RecordState {
        let created = desk.run(|ctx| similar(ctx, source, changes)).expect("can be copied");
        let state = preview(&RecordState::new(created.id, source.module.as_str()), &created.edits);
        desk.world.insert(state.clone());
        state
    }

    #[test]
    fn a_lost_deal_starts_again_in_the_first_stage_with_its_values() {
        let mut desk = Desk::new();
        let fields = vec![
            Assignment::set("amount", rials(5_000).to_scalar()),
            Assignment::set("next_step", "تماس"),
            Assignment::set("description", "سطر یک\nسطر دو"),
            Assignment::set("tags", "vip,مهم"),
            Assignment::set("probability", 40),
        ];
        let deal = desk.deal_with(fields, Vec::new());
        let close = Close { reason: Some("price".to_owned()), ..Close::default() };
        let edits = desk.run(|ctx| lose(ctx, &deal, &close)).expect("can be lost");
        let mut lost = preview(&deal, &edits);
        let external = Edit::set_entry("external_ids", "x", "key", "77");
        lost = preview(&lost, &[external]);
        let again = copy_of(&mut desk, &lost, &[]);
        assert_ne!(again.id, lost.id);
        for field in ["name", "account_id", "next_step", "manual_amount", "close_date"] {
            assert_eq!(again.winner(field), lost.winner(field), "{field}");
        }
        assert_eq!(again.text("description"), "سطر یک\nسطر دو");
        assert_eq!(again.set("tags").collect::<Vec<_>>(), ["vip", "مهم"]);
        let read = desk.read(&again);
        assert_eq!(read.stage.standing, Standing::Open);
        assert_eq!(read.stage.stage_id, "identification");
        assert!(again.winner("probability_override").is_null());
        assert_eq!(again.entries("external_ids").count(), 0);
        assert_eq!(again.grown("stage_history").count(), 1);
        assert_eq!(desk.codes(&again), []);
    }

    #[test]
    fn lines_are_copied_with_new_ids_and_changes_win() {
        let mut desk = Desk::new();
        let line = crate::testing::line("سرور", rials(333_333));
        let deal = desk.deal_with(Vec::new(), vec![line]);
        let again = copy_of(&mut desk, &deal, &[Assignment::set("name", "دیگر")]);
        assert_eq!(again.winner("name"), &Scalar::from("دیگر"));
        let lines = |state: &RecordState| -> Vec<(String, Scalar)> {
            state
                .entries("lines")
                .map(|(id, entry)| (id.to_owned(), entry.winner("unit_price").clone()))
                .collect()
        };
        let (old, new) = (lines(&deal), lines(&again));
        assert_eq!((old.len(), new.len()), (1, 1));
        assert_ne!(old[0].0, new[0].0);
        assert_eq!(old[0].1, new[0].1);
        let worth = |state: &RecordState| desk.read(state).amount.worth;
        assert_eq!(worth(&again), worth(&deal));
    }
}
