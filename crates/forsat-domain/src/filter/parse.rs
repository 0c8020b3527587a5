//! Reads a condition: words first, then the tree by descent.
//!
//! Written by hand: what a word is depends on where it stands (`و` joins conditions, and is part of the label
//! «نوع کسب و کار»), and every error is a typed value with its place.

use std::ops::Range;

use super::{
    DEPTH_MAX, Expected, Expr, FilterError, LETTERS_MAX, Operator, Problem, TESTS_MAX, Test, VALUES_MAX, Word,
};
use crate::text::fold;

/// A piece of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Letters between spaces and signs.
    Bare(String),
    /// What stood in quotes.
    Quoted(String),
    Operator(Operator),
    Open,
    Close,
    /// A comma that stands by itself or ends a word.
    Comma,
}

/// A piece and its place in letters.
struct Piece {
    token: Token,
    at: Range<usize>,
}

/// A word that steers the reading, in either language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    And,
    Or,
    Not,
    In,
    Is,
    Empty,
    IsNot,
    Open,
    Mine,
}

fn keyword(token: &Token) -> Option<Keyword> {
    let Token::Bare(word) = token else { return None };
    Some(match fold(word).as_str() {
        "and" | "&&" | "&" | "و" => Keyword::And,
        "or" | "||" | "|" | "یا" => Keyword::Or,
        "not" | "!" | "نه" => Keyword::Not,
        "in" | "در" => Keyword::In,
        "is" | "است" => Keyword::Is,
        "empty" | "خالی" => Keyword::Empty,
        "نیست" => Keyword::IsNot,
        "open" | "باز" => Keyword::Open,
        "mine" | "من" => Keyword::Mine,
        _ => return None,
    })
}

impl Expr {
    /// Reads a condition; errors name the place and what could stand there.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let letters: Vec<char> = text.chars().take(LETTERS_MAX + 1).collect();
        if letters.len() > LETTERS_MAX {
            return Err(FilterError::new(LETTERS_MAX..LETTERS_MAX, Problem::TooLong));
        }
        let pieces = pieces(&letters)?;
        let mut parser = Parser { letters: &letters, pieces: &pieces, next: 0, depth: 0, tests: 0 };
        let expr = parser.any()?;
        match parser.peek() {
            None => Ok(expr),
            Some(_) => Err(parser.expected(Expected::Joint)),
        }
    }
}

/// Splits a text into its pieces.
fn pieces(letters: &[char]) -> Result<Vec<Piece>, FilterError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let (token, end) = match letter {
            letter if letter.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => (Token::Open, at + 1),
            ')' => (Token::Close, at + 1),
            ',' | '،' => (Token::Comma, at + 1),
            '"' | '«' | '“' => quoted(letters, at)?,
            _ => match operator(letters, at) {
                Some((operator, length)) => (Token::Operator(operator), at + length),
                None => bare(letters, at),
            },
        };
        pieces.push(Piece { token, at: at..end });
        at = end;
    }
    Ok(pieces)
}

fn operator(letters: &[char], at: usize) -> Option<(Operator, usize)> {
    Some(match (letters[at], letters.get(at + 1)) {
        ('!', Some('=')) => (Operator::IsNot, 2),
        ('!', Some('~')) => (Operator::HoldsNot, 2),
        ('<', Some('=')) => (Operator::AtMost, 2),
        ('>', Some('=')) => (Operator::AtLeast, 2),
        ('<', Some('>')) | ('≠', _) => (Operator::IsNot, if letters[at] == '≠' { 1 } else { 2 }),
        ('=', Some('=')) => (Operator::Is, 2),
        ('=', _) => (Operator::Is, 1),
        ('<', _) => (Operator::Less, 1),
        ('>', _) => (Operator::More, 1),
        ('≤', _) => (Operator::AtMost, 1),
        ('≥', _) => (Operator::AtLeast, 1),
        ('~', _) => (Operator::Holds, 1),
        _ => return None,
    })
}

/// Reads from a quote to its end; `\"` and `\\` stand for themselves between `"`.
fn quoted(letters: &[char], begin: usize) -> Result<(Token, usize), FilterError> {
    let close = match letters[begin] {
        '«' => '»',
        '“' => '”',
        _ => '"',
    };
    let mut text = String::new();
    let mut at = begin + 1;
    while let Some(&letter) = letters.get(at) {
        match (letter, letters.get(at + 1)) {
            ('\\', Some(&escaped)) if close == '"' && matches!(escaped, '"' | '\\') => {
                text.push(escaped);
                at += 1;
            }
            (letter, _) if letter == close => return Ok((Token::Quoted(text), at + 1)),
            _ => text.push(letter),
        }
        at += 1;
    }
    Err(FilterError::new(begin..letters.len(), Problem::Expected(Expected::Quote)))
}

