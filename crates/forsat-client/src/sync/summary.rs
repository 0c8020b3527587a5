//! What a sync brought, one entry a record: for the lines that a person reads after it.

use forsat_domain::money::Money;
use serde::Serialize;
use uuid::Uuid;

/// What a sync did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SyncSummary {
    /// Records that changed by what came in, by module, name and id. At most `RECORDS_MAX`.
    pub records: Vec<RecordChange>,
    /// Records that changed beyond those listed.
    pub more_records: u64,
    /// Changes of others that were received.
    pub received: u64,
    /// Changes of this device that the relay has now.
    pub sent: u64,
    /// Changes that this device had lost and got back by comparing itself with the relay.
    pub fetched: u64,
    /// Changes that the relay had lost and got back from this device.
    pub brought_back: u64,
    /// Changes of this device that the relay refused; what was typed is kept.
    pub refused: u64,
    /// Refused edits that the relay took for the managers of their space.
    pub aside: u64,
    /// Changes of this device that the relay put off; they are sent again by themselves.
    pub put_off: u64,
    /// Received changes that can't be read; their bytes are kept.
    pub unreadable: u64,
    /// Records that live in another space now because this device asked for it.
    pub moved: u64,
    /// Records that were moved to a space that isn't shown here, and have left this store.
    pub gone: u64,
    /// Records that the relay's operator erased for good, and that are gone from here too.
    pub erased: u64,
    /// Changes that are still unsent.
    pub unsent: u64,
    /// Whether every feed was read to its head and nothing is unsent.
    pub synced: bool,
}

/// The most records that a summary lists.
pub const RECORDS_MAX: usize = 20_000;

/// What came in for one record.
#[derive(Clone, Debug, Serialize)]
pub struct RecordChange {
    /// The record.
    pub id: Uuid,
    /// Its short id, in full.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name now.
    pub name: String,
    /// Whether this device didn't have it before.
    pub new: bool,
    /// Fields that say something else than before, in the order of their names; none listed for a new record.
    pub changed: Vec<String>,
    /// Of these, the fields that merged with edits of this device by themselves.
    pub merged: Vec<String>,
    /// Issues that were not there before.
    pub issues: Vec<IssueChange>,
    /// Issues that are over.
    pub ended: Vec<IssueChange>,
    /// An amount that nobody typed: what the deal comes to now, where it is neither what it was here nor what it was on
    /// any other side.
    pub amount: Option<AmountChange>,
}

/// An issue that began or ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct IssueChange {
    /// Its stable code.
    pub code: String,
    /// The field concerned, if it is one.
    pub field: Option<String>,
    /// Whether it is for information only.
    pub info_only: bool,
}

/// An amount that came out of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AmountChange {
    /// What the deal came to here before.
    pub before: Option<Money>,
    /// What it comes to now.
    pub now: Option<Money>,
}
