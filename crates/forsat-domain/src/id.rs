//! Ids of records, users, workspaces and entries; ids derived from a source; short ids as people type them.
//!
//! An id is a UUID of version 4 (created) or 5 (derived). On a screen it is 26 letters of Crockford's base32 in
//! lower case, and any unambiguous prefix of those names the record.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// Letters of a whole id: 128 bits, five a letter, the last letter carrying three.
pub const ID_LETTERS: usize = 26;

/// Crockford's alphabet in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Bits that a letter carries.
const LETTER_BITS: usize = 5;

/// Bits of the last letter that lie below the 128 of the id; always zero.
const SPARE_BITS: usize = 2;

/// The spare bits of the last letter.
const SPARE_MASK: u8 = 0b11;

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
    /// The last letter says more than the 128 bits of an id.
    #[error("`{0}` is not an id: no id ends in that letter; copy it again from a list")]
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
///
/// The bits are aligned at the front, so that the first letter tells 32 ids apart; the last letter carries three bits.
pub fn encode_id(bytes: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*bytes);
    let whole = (1..ID_LETTERS).map(|place| number >> (128 - LETTER_BITS * place));
    let last = number << SPARE_BITS;
    whole.chain([last]).map(|bits| char::from(ALPHABET[(bits & 0x1f) as usize])).collect()
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
    let number = |values: &[u8]| {
        values.iter().fold(0_u128, |number, value| (number << LETTER_BITS) | u128::from(*value))
    };
    let Some((last, front)) = values.get(ID_LETTERS - 1).map(|last| (*last, &values[..ID_LETTERS - 1]))
    else {
        // At least one letter is there and at least one is missing, so 3 to 123 bits stay open.
        let open_bits = 128 - LETTER_BITS * values.len();
        let low = number(&values) << open_bits;
        let high = low | ((1_u128 << open_bits) - 1);
        return Ok((low.to_be_bytes(), high.to_be_bytes()));
    };
    if last & SPARE_MASK != 0 {
        return Err(IdError::OutOfRange(text.to_owned()));
    }
    let whole = (number(front) << (LETTER_BITS - SPARE_BITS)) | u128::from(last >> SPARE_BITS);
    Ok((whole.to_be_bytes(), whole.to_be_bytes()))
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
    differing.leading_zeros() as usize / LETTER_BITS
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_letters_are_crockfords() {
        assert_eq!(encode_id(&[0; 16]), "0".repeat(26));
        assert_eq!(encode_id(&[0xff; 16]), format!("{}w", "z".repeat(25)));
        assert_eq!(encode_id(&1_u128.to_be_bytes()), format!("{}4", "0".repeat(25)));
        assert!(encode_id(&[0x99, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).starts_with("k7"));
    }

    #[test]
    fn look_alikes_and_case_are_forgiven() {
        assert_eq!(decode_prefix("1O"), decode_prefix("lo"));
        assert_eq!(decode_prefix("I0"), decode_prefix("10"));
        assert_eq!(decode_prefix("K-7"), decode_prefix("k7"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        assert_eq!(decode_prefix(" - "), Err(IdError::Empty));
        assert_eq!(decode_prefix("u"), Err(IdError::Letter { text: "u".to_owned(), letter: 'u' }));
        assert!(matches!(decode_prefix("آریا"), Err(IdError::Letter { .. })));
        let beyond = "z".repeat(26);
        assert_eq!(decode_prefix(&beyond), Err(IdError::OutOfRange(beyond)));
        assert!(matches!(decode_prefix(&"1".repeat(27)), Err(IdError::TooLong(_))));
        assert_eq!("1".parse::<RecordId>(), Err(IdError::Incomplete("1".to_owned())));
    }

    #[test]
    fn a_derived_id_is_fixed_by_its_parts() {
        let workspace = WorkspaceId::from_bytes([7; 16]);
        let id = derived_id(workspace, "crm-sales", "1C1I7A6R");
        assert_eq!(id, Uuid::new_v5(&Uuid::from_bytes([7; 16]), b"crm-sales\x001C1I7A6R"));
        assert_eq!(id.get_version_num(), 5);
        assert_ne!(derived_id(workspace, "a", "bc"), derived_id(workspace, "ab", "c"));
        assert_ne!(derived_id(WorkspaceId::from_bytes([8; 16]), "crm-sales", "1C1I7A6R"), id);
    }

    #[test]
    fn a_lone_id_needs_one_letter() {
        assert_eq!(unique_prefix_lens(&[[3; 16]], 1), [1]);
        assert_eq!(unique_prefix_lens(&[[3; 16]], 2), [2]);
        assert_eq!(unique_prefix_lens(&[], 1), [0_usize; 0]);
        assert_eq!(unique_prefix_lens(&[[0; 16], [0xff; 16]], 1), [1, 1]);
        assert_eq!(unique_prefix_lens(&[0_u128.to_be_bytes(), 1_u128.to_be_bytes()], 1), [26, 26]);
    }

    proptest! {
        #[test]
        fn ids_read_back(bytes: [u8; 16]) {
            let id = RecordId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
            prop_assert_eq!(id.0.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<RecordId>(&json).unwrap(), id);
        }

        #[test]
        fn letters_sort_as_the_bytes(left: [u8; 16], right: [u8; 16]) {
            prop_assert_eq!(encode_id(&left).cmp(&encode_id(&right)), left.cmp(&right));
        }

        #[test]
        fn a_prefix_spans_exactly_the_ids_that_begin_so(bytes: [u8; 16], other: [u8; 16], letters in 1_usize..=26) {
            let prefix = encode_id(&bytes)[..letters].to_owned();
            let (low, high) = decode_prefix(&prefix).unwrap();
            prop_assert!(encode_id(&low).starts_with(&prefix) && encode_id(&high).starts_with(&prefix));
            prop_assert_eq!((low..=high).contains(&other), encode_id(&other).starts_with(&prefix));
            prop_assert!((low..=high).contains(&bytes));
        }

        #[test]
        fn the_shortest_prefix_is_unique_and_one_less_is_not(seeds in prop::collection::btree_set(any::<u16>(), 1..40)) {
            // Ids that share long beginnings, differing in the middle only.
            let ids: Vec<[u8; 16]> = seeds.into_iter().map(|seed| (u128::from(seed) << 60).to_be_bytes()).collect();
            let texts: Vec<String> = ids.iter().map(encode_id).collect();
            let sharing = |prefix: &str| texts.iter().filter(|text| text.starts_with(prefix)).count();
            for (text, letters) in texts.iter().zip(unique_prefix_lens(&ids, 1)) {
                prop_assert_eq!(sharing(&text[..letters]), 1);
                prop_assert!(letters == 1 || sharing(&text[..letters - 1]) > 1);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse_id(&text);
        }
    }
}
