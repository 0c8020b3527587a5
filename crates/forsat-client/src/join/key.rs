//! The device's secret key: a file beside the store that only its owner reads.

use crate::ambient::Ambient;
use crate::error::{ClientError, Damage};
use forsat_sync::identity::DeviceKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const KEY_FILE: &str = "device.key";

/// The key of the store in `dir`; none when there is none yet.
pub(crate) fn load(dir: &Path) -> Result<Option<DeviceKey>, ClientError> {
    let path = dir.join(KEY_FILE);
    match fs::read(&path) {
        Ok(bytes) => match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(Some(DeviceKey::from_seed(seed))),
            Err(_) => Err(ClientError::Damaged(Damage::DeviceKey(path.display().to_string()))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(file_error(&path, source)),
    }
}

/// The key of the store in `dir`, made when there is none; durable when this returns.
pub(super) fn load_or_make(dir: &Path, ambient: &dyn Ambient) -> Result<DeviceKey, ClientError> {
    if let Some(key) = load(dir)? {
        return Ok(key);
    }
    let mut seed = [0; 32];
    ambient.fill(&mut seed);
    let path = dir.join(KEY_FILE);
    fs::create_dir_all(dir).map_err(|source| file_error(dir, source))?;
    write_secret(dir, &path, &seed).map_err(|source| file_error(&path, source))?;
    Ok(DeviceKey::from_seed(&seed))
}

/// Overwrites and removes the key of the store in `dir`.
pub(crate) fn erase(dir: &Path) -> Result<(), ClientError> {
    let path = dir.join(KEY_FILE);
    let erased = OpenOptions::new().write(true).open(&path).and_then(|mut file| {
        file.write_all(&[0; 32])?;
        file.sync_all()?;
        fs::remove_file(&path)
    });
    match erased {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(&path, error)),
        _ => Ok(()),
    }
}

/// Writes beside the place and renames, so that a key is there whole or not at all.
fn write_secret(dir: &Path, path: &Path, seed: &[u8]) -> io::Result<()> {
    let fresh: PathBuf = dir.join("device.key.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(seed)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn file_error(path: &Path, source: io::Error) -> ClientError {
    ClientError::File { path: path.display().to_string(), source }
}
