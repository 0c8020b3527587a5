//! Names that an operator types: of people and of spaces, and how they are compared.

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = forsat_sync::frame::NAME_BYTES_MAX;

/// Whether a character moves the cursor of a terminal, or turns the text around it: no name has one.
fn disturbs(c: char) -> bool {
    // Separators of lines and paragraphs; embeddings, overrides and isolates of writing directions.
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Text for a terminal: lines stay, whatever else disturbs it is shown as a character that can't be shown.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && disturbs(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// JSON for a terminal: the same text to whoever reads it, with what disturbs escaped.
pub fn printable_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match disturbs(c) {
            // All of them are of one unit of UTF-16, and stand in strings alone.
            true => plain.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => plain.push(c),
        }
    }
    plain
}

/// What a device is called: what it says, without what would disturb those who read it.
pub fn device(text: &str) -> String {
    let name: String = text.chars().filter(|c| !disturbs(*c)).collect();
    match name.trim() {
        "" => "device".to_owned(),
        name => name.to_owned(),
    }
}

/// A person as an invite names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What they are called.
    pub name: String,
    /// Their e-mail, by which they are known when there is one.
    pub email: Option<String>,
}

impl Person {
    /// What two mentions of one person have in common: the e-mail, or the name where there is none.
    pub fn key(&self) -> String {
        match &self.email {
            Some(email) => format!("mail:{}", fold(email)),
            None => format!("name:{}", fold(&self.name)),
        }
    }
}

/// Reads `Name`, `e-mail` or `Name <e-mail>`.
pub fn person(text: &str) -> Result<Person, &'static str> {
    const HOW: &str = "name the user as `Name`, `e-mail` or `Name <e-mail>`, in at most 256 bytes";
    let text = text.trim();
    if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(disturbs) {
        return Err(HOW);
    }
    if let Some((name, rest)) = text.split_once('<') {
        let email = rest.strip_suffix('>').map(str::trim).filter(|email| is_email(email)).ok_or(HOW)?;
        let name = name.trim();
        let name = if name.is_empty() { email } else { name };
        return Ok(Person { name: name.to_owned(), email: Some(email.to_owned()) });
    }
    if text.contains('@') {
        return if is_email(text) {
            Ok(Person { name: text.to_owned(), email: Some(text.to_owned()) })
        } else {
            Err(HOW)
        };
    }
    Ok(Person { name: text.to_owned(), email: None })
}

fn is_email(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c == '<' || c == '>');
    plain && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

/// Reads the name of a space.
pub fn space(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(disturbs) {
        return Err("name the space in 1 to 256 bytes of plain text");
    }
    Ok(text.to_owned())
}

/// The longest name of a token, in bytes.
pub const TOKEN_NAME_BYTES_MAX: usize = 64;

/// Reads the name of a token: it stands in the log, so it is one plain word.
pub fn token(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > TOKEN_NAME_BYTES_MAX || !text.chars().all(plain) {
        return Err("name the token in 1 to 64 bytes of letters, digits, `-`, `_` and `.`");
    }
    Ok(text.to_owned())
}

/// Who made a token, as they say; `operator` where they don't.
pub fn token_maker(text: &str) -> String {
    let mut name: String = text.trim().chars().filter(|c| !disturbs(*c)).take(TOKEN_NAME_BYTES_MAX).collect();
    if name.is_empty() {
        name.push_str("operator");
    }
    name
}

/// The form in which names are compared: lower case, one space between words, Arabic letters in their Persian form,
/// without joiners and vowel signs.
pub fn fold(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_lowercase).filter_map(|c| match c {
        '\u{064A}' | '\u{0649}' => Some('\u{06CC}'),
        '\u{0643}' => Some('\u{06A9}'),
        '\u{064B}'..='\u{0652}' | '\u{0640}' | '\u{200D}' => None,
        '\u{200C}' => Some(' '),
        other => Some(other),
    });
    let plain: String = letters.collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_mail_else_by_name() {
        let full = person(" Sara Amini <Sara@Example.com> ").unwrap();
        assert_eq!(full.name, "Sara Amini");
        assert_eq!(full.key(), person("sara@example.com").unwrap().key());
        assert_eq!(person("SARA  amini").unwrap().key(), person("Sara Amini").unwrap().key());
        assert_ne!(full.key(), person("Sara Amini").unwrap().key());
    }

    #[test]
    fn what_is_no_person_is_refused() {
        for text in ["", "  ", "a <b", "a <b c@d>", "@", "x@", "tab\tname", "\u{202e}turned", "a\u{2028}b"] {
            assert!(person(text).is_err(), "{text:?}");
        }
        assert!(person(&"x".repeat(NAME_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn what_disturbs_a_terminal_is_in_no_name_and_is_shown_as_what_it_is() {
        assert_eq!(device(" lap\u{1b}[2Jtop\u{202e}\n "), "lap[2Jtop");
        assert_eq!(
            (device("\u{9b}\u{7}"), device("تبلت\u{200c}ها")),
            ("device".into(), "تبلت\u{200c}ها".into())
        );
        assert_eq!(space("\u{2067}main"), Err("name the space in 1 to 256 bytes of plain text"));
        assert_eq!(printable("a\u{1b}b\u{9b}\nc"), "a\u{fffd}b\u{fffd}\nc");
        let written = serde_json::to_string("a\u{1b}\u{9b}\u{202e}é").unwrap();
        let plain = printable_json(&written);
        assert!(!plain.chars().any(disturbs), "{plain}");
        assert_eq!(serde_json::from_str::<String>(&plain).unwrap(), "a\u{1b}\u{9b}\u{202e}é");
    }

    #[test]
    fn arabic_and_persian_letters_are_one_name() {
        assert_eq!(fold("علي‌ كريمي"), fold("علی کریمی"));
    }
}
