//! What a command for many records does, or did.

use forsat_client::{MassAnswer, MassChange};
use forsat_domain::schema::ModuleDef;
use forsat_domain::schema::display::NOTHING;

use crate::app::App;
use crate::i18n::{errors, tr};

/// Refusals that are spelled out.
const REFUSALS_SHOWN: usize = 10;

/// At which point of the command the lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the question.
    Asking,
    /// Nothing is to be written.
    Looking,
    /// It is done.
    Done,
}

/// The first changes where nothing is done yet, the counts, and who is left out.
pub fn lines(app: &App, module: &ModuleDef, answer: &MassAnswer, point: Point) -> Vec<String> {
    let mut lines = Vec::new();
    if point != Point::Done {
        lines.extend(answer.changes.iter().map(|change| change_line(app, module, change)));
        let more = answer.changed.saturating_sub(answer.changes.len());
        if more > 0 {
            lines.push(tr!(app.messages, "mass-more", count = more));
        }
    }
    for refusal in answer.refused.iter().take(REFUSALS_SHOWN) {
        let (name, reason) = (refusal.name.as_str(), errors::of_record(app, &refusal.error));
        lines.push(tr!(app.messages, "mass-refused", name = name, reason = reason));
    }
    if answer.open_deals > 0 {
        lines.push(tr!(app.messages, "mass-deals", count = answer.open_deals));
    }
    let key = if point == Point::Done { "mass-done" } else { "mass-counts" };
    let counts: [(&str, usize); 4] = [
        ("matched", answer.matched),
        ("changed", answer.changed),
        ("unchanged", answer.unchanged),
        ("refused", answer.refused_count),
    ];
    lines.push(app.messages.text(key, &counts.map(|(name, count)| (name, count.into()))));
    match point {
        Point::Asking => {}
        Point::Looking => lines.push(tr!(app.messages, "mass-nothing")),
        Point::Done => lines.push(tr!(app.messages, "mass-saved", unsent = answer.unsent)),
    }
    lines
}

/// Asks before it is done.
pub fn question(app: &App, answer: &MassAnswer, deletes: bool) -> String {
    if deletes {
        tr!(app.messages, "delete-many", count = answer.changed)
    } else {
        tr!(app.messages, "mass-confirm", count = answer.changed)
    }
}

fn change_line(app: &App, module: &ModuleDef, change: &MassChange) -> String {
    let shown = |text: &str| if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() };
    let fields = change.fields.iter().map(|(field, before, after)| {
        let label = super::field_label(app, &module.name, field);
        format!("{label}: {} → {}", shown(before), shown(after))
    });
    let id = super::id(&change.short, change.prefix);
    format!("{id}  {}  {}", change.name, fields.collect::<Vec<_>>().join(" · ")).trim_end().to_owned()
}
