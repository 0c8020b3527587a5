//! The thread that owns the hub and the store: takes what sockets and operators report, drains what is queued, lets
//! the hub do one round, sends the effects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use forsat_sync::id::Nonce;
use forsat_sync::relay::{Input, RelayConfig};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::admin::{self, Answer, Failure, Looking, Request, programs};
use crate::ambient::{self, Monotonic};
use crate::hub::{ConnectionId, Hub, HubCounts, HubEffect, HubLimits, Moment};
use crate::store::{RelayStore, StoreError};
use crate::token::TokenHash;

/// How many messages may wait for the thread.
pub(crate) const QUEUE_MAX: usize = 4096;
/// The longest sleep without a message, in milliseconds.
const SLEEP_MS_MAX: u64 = 60_000;

/// What is told to the thread.
pub(crate) enum Message {
    /// A socket was opened; frames for it go to `outbox`.
    Open { connection: ConnectionId, outbox: mpsc::UnboundedSender<Outgoing> },
    /// Something happened to a socket. `permit` stands for the bytes of a frame until it was handled.
    Input { connection: ConnectionId, input: Input, permit: Option<OwnedSemaphorePermit> },
    /// An operator asks something.
    Admin { request: Request, answer: oneshot::Sender<Answer> },
    /// A program shows a token.
    Token { token: TokenHash, answer: oneshot::Sender<Result<(), Failure>> },
    /// A program asks something.
    Program { token: TokenHash, request: Request, answer: oneshot::Sender<Answer> },
    /// Somebody asks how it goes.
    Health { answer: oneshot::Sender<HubCounts> },
    /// The relay stops.
    Drain { retry_after_ms: u64, jitter_ms: u64 },
}

/// What a socket is to send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A message.
    Frame(Vec<u8>),
    /// The last word.
    Close { code: String, message: String },
}

/// The hub with what surrounds it.
struct Driver {
    hub: Hub,
    /// Ends before the store does.
    looking: Looking,
    store: Arc<dyn RelayStore>,
    clock: Monotonic,
    outboxes: BTreeMap<ConnectionId, mpsc::UnboundedSender<Outgoing>>,
    url: String,
    draining: bool,
}

/// Starts the thread. It ends after a drain, or with the error after which the process must end.
pub(crate) fn spawn(
    runtime: Handle,
    store: Box<dyn RelayStore>,
    config: Arc<RelayConfig>,
    url: String,
    messages: mpsc::Receiver<Message>,
) -> std::io::Result<oneshot::Receiver<Result<(), StoreError>>> {
    let (done, ended) = oneshot::channel();
    let mut driver = Driver {
        hub: Hub::new(config, HubLimits::default()),
        looking: Looking::default(),
        store: Arc::from(store),
        clock: Monotonic::start(),
        outboxes: BTreeMap::new(),
        url,
        draining: false,
    };
    std::thread::Builder::new().name("storage".into()).spawn(move || {
        let result = driver.run(&runtime, messages);
        // The store is closed before anybody hears that it is.
        drop(driver);
        let _ = done.send(result);
    })?;
    Ok(ended)
}

impl Driver {
    fn run(&mut self, runtime: &Handle, mut messages: mpsc::Receiver<Message>) -> Result<(), StoreError> {
        loop {
            if !self.hub.has_work(self.clock.now_ms()) {
                let sleep = self.sleep();
                match runtime.block_on(async { tokio::time::timeout(sleep, messages.recv()).await }) {
                    Ok(Some(message)) => self.message(message),
                    Ok(None) => return Ok(()),
                    Err(_) => {}
                }
            }
            for _ in 0..QUEUE_MAX {
                match messages.try_recv() {
                    Ok(message) => self.message(message),
                    Err(_) => break,
                }
            }
            self.at_moment(|hub, _, moment| {
                if hub.deadline_ms().is_some_and(|at| at <= moment.now_ms) {
                    hub.tick(moment);
                }
            });
            self.at_moment(|hub, store, moment| hub.run(store, moment))?;
            // An operator's request may have met a failed fsync; the hub's own are told by the line above.
            self.store.check()?;
            self.carry_out();
            if self.draining && self.hub.counts().connections == 0 {
                return Ok(());
            }
        }
    }

