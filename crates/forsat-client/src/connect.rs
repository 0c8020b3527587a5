//! The connection: one event loop that carries a session's messages over a WebSocket.
//!
//! What sync means is decided by the session; this opens and closes the transport, keeps time, and shows what happens.
//! `transport` has addresses, TLS and the socket.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use forsat_store::Lease;
use forsat_sync::client::{SyncEvent, SyncStatus, Welcomed};
use forsat_sync::id::SpaceId;
use serde::Serialize;

use crate::ambient::Ambient;
use crate::engine::Engine;
use crate::error::{ClientError, NetworkFailure};
use crate::revoked;
use crate::sync::{
    Errand, SessionEffect, SessionEvent, SessionInput, SessionPurpose, SyncSession, SyncSummary,
};

mod transport;

pub(crate) use transport::relay_url;
use transport::{Received, Transport};

/// How often another process's edits are looked for.
const LOCAL_POLL_MS: u64 = 500;
/// How often a watch looks whether the process that syncs the store has ended.
const LEASE_POLL_MS: u64 = 250;
/// The longest wait for an answer to an administrator.
const ANSWER_MS: u64 = 30_000;
/// The longest wait without a deadline of the session.
const IDLE_MS: u64 = 60_000;

/// How to connect.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// A file of certificates (PEM) to trust beside the usual ones, for `wss://`.
    pub ca_file: Option<PathBuf>,
}

/// How far a sync has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SyncProgress {
    /// `connecting`, `online` or `offline`.
    pub state: String,
    /// Feed entries received, of all spaces.
    pub received: u64,
    /// Feed entries to be received, as far as is known.
    pub to_receive: u64,
    /// Changes sent and acknowledged.
    pub sent: u64,
    /// Changes that were to be sent when the sync began.
    pub to_send: u64,
}

/// Syncs once: receives and sends until nothing is left to do.
///
/// Fails when another process syncs this store, when the relay can't be reached, and when it isn't the one that the
/// invite named; what was saved stays saved in every case.
pub async fn sync_once(
    engine: &Engine,
    options: &ConnectOptions,
    mut progress: impl FnMut(&SyncProgress),
) -> Result<SyncSummary, ClientError> {
    let mut meter = Meter::new(engine.unsent()?);
    let mut whole = SyncSummary::default();
    let never = std::future::pending();
    run(engine, options, SessionPurpose::Once, never, &mut |event| match event {
        SessionEvent::Summary(summary) => add(&mut whole, summary.clone()),
        SessionEvent::Sync(event) => {
            meter.note(event);
            progress(&meter.progress);
        }
        SessionEvent::Issue(_) | SessionEvent::Waiting => {}
    })
    .await?;
    whole.unsent = engine.unsent()?;
    Ok(whole)
}

