//! Reads what people type for a field into the value that is stored.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use thiserror::Error;

use super::{Access, Choice, FieldDef, FieldKind, Label, ModuleDef, Name};
use crate::canonical;
use crate::composite::{Address, Composite, Discount, Moment, NamedReference, id_scalar, typed_reference};
use crate::currency::{Currency, UnknownCurrency};
use crate::date::{CivilDate, DateError, MomentError, Tz, parse_date, parse_moment};
use crate::id::RecordId;
use crate::money::Money;
use crate::number::{NumberError, parse_money, parse_number, parse_percent};
use crate::record::Scalar;
use crate::settings::{CUSTOM_PREFIX, Settings};
use crate::text::fold;

mod reason;

pub use reason::{Expected, ReferenceError, WhyNotEditable};

/// Basis points of one percent.
const PERCENT_BP: i64 = 100;

/// Letters of one tag.
const TAG_LETTERS_MAX: usize = 64;

/// Finds a record of a module by what people type: an id, the beginning of one, or a unique name.
pub type Find<'a> = dyn Fn(&str, &str) -> Result<(RecordId, String), ReferenceError> + 'a;

/// What reading a typed value depends on.
pub struct ParseContext<'a> {
    /// The organisation's current day.
    pub today: CivilDate,
    /// The currency of an amount without a unit: the record's.
    pub currency: Currency,
    /// The settings, for stages and lists.
    pub settings: &'a Settings,
    /// Finds the record that a reference names; the error says what to do.
    pub find: &'a Find<'a>,
}

/// What is asked for one field, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The field's stored name.
    pub field: String,
    /// What is asked for it.
    pub input: Input,
}

/// What is asked for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// This value; `Null` clears the field. For tags: the whole list, separated by commas.
    Value(Scalar),
    /// One more tag, phone number or address.
    Add(Scalar),
    /// One tag, phone number or address less.
    Remove(Scalar),
}

impl Assignment {
    /// Asks for a value.
    pub fn set(field: impl Into<String>, value: impl Into<Scalar>) -> Self {
        Self { field: field.into(), input: Input::Value(value.into()) }
    }
}

/// Refusal of a typed field or value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InputError {
    /// No field of the module has this name or label.
    #[error("{module} has no field `{field}`; its fields are: {known}")]
    UnknownField {
        /// The module.
        module: String,
        /// The name as given.
        field: String,
        /// The names that can be set.
        known: String,
    },
    /// The field is not set as `field=value`.
    #[error("`{field}` can't be set directly; {hint}")]
    NotEditable {
        /// The field.
        field: String,
        /// Why, and what to do instead.
        hint: WhyNotEditable,
    },
    /// Not one of the field's values.
    #[error("`{text}` is none of the values of {field}; use one of: {options}")]
    Choice {
        /// The field.
        field: String,
        /// The text as given.
        text: String,
        /// What can be given.
        options: String,
    },
    /// The beginning of several values.
    #[error("`{text}` could be {options}; write it in full")]
    Ambiguous {
        /// The text as given.
        text: String,
        /// What it could be.
        options: String,
    },
    /// Outside what the field holds.
    #[error("{field}: `{text}` does not fit; give {expected}")]
    Range {
        /// The field.
        field: String,
        /// The text as given.
        text: String,
        /// What can be given.
        expected: Expected,
    },
    /// A negative amount.
    #[error("{field}: an amount can't be negative; use a discount")]
    Negative {
        /// The field.
        field: String,
    },
    /// A reference that leads nowhere, or to several records.
    #[error("{field}: {source}")]
    Reference {
        /// The field.
        field: String,
        /// Why.
        source: ReferenceError,
    },
    /// Not a number or an amount.
    #[error("{field}: {source}")]
    Number {
        /// The field.
        field: String,
        /// Why.
        source: NumberError,
    },
    /// Not a date.
    #[error("{field}: {source}")]
    Date {
        /// The field.
        field: String,
        /// Why.
        source: DateError,
    },
    /// Not a point in time.
    #[error("{field}: {source}")]
    Moment {
        /// The field.
        field: String,
        /// Why.
        source: MomentError,
    },
    /// Not a currency.
    #[error("{field}: {source}")]
    Currency {
        /// The field.
        field: String,
        /// Why.
        source: UnknownCurrency,
    },
}

