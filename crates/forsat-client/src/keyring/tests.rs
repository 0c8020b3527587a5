//! Moving the key with a keyring in memory that fails at every step.

use super::*;
use crate::{Engine, InitOptions, KeyState, SystemAmbient, key_view};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

/// What the keyring in memory does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    PutFails,
    /// It keeps what it got and says that it failed.
    PutKeepsAndFails,
    PutLoses,
    PutSpoils,
    GetFails,
    RemoveFails,
}

#[derive(Debug, Default)]
struct Memory {
    entries: Mutex<BTreeMap<String, String>>,
    fault: Mutex<Option<Fault>>,
}

impl Memory {
    fn with(fault: Fault) -> Self {
        Self { fault: Mutex::new(Some(fault)), ..Self::default() }
    }

    fn does(&self, fault: Option<Fault>) {
        *self.fault.lock().expect("the fault") = fault;
    }

    fn fails_at(&self, fault: Fault) -> Result<(), KeyringError> {
        let fails = *self.fault.lock().expect("the fault") == Some(fault);
        if fails { Err(KeyringError::NoAnswer) } else { Ok(()) }
    }

    fn entries(&self) -> BTreeMap<String, String> {
        self.entries.lock().expect("the entries").clone()
    }

    fn put_at(&self, name: String, secret: &str) {
        self.entries.lock().expect("the entries").insert(name, secret.to_owned());
    }
}

impl Keyring for Memory {
    fn put(&self, entry: &KeyringEntry, secret: &str) -> Result<(), KeyringError> {
        self.fails_at(Fault::PutFails)?;
        let fault = *self.fault.lock().expect("the fault");
        let kept = if fault == Some(Fault::PutSpoils) { "00".repeat(32) } else { secret.to_owned() };
        if fault != Some(Fault::PutLoses) {
            self.put_at(entry.name(), &kept);
        }
        self.fails_at(Fault::PutKeepsAndFails)
    }

    fn get(&self, entry: &KeyringEntry) -> Result<Option<Zeroizing<String>>, KeyringError> {
        self.fails_at(Fault::GetFails)?;
        Ok(self.entries().get(&entry.name()).cloned().map(Zeroizing::new))
    }

    fn remove(&self, entry: &KeyringEntry) -> Result<(), KeyringError> {
        self.fails_at(Fault::RemoveFails)?;
        self.entries.lock().expect("the entries").remove(&entry.name());
        Ok(())
    }
}

const SEED: [u8; 32] = [7; 32];

/// A folder with a key.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    key::write(dir.path(), &SEED).expect("writes");
    dir
}

fn entry() -> KeyringEntry {
    KeyringEntry::of(*DeviceKey::from_seed(&SEED).public().as_bytes())
}

