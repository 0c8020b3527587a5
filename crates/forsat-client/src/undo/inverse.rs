//! What takes one write of a command back.

use crate::journal::{self, Before, Write};
use forsat_domain::edit::Edit;
use forsat_domain::record::{RecordState, Register, Scalar, Side};
use forsat_sync::id::ChangeHash;
use std::collections::BTreeSet;

/// What a command's own values are known by.
pub(super) struct Own<'l> {
    pub hash: [u8; 32],
    pub actor: Vec<u8>,
    /// The changes of later commands of this device.
    pub later: &'l BTreeSet<ChangeHash>,
}

impl Own<'_> {
    /// Whether a side is what the command wrote, or what the undo of a later command put back in its place.
    ///
    /// A write of the same value by this device that no later command made can be nothing else.
    fn is(&self, side: &Side, written: &Scalar) -> bool {
        let is_put_back = || !self.later.contains(&ChangeHash::from_bytes(side.stamp.hash));
        side.stamp.hash == self.hash
            || (side.value == *written && side.stamp.actor == self.actor && is_put_back())
    }
}

/// What is to be done about a write.
pub(super) enum Inverse {
    /// Write this.
    Write(Edit),
    /// Someone has written the place since; what it says now.
    Skip(Scalar),
    /// There is nothing to take back.
    Nothing,
}

/// What takes a write back, if its value still stands alone and is still the command's own.
pub(super) fn inverse(state: &RecordState, write: &Write, own: &Own<'_>) -> Inverse {
    match (&write.edit, &write.before) {
        (Edit::Set { .. } | Edit::SetEntry { .. }, Before::Value(before)) => {
            inverse_value(journal::register(state, &write.edit), write, before, own)
        }
        (Edit::SetText { field, value }, Before::Text(before)) => match state.text(field) {
            now if now == value && value != before => {
                Inverse::Write(Edit::SetText { field: field.clone(), value: before.clone() })
            }
            _ if value == before => Inverse::Nothing,
            now => Inverse::Skip(Scalar::text(now)),
        },
        (Edit::Add { field, key }, Before::Present(false)) if is_in(state, field, key) => {
            Inverse::Write(Edit::Remove { field: field.clone(), key: key.clone() })
        }
        (Edit::Remove { field, key }, Before::Present(true)) if !is_in(state, field, key) => {
            Inverse::Write(Edit::Add { field: field.clone(), key: key.clone() })
        }
        // What only grows stays: a stage history tells also of moves that were taken back.
        _ => Inverse::Nothing,
    }
}

fn is_in(state: &RecordState, field: &str, key: &str) -> bool {
    state.set(field).any(|present| present == key)
}

fn inverse_value(register: Option<&Register>, write: &Write, before: &Scalar, own: &Own<'_>) -> Inverse {
    let (Edit::Set { value, .. } | Edit::SetEntry { value, .. }) = &write.edit else {
        return Inverse::Nothing;
    };
    if value == before {
        return Inverse::Nothing;
    }
    let is_own = register.is_some_and(|register| match register.sides.as_slice() {
        [only] => own.is(only, value),
        _ => false,
    });
    if !is_own {
        let now = register.map_or(Scalar::Null, |register| register.winner().clone());
        return Inverse::Skip(now);
    }
    let mut edit = write.edit.clone();
    if let Edit::Set { value, .. } | Edit::SetEntry { value, .. } = &mut edit {
        *value = before.clone();
    }
    Inverse::Write(edit)
}

/// Where an edit writes: `field`, `field/key` or `field/entry/name`.
pub(super) fn place(edit: &Edit) -> String {
    match edit {
        Edit::Set { field, .. } | Edit::SetText { field, .. } => field.clone(),
        Edit::Add { field, key } | Edit::Remove { field, key } | Edit::Insert { field, key, .. } => {
            format!("{field}/{key}")
        }
        Edit::SetEntry { field, entry, name, .. } => format!("{field}/{entry}/{name}"),
    }
}

/// What an edit writes.
pub(super) fn said(edit: &Edit) -> String {
    match edit {
        Edit::Set { value, .. } | Edit::SetEntry { value, .. } | Edit::Insert { value, .. } => shown(value),
        Edit::SetText { value, .. } => value.clone(),
        Edit::Add { key, .. } => key.clone(),
        Edit::Remove { .. } => String::new(),
    }
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}
