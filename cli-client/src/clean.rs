//! What others wrote, made harmless for a terminal: names, fields and messages may hold control characters that move the
//! cursor, change what was printed, or turn the direction of what follows.
//!
//! Values are cleaned where they enter a line (arguments of messages, cells of tables, painted words), and whole lines once
//! more where they leave for the terminal. Of the sequences that a terminal obeys only this program's own styles stay.

use std::borrow::Cow;

/// What stands for a character that is not shown.
const NOT_SHOWN: char = '\u{fffd}';
/// The styles that this program writes; a value that holds one changes colours and nothing else.
const STYLES: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];

/// A value for the inside of a line: line ends and tabs become spaces.
pub fn value(text: &str) -> Cow<'_, str> {
    cleaned(text, |letter| match letter {
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ => is_hostile(letter).then_some(NOT_SHOWN),
    })
}

/// Whole lines as they leave for the terminal: line ends and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    cleaned(text, |letter| match letter {
        '\n' | '\t' => None,
        _ => is_hostile(letter).then_some(NOT_SHOWN),
    })
}

/// Whether a terminal or its bidi would obey a character instead of showing it. Joiners and the marks of single letters'
/// direction belong to Persian text.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cleaned(text: &str, instead: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if !text.chars().any(|letter| instead(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(style) = STYLES.into_iter().find(|style| rest.starts_with(style)) {
            clean.push_str(style);
            rest = &rest[style.len()..];
            continue;
        }
        clean.push(instead(letter).unwrap_or(letter));
        rest = &rest[letter.len_utf8()..];
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Language, Messages, tr};
    use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};
    use crate::table::{Align, table};

    /// Clears the screen, names the window, rings, turns the direction, and forges a line.
    const HOSTILE: &str = "Reza\x1b[2J\x1b]0;x\x07\u{9b}1A\u{202e}txt\u{2066}\r\n1 applied\u{7f}";

    fn obeyed(text: &str) -> Vec<char> {
        text.chars().filter(|letter| is_hostile(*letter)).collect()
    }

    #[test]
    fn nothing_of_a_value_is_obeyed_and_its_letters_stay() {
        let clean = value(HOSTILE);
        assert_eq!(obeyed(&clean), Vec::<char>::new(), "{clean:?}");
        assert!(
            clean.starts_with("Reza") && clean.contains("[2J") && clean.contains(" 1 applied"),
            "{clean:?}"
        );
        let clean = lines(HOSTILE);
        assert_eq!(obeyed(&clean), ['\n'], "{clean:?}");
    }

    #[test]
    fn persian_text_and_own_styles_stay_as_they_are() {
        for text in ["فرصت‌ها\u{200f}\u{200e}\u{61c}", "a\tb\nc"] {
            assert_eq!(lines(text), text);
        }
        for style in [STRONG, FAINT, WARN, BAD, GOOD] {
            let painted = paint(style, "آریا");
            assert_eq!(
                (value(&painted), lines(&painted)),
                (painted.as_str().into(), painted.as_str().into())
            );
            assert_eq!(lines(&format!("{painted}\x07")), format!("{painted}{NOT_SHOWN}"));
        }
    }

    #[test]
    fn a_hostile_device_and_a_hostile_account_reach_no_terminal() {
        for language in [Language::En, Language::Fa] {
            let messages = Messages::new(language);
            let made = tr!(
                messages,
                "quarantine-made",
                who = HOSTILE,
                device = HOSTILE,
                made = "today",
                received = "today"
            );
            let headings = [("name".to_owned(), Align::Start), ("device".to_owned(), Align::Start)];
            let list = table(&headings, vec![vec![HOSTILE.to_owned(), HOSTILE.to_owned()]], None);
            for line in [made, paint(WARN, HOSTILE)] {
                assert!(!line.contains('\n') && line.contains("Reza"), "{line:?}");
                assert_eq!(lines(&line), line, "nothing is left to clean");
            }
            assert_eq!((list.lines().count(), lines(&list)), (2, list.as_str().into()), "{list:?}");
        }
    }
}
