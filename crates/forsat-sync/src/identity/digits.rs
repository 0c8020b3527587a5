//! Secrets as text that survives copying: Crockford's base32 in lower case.

/// Crockford's digits: none of them is mistaken for another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Why a text isn't bytes in digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigitsError {
    /// A character that is no digit.
    #[error("`{0}` is no digit")]
    Character(char),
    /// The digits come to no whole number of bytes.
    #[error("the digits come to no whole number of bytes")]
    Length,
}

/// Writes bytes, five bits a digit, the highest first; the last digit is filled up with noughts.
pub fn to_digits(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(DIGITS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// Reads what [`to_digits`] wrote, also with `o` for `0` and with `i` or `l` for `1`.
pub fn from_digits(text: &str) -> Result<Vec<u8>, DigitsError> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for c in text.chars() {
        let digit = match c {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let value = DIGITS.iter().position(|d| char::from(*d) == digit).ok_or(DigitsError::Character(c))?;
        held = held << 5 | u32::try_from(value).map_err(|_| DigitsError::Character(c))?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).map_err(|_| DigitsError::Character(c))?);
        }
        held &= (1 << bits) - 1;
    }
    if bits < 5 && held == 0 { Ok(bytes) } else { Err(DigitsError::Length) }
}
