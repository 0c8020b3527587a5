//! What a crowd of slow sockets costs an honest device: one change pushed over a new connection, from connecting to its
//! ack, beside the same without the crowd.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use forsat_domain::schema::Schema;
use forsat_relay::server::{Server, ServerOptions};
use forsat_relay::setup;
use forsat_sync::client::OutboxSeq;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Plan;
use crate::acks::{invite, outbox};
use crate::device::Device;
use crate::measure::{Sample, Table, short, time};

/// Sockets that never become a WebSocket, and WebSockets whose device says nothing.
const HALF_OPEN: usize = 500;
const SILENT: usize = 500;
/// Pushes between two crowds; they have to be over before a crowd is shed.
const PUSHES: usize = 50;

/// Measures turns without and with a crowd.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let rounds = plan.times(20, 6);
    let dir = tempfile::tempdir_in(&plan.work)?;
    setup::make(dir.path(), setup::options(), "Forsat", "main", |_| Ok(()))?;
    let store = setup::open(dir.path(), setup::options())?;
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = serving.block_on(Server::start(Box::new(store), ServerOptions::new(listen)))?;
    let (url, operator) = (server.url().to_owned(), server.operator());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = serving.spawn(server.run(async {
        let _ = stopped.await;
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(invite(&operator, "Rep", "main"))?;
    let mut device = runtime.block_on(Device::enrol(&url, &code, 1))?;
    let all = outbox(&device, "main", rounds * 2 * PUSHES, &Schema::builtin())?;
    let mut changes = all.into_iter();
    let (mut alone, mut crowded) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for with_crowd in [false, true] {
            let crowd = if with_crowd { Some(runtime.block_on(Crowd::gather(&url))?) } else { None };
            for change in changes.by_ref().take(PUSHES) {
                device.outbox = vec![forsat_sync::client::OutboxItem { seq: OutboxSeq(1), ..change }];
                let (took, ()) = time(|| runtime.block_on(device.push_all(&url)))?;
                if with_crowd { &mut crowded } else { &mut alone }.push(took);
            }
            drop(crowd);
        }
    }
    let _ = stop.send(());
    serving.block_on(served)??;
    add(table, &alone, &crowded)
}

fn add(table: &mut Table, alone: &[Duration], crowded: &[Duration]) -> anyhow::Result<()> {
    ensure!(alone.len() == crowded.len(), "as many pushes with the crowd as without");
    let (alone, crowded) = (Sample::of_times(alone), Sample::of_times(crowded));
    for (what, part) in [("median", 0.5), ("p99", 0.99)] {
        let (limit, ours) = (alone.quantile(part), crowded.quantile(part));
        table.add(
            &format!("a push beside {} slow sockets, {what}", HALF_OPEN + SILENT),
            format!("{} ms", short(ours)),
            format!("{} ms without them", short(limit)),
            format!("{} ×", short(ours / limit)),
        );
    }
    Ok(())
}

/// Sockets that are held open.
struct Crowd {
    _half_open: Vec<TcpStream>,
    _silent: Vec<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Crowd {
    async fn gather(url: &str) -> anyhow::Result<Self> {
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let (mut half_open, mut silent) = (Vec::new(), Vec::new());
        for _ in 0..HALF_OPEN {
            let mut socket = TcpStream::connect(address).await?;
            socket.write_all(b"GET /sync HT").await?;
            half_open.push(socket);
        }
        for _ in 0..SILENT {
            silent.push(connect_async(url).await?.0);
        }
        Ok(Self { _half_open: half_open, _silent: silent })
    }
}
