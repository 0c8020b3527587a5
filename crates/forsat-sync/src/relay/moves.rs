//! Moves: passed to storage one at a time, answered as storage answers.

use super::link::{Fault, Link, Pending};
use super::request::{MoveRequest, StorageReply, StorageRequest};
use crate::code::{self, Code};
use crate::frame::{ItemOutcome, Move, Role, ToDevice};
use crate::heal::AskId;
use crate::id::DeviceId;

/// Whether somebody of this role may take documents out of a space and bring them in.
pub fn may_move(role: Role) -> bool {
    matches!(role, Role::Admin | Role::Manager)
}

/// Asks storage for a move of a device whose user has `role` where the documents are to go.
pub(super) fn ask(device: DeviceId, wanted: Move, role: Option<Role>, draining: bool, link: &mut Link) {
    let Move { ask, to, documents } = wanted;
    let count = documents.len();
    let answer = match role {
        None => Some(ItemOutcome::refused(code::UNKNOWN_SPACE)),
        Some(role) if !may_move(role) => Some(ItemOutcome::refused(code::FORBIDDEN)),
        Some(_) if draining => Some(ItemOutcome::later(code::DRAINING)),
        Some(_) if link.is_moving() => Some(ItemOutcome::later(code::OVERLOADED)),
        Some(_) => None,
    };
    match answer {
        Some(outcome) => told(ask, vec![outcome; count], link),
        None => {
            let request = MoveRequest { device, to, documents };
            link.ask(StorageRequest::Move(request), Pending::Move { ask, documents: count });
        }
    }
}

/// Storage has answered.
pub(super) fn answered(
    ask: AskId,
    documents: usize,
    reply: StorageReply,
    link: &mut Link,
) -> Result<(), Fault> {
    let all = |outcome: fn(Code) -> ItemOutcome, code| vec![outcome(code); documents];
    let results = match reply {
        StorageReply::Moved(results) if results.len() == documents => results,
        StorageReply::Hidden => all(ItemOutcome::refused, code::UNKNOWN_SPACE),
        StorageReply::Forbidden => all(ItemOutcome::refused, code::FORBIDDEN),
        StorageReply::Unavailable { code } => all(ItemOutcome::later, code),
        _ => return Err(code::INTERNAL.into()),
    };
    told(ask, results, link);
    Ok(())
}

fn told(ask: AskId, results: Vec<ItemOutcome>, link: &mut Link) {
    link.send(&ToDevice::Moved { ask, results });
}
