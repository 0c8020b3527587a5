//! How edits that the relay refused read: of what, why, who made them and when, and what each would have changed.

use forsat_client::{ChangeView, Engine, RefusedDetail};
use forsat_domain::schema::display::NOTHING;
use forsat_domain::{Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::{errors, tr};
use crate::output::{BAD, FAINT, GOOD, STRONG, paint};

/// The lines of the list.
pub fn lines(app: &App, engine: &Engine, edits: &[RefusedDetail]) -> Result<Vec<String>, CliError> {
    Ok(engine.with_world(|world| edits.iter().flat_map(|edit| of_one(app, world, edit)).collect())?)
}

fn of_one(app: &App, world: &dyn World, edit: &RefusedDetail) -> Vec<String> {
    let view = &edit.view;
    let number = paint(STRONG, app.locale.integer(view.number));
    let mut head =
        format!("{number}  {}  {}", super::id(&view.short, edit.prefix), paint(STRONG, &view.name));
    if let Some(module) = &edit.module {
        head.push_str(&format!("  {}", paint(FAINT, super::module_label(app, module))));
    }
    let why = errors::of_code(app, &view.code, &view.message);
    let who = edit.by.clone().unwrap_or_else(|| tr!(app.messages, "unknown-author"));
    let made = edit.made_at_ms.map(|at| app.locale.moment(at)).unwrap_or_default();
    let refused = app.locale.moment(view.at_ms);
    let mut lines = vec![
        head,
        format!("   {}", paint(BAD, why)),
        format!("   {}", tr!(app.messages, "refused-made", who = who, made = made, refused = refused)),
    ];
    if view.at_relay {
        lines.push(format!("   {}", paint(GOOD, tr!(app.messages, "refused-at-relay"))));
    }
    lines.extend(view.changes.iter().map(|change| of_field(app, world, edit, change)));
    lines
}

fn of_field(app: &App, world: &dyn World, edit: &RefusedDetail, change: &ChangeView) -> String {
    let module = edit.module.as_deref().unwrap_or_default();
    let value = |value: &Scalar| match app.schema.field(module, &change.path) {
        Some(field) => field.format(value, &app.locale.values, world),
        None if *value == Scalar::Null => NOTHING.to_owned(),
        None => super::raw(value),
    };
    let label = super::field_label(app, module, &change.path);
    format!("   {}: {} → {}", paint(FAINT, label), value(&change.before), value(&change.after))
}
