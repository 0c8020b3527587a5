//! Reading and applying changes of another device, without a relay between.

use std::collections::BTreeSet;
use std::sync::Arc;

use forsat_domain::RecordId;
use forsat_domain::record::Scalar;
use forsat_store::{Aside, ChunkState, RefusedEdit, RefusedId, RefusedState, StoredChunk};
use forsat_sync::id::{DocumentId, SpaceId};
use tempfile::TempDir;

use super::{Entry, Listed, QuarantineApplied, QuarantineChoice, apply, chosen, closing, grouped, read};
use crate::ambient::SystemAmbient;
use crate::engine::{Engine, InitOptions};
use crate::error::ClientError;
use crate::ids::{document_id, local_space, record_id, workspace_id};
use crate::model::FieldInput;
use crate::refused::MOVED_AWAY;
use crate::vault;

mod deals;

/// A device of a person.
struct Device {
    engine: Engine,
    _dir: TempDir,
}

impl Device {
    fn of(name: &str) -> Device {
        let dir = TempDir::new().unwrap();
        let options = InitOptions { user_name: name.to_owned(), ..InitOptions::default() };
        let engine = Engine::init_with(dir.path(), &options, Arc::new(SystemAmbient::new())).unwrap();
        Device { engine, _dir: dir }
    }

    fn space(&self) -> SpaceId {
        let tx = self.engine.read().unwrap();
        local_space(workspace_id(&tx.identity().unwrap().workspace))
    }

    fn user(&self) -> [u8; 16] {
        *self.engine.read().unwrap().identity().unwrap().user.unwrap().as_bytes()
    }

    fn account(&self, name: &str) -> RecordId {
        let fields = [FieldInput::new("name", name), FieldInput::new("description", "one")];
        RecordId(self.engine.create("account", &fields).unwrap().id)
    }

    fn edit(&self, id: RecordId, field: &str, value: &str) {
        let field = FieldInput::new(field, value);
        self.engine.edit("account", &id.to_string(), &[field]).unwrap();
    }

    fn field(&self, id: RecordId, field: &str) -> Scalar {
        let tx = self.engine.read().unwrap();
        let state = vault::state(&tx, "account", id).unwrap().unwrap();
        match field {
            "description" => Scalar::text(state.text(field)),
            _ => state.winner(field).clone(),
        }
    }

    fn chunks(&self, id: RecordId) -> Vec<StoredChunk> {
        self.engine.read().unwrap().chunks(&document_id(id)).unwrap()
    }

    /// Has the record as another device has it.
    fn receive(&self, other: &Device, id: RecordId) {
        let (space, at) = (self.space(), document_id(id));
        let module = other.engine.read().unwrap().document(&at).unwrap().unwrap().module;
        self.engine
            .write(|tx| {
                tx.create_document(&at, module.as_deref(), space)?;
                for chunk in other.chunks(id) {
                    tx.append_chunk(&at, chunk.hash, &chunk.bytes, ChunkState::Feed)?;
                }
                let loaded = vault::load_states(&*tx, id, &vault::IN_VIEW)?;
                vault::refresh(tx, self.engine.schema(), &loaded)?;
                Ok(())
            })
            .unwrap();
    }

    /// The changes of a record behind the first so many, as quarantine has them.
    fn aside(&self, id: RecordId, behind: usize, spaces: &[SpaceId]) -> Vec<Entry> {
        let chunks = self.chunks(id).into_iter().skip(behind);
        let entry = |(number, chunk): (usize, StoredChunk)| Entry {
            number: number as u64 + 1,
            document: document_id(id),
            spaces: spaces.to_vec(),
            hash: chunk.hash,
            reason: "device_revoked".to_owned(),
            device: "00".repeat(16),
            device_name: "laptop".to_owned(),
            user: self.user(),
            user_name: "Reza".to_owned(),
            received_at_ms: 1,
            bytes: chunk.bytes,
        };
        chunks.enumerate().map(entry).collect()
    }

