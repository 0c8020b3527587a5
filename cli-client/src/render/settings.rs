//! How the settings read: everything, or one part of it.

use forsat_client::{CheckView, ItemView, PipelineView, SettingsView, StageView};
use forsat_domain::composite::{Composite as _, StageMove};
use forsat_domain::schema::{Language, OPPORTUNITY, SETTINGS};
use forsat_domain::{Scalar, World};

use super::field_label;
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// A part of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    All,
    /// The pipelines with their stages.
    Pipelines,
    /// The checklist of a stage.
    Checklist(String),
    /// Where deals come from.
    Sources,
    /// Why deals are won.
    WinReasons,
    /// Why deals are lost.
    LossReasons,
    /// Exchange rates.
    Rates,
    /// Targets.
    Targets,
    /// The workspace's own fields.
    Fields,
}

impl Part {
    /// The part as JSON.
    pub fn of(&self, view: &SettingsView) -> serde_json::Value {
        let json = match self {
            Self::All => serde_json::to_value(view),
            Self::Pipelines => serde_json::to_value(&view.pipelines),
            Self::Checklist(id) => serde_json::to_value(stage(view, id).map(|stage| &stage.checklist)),
            Self::Sources => serde_json::to_value(&view.lead_sources),
            Self::WinReasons => serde_json::to_value(&view.win_reasons),
            Self::LossReasons => serde_json::to_value(&view.loss_reasons),
            Self::Rates => serde_json::to_value(&view.rates),
            Self::Targets => serde_json::to_value(&view.targets),
            Self::Fields => serde_json::to_value(&view.custom_fields),
        };
        json.expect("settings are plain values")
    }
}

/// Finds a stage by its id or a label in either language.
pub fn stage_id(app: &App, view: &SettingsView, typed: &str) -> Result<String, CliError> {
    let key = forsat_domain::text::fold(typed);
    let same = |text: &str| forsat_domain::text::fold(text) == key;
    let mut stages = view.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
    let found = stages.find(|stage| same(&stage.id) || same(&stage.label_en) || same(&stage.label_fa));
    let unknown = || CliError::Usage(tr!(app.messages, "settings-no-stage", stage = typed));
    found.map(|stage| stage.id.clone()).ok_or_else(unknown)
}

fn stage<'v>(view: &'v SettingsView, id: &str) -> Option<&'v StageView> {
    view.pipelines.iter().flat_map(|pipeline| &pipeline.stages).find(|stage| stage.id == id)
}

/// The lines of the settings, or of a part of them.
pub fn lines(app: &App, view: &SettingsView, part: &Part) -> Vec<String> {
    match part {
        Part::All => all(app, view),
        Part::Pipelines => view.pipelines.iter().flat_map(|row| pipeline(app, row)).collect(),
        Part::Checklist(id) => stage(view, id).map(|stage| checklist(app, stage)).unwrap_or_default(),
        Part::Sources => vec![items(app, &view.lead_sources)],
        Part::WinReasons => vec![items(app, &view.win_reasons)],
        Part::LossReasons => vec![items(app, &view.loss_reasons)],
        Part::Rates => rates(app, view),
        Part::Targets => targets(app, view),
        Part::Fields => fields(app, view),
    }
}

fn all(app: &App, view: &SettingsView) -> Vec<String> {
    let mut lines = plain(app, view);
    for row in &view.pipelines {
        lines.push(String::new());
        lines.extend(pipeline(app, row));
    }
    let lists = [
        ("lead_sources", &view.lead_sources),
        ("win_reasons", &view.win_reasons),
        ("loss_reasons", &view.loss_reasons),
    ];
    for (field, rows) in lists {
        let words: Vec<String> =
            rows.iter().filter(|row| !row.archived).map(|row| item_label(app, row).to_owned()).collect();
        lines.push(String::new());
        lines.push(heading(app, field));
        lines.push(format!("  {}", words.join(comma(app))));
    }
    let parts = [
        ("rates", view.rates.is_empty(), rates(app, view)),
        ("targets", view.targets.is_empty(), targets(app, view)),
        ("custom_fields", view.custom_fields.is_empty(), fields(app, view)),
    ];
    for (field, is_empty, rows) in parts {
        if !is_empty {
            lines.push(String::new());
            lines.push(heading(app, field));
            lines.extend(rows);
        }
    }
    lines
}

