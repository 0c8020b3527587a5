//! How `inspect` and `history` read.

use forsat_client::{ChangeView, Engine, HistoryView, Inspection};
use forsat_domain::{Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{FAINT, STRONG, WARN, paint};
use crate::table::{Align, table};

/// Hex digits of a hash or an actor that are shown in tables.
const HASH_DIGITS: usize = 10;

/// The lines of `inspect`.
pub fn lines(app: &App, inspection: &Inspection) -> Vec<String> {
    let text = |key: &str| app.messages.text(key, &[]);
    let mut lines = vec![
        format!("{}  {}", paint(STRONG, &inspection.short), super::module_label(app, &inspection.module)),
        format!("{} {}", text("inspect-space"), inspection.space.as_deref().unwrap_or("—")),
        format!("{} {}", text("inspect-heads"), inspection.heads.join(" ")),
        format!("{} {}", text("inspect-feed-heads"), inspection.feed_heads.join(" ")),
    ];
    let document = serde_json::to_string_pretty(&inspection.document).expect("a document is plain JSON");
    lines.extend(document.lines().map(str::to_owned));
    lines.push(changes(app, inspection));
    for change in &inspection.changes {
        if let Some(raw) = &change.raw {
            lines.push(format!("{} {raw}", paint(STRONG, short(&change.hash))));
        }
    }
    for (place, bytes) in &inspection.stored {
        lines.push(format!("{place}: {bytes} B"));
    }
    lines
}

fn changes(app: &App, inspection: &Inspection) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("inspect-change"), Align::Start),
        (text("inspect-device"), Align::Start),
        (text("inspect-seq"), Align::End),
        (text("inspect-author"), Align::Start),
        (text("inspect-time"), Align::Start),
        (text("inspect-bytes"), Align::End),
        (text("inspect-state"), Align::Start),
    ];
    let rows = inspection
        .changes
        .iter()
        .map(|change| {
            vec![
                short(&change.hash).to_owned(),
                short(&change.actor).to_owned(),
                change.seq.to_string(),
                change.author.as_deref().map_or("—", short).to_owned(),
                app.locale.moment(change.time_ms),
                change.size.to_string(),
                change.state.clone(),
            ]
        })
        .collect();
    table(&headings, rows, app.out.width())
}

/// The lines of `history`, newest change first.
pub fn history_lines(
    app: &App,
    engine: &Engine,
    module: &str,
    entries: &[HistoryView],
) -> Result<Vec<String>, CliError> {
    Ok(engine.with_world(|world| history(app, world, module, entries))?)
}

fn history(app: &App, world: &dyn World, module: &str, entries: &[HistoryView]) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in entries {
        let changes: Vec<&ChangeView> = entry.changes.iter().filter(|change| is_told(&change.path)).collect();
        if changes.is_empty() {
            continue;
        }
        let who = entry.author.clone().unwrap_or_else(|| tr!(app.messages, "unknown-author"));
        let unsent =
            if entry.unsent { paint(WARN, tr!(app.messages, "history-unsent")) } else { String::new() };
        let head = format!(
            "{}  {who}  {}  {unsent}",
            app.locale.moment(entry.time_ms),
            paint(FAINT, short(&entry.hash))
        );
        lines.push(head.trim_end().to_owned());
        for change in changes {
            let field = super::settings::check_label(app, world, &change.path)
                .unwrap_or_else(|| super::field_label(app, module, &change.path));
            let before = value(app, world, module, change, &change.before);
            let after = value(app, world, module, change, &change.after);
            lines.push(format!("  {field}: {} → {after}", paint(FAINT, before)));
        }
        let forced = |change: &ChangeView| super::settings::forced_line(app, world, change);
        lines.extend(entry.changes.iter().filter_map(forced));
    }
    lines
}

/// Whether a person reads this field's changes: what only keeps the record together says nothing to them.
fn is_told(path: &str) -> bool {
    let whole = path.split('/').next().unwrap_or(path);
    let is_frame = matches!(whole, "id" | "module" | "created_at" | "created_by" | "stage_history");
    !is_frame && !path.ends_with("/position")
}

fn value(app: &App, world: &dyn World, module: &str, change: &ChangeView, value: &Scalar) -> String {
    match app.schema.field(module, &change.path) {
        Some(field) => field.format(value, &app.locale.values, world),
        None => super::raw(value),
    }
}

fn short(hex: &str) -> &str {
    hex.get(..HASH_DIGITS).unwrap_or(hex)
}
