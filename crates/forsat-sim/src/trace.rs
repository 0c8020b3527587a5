//! Messages and commands in a line each, for traces.

use crate::workload::Done;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::limits::MESSAGE_BYTES_MAX;

/// A message to the relay.
pub(crate) fn to_relay(bytes: &[u8]) -> String {
    match ToRelay::decode(bytes, MESSAGE_BYTES_MAX) {
        Ok(ToRelay::Push(push)) => {
            format!("push {} of {} changes for {}", push.batch, push.items.len(), push.space)
        }
        Ok(ToRelay::Auth(auth)) => format!("auth of {}", auth.device),
        Ok(ToRelay::Enrol(_)) => "enrol".to_owned(),
        Ok(frame) => format!("{frame:?}"),
        Err(error) => format!("{} bytes that are no message: {error}", bytes.len()),
    }
}

/// A message to a device.
pub(crate) fn to_device(bytes: &[u8]) -> String {
    match ToDevice::decode(bytes, MESSAGE_BYTES_MAX) {
        Ok(ToDevice::Page(page)) => {
            let (entries, up_to, head) = (page.entries.len(), page.up_to, page.head);
            format!("page of {entries} entries to {up_to} of {head}, stream {:?}", page.stream)
        }
        Ok(ToDevice::Outcome { batch, results }) => {
            let acked = results.iter().filter(|result| matches!(result, ItemOutcome::Acked)).count();
            let other = results.iter().find(|result| !matches!(result, ItemOutcome::Acked));
            format!("outcome of {batch}: {acked} of {} acked, first other: {other:?}", results.len())
        }
        Ok(ToDevice::Hello(_)) => "hello".to_owned(),
        Ok(ToDevice::Welcome(_)) => "welcome".to_owned(),
        Ok(frame) => format!("{frame:?}"),
        Err(error) => format!("{} bytes that are no message: {error}", bytes.len()),
    }
}

/// Whether a message to the relay only asks whether it is there.
pub(crate) fn is_ping(bytes: &[u8]) -> bool {
    bytes.len() < 16 && matches!(ToRelay::decode(bytes, MESSAGE_BYTES_MAX), Ok(ToRelay::Ping { .. }))
}

/// What became of a command.
pub(crate) fn done(done: &Done) -> String {
    match done {
        Done::Saved(saved) if saved.changed => format!("saved {} {}", saved.module, saved.short),
        Done::Saved(saved) => format!("unchanged {} {}", saved.module, saved.short),
        Done::Nothing => "refused or nothing to do".to_owned(),
        Done::Failed(why) | Done::Wrong(why) => why.clone(),
    }
}
