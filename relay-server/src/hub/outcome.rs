//! What the store decided, in the words of the wire.

use forsat_sync::code::{self, Code};
use forsat_sync::frame;
use forsat_sync::relay::StorageReply;

use crate::store::{ItemOutcome, Later, PushOutcome, Refusal};

/// Brought back without a receipt by a reader.
const UNVERIFIED: Code = Code::new("unverified");
/// The document would get more heads than it may have.
const TOO_MANY_HEADS: Code = Code::new("document_heads_full");

/// The answer to a push; `put_off` changes at its end never came before the store.
pub(super) fn push_reply(outcome: PushOutcome, put_off: usize) -> StorageReply {
    match outcome {
        PushOutcome::Judged(items) => {
            let later = std::iter::repeat_n(frame::ItemOutcome::later(code::OVERLOADED), put_off);
            StorageReply::Appended(items.iter().map(item).chain(later).collect())
        }
        PushOutcome::Hidden => StorageReply::Hidden,
        PushOutcome::Forbidden => StorageReply::Forbidden,
    }
}

fn item(outcome: &ItemOutcome) -> frame::ItemOutcome {
    match outcome {
        ItemOutcome::Accepted(_) | ItemOutcome::Duplicate => frame::ItemOutcome::Acked,
        ItemOutcome::Later(later) => match later {
            Later::MovedOut => frame::ItemOutcome::later(code::HOME_IS),
            Later::Judged(reason) => {
                frame::ItemOutcome::Later { code: Code::new(reason.code()), message: reason.to_string() }
            }
            Later::Quota(quota) => used_up(quota),
        },
        // Its feed has brought it to the device, or is about to; then the change goes there.
        ItemOutcome::Refused(Refusal::HomeIs(Some(_))) => frame::ItemOutcome::later(code::HOME_IS),
        ItemOutcome::Refused(refusal) => {
            let (code, message) = refused(refusal);
            frame::ItemOutcome::Refused { code, message }
        }
    }
}

/// What is put off since a quota is used up.
pub(super) fn used_up(quota: &'static str) -> frame::ItemOutcome {
    let message = "The workspace has used up this quota; ask the operator of the relay.".to_owned();
    frame::ItemOutcome::Later { code: Code::new(quota), message }
}

fn refused(refusal: &Refusal) -> (Code, String) {
    match refusal {
        Refusal::Chunk(error) => (Code::new(error.code()), error.to_string()),
        Refusal::Judged(reason) => (Code::new(reason.code()), reason.to_string()),
        Refusal::HomeIs(_) => (
            code::HOME_IS,
            "The record belongs to another space; ask an administrator for access.".to_owned(),
        ),
        Refusal::Unverified => (
            UNVERIFIED,
            "The change comes back without a receipt of this relay, from somebody who may only read."
                .to_owned(),
        ),
        Refusal::TooManyHeads => (
            TOO_MANY_HEADS,
            "Too many devices edited the record at once; sync first, then make the change again.".to_owned(),
        ),
        Refusal::Erased => (code::ERASED, code::message(&code::ERASED).to_owned()),
        Refusal::Forbidden => (
            code::FORBIDDEN,
            "Your role may not change this kind of record, which belongs to everybody; ask a manager."
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_sync::accept::{LaterReason, RefuseReason};
    use forsat_sync::id::{FeedSeq, SpaceId};

    #[test]
    fn durable_is_acked_whether_new_or_known() {
        for outcome in [ItemOutcome::Accepted(FeedSeq::new(7)), ItemOutcome::Duplicate] {
            assert_eq!(item(&outcome), frame::ItemOutcome::Acked);
        }
    }

    #[test]
    fn every_other_outcome_has_a_code_and_a_sentence() {
        let later = ItemOutcome::Later(Later::Judged(LaterReason::MissingDeps(Vec::new())));
        let frame::ItemOutcome::Later { code, message } = item(&later) else { panic!("not later") };
        assert_eq!(code, forsat_sync::code::MISSING_DEPS);
        assert!(!message.is_empty());
        let shown = ItemOutcome::Refused(Refusal::HomeIs(Some(SpaceId::from_bytes([5; 16]))));
        let frame::ItemOutcome::Later { code, .. } = item(&shown) else { panic!("not later") };
        assert_eq!(code.as_str(), "home_is");
        let hidden = ItemOutcome::Refused(Refusal::HomeIs(None));
        assert!(matches!(item(&hidden), frame::ItemOutcome::Refused { code, .. } if code == code::HOME_IS));
        let forked = ItemOutcome::Refused(Refusal::Judged(RefuseReason::ActorForked));
        assert!(
            matches!(item(&forked), frame::ItemOutcome::Refused { code, .. } if code.as_str() == "actor_forked")
        );
    }

    #[test]
    fn a_home_that_may_not_be_seen_is_not_named() {
        let (_, message) = refused(&Refusal::HomeIs(None));
        assert!(!message.chars().any(|c| c.is_ascii_digit()));
    }
}
