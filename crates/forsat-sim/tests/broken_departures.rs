//! Parts broken on purpose that move and erase records: the checkers of departures catch each.

use crate::broken::{caught, plan};
use forsat_client::Engine;
use forsat_relay::store::{
    AccessCommand, AccessDone, AccessLists, AccessStore, AdminDone, AdminOrder, AppendBatch, Aside,
    AsideOutcome, ControlAdopted, ControlError, DeviceRecord, DeviceSummary, DocumentSummary, EnrolOutcome,
    EnrolRequest, Examination, HealOutcome, HealRequest, InviteSummary, Invited, MoveOutcome, NewInvite,
    Orderer, PageOutcome, PageRequest, PushOutcome, QuarantineEntry, QuarantineStore, QuarantineSummary,
    RedbStore, RelayStore, SpaceSummary, StatusCounts, StoreError, StoreIdentity, TokenStore, UserSummary,
};
use forsat_sim::plan::{BEGIN_MS, Fault};
use forsat_sim::world::{Broken, run};
use forsat_store::{RefusedEdit, RefusedState, StoreError as DeviceError, SyncIssueKey, WriteTx};
use forsat_sync::control::{ControlEntry, ControlEvent, ControlMark, SignedEntry};
use forsat_sync::frame::PageEntry;
use forsat_sync::id::{ChangeHash, DeviceId, Digest, DocumentId, HomeVersion, SpaceId, UserId};
use forsat_sync::relay::{ControlVerdict, MoveRequest};
use std::sync::{Arc, Mutex};

/// How often records move, and are erased, in a world.
const DEPARTURES: u64 = 8;

/// Somebody moves records again and again.
fn moves(heal_at_ms: u64) -> Vec<(u64, Fault)> {
    every(heal_at_ms, &Fault::Move(2))
}

fn moves_elsewhere(heal_at_ms: u64) -> Vec<(u64, Fault)> {
    every(heal_at_ms, &Fault::MoveElsewhere)
}

/// The operator erases records again and again.
fn erasures(heal_at_ms: u64) -> Vec<(u64, Fault)> {
    every(heal_at_ms, &Fault::Erase)
}

/// At the same intervals, the last of them well before the end.
fn every(heal_at_ms: u64, fault: &Fault) -> Vec<(u64, Fault)> {
    let step_ms = (heal_at_ms - BEGIN_MS) / (DEPARTURES + 2);
    (2..DEPARTURES + 2).map(|number| (BEGIN_MS + number * step_ms, fault.clone())).collect()
}

#[test]
fn the_same_worlds_with_whole_parts_are_sound() {
    let (mut moved, mut erased) = (0, 0);
    for seed in 1..=4 {
        for faults in [moves, moves_elsewhere, erasures] {
            let outcome = run(plan(seed, faults), &Broken::default(), false);
            assert_eq!(outcome.violation, None, "seed {seed}");
            let count = |what: &str| outcome.sights.0.get(what).copied().unwrap_or_default();
            moved += count("records asked to move") + count("records moved elsewhere");
            erased += count("erased at the end");
        }
    }
    assert!(moved > 4 && erased > 4, "{moved} moved, {erased} erased");
}

/// What is wrong with a relay's store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// It answers moves, and makes none.
    MovesNothing,
    /// It answers erasures, and makes none.
    ErasesNothing,
    /// What has left or was erased is still read where it stood.
    ServesOldPlaces,
    /// A change is missing from its feed.
    LosesAPlace,
    /// Its own look finds something.
    Unsound,
    /// What devices show of the control log is passed over.
    TakesNoLog,
}

/// A relay's store that something is wrong with.
struct Bent {
    inner: RedbStore,
    wrong: Wrong,
    served: Mutex<Vec<(SpaceId, PageEntry)>>,
}

