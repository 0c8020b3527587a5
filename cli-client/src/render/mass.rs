//! What a command for many records does, or did.

use forsat_client::{MassAnswer, MassChange};
use forsat_domain::schema::ModuleDef;
use forsat_domain::schema::display::NOTHING;

use crate::app::App;
use crate::i18n::tr;

/// Refusals that are spelled out.
const REFUSALS_SHOWN: usize = 10;

/// The first changes where asked for, the counts, and who is left out.
pub fn lines(app: &App, module: &ModuleDef, answer: &MassAnswer, spelled_out: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if spelled_out {
        lines.extend(answer.changes.iter().map(|change| change_line(app, module, change)));
        let more = answer.changed.saturating_sub(answer.changes.len());
        if more > 0 {
            lines.push(tr!(app.messages, "mass-more", count = more));
        }
    }
    for refusal in answer.refused.iter().take(REFUSALS_SHOWN) {
        lines.push(tr!(
            app.messages,
            "mass-refused",
            name = refusal.name.as_str(),
            reason = refusal.message.as_str()
        ));
    }
    if answer.open_deals > 0 {
        lines.push(tr!(app.messages, "mass-deals", count = answer.open_deals));
    }
    lines.push(tr!(
        app.messages,
        "mass-counts",
        matched = answer.matched,
        changed = answer.changed,
        unchanged = answer.unchanged,
        refused = answer.refused_count
    ));
    lines.push(match (answer.saved && answer.changed > 0, answer.changed) {
        (true, _) => tr!(app.messages, "mass-saved", unsent = answer.unsent),
        (false, _) => tr!(app.messages, "mass-nothing"),
    });
    // Before the question nothing has been decided yet.
    if spelled_out && !answer.saved && answer.changed > 0 {
        lines.pop();
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
