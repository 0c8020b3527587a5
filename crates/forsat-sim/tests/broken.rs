//! Parts broken on purpose: each promise's checker catches what breaks it.

use forsat_client::Engine;
use forsat_relay::store::{
    AccessStore, AppendBatch, ControlError, DeviceRecord, EnrolOutcome, EnrolRequest, HealOutcome,
    HealRequest, Invited, ItemOutcome, NewInvite, PageOutcome, PageRequest, PushOutcome, RedbStore,
    RelayStore, SpaceSummary, StatusCounts, StoreError, StoreIdentity, TokenStore,
};
use forsat_sim::device::{Connector, SyncInput, SyncOutput, Syncing};
use forsat_sim::plan::{BEGIN_MS, Fault, Plan};
use forsat_sim::session;
use forsat_sim::world::{Broken, run};
use forsat_sync::frame::{PageEntry, ToDevice};
use forsat_sync::id::{DeviceId, Digest, FeedSeq, SpaceId, UserId};
use forsat_sync::limits::MESSAGE_BYTES_MAX;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// In how many worlds a broken part is looked for.
const WORLDS: u64 = 8;

/// A plan in which nothing goes wrong but what the test wants.
pub fn plan(seed: u64, faults: impl Fn(u64) -> Vec<(u64, Fault)>) -> Plan {
    let mut plan = Plan::of(seed).without_faults();
    plan.faults = faults(plan.heal_at_ms);
    plan
}

/// What the checkers say of the first world that a broken part spoils.
pub fn caught(broken: &Broken, faults: impl Fn(u64) -> Vec<(u64, Fault)>) -> String {
    let said = (1..=WORLDS).find_map(|seed| run(plan(seed, &faults), broken, false).violation);
    said.unwrap_or_else(|| panic!("{WORLDS} worlds with a broken part, and nothing was said"))
}

fn nothing(_: u64) -> Vec<(u64, Fault)> {
    Vec::new()
}

/// The relay loses power again and again while people work.
fn power_losses(heal_at_ms: u64) -> Vec<(u64, Fault)> {
    (BEGIN_MS..heal_at_ms).step_by(4_000).map(|at_ms| (at_ms, Fault::RelayPower(0, 200))).collect()
}

fn device_power_losses(heal_at_ms: u64) -> Vec<(u64, Fault)> {
    let times = (BEGIN_MS..heal_at_ms).step_by(4_000);
    times.flat_map(|at_ms| (0..3).map(move |device| (at_ms, Fault::DevicePower(device, 0, 200)))).collect()
}

#[test]
fn the_same_worlds_with_whole_parts_are_sound() {
    for seed in 1..=WORLDS {
        for faults in [nothing, power_losses, device_power_losses] {
            let outcome = run(plan(seed, faults), &Broken::default(), false);
            assert_eq!(outcome.violation, None, "seed {seed}");
        }
    }
}

/// Answers pushes at once and commits them with the next ones.
struct Hasty {
    inner: RedbStore,
    held: Mutex<Option<AppendBatch>>,
}

