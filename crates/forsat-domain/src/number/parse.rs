//! Numbers and amounts as people type them: `1.2M`, `1,250,000 rial`, `۱.۲ میلیارد تومان`.

use rust_decimal::Decimal;

use super::{NumberError, ascii_digit};
use crate::canonical::{exact_product, exact_sum};
use crate::currency::Currency;
use crate::money::Money;

/// Letters of a typed number that are read; a longer text is no number.
const TEXT_LETTERS_MAX: usize = 120;

/// Rials of a toman.
const TOMAN_RIALS: Decimal = Decimal::TEN;

/// Reads a typed number without a unit: digits, separators and words of size such as `k`, `M` and میلیارد.
pub fn parse_number(text: &str) -> Result<Decimal, NumberError> {
    let typed = read(text)?;
    match typed.unit {
        None => Ok(typed.value),
        Some((_, unit)) => Err(NumberError::Unit { text: text.to_owned(), unit }),
    }
}

/// Reads a typed percentage, with or without its sign: `12.5%`, `۱۰٪`, `10`.
pub fn parse_percent(text: &str) -> Result<Decimal, NumberError> {
    let is_sign = |letter| matches!(letter, '%' | '٪');
    let trimmed = text.trim();
    let bare = trimmed.strip_suffix(is_sign).or_else(|| trimmed.strip_prefix(is_sign)).unwrap_or(trimmed);
    parse_number(bare)
}

/// Reads a typed amount; without a unit it is in `default`.
///
/// A toman is ten rials. More decimal places than the currency has are refused rather than rounded; a negative
/// amount is read, and refused by whoever can't use one ([`Money::refuse_negative`]).
pub fn parse_money(text: &str, default: Currency) -> Result<Money, NumberError> {
    let typed = read(text)?;
    let unit = typed.unit.map_or(Unit::Currency(default), |(unit, _)| unit);
    let money = match unit {
        Unit::Currency(currency) => Money::new(typed.value, currency)?,
        Unit::Toman => {
            let rials = exact_product(typed.value, TOMAN_RIALS);
            Money::new(rials.ok_or_else(|| NumberError::TooLong(text.to_owned()))?, Currency::IRR)?
        }
    };
    Ok(money)
}

/// What an amount is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Currency(Currency),
    Toman,
}

/// A number with the unit beside it and the word that named the unit.
struct Typed {
    value: Decimal,
    unit: Option<(Unit, String)>,
}

/// A piece of a typed number.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Number(String),
    Word(String),
}

/// Reads parts such as `۱ میلیارد و ۲۰۰ میلیون`, each smaller than the one before, and at most one unit.
fn read(text: &str) -> Result<Typed, NumberError> {
    let malformed = || NumberError::Malformed(text.to_owned());
    let too_long = || NumberError::TooLong(text.to_owned());
    let (negative, tokens) = tokens(text).ok_or_else(malformed)?;
    let mut parts: Vec<(Decimal, Decimal)> = Vec::new();
    let mut unit: Option<(Unit, String)> = None;
    let mut joined = false;
    for token in tokens {
        match token {
            Token::Number(digits) => {
                // A number after a number needs a word of size or an "and" between them.
                if unit.is_some() && !parts.is_empty() || !parts.is_empty() && !joined {
                    return Err(malformed());
                }
                parts.push((plain_number(&digits, text)?, Decimal::ONE));
                joined = false;
            }
            Token::Word(word) if word == "و" && !parts.is_empty() && !joined => joined = true,
            Token::Word(word) => match (size_of(&word), parts.last_mut()) {
                (Some(size), Some((_, scale))) if unit.is_none() && !joined => {
                    *scale = exact_product(*scale, size).ok_or_else(too_long)?;
                }
                (Some(_), _) => return Err(malformed()),
                (None, _) if unit.is_some() || joined => return Err(malformed()),
                (None, _) => unit = Some((unit_of(&word, text)?, word)),
            },
        }
    }
    if parts.is_empty() || joined || !parts.windows(2).all(|pair| pair[0].1 > pair[1].1) {
        return Err(malformed());
    }
    let value = total(&parts).ok_or_else(too_long)?;
    Ok(Typed { value: if negative { -value } else { value }, unit })
}

/// Adds the parts, each times its size.
fn total(parts: &[(Decimal, Decimal)]) -> Option<Decimal> {
    parts.iter().try_fold(Decimal::ZERO, |sum, (number, size)| exact_sum(sum, exact_product(*number, *size)?))
}

