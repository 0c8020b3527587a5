//! `move`: records get another home space, previewed and confirmed; the next sync asks the relay.

use forsat_client::{MovePlan, MoveRow};

use crate::app::App;
use crate::args::MoveArgs;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Records that a preview names; more are counted.
const SHOWN_MAX: usize = 10;

/// Runs `forsat move`.
pub fn run(app: &mut App, arguments: &MoveArgs) -> Result<(), CliError> {
    let engine = app.engine()?;
    let plan = engine.move_preview(&arguments.records, &arguments.space, arguments.alone)?;
    if arguments.dry_run || plan.is_empty() {
        return show(app, &plan);
    }
    let count = plan.count();
    if count > 0 && !app.global.yes {
        preview(app, &plan);
        let question = tr!(app.messages, "move-confirm", count = count, space = plan.space.as_str());
        super::confirm(app, &question)?;
    }
    let plan = engine.move_records(plan)?;
    show(app, &plan)
}

fn show(app: &mut App, plan: &MovePlan) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(plan);
        return Ok(());
    }
    if !plan.saved {
        preview(app, plan);
    }
    let arguments = |count: usize| {
        [("count", count.into()), ("there", plan.there.into()), ("space", plan.space.as_str().into())]
    };
    if plan.count() > 0 || plan.stay.is_empty() {
        let key = if plan.saved { "move-asked" } else { "move-would" };
        app.out.note(app.messages.text(key, &arguments(plan.count())));
    }
    if !plan.stay.is_empty() {
        let key = if plan.saved { "move-stays" } else { "move-would-stay" };
        app.out.note(app.messages.text(key, &arguments(plan.stay.len())));
    }
    Ok(())
}

fn preview(app: &mut App, plan: &MovePlan) {
    let rows: Vec<&MoveRow> = plan.records.iter().chain(&plan.along).collect();
    for row in rows.iter().take(SHOWN_MAX) {
        let module = render::module_label(app, &row.module);
        let id = render::id(&row.short, row.prefix);
        app.out.note(format!("{id}  {module}  {}: {} → {}", row.name, row.from, plan.space));
    }
    if rows.len() > SHOWN_MAX {
        app.out.note(tr!(app.messages, "mass-more", count = rows.len() - SHOWN_MAX));
    }
}
