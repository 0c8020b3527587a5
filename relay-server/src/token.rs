//! Tokens: what a program of an operator shows to be let in, as text, and the hash that a relay keeps of it.

use std::fmt;
use std::str::FromStr;

use forsat_sync::identity::digits::{from_digits, to_digits};

/// Every token begins so: programs that look for secrets in text know it by that. The digit is the version of the form.
const PREFIX: &str = "fst1_";
const SECRET_LEN: usize = 16;
const CHECKSUM_LEN: usize = 4;
/// Digits after the prefix: 20 bytes, five bits a digit.
const DIGITS: usize = (SECRET_LEN + CHECKSUM_LEN) * 8 / 5;

/// A token: 16 bytes from a cryptographic source of randomness. Shown once, never stored, never logged.
#[derive(Clone)]
pub struct Token([u8; SECRET_LEN]);

impl Token {
    /// Wraps random bytes.
    pub const fn from_bytes(bytes: [u8; SECRET_LEN]) -> Self {
        Self(bytes)
    }

    /// What a relay keeps of it. The secret has 128 random bits, so a plain hash can't be searched.
    pub fn hash(&self) -> TokenHash {
        TokenHash(blake3::Hash::from_bytes(blake3::derive_key("forsat relay 1 token", &self.0)))
    }

    /// The token as it is handed over, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", to_digits(&[&self.0[..], &checksum(&self.0)].concat()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A text that isn't a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this isn't a token: one begins with `fst1_`; copy the whole of it")]
pub struct NotAToken;

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == DIGITS).ok_or(NotAToken)?;
        let bytes = from_digits(digits).map_err(|_| NotAToken)?;
        let (secret, sum) = bytes.split_at_checked(SECRET_LEN).ok_or(NotAToken)?;
        if checksum(secret) != sum {
            return Err(NotAToken);
        }
        secret.try_into().map(Self).map_err(|_| NotAToken)
    }
}

fn checksum(secret: &[u8]) -> [u8; CHECKSUM_LEN] {
    let [a, b, c, d, ..] = blake3::derive_key("forsat relay 1 token checksum", secret);
    [a, b, c, d]
}

/// The hash of a token. Two are compared in the same time whatever they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(blake3::Hash);

impl TokenHash {
    /// Wraps stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(blake3::Hash::from_bytes(bytes))
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_it_was_written_and_shows_itself_nowhere_else() {
        let token = Token::from_bytes(*b"sixteen of bytes");
        let text = token.reveal();
        assert_eq!((text.len(), &text[..5]), (PREFIX.len() + DIGITS, "fst1_"));
        assert_eq!(text.parse::<Token>().unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(…) TokenHash(…)");
        assert!(text[5..].bytes().all(|byte| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&byte)), "{text}");
    }

    #[test]
    fn what_was_changed_on_its_way_is_no_token() {
        let text = Token::from_bytes([7; 16]).reveal();
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'z' { b'y' } else { b'z' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(other.parse::<Token>().err(), Some(NotAToken), "{other}");
        }
        for other in
            ["", "fst1_", "fst2_", &text[1..], &text[..text.len() - 1], &format!("{text}0"), "fst1_é"]
        {
            assert_eq!(other.parse::<Token>().err(), Some(NotAToken), "{other}");
        }
    }
}
