//! `verify`: whether the store is whole, and making it so.

use forsat_client::{Finding, FindingKind, Remedy, RepairView, VerifyReport};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};
use crate::render;

/// Looks at everything, and repairs where that was asked for.
pub fn run(app: &mut App, repair: bool) -> Result<(), CliError> {
    app.close();
    let dir = app.store_dir()?;
    let work = if repair { forsat_client::repair } else { forsat_client::verify };
    let report = work(&dir, &app.ambient)?;
    if app.out.is_json() {
        app.out.json(&report);
    } else {
        for line in lines(app, &report) {
            app.out.data(line);
        }
    }
    let left = match &report.repair {
        Some(repair) => repair.left,
        None => report.findings.len() as u64 + report.more,
    };
    if left > 0 { Err(CliError::Unsound(left)) } else { Ok(()) }
}

fn lines(app: &App, report: &VerifyReport) -> Vec<String> {
    let mut lines: Vec<String> = report.findings.iter().map(|finding| line(app, finding)).collect();
    if report.more > 0 {
        lines.push(tr!(app.messages, "verify-more", count = report.more));
    }
    let counts = (app.locale.integer(report.documents), app.locale.integer(report.changes));
    let looked = tr!(app.messages, "verify-looked", documents = counts.0, changes = counts.1);
    lines.push(paint(FAINT, looked));
    match &report.repair {
        Some(repair) => lines.extend(repaired(app, repair)),
        None if report.sound => lines.push(paint(GOOD, tr!(app.messages, "verify-sound"))),
        None => {
            let ways: std::collections::BTreeSet<Remedy> =
                report.findings.iter().map(|finding| finding.remedy).collect();
            lines.extend(ways.into_iter().map(|way| paint(WARN, remedy(app, way))));
        }
    }
    lines
}

/// What is wrong, of which record.
fn line(app: &App, finding: &Finding) -> String {
    let what = paint(if finding.remedy == Remedy::Backup { BAD } else { WARN }, what(app, finding));
    let Some(short) = &finding.short else { return what };
    let mut whom = format!("{}  {}", render::id(short, finding.prefix), paint(STRONG, &finding.name));
    if let Some(module) = &finding.module {
        whom.push_str(&format!(" ({})", render::module_label(app, module)));
    }
    format!("{whom}: {what}")
}

fn what(app: &App, finding: &Finding) -> String {
    let change = finding.change.as_deref().unwrap_or("?");
    let table = finding.table.as_deref().unwrap_or("?");
    let messages = &app.messages;
    match finding.kind {
        FindingKind::ChangeDamaged if finding.unsent => {
            tr!(messages, "verify-unsent-damaged", change = change)
        }
        FindingKind::ChangeDamaged => tr!(messages, "verify-change-damaged", change = change),
        FindingKind::ChangeMissing if finding.unsent => {
            tr!(messages, "verify-unsent-missing", change = change)
        }
        FindingKind::ChangeMissing => tr!(messages, "verify-change-missing", change = change),
        FindingKind::ChangeIndex => tr!(messages, "verify-change-index"),
        FindingKind::DocumentRow => tr!(messages, "verify-document-row"),
        FindingKind::DocumentSums => tr!(messages, "verify-document-sums"),
        FindingKind::Snapshot => tr!(messages, "verify-snapshot"),
        FindingKind::Outbox => tr!(messages, "verify-outbox"),
        FindingKind::Names => tr!(messages, "verify-names"),
        FindingKind::Digests => tr!(messages, "verify-digests", space = finding.name.as_str()),
        FindingKind::Value => tr!(messages, "verify-value", table = table),
        FindingKind::Pages => tr!(messages, "verify-pages"),
        FindingKind::Row => tr!(messages, "verify-row"),
        FindingKind::NoRow => tr!(messages, "verify-no-row"),
        FindingKind::StrayRow => tr!(messages, "verify-stray-row"),
        FindingKind::Brief => tr!(messages, "verify-brief"),
    }
}

/// What heals it.
fn remedy(app: &App, remedy: Remedy) -> String {
    match remedy {
        Remedy::Repair => tr!(app.messages, "verify-heal-repair"),
        Remedy::RepairAndSync => tr!(app.messages, "verify-heal-sync"),
        Remedy::Backup => tr!(app.messages, "verify-heal-backup"),
    }
}

fn repaired(app: &App, repair: &RepairView) -> Vec<String> {
    let mut lines = vec![paint(GOOD, tr!(app.messages, "verify-repaired"))];
    let fetched = repair.set_aside.saturating_sub(repair.lost);
    if fetched > 0 {
        lines.push(tr!(app.messages, "verify-set-aside", count = fetched));
    }
    if repair.lost > 0 {
        lines.push(paint(BAD, tr!(app.messages, "verify-lost", count = repair.lost)));
    }
    if repair.refused > 0 {
        lines.push(paint(BAD, tr!(app.messages, "verify-refused", count = repair.refused)));
    }
    lines
}
