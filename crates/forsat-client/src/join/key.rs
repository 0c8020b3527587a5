//! The file of the device's secret key beside the store; only its owner reads it.

use crate::ambient::Ambient;
use crate::error::{ClientError, KeyError};
use crate::keys::{self, Sealed};
use forsat_sync::identity::DeviceKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const KEY_FILE: &str = "device.key";
/// More than a key file has, in bytes.
const KEY_FILE_BYTES_MAX: usize = 4096;

/// What the file holds.
#[derive(Debug)]
pub(crate) enum KeyFile {
    /// The key: its 32 bytes.
    Plain(DeviceKey),
    /// The key, sealed with a passphrase.
    Sealed(Sealed),
}

/// Where the key of the store in `dir` lies.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(KEY_FILE)
}

/// The key of the store in `dir`; none when there is none yet.
pub(crate) fn read(dir: &Path) -> Result<Option<KeyFile>, ClientError> {
    let path = path(dir);
    match fs::read(&path) {
        Ok(bytes) => match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(Some(KeyFile::Plain(DeviceKey::from_seed(seed)))),
            Err(_) => {
                let sealed = Sealed::read(&bytes).ok_or_else(|| keys::no_key(&path))?;
                Ok(Some(KeyFile::Sealed(sealed)))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(file_error(&path, source)),
    }
}

/// The key of the store in `dir`, made when there is none; durable when this returns.
pub(super) fn load_or_make(dir: &Path, ambient: &dyn Ambient) -> Result<DeviceKey, ClientError> {
    match read(dir)? {
        Some(KeyFile::Plain(key)) => return Ok(key),
        Some(KeyFile::Sealed(_)) => return Err(KeyError::Sealed.into()),
        None => {}
    }
    let mut seed = [0; 32];
    ambient.fill(&mut seed);
    fs::create_dir_all(dir).map_err(|source| file_error(dir, source))?;
    write(dir, &seed)?;
    Ok(DeviceKey::from_seed(&seed))
}

/// Overwrites and removes the key of the store in `dir`.
pub(crate) fn erase(dir: &Path) -> Result<(), ClientError> {
    let path = path(dir);
    let erased = OpenOptions::new().write(true).open(&path).and_then(|mut file| {
        let bytes = usize::try_from(file.metadata()?.len()).unwrap_or(KEY_FILE_BYTES_MAX);
        file.write_all(&vec![0; bytes.min(KEY_FILE_BYTES_MAX)])?;
        file.sync_all()?;
        fs::remove_file(&path)
    });
    match erased {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(&path, error)),
        _ => Ok(()),
    }
}

/// Replaces what the file holds: it is there whole or as it was, and durable when this returns.
pub(crate) fn write(dir: &Path, bytes: &[u8]) -> Result<(), ClientError> {
    let path = path(dir);
    write_secret(dir, &path, bytes).map_err(|source| file_error(&path, source))
}

/// Writes beside the place and renames, so that a key is there whole or not at all.
fn write_secret(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh: PathBuf = dir.join("device.key.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn file_error(path: &Path, source: io::Error) -> ClientError {
    ClientError::File { path: path.display().to_string(), source }
}
