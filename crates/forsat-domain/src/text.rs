//! Persian text made comparable: the fold behind search and duplicate keys.
//!
//! NFKC alone leaves the Arabic yeh, kaf and digits apart from the Persian ones, so the fold maps them too. Its result
//! is for comparing only; what people typed is what is stored and shown.

#[cfg(test)]
mod tests;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};

use crate::number::ascii_digit;

/// The version of [`fold`], [`loose_fold`] and [`account_key`]; whoever keeps their results rebuilds them when it rises.
pub const FOLD_VERSION: u32 = 1;

/// Words of a company's form, as they come out of [`fold`].
const COMPANY_WORDS: [&str; 4] = ["شرکت", "مؤسسه", "موسسه", "گروه"];

/// A company's form behind its name, as it comes out of [`loose_fold`]; the longer spelling first.
const COMPANY_SUFFIXES: [&str; 2] = ["(سهامیخاص)", "سهامیخاص"];

/// Folds a text for search.
///
/// NFKC; Arabic yeh, alef maksura, kaf, teh marbuta and heh with yeh become the Persian letters; tatweel, short vowels
/// and hamza marks, joiners, bidi and other invisible marks go; digits become ASCII; letters become lower case; runs of
/// space become one. Folding twice is folding once.
pub fn fold(text: &str) -> String {
    twice(text, Strength::Plain)
}

/// Folds a text for telling duplicates: as [`fold`], and every alef is the plain one and no space is left.
pub fn loose_fold(text: &str) -> String {
    twice(text, Strength::Loose)
}

/// Folds an account's name for telling duplicates: loosely, and without the words of a company's form.
///
/// A name of nothing but such words keeps them.
pub fn account_key(name: &str) -> String {
    let folded = fold(name);
    let words: Vec<&str> = folded.split(' ').filter(|word| !COMPANY_WORDS.contains(word)).collect();
    let mut key = loose_fold(&words.join(" "));
    for suffix in COMPANY_SUFFIXES {
        key = key.replace(suffix, "");
    }
    if key.is_empty() { loose_fold(name) } else { key }
}

/// How much a fold brings together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strength {
    Plain,
    Loose,
}

/// Folds twice: what one pass takes away may leave letters side by side that now compose.
fn twice(text: &str, strength: Strength) -> String {
    pass(&pass(text, strength), strength)
}

/// Folds once.
fn pass(text: &str, strength: Strength) -> String {
    const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
    let composed = NFKC.normalize(text);
    let letters = composed.chars().filter(|letter| !is_dropped(*letter, strength));
    let mut folded = String::with_capacity(composed.len());
    let mut space = false;
    for letter in letters {
        if letter.is_whitespace() {
            space = strength == Strength::Plain && !folded.is_empty();
            continue;
        }
        if std::mem::take(&mut space) {
            folded.push(' ');
        }
        // Letter by letter, because the lower case of a whole text depends on a letter's place in its word.
        folded.extend(fold_letter(letter, strength).to_lowercase());
    }
    NFKC.normalize(&folded).into_owned()
}

/// Brings the spellings of one letter together.
fn fold_letter(letter: char, strength: Strength) -> char {
    match letter {
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        'ة' | 'ۀ' => 'ه',
        'أ' | 'إ' | 'ٱ' | 'آ' if strength == Strength::Loose => 'ا',
        other => ascii_digit(other),
    }
}

/// Says whether a letter is only decoration or steering.
fn is_dropped(letter: char, strength: Strength) -> bool {
    match letter {
        // Tatweel, short vowels, superscript alef, hamza above.
        '\u{0640}' | '\u{064B}'..='\u{0652}' | '\u{0670}' | '\u{0654}' => true,
        // The marks that the folded alefs are composed with, where they stand alone.
        '\u{0653}' | '\u{0655}' => strength == Strength::Loose,
        // Joiners, bidi marks, embeddings and isolates; zero-width space, word joiner, byte order mark, soft hyphen.
        '\u{200B}'..='\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2060}' | '\u{FEFF}' | '\u{00AD}' => true,
        _ => false,
    }
}
