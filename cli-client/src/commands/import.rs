//! `import`: records from CSV files.

use forsat_client::{FileSummary, ImportOptions, ImportProgress, ImportSummary};

use crate::app::App;
use crate::args::files::ImportArgs;
use crate::error::CliError;
use crate::i18n::{errors, tr};
use crate::output::{GOOD, STRONG, WARN, paint};
use crate::progress::Progress;
use crate::render;

/// Imports a file, or the files of a folder: what `export` wrote, or what the mapping names.
pub fn run(app: &mut App, arguments: &ImportArgs) -> Result<(), CliError> {
    let engine = app.engine()?;
    let options = ImportOptions {
        dry_run: arguments.dry_run,
        refused_dir: arguments.refused_dir.clone(),
        ..ImportOptions::default()
    };
    let progress = Progress::new(app.out.shows_progress());
    let mut tell = |step: &ImportProgress| progress.at(&step.file, step.done, step.total);
    let outcome = match &arguments.map {
        Some(map) => engine.import(&arguments.file, map, &options, &mut tell),
        None => engine.import_export(&arguments.file, &options, &mut tell),
    };
    progress.finish();
    let summary = outcome?;
    if app.out.is_json() {
        app.out.json(&summary);
        return Ok(());
    }
    for line in lines(app, &summary) {
        app.out.data(line);
    }
    if summary.dry_run {
        app.out.note(tr!(app.messages, "import-dry-run"));
    } else {
        app.out.note(paint(
            GOOD,
            tr!(app.messages, "import-saved", unsent = app.locale.integer(summary.unsent)),
        ));
    }
    Ok(())
}

/// What an import took and refused, a line a file and a line a reason.
pub fn lines(app: &App, summary: &ImportSummary) -> Vec<String> {
    summary.files.iter().flat_map(|file| file_lines(app, file)).collect()
}

/// The words for a reason that rows of a file are refused for.
pub fn reason(app: &App, file: &FileSummary, english: &str) -> String {
    let words = errors::Words::of(app);
    let words = words.about(&file.module);
    file.reasons.get(english).map_or_else(|| english.to_owned(), |reason| errors::row(&words, reason))
}

fn file_lines(app: &App, file: &FileSummary) -> Vec<String> {
    let number = |count: u64| app.locale.integer(count);
    let mut parts = vec![tr!(app.messages, "import-new", count = number(file.created))];
    let optional = [
        ("import-updated", file.updated),
        ("import-unchanged", file.unchanged),
        ("import-kept", file.kept_local),
    ];
    for (key, count) in optional.into_iter().filter(|(_, count)| *count > 0) {
        parts.push(app.messages.text(key, &[("count", number(count).into())]));
    }
    let refused: u64 = file.refused.values().sum();
    if refused > 0 {
        parts.push(paint(WARN, tr!(app.messages, "import-refused", count = number(refused))));
    }
    let module = render::module_plural(app, &file.module);
    let rows = tr!(app.messages, "import-rows", count = number(file.rows));
    let mut lines = vec![format!("{}  {rows} → {module}: {}", paint(STRONG, &file.file), parts.join(" · "))];
    for (english, count) in &file.refused {
        let reason = reason(app, file, english);
        lines.push(format!("  {}  {reason}", number(*count)));
    }
    if let Some(path) = &file.refused_file {
        lines.push(format!("  {}", tr!(app.messages, "import-refused-file", path = path.as_str())));
    }
    lines
}
