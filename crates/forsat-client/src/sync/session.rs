//! One connection after the other, against one store.

use super::arrival::ARRIVAL;
use super::aside::{Asides, Taken};
use super::touched::Touched;
use super::{READER_VERSION, SyncSummary, directory, issues};
use crate::ambient::Ambient;
use crate::engine::Engine;
use crate::error::ClientError;
use forsat_store::SyncIssueKey;
use forsat_sync::client::{
    ClientConfig, ClientLimits, ClientMachine, Effect, HealWork, Input, MoveDone, OutboxSeq, Purpose,
    StorePage, StoreTask, SyncEvent, SyncIssue, SyncStatus,
};
use forsat_sync::id::{ChangeHash, DocumentId, Nonce, SpaceId};
use forsat_sync::identity::DeviceKey;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionPurpose {
    /// Send and receive until nothing is left to do, then stop.
    Once,
    /// Go on until stopped.
    Watch,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput {
    /// The transport that [`SessionEffect::Connect`] asked for is open.
    Connected,
    /// A whole message came.
    Frame(Vec<u8>),
    /// The transport couldn't be opened, or is gone; also the answer to [`SessionEffect::Close`], unless
    /// [`SessionEffect::Stopped`] followed it.
    Disconnected,
    /// The deadline has come.
    Tick,
    /// This or another process saved something.
    LocalSaved,
    /// Connect now instead of waiting out the back-off.
    ConnectNow,
    /// End in good order.
    Stop,
}

/// What the driver is to do, in this order.
#[derive(Debug)]
pub enum SessionEffect {
    /// Open the transport.
    Connect,
    /// Send a message.
    Send(Vec<u8>),
    /// Close the transport without waiting for the other side.
    Close,
    /// Something to show.
    Event(SessionEvent),
    /// The session has ended.
    Stopped(Result<SyncStatus, ClientError>),
}

/// Something to show.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// Another process syncs this store; this one begins once that one has ended.
    Waiting,
    /// The connection or its progress.
    Sync(SyncEvent),
    /// Something that a person should know; kept with the store where it lasts.
    Issue(SyncIssue),
    /// Nothing is left to do for now; what came and went since the last one. Comes before `Stopped` too.
    Summary(SyncSummary),
}

/// The device's end of the sync on one store.
pub struct SyncSession {
    pub(super) engine: Engine,
    machine: ClientMachine,
    /// Places of the outbox that the machine has, and the changes there.
    pub(super) loaded: BTreeMap<OutboxSeq, (DocumentId, ChangeHash)>,
    pub(super) touched: Touched,
    pub(super) refused: u64,
    fetched: u64,
    brought_back: u64,
    pub(super) unreadable: u64,
    /// Records that were moved for this device since the last summary.
    pub(super) moved: u64,
    /// Records that left this store since the last summary.
    pub(super) gone: u64,
    /// Unsent changes go to another space than the machine knows.
    pub(super) has_rehomed: bool,
    /// Records that were erased since the last summary.
    pub(super) erased: u64,
    /// How often the changes of a document were made again for their actor's sake.
    pub(super) authored_anew: BTreeMap<DocumentId, u32>,
    /// Unsent changes of an earlier incarnation wait for the head of their feed.
    pub(super) reauthor_pending: bool,
    /// Spaces in which they don't any more.
    pub(super) authored_anew_in: BTreeSet<SpaceId>,
    /// A store that joined has yet to bring along what the relay lacks.
    pub(super) has_arrival: bool,
    /// Counts of the machine at the last summary: received and sent.
    summed: (u64, u64),
    /// Issues that were shown and that the store couldn't keep yet.
    unkept: BTreeMap<SyncIssueKey, String>,
    /// What is set aside at the relay.
    pub(super) asides: Asides,
    /// The relay's signed word that this device is revoked: whether as a lost one.
    revoked: Option<bool>,
    /// The relay was set back, and the store hasn't noted yet that homes are counted anew.
    pub(super) doubted: BTreeSet<SpaceId>,
    is_stopped: bool,
}

impl fmt::Debug for SyncSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSession").field("machine", &self.machine).finish_non_exhaustive()
    }
}

