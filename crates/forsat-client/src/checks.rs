//! A deal's stage and its checklist: moving on, ticking off, and what is still open.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::model::{CloseInput, Saved};
use crate::world::StoreWorld;
use forsat_domain::command::{checklist, opportunity_check, stage_move_forced, win_forced};
use forsat_domain::record::RecordState;
use forsat_domain::schema::OPPORTUNITY;
use forsat_domain::world::World;
use forsat_domain::{RecordId, UserId};
use forsat_store::Access;
use serde::Serialize;

/// An item of the checklist of the stage that a deal is in.
#[derive(Clone, Debug, Serialize)]
pub struct CheckView {
    /// The number to name it by, from 1.
    pub number: usize,
    /// The item's id.
    pub item: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// Whether the deal may not move on without it.
    pub required: bool,
    /// Whether it reached its output.
    pub done: bool,
    /// Who said so last, or took it back.
    pub by: Option<String>,
    /// When, in UTC milliseconds by that person's clock.
    pub at: Option<i64>,
}

/// Checklists.
impl Engine {
    /// Moves a deal to an open stage; with `force` also while required items of its checklist are open.
    pub fn stage_forced(&self, reference: &str, stage: &str, force: bool) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "stage", |scene, _, state| {
            Ok(stage_move_forced(scene.context, state, stage, force)?)
        })
    }

    /// Closes a deal as won; with `force` also while required items of its checklist are open.
    pub fn win_forced(&self, reference: &str, close: &CloseInput, force: bool) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "win", |scene, _, state| {
            let close = scene.close(close)?;
            Ok(win_forced(scene.context, state, &close, force)?)
        })
    }

    /// Ticks an item of the deal's stage off, or takes that back; `item` is its number, id or label.
    pub fn check(&self, reference: &str, item: &str, done: bool) -> Result<Saved, ClientError> {
        self.command(OPPORTUNITY, reference, "check", |scene, _, state| {
            Ok(opportunity_check(scene.context, state, item, done)?)
        })
    }
}

/// The checklist of the stage that a deal is in.
pub(crate) fn views<A: Access>(state: &RecordState, world: &StoreWorld<'_, A>) -> Vec<CheckView> {
    let name = |user: UserId| world.name(RecordId(user.0)).unwrap_or_else(|| user.to_string());
    let items = checklist(state, world.settings()).into_iter().enumerate();
    items
        .map(|(at, checked)| CheckView {
            number: at + 1,
            item: checked.item.id.clone(),
            label_en: checked.item.label.en.to_string(),
            label_fa: checked.item.label.fa.to_string(),
            required: checked.item.required,
            done: checked.is_done(),
            by: checked.mark.as_ref().and_then(|mark| mark.by).map(name),
            at: checked.mark.as_ref().map(|mark| mark.at),
        })
        .collect()
}