/// The error of the key in an outcome.
fn wrong<T>(outcome: Result<T, ClientError>) -> KeyError {
    match outcome.map(drop) {
        Err(ClientError::Key(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The key as whoever connects finds it.
fn found(dir: &Path, keyring: &Memory) -> [u8; 32] {
    match key::read(dir).expect("reads") {
        Some(KeyFile::Plain(key)) => key.seed(),
        Some(KeyFile::Keyring(entry)) => entry.fetch(Some(keyring)).expect("the keyring has it").seed(),
        other => panic!("{other:?}"),
    }
}

fn state(dir: &Path) -> KeyState {
    key_view(dir).expect("reads").state
}

#[test]
fn a_key_goes_into_the_keyring_and_back() {
    let (dir, keyring) = (folder(), Memory::default());
    let dir = dir.path();
    key_to_keyring(dir, &keyring).expect("moves");
    let text = fs::read_to_string(key::path(dir)).expect("reads");
    assert_eq!(text, format!("forsat device key in a keyring 1\npublic {}\n", entry().name()));
    assert_eq!(keyring.entries(), BTreeMap::from([(entry().name(), hex::encode(SEED))]));
    let view = key_view(dir).expect("reads");
    assert_eq!((view.state, view.public), (KeyState::Keyring, Some(entry().name())));
    assert_eq!(view.entry.as_deref(), Some("Forsat device key ea4a6c63e29c520a"));
    assert_eq!(found(dir, &keyring), SEED);
    // A join that broke off goes on with the same key.
    let joining = key::load_or_make(dir, Some(&keyring), &SystemAmbient::new()).expect("the key");
    assert_eq!(joining.seed(), SEED);
    assert_eq!(wrong(key_to_keyring(dir, &keyring)), KeyError::InKeyring);

    assert_eq!(key_from_keyring(dir, &keyring).expect("moves"), None);
    assert_eq!(fs::read(key::path(dir)).expect("reads"), SEED);
    assert_eq!(keyring.entries(), BTreeMap::new());
    assert_eq!(wrong(key_from_keyring(dir, &keyring)), KeyError::NotSealed);
    assert_eq!(wrong(key_to_keyring(&dir.join("nowhere"), &keyring)), KeyError::NoKey);
}

#[test]
fn a_keyring_that_fails_on_the_way_in_leaves_the_key_where_it_was() {
    let faults =
        [Fault::PutFails, Fault::PutKeepsAndFails, Fault::PutLoses, Fault::PutSpoils, Fault::GetFails];
    for fault in faults {
        let (dir, keyring) = (folder(), Memory::with(fault));
        let error = wrong(key_to_keyring(dir.path(), &keyring));
        assert!(matches!(error, KeyError::Keyring(_)), "{fault:?}: {error:?}");
        assert_eq!(fs::read(key::path(dir.path())).expect("reads"), SEED, "{fault:?}");
        // And it can be done again, whatever was left in the keyring.
        keyring.does(None);
        key_to_keyring(dir.path(), &keyring).expect("moves");
        assert_eq!((state(dir.path()), found(dir.path(), &keyring)), (KeyState::Keyring, SEED), "{fault:?}");
    }
}

#[test]
fn a_disk_that_fails_loses_no_key_in_either_direction() {
    let (dir, keyring) = (folder(), Memory::default());
    let dir = dir.path();
    // A folder in the place of the next file: nothing can be written.
    let blocked = dir.join("device.key.new");
    fs::create_dir(&blocked).expect("a folder");
    assert!(matches!(key_to_keyring(dir, &keyring), Err(ClientError::File { .. })));
    assert_eq!((state(dir), found(dir, &keyring)), (KeyState::Plain, SEED));
    fs::remove_dir(&blocked).expect("removes");
    key_to_keyring(dir, &keyring).expect("moves");

    fs::create_dir(&blocked).expect("a folder");
    assert!(matches!(key_from_keyring(dir, &keyring), Err(ClientError::File { .. })));
    assert_eq!((state(dir), found(dir, &keyring)), (KeyState::Keyring, SEED));
}

#[test]
fn a_keyring_that_fails_on_the_way_back_keeps_the_key_until_the_file_has_it() {
    let (dir, keyring) = (folder(), Memory::default());
    let dir = dir.path();
    key_to_keyring(dir, &keyring).expect("moves");
    keyring.does(Some(Fault::GetFails));
    assert_eq!(wrong(key_from_keyring(dir, &keyring)), KeyError::Keyring(KeyringError::NoAnswer));
    assert_eq!(state(dir), KeyState::Keyring);

    keyring.does(Some(Fault::RemoveFails));
    assert_eq!(key_from_keyring(dir, &keyring).expect("moves"), Some(KeyringError::NoAnswer));
    assert_eq!(fs::read(key::path(dir)).expect("reads"), SEED);
    assert_eq!(keyring.entries().len(), 1);
    // What stayed is in nobody's way.
    keyring.does(None);
    key_to_keyring(dir, &keyring).expect("moves");
    assert_eq!(key_from_keyring(dir, &keyring).expect("moves"), None);
    assert_eq!(keyring.entries(), BTreeMap::new());
}

#[test]
fn an_entry_that_is_gone_or_another_one_is_told_and_the_file_stays() {
    let (dir, keyring) = (folder(), Memory::default());
    let dir = dir.path();
    key_to_keyring(dir, &keyring).expect("moves");
    let file = fs::read(key::path(dir)).expect("reads");
    for other in ["", "no key", &hex::encode([8; 32]), &hex::encode([7; 31])] {
        keyring.put_at(entry().name(), other);
        assert_eq!(wrong(key_from_keyring(dir, &keyring)), KeyError::OtherInKeyring, "{other}");
    }
    keyring.remove(&entry()).expect("removes");
    assert_eq!(wrong(key_from_keyring(dir, &keyring)), KeyError::NotInKeyring);
    assert_eq!(fs::read(key::path(dir)).expect("reads"), file);
    // A person who brings it back by hand adds a line end.
    keyring.put_at(entry().name(), &format!("{}\n", hex::encode(SEED)));
    assert_eq!(found(dir, &keyring), SEED);
}

#[test]
fn a_file_that_only_looks_as_if_it_named_an_entry_is_none() {
    let text = entry().text();
    assert_eq!(KeyringEntry::read(text.as_bytes()), Some(entry()));
    let others = [
        text.replace(" 1\n", " 2\n"),
        text.to_uppercase(),
        format!("{text}\n"),
        text.replace("public ", "public"),
        text[..text.len() - 2].to_owned(),
        String::new(),
    ];
    for other in others {
        assert_eq!(KeyringEntry::read(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn an_engine_fetches_its_key_once_and_says_when_it_knows_no_keyring() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = Engine::init(dir.path(), &InitOptions::default()).expect("a store");
    key::write(dir.path(), &SEED).expect("writes");
    let keyring = Arc::new(Memory::default());
    key_to_keyring(dir.path(), &*keyring).expect("moves");
    assert_eq!(wrong(engine.fetch_key()), KeyError::Keyring(KeyringError::Unsupported));
    assert_eq!(wrong(engine.device_key()), KeyError::Keyring(KeyringError::Unsupported));

    engine.set_keyring(keyring.clone());
    assert_eq!(engine.device_key().expect("the key").seed(), SEED);
    engine.fetch_key().expect("fetches");
    keyring.does(Some(Fault::GetFails));
    assert_eq!(engine.device_key().expect("the key").seed(), SEED);
}

#[test]
fn a_revoked_device_erases_the_key_in_the_keyring_and_needs_no_answer() {
    for (fault, moved) in [(None, true), (None, false), (Some(Fault::RemoveFails), true)] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut engine = Engine::init(dir.path(), &InitOptions::default()).expect("a store");
        key::write(dir.path(), &SEED).expect("writes");
        let keyring = Arc::new(Memory::default());
        if moved {
            key_to_keyring(dir.path(), &*keyring).expect("moves");
        } else {
            // As a move that broke off leaves it.
            keyring.put_at(entry().name(), &hex::encode(SEED));
        }
        keyring.does(fault);
        engine.set_keyring(keyring.clone());
        let left =
            crate::revoked::erase(&engine, dir.path(), true, &crate::sync::Taken::new()).expect("erases");
        assert_eq!(left.entry, fault.map(|_| entry().label()), "{fault:?} {moved}");
        assert_eq!(keyring.entries().len(), usize::from(fault.is_some()), "{fault:?} {moved}");
        assert!(!key::path(dir.path()).exists() && !dir.path().join("store.redb").exists());
    }
}