impl ModuleDef {
    /// Finds a field by its stored name, a workspace's own also without its prefix, or by its label in either language.
    pub fn find_field(&self, text: &str) -> Option<&FieldDef> {
        let key = fold(text).replace(' ', "_");
        let labelled = |field: &&FieldDef| label_is(&field.label, &fold(text));
        self.field(text)
            .or_else(|| self.fields.iter().find(|field| field.name == key))
            .or_else(|| self.fields.iter().find(labelled))
            .or_else(|| self.field(&format!("{CUSTOM_PREFIX}{key}")))
    }

    /// Reads one `name=value`; a name that ends in `+` or `-` adds to or takes from a list.
    pub fn assignment(
        &self,
        name: &str,
        value: &str,
        ctx: &ParseContext<'_>,
    ) -> Result<Assignment, InputError> {
        let (plain, sign) = match name.strip_suffix(['+', '-']) {
            Some(plain) => (plain, name.chars().last()),
            None => (name, None),
        };
        let field = self.find_field(plain.trim()).ok_or_else(|| self.unknown(plain))?;
        let scalar = field.parse(value, ctx)?;
        let listed = matches!(field.kind, FieldKind::Tags | FieldKind::Entries | FieldKind::References(_));
        let input = match sign {
            Some('+') if listed => Input::Add(scalar),
            Some('-') if listed => Input::Remove(scalar),
            Some(_) => {
                let hint = WhyNotEditable::NotAList;
                return Err(InputError::NotEditable { field: field.name.to_string(), hint });
            }
            None => Input::Value(scalar),
        };
        Ok(Assignment { field: field.name.to_string(), input })
    }

    /// Reads every `name=value`; a currency among them is that of the amounts beside it.
    pub fn assignments<'t>(
        &self,
        pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
        ctx: &ParseContext<'_>,
    ) -> Result<Vec<Assignment>, InputError> {
        let pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
        let given = pairs
            .iter()
            .rev()
            .find(|(name, _)| self.find_field(name).is_some_and(|field| field.name == "currency"));
        let currency =
            given.and_then(|(_, value)| Currency::from_code(value.trim()).ok()).unwrap_or(ctx.currency);
        let ctx = ParseContext { currency, ..*ctx };
        pairs.into_iter().map(|(name, value)| self.assignment(name, value, &ctx)).collect()
    }

    fn unknown(&self, name: &str) -> InputError {
        let settable =
            self.fields.iter().filter(|field| field.access != Access::System && field.is_settable());
        let known: Vec<&str> = settable.map(|field| field.name.as_ref()).collect();
        InputError::UnknownField {
            module: self.name.to_string(),
            field: name.to_owned(),
            known: known.join(", "),
        }
    }
}

impl FieldDef {
    /// Tells whether `field=value` can be read for it.
    pub fn is_settable(&self) -> bool {
        let kind = match &self.kind {
            FieldKind::Composite | FieldKind::Position | FieldKind::ReferenceSet(_) => false,
            FieldKind::Entries => self.entry_value().is_some(),
            _ => true,
        };
        kind && self.access != Access::System
    }

    /// The register that a single value of a keyed map goes to: `raw` of phones, `value` of prices.
    pub fn entry_value(&self) -> Option<&FieldDef> {
        self.entry_field("raw").or_else(|| self.entry_field("value").filter(|_| self.access == Access::Edit))
    }

    /// Reads one `name=value` of an entry of a keyed map, such as a line's.
    pub fn entry_assignment(
        &self,
        name: &str,
        value: &str,
        ctx: &ParseContext<'_>,
    ) -> Result<Assignment, InputError> {
        let key = fold(name);
        let named = |field: &&FieldDef| field.name == key || label_is(&field.label, &key);
        let Some(field) = self.entries.iter().find(named) else {
            let settable =
                self.entries.iter().filter(|field| field.is_settable() && field.access == Access::Edit);
            let known: Vec<&str> = settable.map(|field| field.name.as_ref()).collect();
            return Err(InputError::UnknownField {
                module: self.name.to_string(),
                field: name.to_owned(),
                known: known.join(", "),
            });
        };
        Ok(Assignment { field: field.name.to_string(), input: Input::Value(field.parse(value, ctx)?) })
    }

