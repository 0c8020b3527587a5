//! Fractional indexes: texts that order entries, with always room for another between two.
//!
//! A position is one or more letters of base 62 in byte order, without a trailing `0`. Two devices that insert at the
//! same place draw the same position; the entry's id then decides.

/// The digits of base 62 in byte order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The last digit.
const LAST: usize = DIGITS.len() - 1;

/// Gives a position after every given one.
///
/// Steps the first digit that has room, so that appending a thousand lines gives positions of some twenty letters
/// rather than of a thousand.
pub(super) fn after(last: Option<&str>) -> String {
    let Some(last) = last.filter(|last| !last.is_empty()) else { return "V".to_owned() };
    let mut taken = String::new();
    for letter in last.chars() {
        match DIGITS.iter().position(|known| char::from(*known) == letter) {
            Some(digit) if digit < LAST => {
                taken.push(char::from(DIGITS[digit + 1]));
                return taken;
            }
            // No room here, or a letter of another program's positions: keep it and go one deeper.
            _ => taken.push(letter),
        }
    }
    taken.push(char::from(DIGITS[1]));
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_follows_the_one_before() {
        let mut last = after(None);
        for _ in 0..2000 {
            let next = after(Some(&last));
            assert!(next > last && !next.ends_with('0'), "{next} after {last}");
            last = next;
        }
        assert!(last.len() < 40);
    }

    #[test]
    fn foreign_positions_are_followed_too() {
        for foreign in ["z", "zz", "a0", "é", "~", "V1"] {
            assert!(after(Some(foreign)).as_str() > foreign, "{foreign}");
        }
        assert_eq!(after(Some("V")), "W");
        assert_eq!(after(Some("z")), "z1");
    }
}
