//! What a person may do: every command checks what is asked and answers with the edits to write.
//!
//! Commands are pure: the clock, "today", the user, new ids and the other records come in a [`Context`]. They are
//! stricter than a merge: what they refuse may still arrive from another device, and then carries an issue.
//!
//! Creation is in `create`, conversion in `convert`, plain fields in `edit`, stages in `stage`, lines in `line`, deletion
//! in `delete`, duplicates in `merge` and `dismiss`, and the ends of issues in `resolve`.

use std::collections::BTreeMap;

use thiserror::Error;
use uuid::Uuid;

use crate::date::CivilDate;
use crate::edit::{Edit, apply};
use crate::id::{EntryId, RecordId, UserId};
use crate::lifecycle::Life;
use crate::record::RecordState;
use crate::schema::Schema;
use crate::schema::input::InputError;
use crate::settings::Settings;
use crate::world::World;

mod activity;
mod again;
mod check;
mod contact;
mod convert;
mod create;
mod delete;
mod dismiss;
mod edit;
mod hint;
mod line;
mod log;
mod merge;
mod position;
mod resolve;
mod settings;
mod similar;
mod stage;
#[cfg(test)]
mod tests;

pub use again::deal_again;
pub use check::{Checked, checklist, opportunity_check};
pub use contact::{contact_add, contact_remove};
pub use convert::{AccountChoice, ConversionRequest, Converted, NewDeal, convert};
pub use create::{Created, Draft, create, proposed_name};
pub use delete::{Confirmation, Deletion, delete, delete_preview, restore};
pub use dismiss::dismiss;
pub use edit::{edit, set_rate, set_setting};
pub use hint::{ResolveHint, StageHint};
pub use line::{NewLine, find_line, line_add, line_edit, line_remove, line_restore, new_line};
pub use log::{FollowUp, LogEntry, Logged, complete, log};
pub use merge::{
    FieldChoice, Merge, MergeRow, Take, Taken, Unmerge, is_mergeable, merge, merge_rows, refuse_merged,
    take_back, unmerge,
};
pub use resolve::{Choice, Resolved, resolve};
pub use settings::{
    CheckDraft, FieldDraft, Labels, Place, SettingRows, SettingsRefusal, StageDraft, check_add, check_remove,
    field_add, field_remove, item_add, item_archive, item_edit, item_restore, rate_add, rate_remove,
    stage_add, stage_archive, stage_edit, stage_place, stage_restore, target_add, target_remove,
};
pub use similar::similar;
pub use stage::{Close, lose, reopen, stage_move, stage_move_forced, win, win_forced};

/// What a command depends on besides the record.
pub struct Context<'a> {
    /// The device's clock in UTC milliseconds: a label only.
    pub now_ms: i64,
    /// The organisation's current day.
    pub today: CivilDate,
    /// Who acts.
    pub user: UserId,
    /// Draws a new random UUID.
    pub new_uuid: &'a mut dyn FnMut() -> Uuid,
    /// The other records and the settings.
    pub world: &'a dyn World,
    /// The schema table.
    pub schema: &'a Schema,
}

impl<'a> Context<'a> {
    fn settings(&self) -> &'a Settings {
        self.world.settings()
    }

    fn new_entry(&mut self) -> EntryId {
        EntryId((self.new_uuid)())
    }
}

