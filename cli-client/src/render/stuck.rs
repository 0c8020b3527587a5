//! How the report of deals that stand still reads.

use forsat_client::Engine;
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_domain::report::StuckReport;
use forsat_domain::schema::record_name;

use super::pipeline::money;
use crate::app::App;
use crate::error::CliError;
use crate::i18n::{Language, tr};
use crate::output::{WARN, paint};
use crate::table::{Align, table};

/// Deals that are listed.
const LISTED_MAX: usize = 20;

/// The lines of `pipeline stuck`.
pub fn lines(app: &App, engine: &Engine, report: &StuckReport) -> Result<Vec<String>, CliError> {
    let mut lines = vec![stages(app, report)];
    if report.deals.is_empty() {
        lines.push(tr!(app.messages, "stuck-none"));
        return Ok(lines);
    }
    lines.push(String::new());
    lines.push(deals(app, engine, report)?);
    if report.deals.len() > LISTED_MAX {
        let (shown, total) = (LISTED_MAX as u64, report.deals.len() as u64);
        let (shown, total) = (app.locale.integer(shown), app.locale.integer(total));
        lines.push(tr!(app.messages, "stuck-part", shown = shown, total = total));
    }
    Ok(lines)
}

fn stages(app: &App, report: &StuckReport) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("pipeline-stage"), Align::Start),
        (text("stuck-median"), Align::End),
        (text("stuck-stays"), Align::End),
        (text("pipeline-open"), Align::End),
        (String::new(), Align::Start),
    ];
    let rows = report.stages.iter().map(|stage| {
        let mut notes = Vec::new();
        if report.bottleneck.as_ref() == Some(&stage.stage_id) {
            notes.push(text("stuck-bottleneck"));
        }
        if stage.clamped > 0 {
            notes.push(tr!(app.messages, "stuck-clamped", count = app.locale.integer(stage.clamped)));
        }
        let median = stage.median_days.and_then(|days| u64::try_from(days).ok());
        vec![
            if app.messages.language() == Language::Fa { &stage.label_fa } else { &stage.label_en }.clone(),
            median.map_or_else(|| "—".to_owned(), |days| app.locale.integer(days)),
            app.locale.integer(stage.stays),
            app.locale.integer(stage.open),
            paint(WARN, notes.join(" · ")),
        ]
    });
    table(&headings, rows.collect(), app.out.width())
}

fn deals(app: &App, engine: &Engine, report: &StuckReport) -> Result<String, CliError> {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        ("id".to_owned(), Align::Start),
        (text("stuck-deal"), Align::Start),
        (text("pipeline-stage"), Align::Start),
        (text("stuck-days"), Align::End),
        (text("pipeline-amount"), Align::End),
        (text("breakdown-owner"), Align::Start),
    ];
    let prefixes = engine.prefixes(report.deals.iter().take(LISTED_MAX).map(|deal| deal.id))?;
    let rows = engine.with_world(|world| {
        let stages = &world.settings().stages;
        let shown = report.deals.iter().zip(prefixes).map(|(deal, prefix)| {
            let stage = stages.get(&deal.stage_id).map(|stage| stage.label.get(app.locale.language()));
            let owner = deal.owner.and_then(|owner| world.record(RecordId(owner.0)));
            vec![
                super::id(&encode_id(deal.id.as_bytes()), prefix),
                deal.name.clone(),
                stage.unwrap_or(&deal.stage_id).to_owned(),
                app.locale.integer(u64::try_from(deal.days).unwrap_or(0)),
                deal.amount.map_or_else(|| "—".to_owned(), |amount| money(app, Some(amount))),
                owner.map(|owner| record_name(&owner)).unwrap_or_default(),
            ]
        });
        shown.collect::<Vec<_>>()
    })?;
    Ok(table(&headings, rows, app.out.width()))
}
