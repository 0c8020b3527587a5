//! How the forecast reads: the months by term, then the rows that are never hidden.

use forsat_domain::Calendar;
use forsat_domain::report::{ForecastReport, Month, MonthRow, OpenTally, Outlook, Term};

use super::pipeline::{money, uncounted};
use crate::app::App;
use crate::i18n::tr;
use crate::output::{STRONG, WARN, paint};
use crate::table::{Align, table};

/// The lines of `forecast`.
pub fn lines(app: &App, report: &ForecastReport) -> Vec<String> {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("forecast-month"), Align::Start),
        (text("pipeline-won"), Align::End),
        (text("forecast-expected"), Align::End),
        (text("forecast-committed"), Align::End),
        (text("forecast-weighted"), Align::End),
        (text("forecast-best-case"), Align::End),
        (String::new(), Align::Start),
    ];
    let mut rows = Vec::new();
    for (term, key, sum) in
        [(Term::Short, "forecast-short", &report.short), (Term::Mid, "forecast-mid", &report.mid)]
    {
        for month in report.months.iter().filter(|month| month.term == term) {
            rows.push(cells(
                app,
                month_name(app, report.calendar, month.name),
                &month.outlook,
                notes(app, month),
            ));
        }
        let sum = cells(app, text(key), sum, String::new());
        rows.push(sum.into_iter().map(|cell| paint(STRONG, cell)).collect());
    }
    let mut lines = vec![table(&headings, rows, app.out.width())];
    let open = [
        ("forecast-overdue", &report.overdue),
        ("forecast-no-date", &report.no_date),
        ("forecast-later", &report.later),
    ];
    lines.extend(open.into_iter().filter(|(_, row)| row.open.count > 0).map(|(key, row)| own(app, key, row)));
    lines.extend(uncounted(app, &report.disputed, &report.notes));
    lines
}

fn cells(app: &App, label: String, outlook: &Outlook, notes: String) -> Vec<String> {
    vec![
        label,
        app.locale.integer(outlook.won.count),
        app.locale.integer(outlook.expected.open.count),
        money(app, outlook.committed),
        money(app, outlook.weighted),
        money(app, outlook.best_case),
        notes,
    ]
}

/// A month by its name and year.
pub(super) fn month_name(app: &App, calendar: Calendar, month: Month) -> String {
    let calendar = match calendar {
        Calendar::Persian => "persian",
        Calendar::Gregorian => "gregorian",
    };
    let name = app.messages.text(&format!("month-{calendar}-{}", month.month), &[]);
    format!("{name} {}", app.locale.digits(&month.year.to_string()))
}

/// What a month says besides its sums.
fn notes(app: &App, month: &MonthRow) -> String {
    let mut notes = Vec::new();
    if month.restated.count > 0 {
        let (amount, count) = (money(app, month.restated.amount), app.locale.integer(month.restated.count));
        notes.push(tr!(app.messages, "pipeline-restated", amount = amount, count = count));
    }
    if month.disputed.count > 0 {
        let (amount, count) = (money(app, month.disputed.amount), app.locale.integer(month.disputed.count));
        notes.push(tr!(app.messages, "pipeline-disputed", amount = amount, count = count));
    }
    if notes.is_empty() { String::new() } else { paint(WARN, notes.join(" · ")) }
}

/// Open deals that stand in no month.
fn own(app: &App, key: &str, row: &OpenTally) -> String {
    let arguments = [
        ("count", app.locale.integer(row.open.count).into()),
        ("amount", money(app, row.open.amount).into()),
        ("weighted", money(app, row.weighted).into()),
    ];
    paint(WARN, app.messages.text(key, &arguments))
}
