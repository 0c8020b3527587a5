//! How `inspect` reads.

use forsat_client::{Authorship, Inspection, StoredChange};

use crate::app::App;
use crate::i18n::tr;
use crate::output::{STRONG, paint};
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
        (text("inspect-vouched"), Align::Start),
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
                vouched(app, change),
                app.locale.moment(change.time_ms),
                change.size.to_string(),
                change.state.clone(),
            ]
        })
        .collect();
    table(&headings, rows, app.out.width())
}

/// What stands behind an author; of what nobody made, nothing is asked.
fn vouched(app: &App, change: &StoredChange) -> String {
    match change.authorship {
        Some(Authorship::Own) => tr!(app.messages, "author-own"),
        Some(authorship) => super::past::vouched(app, authorship).unwrap_or_default(),
        None => "—".to_owned(),
    }
}

fn short(hex: &str) -> &str {
    hex.get(..HASH_DIGITS).unwrap_or(hex)
}
