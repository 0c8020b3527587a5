//! How duplicates read: pairs with their reasons, and a merge side by side.

use forsat_client::{DuplicateList, Found, MergePreview, MergePreviewRow, PairReason};
use forsat_domain::schema::{Language, ModuleDef};

use crate::app::App;
use crate::i18n::tr;
use crate::output::{FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// The lines of `duplicates`: a pair a line, then the commands for it.
pub fn pair_lines(app: &App, module: &ModuleDef, list: &DuplicateList) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in &list.pairs {
        let reasons: Vec<&str> = pair.reasons.iter().map(|reason| label(app, reason)).collect();
        let reasons = reasons.join(if app.locale.language() == Language::Persian { "، " } else { ", " });
        lines.push(format!("{}  ≈  {}   {}", record(&pair.left), record(&pair.right), paint(WARN, reasons)));
        let typed = |found: &Found| super::typed_id(&found.short, found.prefix).to_owned();
        let (left, right) = (typed(&pair.left), typed(&pair.right));
        let command = format!("→ forsat {} merge {left} {right}", module.short);
        let other = format!("| forsat {} dismiss {left} {right}", module.short);
        lines.push(format!("  {} {}", paint(GOOD, command), paint(FAINT, other)));
    }
    lines
}

fn label<'r>(app: &App, reason: &'r PairReason) -> &'r str {
    match app.locale.language() {
        Language::Persian => &reason.label_fa,
        Language::English => &reason.label_en,
    }
}

fn record(found: &Found) -> String {
    format!("{}  {}", super::id(&found.short, found.prefix), paint(STRONG, &found.name))
}

/// The fields in which the records of a merge differ, a column for each record; what is taken is marked.
pub fn merge_lines(app: &App, preview: &MergePreview) -> Vec<String> {
    let mut headings = vec![(String::new(), Align::Start)];
    for (number, found) in (1..).zip(&preview.records) {
        let number = app.locale.integer(number);
        headings.push((format!("{number}  {}", super::typed_id(&found.short, found.prefix)), Align::Start));
    }
    let mut rows = vec![names(app, preview)];
    rows.extend(preview.rows.iter().map(|row| cells(app, row)));
    let mut lines: Vec<String> = table(&headings, rows, app.out.width()).lines().map(str::to_owned).collect();
    lines.push(paint(FAINT, tr!(app.messages, "merge-legend")));
    lines
}

fn names(app: &App, preview: &MergePreview) -> Vec<String> {
    let heading = paint(FAINT, tr!(app.messages, "merge-record"));
    std::iter::once(heading).chain(preview.records.iter().map(|found| found.name.clone())).collect()
}

fn cells(app: &App, row: &MergePreviewRow) -> Vec<String> {
    let label = match app.locale.language() {
        Language::Persian => &row.label_fa,
        Language::English => &row.label_en,
    };
    let mut cells = vec![match &row.given {
        Some(given) => format!("{label} = {}", paint(GOOD, given)),
        None => label.clone(),
    }];
    cells.extend(row.cells.iter().map(|cell| match (cell.text.as_str(), cell.taken) {
        ("", _) => "—".to_owned(),
        (text, true) => format!("{} {}", paint(GOOD, "✓"), text),
        (text, false) => format!("  {}", paint(FAINT, text)),
    }));
    cells
}

/// What is asked before merging.
pub fn merge_question(app: &App, preview: &MergePreview) -> String {
    let others: Vec<&str> = preview.records[1..].iter().map(|found| found.name.as_str()).collect();
    let survivor = preview.records[0].name.as_str();
    tr!(app.messages, "merge-question", others = others.join(", "), survivor = survivor)
}

/// Fields by their labels.
pub fn field_names(app: &App, module: &ModuleDef, fields: &[String]) -> String {
    let labels: Vec<String> =
        fields.iter().map(|field| super::field_label(app, &module.name, field)).collect();
    labels.join(if app.locale.language() == Language::Persian { "، " } else { ", " })
}
