//! The device's key at rest: as it is, sealed with a passphrase, or in the desktop's keyring.
//!
//! A sealed key is a text of six lines, so that a person sees what it is and how it was sealed:
//!
//! ```text
//! forsat device key 1
//! public 64 hex digits
//! argon2id memory_kib=65536 passes=3 lanes=1
//! salt 32 hex digits
//! nonce 48 hex digits
//! sealed 96 hex digits
//! ```
//!
//! Argon2id makes 32 bytes of passphrase and salt; with these XChaCha20-Poly1305 seals the seed under the nonce, with all
//! lines before the last as associated data. So neither the public key nor the parameters can be changed unnoticed.

use crate::ambient::Ambient;
use crate::engine::Engine;
use crate::error::{ClientError, Damage, KeyError};
use crate::join::key::{self, KeyFile};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use forsat_sync::identity::DeviceKey;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// The first line of a sealed key.
const TITLE: &str = "forsat device key 1";
/// Memory that making a key of a passphrase takes: about as much as whoever guesses needs for each guess.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over that memory.
const PASSES: u32 = 3;
/// What a file may ask for at most, so that a foreign one can't take all memory or time.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 16;
/// The longest sealed key in bytes.
const SEALED_BYTES_MAX: usize = 1024;

/// What a sealed key is opened with; it is wiped from memory when it isn't needed any more, and never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase as it was typed, without the end of its line.
    pub fn new(text: String) -> Result<Self, KeyError> {
        let text = Zeroizing::new(text);
        let line = text.trim_end_matches(['\r', '\n']);
        if line.is_empty() { Err(KeyError::NoPassphrase) } else { Ok(Self(Zeroizing::new(line.to_owned()))) }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// How the key of a store lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// There is none: the store belongs to no relay yet, or its key stayed elsewhere.
    None,
    /// As it is, in a file that only its owner reads.
    Plain,
    /// Sealed with a passphrase.
    Sealed,
    /// In the desktop's keyring; the file names the entry.
    Keyring,
}

/// What can be said of the key of a store without opening it.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// How it lies there.
    pub state: KeyState,
    /// The file.
    pub file: String,
    /// The public half, hex.
    pub public: Option<String>,
    /// The id of the device, hex.
    pub device: Option<String>,
    /// Memory that opening it takes, in KiB.
    pub memory_kib: Option<u32>,
    /// Passes over that memory.
    pub passes: Option<u32>,
    /// What its entry in the keyring is called there.
    pub entry: Option<String>,
}

/// How the key of the store in `dir` lies there.
pub fn key_view(dir: &Path) -> Result<KeyView, ClientError> {
    let file = key::path(dir).display().to_string();
    let none = KeyView {
        state: KeyState::None,
        file,
        public: None,
        device: None,
        memory_kib: None,
        passes: None,
        entry: None,
    };
    Ok(match key::read(dir)? {
        None => none,
        Some(KeyFile::Plain(key)) => KeyView {
            state: KeyState::Plain,
            public: Some(hex::encode(key.public().as_bytes())),
            device: Some(key.device_id().to_string()),
            ..none
        },
        Some(KeyFile::Sealed(sealed)) => KeyView {
            state: KeyState::Sealed,
            public: Some(hex::encode(sealed.public)),
            memory_kib: Some(sealed.memory_kib),
            passes: Some(sealed.passes),
            ..none
        },
        Some(KeyFile::Keyring(entry)) => KeyView {
            state: KeyState::Keyring,
            public: Some(entry.name()),
            entry: Some(entry.label()),
            ..none
        },
    })
}

/// Seals the key of the store in `dir`; durable when this returns.
pub fn seal_key(dir: &Path, passphrase: &Passphrase, ambient: &dyn Ambient) -> Result<(), ClientError> {
    match key::read(dir)? {
        None => Err(KeyError::NoKey.into()),
        Some(KeyFile::Sealed(_)) => Err(KeyError::SealedAlready.into()),
        Some(KeyFile::Keyring(_)) => Err(KeyError::InKeyring.into()),
        Some(KeyFile::Plain(device)) => {
            let (mut salt, mut nonce) = ([0; 16], [0; 24]);
            ambient.fill(&mut salt);
            ambient.fill(&mut nonce);
            let sealed = Sealed::of(&device, passphrase, Cost::USUAL, salt, nonce)?;
            key::write(dir, sealed.text().as_bytes())
        }
    }
}

