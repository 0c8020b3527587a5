//! Replacing a text by as little as can be found in reasonable time.
//!
//! The library compares by graphemes in time proportional to the length times the distance of the two texts, which for
//! a long text pasted over another is minutes. So a far distance is noticed first, and the part between what both
//! begin and end with is then replaced in one piece.

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ObjId, TextEncoding};

/// Up to this many letters inserted and deleted, the smallest splices are looked for.
const DISTANCE_MAX: usize = 1_000;

/// Makes a text read `wanted`.
pub(crate) fn replace<T: Transactable>(
    transaction: &mut T,
    object: &ObjId,
    wanted: &str,
) -> Result<(), AutomergeError> {
    let current = transaction.text(object)?;
    if current == wanted {
        return Ok(());
    }
    let old: Vec<char> = current.chars().collect();
    let new: Vec<char> = wanted.chars().collect();
    if is_near(&old, &new) {
        return transaction.update_text(object, wanted);
    }
    let start = common_words(old.iter().zip(&new));
    let end = common_words(old[start..].iter().rev().zip(new[start..].iter().rev()));
    let width = |letters: &[char]| width(letters, transaction.text_encoding());
    let position = width(&old[..start]);
    let deleted = width(&old[start..old.len() - end]);
    let inserted: String = new[start..new.len() - end].iter().collect();
    transaction.splice_text(object, position, deleted as isize, &inserted)
}

/// Letters that two texts have in common at one end, up to the last space, so that no grapheme is cut.
fn common_words<'a>(pairs: impl Iterator<Item = (&'a char, &'a char)>) -> usize {
    let mut whole_words = 0;
    for (index, (left, right)) in pairs.enumerate() {
        if left != right {
            break;
        }
        if left.is_ascii_whitespace() {
            whole_words = index + 1;
        }
    }
    whole_words
}

fn width(letters: &[char], encoding: TextEncoding) -> usize {
    match encoding {
        TextEncoding::UnicodeCodePoint => letters.len(),
        TextEncoding::Utf8CodeUnit => letters.iter().map(|letter| letter.len_utf8()).sum(),
        // Graphemes never occur here: documents are made with the library's own default.
        TextEncoding::Utf16CodeUnit | TextEncoding::GraphemeCluster => {
            letters.iter().map(|letter| letter.len_utf16()).sum()
        }
    }
}

/// Tells whether few enough letters lie between two texts: the greedy distance of Myers, cut off.
fn is_near(old: &[char], new: &[char]) -> bool {
    if old.len() + new.len() <= DISTANCE_MAX {
        return true;
    }
    if old.len().abs_diff(new.len()) > DISTANCE_MAX {
        return false;
    }
    let middle = DISTANCE_MAX + 1;
    // The furthest letter of `old` reached on each diagonal (letters deleted less letters inserted).
    let mut furthest = vec![0usize; 2 * middle + 1];
    for distance in 0..=DISTANCE_MAX {
        for diagonal in (middle - distance..=middle + distance).step_by(2) {
            let goes_down = diagonal == middle - distance
                || (diagonal != middle + distance && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut x = if goes_down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            let Some(mut y) = (x + middle).checked_sub(diagonal) else { continue };
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            furthest[diagonal] = x;
            if x >= old.len() && y >= new.len() {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use automerge::{Automerge, ObjType, ROOT, ReadDoc};

    use super::*;

    fn replaced(old: &str, new: &str) -> (String, usize) {
        let mut document = Automerge::new();
        let mut transaction = document.transaction();
        let object = transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
        transaction.splice_text(&object, 0, 0, old).unwrap();
        let before = transaction.pending_ops();
        replace(&mut transaction, &object, new).unwrap();
        (transaction.text(&object).unwrap(), transaction.pending_ops() - before)
    }

    #[test]
    fn two_small_edits_at_the_ends_of_a_long_text_stay_small() {
        let middle = "سلام دنیا ".repeat(500);
        let (text, operations) = replaced(&format!("a{middle}b"), &format!("x{middle}y"));
        assert_eq!(text, format!("x{middle}y"));
        assert_eq!(operations, 4);
    }

    #[test]
    fn a_long_text_over_another_keeps_the_words_at_both_ends() {
        let (old, new) = ("abc ".repeat(2_000), "déf ".repeat(3_000));
        let (text, operations) = replaced(&format!("head {old}tail"), &format!("head {new}tail"));
        assert_eq!(text, format!("head {new}tail"));
        assert!(operations < 8_000 + 12_000 + 20, "{operations}");
        let (text, _) = replaced(&old, &new);
        assert_eq!(text, new);
        assert_eq!(replaced("", &new).0, new);
        assert_eq!(replaced(&new, "").0, "");
    }

    #[test]
    fn distance_is_measured_as_insertions_and_deletions() {
        let long: Vec<char> = "abcdefghij".repeat(300).chars().collect();
        let mut near = long.clone();
        for index in (0..3_000).step_by(7) {
            near[index] = 'X';
        }
        assert!(is_near(&long, &near));
        for index in (0..3_000).step_by(3) {
            near[index] = 'X';
        }
        assert!(!is_near(&long, &near));
        assert!(!is_near(&long, &[]));
    }
}
