//! How the forecast beside the one of an earlier day reads: each month with its difference, then the deals that made it.

use forsat_client::Engine;
use forsat_domain::Money;
use forsat_domain::id::encode_id;
use forsat_domain::report::{DealChange, DealChangeKind, ForecastComparison, Outlook, Place};

use super::forecast::month_name;
use super::pipeline::money;
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{FAINT, STRONG, paint};
use crate::table::{Align, table};

/// Deals that are listed.
const LISTED_MAX: usize = 20;

/// The lines of `forecast --since`.
pub fn lines(app: &App, engine: &Engine, report: &ForecastComparison) -> Result<Vec<String>, CliError> {
    let day = app.locale.values.date(report.since);
    let mut lines = vec![tr!(app.messages, "forecast-since", day = day.clone()), months(app, report)];
    if report.changes.is_empty() {
        lines.push(tr!(app.messages, "forecast-unchanged", day = day));
        return Ok(lines);
    }
    lines.push(tr!(app.messages, "forecast-changes"));
    lines.push(deals(app, engine, report)?);
    if report.changes.len() > LISTED_MAX {
        let (shown, total) = (LISTED_MAX as u64, report.changes.len() as u64);
        let (shown, total) = (app.locale.integer(shown), app.locale.integer(total));
        lines.push(tr!(app.messages, "forecast-part", shown = shown, total = total));
    }
    Ok(lines)
}

fn months(app: &App, report: &ForecastComparison) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("forecast-month"), Align::Start),
        (text("forecast-committed"), Align::End),
        (text("forecast-weighted"), Align::End),
        (text("forecast-best-case"), Align::End),
    ];
    let mut rows = Vec::new();
    for (then, now) in report.then.months.iter().zip(&report.now.months) {
        let amounts = |outlook: &Outlook| [outlook.committed, outlook.weighted, outlook.best_case];
        let (before, after) = (amounts(&then.outlook), amounts(&now.outlook));
        let label = paint(STRONG, month_name(app, report.now.calendar, now.name));
        rows.push(std::iter::once(label).chain(after.map(|amount| money(app, amount))).collect());
        if before != after {
            let label = paint(FAINT, format!("  {}", text("forecast-was")));
            let less = before.into_iter().zip(after).map(|(before, after)| {
                let more = before.zip(after).and_then(|(before, after)| after.checked_sub(before).ok());
                difference(app, more)
            });
            rows.push(std::iter::once(label).chain(less).collect());
        }
    }
    table(&headings, rows, app.out.width())
}

fn deals(app: &App, engine: &Engine, report: &ForecastComparison) -> Result<String, CliError> {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        ("id".to_owned(), Align::Start),
        (text("stuck-deal"), Align::Start),
        (String::new(), Align::Start),
        (text("forecast-weighted"), Align::End),
        (text("forecast-best-case"), Align::End),
    ];
    let listed = || report.changes.iter().take(LISTED_MAX);
    let prefixes = engine.prefixes(listed().map(|change| change.id))?;
    let rows = listed().zip(prefixes).map(|(change, prefix)| {
        vec![
            super::id(&encode_id(change.id.as_bytes()), prefix),
            change.name.clone(),
            what(app, report, change),
            difference(app, change.weighted),
            difference(app, change.best_case),
        ]
    });
    Ok(table(&headings, rows.collect(), app.out.width()))
}

/// What became of a deal, and from where to where where that says more.
fn what(app: &App, report: &ForecastComparison, change: &DealChange) -> String {
    let kind = match change.kind {
        DealChangeKind::Added => tr!(app.messages, "forecast-kind-added"),
        DealChangeKind::Removed => tr!(app.messages, "forecast-kind-removed"),
        DealChangeKind::Won => tr!(app.messages, "forecast-kind-won"),
        DealChangeKind::Lost => tr!(app.messages, "forecast-kind-lost"),
        DealChangeKind::Disputed => tr!(app.messages, "forecast-kind-disputed"),
        DealChangeKind::Reopened => tr!(app.messages, "forecast-kind-reopened"),
        DealChangeKind::Moved => tr!(app.messages, "forecast-kind-moved"),
        DealChangeKind::Revalued => tr!(app.messages, "forecast-kind-revalued"),
    };
    let place = |place: Place| place_name(app, report, place);
    match change.kind {
        DealChangeKind::Added | DealChangeKind::Reopened => format!("{kind}: {}", place(change.now.place)),
        DealChangeKind::Moved => {
            format!("{kind}: {} → {}", place(change.then.place), place(change.now.place))
        }
        _ => kind,
    }
}

fn place_name(app: &App, report: &ForecastComparison, place: Place) -> String {
    match place {
        Place::Expected { month } | Place::Won { month: Some(month) } => {
            month_name(app, report.now.calendar, month)
        }
        Place::Nowhere => tr!(app.messages, "forecast-place-nowhere"),
        Place::Overdue => tr!(app.messages, "forecast-place-overdue"),
        Place::NoDate => tr!(app.messages, "forecast-place-no-date"),
        Place::Later => tr!(app.messages, "forecast-place-later"),
        Place::Won { month: None } => tr!(app.messages, "forecast-place-won"),
        Place::Lost => tr!(app.messages, "forecast-place-lost"),
        Place::Disputed => tr!(app.messages, "forecast-place-disputed"),
    }
}

/// By how much more; nothing where it is the same.
fn difference(app: &App, more: Option<Money>) -> String {
    match more {
        Some(more) if more.value().is_zero() => String::new(),
        Some(more) if more.value().is_sign_positive() => format!("+{}", app.locale.money(more)),
        more => money(app, more),
    }
}
