//! A suggested pair, why it is suggested, and how people name what to compare by.

use serde::Serialize;

use super::Criterion;
use crate::command::Refusal;
use crate::id::RecordId;
use crate::schema::input::InputError;
use crate::schema::{FieldKind, Label, MergeCode, ModuleDef};
use crate::text::fold;

/// How two values must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// They are the same, folded.
    Exact,
    /// One begins with the other.
    StartsWith,
    /// One contains the other.
    Contains,
    /// They are spelled alike.
    Similar,
}

impl How {
    /// Reads the word for it, in English or Persian.
    pub fn parse(text: &str) -> Option<Self> {
        match fold(text).replace(['-', '_'], " ").as_str() {
            "exact" | "برابر" => Some(Self::Exact),
            "starts with" | "startswith" | "شروع" => Some(Self::StartsWith),
            "contains" | "شامل" => Some(Self::Contains),
            "similar" | "مشابه" => Some(Self::Similar),
            _ => None,
        }
    }

    /// The word for it in both languages.
    pub const fn label(self) -> Label {
        match self {
            Self::Exact => Label::new("exact", "برابر"),
            Self::StartsWith => Label::new("starts with", "شروع یکسان"),
            Self::Contains => Label::new("contains", "شامل"),
            Self::Similar => Label::new("similar", "مشابه"),
        }
    }
}

/// Why two records are a pair, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One record was merged into both.
    MergedApart,
    /// One lead was converted to both.
    ConvertedApart,
    /// The same national id.
    NationalId,
    /// The same product code.
    Code,
    /// A phone number of both.
    Phone,
    /// An e-mail address of both.
    Email,
    /// The same domain of their own.
    Domain,
    /// The same name.
    SameName,
    /// Names spelled alike.
    SimilarName,
    /// A chosen field.
    Field {
        /// The field's stored name.
        field: String,
        /// How its values agree.
        how: How,
    },
}

impl Reason {
    /// The reason in both languages; a chosen field is named by the caller, who knows its label.
    pub fn label(&self) -> Label {
        match self {
            Self::MergedApart => Label::new("one record was merged into both", "ادغام یک رکورد در هر دو"),
            Self::ConvertedApart => Label::new("one lead was converted to both", "تبدیل یک سرنخ به هر دو"),
            Self::NationalId => Label::new("same national id", "شناسه/کد ملی یکسان"),
            Self::Code => Label::new("same code", "کد یکسان"),
            Self::Phone => Label::new("same phone", "تلفن یکسان"),
            Self::Email => Label::new("same e-mail", "رایانامه یکسان"),
            Self::Domain => Label::new("same domain", "دامنه یکسان"),
            Self::SameName => Label::new("same name", "نام یکسان"),
            Self::SimilarName => Label::new("similar name", "نام مشابه"),
            Self::Field { how, .. } => how.label(),
        }
    }
}

/// Two records that may stand for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The record with the smaller id.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// Why, the strongest reason first; at least one.
    pub reasons: Vec<Reason>,
}

/// Reads what people write to compare by: `name similar, phone exact`; a field alone means `exact`.
pub fn read_criteria<'s>(table: &'s ModuleDef, text: &str) -> Result<Vec<Criterion<'s>>, Refusal> {
    let parts = text.split([',', '،']).map(str::trim).filter(|part| !part.is_empty());
    let criteria: Vec<Criterion<'s>> = parts.map(|part| criterion(table, part)).collect::<Result<_, _>>()?;
    if criteria.is_empty() {
        return Err(Refusal::NothingToCompare);
    }
    Ok(criteria)
}

fn criterion<'s>(table: &'s ModuleDef, text: &str) -> Result<Criterion<'s>, Refusal> {
    let words: Vec<&str> = text.split_whitespace().collect();
    // The word for how stands last and may be two; what is before it names the field.
    let split = (1..words.len()).find_map(|at| How::parse(&words[at..].join(" ")).map(|how| (at, how)));
    let (at, how) = split.unwrap_or((words.len(), How::Exact));
    let name = words[..at].join(" ");
    let field = table.find_field(&name).or_else(|| table.find_field(&format!("{name}s")));
    let comparable = |kind: &FieldKind| !matches!(kind, FieldKind::Composite | FieldKind::Position);
    let field = field.filter(|field| {
        let is_name = field.name == table.name_field;
        comparable(&field.kind) && (is_name || !matches!(field.merge, MergeCode::D | MergeCode::G))
    });
    field.map(|field| Criterion { field, how }).ok_or_else(|| unknown(table, &name))
}

fn unknown(table: &ModuleDef, name: &str) -> Refusal {
    let known = table.fields.iter().filter(|field| field.is_shown() && field.merge != MergeCode::D);
    let known = known.map(|field| field.name.as_ref()).collect::<Vec<_>>().join(", ");
    InputError::UnknownField { module: table.name.to_string(), field: name.to_owned(), known }.into()
}
