//! Questions of healing: passed to storage one at a time, answered as storage answers.

use super::FlowLimits;
use super::link::{Fault, Link, Pending, shortened};
use super::request::{AppendRequest, HealRequest, StorageReply, StorageRequest};
use super::session::window;
use crate::code::{self, Code};
use crate::frame::{ItemOutcome, PushItem, ToDevice, push_cost};
use crate::heal::{Answer, AskId, Question, RefillItem};
use crate::id::{DeviceId, SpaceId};

/// Asks storage; what is brought back goes the way of every append.
pub(super) fn ask(
    device: DeviceId,
    ask: AskId,
    space: SpaceId,
    question: Question,
    limits: &FlowLimits,
    link: &mut Link,
) {
    let items = match question {
        Question::Refill(items) => items,
        question => {
            let request = HealRequest { device, space, question, bytes_max: limits.page_bytes };
            return link.ask(StorageRequest::Heal(request), Pending::Heal { ask });
        }
    };
    let bytes = push_cost(items.iter().map(|item| item.bytes.len()));
    if link.push_bytes_pending() + bytes > window(limits) {
        return failed(ask, code::OVERLOADED, link);
    }
    let about = Pending::Refill { ask, items: items.len(), bytes };
    let receipts = items.iter().map(|item| item.receipt).collect();
    let items = items.into_iter().map(|RefillItem { document, bytes, .. }| PushItem { document, bytes });
    let request = AppendRequest { device, space, items: items.collect(), refill: Some(receipts) };
    link.ask(StorageRequest::Append(request), about);
}

/// Storage has answered a question.
pub(super) fn answered(ask: AskId, reply: StorageReply, link: &mut Link) -> Result<(), Fault> {
    match reply {
        StorageReply::Healed(answer) => link.send(&ToDevice::Healed { ask, answer }),
        StorageReply::Hidden => failed(ask, code::UNKNOWN_SPACE, link),
        StorageReply::Unavailable { code } => failed(ask, code, link),
        _ => return Err(code::INTERNAL.into()),
    }
    Ok(())
}

/// Storage has answered an append of what the device brought back.
pub(super) fn refilled(
    ask: AskId,
    items: usize,
    reply: StorageReply,
    limits: &FlowLimits,
    link: &mut Link,
) -> Result<(), Fault> {
    let results = match reply {
        StorageReply::Appended(results) if results.len() == items => results,
        StorageReply::Forbidden => vec![ItemOutcome::refused(code::FORBIDDEN); items],
        StorageReply::Hidden => {
            failed(ask, code::UNKNOWN_SPACE, link);
            return Ok(());
        }
        StorageReply::Unavailable { code } => {
            failed(ask, code, link);
            return Ok(());
        }
        _ => return Err(code::INTERNAL.into()),
    };
    let answer = Answer::Refilled(shortened(results, limits));
    link.send(&ToDevice::Healed { ask, answer });
    Ok(())
}

/// Answers that nothing was done.
pub(super) fn failed(ask: AskId, code: Code, link: &mut Link) {
    let answer = Answer::Failed { message: code::message(&code).to_owned(), code };
    link.send(&ToDevice::Healed { ask, answer });
}
