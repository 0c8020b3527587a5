//! The file of the device's secret key beside the store; only its owner reads it.

use crate::ambient::Ambient;
use crate::error::{ClientError, KeyError};
use crate::keyring::{Keyring, KeyringEntry};
use crate::keys::{self, Sealed};
use forsat_sync::identity::DeviceKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const KEY_FILE: &str = "device.key";
const FRESH_FILE: &str = "device.key.new";
/// More than a key file has, in bytes.
const KEY_FILE_BYTES_MAX: usize = 4096;

/// What the file holds.
#[derive(Debug)]
pub(crate) enum KeyFile {
    /// The key: its 32 bytes.
    Plain(DeviceKey),
    /// The key, sealed with a passphrase.
    Sealed(Sealed),
    /// Where in the keyring the key lies.
    Keyring(KeyringEntry),
}

impl KeyFile {
    /// The public half, which stands in every kind of file.
    pub(crate) fn public(&self) -> [u8; 32] {
        match self {
            Self::Plain(key) => *key.public().as_bytes(),
            Self::Sealed(sealed) => sealed.public(),
            Self::Keyring(entry) => entry.public(),
        }
    }
}

/// Where the key of the store in `dir` lies.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(KEY_FILE)
}

/// Where the next key lies until it is whole.
fn fresh_path(dir: &Path) -> PathBuf {
    dir.join(FRESH_FILE)
}

/// The key of the store in `dir`; none when there is none yet.
pub(crate) fn read(dir: &Path) -> Result<Option<KeyFile>, ClientError> {
    let path = path(dir);
    match fs::read(&path) {
        Ok(bytes) => match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(Some(KeyFile::Plain(DeviceKey::from_seed(seed)))),
            Err(_) => {
                let sealed = Sealed::read(&bytes).map(KeyFile::Sealed);
                let read = sealed.or_else(|| KeyringEntry::read(&bytes).map(KeyFile::Keyring));
                read.map(Some).ok_or_else(|| keys::no_key(&path))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(file_error(&path, source)),
    }
}

/// The key of the store in `dir`, made when there is none; durable when this returns.
pub(crate) fn load_or_make(
    dir: &Path,
    keyring: Option<&dyn Keyring>,
    ambient: &dyn Ambient,
) -> Result<DeviceKey, ClientError> {
    match read(dir)? {
        Some(KeyFile::Plain(key)) => return Ok(key),
        Some(KeyFile::Sealed(_)) => return Err(KeyError::Sealed.into()),
        Some(KeyFile::Keyring(entry)) => return Ok(entry.fetch(keyring)?),
        None => {}
    }
    let mut seed = [0; 32];
    ambient.fill(&mut seed);
    fs::create_dir_all(dir).map_err(|source| file_error(dir, source))?;
    write(dir, &seed)?;
    Ok(DeviceKey::from_seed(&seed))
}

/// Overwrites and removes the key of the store in `dir`, also one that was about to take its place.
pub(crate) fn erase(dir: &Path) -> Result<(), ClientError> {
    for path in [fresh_path(dir), path(dir)] {
        match erase_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&path, error)),
            _ => {}
        }
    }
    Ok(())
}

fn erase_file(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let bytes = usize::try_from(file.metadata()?.len()).unwrap_or(KEY_FILE_BYTES_MAX);
    file.write_all(&vec![0; bytes.min(KEY_FILE_BYTES_MAX)])?;
    file.sync_all()?;
    fs::remove_file(path)
}

/// Replaces what the file holds: it is there whole or as it was, and durable when this returns.
pub(crate) fn write(dir: &Path, bytes: &[u8]) -> Result<(), ClientError> {
    let path = path(dir);
    write_secret(dir, &path, bytes).map_err(|source| file_error(&path, source))
}

/// Writes beside the place and renames, so that a key is there whole or not at all: the file of the old one is never written
/// to.
fn write_secret(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = fresh_path(dir);
    // What a write that broke off left behind may be readable by others, or a link to elsewhere.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn another_key_takes_the_place_of_the_old_file_which_stays_as_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        write(dir, &[1; 32]).expect("writes");
        fs::hard_link(path(dir), dir.join("old")).expect("links");
        // As a write that broke off left it behind.
        fs::write(fresh_path(dir), b"half").expect("writes");
        write(dir, &[2; 32]).expect("writes");
        assert_eq!(fs::read(path(dir)).expect("reads"), [2; 32]);
        assert_eq!(fs::read(dir.join("old")).expect("reads"), [1; 32]);
        assert_eq!(holds(dir), ["device.key", "old"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_is_for_its_user_alone_whatever_was_left_behind() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let (dir, elsewhere) = (dir.path(), dir.path().join("elsewhere"));
        fs::write(&elsewhere, b"as it was").expect("writes");
        std::os::unix::fs::symlink(&elsewhere, fresh_path(dir)).expect("links");
        write(dir, &[1; 32]).expect("writes");
        let mode = fs::symlink_metadata(path(dir)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read(&elsewhere).expect("reads"), b"as it was");
    }

    #[test]
    fn erasing_leaves_neither_the_key_nor_the_next_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        for names in [&[][..], &[KEY_FILE], &[FRESH_FILE], &[KEY_FILE, FRESH_FILE]] {
            for name in names {
                fs::write(dir.join(name), [1; 32]).expect("writes");
                fs::hard_link(dir.join(name), dir.join("link")).expect("links");
                erase(dir).expect("erases");
                assert_eq!(fs::read(dir.join("link")).expect("reads"), [0; 32], "it is overwritten");
                fs::remove_file(dir.join("link")).expect("removes");
            }
            names.iter().for_each(|name| fs::write(dir.join(name), [1; 32]).expect("writes"));
            erase(dir).expect("erases");
            assert_eq!(holds(dir), [""; 0], "{names:?}");
        }
    }
}
