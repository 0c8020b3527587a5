//! The device's engine: commands, queries, import, and the connection to a relay.
//!
//! * [`Engine`] runs every command and query on one store, synchronously and without a network.
//! * [`Engine::import`] takes CSV files by a mapping.
//! * [`Ambient`] is where the clock and the randomness come in; [`SystemAmbient`] is the real one.
//! * [`SyncSession`] drives the sync protocol against the store, also without a network; [`sync_once`] and [`watch`]
//!   carry its bytes over a WebSocket.
//! * [`join`] attaches a store to a relay, or begins one from it.
//!
//! Nothing here prints, prompts or reads the environment: every answer is a struct that the caller shows.

mod access;
mod admin;
mod agenda;
mod ambient;
mod authors;
mod briefs;
mod bulk;
mod changelog;
mod checks;
mod commands;
mod connect;
mod deal_contact;
mod duplicates;
mod engine;
mod erased;
mod error;
mod exchange;
mod find;
mod form;
mod ids;
mod import;
mod inspect;
mod join;
mod journal;
mod keyring;
mod keys;
mod lead;
mod log;
mod lost_base;
mod mass;
mod merged;
mod model;
mod moves;
mod quarantine;
mod query;
mod rebuild;
mod references;
mod refused;
mod related;
mod reports;
mod revoked;
mod rows;
mod saved;
mod space;
mod status;
mod sync;
mod turn;
mod undo;
mod vault;
mod verify;
mod view;
mod world;

pub use access::{
    AccessAnswer, AccessRequest, DeviceAccess, InviteAccess, InviteRequest, MadeInvite, RoleAccess,
    SpaceAccess, SpaceRole, UserAccess,
};
pub use admin::{
    CustomFieldView, ItemView, PipelineView, Preferences, RateView, SettingsCommand, SettingsView, StageView,
    TargetFor, TargetView,
};
pub use agenda::{DueItem, DueList, TodayIssues, TodayView};
pub use ambient::{Ambient, SystemAmbient};
pub use authors::Authorship;
pub use bulk::TrashedRecord;
pub use changelog::{ChangeLog, LogEntry, LogField, LogQuery};
pub use checks::CheckView;
pub use connect::{ConnectOptions, SyncProgress, sync_once, watch};
pub use duplicates::{
    DuplicateList, DuplicatePair, MergeCell, MergePreview, MergePreviewRow, PairReason, UnmergePreview,
};
pub use engine::{Engine, InitOptions};
pub use error::{
    AddressFault, ArgumentError, Candidate, CellProblem, ClientError, ClientRefusal, Damage, ExportReason,
    FileProblem, KeptUnsent, KeyError, KeyringError, MappingReason, NetworkFailure, Question, RowReason,
    UnknownField,
};
pub use exchange::{ExportFormat, ExportSummary};
pub use form::{ReadValue, Suggestion};
pub use forsat_document::{EditError, ReadError, ReauthorError, is_guarded};
pub use forsat_store::StoreError;
pub use forsat_sync::client::{SyncEvent, SyncIssue};
pub use forsat_sync::code::ALL as RELAY_CODES;
pub use forsat_sync::identity::InviteError;
pub use join::{JoinOptions, JoinPlan, PendingJoin, PlannedSpace, join};
pub use keyring::{Keyring, KeyringEntry, key_from_keyring, key_to_keyring};
pub use keys::{KeyState, KeyView, Passphrase, key_view, seal_key, unseal_key};
pub use lead::{ConvertInput, LeadConverted, Outcome};
pub use log::{FollowUpInput, LogInput, LoggedActivity};
pub use mass::{MassAction, MassAnswer, MassChange, MassRefusal, MassTarget};
pub use model::*;
pub use moves::{MovePlan, MoveRow, WaitingMove};
pub use quarantine::{
    QUARANTINE_LISTED_MAX, QuarantineApplied, QuarantineChoice, QuarantineDropped, QuarantineList,
    QuarantineRefusal, QuarantinedChange, QuarantinedEdit,
};
pub use refused::{RefusedDetail, RefusedExport};
pub use related::{Around, RelatedGroup, RelatedRow, TimelineEntry};
pub use sync::{
    AmountChange, Errand, IssueChange, RecordChange, SessionEffect, SessionEvent, SessionInput,
    SessionPurpose, SyncSession, SyncSummary,
};
pub use undo::{CommandView, LeftAlone, LeftReason, Undone, UndoneField};
pub use verify::{Finding, FindingKind, Remedy, RepairView, VerifyReport, repair, verify};