/// Stays connected and syncs both ways until `shutdown` is ready.
///
/// What another process saves in this store is sent within a second. While another process syncs this store, the watch
/// waits for its turn. A relay that can't be reached is tried again, with pauses; only what trying can't mend ends the
/// watch with an error.
pub async fn watch(
    engine: &Engine,
    options: &ConnectOptions,
    mut on_event: impl FnMut(&SessionEvent),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ClientError> {
    run(engine, options, SessionPurpose::Watch, shutdown, &mut on_event).await
}

/// Runs a session on the store under its lease.
async fn run(
    engine: &Engine,
    options: &ConnectOptions,
    purpose: SessionPurpose,
    shutdown: impl Future<Output = ()>,
    on_event: &mut dyn FnMut(&SessionEvent),
) -> Result<(), ClientError> {
    let relay = engine.read()?.identity()?.relay.ok_or(ClientError::NotJoined)?;
    let mut shutdown = Box::pin(shutdown);
    let Some(_lease) = lease(engine, purpose, shutdown.as_mut(), on_event).await? else { return Ok(()) };
    let key = engine.device_key()?;
    let ambient = Arc::clone(engine.ambient());
    let (session, effects) = SyncSession::start(engine, purpose, key, ambient.monotonic_ms())?;
    let seen = engine.commit_seq()?;
    let mut driver = Driver {
        machine: Machine::Session { session: Box::new(session), seen },
        transport: None,
        last_failure: None,
        url: &relay.url,
        ca_file: options.ca_file.as_deref(),
        ambient,
    };
    let ended = driver.run(effects, shutdown.as_mut(), on_event).await;
    let revoked = match &driver.machine {
        Machine::Session { session, .. } => session.revoked().map(|lost| (lost, session.taken())),
        Machine::Errand(_) => None,
    };
    let Some((lost, taken)) = revoked else { return ended.map(|_| ()) };
    let Some(directory) = engine.directory() else { return ended.map(|_| ()) };
    let left = revoked::erase(engine, directory, lost, taken)?;
    Err(ClientError::Erased { aside: taken.len() as u64, kept: left.kept, entry: left.entry })
}

/// The right to sync the store. Who syncs once is told at once that another has it; who watches waits for its turn, and
/// gets none when `shutdown` is ready first.
async fn lease(
    engine: &Engine,
    purpose: SessionPurpose,
    mut shutdown: Pin<&mut impl Future<Output = ()>>,
    on_event: &mut dyn FnMut(&SessionEvent),
) -> Result<Option<Lease>, ClientError> {
    let mut turns = 0_u64;
    loop {
        if let Some(lease) = engine.store().try_acquire_lease()? {
            return Ok(Some(lease));
        }
        if purpose == SessionPurpose::Once {
            return Err(ClientError::SyncBusy);
        }
        // A sync that was about to end isn't worth a word.
        if turns == 1 {
            on_event(&SessionEvent::Waiting);
        }
        turns += 1;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(LEASE_POLL_MS)) => {}
            () = &mut shutdown => return Ok(None),
        }
    }
}

/// Redeems an invite: a connection that ends once the relay said who this device is.
pub(crate) async fn enrol(
    errand: (Errand, Vec<SessionEffect>),
    url: &str,
    ca_file: Option<&Path>,
    ambient: &Arc<dyn Ambient>,
) -> Result<Welcomed, ClientError> {
    let mut driver = Driver::of_errand(errand.0, url, ca_file, ambient);
    driver.run(errand.1, std::pin::pin!(std::future::pending()), &mut |_| {}).await?;
    let welcomed = driver.machine.errand().and_then(|errand| errand.welcomed().cloned());
    welcomed.ok_or_else(|| driver.unreachable("the relay ended the enrolment without an answer".to_owned()))
}

/// Asks the relay for what administrators do; its answer as it came.
pub(crate) async fn administer(
    engine: &Engine,
    options: &ConnectOptions,
    request: Vec<u8>,
) -> Result<Vec<u8>, ClientError> {
    let relay = engine.read()?.identity()?.relay.ok_or(ClientError::NotJoined)?;
    let ambient = engine.ambient();
    let key = engine.device_key()?;
    let (errand, effects) = Errand::administer(engine, relay.id, key, request, ambient.monotonic_ms());
    let mut driver = Driver::of_errand(errand, &relay.url, options.ca_file.as_deref(), ambient);
    // A relay of an earlier version passes over what it doesn't know.
    let patience = std::pin::pin!(tokio::time::sleep(Duration::from_millis(ANSWER_MS)));
    driver.run(effects, patience, &mut |_| {}).await?;
    let answer = driver.machine.errand().and_then(|errand| errand.answer().map(<[u8]>::to_vec));
    answer.ok_or(ClientError::NoAdminAnswer)
}

/// What a connection is for.
enum Machine {
    Session { session: Box<SyncSession>, seen: u64 },
    Errand(Box<Errand>),
}

impl Machine {
    fn errand(&self) -> Option<&Errand> {
        match self {
            Self::Errand(errand) => Some(errand),
            Self::Session { .. } => None,
        }
    }

    fn handle(&mut self, now_ms: u64, input: SessionInput) -> Vec<SessionEffect> {
        match self {
            Self::Session { session, .. } => session.handle(now_ms, input),
            Self::Errand(errand) => errand.handle(now_ms, input),
        }
    }

