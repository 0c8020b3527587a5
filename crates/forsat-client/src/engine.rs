//! The engine: one store, one user, every command and query.

use crate::ambient::{Ambient, SystemAmbient};
use crate::error::{ArgumentError, ClientError};
use crate::ids::{local_space, settings_id, sync_user, workspace_id};
use crate::keyring::Keyring;
use crate::turn::{self, Turn};
use crate::world::{self, StoreWorld};
use crate::{briefs, rebuild, rows};
use forsat_domain::edit::Edit;
use forsat_domain::schema::display::Locale;
use forsat_domain::schema::input::InputError;
use forsat_domain::schema::{SETTINGS, Schema, USER};
use forsat_domain::settings::Settings;
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId, UserId};
use forsat_store::{CACHE_BYTES_DEFAULT, CreateParams, OpenParams, ReadTx, SpaceRow, Store, WriteTx};
use forsat_sync::id::WorkspaceId;
use forsat_sync::identity::DeviceKey;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What a new workspace begins with.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// The user's name; empty: "me".
    pub user_name: String,
    /// The user's e-mail, by which a relay's user is matched later.
    pub email: Option<String>,
    /// The organisation's currency, ISO 4217; none: IRR.
    pub currency: Option<String>,
    /// The organisation's time zone, IANA; none: Asia/Tehran.
    pub time_zone: Option<String>,
    /// The organisation's calendar, `persian` or `gregorian`; none: persian.
    pub calendar: Option<String>,
}

/// The device's engine on one store. Every method that writes is durable when it returns. Clones share the store.
#[derive(Clone)]
pub struct Engine {
    store: Arc<Store>,
    ambient: Arc<dyn Ambient>,
    schema: Schema,
    directory: Option<PathBuf>,
    locale: Locale,
    /// The device's key, where it was sealed and has been opened, or has been fetched from the keyring.
    key: Arc<OnceLock<DeviceKey>>,
    keyring: Option<Arc<dyn Keyring>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Opening and creating.
impl Engine {
    /// Makes a store in `dir` (created when missing) with a workspace of its own, a user, and no relay.
    pub fn init(dir: &Path, options: &InitOptions) -> Result<Engine, ClientError> {
        Engine::init_with(dir, options, Arc::new(SystemAmbient::new()))
    }

    /// Like [`Engine::init`], with the clock and the randomness given.
    pub fn init_with(
        dir: &Path,
        options: &InitOptions,
        ambient: Arc<dyn Ambient>,
    ) -> Result<Engine, ClientError> {
        options.check()?;
        let begin = |store| Engine::around(store, ambient.clone(), None).begin(options);
        let store = Store::create_filled(dir, &Engine::create_params(&*ambient), begin);
        let store = store.map_err(|error| match error {
            ClientError::Store(error) => named(dir)(error),
            other => other,
        })?;
        Ok(Engine::around(store, ambient, Some(dir.to_owned())))
    }

    /// Opens the store in `dir`.
    pub fn open(dir: &Path) -> Result<Engine, ClientError> {
        Engine::open_with(dir, Arc::new(SystemAmbient::new()))
    }

    /// Like [`Engine::open`], with the clock and the randomness given.
    pub fn open_with(dir: &Path, ambient: Arc<dyn Ambient>) -> Result<Engine, ClientError> {
        let store = Store::open(dir, &Engine::open_params(&*ambient)).map_err(named(dir))?;
        let mut engine = Engine::around(store, ambient, Some(dir.to_owned()));
        engine.bring_up()?;
        engine.reload_schema()?;
        Ok(engine)
    }

    /// Begins a workspace in a store that was just created elsewhere, as simulations do.
    pub fn init_store(
        store: Store,
        options: &InitOptions,
        ambient: Arc<dyn Ambient>,
    ) -> Result<Engine, ClientError> {
        options.check()?;
        let engine = Engine::around(store, ambient, None);
        engine.begin(options)?;
        Ok(engine)
    }

    /// Takes over a store that was opened elsewhere, as simulations do.
    pub fn open_store(store: Store, ambient: Arc<dyn Ambient>) -> Result<Engine, ClientError> {
        let mut engine = Engine::around(store, ambient, None);
        engine.bring_up()?;
        engine.reload_schema()?;
        Ok(engine)
    }

    /// What creating a store for [`Engine::init_store`] takes: a fresh workspace id and randomness.
    pub fn create_params(ambient: &dyn Ambient) -> CreateParams {
        let mut random = [0; 32];
        ambient.fill(&mut random);
        let workspace = WorkspaceId::from_bytes(*ambient.uuid().as_bytes());
        CreateParams { workspace, random, cache_bytes: CACHE_BYTES_DEFAULT }
    }

    /// What opening a store for [`Engine::open_store`] takes.
    pub fn open_params(ambient: &dyn Ambient) -> OpenParams {
        let mut random = [0; 32];
        ambient.fill(&mut random);
        OpenParams { random, cache_bytes: CACHE_BYTES_DEFAULT }
    }

    pub(crate) fn around(store: Store, ambient: Arc<dyn Ambient>, directory: Option<PathBuf>) -> Engine {
        Engine {
            store: Arc::new(store),
            ambient,
            schema: Schema::builtin(),
            directory,
            locale: Locale::default(),
            key: Arc::default(),
            keyring: None,
        }
    }