    fn apply(&self, entries: &[Entry], chosen: &[u64]) -> QuarantineApplied {
        let chosen: BTreeSet<u64> = chosen.iter().copied().collect();
        apply::apply(&self.engine, &grouped(entries), &chosen).unwrap()
    }
}

impl Device {
    /// Which numbers the relay may forget.
    fn at_relay(&self, entries: &[Entry]) -> Vec<u64> {
        let numbers = entries.iter().map(|entry| entry.number).collect();
        closing::at_relay(&self.engine, &grouped(entries), &numbers).unwrap().into_iter().collect()
    }

    /// The relay answers for everything that a record has unsent.
    fn answered(&self, id: RecordId, state: ChunkState) {
        let at = document_id(id);
        let keep = |tx: &mut forsat_store::WriteTx<'_>| -> Result<(), ClientError> {
            for chunk in tx.chunks_in(&at, &[ChunkState::Outbox])? {
                tx.set_chunk_state(&at, &chunk.hash, state)?;
            }
            let loaded = vault::load_states(&*tx, id, &vault::IN_VIEW)?;
            vault::refresh(tx, self.engine.schema(), &loaded)?;
            Ok(())
        };
        self.engine.write(keep).unwrap();
    }
}

/// Sara's record on both devices, and how many changes it has.
fn shared() -> (Device, Device, RecordId, usize) {
    let (sara, reza) = (Device::of("Sara"), Device::of("Reza"));
    let id = sara.account("Arya");
    reza.receive(&sara, id);
    let count = reza.chunks(id).len();
    (sara, reza, id, count)
}

fn codes(applied: &QuarantineApplied) -> Vec<(u64, &str)> {
    applied.refused.iter().map(|refusal| (refusal.number, refusal.code.as_str())).collect()
}

#[test]
fn an_edit_is_read_on_the_record_and_applied_as_the_managers_with_its_author_kept() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    reza.edit(id, "description", "one two");
    sara.edit(id, "website", "https://sara.example");
    sara.edit(id, "description", "zero one");
    let entries = reza.aside(id, count, &[sara.space()]);
    let views = read::views(&sara.engine, &grouped(&entries)).unwrap();
    assert_eq!(views.iter().map(|view| view.number).collect::<Vec<_>>(), [1, 2]);
    assert!(views.iter().all(|view| view.here && view.whole && view.name == "Arya"), "{views:?}");
    let change = &views[0].changes[0];
    assert_eq!((change.path.as_str(), &change.before), ("website", &Scalar::Null));
    assert_eq!(change.after, Scalar::text("https://reza.example"));
    assert_eq!(change.now, Scalar::text("https://sara.example"));
    let applied = sara.apply(&entries, &[1, 2]);
    assert_eq!((applied.applied.as_slice(), codes(&applied).len()), (&[1, 2][..], 0), "{applied:?}");
    assert_eq!(sara.field(id, "website"), Scalar::text("https://reza.example"));
    assert_eq!(sara.field(id, "description"), Scalar::text("zero one two"), "both texts are kept");
    let log = sara.engine.record_log("account", &id.to_string(), &Default::default()).unwrap();
    let marked: Vec<_> = log.entries.iter().filter(|entry| entry.original_author.is_some()).collect();
    assert_eq!(marked.len(), 2);
    let reza_id = RecordId::from_bytes(reza.user()).to_string();
    assert_eq!(marked[0].original_author.as_deref(), Some(reza_id.as_str()), "nobody here knows his name");
    assert_eq!(marked[0].author.as_deref(), Some("Sara"));
}

#[test]
fn applying_twice_changes_nothing_more_and_undo_takes_all_of_it_back() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    reza.edit(id, "employees", "7");
    let entries = reza.aside(id, count, &[sara.space()]);
    let applied = sara.apply(&entries, &[1, 2]);
    assert!(applied.journal.is_some() && applied.saved.len() == 1, "{applied:?}");
    let before = sara.chunks(id).len();
    let again = sara.apply(&entries, &[1, 2]);
    assert_eq!((again.already.as_slice(), again.applied.len()), (&[1, 2][..], 0));
    assert_eq!((sara.chunks(id).len(), again.journal), (before, None));
    let undone = sara.engine.undo().unwrap();
    assert_eq!(undone.command, "quarantine apply 1 2");
    assert_eq!((sara.field(id, "website"), sara.field(id, "employees")), (Scalar::Null, Scalar::Null));
}

