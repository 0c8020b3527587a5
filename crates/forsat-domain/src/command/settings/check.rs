//! The checklist of a stage: items added and taken away.

use super::stage::{STAGES, find_stage};
use super::{Labels, find_row, position_at, refuse_same_label, slug};
use crate::command::{Context, Refusal};
use crate::edit::Edit;
use crate::record::Scalar;
use crate::schema::Label;
use crate::settings::check_register;

/// A new item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckDraft {
    /// Its label.
    pub labels: Labels,
    /// Whether a deal may not move on without it.
    pub required: bool,
}

/// Adds an item at the end of a stage's checklist.
pub fn check_add(ctx: &Context<'_>, stage: &str, draft: &CheckDraft) -> Result<Vec<Edit>, Refusal> {
    let stage = find_stage(ctx.settings(), stage)?;
    let label = draft.labels.over(None)?;
    refuse_same_label(&label, None, stage.checklist.iter().map(|item| (item.id.as_str(), &item.label)))?;
    let id = slug(&label, |id| stage.checklist.iter().any(|item| item.id == id))?;
    let order: Vec<(&str, i64)> =
        stage.checklist.iter().map(|item| (item.id.as_str(), item.position)).collect();
    let (position, _) = position_at(&order, order.len());
    let set = |register: &str, value: Scalar| {
        Edit::set_entry(STAGES, &stage.id, check_register(&id, register), value)
    };
    Ok(vec![
        set("label_fa", Scalar::text(label.fa.as_ref())),
        set("label_en", Scalar::text(label.en.as_ref())),
        set("required", Scalar::Bool(draft.required)),
        set("position", Scalar::Int(position)),
        set("removed", Scalar::Bool(false)),
    ])
}

/// Takes an item out of a stage's checklist; what deals say of it is kept.
pub fn check_remove(ctx: &Context<'_>, stage: &str, item: &str) -> Result<Vec<Edit>, Refusal> {
    let stage = find_stage(ctx.settings(), stage)?;
    let rows: Vec<(String, Label)> =
        stage.checklist.iter().map(|item| (item.id.clone(), item.label.clone())).collect();
    let id = find_row(item, &rows, "checklist item")?;
    Ok(vec![Edit::set_entry(STAGES, &stage.id, check_register(&id, "removed"), Scalar::Bool(true))])
}