/// Why a command is not done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A typed value can't be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The module is not in the schema table.
    #[error("there is no module `{0}`; `forsat --help` lists them")]
    UnknownModule(String),
    /// The record belongs to another module than the command is for.
    #[error("this is a record of {0}; the command is for {1}")]
    WrongModule(String, &'static str),
    /// Required fields are missing.
    #[error("{module} needs {}; add {}", .fields.join(", "), .fields.iter().map(|field| format!("{field}=…")).collect::<Vec<_>>().join(" "))]
    Missing {
        /// The module.
        module: String,
        /// The fields' names.
        fields: Vec<String>,
    },
    /// Nothing names the record.
    #[error("{module} needs a name; give {}", .fields.iter().map(|field| format!("{field}=…")).collect::<Vec<_>>().join(" or "))]
    Nameless {
        /// The module.
        module: String,
        /// Fields of which one is enough.
        fields: Vec<String>,
    },
    /// The activity's kind has no such status.
    #[error("a {kind} can't be `{status}`; use one of: {options}")]
    ActivityStatus {
        /// The activity's kind.
        kind: String,
        /// The status as given.
        status: String,
        /// What can be given.
        options: String,
    },
    /// The activity ends before it starts.
    #[error("the end lies before the start; give a later end")]
    EndsBeforeStart,
    /// A required field would be cleared.
    #[error("{0} is required and can't be cleared; give it another value")]
    Required(String),
    /// The record is deleted.
    #[error("the record is deleted; restore it first with `forsat trash restore`")]
    Trashed,
    /// The record is not deleted.
    #[error("the record is not deleted; there is nothing to restore")]
    NotTrashed,
    /// The record that is to be linked is deleted.
    #[error("{name} is deleted and can't be chosen; restore it first, or choose another")]
    TargetTrashed {
        /// The deleted record's name.
        name: String,
        /// The deleted record.
        id: RecordId,
    },
    /// The lead was converted and not recycled since.
    #[error("the lead is converted already, into {became}; to convert it anew, first set status=recycled")]
    AlreadyConverted {
        /// What it became.
        became: String,
    },
    /// The lead names a company only.
    #[error("the lead names no person; add --contact, or give it a last_name=…")]
    NoPerson,
    /// No activity can be about records of this module.
    #[error("there are no activities about a record of {module}; they are about {modules}")]
    NoActivities {
        /// The module of the record.
        module: String,
        /// The modules that activities are about.
        modules: String,
    },
    /// A note has no end.
    #[error("a note has no status that could be completed; edit its text with `forsat activity edit`")]
    NothingToComplete,
    /// The deal has no such contact.
    #[error("{0} is no contact of the deal; `forsat opp show` lists them")]
    NoContact(String),
    /// The settings have no such stage.
    #[error("there is no stage `{0}`; `forsat pipeline` lists the stages")]
    UnknownStage(String),
    /// The stage is offered no more.
    #[error("the stage `{stage}` is archived; use {instead}")]
    ArchivedStage {
        /// The stage.
        stage: String,
        /// What stands in for it, or what to do.
        instead: String,
    },
    /// The deal is there already.
    #[error("the deal already is in `{0}`; nothing to do")]
    SameStage(String),
    /// A stage of a closing kind was named where an open one is needed.
    #[error("`{stage}` is not an open stage; {hint}")]
    StageKind {
        /// The stage.
        stage: String,
        /// What to do.
        hint: StageHint,
    },
    /// Required items of the stage's checklist are open.
    #[error(
        "before the deal leaves `{stage}`: {items}; tick off with `forsat opp check … {first}`, or add --force"
    )]
    ChecksOpen {
        /// The stage.
        stage: String,
        /// The items, for a person.
        items: String,
        /// The first item's id.
        first: String,
    },
    /// The stage's checklist has no such item.
    #[error("the checklist of `{stage}` has no item `{text}`; it has: {options}")]
    NoCheck {
        /// The stage.
        stage: String,
        /// The text as given.
        text: String,
        /// What can be given.
        options: String,
    },
    /// The deal is not open.
    #[error("the deal is not open, so its stage has no checklist; reopen it first with `forsat opp reopen`")]
    NotOpen,
    /// A change of the settings breaks a rule.
    #[error(transparent)]
    Settings(#[from] SettingsRefusal),
    /// The deal is not closed.
    #[error("the deal is not closed; nothing to reopen")]
    NotClosed,
    /// Losing needs a reason.
    #[error("a lost deal needs a reason; add --reason with one of: {0}")]
    ReasonNeeded(String),
    /// The settings have no such reason.
    #[error("there is no reason `{text}`; use one of: {options}")]
    UnknownReason {
        /// The text as given.
        text: String,
        /// What can be given.
        options: String,
    },
    /// The reason "other" needs a note.
    #[error("the reason `other` needs a note; add --note \"…\"")]
    NoteNeeded,
    /// An outcome can't lie ahead.
    #[error("{0} lies ahead; a deal closes today or earlier")]
    ClosesAhead(CivilDate),
    /// The outcome is disputed, so there is no stay to correct.
    #[error("the outcome is disputed; end that first with `forsat resolve … stage --take 1`")]
    Disputed,
    /// A product without a price in the deal's currency.
    #[error("{product} has no price in {currency}; add unit_price=…")]
    NoPrice {
        /// The product's name.
        product: String,
        /// The currency's code.
        currency: String,
    },
    /// The deal has no such line.
    #[error("there is no line `{0}`; `forsat opp show` numbers the lines")]
    NoLine(String),
    /// Several lines answer to the text.
    #[error("`{0}` could be several lines; use the line's number")]
    AmbiguousLine(String),
    /// The list would grow past its limit.
    #[error("{field} already has {max} entries, the most that it can; remove one first")]
    TooMany {
        /// The field.
        field: String,
        /// The most entries.
        max: usize,
    },
    /// Records of the module stand for one thing each.
    #[error("records of {0} can't be merged or marked as duplicates")]
    NotMergeable(String),
    /// A record would be merged into itself.
    #[error("a record can't be merged into itself; name two different ones")]
    SameRecord,
    /// The record was merged into another.
    #[error("the record was merged into {name} ({short}); use that one, or take the merge back first")]
    MergedAway {
        /// The survivor's name.
        name: String,
        /// The survivor's short id.
        short: String,
    },
    /// The record was never merged into another.
    #[error("the record was not merged into another; there is nothing to take back")]
    NotMerged,
    /// A closed deal would vanish from the reports without anybody having said so.
    #[error(
        "one of the deals is closed and the other is not; say whose stage counts with --take stage=1, or the other's number"
    )]
    ClosedDuplicate,
    /// A converted lead would be offered for conversion anew.
    #[error("{0} was converted and the surviving lead was not; let the converted one survive")]
    ConvertedDuplicate(String),
    /// The module keeps no dismissed pairs.
    #[error("records of {0} keep no list of dismissed pairs yet")]
    NotDismissible(String),
    /// The issue is not there.
    #[error("there is no issue `{0}` on this record; `forsat issues` lists them")]
    NoIssue(String),
    /// The issue has no such side.
    #[error("side {given} does not exist; choose from 1 to {sides}")]
    NoSide {
        /// The number as given.
        given: usize,
        /// How many sides there are.
        sides: usize,
    },
    /// The issue does not end this way.
    #[error("`{what}` does not end this issue; {hint}")]
    NotAResolution {
        /// What was asked.
        what: String,
        /// What to do.
        hint: ResolveHint,
    },
    /// An exchange rate is zero or less.
    #[error("an exchange rate must be above zero; give organisation units per one unit")]
    RateNotPositive,
    /// A closed deal has no probability of its own.
    #[error("only an open deal has a probability of its own; a won one counts 100 and a lost one 0")]
    ClosedProbability,
    /// The settings are for all, and stay.
    #[error("the settings can't be deleted; change them instead")]
    SettingsStay,
    /// The role of a contact is more than a line, or too long.
    #[error("a role is one line of at most {0} letters")]
    RoleLength(usize),
    /// Records of different modules as duplicates.
    #[error("records of different modules are never suggested as duplicates")]
    DifferentModules,
    /// Records of different modules in one merge.
    #[error(
        "{name} is a record of {module}, and the other of {other}; only records of one module can be merged"
    )]
    MergeModules {
        /// The name of the record that doesn't fit.
        name: String,
        /// Its module.
        module: String,
        /// The module of the record that stays.
        other: String,
    },
    /// A second record of settings.
    #[error("a workspace has one record of settings; edit that one")]
    OneSettings,
    /// Pairs are asked for without a field to compare by.
    #[error("name a field to compare by, such as \"name similar\"")]
    NothingToCompare,
}

