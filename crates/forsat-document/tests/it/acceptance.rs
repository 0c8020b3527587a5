//! What a relay makes of the fixed changes of a genesis, in order, late, and made by somebody else.

use std::collections::BTreeMap;
use std::convert::Infallible;

use automerge::Change;
use automerge::transaction::Transactable;
use forsat_document::{Chunk, Document};
use forsat_domain::Edit;
use forsat_sync::accept::{
    ActorRow, AuthorRule, DocumentTotals, DocumentView, HeaderRow, LaterReason, RefuseReason, Rules, Verdict,
    judge,
};
use forsat_sync::chunk::{ChangeHeader, parse};
use forsat_sync::genesis::ALLOWED;
use forsat_sync::id::{ActorId, ChangeHash};
use forsat_sync::limits::{ChunkLimits, DocumentLimits};

use crate::support::*;

/// A document at a relay: header rows only.
#[derive(Default)]
struct Rows {
    changes: BTreeMap<ChangeHash, HeaderRow>,
    actors: BTreeMap<ActorId, ActorRow>,
    totals: DocumentTotals,
}

impl DocumentView for Rows {
    type Error = Infallible;

    fn change(&self, hash: &ChangeHash) -> Result<Option<HeaderRow>, Infallible> {
        Ok(self.changes.get(hash).cloned())
    }

    fn actor(&self, actor: &ActorId) -> Result<Option<ActorRow>, Infallible> {
        Ok(self.actors.get(actor).copied())
    }

    fn totals(&self) -> Result<DocumentTotals, Infallible> {
        Ok(self.totals)
    }
}

impl Rows {
    fn judge(&self, header: &ChangeHeader) -> Verdict {
        let limits = DocumentLimits::default();
        let rules = Rules { author: AuthorRule::Present, limits: &limits, genesis: ALLOWED };
        let Ok(verdict) = judge(header, self, &rules);
        verdict
    }

    /// Judges a chunk and keeps it where it is accepted.
    fn push(&mut self, chunk: &Chunk) -> Verdict {
        let (header, _) = parse(&chunk.bytes, &ChunkLimits::default()).unwrap();
        let verdict = self.judge(&header);
        if verdict == Verdict::Accept {
            let ChangeHeader { hash, actor, seq, max_op, deps, .. } = header;
            self.actors.insert(actor.clone(), ActorRow { last_seq: seq, last_hash: hash });
            self.changes.insert(hash, HeaderRow { actor, seq, max_op, deps });
            self.totals.changes += 1;
            self.totals.bytes += header.size as u64;
            self.totals.ops += header.op_count;
            self.totals.max_op = self.totals.max_op.max(max_op);
        }
        verdict
    }

    fn of(chunks: &[Chunk]) -> Self {
        let mut rows = Self::default();
        for chunk in chunks {
            assert_eq!(rows.push(chunk), Verdict::Accept);
        }
        rows
    }
}

/// An older document with some edits of its version, and what this version then makes of one edit.
fn story() -> (Vec<Chunk>, Vec<Chunk>) {
    let base = old_opportunity(&author(9), "deal");
    let mut old = base.clone();
    for number in 2..5 {
        let bytes: Vec<Vec<u8>> = old.iter().map(|chunk| chunk.bytes.clone()).collect();
        old.push(raw_change(&bytes, &author(number), |transaction| {
            transaction.put(automerge::ROOT, "name", format!("deal {number}")).unwrap();
        }));
    }
    let mut device = of_chunks(&base);
    let new = device.edit(&author(1), NOW_MS, &[Edit::set("next_step", "call")], &schema()).unwrap();
    assert!(new.len() > 1);
    (old, new)
}

#[test]
fn every_beginning_is_taken_whole_and_in_order() {
    let schema = schema();
    for module in schema.modules() {
        let edits = [Edit::Add { field: "tags".into(), key: "vip".into() }];
        let made = Document::create(record_id(1), &module.name, &author(1), NOW_MS, &edits, &schema);
        let (_, chunks) = made.unwrap();
        Rows::of(&chunks);
        let mut rows = Rows::default();
        for chunk in chunks[1..].iter().rev() {
            assert!(matches!(rows.push(chunk), Verdict::Later(_)), "{}", module.name);
        }
    }
}

#[test]
fn the_end_of_a_chain_is_taken_before_and_after_other_changes() {
    let (old, new) = story();
    for at in 1..=old.len() {
        let (earlier, later) = old.split_at(at);
        // This device's own change builds on the old document's second change.
        let (ending, own) = new.split_at(new.len() - 1);
        Rows::of(&[earlier, ending, later, own].concat());
    }
    // Before what it builds on it waits, and is taken later.
    let mut rows = Rows::of(&old);
    let own = new.last().unwrap();
    assert!(
        matches!(rows.push(own), Verdict::Later(LaterReason::MissingDeps(missing)) if missing.len() == 1)
    );
    for chunk in &new {
        assert_eq!(rows.push(chunk), Verdict::Accept);
        assert_eq!(rows.push(chunk), Verdict::Duplicate);
    }
    // The other device's, which are the same bytes.
    let mut elsewhere = of_chunks(&old);
    let theirs = elsewhere.edit(&author(7), NOW_MS, &[Edit::set("next_step", "meet")], &schema()).unwrap();
    let verdicts: Vec<Verdict> = theirs.iter().map(|chunk| rows.push(chunk)).collect();
    assert_eq!(verdicts.first(), Some(&Verdict::Duplicate));
    assert_eq!(verdicts.last(), Some(&Verdict::Accept));
}

#[test]
fn other_changes_of_the_genesis_actor_are_refused() {
    let (old, new) = story();
    let end = |module: &str| {
        let link = Document::genesis(module).unwrap().chain().last().unwrap();
        Chunk { hash: link.hash, bytes: link.bytes.clone() }
    };
    for known in [old.clone(), [old.clone(), new].concat()] {
        let mut rows = Rows::of(&known);
        for module in ["product", "campaign", "user"] {
            assert_eq!(rows.push(&end(module)), Verdict::Refuse(RefuseReason::GenesisTaken), "{module}");
        }
        let mut change = Change::from_bytes(end("opportunity").bytes).unwrap().decode();
        change.time = 1;
        let posing = chunk_of(&Change::from(change));
        assert_eq!(rows.push(&posing), Verdict::Refuse(RefuseReason::GenesisUnknown));
    }
}