/// Splits a text into its sign, its numbers and its words; `None` when it holds anything else.
fn tokens(text: &str) -> Option<(bool, Vec<Token>)> {
    if text.chars().count() > TEXT_LETTERS_MAX {
        return None;
    }
    let mut negative = false;
    let mut tokens: Vec<Token> = Vec::new();
    let mut separate = true;
    for letter in text.trim().chars().filter_map(plain_letter) {
        if letter.is_whitespace() {
            separate = true;
            continue;
        }
        match (letter, tokens.last_mut()) {
            ('-' | '+', None) if !negative => negative = letter == '-',
            ('0'..='9' | '.' | ',', Some(Token::Number(digits))) if !separate => digits.push(letter),
            ('0'..='9' | '.' | ',', _) => tokens.push(Token::Number(letter.to_string())),
            (letter, Some(Token::Word(word))) if letter.is_alphabetic() && !separate => word.push(letter),
            (letter, _) if letter.is_alphabetic() || is_symbol(letter) => {
                tokens.push(Token::Word(letter.to_string()));
            }
            _ => return None,
        }
        // A sign or a symbol stands for itself; what follows it is a token of its own.
        separate = is_symbol(letter);
    }
    Some((negative, tokens))
}

/// Brings the spellings of a letter together; `None` for letters that only steer joining or direction.
fn plain_letter(letter: char) -> Option<char> {
    Some(match letter {
        // No number or unit is joined inside, so a non-joiner stands between two of them.
        '\u{200C}' => ' ',
        '\u{200B}'..='\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}' => {
            return None;
        }
        '\u{2212}' => '-',
        '٫' => '.',
        '٬' | '،' => ',',
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        other => ascii_digit(other).to_ascii_lowercase(),
    })
}

/// Says whether a letter is a currency sign, which needs no space around it.
fn is_symbol(letter: char) -> bool {
    matches!(letter, '$' | '€' | '£' | '﷼')
}

/// Reads digits with separators: commas between groups of three, at most one point.
fn plain_number(digits: &str, text: &str) -> Result<Decimal, NumberError> {
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let grouped = match whole.split_once(',') {
        None => true,
        Some((first, rest)) => {
            (1..=3).contains(&first.len()) && rest.split(',').all(|group| group.len() == 3)
        }
    };
    let fraction_fits =
        fraction.is_none_or(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !grouped || !fraction_fits || (whole.is_empty() && fraction.is_none()) {
        return Err(NumberError::Grouping(text.to_owned()));
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let whole = whole.replace(',', "");
    // No ".0" behind whole numbers: it would count as a digit of the 28.
    let plain = fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"));
    Decimal::from_str_exact(&plain)
        .map(|value| value.normalize())
        .map_err(|_| NumberError::TooLong(text.to_owned()))
}

/// Reads a word of size, English or Persian.
fn size_of(word: &str) -> Option<Decimal> {
    let size: i64 = match word {
        "k" | "thousand" | "هزار" => 1_000,
        "m" | "mn" | "million" | "میلیون" | "ملیون" => 1_000_000,
        "b" | "bn" | "billion" | "milliard" | "میلیارد" | "ملیارد" => 1_000_000_000,
        "t" | "trillion" | "تریلیون" => 1_000_000_000_000,
        _ => return None,
    };
    Some(Decimal::from(size))
}

/// Reads the word or sign of a unit.
fn unit_of(word: &str, text: &str) -> Result<Unit, NumberError> {
    let code = match word {
        "toman" | "tomans" | "tmn" | "irt" | "تومان" | "تومن" => return Ok(Unit::Toman),
        "rial" | "rials" | "ریال" | "﷼" => "IRR",
        "$" | "dollar" | "dollars" | "دلار" => "USD",
        "€" | "euro" | "euros" | "یورو" => "EUR",
        "£" | "pound" | "pounds" | "پوند" => "GBP",
        "dirham" | "dirhams" | "درهم" => "AED",
        "lira" | "لیر" | "لیره" => "TRY",
        "yuan" | "یوان" => "CNY",
        other => other,
    };
    Currency::from_code(code)
        .map(Unit::Currency)
        .map_err(|_| NumberError::Unit { text: text.to_owned(), unit: word.to_owned() })
}
