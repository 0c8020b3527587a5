//! Lead sources, reasons and pipelines: labelled rows that are archived rather than deleted.

use super::{Labels, SettingsRefusal, archived, find_row, label_edits, position_at, refuse_same_label, slug};
use crate::command::{Context, Refusal};
use crate::edit::Edit;
use crate::schema::{Label, SettingList};
use crate::settings::REASON_UNSPECIFIED;

/// A list of labelled rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingRows {
    /// A list that records name items of.
    Items(SettingList),
    /// The pipelines.
    Pipelines,
}

impl SettingRows {
    /// The field of the settings that keeps the rows.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Items(SettingList::LeadSources) => "lead_sources",
            Self::Items(SettingList::WinReasons) => "win_reasons",
            Self::Items(SettingList::LossReasons) => "loss_reasons",
            Self::Pipelines => "pipelines",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Items(SettingList::LeadSources) => "lead source",
            Self::Items(SettingList::WinReasons) => "win reason",
            Self::Items(SettingList::LossReasons) => "loss reason",
            Self::Pipelines => "pipeline",
        }
    }

    /// The rows in order: id, label, position, whether archived.
    fn rows(self, ctx: &Context<'_>) -> Vec<(String, Label, i64, bool)> {
        let settings = ctx.settings();
        match self {
            Self::Items(list) => {
                let items = settings.items(list).iter();
                items
                    .map(|item| (item.id.clone(), item.label.clone(), item.position, item.archived))
                    .collect()
            }
            Self::Pipelines => {
                let rows = (0_i64..).zip(settings.stages.pipelines());
                rows.map(|(at, (id, label))| (id.clone(), label.clone(), at * 10, false)).collect()
            }
        }
    }

    fn find(self, ctx: &Context<'_>, text: &str) -> Result<(String, Label, bool), Refusal> {
        let rows = self.rows(ctx);
        let options: Vec<(String, Label)> =
            rows.iter().map(|(id, label, ..)| (id.clone(), label.clone())).collect();
        let id = find_row(text, &options, self.what())?;
        let row = rows.into_iter().find(|row| row.0 == id);
        let (id, label, _, archived) = row.expect("a row that was found is among the rows");
        Ok((id, label, archived))
    }
}

/// Adds a row at the end of a list, before "other".
pub fn item_add(ctx: &Context<'_>, list: SettingRows, labels: &Labels) -> Result<Vec<Edit>, Refusal> {
    let label = labels.over(None)?;
    let rows = list.rows(ctx);
    refuse_same_label(&label, None, rows.iter().map(|(id, label, ..)| (id.as_str(), label)))?;
    let is_taken = |id: &str| id == REASON_UNSPECIFIED || rows.iter().any(|row| row.0 == id);
    let id = slug(&label, is_taken)?;
    let order: Vec<(&str, i64)> = rows.iter().map(|(id, _, position, _)| (id.as_str(), *position)).collect();
    let at = order.iter().position(|(id, _)| *id == "other").unwrap_or(order.len());
    let (position, moved) = position_at(&order, at);
    let mut edits = label_edits(list.field(), &id, &label).to_vec();
    edits.push(Edit::set_entry(list.field(), &id, "position", position));
    edits.extend(
        moved.into_iter().map(|(id, position)| Edit::set_entry(list.field(), id, "position", position)),
    );
    Ok(edits)
}

/// Labels a row anew.
pub fn item_edit(
    ctx: &Context<'_>,
    list: SettingRows,
    row: &str,
    labels: &Labels,
) -> Result<Vec<Edit>, Refusal> {
    let (id, now, _) = list.find(ctx, row)?;
    if labels.is_empty() {
        return Err(SettingsRefusal::Nothing.into());
    }
    let label = labels.over(Some(&now))?;
    let rows = list.rows(ctx);
    refuse_same_label(&label, Some(&id), rows.iter().map(|(id, label, ..)| (id.as_str(), label)))?;
    Ok(label_edits(list.field(), &id, &label).to_vec())
}

/// Offers a row no more; records that name it keep it.
pub fn item_archive(ctx: &Context<'_>, list: SettingRows, row: &str) -> Result<Vec<Edit>, Refusal> {
    let (id, _, is_archived) = list.find(ctx, row)?;
    if is_archived {
        return Err(SettingsRefusal::Archived(id).into());
    }
    Ok(vec![archived(list.field(), &id, true)])
}

/// Offers a row again.
pub fn item_restore(ctx: &Context<'_>, list: SettingRows, row: &str) -> Result<Vec<Edit>, Refusal> {
    let (id, _, is_archived) = list.find(ctx, row)?;
    if !is_archived {
        return Err(SettingsRefusal::NotArchived(id).into());
    }
    Ok(vec![archived(list.field(), &id, false)])
}
