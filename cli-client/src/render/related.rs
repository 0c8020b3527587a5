//! How what lies around a record reads: what is coming, what happened, and what hangs on it.

use forsat_client::{Around, RelatedGroup, TimelineEntry};

use crate::app::App;
use crate::i18n::tr;
use crate::output::{FAINT, STRONG, WARN, paint};

/// Entries of a timeline and records of a group that are shown.
const SHOWN_MAX: usize = 8;

/// The lines below the fields of `show`; none where nothing lies around.
pub fn lines(app: &App, around: &Around) -> Vec<String> {
    let mut lines = Vec::new();
    let timelines = [("related-coming", &around.coming), ("related-happened", &around.happened)];
    for (key, entries) in timelines.into_iter().filter(|(_, entries)| !entries.is_empty()) {
        lines.push(String::new());
        lines.push(heading(app, &app.messages.text(key, &[]), entries.len()));
        lines.extend(entries.iter().take(SHOWN_MAX).map(|entry| entry_line(app, entry)));
    }
    for group in &around.related {
        lines.push(String::new());
        lines.extend(group_lines(app, group));
    }
    lines
}

fn heading(app: &App, title: &str, count: usize) -> String {
    let count_text = app.locale.integer(count as u64);
    let mut line = format!("{} ({count_text})", paint(STRONG, title));
    if count > SHOWN_MAX {
        let shown = app.locale.integer(SHOWN_MAX as u64);
        line.push_str(&format!("  {}", paint(FAINT, tr!(app.messages, "related-part", shown = shown))));
    }
    line
}

fn entry_line(app: &App, entry: &TimelineEntry) -> String {
    let when = match (entry.at_ms, entry.day) {
        (Some(at), _) => app.locale.moment(at),
        (None, Some(day)) => app.locale.values.date(day),
        (None, None) => "—".to_owned(),
    };
    let when = if entry.overdue { paint(WARN, when) } else { paint(FAINT, when) };
    let kind = app.messages.text(&format!("related-{}", entry.kind), &[]);
    let mut parts = vec![format!("  {when}"), kind];
    parts.extend(Some(entry.text.clone()).filter(|text| !text.is_empty()));
    parts.extend(entry.about.as_ref().map(|about| format!("({about})")));
    parts.extend(entry.who.as_ref().map(|who| paint(FAINT, who)));
    if matches!(entry.kind.as_str(), "call" | "meeting" | "task" | "note") {
        parts.push(super::id(&entry.short, entry.prefix));
    }
    parts.join("  ")
}

fn group_lines(app: &App, group: &RelatedGroup) -> Vec<String> {
    let mut lines = vec![heading(app, &super::module_plural(app, &group.module), group.rows.len())];
    for row in group.rows.iter().take(SHOWN_MAX) {
        let mut parts = vec![format!("  {}", super::id(&row.short, row.prefix)), row.name.clone()];
        parts.extend(row.text.iter().filter(|text| !text.is_empty()).cloned());
        lines.push(parts.join("  "));
    }
    lines
}
