//! The device's key in the desktop's keyring.
//!
//! The file of the key then says where it is, in two lines, for a person as well:
//!
//! ```text
//! forsat device key in a keyring 1
//! public 64 hex digits
//! ```
//!
//! The keyring has it as 64 hex digits under the public half. Whoever moves it makes sure at every step that it can be read
//! in one place at least: it is written to the keyring and read back before the file is replaced, and written to the file
//! before the keyring forgets it.

use crate::error::{ClientError, KeyError, KeyringError};
use crate::join::key::{self, KeyFile};
use crate::keys::hex_of;
use forsat_sync::identity::DeviceKey;
use std::fmt::Debug;
use std::path::Path;
use zeroize::Zeroizing;

/// The first line of a file that says that the key lies in the keyring.
const TITLE: &str = "forsat device key in a keyring 1";
/// How many hex digits of the public half a person sees in the name of an entry.
const LABEL_DIGITS: usize = 16;

/// The desktop's keyring. Whoever implements it answers within a bounded time, whatever the keyring does.
pub trait Keyring: Debug + Send + Sync {
    /// Keeps a secret, in place of what there is for the same entry.
    fn put(&self, entry: &KeyringEntry, secret: &str) -> Result<(), KeyringError>;

    /// What is kept for an entry; none where there is nothing.
    fn get(&self, entry: &KeyringEntry) -> Result<Option<Zeroizing<String>>, KeyringError>;

    /// Forgets an entry; one that isn't there is forgotten already. It waits a few seconds at most, since a revoked device
    /// waits for it.
    fn remove(&self, entry: &KeyringEntry) -> Result<(), KeyringError>;
}

/// Which entry of a keyring is a device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringEntry {
    public: [u8; 32],
}

impl KeyringEntry {
    pub(crate) fn of(public: [u8; 32]) -> Self {
        Self { public }
    }

    /// What finds it: the public half of the key, hex.
    pub fn name(&self) -> String {
        hex::encode(self.public)
    }

    /// What a person sees in the desktop's program of passwords.
    pub fn label(&self) -> String {
        format!("Forsat device key {}", self.name().get(..LABEL_DIGITS).unwrap_or_default())
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Reads what a file says; none where the bytes say something else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        (lines.next()? == TITLE).then_some(())?;
        let this = Self { public: hex_of(lines.next()?.strip_prefix("public ")?)? };
        (this.text() == text).then_some(this)
    }

    fn text(&self) -> String {
        format!("{TITLE}\npublic {}\n", self.name())
    }

    /// The key itself; only the one that the file names.
    pub(crate) fn fetch(&self, keyring: Option<&dyn Keyring>) -> Result<DeviceKey, KeyError> {
        let kept = keyring.ok_or(KeyringError::Unsupported)?.get(self)?.ok_or(KeyError::NotInKeyring)?;
        let seed = Zeroizing::new(hex_of::<32>(kept.trim()).ok_or(KeyError::OtherInKeyring)?);
        let key = DeviceKey::from_seed(&seed);
        if *key.public().as_bytes() == self.public { Ok(key) } else { Err(KeyError::OtherInKeyring) }
    }
}

/// Moves the key of the store in `dir` into the keyring; durable when this returns. Where it fails the key is where it was.
pub fn key_to_keyring(dir: &Path, keyring: &dyn Keyring) -> Result<(), ClientError> {
    let device = match key::read(dir)? {
        None => return Err(KeyError::NoKey.into()),
        Some(KeyFile::Sealed(_)) => return Err(KeyError::SealedAlready.into()),
        Some(KeyFile::Keyring(_)) => return Err(KeyError::InKeyring.into()),
        Some(KeyFile::Plain(device)) => device,
    };
    let entry = KeyringEntry::of(*device.public().as_bytes());
    let secret = Zeroizing::new(hex::encode(*Zeroizing::new(device.seed())));
    keyring.put(&entry, &secret).map_err(KeyError::from)?;
    match entry.fetch(Some(keyring)) {
        Ok(_) => {}
        Err(KeyError::NotInKeyring | KeyError::OtherInKeyring) => {
            let why = "it gives back something else than it was given".to_owned();
            return Err(KeyError::from(KeyringError::Failed(why)).into());
        }
        Err(error) => return Err(error.into()),
    }
    // Where writing fails the entry stays: the file may say already that the key is there.
    key::write(dir, entry.text().as_bytes())
}

/// Writes the key of the store in `dir`, which lies in the keyring, to its file again, and has the keyring forget it. Answers
/// why it doesn't, where it stays there as well.
pub fn key_from_keyring(dir: &Path, keyring: &dyn Keyring) -> Result<Option<KeyringError>, ClientError> {
    match key::read(dir)? {
        None => Err(KeyError::NoKey.into()),
        Some(KeyFile::Plain(_)) => Err(KeyError::NotSealed.into()),
        Some(KeyFile::Sealed(_)) => Err(KeyError::Sealed.into()),
        Some(KeyFile::Keyring(entry)) => {
            let seed = Zeroizing::new(entry.fetch(Some(keyring))?.seed());
            key::write(dir, &*seed)?;
            Ok(keyring.remove(&entry).err())
        }
    }
}

#[cfg(test)]
mod tests;
