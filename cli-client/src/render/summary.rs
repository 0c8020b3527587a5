//! How a sync's summary reads: one line a record, naming any amount that nobody typed.

use forsat_client::{RecordChange, SyncEvent, SyncIssue, SyncSummary};
use forsat_domain::Money;
use forsat_domain::issue::IssueCode;

use crate::app::App;
use crate::i18n::tr;
use crate::output::{BAD, FAINT, STRONG, WARN, paint};

/// Records above which those that only arrived are counted instead of listed.
const NEW_LISTED_MAX: usize = 8;

/// The lines after a sync: records that changed, then the counts.
pub fn lines(app: &App, summary: &SyncSummary) -> Vec<String> {
    let mut lines = record_lines(app, summary);
    lines.push(counts(app, summary));
    lines
}

/// A line for each record that merged or changed, and one for the many that are new.
pub fn record_lines(app: &App, summary: &SyncSummary) -> Vec<String> {
    let news = summary.records.iter().filter(|record| record.new).count();
    let lists_new = news <= NEW_LISTED_MAX;
    let mut lines: Vec<String> = summary
        .records
        .iter()
        .filter(|record| !record.new || lists_new)
        .map(|record| record_line(app, record))
        .collect();
    let crowd = if lists_new { 0 } else { u64::try_from(news).unwrap_or(u64::MAX) } + summary.more_records;
    if crowd > 0 {
        lines.push(tr!(app.messages, "sync-new-records", count = app.locale.integer(crowd)));
    }
    lines
}

fn record_line(app: &App, record: &RecordChange) -> String {
    // A record without a name of its own, such as the settings, goes by what it is.
    let name = match record.name.as_str() {
        "" => super::module_label(app, &record.module),
        name => name.to_owned(),
    };
    let mut line = format!("{}  {}", super::id(&record.short, record.prefix), paint(STRONG, name));
    if record.new {
        line.push_str(&format!("  {}", paint(FAINT, tr!(app.messages, "sync-new"))));
    }
    let names = |fields: &[String]| {
        let labels: Vec<String> =
            fields.iter().map(|field| super::field_label(app, &record.module, field)).collect();
        labels.join(app.messages.text("list-comma", &[]).as_str())
    };
    let only_changed: Vec<String> =
        record.changed.iter().filter(|field| !record.merged.contains(field)).cloned().collect();
    if !record.new && !only_changed.is_empty() {
        line.push_str(&format!("  {}", tr!(app.messages, "sync-changed", fields = names(&only_changed))));
    }
    if !record.merged.is_empty() {
        line.push_str(&format!("  {}", tr!(app.messages, "sync-merged", fields = names(&record.merged))));
    }
    if let Some(amount) = &record.amount {
        let money =
            |amount: Option<Money>| amount.map_or_else(|| "—".to_owned(), |amount| app.locale.money(amount));
        let (before, now) = (money(amount.before), money(amount.now));
        line.push_str(&format!(
            "  {}",
            paint(WARN, tr!(app.messages, "sync-amount", before = before, now = now))
        ));
    }
    for issue in record.issues.iter().filter(|issue| !issue.info_only) {
        line.push_str(&format!("  {}", paint(WARN, issue_label(app, &issue.code))));
    }
    line
}

/// The title of an issue by its code.
fn issue_label(app: &App, code: &str) -> String {
    let known = IssueCode::all().find(|known| known.as_str() == code);
    known.map_or_else(|| code.to_owned(), |known| known.label().get(app.locale.language()).to_owned())
}

/// Something that the sync found wrong, while connected.
pub fn trouble(app: &App, issue: &SyncIssue) -> String {
    let what = match issue {
        SyncIssue::DigestMismatch { .. } => tr!(app.messages, "trouble-mismatch"),
        SyncIssue::CursorInvalid { .. } => tr!(app.messages, "trouble-cursor"),
        SyncIssue::RefillRefused { changes, .. } => {
            tr!(app.messages, "trouble-refill", count = app.locale.integer(*changes))
        }
        SyncIssue::UnknownEcho { .. } => tr!(app.messages, "trouble-echo"),
        SyncIssue::SpaceGone { .. } => tr!(app.messages, "trouble-space"),
        SyncIssue::StreamClosed { message, .. }
        | SyncIssue::Fault { message, .. }
        | SyncIssue::Store { message } => message.clone(),
    };
    paint(WARN, what)
}

/// A change of the connection; none where nothing changed for a person.
pub fn connection(app: &App, event: &SyncEvent) -> Option<String> {
    let key = match event {
        SyncEvent::Online => "watch-online",
        SyncEvent::Offline { .. } => "watch-offline",
        SyncEvent::Healing { .. } => "watch-healing",
        SyncEvent::Healed { .. } => "watch-healed",
        _ => return None,
    };
    Some(paint(FAINT, app.messages.text(key, &[])))
}

/// What came in, what went out, and what did not.
pub fn counts(app: &App, summary: &SyncSummary) -> String {
    let number = |count: u64| app.locale.integer(count);
    let (received, sent) = (number(summary.received), number(summary.sent));
    let mut parts = vec![tr!(app.messages, "sync-counts", received = received, sent = sent)];
    let troubles = [
        ("sync-fetched", summary.fetched, WARN),
        ("sync-brought-back", summary.brought_back, WARN),
        ("sync-moved", summary.moved, FAINT),
        ("sync-gone", summary.gone, WARN),
        ("sync-refused", summary.refused, BAD),
        ("sync-aside", summary.aside, FAINT),
        ("sync-erased", summary.erased, WARN),
        ("sync-unreadable", summary.unreadable, BAD),
        ("status-unsent", summary.unsent, WARN),
    ];
    for (key, count, colour) in troubles.into_iter().filter(|(_, count, _)| *count > 0) {
        parts.push(paint(colour, app.messages.text(key, &[("count", number(count).into())])));
    }
    parts.join(" · ")
}