fn bent(wrong: Wrong) -> Broken {
    let store = move |inner| Box::new(Bent { inner, wrong, served: Mutex::default() }) as Box<dyn RelayStore>;
    Broken { store: Some(Arc::new(store)), ..Broken::default() }
}

impl Bent {
    fn bend(&self, request: &PageRequest, entries: &mut Vec<PageEntry>) {
        let mut served = self.served.lock().unwrap();
        let is_change = |entry: &PageEntry| matches!(entry, PageEntry::Change { .. });
        let served_here = served.iter().filter(|(space, _)| *space == request.space).map(|(_, entry)| entry);
        let known: Vec<PageEntry> = served_here.cloned().collect();
        match self.wrong {
            Wrong::ServesOldPlaces if request.cursor.is_none() => {
                let gone: Vec<_> = known.into_iter().filter(|entry| !entries.contains(entry)).collect();
                entries.splice(0..0, gone);
            }
            Wrong::LosesAPlace if request.cursor.is_none() => {
                if let Some(last) = entries.iter().rposition(is_change) {
                    entries.remove(last);
                }
            }
            Wrong::ServesOldPlaces => {}
            _ => return,
        }
        let new = entries.iter().filter(|entry| is_change(entry)).map(|entry| (request.space, entry.clone()));
        let new: Vec<_> = new.filter(|new| !served.contains(new)).collect();
        served.extend(new);
    }
}

impl RelayStore for Bent {
    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError> {
        let mut outcomes = self.inner.pages(requests)?;
        for (request, outcome) in requests.iter().zip(&mut outcomes) {
            if let PageOutcome::Page(page) = outcome {
                self.bend(request, &mut page.entries);
            }
        }
        Ok(outcomes)
    }
    fn examine(&self, stop: &dyn Fn() -> bool) -> Result<Examination, StoreError> {
        match self.wrong {
            Wrong::Unsound => {
                Err(StoreError::Corrupt { table: "feed", reason: "broken on purpose".to_owned() })
            }
            _ => self.inner.examine(stop),
        }
    }
    fn access(&self) -> &dyn AccessStore {
        self
    }
    fn tokens(&self) -> &dyn TokenStore {
        self.inner.tokens()
    }

    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
        self.inner.append(batch)
    }
    fn identity(&self) -> StoreIdentity {
        self.inner.identity()
    }
    fn check(&self) -> Result<(), StoreError> {
        self.inner.check()
    }
    fn heal(&self, requests: &[HealRequest]) -> Result<Vec<HealOutcome>, StoreError> {
        self.inner.heal(requests)
    }
    fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Option<DeviceRecord>>, StoreError> {
        self.inner.devices(ids)
    }
    fn enrol(
        &self,
        request: &EnrolRequest,
        new_user: UserId,
        now_ms: u64,
    ) -> Result<EnrolOutcome, StoreError> {
        self.inner.enrol(request, new_user, now_ms)
    }
    fn create_space(&self, id: SpaceId, name: &str, now_ms: u64) -> Result<SpaceSummary, ControlError> {
        self.inner.create_space(id, name, now_ms)
    }
    fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError> {
        self.inner.spaces()
    }
    fn create_invite(&self, invite: &NewInvite) -> Result<Invited, ControlError> {
        self.inner.create_invite(invite)
    }
    fn status(&self, now_ms: u64) -> Result<StatusCounts, StoreError> {
        self.inner.status(now_ms)
    }
    fn buckets(&self, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError> {
        self.inner.buckets(space)
    }
}

impl AccessStore for Bent {
    fn move_documents(&self, request: &MoveRequest, now_ms: u64) -> Result<Vec<MoveOutcome>, StoreError> {
        if self.wrong != Wrong::MovesNothing {
            return self.inner.move_documents(request, now_ms);
        }
        let moved = MoveOutcome::Moved { from: request.to, home: HomeVersion::new(2) };
        Ok(vec![moved; request.documents.len()])
    }
    fn change_access(&self, command: &AccessCommand, now_ms: u64) -> Result<AccessDone, ControlError> {
        match command {
            AccessCommand::EraseDocument { document } if self.wrong == Wrong::ErasesNothing => {
                Ok(AccessDone::Erased(self.inner.document(document)?))
            }
            command => self.inner.change_access(command, now_ms),
        }
    }

