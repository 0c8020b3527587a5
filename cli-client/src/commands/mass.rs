//! `update` and `delete`: many records at once, previewed and confirmed.

use clap::ArgMatches;
use forsat_client::{Engine, FieldInput, MassAction, MassAnswer, MassTarget};
use forsat_domain::schema::ModuleDef;

use super::list::{is_narrowed, narrowing};
use super::record::{field_input, saved_all};
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;
use crate::render::mass::Point;

/// Runs `forsat MODULE update …`.
pub fn update(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    matches: &ArgMatches,
) -> Result<(), CliError> {
    let words: Vec<&String> = matches.get_many("words").into_iter().flatten().collect();
    let (fields, records): (Vec<&String>, Vec<&String>) =
        words.into_iter().partition(|word| word.contains('='));
    let fields = fields.into_iter().map(|word| field_input(word)).collect::<Result<Vec<FieldInput>, _>>()?;
    if fields.is_empty() {
        return Err(CliError::Usage(tr!(app.messages, "update-nothing", module = module.short.as_ref())));
    }
    let target = target(app, module, matches, &records)?;
    run(app, engine, module, matches, &target, &MassAction::Edit(fields))
}

/// Runs `forsat MODULE delete …`.
pub fn delete(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    matches: &ArgMatches,
) -> Result<(), CliError> {
    let records: Vec<&String> = matches.get_many("record").into_iter().flatten().collect();
    if is_narrowed(&narrowing(matches)) || matches.get_flag("dry-run") {
        let target = target(app, module, matches, &records)?;
        return run(app, engine, module, matches, &target, &MassAction::Delete);
    }
    let previews = records
        .iter()
        .map(|reference| engine.delete_preview(&module.name, reference))
        .collect::<Result<Vec<_>, _>>()?;
    if !app.global.yes {
        let question = render::record::delete_question(app, &previews);
        super::confirm(app, &question)?;
    }
    let mut answers = Vec::new();
    for preview in &previews {
        answers.push(engine.delete(&module.name, &preview.short)?);
    }
    saved_all(app, answers)
}

/// The records that are meant: named ones, or all that a condition means; never both, and never none.
fn target(
    app: &App,
    module: &ModuleDef,
    matches: &ArgMatches,
    records: &[&String],
) -> Result<MassTarget, CliError> {
    let query = narrowing(matches);
    match (records.is_empty(), is_narrowed(&query)) {
        (false, false) => Ok(MassTarget::Records(records.iter().map(|record| (*record).clone()).collect())),
        (true, true) => Ok(MassTarget::Matching(Box::new(query))),
        _ => Err(CliError::Usage(tr!(app.messages, "mass-target", module = module.short.as_ref()))),
    }
}

fn run(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    matches: &ArgMatches,
    target: &MassTarget,
    action: &MassAction,
) -> Result<(), CliError> {
    let preview = engine.mass_preview(&module.name, target, action)?;
    let goes_on = !matches.get_flag("dry-run") && preview.changed > 0;
    if !goes_on {
        return show(app, module, &preview, Point::Looking);
    }
    if !app.global.yes {
        render::mass::lines(app, module, &preview, Point::Asking)
            .into_iter()
            .for_each(|line| app.out.note(line));
        let question = render::mass::question(app, &preview, matches!(action, MassAction::Delete));
        super::confirm(app, &question)?;
    }
    // What was shown is what is changed: records that match only now are left alone.
    let answer = engine.mass(&module.name, &MassTarget::Ids(preview.ids), action)?;
    let answer = MassAnswer {
        matched: preview.matched,
        unchanged: answer.unchanged + preview.unchanged,
        refused_count: answer.refused_count + preview.refused_count,
        refused: preview.refused.into_iter().chain(answer.refused).collect(),
        ..answer
    };
    show(app, module, &answer, Point::Done)
}

fn show(app: &mut App, module: &ModuleDef, answer: &MassAnswer, point: Point) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(answer);
        return Ok(());
    }
    render::mass::lines(app, module, answer, point).into_iter().for_each(|line| app.out.note(line));
    Ok(())
}