impl RelayStore for Hasty {
    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
        let before = self.held.lock().unwrap().replace(batch.clone());
        if let Some(before) = before {
            self.inner.append(&before)?;
        }
        let accepted = |items: usize| vec![ItemOutcome::Accepted(FeedSeq::new(1)); items];
        Ok(batch.pushes.iter().map(|push| PushOutcome::Judged(accepted(push.items.len()))).collect())
    }
    fn access(&self) -> &dyn AccessStore {
        self.inner.access()
    }

    fn tokens(&self) -> &dyn TokenStore {
        self.inner.tokens()
    }

    fn identity(&self) -> StoreIdentity {
        self.inner.identity()
    }
    fn check(&self) -> Result<(), StoreError> {
        self.inner.check()
    }
    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError> {
        self.inner.pages(requests)
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

#[test]
fn a_relay_that_acks_before_it_commits_is_caught() {
    let store = |inner| Box::new(Hasty { inner, held: Mutex::new(None) }) as Box<dyn RelayStore>;
    let broken = Broken { store: Some(Arc::new(store)), ..Broken::default() };
    let said = caught(&broken, power_losses);
    assert!(said.contains("lost a change that it acked"), "{said}");
}

#[test]
fn disks_that_lie_about_syncs_are_caught() {
    let broken = Broken { disks_lie: true, ..Broken::default() };
    let said = caught(&broken, device_power_losses);
    assert!(said.contains("lost a change that it saved") || said.contains("doesn't start"), "{said}");
    let said = caught(&broken, power_losses);
    assert!(said.contains("lost a change that it acked") || said.contains("doesn't start"), "{said}");
}

/// A device's end of the sync that something is wrong with.
struct Bent<F> {
    inner: Box<dyn Syncing>,
    bend: F,
}

impl<F: FnMut(SyncInput) -> Option<SyncInput>> Syncing for Bent<F> {
    fn handle(&mut self, input: SyncInput) -> Vec<SyncOutput> {
        let bent = (self.bend)(input);
        bent.map(|input| self.inner.handle(input)).unwrap_or_default()
    }
    fn deadline_ms(&self) -> Option<u64> {
        self.inner.deadline_ms()
    }
    fn is_settled(&self) -> bool {
        self.inner.is_settled()
    }
}

fn bent<F>(bend: F) -> Broken
where
    F: FnMut(SyncInput) -> Option<SyncInput> + Clone + Send + Sync + 'static,
{
    let whole = session::connector();
    let connector: Connector = Arc::new(move |engine, ambient, key| {
        let (inner, outputs) = whole(engine, ambient, key)?;
        Ok((Box::new(Bent { inner, bend: bend.clone() }) as Box<dyn Syncing>, outputs))
    });
    Broken { connector: Some(connector), ..Broken::default() }
}

/// Takes the last change out of a page that brings some.
fn without_last_change(bytes: &[u8]) -> Option<Vec<u8>> {
    let Ok(ToDevice::Page(mut page)) = ToDevice::decode(bytes, MESSAGE_BYTES_MAX) else { return None };
    let last = page.entries.iter().rposition(|entry| matches!(entry, PageEntry::Change { .. }))?;
    page.entries.remove(last);
    Some(ToDevice::Page(page).encode())
}

#[test]
fn a_device_that_loses_an_entry_of_a_page_is_caught() {
    let said = caught(
        &bent(|input| match input {
            SyncInput::Message(bytes) => {
                Some(SyncInput::Message(without_last_change(&bytes).unwrap_or(bytes)))
            }
            input => Some(input),
        }),
        nothing,
    );
    assert!(
        said.contains("missing")
            || said.contains("stands at")
            || said.contains("digest")
            || said.contains("Mismatch"),
        "{said}"
    );
}

#[test]
fn a_device_that_never_hears_of_its_own_saves_is_caught() {
    let said = caught(&bent(|input| (!matches!(input, SyncInput::Saved)).then_some(input)), nothing);
    assert!(said.contains("unsent"), "{said}");
}

#[test]
fn a_device_that_never_hears_the_relay_is_caught() {
    let said = caught(
        &bent(|input| match input {
            SyncInput::Message(bytes) => matches!(
                ToDevice::decode(&bytes, MESSAGE_BYTES_MAX),
                Ok(ToDevice::Hello(_) | ToDevice::Welcome(_))
            )
            .then_some(SyncInput::Message(bytes)),
            input => Some(input),
        }),
        nothing,
    );
    assert!(said.contains("not level"), "{said}");
}

#[test]
fn replicas_that_answer_differently_are_caught() {
    let tamper = |engines: &[Arc<Engine>]| {
        for engine in engines.iter().take(1) {
            let mut rows = Vec::new();
            let tx = engine.store().read().unwrap();
            tx.each_row("account", &mut |id, bytes| {
                rows.push((id, bytes.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
            drop(tx);
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
            let swap =
                |tx: &mut forsat_store::WriteTx<'_>| tx.put_row("account", &first.0, &["swapped"], &last.1);
            engine.store().write::<_, forsat_store::StoreError>(swap).unwrap();
        }
    };
    let broken = Broken { tamper: Some(Arc::new(tamper)), ..Broken::default() };
    let said = caught(&broken, nothing);
    assert!(said.contains("differ in"), "{said}");
}
