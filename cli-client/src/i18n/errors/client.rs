//! What the engine, the store and the connection fail with, in words.
//!
//! What few people ever meet stays English inside a sentence of the reader's language.

use forsat_client::{Candidate, ClientError};

use super::{Words, refusal};

/// Candidates that an ambiguous reference names.
const CANDIDATES_SHOWN_MAX: usize = 5;

/// Letters of an id in a message, where fewer name it alone.
const ID_LETTERS_MIN: usize = 4;

pub(super) fn client(words: &Words<'_>, error: &ClientError) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        ClientError::Rule(error) => refusal::refusal(words, error),
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
        ClientError::NeedsConfirmation { message } => say("needs-yes", &[("message", message.clone())]),
        ClientError::NothingToUndo => say("nothing-to-undo", &[]),
        ClientError::Unreachable { url, message } => {
            say("unreachable", &[("url", url.clone()), ("why", message.clone())])
        }
        ClientError::Relay { message, .. } => say("relay-refused", &[("why", message.clone())]),
        ClientError::SyncBusy => say("sync-busy", &[]),
        ClientError::NotJoined => say("not-joined", &[]),
        ClientError::Refused { code, message } if code == "read_only" => {
            say("read-only", &[("why", message.clone())])
        }
        ClientError::Store(error) => say("store-failed", &[("why", error.to_string())]),
        ClientError::Damaged(why) => say("store-odd", &[("why", why.clone())]),
        ClientError::File { path, source } => {
            say("file-failed", &[("path", path.clone()), ("why", source.to_string())])
        }
        other => other.to_string(),
    }
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
