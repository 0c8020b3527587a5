//! What lies aside, as the managers of its spaces see and close it from their devices.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forsat_sync::frame::ADMIN_ANSWER_BYTES_MAX;
use forsat_sync::id::DeviceId;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::store::{ControlError, QuarantineEntry, RelayStore};

/// The most bytes of one answer's chunks, with what each counts beside: base64 takes four bytes for three.
const LIST_BYTES_MAX: usize = ADMIN_ANSWER_BYTES_MAX / 4 * 3 - 8 * 1024;

/// A change that lies aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineView {
    /// Its number, by which it is closed.
    pub number: u64,
    /// The record's document, hex.
    pub document: String,
    /// The space that it was meant for, and the document's home at that time, if it had another one; hex.
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

/// What lies aside after a number.
pub(super) fn list(store: &dyn RelayStore, device: &DeviceId, after: u64) -> Result<Answer, ControlError> {
    let (entries, more) = store.access().quarantined(device, after, LIST_BYTES_MAX)?;
    Ok(Answer::Quarantine { entries: entries.into_iter().map(view).collect(), more })
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
        reason: entry.reason,
        device: entry.device.to_string(),
        device_name: entry.device_name,
        user: entry.user.to_string(),
        user_name: entry.user_name,
        received_at_ms: entry.received_at_ms,
        bytes: STANDARD.encode(entry.bytes),
    }
}