impl SyncSession {
    /// Begins; the effects ask for a connection. `now_ms` is a monotonic clock in milliseconds, here and everywhere.
    ///
    /// The caller holds the sync lease of the store.
    pub fn start(
        engine: &Engine,
        purpose: SessionPurpose,
        key: DeviceKey,
        now_ms: u64,
    ) -> Result<(SyncSession, Vec<SessionEffect>), ClientError> {
        let tx = engine.read()?;
        let identity = tx.identity()?;
        let relay = identity.relay.ok_or(ClientError::NotJoined)?;
        let has_arrival = tx.client_value(ARRIVAL)?.is_some();
        drop(tx);
        let config = ClientConfig {
            key,
            relay: relay.id,
            purpose: Purpose::Sync {
                known: directory::known(engine)?,
                once: purpose == SessionPurpose::Once,
            },
            reader_version: READER_VERSION,
            flow: ClientLimits::default(),
        };
        let (machine, effects) = ClientMachine::start(config, now_ms);
        let mut session = SyncSession {
            engine: engine.clone(),
            machine,
            loaded: BTreeMap::new(),
            touched: Touched::default(),
            refused: 0,
            fetched: 0,
            brought_back: 0,
            unreadable: 0,
            moved: 0,
            gone: 0,
            has_rehomed: false,
            erased: 0,
            authored_anew: BTreeMap::new(),
            reauthor_pending: identity.reauthor_pending,
            authored_anew_in: BTreeSet::new(),
            has_arrival,
            summed: (0, 0),
            unkept: BTreeMap::new(),
            asides: Asides::default(),
            revoked: None,
            doubted: BTreeSet::new(),
            is_stopped: false,
        };
        session.note_drained()?;
        let effects = session.carry_out(now_ms, effects);
        Ok((session, effects))
    }

    /// Takes one input and answers what to do. Work on the store is done before it returns.
    pub fn handle(&mut self, now_ms: u64, input: SessionInput) -> Vec<SessionEffect> {
        if self.is_stopped {
            return Vec::new();
        }
        if input == SessionInput::Connected {
            self.know_control();
        }
        if matches!(input, SessionInput::Connected | SessionInput::LocalSaved) {
            self.know_moves();
        }
        let input = match input {
            SessionInput::Connected => Input::Connected { nonce: nonce(&**self.engine.ambient()) },
            SessionInput::Frame(bytes) => Input::Frame(bytes),
            SessionInput::Disconnected => Input::Disconnected { random: bits(&**self.engine.ambient()) },
            SessionInput::Tick => Input::Tick,
            SessionInput::LocalSaved => Input::OutboxChanged,
            SessionInput::ConnectNow => Input::ConnectNow,
            SessionInput::Stop => Input::Stop,
        };
        if !self.unkept.is_empty() {
            self.keep_issues();
        }
        let effects = self.machine.handle(now_ms, input);
        self.carry_out(now_ms, effects)
    }

