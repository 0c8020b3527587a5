//! The relay on the network: `/sync` for devices, `/healthz` for whoever watches it, `/admin` and `/status` for programs with a
//! token.
//!
//! TLS is left to a reverse proxy: the relay speaks plain WebSocket and is meant to listen on loopback.

mod programs;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use forsat_sync::frame::NAME_BYTES_MAX;
use forsat_sync::identity::RelayKey;
use forsat_sync::limits::{HANDSHAKE_MS_MAX, IN_FLIGHT_TOTAL_BYTES_MAX, MESSAGE_BYTES_MAX};
use forsat_sync::relay::{FlowLimits, RelayConfig};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use self::programs::Programs;
use crate::admin::{self, Answer};
use crate::driver::{self, Message};
use crate::hub::ConnectionId;
use crate::store::{RelayStore, StoreError};

/// Where devices connect.
pub const SYNC_PATH: &str = "/sync";
/// Where programs with a token ask.
pub const ADMIN_PATH: &str = "/admin";
/// Where programs with a token get the status.
pub const STATUS_PATH: &str = "/status";
/// The oldest reader of documents that may connect.
const READER_VERSION_MIN: u32 = 1;
/// Bytes of frames that were read off sockets and wait for the hub.
const INBOUND_BYTES_MAX: usize = IN_FLIGHT_TOTAL_BYTES_MAX / 4;
/// How long `/healthz` waits for the hub.
const HEALTH_WAIT: Duration = Duration::from_secs(2);
/// How long the relay rests when it can't accept sockets, such as for want of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// What is read off a socket at a time, in bytes; every connection has a buffer of this size.
const READ_BUFFER_BYTES: usize = 16 * 1024;
/// How long a stop waits for sockets to say their last words.
const SOCKETS_WAIT: Duration = Duration::from_secs(5);

/// How a relay serves.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where devices reach it, when that isn't where it listens.
    pub public_url: Option<String>,
    /// The most connections at once.
    pub connections_max: usize,
    /// After a stop devices come back after this, in milliseconds,
    pub drain_retry_after_ms: u64,
    /// and up to this much later.
    pub drain_jitter_ms: u64,
    /// The data directory, where the admin socket goes; without it there is none.
    pub admin: Option<PathBuf>,
}

impl ServerOptions {
    /// The usual options for an address.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            public_url: None,
            connections_max: 4096,
            drain_retry_after_ms: 1_000,
            drain_jitter_ms: 4_000,
            admin: None,
        }
    }
}

/// Why a relay can't serve, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The admin socket can't be opened.
    #[error("can't open the admin socket in {path}: {source}; the folder must be writable for the relay")]
    AdminSocket {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Threads or the network failed.
    #[error("the operating system refused what the relay needs: {0}")]
    System(#[from] io::Error),
    /// The store failed in a way after which nothing is certain.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A relay that serves.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    options: ServerOptions,
    messages: mpsc::Sender<Message>,
    storage_ended: oneshot::Receiver<Result<(), StoreError>>,
    stop_accepting: oneshot::Sender<()>,
    sockets_ended: mpsc::Receiver<()>,
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    messages: mpsc::Sender<Message>,
    inbound: Arc<Semaphore>,
    connections: Arc<AtomicUsize>,
    connections_max: usize,
    next_connection: Arc<AtomicU64>,
    programs: Programs,
    /// Dropped by the last socket.
    #[expect(dead_code, reason = "held, not read: a stop waits until every copy is dropped")]
    alive: mpsc::Sender<()>,
}

/// Asks a serving relay from within its process.
#[derive(Clone, Debug)]
pub struct Operator {
    messages: mpsc::Sender<Message>,
}

impl Operator {
    /// Carries out a request; fails when the relay has stopped.
    pub async fn ask(&self, request: admin::Request) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sent = self.messages.send(Message::Admin { request, answer }).await.is_ok();
        match answered.await {
            Ok(answer) if sent => answer,
            _ => Answer::Failed(admin::Failure {
                code: "store".into(),
                message: "the relay is stopping: ask again when it serves".into(),
            }),
        }
    }
}

