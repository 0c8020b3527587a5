//! The checklist on a deal: items ticked off, and the stages that may not be left before.

use super::{Context, Plan, Refusal, expect_module, refuse_trashed};
use crate::composite::{CheckMark, Composite, Outcome};
use crate::edit::Edit;
use crate::opportunity::{CurrentStage, Standing};
use crate::record::RecordState;
use crate::schema::input::{InputError, pick};
use crate::schema::{Label, OPPORTUNITY};
use crate::settings::{CheckItem, Settings, Stage, check_entry};

/// The field of a deal that keeps what became of the items.
const CHECKS: &str = "checks";

/// An item of a deal's stage, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<'s> {
    /// The item.
    pub item: &'s CheckItem,
    /// What somebody said of it; none when nobody did.
    pub mark: Option<CheckMark>,
}

impl Checked<'_> {
    /// Tells whether the item reached its output.
    pub fn is_done(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.value)
    }
}

/// The checklist of the open stage that a deal is in, in order; empty for a deal that is not open.
pub fn checklist<'s>(state: &RecordState, settings: &'s Settings) -> Vec<Checked<'s>> {
    let current = CurrentStage::read(state, settings);
    match stage_of(&current, settings) {
        Some(stage) => checked(state, &current, stage),
        None => Vec::new(),
    }
}

/// Ticks an item of the deal's stage off, or takes that back; the item is named by its number, id or label.
pub fn opportunity_check(
    ctx: &Context<'_>,
    state: &RecordState,
    item: &str,
    done: bool,
) -> Result<Vec<Edit>, Refusal> {
    expect_module(state, OPPORTUNITY)?;
    refuse_trashed(state)?;
    let settings = ctx.settings();
    let current = CurrentStage::read(state, settings);
    let stage = stage_of(&current, settings).ok_or(Refusal::NotOpen)?;
    let item = find_item(stage, item)?;
    let mark = CheckMark { value: done, at: ctx.now_ms, by: Some(ctx.user) };
    let before = checked(state, &current, stage).into_iter().find(|checked| checked.item.id == item.id);
    if before.is_some_and(|checked| checked.is_done() == done) {
        return Ok(Vec::new());
    }
    Ok(vec![Edit::set_entry(CHECKS, check_entry(&stage.id, &item.id), "done", mark.to_scalar())])
}

/// Refuses to leave an open stage forwards, or for a win, while required items are open; a forced move notes them.
pub(super) fn leave(plan: &mut Plan, ctx: &Context<'_>, to: &Stage, force: bool) -> Result<(), Refusal> {
    let settings = ctx.settings();
    let current = CurrentStage::read(&plan.state, settings);
    let Some(stage) = stage_of(&current, settings).filter(|stage| goes_on(stage, to)) else {
        return Ok(());
    };
    let open: Vec<Checked<'_>> = checked(&plan.state, &current, stage)
        .into_iter()
        .filter(|checked| checked.item.required && !checked.is_done())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    if force {
        plan.forced = open.iter().map(|checked| checked.item.id.clone()).collect();
        return Ok(());
    }
    let words = |checked: &Checked<'_>| format!("{} ({})", checked.item.id, checked.item.label.fa);
    Err(Refusal::ChecksOpen {
        stage: stage.id.clone(),
        items: open.iter().map(words).collect::<Vec<_>>().join(", "),
        first: open[0].item.id.clone(),
    })
}

/// Tells whether a move needs the checklist: losing and going back don't.
fn goes_on(from: &Stage, to: &Stage) -> bool {
    match to.kind {
        Outcome::Won => true,
        Outcome::Lost => false,
        Outcome::Open => from.pipeline != to.pipeline || from.order() < to.order(),
    }
}

/// The stage that an open deal counts under.
fn stage_of<'s>(current: &CurrentStage, settings: &'s Settings) -> Option<&'s Stage> {
    if current.standing != Standing::Open {
        return None;
    }
    settings.stages.effective(&current.stage_id)
}

fn checked<'s>(state: &RecordState, current: &CurrentStage, stage: &'s Stage) -> Vec<Checked<'s>> {
    // What was ticked off before its stage was archived counts in the stage that stands in for it.
    let stages = [stage.id.as_str(), current.stage_id.as_str()];
    let mark = |item: &str| {
        let entry = |stage: &&str| state.entry(CHECKS, &check_entry(stage, item));
        let marks = stages.iter().filter_map(entry);
        marks.filter_map(|entry| CheckMark::from_scalar(entry.winner("done"))).next()
    };
    stage.checklist.iter().map(|item| Checked { item, mark: mark(&item.id) }).collect()
}

fn find_item<'s>(stage: &'s Stage, text: &str) -> Result<&'s CheckItem, Refusal> {
    let number = crate::text::fold(text).parse::<usize>().ok();
    if let Some(item) = number.and_then(|number| stage.checklist.get(number.checked_sub(1)?)) {
        return Ok(item);
    }
    let rows: Vec<(String, Label)> =
        stage.checklist.iter().map(|item| (item.id.clone(), item.label.clone())).collect();
    let id = pick(text, &rows, "checklist").map_err(|error| match error {
        InputError::Choice { text, options, .. } => {
            let options = if rows.is_empty() { "—".to_owned() } else { options };
            Refusal::NoCheck { stage: stage.id.clone(), text, options }
        }
        other => Refusal::Input(other),
    })?;
    Ok(stage.checklist.iter().find(|item| item.id == id).expect("a row that was found is an item"))
}