    /// When the next [`SessionInput::Tick`] is due; none when nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> {
        if self.is_stopped { None } else { self.machine.deadline_ms() }
    }

    /// Whether the driver may read the next message.
    pub fn wants_frames(&self) -> bool {
        self.machine.wants_frames()
    }

    /// Where things stand.
    pub fn status(&self) -> SyncStatus {
        self.machine.status()
    }

    /// Whether the relay has revoked this device in an entry that it signed; as a lost one, if so.
    pub fn revoked(&self) -> Option<bool> {
        self.revoked
    }

    /// What the relay took of a device that it has revoked.
    pub(crate) fn taken(&self) -> &Taken {
        self.asides.taken()
    }

    pub(super) fn machine_mut(&mut self) -> &mut ClientMachine {
        &mut self.machine
    }

    /// The store's engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Carries effects out against the store until only the driver's are left.
    fn carry_out(&mut self, now_ms: u64, effects: Vec<Effect>) -> Vec<SessionEffect> {
        let mut queue: VecDeque<Effect> = effects.into();
        let mut out = Vec::new();
        while let Some(effect) = queue.pop_front() {
            match self.carry_out_one(effect, &mut out) {
                Ok(inputs) => {
                    // What was refused just now is set aside before the machine may think that nothing is left to do.
                    let asides = if self.is_stopped { None } else { self.next_aside() };
                    for input in asides.into_iter().chain(inputs) {
                        queue.extend(self.machine.handle(now_ms, input));
                    }
                }
                Err(error) => {
                    self.is_stopped = true;
                    out.push(SessionEffect::Close);
                    out.push(SessionEffect::Stopped(Err(error)));
                    return out;
                }
            }
        }
        out
    }

    /// Carries one effect out; answers the machine's inputs. An error is one that the session can't go on after.
    fn carry_out_one(
        &mut self,
        effect: Effect,
        out: &mut Vec<SessionEffect>,
    ) -> Result<Vec<Input>, ClientError> {
        match effect {
            Effect::Connect => {
                self.loaded.clear();
                out.push(SessionEffect::Connect);
            }
            Effect::Send(bytes) => out.push(SessionEffect::Send(bytes)),
            Effect::Close => out.push(SessionEffect::Close),
            // A sync asks for nothing that is answered so.
            Effect::Administered(_) => {}
            Effect::WasSetAside { ask, results } => self.was_set_aside(ask, &results)?,
            Effect::LoadOutbox { .. }
            | Effect::LoadControl { .. }
            | Effect::StorePage(_)
            | Effect::Heal(_)
            | Effect::Settle(_)
            | Effect::Moved(_) => return self.ask_store(effect),
            Effect::Revoked { lost, sets_aside, .. } => {
                self.revoked = Some(lost);
                self.asides.revoked(sets_aside);
            }
            Effect::Welcomed(welcomed) => {
                if let Err(error) = self.welcomed(&welcomed) {
                    return answer(Err(error), StoreTask::Welcome);
                }
            }
            Effect::Report(issue) => return self.reported(issue, out),
            Effect::Event(event) => self.show(event, out)?,
            Effect::Stopped(result) => {
                self.is_stopped = true;
                if !self.touched.is_empty() {
                    self.sum_up(&self.machine.status(), out)?;
                }
                out.push(SessionEffect::Stopped(result.map_err(relay_error)));
            }
        }
        Ok(Vec::new())
    }

    /// Does what an effect wants of the store, and answers it.
    fn ask_store(&mut self, effect: Effect) -> Result<Vec<Input>, ClientError> {
        match effect {
            Effect::StorePage(page) => self.page(page),
            Effect::Heal(work) => self.heal_part(work),
            Effect::Moved(done) => self.moved(&done),
            Effect::LoadControl { after } => self.load_control(after),
            Effect::LoadOutbox { after, bytes_max } => {
                let loaded = self.load_outbox(after, bytes_max).map(|items| Input::OutboxLoaded { items });
                answer(loaded, StoreTask::Outbox)
            }
            Effect::Settle(settle) => {
                let settled = self.settle(settle).map(|()| Input::Settled);
                answer(settled, StoreTask::Settle)
            }
            // The rest wants nothing of the store.
            _ => Ok(Vec::new()),
        }
    }

    /// Shows an issue, and does what follows from it.
    fn reported(
        &mut self,
        issue: SyncIssue,
        out: &mut Vec<SessionEffect>,
    ) -> Result<Vec<Input>, ClientError> {
        if let SyncIssue::CursorInvalid { space } = &issue {
            self.doubted.insert(*space);
        }
        let grew = match &issue {
            // Healing has been tried: nothing more will come back before what is here is sent.
            SyncIssue::DigestMismatch { space, .. } => self.head_reached(*space),
            _ => Ok(false),
        };
        self.report(issue, out);
        match grew {
            Ok(false) => Ok(Vec::new()),
            grew => answer(grew.map(|_| Input::OutboxChanged), StoreTask::Page),
        }
    }

    /// Shows an event of the machine, and what follows from it.
    fn show(&mut self, event: SyncEvent, out: &mut Vec<SessionEffect>) -> Result<(), ClientError> {
        match &event {
            SyncEvent::Walked { fetched, brought, .. } => {
                self.fetched += fetched;
                self.brought_back += brought;
            }
            SyncEvent::Online => self.asides.begin(),
            _ => {}
        }
        // A machine that works once has stopped by now, so its own words at the moment of settling count.
        let settled = if let SyncEvent::Settled(status) = &event { Some(status.clone()) } else { None };
        out.push(SessionEffect::Event(SessionEvent::Sync(event)));
        if let Some(status) = settled {
            let told = self.note_drained().and_then(|()| self.sum_up(&status, out));
            unless_it_can_wait(told)?;
        }
        Ok(())
    }

    fn page(&mut self, page: StorePage) -> Result<Vec<Input>, ClientError> {
        let (space, root) = (page.space, page.root);
        let stored = match self.store_page(page) {
            Ok(stored) => stored,
            Err(error) => return answer(Err(error), StoreTask::Page),
        };
        // While the digests differ something that was sent earlier may still come back by healing.
        let grew = if root.is_some() && stored.root == root {
            self.unkept.retain(|key, _| !issues::is_ended_by_match(key, &space));
            match self.head_reached(space) {
                Ok(grew) => grew,
                Err(error) => return answer(Err(error), StoreTask::Page),
            }
        } else {
            false
        };
        let grew = match root.map(|_| self.send_acked_again(&space)) {
            None => grew,
            Some(Ok(again)) => grew || again,
            Some(Err(error)) => return answer(Err(error), StoreTask::Page),
        };
        let mut inputs = if grew { vec![Input::OutboxChanged] } else { Vec::new() };
        inputs.extend(self.rehomed());
        inputs.push(Input::PageStored(stored));
        Ok(inputs)
    }

    fn heal_part(&mut self, work: HealWork) -> Result<Vec<Input>, ClientError> {
        let mut inputs = answer(self.heal(work).map(Input::Healed), StoreTask::Heal)?;
        inputs.splice(0..0, self.rehomed());
        Ok(inputs)
    }

    fn moved(&mut self, done: &[MoveDone]) -> Result<Vec<Input>, ClientError> {
        match self.moves_answered(done) {
            Ok(()) => Ok(Vec::new()),
            Err(error) => answer(Err(error), StoreTask::Moves),
        }
    }

    /// What the machine is to hear when changes of the outbox go to another space than it knows.
    fn rehomed(&mut self) -> Option<Input> {
        std::mem::take(&mut self.has_rehomed).then_some(Input::OutboxRehomed)
    }

    /// Shows an issue, and keeps it with the store where it lasts.
    fn report(&mut self, issue: SyncIssue, out: &mut Vec<SessionEffect>) {
        // A store that can't be read for a moment says nothing of it: the issue is shown then, and ends by itself.
        if self.is_of_return(&issue).unwrap_or(false) {
            return;
        }
        if let Some((key, message)) = issues::lasting(&issue) {
            self.unkept.insert(key, message);
            self.keep_issues();
        }
        out.push(SessionEffect::Event(SessionEvent::Issue(issue)));
    }

    /// Keeps issues with the store. A store that can't take them now is asked again: what it fails at for good shows at
    /// the next thing that it is wanted for.
    fn keep_issues(&mut self) {
        let now_ms = self.engine.ambient().now_ms();
        let kept = self.engine.write(|tx| {
            for (key, message) in &self.unkept {
                tx.raise_sync_issue(key, message, now_ms)?;
            }
            Ok(())
        });
        match kept {
            Ok(()) => self.unkept.clear(),
            Err(error) => tracing::warn!(%error, "an issue of the sync can't be kept yet"),
        }
    }

    /// Shows what came and went since the last time.
    fn sum_up(&mut self, status: &SyncStatus, out: &mut Vec<SessionEffect>) -> Result<(), ClientError> {
        let unsent = self.engine.unsent()?;
        let (records, more_records) = self.touched.sum_up(&self.engine)?;
        let (received, sent) = std::mem::replace(&mut self.summed, (status.received, status.sent));
        let summary = SyncSummary {
            records,
            more_records,
            received: status.received.saturating_sub(received),
            sent: status.sent.saturating_sub(sent),
            fetched: std::mem::take(&mut self.fetched),
            brought_back: std::mem::take(&mut self.brought_back),
            refused: std::mem::take(&mut self.refused),
            aside: self.asides.sum_up(),
            put_off: status.put_off,
            unreadable: std::mem::take(&mut self.unreadable),
            moved: std::mem::take(&mut self.moved),
            gone: std::mem::take(&mut self.gone),
            erased: std::mem::take(&mut self.erased),
            unsent,
            synced: status.synced,
        };
        out.push(SessionEffect::Event(SessionEvent::Summary(summary)));
        Ok(())
    }

    /// Begins a new incarnation: the next edit draws a new actor.
    pub(super) fn renew_incarnation(&self) -> Result<(), ClientError> {
        let mut random = [0; 32];
        self.engine.ambient().fill(&mut random);
        Ok(self.engine.store().renew_incarnation(&random)?)
    }
}

