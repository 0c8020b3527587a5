//! `list`: arguments to a query, its page to a table.

use clap::ArgMatches;
use forsat_client::{Engine, ListQuery};
use forsat_domain::schema::ModuleDef;
use serde::Serialize;

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Rows of a list in a terminal, where no limit is given.
const ROWS_IN_TERMINAL: usize = 50;

/// A number of records, for programs.
#[derive(Serialize)]
struct Counted<'a> {
    module: &'a str,
    total: usize,
}

/// Runs `forsat MODULE list …`.
pub fn run(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let words = |name: &str| words(matches, name);
    let default_limit = app.out.width().filter(|_| !app.out.is_json()).map(|_| ROWS_IN_TERMINAL);
    let limit =
        if matches.get_flag("all") { None } else { matches.get_one("limit").copied().or(default_limit) };
    let query = ListQuery {
        columns: words("columns"),
        sort: words("sort"),
        limit,
        trashed: matches.get_flag("trashed"),
        ..narrowing(matches)
    };
    if matches.get_flag("count") {
        return count(app, engine, module, &query);
    }
    let page = engine.list(&module.name, &query)?;
    // Saved once the list has shown that the condition means something.
    if let Some(name) = matches.get_one::<String>("save") {
        let saved = engine.save_filter(&module.name, name, &query)?;
        render::record::saved_lines(app, &saved).into_iter().for_each(|line| app.out.note(line));
    }
    if app.out.is_json() {
        app.out.json(&page);
        return Ok(());
    }
    let table = render::list::page(app, engine, module, &page)?;
    if !page.rows.is_empty() {
        app.out.data(table);
    }
    let (shown, total) = (page.rows.len(), page.total);
    let note = if shown < total {
        tr!(app.messages, "list-part", shown = shown, total = total)
    } else {
        tr!(app.messages, "list-all", total = total)
    };
    app.out.note(note);
    Ok(())
}

fn count(app: &mut App, engine: &Engine, module: &ModuleDef, query: &ListQuery) -> Result<(), CliError> {
    let total = engine.count(&module.name, query)?;
    if app.out.is_json() {
        app.out.json(&Counted { module: &module.name, total });
    } else {
        app.out.data(total.to_string());
    }
    Ok(())
}

/// What the arguments narrow by.
pub fn narrowing(matches: &ArgMatches) -> ListQuery {
    ListQuery {
        conditions: words(matches, "where"),
        saved: matches.get_one("filter").cloned(),
        text: matches.get_one("text").cloned(),
        mine: matches.get_flag("mine"),
        open: matches.get_flag("open"),
        ..ListQuery::default()
    }
}

/// Whether the arguments narrow at all.
pub fn is_narrowed(query: &ListQuery) -> bool {
    !query.conditions.is_empty() || query.saved.is_some() || query.text.is_some() || query.mine || query.open
}

fn words(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}