    /// Reads a typed value; an empty text clears the field.
    pub fn parse(&self, text: &str, ctx: &ParseContext<'_>) -> Result<Scalar, InputError> {
        let text = text.trim();
        if !self.is_settable() {
            let hint = WhyNotEditable::Derived;
            return Err(InputError::NotEditable { field: self.name.to_string(), hint });
        }
        if text.is_empty() {
            return Ok(Scalar::Null);
        }
        match &self.kind {
            FieldKind::Text { letters_max } => self.line(text, *letters_max),
            FieldKind::LongText => Ok(Scalar::text(text)),
            FieldKind::Tags => self.tags(text),
            FieldKind::Address => Ok(Address { text: text.to_owned() }.to_scalar()),
            FieldKind::Integer { min, max } => self.integer(text, *min, *max),
            FieldKind::Decimal { scale_max } => self.decimal(text, *scale_max),
            FieldKind::Quantity { .. } | FieldKind::Rate => self.positive(text),
            FieldKind::Percent => self.percent(text),
            FieldKind::TaxRate => self.tax_rate(text),
            FieldKind::Bool => self.truth(text),
            FieldKind::Date => parse_date(text, ctx.today)
                .map(|date| Scalar::text(date.to_string()))
                .map_err(|source| InputError::Date { field: self.name.to_string(), source }),
            FieldKind::Money => self.money(text, ctx.currency).map(|money| money.to_scalar()),
            FieldKind::Discount => self.discount(text, ctx.currency),
            FieldKind::Currency => Currency::from_code(text)
                .map(|currency| Scalar::text(currency.code()))
                .map_err(|source| InputError::Currency { field: self.name.to_string(), source }),
            FieldKind::TimeZone => self.time_zone(text),
            FieldKind::Moment => self.moment(text, ctx),
            FieldKind::References(modules) => self.references(text, modules, ctx),
            FieldKind::Choice(_) | FieldKind::Setting(_) | FieldKind::Stage => self.listed(text, ctx),
            FieldKind::Reference(_) | FieldKind::NamedReference(_) => self.reference(text, ctx),
            FieldKind::Entries => self.entry_value().map_or(Ok(Scalar::Null), |value| value.parse(text, ctx)),
            FieldKind::Timestamp
            | FieldKind::Composite
            | FieldKind::Position
            | FieldKind::ReferenceSet(_) => Err(InputError::NotEditable {
                field: self.name.to_string(),
                hint: WhyNotEditable::CommandsOnly,
            }),
        }
    }

    fn line(&self, text: &str, letters_max: usize) -> Result<Scalar, InputError> {
        if text.chars().count() > letters_max {
            return Err(self.range(text, Expected::Letters(letters_max)));
        }
        if text.chars().any(char::is_control) {
            return Err(self.range(text, Expected::OneLine));
        }
        Ok(Scalar::text(text))
    }

    fn tags(&self, text: &str) -> Result<Scalar, InputError> {
        let tags: Vec<&str> = text.split([',', '،']).map(str::trim).filter(|tag| !tag.is_empty()).collect();
        match tags.iter().find(|tag| tag.chars().count() > TAG_LETTERS_MAX || tag.contains('/')) {
            Some(tag) => Err(self.range(tag, Expected::Tags(TAG_LETTERS_MAX))),
            None => Ok(Scalar::text(tags.join(","))),
        }
    }

    fn number(&self, text: &str) -> Result<Decimal, InputError> {
        let number = parse_number(text).map_err(|source| match source {
            // What has no unit can't have a wrong one either.
            NumberError::Unit { text, .. } => NumberError::Malformed(text),
            source => source,
        });
        number.map_err(|source| InputError::Number { field: self.name.to_string(), source })
    }

    fn integer(&self, text: &str, min: i64, max: i64) -> Result<Scalar, InputError> {
        whole(self.number(text)?)
            .filter(|number| (min..=max).contains(number))
            .map(Scalar::Int)
            .ok_or_else(|| self.range(text, Expected::Whole { min, max }))
    }

