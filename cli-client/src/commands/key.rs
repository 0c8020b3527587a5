//! `key`: how the device's key lies on the disk, sealing it and opening it, and the desktop's keyring.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use forsat_client::{Engine, KeyError, KeyState, KeyView, Keyring, KeyringError, Passphrase};

use crate::app::App;
use crate::args::KeyCommand;
use crate::ask;
use crate::error::{CliError, Place};
use crate::i18n::{errors, tr};
use crate::keyring;
use crate::output::{FAINT, GOOD, STRONG, WARN, paint};

/// The variable that a passphrase can come in.
const VARIABLE: &str = "FORSAT_PASSPHRASE";

/// Runs `forsat key …`.
pub fn run(app: &mut App, command: KeyCommand) -> Result<(), CliError> {
    // So that a folder without a store is told as such, and the person's language is spoken.
    app.engine()?;
    let dir = app.store_dir()?;
    match command {
        KeyCommand::Show => {}
        KeyCommand::Seal { passphrase_fd } => {
            match forsat_client::key_view(&dir)?.state {
                KeyState::Plain => {}
                KeyState::Sealed => return Err(wrong(KeyError::SealedAlready)),
                KeyState::Keyring => return Err(wrong(KeyError::InKeyring)),
                KeyState::None => return Err(wrong(KeyError::NoKey)),
            }
            let passphrase = new_passphrase(app, passphrase_fd)?;
            forsat_client::seal_key(&dir, &passphrase, &*app.ambient)?;
            app.out.note(paint(GOOD, tr!(app.messages, "key-now-sealed")));
        }
        KeyCommand::Keyring => {
            forsat_client::key_to_keyring(&dir, &*keyring(app)?)?;
            app.out.note(paint(GOOD, tr!(app.messages, "key-now-keyring")));
        }
        KeyCommand::Unseal { passphrase_fd } => unseal(app, &dir, passphrase_fd)?,
    }
    let view = forsat_client::key_view(&dir)?;
    if app.out.is_json() {
        app.out.json(&view);
    } else {
        for line in lines(app, &view) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Writes the key as it is again.
fn unseal(app: &mut App, dir: &Path, fd: Option<u32>) -> Result<(), CliError> {
    let view = forsat_client::key_view(dir)?;
    let mut left = None;
    match view.state {
        KeyState::Sealed => forsat_client::unseal_key(dir, &passphrase(app, fd)?)?,
        KeyState::Keyring => left = forsat_client::key_from_keyring(dir, &*keyring(app)?)?,
        KeyState::Plain => return Err(wrong(KeyError::NotSealed)),
        KeyState::None => return Err(wrong(KeyError::NoKey)),
    }
    app.out.note(paint(WARN, tr!(app.messages, "key-now-plain")));
    if let Some(error) = left {
        let why = errors::describe(app, &wrong(error.into()));
        let entry = view.entry.unwrap_or_default();
        app.out.note(paint(WARN, tr!(app.messages, "key-stays-in-keyring", entry = entry, why = why)));
    }
    Ok(())
}

/// Opens the key of a store for a sync, where it is sealed, or fetches it from the keyring, where it lies there.
pub fn unlock(app: &App, engine: &Engine, fd: Option<u32>) -> Result<(), CliError> {
    let Some(dir) = engine.directory() else { return Ok(()) };
    match forsat_client::key_view(dir)?.state {
        KeyState::Sealed => engine.unlock_key(&passphrase(app, fd)?)?,
        KeyState::Keyring => engine.fetch_key()?,
        KeyState::Plain | KeyState::None => {}
    }
    Ok(())
}

fn keyring(app: &App) -> Result<Arc<dyn Keyring>, CliError> {
    keyring::of_the_system(app.out.is_interactive()).ok_or_else(|| wrong(KeyringError::Unsupported.into()))
}

fn lines(app: &App, view: &KeyView) -> Vec<String> {
    let mut lines = vec![match view.state {
        KeyState::None => paint(STRONG, tr!(app.messages, "key-none")),
        KeyState::Plain => paint(WARN, tr!(app.messages, "key-plain", path = view.file.as_str())),
        KeyState::Sealed => paint(GOOD, tr!(app.messages, "key-sealed", path = view.file.as_str())),
        KeyState::Keyring => {
            let entry = view.entry.as_deref().unwrap_or_default();
            paint(GOOD, tr!(app.messages, "key-keyring", entry = entry, path = view.file.as_str()))
        }
    }];
    if let Some(public) = &view.public {
        lines.push(tr!(app.messages, "key-public", public = public.as_str()));
    }
    if let (Some(memory), Some(passes)) = (view.memory_kib, view.passes) {
        let mib = app.locale.integer(u64::from(memory / 1024));
        let passes = app.locale.integer(u64::from(passes));
        lines.push(paint(FAINT, tr!(app.messages, "key-cost", mib = mib, passes = passes)));
    }
    lines
}

/// A passphrase for a key that is sealed: from a file descriptor, the environment, or the terminal, in this order.
fn passphrase(app: &App, fd: Option<u32>) -> Result<Passphrase, CliError> {
    if let Some(given) = given(fd)? {
        return Ok(given);
    }
    if !app.out.is_interactive() {
        return Err(wrong(KeyError::Sealed));
    }
    let text = ask::secret(app, &tr!(app.messages, "key-ask"))?;
    Passphrase::new(text).map_err(wrong)
}

/// A new passphrase; typed twice in a terminal.
fn new_passphrase(app: &App, fd: Option<u32>) -> Result<Passphrase, CliError> {
    if let Some(given) = given(fd)? {
        return Ok(given);
    }
    if !app.out.is_interactive() {
        return Err(wrong(KeyError::NoPassphrase));
    }
    let text = ask::secret(app, &tr!(app.messages, "key-ask-new"))?;
    if ask::secret(app, &tr!(app.messages, "key-ask-again"))? != text {
        return Err(wrong(KeyError::Different));
    }
    Passphrase::new(text).map_err(wrong)
}

/// What a script gives.
#[expect(
    clippy::disallowed_methods,
    reason = "a secret must not be an option, which other users of the machine see"
)]
fn given(fd: Option<u32>) -> Result<Option<Passphrase>, CliError> {
    if let Some(fd) = fd {
        let path = format!("/dev/fd/{fd}");
        let mut line = String::new();
        let read = std::fs::File::open(&path).and_then(|file| BufReader::new(file).read_line(&mut line));
        read.map_err(|source| CliError::Io { what: Place::Path(path), source })?;
        return Passphrase::new(line).map(Some).map_err(wrong);
    }
    match std::env::var(VARIABLE) {
        Ok(text) => Passphrase::new(text).map(Some).map_err(wrong),
        Err(_) => Ok(None),
    }
}

fn wrong(error: KeyError) -> CliError {
    forsat_client::ClientError::from(error).into()
}
