//! The one schema table: every module and field as data, declared once.
//!
//! Forms, list columns, search, command arguments, import and export, the change log and the merge all read this
//! table. A later module, or a workspace's own field, is one more row of it.
//!
//! Deliberately absent: what needs more than one field to decide (stages, amounts, deletion). That is in the rules.

use std::borrow::Cow;
use std::collections::BTreeSet;

use thiserror::Error;

use crate::record::{RecordState, Scalar};

pub mod display;
pub mod input;
mod modules;
mod naming;

#[cfg(test)]
mod tests;

pub use modules::{ACCOUNT, ACTIVITY, CAMPAIGN, CONTACT, FILTER, LEAD, OPPORTUNITY, PRODUCT, SETTINGS, USER};
pub use naming::{naming, record_name};

/// A name that is either built in or a workspace's own.
pub type Name = Cow<'static, str>;

/// How concurrent writes of a field meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeCode {
    /// Immutable after creation; the earliest of two values is read.
    I,
    /// A register: Automerge's winner, and a conflict where distinct values meet.
    R,
    /// An atomic composite: canonical JSON in one scalar, replaced whole.
    RA,
    /// A text merged letter by letter.
    T,
    /// An add-wins set.
    S,
    /// A keyed map of registers, stored flat.
    M,
    /// A grow-only map.
    G,
    /// Derived, never stored.
    D,
}

/// Who may write a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Anyone, as `field=value`.
    Edit,
    /// Only through the command that keeps its rules (closing, lines, deletion).
    Command,
    /// Never by hand.
    System,
}

/// A label in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// English.
    pub en: Name,
    /// Persian.
    pub fa: Name,
}

impl Label {
    /// A built-in label.
    pub const fn new(en: &'static str, fa: &'static str) -> Self {
        Self { en: Cow::Borrowed(en), fa: Cow::Borrowed(fa) }
    }

    /// The label in a language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Persian => &self.fa,
        }
    }
}

/// A language of labels and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `fa`.
    Persian,
}

/// One value of a fixed list: what is stored, and what people read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice {
    /// What is stored; never changes.
    pub slug: Name,
    /// What people read and may type.
    pub label: Label,
}

/// A list that the settings document keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingList {
    /// Where deals come from.
    LeadSources,
    /// Why deals are won.
    WinReasons,
    /// Why deals are lost.
    LossReasons,
}

/// What a field's values are, and what is stored for them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A line of text of at most `letters_max` letters.
    Text {
        /// The most letters (Unicode scalars) accepted.
        letters_max: usize,
    },
    /// Paragraphs, merged letter by letter.
    LongText,
    /// A whole number within inclusive bounds.
    Integer {
        /// The least accepted.
        min: i64,
        /// The most accepted.
        max: i64,
    },
    /// A decimal above zero of at most `scale_max` decimals, stored as canonical text.
    Quantity {
        /// The most decimals accepted.
        scale_max: u32,
    },
    /// A decimal of at most `scale_max` decimals, either side of zero, stored as canonical text.
    Decimal {
        /// The most decimals accepted.
        scale_max: u32,
    },
    /// An exchange rate above zero, stored as canonical decimal text.
    Rate,
    /// Yes or no.
    Bool,
    /// A whole percentage from 0 to 100.
    Percent,
    /// A tax rate, typed in percent, stored in basis points.
    TaxRate,
    /// A civil date, stored as `YYYY-MM-DD`.
    Date,
    /// UTC milliseconds.
    Timestamp,
    /// `{instant, zone}`: a point in time that was agreed on in a time zone.
    Moment,
    /// `{value, currency}`.
    Money,
    /// `{kind: none|percent|amount, …}`.
    Discount,
    /// One of a fixed list.
    Choice(Vec<Choice>),
    /// One of a list of the settings.
    Setting(SettingList),
    /// A stage of the settings.
    Stage,
    /// The id of a record of a module.
    Reference(Name),
    /// `{id, name}`: a record of a module and its name when it was chosen.
    NamedReference(Name),
    /// An ISO 4217 code.
    Currency,
    /// An IANA time zone.
    TimeZone,
    /// A postal address, `{text}`.
    Address,
    /// A free set of short words.
    Tags,
    /// A set of ids of records of a module.
    ReferenceSet(Name),
    /// A set of records of any of these modules, each key `module:id`.
    References(Vec<Name>),
    /// A keyed map; its registers are the field's `entries`.
    Entries,
    /// A fractional index that orders entries.
    Position,
    /// A composite that only commands write.
    Composite,
}

/// What a new record gets where nothing is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DefaultValue {
    /// Nothing.
    Empty,
    /// This value.
    Value(Scalar),
    /// The person who creates it.
    Creator,
    /// The date of creation.
    Today,
    /// The organisation's currency.
    OrganisationCurrency,
    /// The first open stage.
    FirstStage,
    /// The naming convention's proposal.
    NamingConvention,
}

/// One field of a module, or one register of a keyed map's entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldDef {
    /// The stored name; never changes.
    pub name: Name,
    /// What people read and may type.
    pub label: Label,
    /// What its values are.
    pub kind: FieldKind,
    /// How concurrent writes meet.
    pub merge: MergeCode,
    /// Whether forms ask for it; a merged record may lack it and then carries an issue.
    pub required: bool,
    /// What a new record gets.
    pub default: DefaultValue,
    /// Who may write it.
    pub access: Access,
    /// The registers of one entry, for a keyed map.
    pub entries: Vec<FieldDef>,
    /// Whether search looks into it.
    pub searched: bool,
    /// The value that is read wherever it is among conflicting ones.
    pub prevailing: Option<Scalar>,
}

