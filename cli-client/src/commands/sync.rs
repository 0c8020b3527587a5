//! `join` and `sync`.

use std::future::Future;

use forsat_client::{ConnectOptions, JoinOptions, JoinPlan, SessionEvent, SyncProgress};

use crate::app::App;
use crate::args::JoinArgs;
use crate::error::{CliError, Place};
use crate::i18n::tr;
use crate::keyring;
use crate::output::{FAINT, GOOD, STRONG, paint};
use crate::progress::Progress;
use crate::render;

/// Attaches the store to a relay, or starts a store from one; nothing is sent yet.
pub fn join(app: &mut App, arguments: &JoinArgs) -> Result<(), CliError> {
    let dir = app.store_dir()?;
    let options = JoinOptions {
        user_name: arguments.user.clone().unwrap_or_default(),
        email: arguments.email.clone(),
        device_name: arguments.device.clone().unwrap_or_default(),
        space: arguments.space.clone(),
        ca_file: arguments.ca.clone(),
        keyring: keyring::of_the_system(app.out.is_interactive()),
    };
    let ambient = app.ambient.clone();
    let joining = forsat_client::join(&dir, Some(&arguments.url), &arguments.code, &options, ambient);
    let pending = block_on(joining)??;
    if !app.out.is_json() {
        for line in plan_lines(app, pending.plan()) {
            app.out.data(line);
        }
    }
    if pending.plan().changes > 0 && app.out.is_interactive() && !app.global.yes {
        super::confirm(app, &tr!(app.messages, "join-confirm"))?;
    }
    let plan = pending.plan().clone();
    pending.accept()?;
    if app.out.is_json() {
        app.out.json(&plan);
    } else {
        app.out.note(paint(GOOD, tr!(app.messages, "join-done")));
    }
    Ok(())
}

/// What joining means: who one is there, the spaces, and what the next sync will send to each.
fn plan_lines(app: &App, plan: &JoinPlan) -> Vec<String> {
    let mut lines = vec![tr!(app.messages, "join-workspace", workspace = plan.workspace.to_string())];
    if plan.user_changes {
        lines.push(tr!(app.messages, "join-user-changes"));
    }
    for space in &plan.spaces {
        let records: Vec<String> = space
            .records
            .iter()
            .map(|(module, count)| {
                format!("{} {}", app.locale.integer(*count), render::module_plural(app, module))
            })
            .collect();
        let what = if records.is_empty() { String::new() } else { format!("  ← {}", records.join(" · ")) };
        lines.push(format!("  {}  {}{what}", paint(STRONG, &space.name), paint(FAINT, &space.role)));
    }
    if plan.changes > 0 {
        let (changes, bytes) = (app.locale.integer(plan.changes), app.locale.integer(plan.bytes));
        lines.push(tr!(app.messages, "join-sends", changes = changes, bytes = bytes));
    }
    if plan.own_settings {
        lines.push(tr!(app.messages, "join-settings"));
    }
    lines
}

/// Sends and receives once.
pub fn once(app: &mut App, ca: Option<std::path::PathBuf>, fd: Option<u32>) -> Result<(), CliError> {
    let engine = app.engine()?;
    super::key::unlock(app, &engine, fd)?;
    let progress = Progress::new(app.out.shows_progress());
    let options = ConnectOptions { ca_file: ca };
    let outcome = block_on(forsat_client::sync_once(&engine, &options, |step| show(&progress, step)))?;
    progress.finish();
    let summary = outcome?;
    if app.out.is_json() {
        app.out.json(&summary);
    } else {
        for line in render::summary::lines(app, &summary) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Draws whichever way has more to go.
fn show(progress: &Progress, step: &SyncProgress) {
    if step.to_receive.saturating_sub(step.received) >= step.to_send.saturating_sub(step.sent) {
        progress.at("←", step.received, step.to_receive);
    } else {
        progress.at("→", step.sent, step.to_send);
    }
}

/// Stays connected until interrupted.
pub fn watch(app: &mut App, ca: Option<std::path::PathBuf>, fd: Option<u32>) -> Result<(), CliError> {
    let engine = app.engine()?;
    super::key::unlock(app, &engine, fd)?;
    app.out.note(tr!(app.messages, "watch-begins"));
    let options = ConnectOptions { ca_file: ca };
    let shutdown = async {
        // Without a signal handler the process simply ends at the signal, which is safe too.
        let _ = tokio::signal::ctrl_c().await;
    };
    block_on(forsat_client::watch(&engine, &options, |event| told(app, event), shutdown))??;
    Ok(())
}

/// Prints what happened while connected.
fn told(app: &mut App, event: &SessionEvent) {
    match event {
        SessionEvent::Waiting => app.out.note(tr!(app.messages, "watch-waits")),
        SessionEvent::Summary(summary) if app.out.is_json() => app.out.json_line(summary),
        SessionEvent::Summary(summary) => {
            let moved = summary.received + summary.sent + summary.fetched + summary.brought_back;
            if moved + summary.moved + summary.gone + summary.refused > 0 {
                for line in render::summary::lines(app, summary) {
                    app.out.data(line);
                }
            }
        }
        SessionEvent::Issue(issue) => app.out.note(render::summary::trouble(app, issue)),
        SessionEvent::Sync(event) => {
            if let Some(line) = render::summary::connection(app, event) {
                app.out.note(line);
            }
        }
    }
}

/// Runs network work to its end on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|source| CliError::Io { what: Place::Network, source })?;
    Ok(runtime.block_on(work))
}
