//! The whole set to the relay, and from there to a new device, beside the same bytes sent and stored bare.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use forsat_client::Engine;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, client_async};

use crate::bare::{Bare, Put};
use crate::measure::{Sample, Table, time};
use crate::proxy::Proxy;
use crate::team::Team;
use crate::{Plan, fixture};

/// A message of at least this size carries a page of entries.
const PAGE_BYTES_MIN: usize = 1024;

/// Measures a first upload, and first downloads in turns with the limit.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&plan.work)?;
    let team = Team::start(dir.path())?;
    drop(fixture::imported(plan, &dir.path().join("office"))?);
    let office = team.join(&dir.path().join("office"), "Sara", team.relay.url())?;
    let (took, summary) = time(|| team.sync(&office))?;
    let sent = summary.sent;
    let rate = Sample::new(vec![sent as f64 / took.as_secs_f64()]);
    table.add(
        &format!("first upload of the whole set, {sent} changes"),
        Sample::of_times(&[took]).text("ms"),
        String::new(),
        rate.text("changes/s"),
    );

    let proxy = Proxy::start(team.relay.url())?;
    let recorded = team.join(&dir.path().join("recorded"), "Reza", proxy.url())?;
    proxy.take();
    team.sync(&recorded)?;
    let frames: Vec<Vec<u8>> =
        proxy.take().into_iter().filter(|passed| !passed.from_device).map(|passed| passed.bytes).collect();
    let records = all_puts(&recorded)?;
    drop(recorded);

    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for turn in 0..plan.times(5, 2) {
        let device = team.join(&dir.path().join(format!("device{turn}")), "Reza", team.relay.url())?;
        ours.push(time(|| team.sync(&device))?.0);
        let bare = Bare::create(&dir.path().join(format!("bare{turn}.redb")))?;
        limit.push(send_bare(&team, &frames, &records, &bare)?);
    }
    let bytes: usize = frames.iter().map(Vec::len).sum();
    let what = format!("first sync of a new device, {:.1} MB", bytes as f64 / 1e6);
    table.add_times(&what, "bare WebSocket + redb, same bytes", &ours, &limit);
    Ok(())
}

/// Every record's chunks and row.
fn all_puts(engine: &Engine) -> anyhow::Result<Vec<Vec<Put>>> {
    let ids: Vec<[u8; 16]> = engine
        .store()
        .read()?
        .documents_after(None, usize::MAX)?
        .iter()
        .map(|(id, _)| *id.as_bytes())
        .collect();
    let records = ids.iter().map(|id| {
        let (mut puts, row) = fixture::puts_of(engine, id)?;
        puts.push(row);
        Ok(puts)
    });
    records.collect()
}

/// Sends the messages over a WebSocket on loopback; each that is a page is answered by a commit of its share of the
/// records.
fn send_bare(team: &Team, frames: &[Vec<u8>], records: &[Vec<Put>], bare: &Bare) -> anyhow::Result<Duration> {
    let pages = frames.iter().filter(|frame| frame.len() >= PAGE_BYTES_MIN).count().max(1);
    let mut shares = records.chunks(records.len().div_ceil(pages).max(1));
    let listener = team.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    let address = listener.local_addr()?;
    let frames_sent = frames.to_vec();
    let server = std::thread::spawn(move || serve(listener, frames_sent));
    let (took, ()) = time(|| {
        team.block_on(async {
            let socket = TcpStream::connect(address).await?;
            let (mut socket, _) = client_async("ws://localhost/", socket).await?;
            for _ in frames {
                let message = socket.next().await.context("the sender sends every message")??;
                if message.len() >= PAGE_BYTES_MIN
                    && let Some(share) = shares.next()
                {
                    bare.commit(share.iter().flatten())?;
                }
            }
            anyhow::Ok(())
        })
    })?;
    server.join().map_err(|_| anyhow::anyhow!("the sender panicked"))??;
    anyhow::ensure!(shares.next().is_none(), "every record was stored");
    Ok(took)
}

fn serve(listener: TcpListener, frames: Vec<Vec<u8>>) -> anyhow::Result<()> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (socket, _) = TcpListener::from_std(listener)?.accept().await?;
        let mut socket = accept_async(socket).await?;
        for frame in frames {
            socket.send(Message::binary(frame)).await?;
        }
        // Closed by the other side, which has everything then.
        let _ = socket.next().await;
        Ok(())
    })
}