    fn deadline_ms(&self) -> Option<u64> {
        match self {
            Self::Session { session, .. } => session.deadline_ms(),
            Self::Errand(errand) => errand.deadline_ms(),
        }
    }

    fn wants_frames(&self) -> bool {
        match self {
            Self::Session { session, .. } => session.wants_frames(),
            Self::Errand(_) => true,
        }
    }

    /// Whether something was saved in the store since the last time, by this process or another.
    fn has_local_news(&mut self) -> Result<bool, ClientError> {
        let Self::Session { session, seen } = self else { return Ok(false) };
        match session.engine().commit_seq() {
            Ok(now) => Ok(std::mem::replace(seen, now) != now),
            // A store that can't be read for a moment is looked at again.
            Err(error) if error.is_transient() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// One event loop: the machine decides, this carries out.
struct Driver<'u> {
    machine: Machine,
    transport: Option<Transport>,
    /// Why the last attempt to connect failed, for the message at the end.
    last_failure: Option<NetworkFailure>,
    url: &'u str,
    ca_file: Option<&'u Path>,
    ambient: Arc<dyn Ambient>,
}

impl<'u> Driver<'u> {
    fn of_errand(
        errand: Errand,
        url: &'u str,
        ca_file: Option<&'u Path>,
        ambient: &Arc<dyn Ambient>,
    ) -> Self {
        let machine = Machine::Errand(Box::new(errand));
        Self { machine, transport: None, last_failure: None, url, ca_file, ambient: Arc::clone(ambient) }
    }

    async fn run(
        &mut self,
        effects: Vec<SessionEffect>,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
        on_event: &mut dyn FnMut(&SessionEvent),
    ) -> Result<SyncStatus, ClientError> {
        let mut queue: VecDeque<SessionEffect> = effects.into();
        let mut is_stopping = false;
        loop {
            while let Some(effect) = queue.pop_front() {
                if let SessionEffect::Stopped(result) = effect {
                    return result.map_err(|error| self.named(error));
                }
                let stops_next = queue.iter().any(|next| matches!(next, SessionEffect::Stopped(_)));
                if let Some(input) = self.carry_out(effect, stops_next, on_event).await? {
                    queue.extend(self.machine.handle(self.ambient.monotonic_ms(), input));
                }
            }
            let input = tokio::select! {
                input = self.next_input() => input?,
                () = &mut shutdown, if !is_stopping => {
                    is_stopping = true;
                    Some(SessionInput::Stop)
                }
            };
            if let Some(input) = input {
                queue.extend(self.machine.handle(self.ambient.monotonic_ms(), input));
            }
        }
    }

    /// Carries one effect out; answers with what the machine is to hear of it.
    async fn carry_out(
        &mut self,
        effect: SessionEffect,
        stops_next: bool,
        on_event: &mut dyn FnMut(&SessionEvent),
    ) -> Result<Option<SessionInput>, ClientError> {
        match effect {
            SessionEffect::Connect => match Transport::open(self.url, self.ca_file).await {
                Ok(transport) => {
                    self.transport = Some(transport);
                    Ok(Some(SessionInput::Connected))
                }
                Err(transport::OpenError::Unusable(error)) => Err(error),
                Err(transport::OpenError::Failed(why)) => {
                    self.last_failure = Some(why);
                    Ok(Some(SessionInput::Disconnected))
                }
            },
            SessionEffect::Send(bytes) => {
                let Some(transport) = &mut self.transport else { return Ok(None) };
                if let Err(why) = transport.send(bytes).await {
                    return Ok(self.lost(why));
                }
                Ok(None)
            }
            SessionEffect::Close => {
                if let Some(transport) = self.transport.take() {
                    transport.close().await;
                }
                Ok((!stops_next).then_some(SessionInput::Disconnected))
            }
            SessionEffect::Event(event) => {
                on_event(&event);
                Ok(None)
            }
            SessionEffect::Stopped(_) => Ok(None),
        }
    }

    /// Waits for a message, the deadline, or another process's edit.
    async fn next_input(&mut self) -> Result<Option<SessionInput>, ClientError> {
        let now_ms = self.ambient.monotonic_ms();
        let until_deadline = self.machine.deadline_ms().map_or(IDLE_MS, |at| at.saturating_sub(now_ms));
        let wait = Duration::from_millis(until_deadline.min(LOCAL_POLL_MS));
        let reads = self.machine.wants_frames();
        let received = match &mut self.transport {
            Some(transport) if reads => tokio::time::timeout(wait, transport.receive()).await.ok(),
            _ => {
                tokio::time::sleep(wait).await;
                None
            }
        };
        match received {
            Some(Received::Message(bytes)) => Ok(Some(SessionInput::Frame(bytes))),
            Some(Received::Lost(why)) => Ok(self.lost(why)),
            None if self.machine.has_local_news()? => Ok(Some(SessionInput::LocalSaved)),
            None if until_deadline <= LOCAL_POLL_MS => Ok(Some(SessionInput::Tick)),
            None => Ok(None),
        }
    }

    /// The connection is gone: nothing may be read from it or sent on it any more.
    fn lost(&mut self, why: NetworkFailure) -> Option<SessionInput> {
        self.last_failure = Some(why);
        self.transport.take().map(|_| SessionInput::Disconnected)
    }

    /// Gives an unreachable relay its address and the network's own words.
    fn named(&self, error: ClientError) -> ClientError {
        match error {
            ClientError::Relay { code, message } if code == "unreachable" => self.unreachable(message),
            other => other,
        }
    }

    fn unreachable(&self, otherwise: String) -> ClientError {
        let why = self.last_failure.clone().unwrap_or(NetworkFailure::System(otherwise));
        ClientError::Unreachable { url: self.url.to_owned(), why }
    }
}

/// Adds one summary to what came before it in the same sync.
fn add(whole: &mut SyncSummary, part: SyncSummary) {
    whole.records.extend(part.records);
    whole.more_records += part.more_records;
    whole.received += part.received;
    whole.sent += part.sent;
    whole.fetched += part.fetched;
    whole.brought_back += part.brought_back;
    whole.moved += part.moved;
    whole.gone += part.gone;
    whole.refused += part.refused;
    whole.aside += part.aside;
    whole.unreadable += part.unreadable;
    whole.erased += part.erased;
    whole.put_off = part.put_off;
    whole.synced |= part.synced;
}

/// Counts what the session tells of its progress.
struct Meter {
    progress: SyncProgress,
    /// Feed entries that each space still has beyond what was received.
    ahead: BTreeMap<SpaceId, u64>,
}

impl Meter {
    fn new(to_send: u64) -> Self {
        let progress = SyncProgress { state: "connecting".to_owned(), to_send, ..SyncProgress::default() };
        Self { progress, ahead: BTreeMap::new() }
    }

    fn note(&mut self, event: &SyncEvent) {
        match event {
            SyncEvent::Connecting => self.state("connecting"),
            SyncEvent::Online => self.state("online"),
            SyncEvent::Offline { .. } => self.state("offline"),
            SyncEvent::Received { space, entries, at, head } => {
                self.ahead.insert(*space, head.get().saturating_sub(at.get()));
                self.progress.received += entries;
                self.progress.to_receive = self.progress.received + self.ahead.values().sum::<u64>();
            }
            SyncEvent::Sent { changes, .. } => {
                self.progress.sent += changes;
                self.progress.to_send = self.progress.to_send.max(self.progress.sent);
            }
            SyncEvent::Walked { fetched, brought, .. } => {
                self.progress.received += fetched;
                self.progress.to_receive = self.progress.to_receive.max(self.progress.received);
                self.progress.sent += brought;
                self.progress.to_send = self.progress.to_send.max(self.progress.sent);
            }
            SyncEvent::Healing { .. }
            | SyncEvent::Healed { .. }
            | SyncEvent::Ephemeral { .. }
            | SyncEvent::Settled(_) => {}
        }
    }

    fn state(&mut self, state: &str) {
        state.clone_into(&mut self.progress.state);
    }
}
