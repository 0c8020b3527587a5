//! What a crowd of slow sockets costs an honest device: one change pushed over a new connection, from connecting to its
//! ack, beside the same without the crowd. Slow are those that never become a WebSocket, say nothing, never end a message, or ask for
//! everything and don't read it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use forsat_document::{Author, Document};
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::schema::Schema;
use forsat_relay::server::{Server, ServerOptions};
use forsat_relay::setup;
use forsat_sync::client::{OutboxItem, OutboxSeq};
use forsat_sync::id::{ChangeHash, DocumentId};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use uuid::Uuid;

use crate::Plan;
use crate::acks::{invite, outbox};
use crate::device::{Device, Socket};
use crate::measure::{Sample, Table, short, time};

/// Sockets that never become a WebSocket, WebSockets whose device says nothing, and such that never end a message.
const HALF_OPEN: usize = 400;
const SILENT: usize = 400;
const HALF_SAID: usize = 160;
/// Connections of a device that asks for the whole feed and reads nothing of it.
const DEAF: usize = 40;
/// What the feed holds for those, in records with a text of so many letters: more than sockets take in by themselves.
const BALLAST: usize = 256;
const BALLAST_LETTERS: usize = 40_000;
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
    device.outbox = ballast(&device)?;
    runtime.block_on(device.push_all(&url))?;
    let code = runtime.block_on(invite(&operator, "Deaf", "main"))?;
    let mut deaf = runtime.block_on(Device::enrol(&url, &code, 2))?;
    let all = outbox(&device, "main", rounds * 2 * PUSHES, &Schema::builtin())?;
    let mut changes = all.into_iter();
    let (mut alone, mut crowded) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for with_crowd in [false, true] {
            let crowd =
                if with_crowd { Some(runtime.block_on(Crowd::gather(&url, &mut deaf))?) } else { None };
            for change in changes.by_ref().take(PUSHES) {
                device.outbox = vec![OutboxItem { seq: OutboxSeq(1), ..change }];
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
            &format!("a push beside {} slow sockets, {what}", HALF_OPEN + SILENT + HALF_SAID + DEAF),
            format!("{} ms", short(ours)),
            format!("{} ms without them", short(limit)),
            format!("{} ×", short(ours / limit)),
        );
    }
    Ok(())
}

/// Records that make the feed long, each with a text that doesn't compress to nothing.
fn ballast(device: &Device) -> anyhow::Result<Vec<OutboxItem>> {
    let user = forsat_domain::UserId::from_bytes(*device.user.as_bytes());
    let author = Author { actor: b"ballast of bench".to_vec(), user };
    let space = device.spaces.iter().find(|(name, _)| name == "main").context("the device sees its space")?.1;
    let mut items: Vec<OutboxItem> = Vec::new();
    for number in 0..BALLAST {
        let id = Uuid::new_v5(&Uuid::from_bytes([7; 16]), &number.to_be_bytes());
        let mut bytes = vec![0; BALLAST_LETTERS / 2];
        blake3::Hasher::new().update(id.as_bytes()).finalize_xof().fill(&mut bytes);
        let text = Edit::SetText { field: "description".into(), value: hex::encode(bytes) };
        let edits = [Edit::set("name", format!("Ballast {number}")), text];
        let (_, chunks) = Document::create(
            RecordId(id),
            "account",
            &author,
            1_700_000_000_000,
            &edits,
            &Schema::builtin(),
        )?;
        for chunk in chunks {
            items.push(OutboxItem {
                seq: OutboxSeq(items.len() as u64 + 1),
                space,
                document: DocumentId::from_bytes(*id.as_bytes()),
                hash: ChangeHash::from_bytes(chunk.hash),
                bytes: chunk.bytes,
            });
        }
    }
    Ok(items)
}

/// Sockets that are held open.
#[derive(Default)]
struct Crowd {
    plain: Vec<TcpStream>,
    devices: Vec<Socket>,
}

impl Crowd {
    async fn gather(url: &str, deaf: &mut Device) -> anyhow::Result<Self> {
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let mut crowd = Self::default();
        for _ in 0..HALF_OPEN {
            let mut socket = TcpStream::connect(address).await?;
            socket.write_all(b"GET /sync HT").await?;
            crowd.plain.push(socket);
        }
        for _ in 0..SILENT {
            crowd.devices.push(connect_async(url).await?.0);
        }
        let request = format!(
            "GET /sync HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        for _ in 0..HALF_SAID {
            let mut socket = TcpStream::connect(address).await?;
            socket.write_all(request.as_bytes()).await?;
            // A masked binary frame of 1,000,000 bytes, and the first few of them.
            let begun = [0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 1, 2, 3, 4, 5, 6, 7, 8];
            socket.write_all(&begun).await?;
            crowd.plain.push(socket);
        }
        for _ in 0..DEAF {
            crowd.devices.push(deaf.deafen(url).await?);
        }
        Ok(crowd)
    }
}
