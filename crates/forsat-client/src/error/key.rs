//! What can be wrong with the device's key or its passphrase.

use thiserror::Error;

/// Why the device's key can't be used, or can't be kept otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
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
    #[error("the key is sealed already; to give it another passphrase, unseal it first")]
    SealedAlready,
    /// It isn't sealed.
    #[error("the key isn't sealed")]
    NotSealed,
    /// The sealed key was made in a way that can't be followed.
    #[error("the sealed key can't be read; restore device.key from a backup")]
    Unreadable,
}

impl KeyError {
    /// A stable code in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sealed => "key_sealed",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::NoPassphrase => "no_passphrase",
            Self::Different => "passphrases_differ",
            Self::NoKey => "no_key",
            Self::SealedAlready => "key_sealed_already",
            Self::NotSealed => "key_not_sealed",
            Self::Unreadable => "key_unreadable",
        }
    }
}
