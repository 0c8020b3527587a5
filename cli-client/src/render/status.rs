//! How `status` reads.

use std::collections::BTreeMap;

use forsat_client::{SpaceStatus, Status, WaitingMove};

use crate::app::App;
use crate::i18n::{errors, tr};
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// The lines of `status`.
pub fn lines(app: &App, status: &Status) -> Vec<String> {
    let messages = &app.messages;
    let relay = status.relay.clone().unwrap_or_else(|| tr!(messages, "status-no-relay"));
    let mut lines = vec![
        format!("{}  {}", paint(STRONG, &status.user_name), paint(FAINT, status.workspace)),
        format!("{} {relay}", tr!(messages, "status-relay")),
    ];
    let mut counts = Vec::new();
    for (module, count) in &status.records {
        counts.push(format!("{} {}", app.locale.integer(*count), super::module_plural(app, module)));
    }
    lines.push(counts.join(" · "));
    lines.push(unsent(app, status.unsent));
    lines.extend(moves(app, &status.moves));
    if !status.spaces.is_empty() {
        lines.push(spaces(app, &status.spaces));
    }
    for refused in &status.refused {
        let what = tr!(messages, "status-refused", id = refused.short.as_str(), code = refused.code.as_str());
        lines.push(paint(BAD, what));
    }
    for issue in &status.sync_issues {
        let why = errors::of_code(app, &issue.code, &issue.message);
        lines.push(format!("{} {why}", paint(WARN, &issue.code)));
    }
    lines
}

fn unsent(app: &App, count: u64) -> String {
    if count == 0 {
        return paint(GOOD, tr!(app.messages, "status-all-sent"));
    }
    paint(WARN, tr!(app.messages, "status-unsent", count = count))
}

/// A line for each space that records wait to move to.
fn moves(app: &App, moves: &[WaitingMove]) -> Vec<String> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for waiting in moves {
        *counts.entry(&waiting.to).or_default() += 1;
    }
    let line = |(space, count)| paint(WARN, tr!(app.messages, "status-moves", count = count, space = space));
    counts.into_iter().map(line).collect()
}

fn spaces(app: &App, spaces: &[SpaceStatus]) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("status-space"), Align::Start),
        (text("status-role"), Align::Start),
        (text("status-unsent-heading"), Align::End),
        (text("status-cursor"), Align::End),
        (text("status-synced"), Align::Start),
    ];
    let rows = spaces
        .iter()
        .map(|space| {
            vec![
                space.name.clone(),
                space.role.clone(),
                app.locale.integer(space.unsent),
                space.cursor.map_or_else(|| "—".to_owned(), |cursor| app.locale.integer(cursor)),
                synced(app, space),
            ]
        })
        .collect();
    table(&headings, rows, app.out.width())
}

/// When the space was last level with the relay, and whether the digests agreed.
fn synced(app: &App, space: &SpaceStatus) -> String {
    let Some(at_ms) = space.synced_at_ms else {
        return tr!(app.messages, "status-never");
    };
    let when = app.locale.moment(at_ms);
    match space.level {
        Some(false) => format!("{when}  {}", paint(BAD, tr!(app.messages, "status-differs"))),
        _ => when,
    }
}