    fn decimal(&self, text: &str, scale_max: u32) -> Result<Scalar, InputError> {
        let number = self.number(text)?.normalize();
        if number.scale() > scale_max {
            return Err(self.range(text, Expected::Decimals(scale_max)));
        }
        Ok(Scalar::text(canonical::decimal_text(number)))
    }

    fn positive(&self, text: &str) -> Result<Scalar, InputError> {
        let number = self.number(text)?.normalize();
        let scale_max = match self.kind {
            FieldKind::Quantity { scale_max } => scale_max,
            _ => Decimal::MAX_SCALE,
        };
        if number <= Decimal::ZERO || number.scale() > scale_max {
            return Err(self.range(text, Expected::Positive(scale_max)));
        }
        Ok(Scalar::text(canonical::decimal_text(number)))
    }

    fn percentage(&self, text: &str) -> Result<Decimal, InputError> {
        let number = parse_percent(text)
            .map_err(|source| InputError::Number { field: self.name.to_string(), source })?;
        if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&number) {
            return Ok(number);
        }
        Err(self.range(text, Expected::Percent))
    }

    fn percent(&self, text: &str) -> Result<Scalar, InputError> {
        whole(self.percentage(text)?).map(Scalar::Int).ok_or_else(|| self.range(text, Expected::WholePercent))
    }

    fn tax_rate(&self, text: &str) -> Result<Scalar, InputError> {
        whole(self.percentage(text)? * Decimal::from(PERCENT_BP))
            .map(Scalar::Int)
            .ok_or_else(|| self.range(text, Expected::FinePercent))
    }

    fn truth(&self, text: &str) -> Result<Scalar, InputError> {
        match fold(text).as_str() {
            "yes" | "true" | "on" | "1" | "بله" | "بلی" | "اری" | "آری" => Ok(Scalar::Bool(true)),
            "no" | "false" | "off" | "0" | "خیر" | "نه" => Ok(Scalar::Bool(false)),
            _ => Err(self.range(text, Expected::YesNo)),
        }
    }

    fn money(&self, text: &str, currency: Currency) -> Result<Money, InputError> {
        let money = parse_money(text, currency)
            .map_err(|source| InputError::Number { field: self.name.to_string(), source })?;
        money.refuse_negative().map_err(|_| InputError::Negative { field: self.name.to_string() })
    }

    fn discount(&self, text: &str, currency: Currency) -> Result<Scalar, InputError> {
        let discount = match fold(text).as_str() {
            "none" | "0" | "بدون" => Discount::None,
            folded if folded.contains('%') || folded.contains('٪') => {
                Discount::Percent { pct: self.percentage(text)? }
            }
            _ => Discount::Amount { amount: self.money(text, currency)? },
        };
        Ok(discount.to_scalar())
    }

    fn time_zone(&self, text: &str) -> Result<Scalar, InputError> {
        let zone: Result<Tz, _> = text.parse();
        zone.map(|zone| Scalar::text(zone.name())).map_err(|_| self.range(text, Expected::TimeZone))
    }

    fn moment(&self, text: &str, ctx: &ParseContext<'_>) -> Result<Scalar, InputError> {
        let zone = ctx.settings.time_zone;
        parse_moment(text, ctx.today, zone)
            .map(|instant| Moment { instant, zone: zone.name().to_owned() }.to_scalar())
            .map_err(|source| InputError::Moment { field: self.name.to_string(), source })
    }

    /// Reads records of several modules, separated by commas; `module:name` says which module is meant.
    fn references(&self, text: &str, modules: &[Name], ctx: &ParseContext<'_>) -> Result<Scalar, InputError> {
        let words = text.split([',', '،']).map(str::trim).filter(|word| !word.is_empty());
        let keys = words.map(|word| self.one_reference(word, modules, ctx));
        Ok(Scalar::text(keys.collect::<Result<Vec<_>, _>>()?.join(",")))
    }

    fn one_reference(
        &self,
        word: &str,
        modules: &[Name],
        ctx: &ParseContext<'_>,
    ) -> Result<String, InputError> {
        let refused = |source| InputError::Reference { field: self.name.to_string(), source };
        let named = word.split_once(':').and_then(|(module, rest)| {
            modules.iter().find(|known| *known == module.trim()).map(|module| (module, rest.trim()))
        });
        if let Some((module, rest)) = named {
            return (ctx.find)(module, rest).map(|(id, _)| typed_reference(module, id)).map_err(refused);
        }
        let found: Vec<(&Name, RecordId)> =
            modules.iter().filter_map(|module| Some((module, (ctx.find)(module, word).ok()?.0))).collect();
        match found.as_slice() {
            [(module, id)] => Ok(typed_reference(module, *id)),
            [] => Err(refused(ReferenceError::NoneOfModules(word.to_owned()))),
            several => {
                let several: Vec<String> =
                    several.iter().map(|(module, _)| format!("{module}:{word}")).collect();
                Err(refused(ReferenceError::SeveralModules {
                    text: word.to_owned(),
                    options: several.join(", "),
                }))
            }
        }
    }

    fn reference(&self, text: &str, ctx: &ParseContext<'_>) -> Result<Scalar, InputError> {
        let module = match &self.kind {
            FieldKind::Reference(module) | FieldKind::NamedReference(module) => module,
            _ => return Ok(Scalar::Null),
        };
        let (id, name) = (ctx.find)(module, text)
            .map_err(|source| InputError::Reference { field: self.name.to_string(), source })?;
        Ok(match &self.kind {
            FieldKind::NamedReference(_) => NamedReference { id, name }.to_scalar(),
            _ => id_scalar(id),
        })
    }

    fn listed(&self, text: &str, ctx: &ParseContext<'_>) -> Result<Scalar, InputError> {
        let options = self.options(ctx.settings);
        pick(text, &options, &self.name).map(Scalar::Text)
    }

    /// What can be chosen: each id with its label.
    pub(crate) fn options(&self, settings: &Settings) -> Vec<(String, Label)> {
        let choice = |choice: &Choice| (choice.slug.to_string(), choice.label.clone());
        match &self.kind {
            FieldKind::Choice(choices) => choices.iter().map(choice).collect(),
            FieldKind::Setting(list) => {
                settings.items(*list).iter().map(|item| (item.id.clone(), item.label.clone())).collect()
            }
            FieldKind::Stage => {
                settings.stages.all().map(|stage| (stage.id.clone(), stage.label.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    fn range(&self, text: &str, expected: impl Into<Expected>) -> InputError {
        InputError::Range { field: self.name.to_string(), text: clipped(text), expected: expected.into() }
    }
}

/// What was typed, as a message repeats it: no longer than a person reads.
fn clipped(text: &str) -> String {
    const LETTERS_MAX: usize = 60;
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Chooses an option by its id, its label in either language, or the beginning of one label alone.
pub(crate) fn pick(text: &str, options: &[(String, Label)], field: &str) -> Result<String, InputError> {
    let key = fold(text);
    let slug = key.replace([' ', '-'], "_");
    if let Some((id, _)) = options.iter().find(|(id, _)| *id == text || *id == slug) {
        return Ok(id.clone());
    }
    let begins = |label: &str| fold(label).starts_with(&key);
    let same: Vec<_> = options.iter().filter(|(_, label)| label_is(label, &key)).collect();
    let begun: Vec<_> = options.iter().filter(|(_, label)| begins(&label.en) || begins(&label.fa)).collect();
    let found = if same.is_empty() { begun } else { same };
    let names = |rows: &[&(String, Label)]| {
        let name = |(id, label): &&(String, Label)| match label.fa == *id {
            true => id.clone(),
            false => format!("{id} ({})", label.fa),
        };
        rows.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    match found.as_slice() {
        [(id, _)] => Ok(id.clone()),
        [] => Err(InputError::Choice {
            field: field.to_owned(),
            text: clipped(text),
            options: names(&options.iter().collect::<Vec<_>>()),
        }),
        several => Err(InputError::Ambiguous { text: clipped(text), options: names(several) }),
    }
}

/// Compares a label in either language with a folded text.
fn label_is(label: &Label, folded: &str) -> bool {
    fold(&label.en) == folded || fold(&label.fa) == folded
}

/// A decimal as a whole number; `None` when it has a fraction or does not fit.
fn whole(number: Decimal) -> Option<i64> {
    if number.fract().is_zero() { number.to_i64() } else { None }
}
