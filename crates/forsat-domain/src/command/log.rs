//! Logging what happened around a record in one step: the activity, a follow-up task, and the deal's next step.

use super::create::{Created, Draft, create};
use super::{Context, Refusal, activity, edit, expect_module};
use crate::composite::{Composite, Moment, typed_reference};
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::record::{RecordState, Scalar};
use crate::schema::input::Assignment;
use crate::schema::{ACTIVITY, FieldKind, OPPORTUNITY};

/// What to log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// `call`, `meeting`, `task` or `note`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// When it began or will; none: now, for calls and meetings.
    pub at: Option<Moment>,
    /// The day that a task is due on.
    pub due: Option<CivilDate>,
    /// What to do next.
    pub next: Option<FollowUp>,
}

/// A task that follows from an activity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// What is to be done.
    pub subject: String,
    /// The day that it is due on.
    pub on: Option<CivilDate>,
}

/// What logging writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The activity.
    pub activity: Created,
    /// The task that follows.
    pub follow_up: Option<Created>,
    /// Changes to the record that it is about; empty for none.
    pub edits: Vec<Edit>,
}

/// Logs an activity about a record; a follow-up on a deal is its next step as well.
pub fn log(ctx: &mut Context<'_>, about: &RecordState, entry: &LogEntry) -> Result<Logged, Refusal> {
    refuse_other_modules(ctx, about)?;
    let activity = create(ctx, ACTIVITY, &draft(ctx, about, entry))?;
    let (mut follow_up, mut edits) = (None, Vec::new());
    if let Some(next) = &entry.next {
        let task = LogEntry {
            kind: "task".to_owned(),
            subject: next.subject.clone(),
            due: next.on,
            ..LogEntry::default()
        };
        follow_up = Some(create(ctx, ACTIVITY, &draft(ctx, about, &task))?);
        if about.module == OPPORTUNITY {
            edits = edit(ctx, about, &[Assignment::set("next_step", next.subject.clone())])?;
        }
    }
    Ok(Logged { activity, follow_up, edits })
}

/// Ends an activity: a call or meeting was held, a task is completed; `outcome` says what came of it.
pub fn complete(
    ctx: &mut Context<'_>,
    state: &RecordState,
    outcome: Option<&str>,
) -> Result<Vec<Edit>, Refusal> {
    expect_module(state, ACTIVITY)?;
    let status = match state.winner("kind").as_text() {
        Some("call" | "meeting") => "held",
        Some("task") => "completed",
        _ => return Err(Refusal::NothingToComplete),
    };
    let mut changes = vec![Assignment::set("status", status)];
    changes.extend(outcome.map(|outcome| Assignment::set("outcome", outcome)));
    edit(ctx, state, &changes)
}

/// Refuses a record that no activity can be about.
fn refuse_other_modules(ctx: &Context<'_>, about: &RecordState) -> Result<(), Refusal> {
    let parents = ctx.schema.field(ACTIVITY, "parents").map(|field| &field.kind);
    let Some(FieldKind::References(modules)) = parents else { return Ok(()) };
    if modules.iter().any(|module| *module == about.module) {
        return Ok(());
    }
    Err(Refusal::NoActivities { module: about.module.clone(), modules: modules.join(", ") })
}

