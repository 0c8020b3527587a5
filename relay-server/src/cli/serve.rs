//! `forsat-relay serve`: logs, signals, the line that says that it is ready.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{CliError, store_options};
use crate::config::{Config, LogFormat};
use crate::server::{Server, ServerError, ServerOptions};
use crate::setup;

/// Serves until a signal comes or the store fails for good.
pub(super) fn serve(data: &Path, config: &Config, json: bool) -> Result<(), CliError> {
    start_log(config)?;
    let store = setup::open(data, store_options(config))?;
    warn_when_exposed(config.listen);
    let options = ServerOptions {
        public_url: config.public_url.clone(),
        connections_max: config.connections_max,
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