/// Lets a failure pass that is over later: what was to be told is told then.
fn unless_it_can_wait(result: Result<(), ClientError>) -> Result<(), ClientError> {
    match result {
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "what came in can't be summed up yet");
            Ok(())
        }
        other => other,
    }
}

/// The answer to a task of the store. What can be tried again is told to the machine; the rest ends the session.
fn answer(result: Result<Input, ClientError>, task: StoreTask) -> Result<Vec<Input>, ClientError> {
    match result {
        Ok(input) => Ok(vec![input]),
        Err(error) if error.is_transient() => {
            Ok(vec![Input::StoreFailed { task, message: error.to_string() }])
        }
        Err(error) => Err(error),
    }
}

/// 32 bytes that are used once.
pub(super) fn nonce(ambient: &dyn Ambient) -> Nonce {
    let mut bytes = [0; 32];
    ambient.fill(&mut bytes);
    Nonce::from_bytes(bytes)
}

/// 64 even bits, for the back-off.
pub(super) fn bits(ambient: &dyn Ambient) -> u64 {
    let mut bytes = [0; 8];
    ambient.fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

/// Why the machine ended, in the engine's words.
pub(super) fn relay_error(error: forsat_sync::client::ClientError) -> ClientError {
    ClientError::Relay { code: error.code().to_owned(), message: error.to_string() }
}
