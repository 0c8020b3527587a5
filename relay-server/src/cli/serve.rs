//! `forsat-relay serve`: logs, signals, the line that says that it is ready.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{CliError, store_options};
use crate::config::{Config, LogFormat};
use crate::server::{Server, ServerError, ServerOptions};
use crate::setup;

/// Open files that are no sockets of devices: the store, the log, the admin socket and what an operator asks.
const FILES_OF_ITS_OWN: u64 = 64;

/// Serves until a signal comes or the store fails for good.
pub(super) fn serve(data: &Path, config: &Config, json: bool) -> Result<(), CliError> {
    start_log(config)?;
    let store = setup::open(data, store_options(config))?;
    warn_when_exposed(config.listen);
    let sockets_max = make_room_for_sockets(config.connections_max);
    let options = ServerOptions {
        public_url: config.public_url.clone(),
        connections_max: config.connections_max.min(sockets_max),
        drain_retry_after_ms: config.drain_retry_after_ms,
        drain_jitter_ms: config.drain_jitter_ms,
        admin: Some(data.to_owned()),
        ..ServerOptions::new(config.listen)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        // Signals are caught from before the line that says ready.
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = Server::start(Box::new(store), options).await?;
        announce(&server, data, json)?;
        server
            .run(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            })
            .await
    });
    match &result {
        Ok(()) => tracing::info!("stopped; the store is closed"),
        Err(ServerError::Store(error)) if error.is_fatal() => {
            tracing::error!(%error, "ending at once: what is on the disk is not known; nothing unconfirmed was acknowledged");
        }
        Err(error) => tracing::error!(%error, "stopped"),
    }
    Ok(result?)
}

fn start_log(config: &Config) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&config.log).map_err(|_| CliError::LogFilter(config.log.clone()))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second relay in one process keeps the log of the first.
    let _ = match config.log_format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Raises the process's soft limit on open files, so that a crowd of sockets doesn't take those that the store needs;
/// answers how many connections there is room for. Half of the sockets may be such that have not asked for anything yet.
fn make_room_for_sockets(connections_max: usize) -> usize {
    let wanted = 2 * connections_max as u64 + FILES_OF_ITS_OWN;
    let limit = getrlimit(Resource::Nofile);
    let Some(soft) = limit.current.filter(|soft| *soft < wanted) else { return connections_max };
    let raised = limit.maximum.map_or(wanted, |hard| hard.min(wanted));
    let has = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    if has < wanted {
        tracing::warn!(
            open_files = has,
            wanted,
            "fewer connections fit: raise the limit on open files (ulimit -n)"
        );
    }
    usize::try_from(has.saturating_sub(FILES_OF_ITS_OWN) / 2).unwrap_or(usize::MAX).max(1)
}

fn warn_when_exposed(listen: SocketAddr) {
    if !listen.ip().is_loopback() {
        tracing::warn!(
            %listen,
            "listening beyond this machine without TLS: records travel readable; put a proxy that speaks wss:// before \
             the relay, let the relay listen on 127.0.0.1, and set public_url"
        );
    }
}

/// Says on stdout that devices can connect, and where.
fn announce(server: &Server, data: &Path, json: bool) -> std::io::Result<()> {
    let (url, address) = (server.url(), server.address());
    tracing::info!(%address, url, data = %data.display(), "serving");
    let mut stdout = std::io::stdout().lock();
    if json {
        let ready = serde_json::json!({ "ready": true, "url": url, "address": address.to_string() });
        writeln!(stdout, "{ready}")?;
    } else {
        writeln!(stdout, "ready: {url}")?;
    }
    stdout.flush()
}
