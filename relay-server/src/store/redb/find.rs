//! What an operator's words stand for: a whole name before the beginning of one, and never the first of several.

use forsat_sync::id::DeviceId;
use redb::WriteTransaction;

use super::rows::{DeviceRow, InviteRow, UserRow};
use super::tables::{DEVICES, INVITES, USERS, id_in_key, scan};
use crate::names;
use crate::store::{ControlError, StoreError};

/// The fewest digits of an id that stand for it.
const ID_DIGITS_MIN: usize = 4;
/// Digits of the hash of an invite's secret that it is listed by.
const INVITE_ID_DIGITS: usize = 12;
/// The most candidates that an error names.
const CANDIDATES_MAX: usize = 8;

/// How well something fits what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The whole of a name, an e-mail or an id.
    Whole,
    /// The beginning of one.
    Beginning,
}

/// What was typed, in the form in which it is compared.
struct Wanted {
    folded: String,
    digits: String,
}

impl Wanted {
    fn new(text: &str) -> Self {
        Self { folded: names::fold(text), digits: text.trim().to_ascii_lowercase() }
    }

    fn name(&self, name: &str) -> Option<Fit> {
        let name = names::fold(name);
        if name == self.folded {
            return Some(Fit::Whole);
        }
        (!self.folded.is_empty() && name.starts_with(&self.folded)).then_some(Fit::Beginning)
    }

    fn id(&self, id: &str) -> Option<Fit> {
        if id == self.digits {
            return Some(Fit::Whole);
        }
        (self.digits.len() >= ID_DIGITS_MIN && id.starts_with(&self.digits)).then_some(Fit::Beginning)
    }
}

/// The one that fits best; an error when there is none, or when several fit as well.
fn only<T>(
    text: &str,
    mut found: Vec<(Fit, String, T)>,
    missing: fn(String) -> ControlError,
) -> Result<T, ControlError> {
    let Some(best) = found.iter().map(|(fit, ..)| *fit).min() else { return Err(missing(text.to_owned())) };
    found.retain(|(fit, ..)| *fit == best);
    if found.len() > 1 {
        let mut names: Vec<_> = found.into_iter().map(|(_, name, _)| name).collect();
        names.sort();
        names.truncate(CANDIDATES_MAX);
        return Err(ControlError::Ambiguous { text: text.to_owned(), candidates: names.join(", ") });
    }
    found.pop().map(|(.., found)| found).ok_or_else(|| missing(text.to_owned()))
}

/// A user by name, e-mail, `Name <e-mail>`, id, or the beginning of one of them. Answers also the key.
pub(super) fn find_user(tx: &WriteTransaction, text: &str) -> Result<(Vec<u8>, UserRow), ControlError> {
    let wanted = Wanted::new(text);
    let exact = names::person(text).ok().map(|person| person.key());
    let mut found = Vec::new();
    scan::<UserRow>(&tx.open_table(USERS.table()).map_err(StoreError::from)?, USERS, &[], |key, row| {
        let fits = [
            exact.as_ref().filter(|exact| exact.as_bytes() == key).map(|_| Fit::Whole),
            wanted.name(&row.name),
            row.email.as_deref().and_then(|email| wanted.name(email)),
            row.id.as_ref().and_then(|id| wanted.id(&id.to_string())),
        ];
        if let Some(fit) = fits.into_iter().flatten().min() {
            let shown = match &row.email {
                Some(email) if *email != row.name => format!("{} <{email}>", row.name),
                _ => row.name.clone(),
            };
            found.push((fit, shown, (key.to_vec(), row)));
        }
        Ok(true)
    })?;
    only(text, found, ControlError::NoSuchUser)
}

/// A device by name, id, or the beginning of one of them.
pub(super) fn find_device(tx: &WriteTransaction, text: &str) -> Result<(DeviceId, DeviceRow), ControlError> {
    let wanted = Wanted::new(text);
    let mut found = Vec::new();
    scan::<DeviceRow>(
        &tx.open_table(DEVICES.table()).map_err(StoreError::from)?,
        DEVICES,
        &[],
        |key, row| {
            let id = DeviceId::from_bytes(id_in_key(DEVICES, key)?);
            let fits = [wanted.name(&row.name), wanted.id(&id.to_string())];
            if let Some(fit) = fits.into_iter().flatten().min() {
                let digits = &id.to_string()[..8];
                found.push((fit, format!("{} ({digits})", row.name), (id, row)));
            }
            Ok(true)
        },
    )?;
    only(text, found, ControlError::NoSuchDevice)
}

/// An invite by the id under which it is listed, or the beginning of it. Answers also the key.
pub(super) fn find_invite(tx: &WriteTransaction, text: &str) -> Result<(Vec<u8>, InviteRow), ControlError> {
    let wanted = Wanted::new(text);
    let mut found = Vec::new();
    scan::<InviteRow>(
        &tx.open_table(INVITES.table()).map_err(StoreError::from)?,
        INVITES,
        &[],
        |key, row| {
            let id = invite_id(key);
            if let Some(fit) = wanted.id(&id) {
                found.push((fit, id, (key.to_vec(), row)));
            }
            Ok(true)
        },
    )?;
    only(text, found, ControlError::NoSuchInvite)
}

/// What an invite is listed by: it tells nothing of the secret.
pub(super) fn invite_id(key: &[u8]) -> String {
    let mut digits = hex::encode(key);
    digits.truncate(INVITE_ID_DIGITS);
    digits
}