    /// Writes the first records of a workspace: its user, and the settings that were asked for.
    fn begin(&self, options: &InitOptions) -> Result<(), ClientError> {
        let user = UserId(self.ambient.uuid());
        self.store.write::<_, ClientError>(|tx| {
            let workspace = workspace_id(&tx.identity()?.workspace);
            let space = SpaceRow { name: "local".to_owned(), role: "admin".to_owned(), archived: false };
            tx.put_space(&local_space(workspace), &space)?;
            tx.set_user(sync_user(user))?;
            tx.set_row_version(rows::ROW_VERSION)?;
            let mut turn = Turn::begin(self, tx)?;
            turn.create(RecordId(user.0), USER, &options.user_edits())?;
            let edits = options.settings_edits();
            if !edits.is_empty() {
                turn.create(settings_id(workspace), SETTINGS, &edits)?;
            }
            Ok(())
        })
    }

    /// Rebuilds rows that another version wrote.
    fn bring_up(&self) -> Result<(), ClientError> {
        if self.store.read()?.row_version()? != Some(rows::ROW_VERSION) {
            rebuild::rebuild_rows(&self.store, &self.schema)?;
        }
        briefs::bring_up(&self.store, &self.schema)
    }

    /// The clock and the randomness that this engine was given.
    pub fn ambient(&self) -> &Arc<dyn Ambient> {
        &self.ambient
    }

    /// In which language, calendar and digits answers are put into words.
    pub fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Puts answers into the words of another locale from here on.
    pub fn set_locale(&mut self, locale: Locale) {
        self.locale = locale;
    }

    /// Reads the workspace's own fields anew, as opening the store does.
    pub fn reload_schema(&mut self) -> Result<(), ClientError> {
        self.schema = Schema::builtin().with_custom_fields(&self.settings()?.custom_fields);
        Ok(())
    }

    /// The table of modules and fields, the workspace's own included.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The store beneath.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The directory of the store; none in simulations.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Takes the keyring in which the device's key may lie.
    pub fn set_keyring(&mut self, keyring: Arc<dyn Keyring>) {
        self.keyring = Some(keyring);
    }

    pub(crate) fn keyring(&self) -> Option<&dyn Keyring> {
        self.keyring.as_deref()
    }

    pub(crate) fn opened_key(&self) -> &OnceLock<DeviceKey> {
        &self.key
    }

    /// The workspace's settings.
    pub fn settings(&self) -> Result<Settings, ClientError> {
        world::settings(&self.read()?)
    }

    /// Which day it is for the organisation.
    pub fn today(&self) -> Result<CivilDate, ClientError> {
        Ok(world::today(&self.settings()?, self.ambient.now_ms()))
    }

    /// Changes that wait to be sent, of all spaces.
    pub fn unsent(&self) -> Result<u64, ClientError> {
        turn::unsent(&self.read()?)
    }

    /// Lets a caller look at the records as they are at one moment: names behind references, labels of the settings.
    ///
    /// Values are written for a person with [`FieldDef::format`](forsat_domain::FieldDef::format), which asks for it.
    pub fn with_world<T>(&self, look: impl FnOnce(&dyn World) -> T) -> Result<T, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?;
        let seen = look(&world);
        world.check()?;
        Ok(seen)
    }

    /// A number that changes with every save of this or another process.
    pub fn commit_seq(&self) -> Result<u64, ClientError> {
        Ok(self.store.commit_seq()?)
    }

    pub(crate) fn read(&self) -> Result<ReadTx, ClientError> {
        Ok(self.store.read()?)
    }

    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        self.store.write(work)
    }

    /// Runs a command in one write transaction.
    pub(crate) fn turn<T>(
        &self,
        work: impl FnOnce(&mut Turn<'_, '_, '_>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        self.write(|tx| work(&mut Turn::begin(self, tx)?))
    }
}

impl InitOptions {
    fn check(&self) -> Result<(), ClientError> {
        let currency = self.currency.as_deref().map(str::parse::<forsat_domain::Currency>).transpose();
        currency.map_err(|source| InputError::Currency { field: "currency".to_owned(), source })?;
        let zone = self.time_zone.as_deref().map(str::parse::<forsat_domain::date::Tz>).transpose();
        zone.map_err(|_| ArgumentError::TimeZone)?;
        match self.calendar.as_deref() {
            None | Some("persian" | "gregorian") => Ok(()),
            Some(_) => Err(ArgumentError::Calendar.into()),
        }
    }

    fn user_edits(&self) -> Vec<Edit> {
        let name = if self.user_name.trim().is_empty() { "me" } else { self.user_name.trim() };
        let mut edits = vec![Edit::set("name", name), Edit::set("role", "admin"), Edit::set("active", true)];
        edits.extend(self.email.as_deref().map(|email| Edit::set("email", email)));
        edits
    }

    fn settings_edits(&self) -> Vec<Edit> {
        let given =
            [("currency", &self.currency), ("time_zone", &self.time_zone), ("calendar", &self.calendar)];
        given.iter().filter_map(|(field, value)| Some(Edit::set(*field, value.as_deref()?))).collect()
    }
}

pub(crate) fn named(dir: &Path) -> impl Fn(forsat_store::StoreError) -> ClientError {
    let dir = dir.display().to_string();
    move |error| match error {
        forsat_store::StoreError::NotFound { .. } => ClientError::NoStore { dir: dir.clone() },
        forsat_store::StoreError::AlreadyExists { .. } => ClientError::StoreExists { dir: dir.clone() },
        other => ClientError::Store(other),
    }
}
