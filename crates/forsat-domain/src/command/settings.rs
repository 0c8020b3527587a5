//! Administering the workspace: stages and their checklists, lists, rates, targets, a workspace's own fields.
//!
//! Built-in rows are not stored until someone changes them; they can be relabelled and archived, never deleted, since
//! records keep their ids. What another device's settings say may break these rules; reading them tolerates that.

use thiserror::Error;

use super::{Plan, Refusal};
use crate::edit::Edit;
use crate::record::Scalar;
use crate::schema::input::{InputError, pick};
use crate::schema::{Label, SETTINGS};
use crate::text::fold;

mod check;
mod field;
mod list;
mod rate;
mod stage;
mod target;
#[cfg(test)]
mod tests;

pub use check::{CheckDraft, check_add, check_remove};
pub use field::{FieldDraft, field_add, field_remove};
pub use list::{SettingRows, item_add, item_archive, item_edit, item_restore};
pub use rate::{rate_add, rate_remove};
pub use stage::{Place, StageDraft, stage_add, stage_archive, stage_edit, stage_place, stage_restore};
pub use target::{target_add, target_remove};

/// The most letters of a derived id.
const SLUG_LETTERS_MAX: usize = 40;
/// The most letters of a label.
const LABEL_LETTERS_MAX: usize = 255;
/// The room that is left between two neighbours.
const POSITION_STEP: i64 = 10;
/// Positions above this are those of rows that never had one.
const POSITION_MAX: i64 = 1_000_000;

/// Why a change of the settings is not made, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsRefusal {
    /// A new row has no label.
    #[error("a label is missing; give --label-fa, --label-en, or both")]
    LabelNeeded,
    /// Two rows would be told apart by nothing that people read.
    #[error("`{id}` is called `{label}` already; change or restore that one, or choose another label")]
    LabelTaken {
        /// The label.
        label: String,
        /// The row that has it.
        id: String,
    },
    /// Nothing is called so.
    #[error("there is no {what} `{text}`; there are: {options}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// The text as given.
        text: String,
        /// What can be given.
        options: String,
    },
    /// The probability of a closing stage follows from its kind.
    #[error("`{0}` is a closing stage: won counts 100 and lost 0; only open stages have a probability")]
    FixedProbability(String),
    /// The last stage of its kind must stay.
    #[error("`{0}` is the last {1} stage here, and deals need one; add another first")]
    LastOfKind(String, &'static str),
    /// A replacement must not change what deals count as.
    #[error(
        "`{by}` can't stand in for `{stage}`: both must be {kind} stages; choose another with --replaced-by"
    )]
    ReplacementKind {
        /// The stage that is archived.
        stage: String,
        /// What should stand in for it.
        by: String,
        /// The kind that is needed.
        kind: &'static str,
    },
    /// A replacement must be in use.
    #[error("`{0}` can't stand in for another stage: it is archived, or the same stage; choose one in use")]
    ReplacementUnused(String),
    /// The row is archived already.
    #[error("`{0}` is archived already; nothing to do")]
    Archived(String),
    /// The row is in use.
    #[error("`{0}` is in use; nothing to restore")]
    NotArchived(String),
    /// Nothing was asked for.
    #[error("nothing to change; name what, such as --label-fa or --label-en")]
    Nothing,
    /// The organisation's own currency has no rate.
    #[error("{0} is the organisation's own currency and counts as it is; give a rate for another one")]
    OwnCurrency(String),
    /// There is no such rate.
    #[error("there is no rate of {0} from {1} on; `forsat settings rate list` shows them")]
    NoRate(String, String),
    /// A target's period can't be read.
    #[error("`{0}` is no period; write a year, a quarter or a month, such as 1404, 1404-Q2 or 1404/07")]
    Period(String),
    /// There is no such target.
    #[error("there is no such target; `forsat settings target list` shows them")]
    NoTarget,
    /// A naming convention has a part that nobody can fill in.
    #[error("`{0}` can't be filled in; a naming convention knows {{account}} and {{product}}")]
    Placeholder(String),
    /// A field's name can't be used.
    #[error(
        "`{0}` can't name a field; use at most 40 Latin letters, digits and _, a letter first: --name region"
    )]
    FieldName(String),
    /// A field's type is unknown.
    #[error("there is no type `{text}`; use one of: {types}", types = crate::settings::FIELD_TYPES)]
    FieldType {
        /// The text as given.
        text: String,
    },
    /// A module takes no fields.
    #[error(
        "{0} takes no fields of your own; choose opportunity, lead, account, contact or another kind of record"
    )]
    FieldModule(String),
    /// A field of this name exists.
    #[error("{module} has a field `{field}` already; choose another name or label")]
    FieldTaken {
        /// The module.
        module: String,
        /// The field.
        field: String,
    },
}

impl SettingsRefusal {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LabelNeeded => "label_needed",
            Self::LabelTaken { .. } => "label_taken",
            Self::Unknown { .. } => "unknown_setting",
            Self::FixedProbability(_) => "fixed_probability",
            Self::LastOfKind(..) => "last_of_kind",
            Self::ReplacementKind { .. } | Self::ReplacementUnused(_) => "replacement",
            Self::Archived(_) => "archived",
            Self::NotArchived(_) => "not_archived",
            Self::Nothing => "nothing_to_change",
            Self::OwnCurrency(_) => "own_currency",
            Self::NoRate(..) => "no_rate",
            Self::Period(_) => "period",
            Self::NoTarget => "no_target",
            Self::Placeholder(_) => "placeholder",
            Self::FieldName(_) => "field_name",
            Self::FieldType { .. } => "field_type",
            Self::FieldModule(_) => "field_module",
            Self::FieldTaken { .. } => "field_taken",
        }
    }
}