    fn users(&self) -> Result<Vec<UserSummary>, StoreError> {
        self.inner.users()
    }
    fn all_devices(&self) -> Result<Vec<DeviceSummary>, StoreError> {
        self.inner.all_devices()
    }
    fn invites(&self) -> Result<Vec<InviteSummary>, StoreError> {
        self.inner.invites()
    }
    fn document(&self, document: &DocumentId) -> Result<DocumentSummary, StoreError> {
        self.inner.document(document)
    }
    fn control_log(&self, after: u64, max: usize) -> Result<Vec<SignedEntry>, StoreError> {
        self.inner.control_log(after, max)
    }
    fn check_control(&self, mark: &ControlMark) -> Result<ControlVerdict, StoreError> {
        self.inner.check_control(mark)
    }
    fn adopt_control(&self, entries: &[SignedEntry], now_ms: u64) -> Result<ControlAdopted, StoreError> {
        match self.wrong {
            Wrong::TakesNoLog => Ok(ControlAdopted { verdict: ControlVerdict::Over, entries: 0, tokens: 0 }),
            _ => self.inner.adopt_control(entries, now_ms),
        }
    }
    fn access_lists(&self, by: &Orderer, now_ms: u64) -> Result<AccessLists, ControlError> {
        self.inner.access_lists(by, now_ms)
    }
    fn administer(&self, by: &Orderer, order: &AdminOrder, now_ms: u64) -> Result<AdminDone, ControlError> {
        self.inner.administer(by, order, now_ms)
    }
}

impl QuarantineStore for Bent {
    fn set_aside(&self, aside: &Aside) -> Result<AsideOutcome, StoreError> {
        self.inner.set_aside(aside)
    }
    fn quarantined(
        &self,
        by: &DeviceId,
        after: u64,
        bytes_max: usize,
    ) -> Result<(Vec<QuarantineEntry>, bool), ControlError> {
        self.inner.quarantined(by, after, bytes_max)
    }
    fn close_quarantined(&self, by: &DeviceId, numbers: &[u64], now_ms: u64) -> Result<u64, ControlError> {
        self.inner.close_quarantined(by, numbers, now_ms)
    }
    fn quarantine_summaries(
        &self,
        space: Option<&SpaceId>,
        after: u64,
        rows_max: usize,
    ) -> Result<(Vec<QuarantineSummary>, bool), StoreError> {
        self.inner.quarantine_summaries(space, after, rows_max)
    }
    fn drop_quarantined(&self, numbers: &[u64], now_ms: u64) -> Result<u64, StoreError> {
        self.inner.drop_quarantined(numbers, now_ms)
    }
}

#[test]
fn a_relay_that_only_says_that_it_moves_is_caught() {
    let said = caught(&bent(Wrong::MovesNothing), moves);
    assert!(said.contains("its new space knows nothing of it"), "{said}");
}

#[test]
fn a_relay_that_only_says_that_it_erases_is_caught() {
    let said = caught(&bent(Wrong::ErasesNothing), erasures);
    assert!(said.contains("is forgotten"), "{said}");
}

#[test]
fn a_relay_that_still_serves_what_has_left_is_caught() {
    let said = caught(&bent(Wrong::ServesOldPlaces), moves_elsewhere);
    assert!(said.contains("lives in two spaces") || said.contains("stands where it left"), "{said}");
}

#[test]
fn a_relay_that_still_serves_what_was_erased_is_caught() {
    let said = caught(&bent(Wrong::ServesOldPlaces), erasures);
    assert!(said.contains("was erased, and"), "{said}");
}