/// Reads letters up to a space or a sign. A comma between letters belongs to the word: `1,250,000`.
fn bare(letters: &[char], begin: usize) -> (Token, usize) {
    let ends = |at: usize| match letters.get(at) {
        None => true,
        Some(letter) if letter.is_whitespace() => true,
        Some('(' | ')' | '"' | '«' | '“') => true,
        Some(',' | '،') => !is_inside_number(letters, at),
        Some(_) => operator(letters, at).is_some(),
    };
    // A sign that makes no operator, such as a lone `!`, is a word by itself.
    let end = (begin + 1..).find(|at| ends(*at)).expect("the text ends");
    let end = if letters[begin] == '!' { begin + 1 } else { end };
    (Token::Bare(letters[begin..end].iter().collect()), end)
}

/// Whether a comma groups digits: one before it, three behind it.
fn is_inside_number(letters: &[char], at: usize) -> bool {
    let digit = |at: usize| {
        letters.get(at).is_some_and(|letter| crate::number::ascii_digit(*letter).is_ascii_digit())
    };
    at > 0 && digit(at - 1) && (at + 1..at + 4).all(digit) && !digit(at + 4)
}

struct Parser<'p> {
    letters: &'p [char],
    pieces: &'p [Piece],
    next: usize,
    depth: usize,
    tests: usize,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p Token> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<&'p Token> {
        self.pieces.get(self.next + by).map(|piece| &piece.token)
    }

    fn keyword(&self, by: usize) -> Option<Keyword> {
        self.ahead(by).and_then(keyword)
    }

    fn take(&mut self, wanted: Keyword) -> bool {
        let found = self.keyword(0) == Some(wanted);
        self.next += usize::from(found);
        found
    }

    /// The place of the next piece, or the end.
    fn place(&self) -> Range<usize> {
        self.pieces.get(self.next).map_or(self.letters.len()..self.letters.len(), |piece| piece.at.clone())
    }

    fn expected(&self, expected: Expected) -> FilterError {
        FilterError::new(self.place(), Problem::Expected(expected))
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.take(Keyword::Or) {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::Or(parts) })
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let first = self.negation()?;
        let mut parts = vec![first];
        while self.take(Keyword::And) {
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) })
    }

    fn negation(&mut self) -> Result<Expr, FilterError> {
        let place = self.place();
        if self.take(Keyword::Not) {
            return self.deeper(place, |parser| Ok(Expr::Not(Box::new(parser.negation()?))));
        }
        if self.peek() != Some(&Token::Open) {
            return self.test();
        }
        self.next += 1;
        self.deeper(place, |parser| {
            let inside = parser.any()?;
            if parser.peek() != Some(&Token::Close) {
                let joins = parser.peek().is_some();
                return Err(parser.expected(if joins { Expected::Joint } else { Expected::Bracket }));
            }
            parser.next += 1;
            Ok(inside)
        })
    }

    fn deeper(
        &mut self,
        place: Range<usize>,
        inside: impl FnOnce(&mut Self) -> Result<Expr, FilterError>,
    ) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(FilterError::new(place, Problem::TooMuch));
        }
        let expr = inside(self);
        self.depth -= 1;
        expr
    }

    fn test(&mut self) -> Result<Expr, FilterError> {
        self.tests += 1;
        if self.tests > TESTS_MAX {
            return Err(FilterError::new(self.place(), Problem::TooMuch));
        }
        if let Some(test) = self.bare_test() {
            return Ok(Expr::Test(test));
        }
        let field = self.field()?;
        if let Some(Token::Operator(operator)) = self.peek() {
            self.next += 1;
            let value = self.value(false)?;
            return Ok(Expr::Test(Test::Compare { field, operator: *operator, value }));
        }
        if self.take(Keyword::In) {
            let values = self.list()?;
            return Ok(Expr::Test(Test::In { field, values }));
        }
        match self.emptiness() {
            Some(true) => Ok(Expr::Test(Test::Empty { field })),
            Some(false) => Ok(Expr::Not(Box::new(Expr::Test(Test::Empty { field })))),
            None => Err(self.expected(Expected::Operator)),
        }
    }

    /// `open` or `mine` where nothing follows that would make it a field.
    fn bare_test(&mut self) -> Option<Test> {
        let make = match self.keyword(0)? {
            Keyword::Open => Test::Open,
            Keyword::Mine => Test::Mine,
            _ => return None,
        };
        let ends = match self.ahead(1) {
            None | Some(Token::Close) => true,
            Some(_) => matches!(self.keyword(1), Some(Keyword::And | Keyword::Or)),
        };
        if !ends {
            return None;
        }
        let piece = &self.pieces[self.next];
        let Token::Bare(text) = &piece.token else { return None };
        self.next += 1;
        Some(make(Word { text: text.clone(), at: piece.at.clone() }))
    }

    /// A field: one quoted text, or words up to an operator.
    fn field(&mut self) -> Result<Word, FilterError> {
        let begin = self.next;
        if let Some(Token::Quoted(_)) = self.peek() {
            self.next += 1;
            return Ok(self.word(begin));
        }
        while let Some(Token::Bare(word)) = self.peek() {
            let inside = self.next > begin;
            // Persian labels hold the word for "and": a field goes on behind it.
            let label_and = inside && word == "و" && matches!(self.ahead(1), Some(Token::Bare(_)));
            let ends = match self.keyword(0) {
                Some(Keyword::And | Keyword::Or) => !label_and,
                Some(Keyword::In) => inside,
                Some(Keyword::Is | Keyword::Empty) => inside && self.emptiness_ahead().is_some(),
                _ => false,
            };
            if ends {
                break;
            }
            self.next += 1;
        }
        if self.next == begin {
            return Err(self.expected(Expected::Test));
        }
        Ok(self.word(begin))
    }

    /// A value: one quoted text, or words up to what joins or closes.
    fn value(&mut self, listed: bool) -> Result<Word, FilterError> {
        let begin = self.next;
        if let Some(Token::Quoted(_)) = self.peek() {
            self.next += 1;
            return Ok(self.word(begin));
        }
        loop {
            let goes_on = match self.peek() {
                Some(Token::Bare(_)) => !matches!(self.keyword(0), Some(Keyword::And | Keyword::Or)),
                Some(Token::Comma) => !listed && self.next > begin,
                _ => false,
            };
            if !goes_on {
                break;
            }
            self.next += 1;
        }
        if self.next == begin {
            return Err(self.expected(Expected::Value));
        }
        Ok(self.word(begin))
    }

    fn list(&mut self) -> Result<Vec<Word>, FilterError> {
        if self.peek() != Some(&Token::Open) {
            return Err(self.expected(Expected::Operator));
        }
        self.next += 1;
        let mut values = Vec::new();
        loop {
            if values.len() == VALUES_MAX {
                return Err(FilterError::new(self.place(), Problem::TooMuch));
            }
            values.push(self.value(true)?);
            let token = self.peek();
            let ends = token == Some(&Token::Close);
            if !ends && token != Some(&Token::Comma) {
                return Err(self.expected(Expected::ListEnd));
            }
            self.next += 1;
            if ends {
                return Ok(values);
            }
        }
    }

    /// Takes `is empty`, `is not empty`, `خالی است` or `خالی نیست`; answers whether it asks for emptiness.
    fn emptiness(&mut self) -> Option<bool> {
        let (empty, length) = self.emptiness_ahead()?;
        self.next += length;
        Some(empty)
    }

    fn emptiness_ahead(&self) -> Option<(bool, usize)> {
        match (self.keyword(0)?, self.keyword(1), self.keyword(2)) {
            (Keyword::Is, Some(Keyword::Empty), _) => Some((true, 2)),
            (Keyword::Is, Some(Keyword::Not), Some(Keyword::Empty)) => Some((false, 3)),
            (Keyword::Empty, Some(Keyword::Is), _) => Some((true, 2)),
            (Keyword::Empty, Some(Keyword::IsNot), _) => Some((false, 2)),
            _ => None,
        }
    }

    /// The pieces since `begin` as one word: as typed, each run of spaces as one.
    fn word(&self, begin: usize) -> Word {
        let pieces = &self.pieces[begin..self.next];
        let at =
            pieces.first().map_or(0, |piece| piece.at.start)..pieces.last().map_or(0, |piece| piece.at.end);
        let text = match pieces {
            [Piece { token: Token::Quoted(text), .. }] => text.clone(),
            _ => {
                let typed: String = self.letters[at.clone()].iter().collect();
                typed.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        };
        Word { text, at }
    }
}
