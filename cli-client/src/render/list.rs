//! How a list reads.

use forsat_client::{Engine, ListPage};
use forsat_domain::schema::ModuleDef;
use forsat_domain::{FieldDef, FieldKind, MergeCode, Scalar, World};
use serde_json::Value;

use crate::app::App;
use crate::error::CliError;
use crate::output::{WARN, paint};
use crate::table::{Align, table};

/// A page of a list as a table.
pub fn page(app: &App, engine: &Engine, module: &ModuleDef, page: &ListPage) -> Result<String, CliError> {
    Ok(engine.with_world(|world| with_world(app, world, module, page))?)
}

fn with_world(app: &App, world: &dyn World, module: &ModuleDef, page: &ListPage) -> String {
    let mut headings = vec![("id".to_owned(), Align::Start)];
    let fields: Vec<_> = page.columns.iter().map(|name| module.field(name)).collect();
    for (name, field) in page.columns.iter().zip(&fields) {
        let label = field.map_or(name.as_str(), |field| field.label.get(app.locale.language()));
        headings.push((label.to_owned(), field.map_or(Align::Start, |field| align(&field.kind))));
    }
    headings.push((String::new(), Align::Start));
    let rows = page
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![super::id(&row.short, row.prefix)];
            let words = row.cells.iter().zip(&row.text).zip(&fields);
            cells.extend(words.map(|((cell, words), field)| match cell {
                // A list or map: the engine has put it into words.
                Value::Array(_) | Value::Object(_) if is_list(*field) => words.clone(),
                _ => text(app, world, *field, cell),
            }));
            cells.push(if row.issues > 0 { paint(WARN, "!") } else { String::new() });
            cells
        })
        .collect();
    table(&headings, rows, app.out.width())
}

fn is_list(field: Option<&FieldDef>) -> bool {
    field.is_some_and(|field| matches!(field.merge, MergeCode::S | MergeCode::M))
}

/// A cell as a person reads it.
fn text(app: &App, world: &dyn World, field: Option<&FieldDef>, cell: &Value) -> String {
    let scalar = match cell {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => number.as_i64().map_or(Scalar::Null, Scalar::Int),
        Value::String(text) => Scalar::text(text.clone()),
        // A composite is stored as its canonical JSON.
        composite => Scalar::text(composite.to_string()),
    };
    field.map_or_else(|| super::raw(&scalar), |field| field.format(&scalar, &app.locale.values, world))
}

fn align(kind: &FieldKind) -> Align {
    match kind {
        FieldKind::Money
        | FieldKind::Integer { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Quantity { .. }
        | FieldKind::Percent
        | FieldKind::Rate => Align::End,
        _ => Align::Start,
    }
}
