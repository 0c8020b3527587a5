//! How a breakdown of the pipeline reads: a row a key, then a row that adds them up.

use forsat_domain::report::{BreakdownReport, BreakdownRow, Dimension};

use super::pipeline::{bar, money, uncounted};
use crate::app::App;
use crate::i18n::Language;
use crate::output::{STRONG, paint};
use crate::table::{Align, table};

/// The lines of `pipeline --by`.
pub fn lines(app: &App, report: &BreakdownReport) -> Vec<String> {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text(heading(report.dimension)), Align::Start),
        (text("pipeline-deals"), Align::End),
        (text("pipeline-amount"), Align::End),
        (text("pipeline-weighted"), Align::End),
        (text("pipeline-won"), Align::End),
        (text("pipeline-amount"), Align::End),
        (text("pipeline-lost"), Align::End),
        (String::new(), Align::Start),
    ];
    let longest = report.rows.iter().map(|row| row.open.open.count).max().unwrap_or(0);
    let mut rows: Vec<Vec<String>> =
        report.rows.iter().map(|row| cells(app, label(app, row), row, longest)).collect();
    let total = cells(app, text("breakdown-total"), &report.total, 0);
    rows.push(total.into_iter().map(|cell| paint(STRONG, cell)).collect());
    let mut lines = vec![table(&headings, rows, app.out.width())];
    lines.extend(uncounted(app, &report.total.disputed, &report.notes));
    lines
}

fn heading(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Owner => "breakdown-owner",
        Dimension::Team => "breakdown-team",
        Dimension::Source => "breakdown-source",
        Dimension::Campaign => "breakdown-campaign",
        Dimension::Account => "breakdown-account",
        Dimension::Product => "breakdown-product",
        Dimension::Period => "breakdown-period",
    }
}

fn label(app: &App, row: &BreakdownRow) -> String {
    let label = if app.messages.language() == Language::Fa { &row.label_fa } else { &row.label_en };
    match &row.key {
        None => app.messages.text("breakdown-none", &[]),
        Some(_) => app.locale.digits(label),
    }
}

fn cells(app: &App, label: String, row: &BreakdownRow, longest: u64) -> Vec<String> {
    vec![
        label,
        app.locale.integer(row.open.open.count),
        money(app, row.open.open.amount),
        money(app, row.open.weighted),
        app.locale.integer(row.won.count),
        money(app, row.won.amount),
        app.locale.integer(row.lost.count),
        bar(row.open.open.count, longest),
    ]
}
