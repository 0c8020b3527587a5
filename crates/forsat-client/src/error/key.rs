//! What can be wrong with the device's key or its passphrase.

use thiserror::Error;

/// Why the device's key can't be used, or can't be kept otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is sealed, and nobody gave the passphrase.
    #[error(
        "the device's key is sealed: give the passphrase in a terminal, in FORSAT_PASSPHRASE, or with --passphrase-fd; \
         or run `forsat key unseal` once, so that syncs in the background need none"
    )]
    Sealed,
    /// The passphrase is another.
    #[error("the passphrase is wrong, or the key's file was changed; nothing was sent, try again")]
    WrongPassphrase,
    /// No passphrase, or an empty one.
    #[error(
        "no passphrase was given: type one in a terminal, or give it in FORSAT_PASSPHRASE or with --passphrase-fd"
    )]
    NoPassphrase,
    /// The two typed passphrases differ.
    #[error("the two passphrases differ; nothing was changed, try again")]
    Different,
    /// There is no key.
    #[error(
        "the store has no key of its device here: put back device.key from where it was, or join again with a new invite"
    )]
    NoKey,
    /// It is sealed already.
    #[error("the key is sealed already; to keep it otherwise or under another passphrase, unseal it first")]
    SealedAlready,
    /// It isn't sealed.
    #[error("the key isn't sealed, and isn't in the keyring")]
    NotSealed,
    /// The sealed key was made in a way that can't be followed.
    #[error("the sealed key can't be read; restore device.key from a backup")]
    Unreadable,
    /// It lies in the keyring.
    #[error("the key lies in the desktop's keyring; bring it back with `forsat key unseal` first")]
    InKeyring,
    /// The file says that it lies in the keyring, which has no entry of it.
    #[error(
        "the device's key isn't in the desktop's keyring any more: bring its entry back there, put back a device.key from a \
         backup, or join again with a new invite"
    )]
    NotInKeyring,
    /// What the keyring has for this device is no key, or another one.
    #[error(
        "what the desktop's keyring holds for this device isn't its key: bring the right entry back there, put back a \
         device.key from a backup, or join again with a new invite"
    )]
    OtherInKeyring,
    /// The keyring can't be asked.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

/// Why a keyring doesn't do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// The program knows no keyring here.
    #[error(
        "this program knows no keyring on this system; `forsat key seal` protects the key with a passphrase"
    )]
    Unsupported,
    /// Nobody answers as a keyring.
    #[error(
        "no keyring of a desktop is here to ask (Secret Service over the session's D-Bus): run this in the desktop session \
         that has it; where there is none, `forsat key seal` protects the key with a passphrase"
    )]
    Absent,
    /// It is locked.
    #[error(
        "the desktop's keyring is locked: unlock it in the desktop's program of passwords, or sign in to the desktop anew, \
         and try again"
    )]
    Locked,
    /// It has no collection for new entries.
    #[error(
        "the desktop's keyring has no collection for new entries: make one in the desktop's program of passwords, and try again"
    )]
    NoCollection,
    /// It doesn't answer in time.
    #[error(
        "the desktop's keyring doesn't answer: see whether one of its windows asks for something, and try again"
    )]
    NoAnswer,
    /// It failed otherwise.
    #[error("the desktop's keyring failed: {0}")]
    Failed(String),
}

impl KeyringError {
    /// A stable code in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported => "keyring_unsupported",
            Self::Absent => "no_keyring",
            Self::Locked => "keyring_locked",
            Self::NoCollection => "keyring_no_collection",
            Self::NoAnswer => "keyring_no_answer",
            Self::Failed(_) => "keyring_failed",
        }
    }
}

impl KeyError {
    /// A stable code in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sealed => "key_sealed",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::NoPassphrase => "no_passphrase",
            Self::Different => "passphrases_differ",
            Self::NoKey => "no_key",
            Self::SealedAlready => "key_sealed_already",
            Self::NotSealed => "key_not_sealed",
            Self::Unreadable => "key_unreadable",
            Self::InKeyring => "key_in_keyring",
            Self::NotInKeyring => "key_not_in_keyring",
            Self::OtherInKeyring => "key_other_in_keyring",
            Self::Keyring(error) => error.code(),
        }
    }
}