/// Writes the key of the store in `dir` as it is again.
pub fn unseal_key(dir: &Path, passphrase: &Passphrase) -> Result<(), ClientError> {
    match key::read(dir)? {
        None => Err(KeyError::NoKey.into()),
        Some(KeyFile::Plain(_)) => Err(KeyError::NotSealed.into()),
        Some(KeyFile::Keyring(_)) => Err(KeyError::InKeyring.into()),
        Some(KeyFile::Sealed(sealed)) => {
            let seed = Zeroizing::new(sealed.open(passphrase)?.seed());
            key::write(dir, &*seed)
        }
    }
}

impl Engine {
    /// Opens the store's key, where it is sealed, for the syncs of this engine and its clones.
    pub fn unlock_key(&self, passphrase: &Passphrase) -> Result<(), ClientError> {
        let directory = self.directory().unwrap_or(Path::new("."));
        if let Some(KeyFile::Sealed(sealed)) = key::read(directory)? {
            // Opened twice it is the same.
            let _ = self.opened_key().set(sealed.open(passphrase)?);
        }
        Ok(())
    }

    /// Fetches the store's key, where it lies in the keyring, for the syncs of this engine and its clones.
    pub fn fetch_key(&self) -> Result<(), ClientError> {
        let directory = self.directory().unwrap_or(Path::new("."));
        if let Some(KeyFile::Keyring(entry)) = key::read(directory)? {
            // Fetched twice it is the same.
            let _ = self.opened_key().set(entry.fetch(self.keyring())?);
        }
        Ok(())
    }

    /// The device's key.
    pub(crate) fn device_key(&self) -> Result<DeviceKey, ClientError> {
        if let Some(key) = self.opened_key().get() {
            return Ok(key.clone());
        }
        let directory = self.directory().unwrap_or(Path::new("."));
        match key::read(directory)? {
            Some(KeyFile::Plain(key)) => Ok(key),
            Some(KeyFile::Sealed(_)) => Err(KeyError::Sealed.into()),
            Some(KeyFile::Keyring(entry)) => Ok(entry.fetch(self.keyring())?),
            None => Err(KeyError::NoKey.into()),
        }
    }
}

/// What making a key of a passphrase costs.
#[derive(Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    const USUAL: Self = Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1 };
}

/// A sealed key.
pub(crate) struct Sealed {
    public: [u8; 32],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: Vec<u8>,
}

impl Sealed {
    fn of(
        key: &DeviceKey,
        passphrase: &Passphrase,
        cost: Cost,
        salt: [u8; 16],
        nonce: [u8; 24],
    ) -> Result<Self, KeyError> {
        let public = *key.public().as_bytes();
        let Cost { memory_kib, passes, lanes } = cost;
        let mut this = Self { public, memory_kib, passes, lanes, salt, nonce, sealed: Vec::new() };
        let (seed, head) = (Zeroizing::new(key.seed()), this.head());
        let payload = Payload { msg: &*seed, aad: head.as_bytes() };
        let sealed = this.cipher(passphrase)?.encrypt(&XNonce::from(nonce), payload);
        this.sealed = sealed.map_err(|_| KeyError::Unreadable)?;
        Ok(this)
    }

    /// Opens it; a wrong passphrase and a changed file look the same.
    fn open(&self, passphrase: &Passphrase) -> Result<DeviceKey, KeyError> {
        let head = self.head();
        let payload = Payload { msg: &self.sealed, aad: head.as_bytes() };
        let opened = self.cipher(passphrase)?.decrypt(&XNonce::from(self.nonce), payload);
        let seed = Zeroizing::new(opened.map_err(|_| KeyError::WrongPassphrase)?);
        let seed = <&[u8; 32]>::try_from(seed.as_slice()).map_err(|_| KeyError::Unreadable)?;
        let key = DeviceKey::from_seed(seed);
        if *key.public().as_bytes() == self.public { Ok(key) } else { Err(KeyError::Unreadable) }
    }

