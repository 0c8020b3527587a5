//! `forsat-relay verify`: whether the store holds together, which the relay that serves it is asked, and making it so,
//! which only a store allows that nobody serves from.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliError, store_options};
use crate::admin::{self, Answer, Failure, Request};
use crate::ambient;
use crate::config::Config;
use crate::setup;
use crate::store::{Examination, RedbStore, RelayStore as _, Remedy, Repaired, StoreError};

/// Looks at the store, through its socket where a relay serves it; with `repair` makes it whole, where none does.
pub(super) fn run(data: &Path, config: &Config, repair: bool, json: bool) -> Result<String, CliError> {
    if !repair {
        let found = match admin::ask(data, &Request::Verify)? {
            Some(Answer::Verified(found)) => found,
            Some(Answer::Failed(failure)) => return Err(failure.into()),
            Some(_) => return Err(StoreError::Io("the relay gave another answer".into()).into()),
            None => look(&setup::open(data, store_options(config))?)?,
        };
        return told(&found, None, &found, json);
    }
    if admin::ask(data, &Request::Status)?.is_some() {
        let message = "a relay serves this store: stop it, repair, and start it again";
        return Err(Failure { code: "serving".into(), message: message.into() }.into());
    }
    let store = setup::open(data, store_options(config))?;
    let before = admin::look(&store)?;
    if before.is_sound() {
        return told(&before, None, &before, json);
    }
    let repaired = store.repair(ambient::wall_ms())?;
    let after = admin::look(&store)?;
    told(&before, Some(repaired), &after, json)
}

/// Looks at a store that nobody serves from. A signal ends the look, and the store is closed in order: one that isn't is
/// read as a whole when it is opened next.
fn look(store: &RedbStore) -> Result<Examination, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let _entered = runtime.enter();
        let (mut signals, stop) = (signal(kind)?, Arc::clone(&stop));
        runtime.spawn(async move {
            signals.recv().await;
            stop.store(true, Ordering::Relaxed);
        });
    }
    Ok(store.examine(&|| stop.load(Ordering::Relaxed))?)
}

/// The report; an error where something is left.
fn told(
    found: &Examination,
    repaired: Option<Repaired>,
    after: &Examination,
    json: bool,
) -> Result<String, CliError> {
    let left = after.findings.len() as u64 + after.more;
    let report = if json {
        let report = json!({
            "sound": found.is_sound(),
            "documents": found.documents,
            "changes": found.changes,
            "dropped": found.dropped,
            "findings": found.findings,
            "more": found.more,
            "repaired": repaired,
            "left": left,
        });
        format!("{report}\n")
    } else {
        text(found, repaired)
    };
    if left > 0 { Err(CliError::Unsound { report, left }) } else { Ok(report) }
}

fn text(found: &Examination, repaired: Option<Repaired>) -> String {
    let mut text = String::new();
    for finding in &found.findings {
        let _ = writeln!(text, "{}", finding.message);
    }
    if found.more > 0 {
        let _ = writeln!(text, "… and {} more", found.more);
    }
    let _ = writeln!(text, "looked at {} documents with {} changes", found.documents, found.changes);
    if found.dropped > 0 {
        let _ = writeln!(text, "{} positions of feeds were emptied by an earlier repair", found.dropped);
    }
    if let Some(repaired) = repaired {
        let _ = writeln!(
            text,
            "repaired: {} changes of {} documents were dropped, {} rows written anew; devices that hold the changes \
             bring them back when they connect",
            repaired.dropped, repaired.documents, repaired.rows
        );
        return text;
    }
    let heals = |remedy| found.findings.iter().any(|finding| finding.remedy == remedy);
    if found.is_sound() {
        let _ = writeln!(text, "the store is whole");
    }
    if heals(Remedy::Repair) || heals(Remedy::RepairAndDevices) {
        let _ = writeln!(text, "→ stop the relay and run forsat-relay verify --repair");
    }
    if heals(Remedy::RepairAndDevices) {
        let _ =
            writeln!(text, "→ devices that hold what is damaged or missing then bring it back by themselves");
    }
    if heals(Remedy::Backup) {
        let _ = writeln!(text, "→ put a backup back: devices bring what is newer");
    }
    text
}