fn draft(ctx: &Context<'_>, about: &RecordState, entry: &LogEntry) -> Draft {
    let parent = typed_reference(&about.module, about.id);
    let mut assignments = vec![
        Assignment::set("kind", entry.kind.clone()),
        Assignment::set("subject", entry.subject.clone()),
        Assignment::set("parents", parent),
    ];
    let mut set = |field: &str, value: Scalar| assignments.push(Assignment::set(field, value));
    let is_talk = activity::statuses(&entry.kind).contains(&"held");
    let now = || Moment { instant: ctx.now_ms, zone: ctx.settings().time_zone.name().to_owned() };
    let at = entry.at.clone().or_else(|| is_talk.then(now));
    if let Some(at) = &at {
        set("start", at.to_scalar());
    }
    if is_talk && at.is_some_and(|at| at.instant <= ctx.now_ms) {
        set("status", "held".into());
    }
    if let Some(due) = entry.due {
        set("due_date", due.to_string().into());
    }
    if let Some(outcome) = &entry.outcome {
        set("outcome", outcome.clone().into());
        if entry.kind == "task" {
            set("status", "completed".into());
        }
    }
    Draft { assignments, ..Draft::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::composite::read_typed_reference;
    use crate::edit::preview;
    use crate::testing::{Desk, M, product_id};

    fn read(created: &Created) -> RecordState {
        preview(&RecordState::new(created.id, ACTIVITY), &created.edits)
    }

    fn entry(kind: &str) -> LogEntry {
        LogEntry { kind: kind.into(), subject: "دمو".into(), ..LogEntry::default() }
    }

    #[test]
    fn a_call_was_held_now_and_one_ahead_is_planned() {
        let mut desk = Desk::new();
        let deal = desk.deal(M);
        let held = read(&desk.run(|ctx| log(ctx, &deal, &entry("call"))).unwrap().activity);
        assert_eq!(held.winner("status").as_text(), Some("held"));
        let start = Moment::from_scalar(held.winner("start")).unwrap();
        assert_eq!(start, Moment { instant: 1_757_000_000_000, zone: "Asia/Tehran".into() });
        assert_eq!(held.set("parents").filter_map(read_typed_reference).next(), Some((OPPORTUNITY, deal.id)));
        let ahead = Moment { instant: start.instant + 1, ..start };
        let planned = LogEntry { at: Some(ahead), ..entry("meeting") };
        let planned = read(&desk.run(|ctx| log(ctx, &deal, &planned)).unwrap().activity);
        assert_eq!(planned.winner("status").as_text(), Some("planned"));
        let note = read(&desk.run(|ctx| log(ctx, &deal, &entry("note"))).unwrap().activity);
        assert!(note.winner("status").is_null() && note.winner("start").is_null());
    }

    #[test]
    fn a_follow_up_is_a_task_and_the_deals_next_step() {
        let mut desk = Desk::new();
        let deal = desk.deal(M);
        let next = FollowUp { subject: "پیش‌فاکتور".into(), on: Some(desk.today) };
        let asked = LogEntry { next: Some(next), outcome: Some("خوب".into()), ..entry("call") };
        let logged = desk.run(|ctx| log(ctx, &deal, &asked)).unwrap();
        assert_eq!(read(&logged.activity).text("outcome"), "خوب");
        let task = read(&logged.follow_up.unwrap());
        assert_eq!(task.winner("kind").as_text(), Some("task"));
        assert_eq!(task.winner("status").as_text(), Some("not_started"));
        assert_eq!(task.winner("due_date").as_text(), Some(desk.today.to_string().as_str()));
        assert_eq!(logged.edits, [Edit::set("next_step", "پیش‌فاکتور")]);
        let account = desk.world.by_id(crate::testing::account_id());
        assert_eq!(desk.run(|ctx| log(ctx, &account, &asked)).unwrap().edits, []);
    }

    #[test]
    fn no_activity_is_about_a_product() {
        let mut desk = Desk::new();
        let product = desk.world.by_id(product_id());
        let refused = desk.run(|ctx| log(ctx, &product, &entry("call"))).unwrap_err();
        assert!(matches!(refused, Refusal::NoActivities { .. }), "{refused}");
    }

    #[test]
    fn completing_ends_each_kind_in_its_own_way() {
        let mut desk = Desk::new();
        let deal = desk.deal(M);
        for (kind, status) in [("task", "completed"), ("meeting", "held")] {
            let open = read(&desk.run(|ctx| log(ctx, &deal, &entry(kind))).unwrap().activity);
            let edits = desk.run(|ctx| complete(ctx, &open, Some("شد"))).unwrap();
            let done = preview(&open, &edits);
            assert_eq!((done.winner("status").as_text(), done.text("outcome")), (Some(status), "شد"));
        }
        let note = read(&desk.run(|ctx| log(ctx, &deal, &entry("note"))).unwrap().activity);
        assert_eq!(desk.run(|ctx| complete(ctx, &note, None)).unwrap_err(), Refusal::NothingToComplete);
    }
}
