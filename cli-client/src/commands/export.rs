//! `export`: records as a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use forsat_client::{ClientError, Engine, ExportFormat, ExportSummary, ListQuery};

use crate::app::App;
use crate::args::files::{ExportArgs, Format};
use crate::error::{CliError, Place};
use crate::i18n::tr;
use crate::render;

/// Writes the records of a list to a file, or to standard output.
pub fn run(app: &mut App, arguments: &ExportArgs) -> Result<(), CliError> {
    let mut engine = app.engine()?;
    engine.set_locale(app.locale.values);
    let query = ListQuery {
        columns: arguments.columns.clone(),
        conditions: arguments.conditions.clone(),
        saved: arguments.filter.clone(),
        text: arguments.text.clone(),
        sort: arguments.sort.clone(),
        mine: arguments.mine,
        open: arguments.open,
        trashed: arguments.trashed,
        ..ListQuery::default()
    };
    let format = format(app, arguments);
    let summary = match &arguments.out {
        Some(path) => to_file(&engine, arguments, &query, format, path)?,
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            match engine.export(&arguments.module, &query, format, &mut out) {
                // Whoever reads has seen enough.
                Err(ClientError::File { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Ok(());
                }
                done => done?,
            }
        }
    };
    match &arguments.out {
        Some(_) if app.out.is_json() => app.out.json(&summary),
        _ => {
            let (count, module) =
                (app.locale.integer(summary.records), render::module_plural(app, &summary.module));
            app.out.note(tr!(app.messages, "exported", count = count, module = module));
        }
    }
    Ok(())
}

/// The form asked for, else the one of the file's ending; data asked for as JSON is JSON.
fn format(app: &App, arguments: &ExportArgs) -> ExportFormat {
    let ending = arguments.out.as_ref().and_then(|path| path.extension()).and_then(|end| end.to_str());
    match (arguments.format, ending) {
        (Some(Format::Csv), _) => ExportFormat::Csv,
        (Some(Format::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => ExportFormat::Jsonl,
        (None, None) if app.out.is_json() => ExportFormat::Jsonl,
        (None, _) => ExportFormat::Csv,
    }
}

/// Writes beside the file and puts it in its place when it is whole.
fn to_file(
    engine: &Engine,
    arguments: &ExportArgs,
    query: &ListQuery,
    format: ExportFormat,
    path: &Path,
) -> Result<ExportSummary, CliError> {
    let failed = |source| CliError::Io { what: Place::Path(path.display().to_string()), source };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let mut out = BufWriter::new(File::create(part).map_err(failed)?);
    let done = engine.export(&arguments.module, query, format, &mut out);
    let done = done.map_err(CliError::from).and_then(|summary| {
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(failed)?;
        std::fs::rename(part, path).map_err(failed)?;
        Ok(summary)
    });
    if done.is_err() {
        // The half-written file helps nobody; that it can't be removed changes nothing about the failure.
        let _ = std::fs::remove_file(part);
    }
    done
}