    /// The public half.
    pub(crate) fn public(&self) -> [u8; 32] {
        self.public
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, KeyError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let argon =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| KeyError::Unreadable)?);
        let mut key = Zeroizing::new([0; 32]);
        let made = argon.hash_password_into(passphrase.0.as_bytes(), &self.salt, &mut *key);
        made.map_err(|_| KeyError::Unreadable)?;
        Ok(XChaCha20Poly1305::new(&(*key).into()))
    }

    /// All lines but the last.
    fn head(&self) -> String {
        format!(
            "{TITLE}\npublic {}\nargon2id memory_kib={} passes={} lanes={}\nsalt {}\nnonce {}\n",
            hex::encode(self.public),
            self.memory_kib,
            self.passes,
            self.lanes,
            hex::encode(self.salt),
            hex::encode(self.nonce)
        )
    }

    fn text(&self) -> String {
        format!("{}sealed {}\n", self.head(), hex::encode(&self.sealed))
    }

    /// Reads a sealed key; none where the bytes aren't one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= SEALED_BYTES_MAX)?;
        let mut lines = text.lines();
        (lines.next()? == TITLE).then_some(())?;
        let public = hex_of(lines.next()?.strip_prefix("public ")?)?;
        let mut cost = lines.next()?.strip_prefix("argon2id ")?.split(' ');
        let mut number = |name: &str, max: u32| {
            let number: u32 = cost.next()?.strip_prefix(name)?.strip_prefix('=')?.parse().ok()?;
            (1..=max).contains(&number).then_some(number)
        };
        let memory_kib = number("memory_kib", MEMORY_KIB_MAX)?;
        let (passes, lanes) = (number("passes", PASSES_MAX)?, number("lanes", LANES_MAX)?);
        let salt = hex_of(lines.next()?.strip_prefix("salt ")?)?;
        let nonce = hex_of(lines.next()?.strip_prefix("nonce ")?)?;
        let sealed = hex::decode(lines.next()?.strip_prefix("sealed ")?).ok()?;
        let this = Self { public, memory_kib, passes, lanes, salt, nonce, sealed };
        // What is authenticated is written anew, so the text must be exactly that.
        (this.text() == text).then_some(this)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("public", &hex::encode(self.public)).finish_non_exhaustive()
    }
}

pub(crate) fn hex_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Bytes of a key's file that are no key.
pub(crate) fn no_key(path: &Path) -> ClientError {
    ClientError::Damaged(Damage::DeviceKey(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned()).expect("a passphrase")
    }

    fn sealed() -> (DeviceKey, Sealed) {
        let key = DeviceKey::from_seed(&[7; 32]);
        let sealed = Sealed::of(&key, &passphrase("گذرواژهٔ من"), CHEAP, [1; 16], [2; 24]);
        (key, sealed.expect("it is sealed"))
    }

    #[test]
    fn a_sealed_key_opens_with_its_passphrase_only() {
        let (key, sealed) = sealed();
        let read = Sealed::read(sealed.text().as_bytes()).expect("it reads");
        assert_eq!(read.open(&passphrase("گذرواژهٔ من\n")).expect("it opens").seed(), key.seed());
        assert_eq!(read.open(&passphrase("گذرواژه من")).map(drop), Err(KeyError::WrongPassphrase));
        assert!(!sealed.text().contains(&hex::encode(key.seed())));
        assert_eq!(Passphrase::new("\n".to_owned()).map(drop), Err(KeyError::NoPassphrase));
        assert_eq!(format!("{:?}", passphrase("secret")), "Passphrase(…)");
    }

    #[test]
    fn nothing_of_a_sealed_key_can_be_changed_unnoticed() {
        let (_, sealed) = sealed();
        let text = sealed.text();
        for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_ascii_hexdigit()) {
            let other = if letter == '1' { '2' } else { '1' };
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other.to_string());
            if let Some(read) = Sealed::read(changed.as_bytes()) {
                assert!(
                    read.memory_kib > 1024 || read.open(&passphrase("گذرواژهٔ من")).is_err(),
                    "letter {at}"
                );
            }
        }
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory_or_time() {
        let text = sealed().1.text();
        for (usual, greedy) in [("memory_kib=64", "memory_kib=4000000"), ("passes=1", "passes=4000000")] {
            assert!(Sealed::read(text.replace(usual, greedy).as_bytes()).is_none(), "{greedy}");
        }
        assert!(Sealed::read(b"forsat device key 1\n").is_none());
    }
}
