//! Moves of documents that the user wants: one question at a time, after what was typed before has gone out.

use crate::code::{self, Code};
use crate::frame::{ItemOutcome, MOVE_DOCUMENTS_MAX, Move, ToRelay};
use crate::heal::AskId;
use crate::id::{DocumentId, SpaceId};
use std::collections::VecDeque;

/// Documents that are to go to a space.
pub type MoveWish = (SpaceId, Vec<DocumentId>);

#[derive(Debug, Default)]
pub(super) struct Moves {
    wanted: VecDeque<MoveWish>,
    in_flight: Option<Move>,
    last_ask: u32,
}

impl Moves {
    /// Forgets what belonged to the last connection.
    pub fn reset(&mut self) {
        self.in_flight = None;
        self.wanted.clear();
    }

    /// What the store wants altogether. Takes the place of what it wanted before.
    pub fn want(&mut self, wishes: Vec<MoveWish>) {
        let flying = self.in_flight.as_ref();
        let is_asked = |to: &SpaceId, document: &DocumentId| {
            flying.is_some_and(|asked| asked.to == *to && asked.documents.contains(document))
        };
        self.wanted.clear();
        for (to, mut documents) in wishes {
            documents.retain(|document| !is_asked(&to, document));
            let parts = documents.chunks(MOVE_DOCUMENTS_MAX).map(|part| (to, part.to_vec()));
            self.wanted.extend(parts);
        }
    }

    /// The next question, where none is under way.
    pub fn pump(&mut self) -> Option<ToRelay> {
        if self.in_flight.is_some() {
            return None;
        }
        let (to, documents) = self.wanted.pop_front()?;
        self.last_ask = self.last_ask.wrapping_add(1);
        let asked = Move { ask: AskId(self.last_ask), to, documents };
        self.in_flight = Some(asked.clone());
        Some(ToRelay::Move(asked))
    }

    /// The relay has answered: what became of each document; none for an answer to something else.
    pub fn answered(&mut self, ask: AskId, results: Vec<ItemOutcome>) -> Result<Option<Vec<MoveDone>>, Code> {
        let Some(asked) = self.in_flight.take_if(|asked| asked.ask == ask) else { return Ok(None) };
        if asked.documents.len() != results.len() {
            return Err(code::UNEXPECTED_FRAME);
        }
        let done = asked.documents.into_iter().zip(results);
        let done = done.map(|(document, outcome)| MoveDone { document, to: asked.to, outcome });
        Ok(Some(done.collect()))
    }

    pub fn is_settled(&self) -> bool {
        self.wanted.is_empty() && self.in_flight.is_none()
    }
}

/// What became of a document that was to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveDone {
    /// The document.
    pub document: DocumentId,
    /// Where it was to go.
    pub to: SpaceId,
    /// Acked: it lives there now. What is put off is asked for again in the next connection.
    pub outcome: ItemOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(number: u8) -> DocumentId {
        DocumentId::from_bytes([number; 16])
    }

    #[test]
    fn one_question_is_under_way_and_none_is_asked_twice() {
        let (mut moves, to) = (Moves::default(), SpaceId::from_bytes([9; 16]));
        moves.want(vec![(to, vec![document(1)])]);
        assert!(matches!(moves.pump(), Some(ToRelay::Move(asked)) if asked.documents == [document(1)]));
        moves.want(vec![(to, vec![document(1), document(2)])]);
        assert_eq!(moves.pump(), None, "one at a time");
        assert_eq!(moves.answered(AskId(7), vec![ItemOutcome::Acked]), Ok(None), "of another connection");
        let done = moves.answered(AskId(1), vec![ItemOutcome::Acked]).unwrap().unwrap();
        assert_eq!(done, [MoveDone { document: document(1), to, outcome: ItemOutcome::Acked }]);
        assert!(matches!(moves.pump(), Some(ToRelay::Move(asked)) if asked.documents == [document(2)]));
        assert!(moves.answered(AskId(2), Vec::new()).is_err(), "an outcome a document");
        assert!(moves.is_settled());
    }
}