fn heading(app: &App, field: &str) -> String {
    paint(STRONG, field_label(app, SETTINGS, field))
}

fn comma(app: &App) -> &'static str {
    if app.locale.language() == Language::Persian { "، " } else { ", " }
}

/// The plain settings, each with its label.
fn plain(app: &App, view: &SettingsView) -> Vec<String> {
    let choice = |field: &str, slug: &str| {
        let definition = app.schema.field(SETTINGS, field).map(|field| &field.kind);
        let Some(forsat_domain::FieldKind::Choice(choices)) = definition else { return slug.to_owned() };
        let found = choices.iter().find(|choice| choice.slug == slug);
        found.map_or(slug.to_owned(), |choice| choice.label.get(app.locale.language()).to_owned())
    };
    let truth = if view.tax_in_amount { "settings-yes" } else { "settings-no" };
    let rows = [
        ("organisation", if view.organisation.is_empty() { "—" } else { &view.organisation }.to_owned()),
        ("currency", view.currency.clone()),
        ("time_zone", view.time_zone.clone()),
        ("calendar", choice("calendar", &view.calendar)),
        ("fiscal_year_start", app.locale.integer(view.fiscal_year_start.into())),
        ("tax_in_amount", app.messages.text(truth, &[])),
        ("naming_convention", view.naming_convention.clone()),
    ];
    rows.into_iter()
        .map(|(field, value)| format!("{}  {value}", paint(FAINT, field_label(app, SETTINGS, field))))
        .collect()
}

/// A pipeline's stages in order, with what must be reached in each.
fn pipeline(app: &App, pipeline: &PipelineView) -> Vec<String> {
    let label = own(app, &pipeline.label_en, &pipeline.label_fa);
    let mut lines = vec![format!("{}  {}", paint(STRONG, label), paint(FAINT, &pipeline.id))];
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("settings-id"), Align::Start),
        (text("settings-label"), Align::Start),
        (text("settings-percent"), Align::End),
        (text("settings-note"), Align::Start),
    ];
    let rows: Vec<Vec<String>> = pipeline
        .stages
        .iter()
        .map(|stage| {
            vec![
                stage.id.clone(),
                own(app, &stage.label_en, &stage.label_fa).to_owned(),
                app.locale.values.percent(stage.probability.into()),
                stage_note(app, stage),
            ]
        })
        .collect();
    lines.push(table(&headings, rows, app.out.width()));
    lines
}

fn stage_note(app: &App, stage: &StageView) -> String {
    let mut notes = Vec::new();
    match (&stage.replaced_by, stage.archived) {
        (Some(by), true) => notes.push(tr!(app.messages, "settings-replaced", by = by.as_str())),
        (None, true) => notes.push(tr!(app.messages, "settings-archived")),
        _ => {}
    }
    if !stage.exit_criteria.is_empty() {
        notes.push(stage.exit_criteria.clone());
    }
    if !stage.checklist.is_empty() {
        notes.push(count_of_checks(app, stage.checklist.len()));
    }
    notes.join(" · ")
}

fn count_of_checks(app: &App, count: usize) -> String {
    let shown = app.locale.digits(&count.to_string());
    tr!(app.messages, "settings-checks", count = count, shown = shown)
}

fn checklist(app: &App, stage: &StageView) -> Vec<String> {
    let label = own(app, &stage.label_en, &stage.label_fa);
    if stage.checklist.is_empty() {
        return vec![tr!(app.messages, "settings-no-checks", stage = label)];
    }
    let row = |item: &ItemView| {
        let required = if item.required { tr!(app.messages, "check-required") } else { String::new() };
        format!("  {}  {}  {}", item.id, item_label(app, item), paint(WARN, required)).trim_end().to_owned()
    };
    std::iter::once(paint(STRONG, label)).chain(stage.checklist.iter().map(row)).collect()
}

fn items(app: &App, rows: &[ItemView]) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        (text("settings-id"), Align::Start),
        (text("settings-label"), Align::Start),
        (text("settings-note"), Align::Start),
    ];
    let rows = rows.iter().map(|row| {
        let note = if row.archived { text("settings-archived") } else { String::new() };
        vec![row.id.clone(), item_label(app, row).to_owned(), note]
    });
    table(&headings, rows.collect(), app.out.width())
}

