//! The whole loop on one machine: a relay, two devices of two people, the sample data, edits apart, one merge.
//!
//! Everything is real: the relay serves on loopback, the devices are stores on disk, and what is printed is read back
//! from them. `stage` sets the scene, `story` is what the two people do, `tell` prints it.

use std::path::PathBuf;
use std::time::Duration;

use forsat_client::SyncSummary;

use crate::app::App;
use crate::error::{CliError, Place};
use crate::i18n::tr;

mod stage;
mod story;
mod tell;

use stage::Stage;

/// Runs the demo in `dir`, or in a new folder under the system's temporary one.
pub fn run(app: &mut App, dir: Option<PathBuf>) -> Result<(), CliError> {
    let dir = folder(app, dir)?;
    app.out.data(tr!(app.messages, "demo-begin", dir = dir.display().to_string()));
    let stage = Stage::set(app, &dir)?;
    app.adopt_settings(&stage.office)?;
    tell::relay(app, &stage);

    let (imported, seconds) = timed(app, |_| stage.import())?;
    tell::import(app, &imported, seconds);
    let (up, up_time) = timed(app, |_| stage.sync(&stage.office))?;
    let (down, down_time) = timed(app, |_| stage.sync(&stage.field))?;
    tell::first_sync(app, (&up, up_time), (&down, down_time));

    let deals = story::begin(app, &stage)?;
    stage.sync(&stage.office)?;
    stage.sync(&stage.field)?;
    story::apart(app, &stage, &deals)?;
    tell::apart(app, &deals);

    let unsent = (stage.office.unsent()?, stage.field.unsent()?);
    stage.sync(&stage.field)?;
    let merged: SyncSummary = stage.sync(&stage.office)?;
    stage.sync(&stage.field)?;
    tell::merged(app, &stage, &deals, unsent, &merged)?;
    tell::issues(app, &stage, &deals)?;
    tell::pipelines(app, &stage)?;
    let address = stage.relay_address();
    stage.end()?;
    tell::next(app, &dir, &address);
    Ok(())
}

/// Finds or makes the folder; one that holds anything is refused, so that nothing of anybody is touched.
fn folder(app: &App, dir: Option<PathBuf>) -> Result<PathBuf, CliError> {
    let dir = dir.unwrap_or_else(|| {
        let id = forsat_domain::id::encode_id(app.ambient.uuid().as_bytes());
        std::env::temp_dir().join(format!("forsat-demo-{}", &id[..8]))
    });
    let failed = |source| CliError::Io { what: Place::Path(dir.display().to_string()), source };
    std::fs::create_dir_all(&dir).map_err(failed)?;
    if std::fs::read_dir(&dir).map_err(failed)?.next().is_some() {
        return Err(CliError::Usage(tr!(app.messages, "demo-dir-used", dir = dir.display().to_string())));
    }
    dir.canonicalize().map_err(failed)
}

/// Does something and tells how long it took.
fn timed<T>(app: &App, work: impl FnOnce(&App) -> Result<T, CliError>) -> Result<(T, Duration), CliError> {
    let before = app.ambient.now_ms();
    let done = work(app)?;
    let took = u64::try_from(app.ambient.now_ms() - before).unwrap_or_default();
    Ok((done, Duration::from_millis(took)))
}
