//! Ids of records, users, workspaces and entries; ids derived from a source; short ids as people type them.
//!
//! An id is a UUID of version 4 (created) or 5 (derived). On a screen it is 26 letters of Crockford's base32 in
//! lower case, and any unambiguous prefix of those names the record.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// Letters of a whole id: 128 bits, five a letter, the first letter carrying three.
pub const ID_LETTERS: usize = 26;

/// Crockford's alphabet in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Bits of a whole id's 26 letters that lie above the 128 of the id; always zero.
const SPARE_BITS: u32 = 2;

/// Refusal of a text that should name an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("an id is empty; give the first letters of one from a list")]
    Empty,
    /// More letters than an id has.
    #[error("`{0}` is longer than an id, which has 26 letters; copy it again from a list")]
    TooLong(String),
    /// A letter that no id has.
    #[error("`{text}` is not an id: `{letter}` never occurs in one; copy it again from a list")]
    Letter {
        /// The text as given.
        text: String,
        /// The first letter that does not belong.
        letter: char,
    },
    /// The letters name a number above 128 bits.
    #[error("`{0}` is not an id: the first letter is at most 7; copy it again from a list")]
    OutOfRange(String),
    /// A prefix stands where a whole id is needed.
    #[error("`{0}` is only the beginning of an id; give all 26 letters or the UUID")]
    Incomplete(String),
}

macro_rules! id_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Serialised as a UUID: hyphenated text in JSON, 16 bytes in binary formats. Displayed as 26 letters.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Wraps the 16 bytes of an id.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes, most significant first.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&encode_id(self.as_bytes()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        /// Reads 26 letters or a UUID.
        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_id(text).map(Self::from_bytes)
            }
        }
    };
}

id_newtype!(
    /// Names a record of any module; also the document that holds it.
    RecordId
);
id_newtype!(
    /// Names a person by the id of their user record.
    UserId
);
id_newtype!(
    /// Names a workspace: one organisation's data.
    WorkspaceId
);
id_newtype!(
    /// Names an entry inside a record: a stage stay, a line, a phone number, a conversion.
    EntryId
);

impl From<UserId> for RecordId {
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

/// Derives the id of something that came from elsewhere, so that bringing it in twice creates it once.
///
/// UUIDv5 in the workspace's namespace over `source`, a zero byte and `key`. The zero byte keeps
/// (`"a"`, `"bc"`) and (`"ab"`, `"c"`) apart; a `source` never contains one.
pub fn derived_id(workspace: WorkspaceId, source: &str, key: &str) -> Uuid {
    let name = [source.as_bytes(), &[0], key.as_bytes()].concat();
    Uuid::new_v5(&workspace.0, &name)
}

/// Gives the 26 letters of an id: Crockford's base32 in lower case, most significant first.
pub fn encode_id(bytes: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*bytes);
    (0..ID_LETTERS)
        .rev()
        .map(|place| {
            let index = (number >> (5 * place)) & 0x1f;
            char::from(ALPHABET[index as usize])
        })
        .collect()
}

/// Turns the beginning of an id into the inclusive range of ids that begin so.
///
/// Case does not matter, `i` and `l` read as 1, `o` as 0 and hyphens are skipped. The range's ends are ids in byte
/// order, so a store can scan from one to the other.
pub fn decode_prefix(text: &str) -> Result<([u8; 16], [u8; 16]), IdError> {
    let values = letter_values(text)?;
    if values.is_empty() {
        return Err(IdError::Empty);
    }
    if values.len() > ID_LETTERS {
        return Err(IdError::TooLong(text.to_owned()));
    }
    if u32::from(values[0]) >> (5 - SPARE_BITS) != 0 {
        return Err(IdError::OutOfRange(text.to_owned()));
    }
    let known = values.iter().fold(0_u128, |number, value| (number << 5) | u128::from(*value));
    let open_bits = 5 * (ID_LETTERS - values.len());
    // At most 125 bits stay open, because there is at least one letter.
    let low = known << open_bits;
    let high = low | ((1_u128 << open_bits) - 1);
    Ok((low.to_be_bytes(), high.to_be_bytes()))
}

/// Reads a whole id: 26 letters, or a UUID in any of its usual spellings.
pub fn parse_id(text: &str) -> Result<[u8; 16], IdError> {
    let text = text.trim();
    if let Ok(uuid) = Uuid::try_parse(text) {
        return Ok(*uuid.as_bytes());
    }
    let (low, high) = decode_prefix(text)?;
    if low == high { Ok(low) } else { Err(IdError::Incomplete(text.to_owned())) }
}

/// Counts the letters of the shortest prefix that tells an id from its neighbours in the sorted order of ids.
///
/// Only the neighbours matter: no other id shares a longer prefix. Equal neighbours are passed over, so a neighbour
/// must not be the id itself. The result is between `letters_min` and 26.
pub fn unique_prefix_len(
    id: &[u8; 16],
    before: Option<&[u8; 16]>,
    after: Option<&[u8; 16]>,
    letters_min: usize,
) -> usize {
    let needed = [before, after].into_iter().flatten().map(|other| shared_letters(id, other) + 1).max();
    needed.unwrap_or(1).clamp(letters_min.clamp(1, ID_LETTERS), ID_LETTERS)
}

/// Gives each id of a sorted, distinct list the length of its shortest unique prefix within that list.
pub fn unique_prefix_lens(sorted: &[[u8; 16]], letters_min: usize) -> Vec<usize> {
    debug_assert!(sorted.is_sorted(), "ids must be sorted for neighbours to decide");
    (0..sorted.len())
        .map(|at| {
            let before = at.checked_sub(1).map(|index| &sorted[index]);
            unique_prefix_len(&sorted[at], before, sorted.get(at + 1), letters_min)
        })
        .collect()
}

/// Counts the leading letters that two ids have in common.
fn shared_letters(left: &[u8; 16], right: &[u8; 16]) -> usize {
    let differing = u128::from_be_bytes(*left) ^ u128::from_be_bytes(*right);
    // Two spare zero bits stand before the 128.
    ((differing.leading_zeros() + SPARE_BITS) / 5) as usize
}

/// Reads each letter of a typed id as its five bits.
fn letter_values(text: &str) -> Result<Vec<u8>, IdError> {
    text.trim()
        .chars()
        .filter(|letter| *letter != '-')
        .map(|letter| letter_value(letter).ok_or_else(|| IdError::Letter { text: text.to_owned(), letter }))
        .collect()
}

/// Reads one letter as Crockford says: case aside, `i` and `l` are 1, `o` is 0.
fn letter_value(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_lowercase() {
        'i' | 'l' => '1',
        'o' => '0',
        other => other,
    };
    let at = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
    u8::try_from(at).ok()
}