impl Refusal {
    /// A stable code in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::UnknownModule(_) => "unknown_module",
            Self::WrongModule(..) => "wrong_module",
            Self::Missing { .. } | Self::Required(_) | Self::Nameless { .. } => "required_missing",
            Self::ActivityStatus { .. } => "activity_status",
            Self::EndsBeforeStart => "ends_before_start",
            Self::Trashed => "trashed",
            Self::NotTrashed => "not_trashed",
            Self::TargetTrashed { .. } => "target_trashed",
            Self::AlreadyConverted { .. } => "already_converted",
            Self::NoPerson => "no_person",
            Self::NoActivities { .. } => "no_activities",
            Self::NothingToComplete => "nothing_to_complete",
            Self::NoContact(_) => "no_contact",
            Self::UnknownStage(_) => "unknown_stage",
            Self::ArchivedStage { .. } => "archived_stage",
            Self::SameStage(_) => "same_stage",
            Self::StageKind { .. } => "stage_kind",
            Self::ChecksOpen { .. } => "checks_open",
            Self::NoCheck { .. } => "no_check",
            Self::NotOpen => "not_open",
            Self::Settings(refusal) => refusal.code(),
            Self::NotClosed => "not_closed",
            Self::ReasonNeeded(_) => "reason_needed",
            Self::UnknownReason { .. } => "unknown_reason",
            Self::NoteNeeded => "note_needed",
            Self::ClosesAhead(_) => "closes_ahead",
            Self::Disputed => "disputed",
            Self::NoPrice { .. } => "no_price",
            Self::NoLine(_) | Self::AmbiguousLine(_) => "line",
            Self::TooMany { .. } => "too_many",
            Self::NotMergeable(_) => "not_mergeable",
            Self::SameRecord => "same_record",
            Self::MergedAway { .. } => "merged_away",
            Self::NotMerged => "not_merged",
            Self::ClosedDuplicate => "closed_duplicate",
            Self::ConvertedDuplicate(_) => "converted_duplicate",
            Self::NotDismissible(_) => "not_dismissible",
            Self::NoIssue(_) => "no_issue",
            Self::NoSide { .. } => "no_side",
            Self::NotAResolution { .. } => "not_a_resolution",
            Self::RateNotPositive => "rate",
            Self::ClosedProbability => "closed_probability",
            Self::SettingsStay => "settings_stay",
            Self::RoleLength(_)
            | Self::DifferentModules
            | Self::MergeModules { .. }
            | Self::OneSettings
            | Self::NothingToCompare => "other",
        }
    }
}

