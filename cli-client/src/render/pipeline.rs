//! How the pipeline reads: a row a stage with a bar, then what can't be counted, then the quarters.

use std::fmt::Write as _;

use forsat_domain::Money;
use forsat_domain::report::{PipelineNotes, PipelineReport, QuarterRow, Tally};

use crate::app::App;
use crate::i18n::{Language, tr};
use crate::output::{FAINT, STRONG, WARN, paint};
use crate::table::{Align, table};

/// Cells of the longest bar.
const BAR_CELLS: u64 = 16;
/// Parts that a cell of a bar can be filled to.
const BAR_PARTS: u64 = 8;
/// The partly filled cells, from one eighth to seven.
const BAR_PART_SIGNS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// The lines of `pipeline`.
pub fn lines(app: &App, report: &PipelineReport) -> Vec<String> {
    let mut lines = vec![stages(app, report)];
    lines.extend(closed(app, report));
    lines.extend(uncounted(app, &report.disputed, &report.notes));
    if !report.quarters.is_empty() {
        lines.push(String::new());
        lines.push(quarters(app, &report.quarters));
    }
    lines
}

/// The open stages with their sums, and a row that adds them up.
pub fn stages(app: &App, report: &PipelineReport) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("pipeline-stage"), Align::Start),
        ("%".to_owned(), Align::End),
        (text("pipeline-deals"), Align::End),
        (text("pipeline-amount"), Align::End),
        (text("pipeline-weighted"), Align::End),
        (String::new(), Align::Start),
    ];
    let longest = report.stages.iter().map(|row| row.open.count).max().unwrap_or(0);
    let mut rows: Vec<Vec<String>> = report
        .stages
        .iter()
        .map(|row| {
            let label = if app.messages.language() == Language::Fa { &row.label_fa } else { &row.label_en };
            vec![
                label.clone(),
                app.locale.integer(u64::from(row.probability)),
                app.locale.integer(row.open.count),
                money(app, row.open.amount),
                money(app, row.weighted),
                bar(row.open.count, longest),
            ]
        })
        .collect();
    rows.push(vec![
        paint(STRONG, text("pipeline-open")),
        String::new(),
        paint(STRONG, app.locale.integer(report.open.count)),
        paint(STRONG, money(app, report.open.amount)),
        paint(STRONG, money(app, report.weighted)),
        String::new(),
    ]);
    table(&headings, rows, app.out.width())
}

fn closed(app: &App, report: &PipelineReport) -> Vec<String> {
    let row = |key: &str, tally: &Tally| {
        format!(
            "{}  {}  {}",
            app.messages.text(key, &[]),
            app.locale.integer(tally.count),
            money(app, tally.amount)
        )
    };
    vec![row("pipeline-won", &report.won), row("pipeline-lost", &report.lost)]
}

/// The rows that are never hidden while they hold anything.
pub(super) fn uncounted(app: &App, disputed: &Tally, notes: &PipelineNotes) -> Vec<String> {
    let mut lines = Vec::new();
    if disputed.count > 0 {
        let (count, sum) = (app.locale.integer(disputed.count), money(app, disputed.amount));
        lines.push(tr!(app.messages, "pipeline-disputed", count = count, amount = sum));
    }
    for (currency, count) in &notes.no_rate {
        let (count, currency) = (app.locale.integer(*count), currency.to_string());
        lines.push(tr!(app.messages, "pipeline-no-rate", count = count, currency = currency));
    }
    let rows = [
        ("pipeline-overflow", notes.overflow),
        ("pipeline-no-amount", notes.no_amount),
        ("pipeline-disputed-deletions", notes.disputed_deletions),
    ];
    for (key, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
        lines.push(app.messages.text(key, &[("count", app.locale.integer(count).into())]));
    }
    lines.into_iter().map(|line| paint(WARN, line)).collect()
}

fn quarters(app: &App, quarters: &[QuarterRow]) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("pipeline-quarter"), Align::Start),
        (text("pipeline-won"), Align::End),
        (text("pipeline-amount"), Align::End),
        (text("pipeline-lost"), Align::End),
        (String::new(), Align::Start),
    ];
    let rows = quarters
        .iter()
        .map(|row| {
            vec![
                quarter_name(app, row),
                app.locale.integer(row.won.count),
                money(app, row.won.amount),
                app.locale.integer(row.lost.count),
                quarter_notes(app, row),
            ]
        })
        .collect();
    table(&headings, rows, app.out.width())
}

fn quarter_name(app: &App, row: &QuarterRow) -> String {
    match (row.year, row.quarter) {
        (Some(year), Some(quarter)) => {
            let year = app.locale.digits(&year.to_string());
            tr!(
                app.messages,
                "pipeline-quarter-name",
                year = year,
                quarter = app.locale.digits(&quarter.to_string())
            )
        }
        _ => tr!(app.messages, "pipeline-no-date"),
    }
}

fn quarter_notes(app: &App, row: &QuarterRow) -> String {
    let mut notes = String::new();
    if row.restated.count > 0 {
        let (amount, count) = (money(app, row.restated.amount), app.locale.integer(row.restated.count));
        let _ = write!(notes, "{} ", tr!(app.messages, "pipeline-restated", amount = amount, count = count));
    }
    if row.disputed.count > 0 {
        let (amount, count) = (money(app, row.disputed.amount), app.locale.integer(row.disputed.count));
        notes.push_str(&tr!(app.messages, "pipeline-disputed", amount = amount, count = count));
    }
    if notes.is_empty() { notes } else { paint(WARN, notes.trim_end()) }
}

/// A sum, or why there is none.
pub(super) fn money(app: &App, amount: Option<Money>) -> String {
    amount.map_or_else(|| tr!(app.messages, "too-large"), |amount| app.locale.money(amount))
}

/// A bar in proportion to the longest, in eighths of a cell; anything above zero is seen.
pub(super) fn bar(count: u64, longest: u64) -> String {
    if count == 0 || longest == 0 {
        return String::new();
    }
    let parts = (count.saturating_mul(BAR_CELLS * BAR_PARTS) / longest).max(1);
    let mut cells = "█".repeat(usize::try_from(parts / BAR_PARTS).unwrap_or_default());
    if let Some(sign) = usize::try_from(parts % BAR_PARTS).ok().and_then(|part| part.checked_sub(1)) {
        cells.extend(BAR_PART_SIGNS.get(sign));
    }
    paint(FAINT, cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(count: u64, longest: u64) -> String {
        anstream::adapter::strip_str(&bar(count, longest)).to_string()
    }

    #[test]
    fn bars_are_in_proportion_and_never_vanish() {
        assert_eq!(plain(0, 10), "");
        assert_eq!(plain(10, 10).chars().count(), 16);
        assert_eq!(plain(5, 10).chars().count(), 8);
        assert_eq!(plain(1, 10_000), "▏");
        assert_eq!(plain(3, 32), "█▌");
    }
}