/// A declared field; chain the setters below to complete it.
pub(crate) fn field(
    name: &'static str,
    merge: MergeCode,
    kind: FieldKind,
    en: &'static str,
    fa: &'static str,
) -> FieldDef {
    let access = match merge {
        MergeCode::I | MergeCode::G | MergeCode::D => Access::System,
        _ => Access::Edit,
    };
    FieldDef {
        name: Cow::Borrowed(name),
        label: Label::new(en, fa),
        kind,
        merge,
        required: false,
        default: DefaultValue::Empty,
        access,
        entries: Vec::new(),
        searched: false,
        prevailing: None,
    }
}

impl FieldDef {
    /// Declares a field of a workspace's own: a plain register.
    pub fn custom(name: String, label: Label, kind: FieldKind) -> Self {
        Self { name: Cow::Owned(name), label, kind, ..field("", MergeCode::R, FieldKind::Bool, "", "") }
    }

    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) fn searched(mut self) -> Self {
        self.searched = true;
        self
    }

    pub(crate) fn prevailing(mut self, value: impl Into<Scalar>) -> Self {
        self.prevailing = Some(value.into());
        self
    }

    pub(crate) fn default(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }

    pub(crate) fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    pub(crate) fn entries(mut self, entries: Vec<FieldDef>) -> Self {
        self.entries = entries;
        self
    }

    /// The register of an entry by name, for a keyed map.
    pub fn entry_field(&self, name: &str) -> Option<&FieldDef> {
        self.entries.iter().find(|field| field.name == name)
    }

    /// The value that counts: Automerge's winner, unless the field has a value that prevails in a conflict.
    pub fn winner<'s>(&'s self, state: &'s RecordState) -> &'s Scalar {
        match &self.prevailing {
            Some(value) if state.sides(&self.name).iter().any(|side| side.value == *value) => value,
            _ => state.winner(&self.name),
        }
    }

    /// Tells whether a list, a form or an export may show it.
    pub fn is_shown(&self) -> bool {
        self.kind != FieldKind::Composite || self.merge == MergeCode::D
    }
}

/// One module: a kind of record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModuleDef {
    /// The stored name, such as `opportunity`.
    pub name: Name,
    /// The short name of commands, such as `opp`.
    pub short: Name,
    /// The singular label.
    pub label: Label,
    /// The plural label.
    pub plural: Label,
    /// The field that names a record; stored, or derived as [`record_name`] says.
    pub name_field: Name,
    /// The columns of a list, in order.
    pub list_columns: Vec<Name>,
    /// Every field, the module's own first.
    pub fields: Vec<FieldDef>,
}

impl ModuleDef {
    /// A field by its stored name.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The definition of a path: `amount`, or `lines/<entry>/qty` for a register of an entry.
    pub fn field_at(&self, path: &str) -> Option<&FieldDef> {
        let mut parts = path.splitn(3, '/');
        let field = self.field(parts.next()?)?;
        match (parts.next(), parts.next()) {
            (None, _) => Some(field),
            (Some(_), Some(name)) => field.entry_field(name),
            (Some(_), None) => None,
        }
    }

    /// The containers that the module's genesis makes: the names of its fields with codes T, S, M and G, sorted.
    pub fn containers(&self) -> BTreeSet<&str> {
        self.fields
            .iter()
            .filter(|field| matches!(field.merge, MergeCode::T | MergeCode::S | MergeCode::M | MergeCode::G))
            .map(|field| field.name.as_ref())
            .collect()
    }
}

/// Refusal to add a field of a workspace's own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// The module is not in the table.
    #[error("there is no module `{0}`; `forsat --help` lists them")]
    UnknownModule(String),
    /// The name is taken.
    #[error("`{module}` already has a field `{field}`; choose another name")]
    Taken {
        /// The module.
        module: String,
        /// The field's name.
        field: String,
    },
    /// A field of a workspace's own must be a plain register: containers come only from a genesis.
    #[error("`{0}` can't be added: a new field must be a plain value, not a list or a merged text")]
    NotRegister(String),
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    modules: Vec<ModuleDef>,
}

impl Schema {
    /// The modules that the product brings.
    pub fn builtin() -> Self {
        Self { modules: modules::all() }
    }

    /// Every module in the order of the menus.
    pub fn modules(&self) -> &[ModuleDef] {
        &self.modules
    }

    /// A module by its stored name.
    pub fn module(&self, name: &str) -> Option<&ModuleDef> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// A field of a module, or a register of an entry (`lines/<entry>/qty`).
    pub fn field(&self, module: &str, path: &str) -> Option<&FieldDef> {
        self.module(module)?.field_at(path)
    }

    /// Adds a workspace's own field to a module.
    pub fn with_field(mut self, module: &str, field: FieldDef) -> Result<Self, SchemaError> {
        let Some(target) = self.modules.iter_mut().find(|known| known.name == module) else {
            return Err(SchemaError::UnknownModule(module.to_owned()));
        };
        if target.field(&field.name).is_some() {
            return Err(SchemaError::Taken { module: module.to_owned(), field: field.name.into_owned() });
        }
        if !matches!(field.merge, MergeCode::R | MergeCode::RA) {
            return Err(SchemaError::NotRegister(field.name.into_owned()));
        }
        target.fields.push(field);
        Ok(self)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::builtin()
    }
}
