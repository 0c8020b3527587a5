//! Data directories: what `init` makes and how it is opened again.

use std::io;
use std::path::{Path, PathBuf};

use forsat_sync::id::{Epoch, SpaceId, WorkspaceId};

use crate::admin::{self, Failure, Invitation, InviteView};
use crate::ambient;
use crate::store::{ControlError, InitWorkspace, OpenOptions, RedbStore, RelayStore as _, StoreError};

/// The store's file in the data directory.
pub const STORE_NAME: &str = "relay.redb";
/// The file that a store is made in; it gets its name when it is whole.
const UNFINISHED_NAME: &str = "relay.redb.unfinished";

/// What a new relay begins with.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// The workspace's name.
    pub workspace_name: String,
    /// The first space beside `common`.
    pub space: String,
    /// The first admin: `Name`, `e-mail` or `Name <e-mail>`.
    pub admin: String,
    /// Where devices will reach the relay.
    pub url: String,
}

/// Why a data directory could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The folder or a file in it.
    #[error("{path}: {source}; check that the folder exists and may be written")]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first space or invite.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The first invite.
    #[error(transparent)]
    Refused(#[from] Failure),
}

/// Store options with a fresh epoch.
pub fn options() -> OpenOptions {
    let epoch = Epoch::new(u64::from_be_bytes(ambient::random()));
    OpenOptions { opened_at_ms: ambient::wall_ms(), ..OpenOptions::new(epoch) }
}

/// Makes a data directory: a store with `common` and a first space, and the first admin's invite.
pub fn init(data: &Path, options: OpenOptions, init: &InitOptions) -> Result<InviteView, SetupError> {
    make(data, options, &init.workspace_name, &init.space, |store| {
        let asked = Invitation { user: &init.admin, space: &init.space, role: "admin", approve: false };
        Ok(admin::invite(store, &asked, &init.url)?)
    })
}

/// Makes a data directory and lets `finish` add to its store.
///
/// The store gets its name last, so a directory is either made or not.
pub fn make<T>(
    data: &Path,
    options: OpenOptions,
    workspace_name: &str,
    space: &str,
    finish: impl FnOnce(&RedbStore) -> Result<T, SetupError>,
) -> Result<T, SetupError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| SetupError::Path { path, source }
    };
    make_private_folder(data).map_err(at(data))?;
    let (store_path, unfinished) = (data.join(STORE_NAME), data.join(UNFINISHED_NAME));
    if store_path.exists() {
        return Err(StoreError::AlreadyInitialised.into());
    }
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&unfinished)(error)),
        _ => {}
    }
    let store = RedbStore::create(&unfinished, options, &workspace(workspace_name))?;
    store.create_space(SpaceId::from_bytes(ambient::random_uuid()), space, ambient::wall_ms())?;
    let made = finish(&store)?;
    drop(store);
    std::fs::rename(&unfinished, &store_path).map_err(at(&store_path))?;
    std::fs::File::open(data).and_then(|folder| folder.sync_all()).map_err(at(data))?;
    Ok(made)
}

/// Opens the store of a data directory.
pub fn open(data: &Path, options: OpenOptions) -> Result<RedbStore, StoreError> {
    RedbStore::open(&data.join(STORE_NAME), options)
}

/// A new workspace with a key of its own.
fn workspace(name: &str) -> InitWorkspace {
    InitWorkspace {
        workspace: WorkspaceId::from_bytes(ambient::random_uuid()),
        name: name.to_owned(),
        relay_key_seed: ambient::random(),
        common: SpaceId::from_bytes(ambient::random_uuid()),
        now_ms: ambient::wall_ms(),
    }
}

#[cfg(unix)]
fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}