#[test]
fn a_place_of_a_feed_that_is_empty_without_a_cause_is_caught() {
    let said = caught(&bent(Wrong::LosesAPlace), |_| Vec::new());
    assert!(said.contains("places are empty"), "{said}");
}

#[test]
fn what_the_relays_own_look_finds_is_told() {
    let said = caught(&bent(Wrong::Unsound), |_| Vec::new());
    assert!(said.contains("the relay's store"), "{said}");
}

#[test]
fn a_relay_made_anew_that_lets_nobody_in_is_caught() {
    let lost = |heal_at_ms: u64| vec![((BEGIN_MS + heal_at_ms) / 2, Fault::RelayLost(1_000))];
    let said = caught(&bent(Wrong::TakesNoLog), lost);
    assert!(said.contains("has stopped syncing") || said.contains("control log"), "{said}");
}

/// Changes every device's store behind everybody's back.
fn tampered(
    change: impl Fn(&mut WriteTx<'_>, &[DocumentId]) -> Result<(), DeviceError> + Send + Sync + 'static,
) -> Broken {
    let tamper = move |engines: &[Arc<Engine>]| {
        for engine in engines {
            let log = engine.store().read().unwrap().control_entries(0, usize::MAX).unwrap();
            let erased: Vec<DocumentId> = log.iter().filter_map(erased_by).collect();
            engine.store().write(|tx| change(tx, &erased)).unwrap();
        }
    };
    Broken { tamper: Some(Arc::new(tamper)), ..Broken::default() }
}

fn erased_by(entry: &SignedEntry) -> Option<DocumentId> {
    match ControlEntry::decode(&entry.bytes).ok()?.event {
        ControlEvent::DocumentErased { document } => Some(document),
        _ => None,
    }
}

#[test]
fn whatever_is_left_of_an_erased_record_on_a_device_is_caught() {
    let row = tampered(|tx, erased| {
        erased.iter().try_for_each(|document| tx.put_row("account", document, &["left"], b"left"))
    });
    let edit = tampered(|tx, erased| {
        for document in erased {
            tx.add_refused(&RefusedEdit {
                document: *document,
                space: SpaceId::from_bytes([1; 16]),
                hash: ChangeHash::from_bytes([2; 32]),
                code: "forbidden".to_owned(),
                message: String::new(),
                at_ms: 0,
                before: Vec::new(),
                after: Vec::new(),
                state: RefusedState::Open,
            })?;
        }
        Ok(())
    });
    let issue = tampered(|tx, erased| {
        for document in erased {
            let key =
                SyncIssueKey { code: "unknown_echo".to_owned(), space: None, document: Some(*document) };
            tx.raise_sync_issue(&key, "left", 0)?;
        }
        Ok(())
    });
    let document = tampered(|tx, erased| {
        let space = tx.spaces()?[0].0;
        erased.iter().try_for_each(|document| tx.create_document(document, None, space).map(drop))
    });
    for (broken, what) in
        [(row, "a row"), (edit, "a refused edit"), (issue, "an issue"), (document, "the document")]
    {
        let said = caught(&broken, erasures);
        assert!(said.contains(&format!("{what} of the erased document")), "{said}");
    }
}

#[test]
fn a_device_that_has_a_record_in_another_space_than_the_relay_is_caught() {
    let broken = tampered(|tx, _| {
        let other = SpaceId::from_bytes([7; 16]);
        let first = tx.documents_after(None, 1)?;
        first.iter().try_for_each(|(document, _)| tx.move_document(document, other))
    });
    let said = caught(&broken, |_| Vec::new());
    assert!(said.contains(" and here in "), "{said}");
}

#[test]
fn a_device_that_forgets_an_erasure_is_caught() {
    let broken = tampered(|tx, _| {
        let count = tx.control_head()?.count;
        tx.cut_control(count / 2)
    });
    let said = caught(&broken, erasures);
    assert!(said.contains("erasures, the relay"), "{said}");
}
