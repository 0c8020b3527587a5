//! What the demo prints, read back from the stores.

use std::path::Path;
use std::time::Duration;

use forsat_client::{ImportSummary, SyncSummary};
use forsat_domain::number::parse_money;
use forsat_domain::{CivilDate, Currency, date};

use super::stage::{Stage, WORKSPACE};
use super::story::{BOOKED, BY_HAND, Deals, LATE_LINE, LOST_ON, SMALL_LINE, WON_ON};
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{STRONG, paint};
use crate::render;

/// The relay and who is on it.
pub fn relay(app: &mut App, stage: &Stage) {
    app.out.data(tr!(app.messages, "demo-relay", url = stage.url(), workspace = WORKSPACE));
}

/// What the import took.
pub fn import(app: &mut App, summary: &ImportSummary, took: Duration) {
    let created = |module: &str| {
        let of_module = summary.files.iter().filter(|file| file.module == module);
        app.locale.integer(of_module.map(|file| file.created).sum())
    };
    let deals = summary.files.iter().find(|file| file.module == "opportunity");
    let reason = deals.and_then(|file| {
        file.refused.keys().next().map(|english| crate::commands::import::reason(app, file, english))
    });
    let reason = reason.unwrap_or_default();
    let refused: u64 = summary.files.iter().flat_map(|file| file.refused.values()).sum();
    let line = tr!(
        app.messages,
        "demo-import",
        rows = app.locale.integer(deals.map_or(0, |file| file.rows)),
        deals = created("opportunity"),
        accounts = created("account"),
        products = created("product"),
        people = created("user"),
        refused = app.locale.integer(refused),
        reason = reason,
        seconds = seconds(app, took),
    );
    app.out.data(line);
}

/// What the first sync of both carried.
pub fn first_sync(app: &mut App, up: (&SyncSummary, Duration), down: (&SyncSummary, Duration)) {
    let line = tr!(
        app.messages,
        "demo-first-sync",
        sent = app.locale.integer(up.0.sent),
        up = seconds(app, up.1),
        received = app.locale.integer(down.0.received),
        down = seconds(app, down.1),
    );
    app.out.data(line);
}

/// What both did without a network.
pub fn apart(app: &mut App, deals: &Deals) {
    let (won, priced) = (deals.won.name.as_str(), deals.priced.name.as_str());
    let lines = [
        paint(STRONG, tr!(app.messages, "demo-offline")),
        tr!(app.messages, "demo-s2", deal = won, amount = money(app, BOOKED), line = money(app, LATE_LINE)),
        tr!(
            app.messages,
            "demo-s11",
            deal = priced,
            amount = money(app, BY_HAND),
            line = money(app, SMALL_LINE)
        ),
        tr!(
            app.messages,
            "demo-s16",
            deal = deals.disputed.name.as_str(),
            won = day(app, WON_ON),
            lost = day(app, LOST_ON)
        ),
        tr!(app.messages, "demo-text", deal = deals.described.name.as_str()),
    ];
    let indented =
        lines.into_iter().enumerate().map(|(at, line)| if at == 0 { line } else { format!("  {line}") });
    indented.for_each(|line| app.out.data(line));
}

/// What Sara's device hears when both are online again.
pub fn merged(
    app: &mut App,
    stage: &Stage,
    deals: &Deals,
    unsent: (u64, u64),
    summary: &SyncSummary,
) -> Result<(), CliError> {
    let (office, field) = (app.locale.integer(unsent.0), app.locale.integer(unsent.1));
    app.out.data(paint(STRONG, tr!(app.messages, "demo-online", office = office, field = field)));
    for line in render::summary::record_lines(app, summary) {
        app.out.data(format!("  {line}"));
    }
    let view = stage.office.show("opportunity", &deals.described.reference)?;
    let text = view.state.text("description");
    let line = tr!(app.messages, "demo-merged-text", deal = deals.described.name.as_str(), text = text);
    app.out.data(format!("  {line}"));
    Ok(())
}

/// The issues of the story's deals, as `forsat issues` shows them.
pub fn issues(app: &mut App, stage: &Stage, deals: &Deals) -> Result<(), CliError> {
    app.out.data(paint(STRONG, tr!(app.messages, "demo-decide")));
    let mut list = stage.office.issues(false)?;
    list.issues.retain(|issue| deals.all().iter().any(|deal| deal.id == issue.id));
    for line in render::issue::list_lines(app, &stage.office, &list)? {
        app.out.data(format!("  {line}"));
    }
    Ok(())
}

/// The pipeline once, after comparing both devices' byte by byte.
pub fn pipelines(app: &mut App, stage: &Stage) -> Result<(), CliError> {
    let report = stage.office.pipeline()?;
    let spell = |report: &forsat_domain::report::PipelineReport| {
        serde_json::to_string(report).expect("a report is plain data")
    };
    let (office, field) = (spell(&report), spell(&stage.field.pipeline()?));
    let equal = if office == field { "yes" } else { "no" };
    let bytes = app.locale.integer(u64::try_from(office.len()).unwrap_or_default());
    app.out.data(paint(STRONG, tr!(app.messages, "demo-pipeline", equal = equal, bytes = bytes)));
    for line in render::pipeline::stages(app, &report).lines() {
        app.out.data(format!("  {}", line.trim_end()));
    }
    let amount = |tally: &forsat_domain::report::Tally| {
        tally.amount.map_or_else(|| tr!(app.messages, "too-large"), |amount| app.locale.money(amount))
    };
    let line = tr!(
        app.messages,
        "demo-closed",
        won = app.locale.integer(report.won.count),
        wonAmount = amount(&report.won),
        lost = app.locale.integer(report.lost.count),
        disputed = app.locale.integer(report.disputed.count),
        disputedAmount = amount(&report.disputed),
    );
    app.out.data(format!("  {line}"));
    Ok(())
}

/// Commands to paste that go on with these stores.
pub fn next(app: &mut App, dir: &Path, address: &str) {
    app.out.data(paint(STRONG, tr!(app.messages, "demo-next")));
    let program =
        std::env::current_exe().map_or_else(|_| "forsat".to_owned(), |path| path.display().to_string());
    let dir = dir.display();
    let lines = [
        format!("cargo run --release --bin forsat-relay -- serve --data {dir}/relay --listen {address} &"),
        format!("alias office='{program} --store {dir}/office' field='{program} --store {dir}/field'"),
        "field issues; field opp list --open --sort=-amount -n 5; field sync; office sync; office pipeline"
            .to_owned(),
    ];
    lines.into_iter().for_each(|line| app.out.data(format!("  {line}")));
}

fn seconds(app: &App, took: Duration) -> String {
    let text = app.locale.digits(&format!("{:.1}", took.as_secs_f64()));
    if app.locale.values.digits == forsat_domain::Digits::Persian { text.replace('.', "٫") } else { text }
}

fn money(app: &App, typed: &str) -> String {
    let parsed = parse_money(typed, Currency::USD);
    parsed.map_or_else(|_| typed.to_owned(), |money| app.locale.money(money))
}

fn day(app: &App, typed: &str) -> String {
    let today = date::today(app.ambient.now_ms(), app.locale.zone);
    let parsed: Option<CivilDate> = date::parse_date(typed, today).ok();
    parsed.map_or_else(|| typed.to_owned(), |day| app.locale.values.date(day))
}