/// A label as it was typed: in one language or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Persian.
    pub fa: Option<String>,
    /// English.
    pub en: Option<String>,
}

impl Labels {
    /// The label to store: what was typed, over what is there; one language alone stands for both.
    fn over(&self, now: Option<&Label>) -> Result<Label, Refusal> {
        let typed = |text: &Option<String>| -> Option<String> {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let (fa, en) = (typed(&self.fa), typed(&self.en));
        for label in fa.iter().chain(&en) {
            if label.chars().count() > LABEL_LETTERS_MAX || label.chars().any(char::is_control) {
                return Err(InputError::Range {
                    field: "label".to_owned(),
                    text: label.chars().take(40).collect(),
                    expected: crate::schema::input::Expected::Letters(LABEL_LETTERS_MAX),
                }
                .into());
            }
        }
        let fa = fa.or_else(|| now.map(|now| now.fa.to_string()));
        let en = en.or_else(|| now.map(|now| now.en.to_string()));
        match (fa, en) {
            (Some(fa), Some(en)) => Ok(Label { fa: fa.into(), en: en.into() }),
            (Some(one), None) | (None, Some(one)) => Ok(Label { fa: one.clone().into(), en: one.into() }),
            (None, None) => Err(SettingsRefusal::LabelNeeded.into()),
        }
    }

    fn is_empty(&self) -> bool {
        self.fa.is_none() && self.en.is_none()
    }
}

/// Refuses a naming convention with parts that nobody can fill in.
pub(super) fn check_convention(plan: &Plan) -> Result<(), Refusal> {
    if plan.state.module != SETTINGS {
        return Ok(());
    }
    let mut rest = plan.state.winner("naming_convention").as_text().unwrap_or_default();
    while let Some((_, after)) = rest.split_once('{') {
        match after.split_once('}') {
            Some(("account" | "product", after)) => rest = after,
            Some((name, _)) => return Err(SettingsRefusal::Placeholder(format!("{{{name}}}")).into()),
            None => return Err(SettingsRefusal::Placeholder(format!("{{{after}")).into()),
        }
    }
    Ok(())
}

/// Derives a stable id from a label: two people who add the same thing meet in one row.
fn slug(label: &Label, is_taken: impl Fn(&str) -> bool) -> Result<String, Refusal> {
    let letters = fold(&label.en);
    let words = letters.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("_");
    let base: String = joined.chars().take(SLUG_LETTERS_MAX).collect();
    if base.is_empty() {
        return Err(SettingsRefusal::LabelNeeded.into());
    }
    let numbered = (2_u32..).map(|number| format!("{base}_{number}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|id| !is_taken(id));
    Ok(free.expect("numbers go on for longer than there are rows"))
}

/// Refuses a label that another row has in either language.
fn refuse_same_label<'l>(
    label: &Label,
    own: Option<&str>,
    mut rows: impl Iterator<Item = (&'l str, &'l Label)>,
) -> Result<(), Refusal> {
    let keys = [fold(&label.fa), fold(&label.en)];
    let same = |other: &Label| keys.contains(&fold(&other.fa)) || keys.contains(&fold(&other.en));
    match rows.find(|(id, other)| Some(*id) != own && same(other)) {
        Some((id, other)) => {
            Err(SettingsRefusal::LabelTaken { label: other.en.to_string(), id: id.to_owned() }.into())
        }
        None => Ok(()),
    }
}

/// Finds a row by its id or label.
fn find_row(text: &str, rows: &[(String, Label)], what: &'static str) -> Result<String, Refusal> {
    pick(text, rows, what).map_err(|error| match error {
        InputError::Choice { text, options, .. } => SettingsRefusal::Unknown { what, text, options }.into(),
        other => Refusal::Input(other),
    })
}

/// The position of a row that is put before the one at `at` of an ordered list, and the rows that must make room.
fn position_at(order: &[(&str, i64)], at: usize) -> (i64, Vec<(String, i64)>) {
    let known = |position: i64| (position <= POSITION_MAX).then_some(position);
    let before = at.checked_sub(1).map_or(Some(0), |at| known(order[at].1));
    let after = order.get(at).map(|row| known(row.1));
    match (before, after) {
        (Some(before), None | Some(None)) => (before + POSITION_STEP, Vec::new()),
        (Some(before), Some(Some(after))) if after - before >= 2 => {
            (before + (after - before) / 2, Vec::new())
        }
        _ => {
            let place = |index: usize| POSITION_STEP * (i64::try_from(index).unwrap_or(POSITION_MAX) + 1);
            let moved = order.iter().enumerate().map(|(index, (id, now))| {
                ((*id).to_owned(), *now, place(if index < at { index } else { index + 1 }))
            });
            let moved = moved.filter(|(_, now, position)| now != position);
            (place(at), moved.map(|(id, _, position)| (id, position)).collect())
        }
    }
}

/// Writes both labels of a row.
fn label_edits(field: &str, entry: &str, label: &Label) -> [Edit; 2] {
    [
        Edit::set_entry(field, entry, "label_fa", label.fa.as_ref()),
        Edit::set_entry(field, entry, "label_en", label.en.as_ref()),
    ]
}

/// Marks a row as archived or in use.
fn archived(field: &str, entry: &str, value: bool) -> Edit {
    Edit::set_entry(field, entry, "archived", Scalar::Bool(value))
}
