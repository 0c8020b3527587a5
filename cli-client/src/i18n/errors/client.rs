//! What the engine, the store and the connection fail with, in words.

use forsat_client::{Candidate, ClientError, KeptUnsent, KeyError, KeyringError, NetworkFailure, Question};

use super::{Words, argument, file, refusal, refused, store};
use crate::render::filter;

/// Candidates that an ambiguous reference names.
const CANDIDATES_SHOWN_MAX: usize = 5;

/// Letters of an id in a message, where fewer name it alone.
const ID_LETTERS_MIN: usize = 4;

pub(super) fn client(words: &Words<'_>, error: &ClientError) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        ClientError::Rule(error) => refusal::refusal(words, error),
        ClientError::Key(error) => key(words, error),
        ClientError::NoStore { dir } => say("no-store", &[("dir", dir.clone())]),
        ClientError::StoreExists { dir } => say("store-exists", &[("dir", dir.clone())]),
        ClientError::NotFound { module, reference } => {
            say("not-found", &[("module", words.module(module)), ("text", reference.clone())])
        }
        ClientError::Ambiguous { reference, candidates } => say(
            "ambiguous",
            &[
                ("text", reference.clone()),
                ("count", words.number(candidates.len())),
                ("options", options(words, candidates)),
            ],
        ),
        ClientError::NeedsConfirmation(question) => say("needs-yes", &[("message", asked(words, question))]),
        ClientError::NothingToUndo => say("nothing-to-undo", &[]),
        ClientError::Unreachable { url, why } => {
            say("unreachable", &[("url", url.clone()), ("why", network(words, why))])
        }
        ClientError::Relay { code, message } => {
            say("relay-refused", &[("why", of_code(words, code, message))])
        }
        ClientError::NoAdminAnswer => say("admin-no-answer", &[]),
        ClientError::NotAdministered { code, message } => {
            let known = words.known(&format!("admin-{}", code.replace('_', "-")));
            say("admin-failed", &[("why", known.unwrap_or_else(|| message.clone()))])
        }
        ClientError::Erased { aside, kept, entry } => erased(words, *aside, kept.as_ref(), entry.as_deref()),
        ClientError::SyncBusy => say("sync-busy", &[]),
        ClientError::NotJoined => say("not-joined", &[]),
        ClientError::Refused(refusal) => refused::refused(words, refusal),
        ClientError::Argument(error) => argument::argument(words, error),
        ClientError::Filter { text, saved, error } => filter::refusal(words, text, saved.as_deref(), error),
        ClientError::Import { file: name, problem } => {
            say("import-failed", &[("file", name.clone()), ("why", file::file(words, problem))])
        }
        ClientError::Store(error) => store::store(words, error),
        ClientError::Edit(error) => store::edit(words, error),
        ClientError::Read(error) => store::read(words, error),
        ClientError::Reauthor(error) => store::reauthor(words, error),
        ClientError::Damaged(damage) => say("store-odd", &[("why", store::damage(words, damage))]),
        ClientError::File { path, source } => {
            say("file-failed", &[("path", path.clone()), ("why", source.to_string())])
        }
    }
}

/// What a revoked device erased, and where what was never sent is now.
fn erased(words: &Words<'_>, aside: u64, kept: Option<&KeptUnsent>, entry: Option<&str>) -> String {
    let mut said = words.say("erased", &[]);
    let mut add = |key: &str, arguments: &[(&str, String)]| {
        said = words.say("erased-and", &[("said", said.clone()), ("more", words.say(key, arguments))]);
    };
    if aside > 0 {
        add("erased-aside", &[("count", words.number(aside))]);
    }
    if let Some(kept) = kept {
        add("erased-kept", &[("count", words.number(kept.changes)), ("path", kept.path.clone())]);
    }
    if let Some(entry) = entry {
        add("erased-entry", &[("entry", entry.to_owned())]);
    }
    said
}

fn network(words: &Words<'_>, failure: &NetworkFailure) -> String {
    match failure {
        NetworkFailure::NoAnswer => words.say("network-no-answer", &[]),
        NetworkFailure::NothingTaken => words.say("network-nothing-taken", &[]),
        NetworkFailure::Closed => words.say("network-closed", &[]),
        NetworkFailure::NotARelay => words.say("network-not-a-relay", &[]),
        NetworkFailure::Http(status) => words.say("network-http", &[("status", status.clone())]),
        NetworkFailure::System(why) => why.clone(),
    }
}

fn asked(words: &Words<'_>, question: &Question) -> String {
    match question {
        Question::LeavesDeals => words.say("delete-leaves-deals", &[]),
        Question::Asked(text) => text.clone(),
    }
}

/// What is wrong with the device's key.
fn key(words: &Words<'_>, error: &KeyError) -> String {
    let name = match error {
        KeyError::Sealed => "key-error-sealed",
        KeyError::WrongPassphrase => "key-error-wrong",
        KeyError::NoPassphrase => "key-error-empty",
        KeyError::Different => "key-error-different",
        KeyError::NoKey => "key-error-none",
        KeyError::SealedAlready => "key-error-sealed-already",
        KeyError::NotSealed => "key-error-not-sealed",
        KeyError::Unreadable => "key-error-unreadable",
        KeyError::InKeyring => "key-error-in-keyring",
        KeyError::NotInKeyring => "key-error-not-in-keyring",
        KeyError::OtherInKeyring => "key-error-other-in-keyring",
        KeyError::Keyring(KeyringError::Unsupported) => "keyring-unsupported",
        KeyError::Keyring(KeyringError::Absent) => "keyring-absent",
        KeyError::Keyring(KeyringError::Locked) => "keyring-locked",
        KeyError::Keyring(KeyringError::NoCollection) => "keyring-no-collection",
        KeyError::Keyring(KeyringError::NoAnswer) => "keyring-no-answer",
        KeyError::Keyring(KeyringError::Failed(why)) => {
            return words.say("keyring-failed", &[("why", why.clone())]);
        }
    };
    words.say(name, &[])
}

/// What a code of the connection says; the message that came with it where this version doesn't know the code.
pub(super) fn of_code(words: &Words<'_>, code: &str, message: &str) -> String {
    words.known(&format!("relay-{}", code.replace('_', "-"))).unwrap_or_else(|| message.to_owned())
}

fn options(words: &Words<'_>, candidates: &[Candidate]) -> String {
    let name = |candidate: &Candidate| {
        let id = candidate.id.get(..candidate.prefix.max(ID_LETTERS_MIN)).unwrap_or(&candidate.id);
        format!("{id} {}", candidate.name)
    };
    let mut shown: Vec<String> = candidates.iter().take(CANDIDATES_SHOWN_MAX).map(name).collect();
    if candidates.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(&words.say("list-comma", &[]))
}
