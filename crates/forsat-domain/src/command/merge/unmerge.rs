//! Taking a merge of duplicates back.

use super::write::mark;
use crate::command::{Plan, Refusal};
use crate::composite::{Composite, Copied, MergedInto, Removed, heads_hex};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::issue::value_at;
use crate::lifecycle::Presence;
use crate::record::{FieldState, RecordState};

/// What taking a merge back writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerge {
    /// What to write to the loser, which is a record of its own again.
    pub edits: Vec<Edit>,
    /// The record that it had been merged into.
    pub survivor: RecordId,
    /// What the merge had copied there.
    pub copied: Vec<Copied>,
}

/// Makes a merged duplicate a record of its own again.
pub fn unmerge(loser: &RecordState) -> Result<Unmerge, Refusal> {
    let merged = MergedInto::from_scalar(loser.winner("merged_into")).ok_or(Refusal::NotMerged)?;
    Ok(Unmerge { edits: vec![Edit::clear("merged_into")], survivor: merged.into, copied: merged.copied })
}

/// The edits that take copied values back from the survivor, as far as they are still the merge's own.
pub fn take_back(survivor: &RecordState, copied: &[Copied]) -> Vec<Edit> {
    let mut plan = Plan::new(survivor);
    for note in copied {
        if let Some(edit) = inverse(survivor, note) {
            plan.push(edit);
        }
    }
    plan.finish()
}

fn inverse(survivor: &RecordState, note: &Copied) -> Option<Edit> {
    let (field, rest) = note.path.split_once('/').map_or((note.path.as_str(), None), |(a, b)| (a, Some(b)));
    let stands = || {
        let now = value_at(survivor, &note.path).map(|(value, _)| value).unwrap_or_default();
        now == note.after && now != note.before
    };
    match (survivor.fields.get(field)?, rest) {
        (FieldState::Register(register), None) if !register.is_conflicted() && stands() => {
            Some(Edit::set(field, note.before.clone()))
        }
        (FieldState::Text(_), None) if stands() => {
            let value = note.before.as_text().unwrap_or_default().to_owned();
            Some(Edit::SetText { field: field.to_owned(), value })
        }
        (FieldState::Set(keys), Some(key)) if keys.contains(key) => {
            Some(Edit::Remove { field: field.to_owned(), key: key.to_owned() })
        }
        (FieldState::Map(entries), Some(rest)) => match rest.split_once('/') {
            Some((entry, name)) if stands() => Some(Edit::set_entry(field, entry, name, note.before.clone())),
            Some(_) => None,
            None => {
                let entry = entries.get(rest).filter(|entry| Presence::of(entry).is_kept())?;
                let removed = Removed { value: true, seen_heads: heads_hex(&survivor.heads) };
                let is_own = mark(entry) == note.after;
                is_own.then(|| Edit::set_entry(field, rest, "removed", removed.to_scalar()))
            }
        },
        _ => None,
    }
}
