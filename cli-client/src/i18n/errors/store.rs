//! What a store or one of its documents fails with, in words.

use forsat_client::{Damage, EditError, ReadError, ReauthorError, StoreError};

use super::Words;

pub(super) fn store(words: &Words<'_>, error: &StoreError) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        StoreError::NotFound { path } => say("no-store", &[("dir", path.display().to_string())]),
        StoreError::AlreadyExists { path } => say("store-exists", &[("dir", path.display().to_string())]),
        StoreError::LocksUnsupported => say("store-no-locks", &[]),
        StoreError::InUse => say("store-in-use", &[]),
        StoreError::Busy => say("store-busy", &[]),
        StoreError::NewerFormat { found, supported } => {
            say("store-newer", &[("found", words.number(found)), ("supported", words.number(supported))])
        }
        StoreError::NotAStore { what } => say("store-none", &[("why", what.clone())]),
        StoreError::Damaged { what } => say("store-damaged", &[("why", what.clone())]),
        StoreError::DiskFull(_) => say("store-disk-full", &[]),
        StoreError::Io(source) => say("store-io", &[("why", source.to_string())]),
        StoreError::SyncFailed => say("store-not-durable", &[]),
        StoreError::NoSuchDocument(id) => say("store-no-document", &[("id", id.to_string())]),
        StoreError::NoSuchChange { document, hash } => {
            say("store-no-change", &[("id", document.to_string()), ("hash", hash.to_string())])
        }
        StoreError::NoSuchEntry { what, number } => {
            say("store-no-entry", &[("what", (*what).to_owned()), ("number", words.number(number))])
        }
        StoreError::TooLarge { what, found, limit } => say(
            "store-too-large",
            &[("what", (*what).to_owned()), ("found", words.number(found)), ("limit", words.number(limit))],
        ),
        StoreError::BadText { what } => say("store-bad-text", &[("what", (*what).to_owned())]),
        StoreError::Engine(source) => say("store-failed", &[("why", source.to_string())]),
    }
}

pub(super) fn damage(words: &Words<'_>, damage: &Damage) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match damage {
        Damage::MissingRow { module, id } => {
            say("damage-row", &[("module", words.module(module)), ("id", id.clone())])
        }
        Damage::MissingDocument(id) => say("damage-document", &[("id", id.clone())]),
        Damage::Row => say("damage-unreadable-row", &[]),
        Damage::Brief => say("damage-brief", &[]),
        Damage::Journal => say("damage-journal", &[]),
        Damage::NoUser => say("damage-no-user", &[]),
        Damage::Forked => say("damage-forked", &[]),
        Damage::ImportedCells => say("damage-cells", &[]),
        Damage::DeviceKey(path) => say("damage-key", &[("path", path.clone())]),
        Damage::Other(why) => why.clone(),
    }
}

pub(super) fn edit(words: &Words<'_>, error: &EditError) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        EditError::UnknownModule(module) => say("edit-unknown-module", &[("module", module.clone())]),
        EditError::UnknownField { module, field } => {
            say("edit-unknown-field", &[("module", words.module(module)), ("field", field.clone())])
        }
        EditError::WrongEdit { field, kept: _ } => say("edit-wrong", &[("field", words.field(field))]),
        EditError::Immutable(field) => say("edit-immutable", &[("field", words.field(field))]),
        EditError::BadKey { field, key } => {
            say("edit-bad-key", &[("field", words.field(field)), ("key", key.clone())])
        }
        EditError::ActorOfAnother => say("edit-actor", &[]),
        EditError::ChunkTooLarge { bytes, max } => {
            say("edit-bytes", &[("count", words.number(bytes)), ("most", words.number(max))])
        }
        EditError::TooManyOperations { operations, max } => {
            say("edit-operations", &[("count", words.number(operations)), ("most", words.number(max))])
        }
        EditError::DocumentFull { changes, bytes, operations } => say(
            "edit-full",
            &[
                ("changes", words.number(changes)),
                ("bytes", words.number(bytes)),
                ("operations", words.number(operations)),
            ],
        ),
        EditError::CounterUsedUp => say("edit-counter", &[]),
        EditError::Automerge(_) => say("edit-failed", &[]),
    }
}

pub(super) fn read(words: &Words<'_>, error: &ReadError) -> String {
    match error {
        ReadError::UnknownHead(hash) => words.say("unknown-head", &[("hash", hash.clone())]),
    }
}

pub(super) fn reauthor(words: &Words<'_>, error: &ReauthorError) -> String {
    match error {
        ReauthorError::MissingBase(hash) => words.say("reauthor-base", &[("hash", hash.clone())]),
        ReauthorError::Edit { hash, source } => {
            words.say("reauthor-edit", &[("hash", hash.clone()), ("why", edit(words, source))])
        }
    }
}
