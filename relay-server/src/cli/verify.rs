//! `forsat-relay verify`: whether the store holds together, and making it so.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::{CliError, store_options};
use crate::admin::{self, Answer, Failure, Request};
use crate::ambient;
use crate::config::Config;
use crate::setup;
use crate::store::{Examination, Remedy, Repaired, StoreError};

/// Looks at the store, of a relay that serves through its socket; repairs one of a relay that doesn't.
pub(super) fn run(data: &Path, config: &Config, repair: bool, json: bool) -> Result<String, CliError> {
    if !repair {
        let found = match admin::ask(data, &Request::Verify)? {
            Some(Answer::Verified(found)) => found,
            Some(Answer::Failed(failure)) => return Err(failure.into()),
            Some(_) => return Err(StoreError::Io("the relay gave another answer".into()).into()),
            None => admin::look(&setup::open(data, store_options(config))?)?,
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
