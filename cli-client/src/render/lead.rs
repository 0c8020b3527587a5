//! What became of a lead, and what was logged.

use forsat_client::{Engine, LeadConverted, LoggedActivity, Outcome};
use forsat_domain::schema::ACTIVITY;

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{FAINT, GOOD, WARN, paint};
use crate::table::{Align, table};

/// A line for each record that a lead became.
pub fn outcomes(app: &App, answer: &LeadConverted) -> Vec<String> {
    let records = [Some(&answer.account), Some(&answer.contact), answer.opportunity.as_ref()];
    let rows: Vec<Vec<String>> = records.into_iter().flatten().map(|record| row(app, record)).collect();
    let headings = ["", "", "", ""].map(|heading: &str| (heading.to_owned(), Align::Start));
    let text = table(&headings, rows, app.out.width());
    // The columns speak for themselves.
    text.lines().skip(1).map(str::to_owned).collect()
}

fn row(app: &App, record: &Outcome) -> Vec<String> {
    let origin = if record.new {
        paint(GOOD, tr!(app.messages, "lead-new"))
    } else {
        paint(FAINT, tr!(app.messages, "lead-existing"))
    };
    vec![
        super::module_label(app, &record.module),
        super::id(&record.short, record.prefix),
        record.name.clone(),
        origin,
    ]
}

/// What else a conversion did, and what is left to do.
pub fn notes(app: &App, engine: &Engine, answer: &LeadConverted) -> Result<Vec<String>, CliError> {
    let mut notes = Vec::new();
    if answer.activities > 0 {
        notes.push(tr!(
            app.messages,
            "lead-activities",
            count = answer.activities,
            shown = app.locale.digits(&answer.activities.to_string())
        ));
    }
    if let Some(deal) = &answer.opportunity {
        let view = engine.show(&deal.module, &deal.short)?;
        if view.state.winner("close_date").is_blank() {
            let id = super::typed_id(&deal.short, deal.prefix);
            notes.push(paint(WARN, tr!(app.messages, "lead-no-close-date", id = id)));
        }
    }
    Ok(notes)
}

/// What was logged about what, and what follows.
pub fn logged(app: &App, answer: &LoggedActivity) -> Vec<String> {
    let status = answer.status.as_deref().map(|status| {
        let field = app.schema.field(ACTIVITY, "status");
        let choices = field.map(|field| match &field.kind {
            forsat_domain::FieldKind::Choice(choices) => choices.as_slice(),
            _ => &[],
        });
        let choice = choices.unwrap_or_default().iter().find(|choice| choice.slug == status);
        choice.map_or(status, |choice| choice.label.get(app.locale.language())).to_owned()
    });
    let about = answer.about_name.as_str();
    let mut lines = vec![match status {
        Some(status) => tr!(app.messages, "log-about", about = about, status = status),
        None => tr!(app.messages, "log-note", about = about),
    }];
    if let Some(task) = &answer.follow_up {
        let (id, name) = (super::typed_id(&task.short, task.prefix), task.name.as_str());
        lines.push(if answer.next_step {
            tr!(app.messages, "log-next-step", id = id, name = name)
        } else {
            tr!(app.messages, "log-follow-up", id = id, name = name)
        });
    }
    lines
}
