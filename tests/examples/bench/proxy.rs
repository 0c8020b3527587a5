//! A proxy on loopback that keeps what passes: messages of the WebSocket, their bytes and when they were handed on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, Stream, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

use crate::measure::now;

/// One message that passed.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Whether the device sent it.
    pub from_device: bool,
    /// When it was handed on.
    pub at: Instant,
    /// Its payload.
    pub bytes: Vec<u8>,
}

/// What the proxy's thread and its owner share.
#[derive(Default)]
struct Shared {
    passed: Mutex<Vec<Passed>>,
    delay_ms: AtomicU64,
}

/// Stands before a relay until it is dropped.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

impl Proxy {
    /// Begins to pass messages on to a relay.
    pub fn start(relay: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let url = format!("ws://{}/sync", listener.local_addr()?);
        let (shared, relay) = (Arc::new(Shared::default()), relay.to_owned());
        let kept = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(carry(socket, relay.clone(), Arc::clone(&kept)));
            }
        });
        Ok(Self { url, shared, _runtime: runtime })
    }

    /// Where devices find the relay through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Holds every message back from now on, as a long line does; both ways.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Takes what has passed since the last time.
    pub fn take(&self) -> Vec<Passed> {
        std::mem::take(&mut *self.shared.passed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn carry(socket: TcpStream, relay: String, shared: Arc<Shared>) -> Result<(), Error> {
    socket.set_nodelay(true)?;
    let (to_device, from_device) = accept_async(socket).await?.split();
    let (relay, _) = connect_async(relay).await?;
    if let tokio_tungstenite::MaybeTlsStream::Plain(socket) = relay.get_ref() {
        socket.set_nodelay(true)?;
    }
    let (to_relay, from_relay) = relay.split();
    tokio::select! {
        done = pass(from_device, to_relay, true, &shared) => done,
        done = pass(from_relay, to_device, false, &shared) => done,
    }
}

/// Passes messages one way, each as long after its arrival as the line is long.
async fn pass<S>(
    mut from: impl Stream<Item = Result<Message, Error>> + Unpin,
    mut to: futures_util::stream::SplitSink<WebSocketStream<S>, Message>,
    from_device: bool,
    shared: &Shared,
) -> Result<(), Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (line, mut arrivals) = tokio::sync::mpsc::unbounded_channel::<(Instant, Message)>();
    let read = async move {
        while let Some(Ok(message)) = from.next().await {
            if line.send((now(), message)).is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((arrived, message)) = arrivals.recv().await {
            let due = arrived + Duration::from_millis(shared.delay_ms.load(Ordering::Relaxed));
            tokio::time::sleep_until(due.into()).await;
            if let Message::Binary(bytes) = &message {
                let passed = Passed { from_device, at: now(), bytes: bytes.to_vec() };
                shared.passed.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
            }
            to.send(message).await?;
        }
        Ok(())
    };
    tokio::join!(read, write).1
}