#[test]
fn a_record_that_was_never_sent_is_begun_anew_with_its_own_id_and_author() {
    let (sara, reza) = (Device::of("Sara"), Device::of("Reza"));
    let id = reza.account("Never sent");
    reza.edit(id, "website", "https://reza.example");
    let entries: Vec<Entry> = reza
        .aside(id, 0, &[sara.space()])
        .into_iter()
        .filter(|entry| forsat_document::Genesis::by_hash(entry.hash.as_bytes()).is_none())
        .collect();
    let (first, second) = (entries[0].number, entries[1].number);
    let views = read::views(&sara.engine, &grouped(&entries)).unwrap();
    assert_eq!((views[0].here, views[0].name.as_str()), (false, "Never sent"), "{views:?}");
    assert_eq!(views[0].module.as_deref(), Some("account"));
    assert!(views.iter().all(|view| view.whole));
    let alone = sara.apply(&entries, &[second]);
    assert_eq!(codes(&alone), [(second, "record_elsewhere")], "the record isn't begun yet");
    let applied = sara.apply(&entries, &[first, second]);
    assert_eq!(applied.applied, [first, second], "{applied:?}");
    assert_eq!(sara.field(id, "name"), Scalar::text("Never sent"));
    assert_eq!(sara.field(id, "description"), Scalar::text("one"));
    assert_eq!(sara.field(id, "website"), Scalar::text("https://reza.example"));
    let by = RecordId::from_bytes(reza.user()).0.to_string();
    assert_eq!(sara.field(id, "created_by"), Scalar::text(&by));
    assert_eq!(sara.apply(&entries, &[first, second]).already, [first, second]);
}

#[test]
fn what_builds_on_something_that_is_not_here_tells_what_it_can_and_stays() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://first.example");
    reza.edit(id, "website", "https://second.example");
    reza.edit(id, "description", "one two");
    // The first was applied or dropped before the others came.
    let entries = reza.aside(id, count + 1, &[sara.space()]);
    let views = read::views(&sara.engine, &grouped(&entries)).unwrap();
    assert_eq!((views[0].whole, views[1].whole), (true, false));
    assert_eq!(views[0].changes[0].after, Scalar::text("https://second.example"));
    let applied = sara.apply(&entries, &[1, 2]);
    assert_eq!((applied.applied.as_slice(), codes(&applied)), (&[1][..], vec![(2, "not_whole")]));
    assert_eq!(sara.field(id, "website"), Scalar::text("https://second.example"));
    assert_eq!(sara.field(id, "description"), Scalar::text("one"));
}

#[test]
fn a_record_that_lives_in_a_space_that_is_not_shown_is_told_as_far_as_it_can_be() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    drop(sara);
    let mina = Device::of("Mina");
    let spaces = [mina.space(), SpaceId::from_bytes([9; 16])];
    let entries = reza.aside(id, count, &spaces);
    let views = read::views(&mina.engine, &grouped(&entries)).unwrap();
    assert_eq!((views[0].here, views[0].changes.len()), (false, 1), "{views:?}");
    assert_eq!(views[0].spaces[0], "local");
    let applied = mina.apply(&entries, &[1]);
    assert_eq!(codes(&applied), [(1, "record_elsewhere")]);
    assert!(mina.engine.read().unwrap().document(&document_id(id)).unwrap().is_none());
}

