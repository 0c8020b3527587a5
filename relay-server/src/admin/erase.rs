//! Erasing a record's document: what there is of it first, and the deed only when it is meant.

use serde::{Deserialize, Serialize};

use forsat_sync::id::DocumentId;

use super::{Answer, Failure};
use crate::ambient;
use crate::store::{AccessCommand, AccessDone, DocumentSummary, RelayStore};

/// Letters of a record's short id, written in full.
const SHORT_LETTERS: usize = 26;
/// Crockford's base32, in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What there is, or was, of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureView {
    /// The document's id, hex.
    pub document: String,
    /// The name of the space that it lived in; none where the relay had nothing of it.
    pub space: Option<String>,
    /// Its changes.
    pub changes: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Whether it is erased; if not, this is what would go.
    pub erased: bool,
}

/// Erases a document, or says what that would take away.
pub(super) fn execute(store: &dyn RelayStore, record: &str, confirmed: bool) -> Result<Answer, Failure> {
    let document = read_id(record).ok_or_else(|| {
        let message = format!(
            "\"{record}\" is no id of a record: type all of it, the `id` or the 26 letters of `short` in \
             `forsat record show --json`"
        );
        Failure::new("bad_request", message)
    })?;
    let access = store.access();
    if !confirmed {
        return Ok(Answer::Erasure(view(access.document(&document)?)));
    }
    let command = AccessCommand::EraseDocument { document };
    match access.change_access(&command, ambient::wall_ms())? {
        AccessDone::Erased(summary) => Ok(Answer::Erasure(view(summary))),
        other => {
            Err(Failure::new("internal", format!("erasing a document came to {other:?}: please report it")))
        }
    }
}

pub(super) fn view(summary: DocumentSummary) -> ErasureView {
    ErasureView {
        document: summary.document.to_string(),
        space: summary.space,
        changes: summary.changes,
        bytes: summary.bytes,
        erased: summary.erased,
    }
}

/// A whole id: 32 hexadecimal digits, with hyphens or without, or the 26 letters that devices show. A beginning isn't taken: nothing
/// brings the wrong record back.
fn read_id(text: &str) -> Option<DocumentId> {
    let text: String = text.trim().chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let number = match text.len() {
        32 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => u128::from_str_radix(&text, 16).ok()?,
        SHORT_LETTERS => short(&text)?,
        _ => return None,
    };
    Some(DocumentId::from_bytes(number.to_be_bytes()))
}

/// The bits stand at the front: the last of the 26 letters carries three of them and two noughts.
fn short(text: &str) -> Option<u128> {
    let value = |letter: u8| {
        let letter = match letter {
            b'i' | b'l' => b'1',
            b'o' => b'0',
            other => other,
        };
        ALPHABET.iter().position(|known| *known == letter).and_then(|at| u128::try_from(at).ok())
    };
    let (last, front) = text.as_bytes().split_last()?;
    let mut number = 0_u128;
    for letter in front {
        number = (number << 5) | value(*letter)?;
    }
    let last = value(*last)?;
    (last & 0b11 == 0).then_some((number << 3) | (last >> 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_whole_in_both_forms_and_never_by_their_beginning() {
        let id = DocumentId::from_bytes(*b"\x01\x99\xf0\x0d\xbe\xef\x7a\xbc\x81\x23\x45\x67\x89\xab\xcd\xef");
        for text in [
            "0199f00dbeef7abc8123456789abcdef",
            "0199F00D-BEEF-7ABC-8123-456789ABCDEF",
            "06cz03dyxxxbs0938nkrkaydxw",
            "O6CZO3DYXXXBSO938NKRKAYDXW",
        ] {
            assert_eq!(read_id(text), Some(id), "{text}");
        }
        for text in
            ["", "0199f00d", "06cz03", "0199f00dbeef7abc8123456789abcdeg", "06cz03dyxxxbs0938nkrkaydxx"]
        {
            assert_eq!(read_id(text), None, "{text}");
        }
    }
}