fn rates(app: &App, view: &SettingsView) -> Vec<String> {
    let rows = view.rates.iter().map(|rate| {
        let day = rate.date.parse().map_or(rate.date.clone(), |day| app.locale.values.date(day));
        let number = rate.rate.parse().map_or(rate.rate.clone(), |rate| app.locale.values.number(rate));
        format!("  {}  {day}  {number} {}", rate.currency, view.currency)
    });
    or_nothing(app, rows.collect())
}

fn targets(app: &App, view: &SettingsView) -> Vec<String> {
    let rows = view.targets.iter().map(|target| {
        let period = app.locale.digits(&target.period);
        format!("  {period}  {}  {}", target.name, app.locale.money(target.value))
    });
    or_nothing(app, rows.collect())
}

fn fields(app: &App, view: &SettingsView) -> Vec<String> {
    let rows = view.custom_fields.iter().map(|field| {
        let note = match (field.removed, field.known) {
            (true, _) => tr!(app.messages, "settings-hidden"),
            (false, false) => tr!(app.messages, "settings-unknown-type"),
            (false, true) => String::new(),
        };
        let module = super::module_label(app, &field.module);
        let label = own(app, &field.label_en, &field.label_fa);
        let note = if note.is_empty() { note } else { format!("  {}", paint(WARN, note)) };
        format!("  {module}  {}  {label}  {}{note}", field.name, field.r#type)
    });
    or_nothing(app, rows.collect())
}

fn or_nothing(app: &App, rows: Vec<String>) -> Vec<String> {
    if rows.is_empty() { vec![tr!(app.messages, "settings-none")] } else { rows }
}

fn item_label<'i>(app: &App, item: &'i ItemView) -> &'i str {
    own(app, &item.label_en, &item.label_fa)
}

fn own<'l>(app: &App, en: &'l str, fa: &'l str) -> &'l str {
    if app.locale.language() == Language::Persian { fa } else { en }
}

/// What the history calls an item of a checklist: `checks/<stage>:<item>/done`.
pub fn check_label(app: &App, world: &dyn World, path: &str) -> Option<String> {
    let (stage, item) = path.strip_prefix("checks/")?.strip_suffix("/done")?.split_once(':')?;
    let list = field_label(app, OPPORTUNITY, "checks");
    Some(format!("{list}: {}", check_name(app, world, stage, item)))
}

/// The line of the history that says which required items were open when a deal was moved on by force.
pub fn forced_line(app: &App, world: &dyn World, path: &str, after: &Scalar) -> Option<String> {
    path.starts_with("stage_history/").then_some(())?;
    let moved = StageMove::from_scalar(after).filter(|moved| !moved.forced.is_empty())?;
    let from = moved.from.as_deref().unwrap_or_default();
    let items: Vec<String> = moved.forced.iter().map(|item| check_name(app, world, from, item)).collect();
    let items = items.join(comma(app));
    Some(format!("  {}", paint(WARN, tr!(app.messages, "history-forced", items = items))))
}

fn check_name(app: &App, world: &dyn World, stage: &str, item: &str) -> String {
    let stage = world.settings().stages.effective(stage);
    let found = stage.and_then(|stage| stage.checklist.iter().find(|known| known.id == item));
    found.map_or_else(|| item.to_owned(), |found| found.label.get(app.locale.language()).to_owned())
}

/// The checklist on a deal: what is done, by whom and when, and what is open.
pub fn deal_checks(app: &App, checks: &[CheckView]) -> Vec<String> {
    if checks.is_empty() {
        return Vec::new();
    }
    let row = |check: &CheckView| {
        let mark = if check.done { paint(GOOD, "✓") } else { paint(FAINT, "·") };
        let mut parts = vec![format!(
            "  {} {mark} {}",
            app.locale.digits(&check.number.to_string()),
            own(app, &check.label_en, &check.label_fa)
        )];
        if check.required && !check.done {
            parts.push(paint(WARN, tr!(app.messages, "check-required")));
        }
        if let (true, Some(at)) = (check.done, check.at) {
            let by = check.by.as_deref().unwrap_or_default();
            parts.push(paint(FAINT, format!("{by} {}", app.locale.moment(at))));
        }
        parts.join("  ")
    };
    let heading = paint(FAINT, field_label(app, OPPORTUNITY, "checks"));
    std::iter::once(format!("  {heading}")).chain(checks.iter().map(row)).collect()
}
