//! Vectors and laws of folding.

use proptest::prelude::*;

use super::*;

#[test]
fn arabic_letters_fold_to_persian_ones() {
    assert_eq!(fold("علي"), fold("علی"));
    assert_eq!(fold("موسى"), "موسی");
    assert_eq!(fold("كريم"), "کریم");
    assert_eq!(fold("خانة"), "خانه");
    assert_eq!(fold("خانۀ"), "خانه");
    assert_eq!(fold("خانه\u{0654}"), "خانه");
}

#[test]
fn decoration_and_steering_marks_go() {
    assert_eq!(fold("شــرکت"), "شرکت");
    assert_eq!(fold("مُحَمَّد"), "محمد");
    assert_eq!(fold("رحمٰن"), "رحمن");
    assert_eq!(fold("می\u{200C}روم"), "میروم");
    assert_eq!(fold("\u{200F}آریا\u{200D}\u{2067}"), "آریا");
}

#[test]
fn digits_case_and_spaces_fold() {
    assert_eq!(fold("  Server\u{00A0} GTX\t۱۲٣ "), "server gtx 123");
    assert_eq!(fold("ＡＢＣ１"), "abc1");
    assert_eq!(fold("ﻻ"), "لا");
    assert_eq!(fold(""), "");
}

#[test]
fn a_plain_key_keeps_alefs_and_a_loose_key_does_not() {
    assert_ne!(fold("آریا"), fold("اریا"));
    for spelling in ["آریا", "أریا", "إریا", "ٱریا", "ا ریا", "ا\u{0653}ریا"] {
        assert_eq!(loose_fold(spelling), "اریا", "{spelling}");
    }
}

#[test]
fn account_keys_ignore_the_form_of_the_company() {
    for name in [
        "آریا سیستم",
        "شرکت آریا سیستم",
        "گروه آریا سیستم (سهامی خاص)",
        "شرکت آريا سيستم ( سهامی\u{200C}خاص )",
        "مؤسسه آریا\u{200C}سیستم",
        "مؤسسهٔ اریا سیستم سهامی خاص",
    ] {
        assert_eq!(account_key(name), "اریاسیستم", "{name}");
    }
    assert_eq!(account_key("شرکت"), "شرکت");
    assert_eq!(account_key("شرکتیاران"), "شرکتیاران");
    assert_ne!(account_key("آریا (سهامی عام)"), account_key("آریا"));
}

/// Letters that the rules speak of, so that random texts meet them often.
fn tricky() -> impl Strategy<Value = String> {
    "[اآأإٱيىیكکةۀهەئؤو\u{0640}\u{064B}-\u{0655}\u{0670}\u{200B}-\u{200F}\u{0300}-\u{0304}aeAEİΣςßK۱٣ \u{00A0}¨ﷲﻻ가각]{0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn folding_twice_is_folding_once(text in prop_oneof![any::<String>(), tricky()]) {
        let plain = fold(&text);
        prop_assert_eq!(fold(&plain), plain.clone());
        let loose = loose_fold(&text);
        prop_assert_eq!(loose_fold(&loose), loose.clone());
        prop_assert_eq!(loose_fold(&plain), loose);
    }

    #[test]
    fn invisible_marks_never_matter(text in "[آابپت\u{0627}-\u{064A}a-z ]{0,12}", at in 0_usize..12) {
        let mut letters: Vec<char> = text.chars().collect();
        letters.insert(at.min(letters.len()), '\u{200C}');
        prop_assert_eq!(fold(&letters.into_iter().collect::<String>()), fold(&text));
    }
}
