//! Data directories: what `init` makes and how it is opened again.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use forsat_sync::id::{Epoch, SpaceId, WorkspaceId};
use forsat_sync::identity::ReceiptKey;

use crate::admin::{self, Failure, Invitation, InviteView};
use crate::ambient;
use crate::identity::{Identity, IdentityError};
use crate::store::{ControlError, InitWorkspace, OpenOptions, RedbStore, RelayStore as _, StoreError};

/// The store's file in the data directory.
pub const STORE_NAME: &str = "relay.redb";
/// The file that a store is made in; it gets its name when it is whole.
const UNFINISHED_NAME: &str = "relay.redb.unfinished";

/// The file in the data directory that holds the key of receipts.
pub const RECEIPT_KEY_NAME: &str = "receipt.key";

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
    /// The identity that a lost store is made anew with.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Another relay's key of receipts lies in the folder.
    #[error("{0} holds another key than the identity: move it away, or use the folder that it belongs to")]
    OtherReceiptKey(PathBuf),
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

/// Makes a data directory that takes the place of a lost one: devices bring back the control log, and with it who is let
/// in, and then the records.
pub fn init_anew(data: &Path, options: OpenOptions, identity: &Identity) -> Result<(), SetupError> {
    let (anew, key) = (identity.made_anew()?, identity.receipt_key()?);
    make_store(data, |unfinished| {
        let path = data.join(RECEIPT_KEY_NAME);
        if !path.exists() {
            write_receipt_key(&path, &key).map_err(|source| SetupError::Path { path, source })?;
        } else if receipt_key_bytes(&path).ok() != Some(key) {
            return Err(SetupError::OtherReceiptKey(path));
        }
        RedbStore::make_anew(unfinished, options, &anew)?;
        Ok(())
    })
}

/// The identity of a data directory's store, with the key of receipts that lies beside it.
pub(crate) fn complete(data: &Path, identity: Identity) -> Result<Identity, SetupError> {
    let path = data.join(RECEIPT_KEY_NAME);
    let key = receipt_key_bytes(&path).map_err(|source| SetupError::Path { path, source })?;
    Ok(identity.with_receipt_key(key))
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
    make_store(data, |unfinished| {
        let store = RedbStore::create(unfinished, options, &workspace(workspace_name))?;
        store.create_space(SpaceId::from_bytes(ambient::random_uuid()), space, ambient::wall_ms())?;
        finish(&store)
    })
}

/// Makes a data directory with a store that gets its name when it is whole.
fn make_store<T>(data: &Path, make: impl FnOnce(&Path) -> Result<T, SetupError>) -> Result<T, SetupError> {
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
    let made = make(&unfinished)?;
    std::fs::rename(&unfinished, &store_path).map_err(at(&store_path))?;
    std::fs::File::open(data).and_then(|folder| folder.sync_all()).map_err(at(data))?;
    Ok(made)
}

/// Opens the store of a data directory.
pub fn open(data: &Path, mut options: OpenOptions) -> Result<RedbStore, StoreError> {
    let store = data.join(STORE_NAME);
    if !store.exists() {
        return Err(StoreError::NotInitialised);
    }
    let path = data.join(RECEIPT_KEY_NAME);
    options.receipt_key =
        receipt_key(&path).map_err(|error| StoreError::Io(format!("{}: {error}", path.display())))?;
    RedbStore::open(&store, options)
}

/// Reads the key of receipts, or makes one where there is none.
///
/// It lies beside the store and not in it: a store that is set back to a backup, or lost, must still know its receipts.
fn receipt_key(path: &Path) -> io::Result<ReceiptKey> {
    receipt_key_bytes(path).map(ReceiptKey::from_bytes)
}

fn receipt_key_bytes(path: &Path) -> io::Result<[u8; 32]> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let mut key = [0; 32];
            hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
                let how =
                    "isn't 64 hexadecimal digits: put the backup of it back, or remove it to begin anew";
                io::Error::new(io::ErrorKind::InvalidData, how)
            })?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key: [u8; 32] = ambient::random();
            write_receipt_key(path, &key)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

fn write_receipt_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    write_private(path, format!("{}\n", hex::encode(key)).as_bytes())
}

/// Writes a file that only its owner reads; it is there whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
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