#[test]
fn bytes_that_are_no_change_are_listed_and_nothing_of_them_is_applied() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    reza.edit(id, "employees", "7");
    let mut entries = reza.aside(id, count, &[sara.space()]);
    entries[0].bytes = b"nothing".to_vec();
    entries[1].document = DocumentId::from_bytes([4; 16]);
    entries[1].spaces.push(SpaceId::from_bytes([9; 16]));
    let views = read::views(&sara.engine, &grouped(&entries)).unwrap();
    assert!(views[0].changes.is_empty() && !views[0].whole);
    let applied = sara.apply(&entries, &[1, 2]);
    assert_eq!(codes(&applied), [(1, "not_whole"), (2, "record_elsewhere")]);
}

#[test]
fn who_began_a_record_is_whom_the_relay_knows_whatever_the_change_says() {
    let (sara, reza) = (Device::of("Sara"), Device::of("Reza"));
    let id = reza.account("Never sent");
    let mut entries = reza.aside(id, 0, &[sara.space()]);
    for entry in &mut entries {
        entry.user = [7; 16];
    }
    let own = entries.last().unwrap().number;
    assert_eq!(sara.apply(&entries, &[own]).applied, [own]);
    assert_eq!(sara.field(id, "created_by"), Scalar::text(uuid::Uuid::from_bytes([7; 16]).to_string()));
    assert_eq!(sara.field(id, "id"), Scalar::text(id.0.to_string()));
}

#[test]
fn a_field_that_this_version_does_not_know_keeps_the_whole_change_back() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    let group = read::group(&sara.engine.read().unwrap(), &entries.iter().collect::<Vec<_>>()).unwrap();
    let table = sara.engine.schema().module("product").unwrap();
    let refused = apply::edits_of(table, None, &entries[0], &group.readings[0]).unwrap_err();
    assert!(matches!(refused, ClientError::Edit(_)), "{refused:?}");
}

#[test]
fn an_erased_record_takes_nothing() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    sara.engine.write(|tx| crate::erased::erase(tx, &[document_id(id)].into()).map(drop)).unwrap();
    assert_eq!(codes(&sara.apply(&entries, &[1])), [(1, "erased")]);
}