impl Server {
    /// Begins to serve a store. Call within a tokio runtime.
    pub async fn start(store: Box<dyn RelayStore>, options: ServerOptions) -> Result<Self, ServerError> {
        let listen = |source| ServerError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr()?;
        let url = options.public_url.clone().unwrap_or_else(|| format!("ws://{address}{SYNC_PATH}"));
        let config = RelayConfig {
            key: RelayKey::from_seed(&store.identity().relay_key_seed),
            reader_version_min: READER_VERSION_MIN,
            flow: FlowLimits::default(),
        };
        let admin_socket = match &options.admin {
            Some(path) => Some(
                admin::listen(path)
                    .map_err(|source| ServerError::AdminSocket { path: path.clone(), source })?,
            ),
            None => None,
        };
        let (messages, received) = mpsc::channel(driver::QUEUE_MAX);
        let runtime = tokio::runtime::Handle::current();
        let storage_ended = driver::spawn(runtime, store, Arc::new(config), url.clone(), received)?;
        let (alive, sockets_ended) = mpsc::channel(1);
        let shared = Shared {
            messages: messages.clone(),
            inbound: Arc::new(Semaphore::new(INBOUND_BYTES_MAX)),
            connections: Arc::default(),
            connections_max: options.connections_max,
            next_connection: Arc::default(),
            programs: Programs::new(),
            alive,
        };
        if let Some(socket) = admin_socket {
            tokio::spawn(serve_operators(socket, Operator { messages: messages.clone() }));
        }
        let (stop_accepting, stopped) = oneshot::channel();
        tokio::spawn(accept(listener, shared, stopped));
        Ok(Self { address, url, options, messages, storage_ended, stop_accepting, sockets_ended })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where devices reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A way to ask it things from within the process.
    pub fn operator(&self) -> Operator {
        Operator { messages: self.messages.clone() }
    }

    /// Serves until `stop` is done or the store fails for good, then drains and closes the store.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), ServerError> {
        let failed = tokio::select! {
            () = stop => None,
            ended = &mut self.storage_ended => Some(ended),
        };
        let _ = self.stop_accepting.send(());
        let ended = match failed {
            Some(ended) => ended,
            None => {
                tracing::info!("stopping: devices are asked to come back");
                let (retry_after_ms, jitter_ms) =
                    (self.options.drain_retry_after_ms, self.options.drain_jitter_ms);
                let _ = self.messages.send(Message::Drain { retry_after_ms, jitter_ms }).await;
                self.storage_ended.await
            }
        };
        drop(self.messages);
        let _ = tokio::time::timeout(SOCKETS_WAIT, self.sockets_ended.recv()).await;
        if let Some(path) = &self.options.admin {
            let _ = std::fs::remove_file(path.join(admin::SOCKET_NAME));
        }
        match ended {
            Ok(result) => Ok(result?),
            Err(_) => {
                Err(io::Error::other("the storage thread ended without a word: see the log above").into())
            }
        }
    }
}

/// Accepts sockets until told to stop. Those that have not become WebSockets yet are bounded in number and in time.
async fn accept(listener: TcpListener, shared: Shared, stopped: oneshot::Receiver<()>) {
    let places = Arc::new(Semaphore::new(shared.connections_max.max(1)));
    let router = Router::new()
        .route(SYNC_PATH, get(sync))
        .route(ADMIN_PATH, programs::admin())
        .route(STATUS_PATH, programs::status())
        .route("/healthz", get(health))
        .with_state(shared);
    let (stopping, stop) = watch::channel(());
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    tokio::spawn(async move {
                        serve_http(stream, router, stop).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a socket was not accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stopped => {}
    }
    drop(stopping);
}

/// Answers the requests of one socket until it becomes a WebSocket, is closed, or sends no whole header in time.
async fn serve_http(stream: TcpStream, router: Router, mut stop: watch::Receiver<()>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HANDSHAKE_MS_MAX));
    let serving = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut serving = std::pin::pin!(serving.with_upgrades());
    let done = tokio::select! {
        done = serving.as_mut() => done,
        _ = stop.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a socket ended before it was a WebSocket");
    }
}

async fn sync(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    if shared.connections.fetch_add(1, Ordering::AcqRel) >= shared.connections_max {
        shared.connections.fetch_sub(1, Ordering::AcqRel);
        let message = "the relay has as many connections as it may; come again later";
        return (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    }
    let connection = ConnectionId(shared.next_connection.fetch_add(1, Ordering::AcqRel));
    let place = Place(Arc::clone(&shared.connections));
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MESSAGE_BYTES_MAX + NAME_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX + NAME_BYTES_MAX)
        .on_upgrade(move |socket| socket::serve(socket, connection, shared, place))
}

/// A connection's place among those that may be open; given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Says how the relay is and nothing else: anybody may ask. Operators get the counts through the admin socket.
async fn health(State(shared): State<Shared>) -> Response {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        shared.messages.send(Message::Health { answer }).await.ok()?;
        answered.await.ok()
    };
    let Ok(Some(counts)) = tokio::time::timeout(HEALTH_WAIT, asked).await else {
        let body = serde_json::json!({ "status": "stopping" });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    };
    let status = if counts.writes_failing { "degraded" } else { "ok" };
    Json(serde_json::json!({ "status": status })).into_response()
}

async fn serve_operators(listener: UnixListener, operator: Operator) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let operator = operator.clone();
                    tokio::spawn(async move {
                        admin::serve(stream, |request| operator.ask(request)).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin socket did not accept");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            },
            () = operator.messages.closed() => return,
        }
    }
}
