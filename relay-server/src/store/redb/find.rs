//! What an operator's words stand for: a whole name before the beginning of one, and never the first of several.

use forsat_sync::id::DeviceId;
use redb::WriteTransaction;

use super::rows::{DeviceRow, InviteRow, UserRow};
use super::sight::Sight;
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

/// A user by name, e-mail, `Name <e-mail>`, id, or the beginning of one of them; outside of what is seen by the whole e-mail or
/// id alone, so that somebody can be added on purpose. Answers also the key.
pub(super) fn find_user(
    tx: &WriteTransaction,
    sight: &Sight,
    text: &str,
) -> Result<(Vec<u8>, UserRow), ControlError> {
    let wanted = Wanted::new(text);
    let exact = names::person(text).ok().map(|person| person.key());
    let mut found = Vec::new();
    scan::<UserRow>(&tx.open_table(USERS.table()).map_err(StoreError::from)?, USERS, &[], |key, row| {
        let is_exact = exact.as_ref().is_some_and(|exact| exact.as_bytes() == key);
        let email = row.email.as_deref().and_then(|email| wanted.name(email));
        let id = row.id.as_ref().and_then(|id| wanted.id(&id.to_string()));
        if sight.sees_user(key, &row) {
            let fits = [is_exact.then_some(Fit::Whole), wanted.name(&row.name), email, id];
            if let Some(fit) = fits.into_iter().flatten().min() {
                found.push((fit, shown(&row), (key.to_vec(), row)));
            }
            return Ok(true);
        }
        // Somebody without a device can't be given anything yet, and isn't to be told of either.
        let is_whole = is_exact && row.email.is_some() || [email, id].contains(&Some(Fit::Whole));
        if is_whole && row.id.is_some() {
            // Beside others that fit, their name isn't told.
            found.push((Fit::Whole, text.to_owned(), (key.to_vec(), row)));
        }
        Ok(true)
    })?;
    only(text, found, ControlError::NoSuchUser)
}

fn shown(row: &UserRow) -> String {
    match &row.email {
        Some(email) if *email != row.name => format!("{} <{email}>", row.name),
        _ => row.name.clone(),
    }
}

/// A device that is seen, by name, id, or the beginning of one of them.
pub(super) fn find_device(
    tx: &WriteTransaction,
    sight: &Sight,
    text: &str,
) -> Result<(DeviceId, DeviceRow), ControlError> {
    let wanted = Wanted::new(text);
    let mut found = Vec::new();
    scan::<DeviceRow>(
        &tx.open_table(DEVICES.table()).map_err(StoreError::from)?,
        DEVICES,
        &[],
        |key, row| {
            let id = DeviceId::from_bytes(id_in_key(DEVICES, key)?);
            if !sight.sees_device(&row) {
                return Ok(true);
            }
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

/// An invite that is seen, by the id under which it is listed, or the beginning of it. Answers also the key.
pub(super) fn find_invite(
    tx: &WriteTransaction,
    sight: &Sight,
    text: &str,
) -> Result<(Vec<u8>, InviteRow), ControlError> {
    let wanted = Wanted::new(text);
    let mut found = Vec::new();
    scan::<InviteRow>(
        &tx.open_table(INVITES.table()).map_err(StoreError::from)?,
        INVITES,
        &[],
        |key, row| {
            let id = invite_id(key);
            if let Some(fit) = wanted.id(&id).filter(|_| sight.sees_invite(&row)) {
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
