//! What activities need besides their fields: a status that their kind has, and an end after the start.

use super::{Plan, Refusal};
use crate::composite::{Composite, Moment};
use crate::edit::Edit;
use crate::schema::ACTIVITY;

/// Statuses of calls and meetings, the first one where none is given.
const OF_TALKS: &[&str] = &["planned", "held", "not_held"];
/// Statuses of tasks, the first one where none is given.
const OF_TASKS: &[&str] = &["not_started", "in_progress", "completed", "pending_input", "deferred"];

/// The statuses that an activity of a kind can have; none for a note, which only says something.
pub(super) fn statuses(kind: &str) -> &'static [&'static str] {
    match kind {
        "call" | "meeting" => OF_TALKS,
        "task" => OF_TASKS,
        _ => &[],
    }
}

/// Gives a new activity the first status of its kind.
pub(super) fn begin(plan: &mut Plan) {
    if plan.state.module != ACTIVITY || !plan.state.winner("status").is_blank() {
        return;
    }
    let first = statuses(plan.state.winner("kind").as_text().unwrap_or_default()).first();
    if let Some(status) = first {
        plan.push(Edit::set("status", *status));
    }
}

/// Refuses what an activity of its kind can't be.
pub(super) fn check(plan: &Plan) -> Result<(), Refusal> {
    if plan.state.module != ACTIVITY {
        return Ok(());
    }
    let kind = plan.state.winner("kind").as_text().unwrap_or_default();
    let known = statuses(kind);
    if let Some(status) = plan.state.winner("status").as_text().filter(|status| !known.contains(status)) {
        let options = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
        return Err(Refusal::ActivityStatus { kind: kind.to_owned(), status: status.to_owned(), options });
    }
    let instant = |field| Moment::from_scalar(plan.state.winner(field)).map(|moment| moment.instant);
    match (instant("start"), instant("end")) {
        (Some(start), Some(end)) if end < start => Err(Refusal::EndsBeforeStart),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Draft, create, edit};
    use crate::composite::typed_reference;
    use crate::edit::preview;
    use crate::record::RecordState;
    use crate::schema::input::{Assignment, Input};
    use crate::testing::{Desk, account_id};

    fn draft(fields: &[(&str, &str)]) -> Draft {
        let mut assignments: Vec<Assignment> =
            fields.iter().map(|(name, value)| Assignment::set(*name, *value)).collect();
        assignments.push(Assignment::set("parents", typed_reference("account", account_id())));
        Draft { assignments, ..Draft::default() }
    }

    fn added(desk: &mut Desk, fields: &[(&str, &str)]) -> Result<RecordState, Refusal> {
        let created = desk.run(|ctx| create(ctx, ACTIVITY, &draft(fields)))?;
        Ok(preview(&RecordState::new(created.id, ACTIVITY), &created.edits))
    }

    #[test]
    fn a_new_activity_has_the_first_status_of_its_kind() {
        let mut desk = Desk::new();
        for (kind, status) in [("call", "planned"), ("meeting", "planned"), ("task", "not_started")] {
            let made = added(&mut desk, &[("kind", kind), ("subject", "دمو")]).unwrap();
            assert_eq!(made.winner("status").as_text(), Some(status), "{kind}");
        }
        let note = added(&mut desk, &[("kind", "note"), ("subject", "دمو")]).unwrap();
        assert!(note.winner("status").is_null());
    }

    #[test]
    fn a_status_of_another_kind_and_an_end_before_the_start_are_refused() {
        let mut desk = Desk::new();
        let refused = added(&mut desk, &[("kind", "task"), ("subject", "x"), ("status", "held")]);
        assert!(matches!(refused.unwrap_err(), Refusal::ActivityStatus { .. }));
        let at = |instant| Moment { instant, zone: "Asia/Tehran".into() }.to_scalar();
        let task = added(&mut desk, &[("kind", "call"), ("subject", "x")]).unwrap();
        let times = [Assignment::set("start", at(2_000)), Assignment::set("end", at(1_000))];
        assert_eq!(desk.run(|ctx| edit(ctx, &task, &times)).unwrap_err(), Refusal::EndsBeforeStart);
    }

    // R3 of docs/requirements.md.
    #[test]
    fn an_activity_is_about_at_least_one_record() {
        let mut desk = Desk::new();
        let lonely = Draft {
            assignments: vec![Assignment::set("kind", "note"), Assignment::set("subject", "x")],
            ..Draft::default()
        };
        let refused = desk.run(|ctx| create(ctx, ACTIVITY, &lonely)).unwrap_err();
        assert_eq!(refused, Refusal::Missing { module: ACTIVITY.into(), fields: vec!["parents".into()] });
        let task = added(&mut desk, &[("kind", "task"), ("subject", "x")]).unwrap();
        let gone = Input::Remove(typed_reference("account", account_id()).into());
        let change = [Assignment { field: "parents".into(), input: gone }];
        let refused = desk.run(|ctx| edit(ctx, &task, &change)).unwrap_err();
        assert_eq!(refused, Refusal::Required("parents".into()));
    }
}
