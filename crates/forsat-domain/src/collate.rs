//! The order of names in lists, as a Persian dictionary has it.
//!
//! Code-point order puts پ چ ژ گ behind the Arabic letters and ی apart from ي; the collation of Unicode for Persian
//! does not. Sort keys depend on its data, so they are rebuilt with the rows that carry them and never synchronised.

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;

static PERSIAN: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(locale!("fa").into(), CollatorOptions::default())
        .expect("Persian collation data is compiled in")
});

/// Compares two texts in Persian order; texts that collate alike are ordered by their bytes, so only equal texts are equal.
pub fn compare(left: &str, right: &str) -> Ordering {
    PERSIAN.compare(left, right).then_with(|| left.cmp(right))
}

/// Gives bytes whose plain order is that of [`compare`].
pub fn sort_key(text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    let Ok(()) = PERSIAN.write_sort_key_to(text, &mut key);
    // A collation key has no zero byte, so a longer key never loses against the text behind a shorter one.
    key.push(0);
    key.extend_from_slice(text.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn persian_letters_stand_where_a_dictionary_has_them() {
        let mut names =
            ["یزد", "گیلان", "کرمان", "لرستان", "پارس", "تهران", "بوشهر", "چابهار", "آبادان", "ژاله", "زنجان"];
        names.sort_by(|left, right| compare(left, right));
        let expected =
            ["آبادان", "بوشهر", "پارس", "تهران", "چابهار", "زنجان", "ژاله", "کرمان", "گیلان", "لرستان", "یزد"];
        assert_eq!(names, expected);
    }

    #[test]
    fn arabic_spellings_stand_beside_persian_ones() {
        assert_eq!(compare("علي", "علیا"), Ordering::Less);
        assert_eq!(compare("كرمان", "لرستان"), Ordering::Less);
        assert_eq!(compare("كرمان", "قم"), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn sort_keys_order_as_the_comparison(left in "[آ-یa-zA-Z0-9 \u{200C}]{0,8}|\\PC{0,8}", right in "[آ-یa-zA-Z0-9 ]{0,8}|\\PC{0,8}") {
            prop_assert_eq!(sort_key(&left).cmp(&sort_key(&right)), compare(&left, &right));
            prop_assert_eq!(compare(&left, &right), compare(&right, &left).reverse());
        }
    }
}