    /// Until the next deadline, at least a millisecond.
    fn sleep(&self) -> Duration {
        let now_ms = self.clock.now_ms();
        let until = self.hub.deadline_ms().map_or(SLEEP_MS_MAX, |at| at.saturating_sub(now_ms));
        Duration::from_millis(until.clamp(1, SLEEP_MS_MAX))
    }

    fn at_moment<T>(&mut self, act: impl FnOnce(&mut Hub, &dyn RelayStore, &mut Moment<'_>) -> T) -> T {
        let mut random = ambient::random::<16>;
        let mut moment =
            Moment { now_ms: self.clock.now_ms(), wall_ms: ambient::wall_ms(), random: &mut random };
        act(&mut self.hub, &*self.store, &mut moment)
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Open { outbox, .. } if self.draining => {
                let (code, message) = ("draining".to_owned(), "the relay is stopping".to_owned());
                let _ = outbox.send(Outgoing::Close { code, message });
            }
            Message::Open { connection, outbox } => {
                self.outboxes.insert(connection, outbox);
                let nonce = Nonce::from_bytes(ambient::random());
                self.at_moment(|hub, _, moment| hub.open(connection, nonce, moment));
            }
            Message::Input { connection, input, permit } => {
                let closed = input == Input::Closed;
                self.at_moment(|hub, _, moment| hub.input(connection, input, moment));
                drop(permit);
                if closed {
                    self.outboxes.remove(&connection);
                }
            }
            Message::Admin { request: Request::Verify, answer } => {
                self.looking.begin(Arc::clone(&self.store), answer);
            }
            Message::Admin { request, answer } => {
                let serving = admin::serving(&self.url, self.hub.counts());
                let done = admin::execute(&*self.store, &request, &self.url, Some(serving));
                self.done(&request, &done);
                let _ = answer.send(done);
            }
            Message::Token { token, answer } => {
                let _ = answer.send(programs::authenticate(&*self.store, &token).map(drop));
            }
            Message::Program { token, request, answer } => {
                let serving = admin::serving(&self.url, self.hub.counts());
                let done = programs::execute(&*self.store, &token, &request, &self.url, serving);
                self.done(&request, &done);
                let _ = answer.send(done);
            }
            Message::Health { answer } => {
                let _ = answer.send(self.hub.counts());
            }
            Message::Drain { retry_after_ms, jitter_ms } => {
                self.draining = true;
                let drain = Input::Drain { retry_after_ms, jitter_ms };
                self.at_moment(|hub, _, moment| hub.input_all(&drain, moment));
            }
        }
        self.carry_out();
    }

    /// Lets connections follow what was done.
    fn done(&mut self, request: &Request, answer: &Answer) {
        if request.changes_access() && !matches!(answer, Answer::Failed(_)) {
            self.at_moment(|hub, store, moment| {
                hub.access_changed(moment);
                hub.control_grew(store, moment);
            });
        }
    }

    /// Hands effects to the sockets. A socket that is gone reports so by itself.
    fn carry_out(&mut self) {
        for effect in self.hub.take_effects() {
            match effect {
                HubEffect::Send { connection, bytes } => {
                    if let Some(outbox) = self.outboxes.get(&connection) {
                        let _ = outbox.send(Outgoing::Frame(bytes));
                    }
                }
                HubEffect::Close { connection, code, message } => {
                    tracing::debug!(connection = connection.0, %code, "a connection is closed");
                    if let Some(outbox) = self.outboxes.remove(&connection) {
                        let _ = outbox.send(Outgoing::Close { code: code.to_string(), message });
                    }
                }
            }
        }
    }
}