/// The edits of one command, with the record as it reads after each of them.
struct Plan {
    state: RecordState,
    edits: Vec<Edit>,
    /// Required items of a checklist that are left open by force; the next stage move notes them.
    forced: Vec<String>,
}

impl Plan {
    fn new(state: &RecordState) -> Self {
        Self { state: state.clone(), edits: Vec::new(), forced: Vec::new() }
    }

    fn push(&mut self, edit: Edit) {
        apply(&mut self.state, &edit);
        self.edits.push(edit);
    }

    /// The edits with only the last write to each place, in the order of those.
    fn finish(self) -> Vec<Edit> {
        let mut last: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (index, edit) in self.edits.iter().enumerate() {
            last.insert(place(edit), index);
        }
        let kept: std::collections::BTreeSet<usize> = last.into_values().collect();
        self.edits
            .into_iter()
            .enumerate()
            .filter(|(index, _)| kept.contains(index))
            .map(|(_, edit)| edit)
            .collect()
    }
}

/// Where an edit writes: the field, and the key inside it.
fn place(edit: &Edit) -> (String, String) {
    let key = match edit {
        Edit::Set { .. } | Edit::SetText { .. } => String::new(),
        Edit::Add { key, .. } | Edit::Remove { key, .. } | Edit::Insert { key, .. } => key.clone(),
        Edit::SetEntry { entry, name, .. } => format!("{entry}/{name}"),
    };
    (edit.field().to_owned(), key)
}

/// Refuses to go on with a record that is deleted without dispute.
fn refuse_trashed(state: &RecordState) -> Result<(), Refusal> {
    if Life::of(state).is_visible() { Ok(()) } else { Err(Refusal::Trashed) }
}

/// Refuses to go on with a record of another module.
fn expect_module(state: &RecordState, module: &'static str) -> Result<(), Refusal> {
    if state.module == module { Ok(()) } else { Err(Refusal::WrongModule(state.module.clone(), module)) }
}