#[test]
fn who_may_only_read_applies_nothing() {
    let (sara, reza, id, count) = shared();
    reza.edit(id, "website", "https://reza.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    let space = sara.space();
    sara.engine
        .write::<_>(|tx| -> Result<(), ClientError> {
            let row = tx.space(&space)?.unwrap();
            Ok(tx.put_space(&space, &forsat_store::SpaceRow { role: "viewer".to_owned(), ..row })?)
        })
        .unwrap();
    assert_eq!(codes(&sara.apply(&entries, &[1])), [(1, "read_only")]);
    assert_eq!(record_id(&entries[0].document), id);
}

#[test]
fn what_was_deleted_is_deleted_as_the_manager_sees_it() {
    let (sara, reza, id, count) = shared();
    reza.engine.delete("account", &id.to_string()).unwrap();
    sara.edit(id, "website", "https://sara.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    let applied = sara.apply(&entries, &[1]);
    assert_eq!(applied.applied, [1], "{applied:?}");
    assert_eq!(sara.engine.trash(None).unwrap().len(), 1);
    assert!(sara.engine.status().unwrap().records.contains_key("account"));
}

#[test]
fn a_change_may_be_forgotten_once_the_relay_has_what_makes_it_again() {
    let (sara, reza, id, count) = shared();
    sara.answered(id, ChunkState::Acked);
    reza.edit(id, "website", "https://reza.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    assert!(sara.at_relay(&entries).is_empty(), "nobody has applied it");
    assert_eq!(sara.apply(&entries, &[1]).applied, [1]);
    assert!(sara.at_relay(&entries).is_empty(), "it is only here");
    // The program ended there: the same command goes on.
    assert_eq!(sara.apply(&entries, &[1]).already, [1]);
    assert!(sara.at_relay(&entries).is_empty(), "it is still only here");
    sara.answered(id, ChunkState::Acked);
    assert_eq!(sara.at_relay(&entries), [1]);
    assert_eq!(sara.apply(&entries, &[1]).already, [1]);
}

#[test]
fn a_change_whose_successor_the_relay_refused_stays_and_can_be_applied_again() {
    let (sara, reza, id, count) = shared();
    sara.answered(id, ChunkState::Acked);
    reza.edit(id, "website", "https://reza.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    assert_eq!(sara.apply(&entries, &[1]).applied, [1]);
    sara.answered(id, ChunkState::Refused);
    assert!(sara.at_relay(&entries).is_empty());
    assert_eq!(sara.field(id, "website"), Scalar::Null);
    assert_eq!(sara.apply(&entries, &[1]).applied, [1]);
    assert_eq!(sara.field(id, "website"), Scalar::text("https://reza.example"));
}

#[test]
fn a_change_that_says_nothing_new_waits_for_what_said_it_and_is_not_made_again() {
    let (sara, reza, id, count) = shared();
    sara.answered(id, ChunkState::Acked);
    reza.edit(id, "website", "https://one.example");
    reza.edit(id, "website", "https://two.example");
    sara.edit(id, "website", "https://one.example");
    let entries = reza.aside(id, count, &[sara.space()]);
    assert_eq!(sara.apply(&entries, &[1, 2]).applied, [1, 2]);
    assert!(sara.at_relay(&entries).is_empty(), "Sara's own edit is unsent");
    assert_eq!(sara.apply(&entries, &[1, 2]).already, [1, 2]);
    assert_eq!(sara.field(id, "website"), Scalar::text("https://two.example"), "the first comes not again");
    sara.answered(id, ChunkState::Feed);
    assert_eq!(sara.at_relay(&entries), [1, 2]);
    let over = Listed { entries: Vec::new(), more: false };
    closing::forget_decided(&sara.engine, &over).unwrap();
    assert_eq!(sara.at_relay(&entries), [2], "the note is gone, the mark is in the record");
}

#[test]
fn all_means_what_was_shown_and_a_number_must_be_there() {
    let (sara, reza, id, count) = shared();
    for site in ["https://one.example", "https://two.example", "https://three.example"] {
        reza.edit(id, "website", site);
    }
    let listed = Listed { entries: reza.aside(id, count, &[sara.space()]), more: false };
    let shown = chosen(&listed, &QuarantineChoice::Shown(vec![1, 2, 9])).unwrap();
    assert_eq!(shown, BTreeSet::from([1, 2]), "the third came later, the ninth was decided meanwhile");
    assert!(chosen(&listed, &QuarantineChoice::Numbers(vec![1, 9])).is_err());
}

#[test]
fn a_refused_edit_that_may_lie_at_the_relay_is_made_again_with_the_mark_that_says_so() {
    for (answer, is_marked) in [(None, true), (Some(Aside::Taken), true), (Some(Aside::Declined), false)] {
        let (sara, reza, id, count) = shared();
        reza.edit(id, "website", "https://reza.example");
        let entries = reza.aside(id, count, &[sara.space()]);
        reza.answered(id, ChunkState::Refused);
        let site = Scalar::text("https://reza.example");
        let refused = RefusedEdit {
            document: document_id(id),
            space: reza.space(),
            hash: entries[0].hash,
            code: MOVED_AWAY.to_owned(),
            message: String::new(),
            at_ms: 1,
            before: b"{}".to_vec(),
            after: serde_json::to_vec(&std::collections::BTreeMap::from([("website", &site)])).unwrap(),
            state: RefusedState::Open,
        };
        let keep = |tx: &mut forsat_store::WriteTx<'_>| -> Result<RefusedId, ClientError> {
            let number = tx.add_refused(&refused)?;
            if let Some(answer) = answer {
                tx.set_refused_aside(number, answer)?;
            }
            Ok(number)
        };
        let number = reza.engine.write(keep).unwrap();
        reza.engine.retry_refused(number.get()).unwrap();
        let made = vault::load(&reza.engine.read().unwrap(), id).unwrap().unwrap();
        let marked = made.document.made_again(entries[0].hash.as_bytes()).len();
        assert_eq!(marked, usize::from(is_marked), "{answer:?}");
    }
}
