//! What lies aside: as the managers of its spaces see and close it from their devices, and the operator at the relay.

mod operator;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forsat_sync::frame::{ADMIN_ANSWER_BYTES_MAX, NAME_BYTES_MAX};
use forsat_sync::id::DeviceId;
use forsat_sync::limits::{CHUNK_BYTES_MAX, QUARANTINE_SPACES_MAX};
use serde::{Deserialize, Serialize};

pub use self::operator::{QuarantineDroppedView, QuarantineRowView};
pub(super) use self::operator::{drop_rows, rows};
use super::Answer;
use crate::store::{ControlError, QuarantineEntry, RelayStore};

/// The most bytes of the chunks that are read for one answer, with what each counts beside: base64 takes four bytes for three.
const LIST_BYTES_MAX: usize = ADMIN_ANSWER_BYTES_MAX / 4 * 3;
/// The most bytes of an answer's entries as JSON; the rest is for what stands around them.
const ENTRIES_BYTES_MAX: usize = ADMIN_ANSWER_BYTES_MAX - 256;
/// The most bytes of an entry beside its chunk: JSON takes six bytes for some of one.
const ENTRY_BYTES_MAX: usize = 6 * 3 * NAME_BYTES_MAX + 40 * QUARANTINE_SPACES_MAX + 1024;
const _: () =
    assert!(CHUNK_BYTES_MAX.div_ceil(3) * 4 + ENTRY_BYTES_MAX <= ENTRIES_BYTES_MAX, "one entry always fits");

/// A change that lies aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineView {
    /// Its number, by which it is closed.
    pub number: u64,
    /// The record's document, hex.
    pub document: String,
    /// The space that it was meant for, the document's home at that time, if it had another one, and the spaces for which it was
    /// brought again; hex.
    pub spaces: Vec<String>,
    /// The change, hex.
    pub hash: String,
    /// Why it could not be sent: a code.
    pub reason: String,
    /// The device that brought it, hex.
    pub device: String,
    /// The device's name.
    pub device_name: String,
    /// The device's user, hex.
    pub user: String,
    /// The user's name.
    pub user_name: String,
    /// When it came, milliseconds since 1970 by the relay's clock.
    pub received_at_ms: u64,
    /// The chunk, base64.
    pub bytes: String,
}

/// What lies aside after a number, as much of it as an answer holds.
pub(super) fn list(store: &dyn RelayStore, device: &DeviceId, after: u64) -> Result<Answer, ControlError> {
    let (found, more) = store.access().quarantined(device, after, LIST_BYTES_MAX)?;
    let (entries, more) = fitting(found.into_iter().map(view), more);
    Ok(Answer::Quarantine { entries, more })
}

/// As many of the first as an answer holds, one at least, and whether there are others.
fn fitting<T: Serialize>(found: impl Iterator<Item = T>, mut more: bool) -> (Vec<T>, bool) {
    let (mut entries, mut left) = (Vec::new(), ENTRIES_BYTES_MAX);
    for view in found {
        let told = serde_json::to_vec(&view).expect("entries have text keys and plain values");
        // With the comma between two.
        let rest = left.checked_sub(told.len() + 1);
        if rest.is_none() && !entries.is_empty() {
            more = true;
            break;
        }
        left = rest.unwrap_or(0);
        entries.push(view);
    }
    (entries, more)
}

/// Takes changes out for good.
pub(super) fn close(
    store: &dyn RelayStore,
    device: &DeviceId,
    numbers: &[u64],
    applied: bool,
    now_ms: u64,
) -> Result<Answer, ControlError> {
    let count = store.access().close_quarantined(device, numbers, now_ms)?;
    tracing::info!(%device, count, applied, "changes were taken out of quarantine");
    Ok(Answer::QuarantineClosed { count })
}

fn view(entry: QuarantineEntry) -> QuarantineView {
    QuarantineView {
        number: entry.number,
        document: entry.document.to_string(),
        spaces: entry.spaces.iter().map(ToString::to_string).collect(),
        hash: entry.hash.to_string(),
        reason: shortened(entry.reason),
        device: entry.device.to_string(),
        device_name: shortened(entry.device_name),
        user: entry.user.to_string(),
        user_name: shortened(entry.user_name),
        received_at_ms: entry.received_at_ms,
        bytes: STANDARD.encode(entry.bytes),
    }
}

/// A name that is no longer than names are, so that an entry always fits.
fn shortened(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    name
}
