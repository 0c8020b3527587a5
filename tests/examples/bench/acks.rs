//! Changes a second that the relay acks durably, beside the same puts replayed bare into redb with the same commits.
//!
//! The devices are the protocol's machine with an outbox in memory, so that the relay is measured and not their disks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use forsat_document::{Author, Document};
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::schema::Schema;
use forsat_relay::admin::{Answer, Request};
use forsat_relay::server::{Operator, Server, ServerOptions};
use forsat_relay::setup;
use forsat_sync::client::{OutboxItem, OutboxSeq};
use forsat_sync::id::{ChangeHash, DocumentId};
use uuid::Uuid;

use crate::Plan;
use crate::bare::{self, Bare, Put};
use crate::device::Device;
use crate::measure::{Sample, Table, ratios, time};
use crate::recorder::{Accepted, Recorder};

/// Edits of each deal after its first change.
const EDITS_PER_DEAL: usize = 3;
/// Changes of a deal: the two of the genesis, the first of its own, the edits.
const CHANGES_PER_DEAL: usize = 3 + EDITS_PER_DEAL;

/// Measures one device and twenty, these each in a space of its own and all in one.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let deals = plan.times(1600, 400);
    for (devices, shared, what) in [
        (1, false, "acks from one device"),
        (20, false, "acks from 20 devices, a space each"),
        (20, true, "acks from 20 devices in one space, each sent to the other 19"),
    ] {
        let (mut ours, mut limit, mut rates, mut commits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..plan.times(5, 2) {
            let dir = tempfile::tempdir_in(&plan.work)?;
            let run = push(dir.path(), devices, deals / devices, shared)?;
            rates.push(run.changes as f64 / run.took.as_secs_f64());
            commits.push(run.changes as f64 / run.commits.len() as f64);
            limit.push(replay(dir.path(), &run.commits)?);
            ours.push(run.took);
        }
        let bare = format!("{} redb, same puts and commits", Sample::of_times(&limit).text("ms"));
        let rate = Sample::new(rates).text("changes/s");
        table.add(
            what,
            format!("{rate}, {:.0} a commit", Sample::new(commits).median()),
            bare,
            ratios(&ours, &limit).text("×"),
        );
    }
    Ok(())
}

/// A measured upload.
struct Pushed {
    changes: usize,
    took: Duration,
    commits: Vec<Vec<Accepted>>,
}

/// Starts a relay, lets devices join, and measures from the first connection to the last ack.
fn push(dir: &Path, devices: usize, deals: usize, shared: bool) -> anyhow::Result<Pushed> {
    let relay_dir = dir.join("relay");
    setup::make(&relay_dir, setup::options(), "Forsat", "main", |_| Ok(()))?;
    let commits = Arc::new(Mutex::new(Vec::new()));
    let store = Recorder::new(setup::open(&relay_dir, setup::options())?, Arc::clone(&commits));
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = serving.block_on(Server::start(Box::new(store), ServerOptions::new(listen)))?;
    let (url, operator) = (server.url().to_owned(), server.operator());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = serving.spawn(server.run(async {
        let _ = stopped.await;
    }));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let schema = Schema::builtin();
    let mut ready = Vec::new();
    for number in 0..devices {
        let space = if shared || devices == 1 { "main".to_owned() } else { format!("space {number}") };
        let code = runtime.block_on(invite(&operator, &format!("Rep {number}"), &space))?;
        let mut device = runtime.block_on(Device::enrol(&url, &code, u8::try_from(number)?))?;
        device.outbox = outbox(&device, &space, deals, &schema)?;
        ready.push(device);
    }
    commits.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let changes = ready.iter().map(|device| device.outbox.len()).sum();
    let (took, ()) = time(|| {
        runtime.block_on(async {
            let pushes = ready.iter_mut().map(|device| device.push_all(&url));
            futures_util::future::try_join_all(pushes).await.map(|_| ())
        })
    })?;
    let _ = stop.send(());
    serving.block_on(served)??;
    let commits = std::mem::take(&mut *commits.lock().unwrap_or_else(PoisonError::into_inner));
    let acked: usize = commits.iter().map(Vec::len).sum();
    ensure!(acked == changes, "{acked} of {changes} changes were acked");
    Ok(Pushed { changes, took, commits })
}

/// Invites a user to a space, which is made where it isn't the first one.
pub async fn invite(operator: &Operator, user: &str, space: &str) -> anyhow::Result<String> {
    if space != "main" {
        operator.ask(Request::SpaceAdd { name: space.to_owned() }).await;
    }
    let request = Request::Invite {
        user: user.to_owned(),
        space: space.to_owned(),
        role: "rep".to_owned(),
        approve: false,
    };
    match operator.ask(request).await {
        Answer::Invite(invite) => Ok(invite.code),
        other => bail!("no invite: {other:?}"),
    }
}

/// Deals as a rep makes them: created, then edited field by field.
pub fn outbox(
    device: &Device,
    space: &str,
    deals: usize,
    schema: &Schema,
) -> anyhow::Result<Vec<OutboxItem>> {
    let user = forsat_domain::UserId::from_bytes(*device.user.as_bytes());
    let author = Author { actor: device.seed[..16].to_vec(), user };
    let space = device.spaces.iter().find(|(name, _)| name == space).context("the device sees its space")?.1;
    let mut items: Vec<OutboxItem> = Vec::with_capacity(deals * CHANGES_PER_DEAL);
    for deal in 0..deals {
        let id = Uuid::new_v5(&Uuid::from_bytes(*device.user.as_bytes()), &deal.to_be_bytes());
        let first = [Edit::set("name", format!("Offer {deal}")), Edit::set("close_date", "2026-12-01")];
        let (mut document, mut chunks) =
            Document::create(RecordId(id), "opportunity", &author, 1_700_000_000_000, &first, schema)?;
        for edit in 0..EDITS_PER_DEAL {
            let edits = [Edit::set("next_step", format!("call back about offer {edit}"))];
            chunks.extend(document.edit(&author, 1_700_000_000_000, &edits, schema)?);
        }
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

/// Puts what each commit of the relay put, as it stands in the relay's file now, in commits of the same changes.
fn replay(dir: &Path, commits: &[Vec<Accepted>]) -> anyhow::Result<Duration> {
    let relay = bare::Reader::open_single(&dir.join("relay").join(setup::STORE_NAME))?;
    let mut replayed = Vec::new();
    for commit in commits {
        // One put a key and commit, tables one after the other, as the relay's own transaction has it.
        let mut puts: BTreeMap<(&'static str, Vec<u8>), Vec<u8>> = BTreeMap::new();
        for accepted in commit {
            for (table, key) in accepted.keys() {
                let value = relay.get(table, &key)?.with_context(|| format!("a put of table {table}"))?;
                puts.insert((table, key), value);
            }
        }
        replayed.push(
            puts.into_iter().map(|((table, key), value)| Put::new(table, key, value)).collect::<Vec<_>>(),
        );
    }
    let bare = Bare::create_single(&dir.join("bare.redb"))?;
    Ok(time(|| replayed.iter().try_for_each(|puts| bare.commit(puts)))?.0)
}
