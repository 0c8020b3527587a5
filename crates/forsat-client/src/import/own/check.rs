//! Whether a value of a file may stand in a field: in the form that is stored, or as people type it.

use crate::error::{CellProblem, ClientError, ExportReason, RowReason};
use forsat_domain::composite::{
    Address, AmountMode, Composite, Discount, Moment, NamedReference, StageEntry, read_typed_reference,
};
use forsat_domain::date::{CivilDate, Tz};
use forsat_domain::record::Scalar;
use forsat_domain::schema::input::ParseContext;
use forsat_domain::schema::{FieldDef, FieldKind};
use forsat_domain::settings::Settings;
use forsat_domain::{Currency, MergeCode, Money, RecordId, canonical};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// Letters of a tag; the schema's limit.
const TAG_LETTERS_MAX: usize = 64;

/// Tells whether a record of one of some modules may be pointed at.
pub(super) type IsKnown<'a> = dyn Fn(&BTreeSet<&str>, RecordId) -> Result<bool, ClientError> + 'a;

/// What checking needs to know.
pub(super) struct Checker<'a> {
    pub settings: &'a Settings,
    pub parse: ParseContext<'a>,
    /// Whether a record of one of these modules is here or comes with the files.
    pub is_known: &'a IsKnown<'a>,
}

impl Checker<'_> {
    /// A value as it may be stored; the error says what is wrong with it.
    pub(super) fn settled(&self, field: &FieldDef, value: &Scalar) -> Result<Scalar, RowReason> {
        if value.is_null() || self.fits(field, value)? {
            return Ok(value.clone());
        }
        match value {
            Scalar::Text(typed) => Ok(field.parse(typed, &self.parse)?),
            other => {
                let (value, field) = (format!("{other:?}"), field.name.to_string());
                Err(CellProblem::NoValue { value, field }.into())
            }
        }
    }

    /// Whether a value is one that is stored for the field.
    fn fits(&self, field: &FieldDef, value: &Scalar) -> Result<bool, RowReason> {
        let text = value.as_text();
        let is_same = |again: Option<Scalar>| again.as_ref() == Some(value);
        let decimal = text.and_then(|text| canonical::parse_decimal(text).ok());
        let is_positive = |scale_max: u32| {
            decimal.is_some_and(|number| number > Decimal::ZERO && number.scale() <= scale_max)
        };
        let is_within =
            |min: i64, max: i64| value.as_int().is_some_and(|number| (min..=max).contains(&number));
        Ok(match &field.kind {
            FieldKind::Text { letters_max } => text.is_some_and(|text| {
                text.chars().count() <= *letters_max && !text.chars().any(char::is_control)
            }),
            FieldKind::LongText | FieldKind::Position => text.is_some(),
            FieldKind::Integer { min, max } => is_within(*min, *max),
            FieldKind::Percent => is_within(0, 100),
            FieldKind::TaxRate => is_within(0, 10_000),
            FieldKind::Timestamp => value.as_int().is_some(),
            FieldKind::Bool => value.as_bool().is_some(),
            FieldKind::Decimal { scale_max } => decimal.is_some_and(|number| number.scale() <= *scale_max),
            FieldKind::Quantity { scale_max } => is_positive(*scale_max),
            FieldKind::Rate => is_positive(Decimal::MAX_SCALE),
            FieldKind::Date => is_same(
                text.and_then(|text| text.parse::<CivilDate>().ok()).map(|day| Scalar::text(day.to_string())),
            ),
            FieldKind::Money => is_same(Money::from_scalar(value).map(|money| money.to_scalar())),
            FieldKind::Discount => is_same(Discount::from_scalar(value).map(|discount| discount.to_scalar())),
            FieldKind::Address => Address::from_scalar(value).is_some(),
            FieldKind::Moment => {
                Moment::from_scalar(value).is_some_and(|moment| moment.zone.parse::<Tz>().is_ok())
            }
            FieldKind::Choice(choices) => {
                text.is_some_and(|text| choices.iter().any(|choice| choice.slug == text))
                    || (field.name == "amount_mode" && AmountMode::from_scalar(value).is_some())
            }
            FieldKind::Setting(list) => text.is_some_and(|text| self.settings.item(*list, text).is_some()),
            FieldKind::Stage => {
                let entry = StageEntry::from_scalar(value);
                entry.is_some_and(|entry| self.settings.stages.get(&entry.stage_id).is_some())
            }
            FieldKind::Currency => {
                text.is_some_and(|text| Currency::from_code(text).is_ok_and(|known| known.code() == text))
            }
            FieldKind::TimeZone => text.is_some_and(|text| text.parse::<Tz>().is_ok()),
            FieldKind::Reference(module) => {
                return self.is_reference(field, module, text.and_then(|text| text.parse().ok()));
            }
            FieldKind::NamedReference(module) => {
                return self.is_reference(
                    field,
                    module,
                    NamedReference::from_scalar(value).map(|named| named.id),
                );
            }
            FieldKind::Composite => text.is_some_and(|text| text.starts_with('{')),
            FieldKind::Tags | FieldKind::ReferenceSet(_) | FieldKind::References(_) | FieldKind::Entries => {
                false
            }
        })
    }

    fn is_reference(&self, field: &FieldDef, module: &str, id: Option<RecordId>) -> Result<bool, RowReason> {
        let Some(id) = id else { return Ok(false) };
        // Who made a record, and from what, stays true of a record that isn't here.
        if field.merge == MergeCode::I {
            return Ok(true);
        }
        self.expect_known(&BTreeSet::from([module]), id).map(|()| true)
    }

    fn expect_known(&self, modules: &BTreeSet<&str>, id: RecordId) -> Result<(), RowReason> {
        match (self.is_known)(modules, id) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let modules = modules.iter().map(ToString::to_string).collect();
                Err(ExportReason::NoRecord { modules, id: id.to_string() }.into())
            }
            Err(error) => Err(RowReason::Store(error.to_string())),
        }
    }

    /// Refuses a member that a set can't have.
    pub(super) fn check_member(&self, field: &FieldDef, key: &str) -> Result<(), RowReason> {
        match &field.kind {
            FieldKind::References(modules) => {
                let (module, id) = read_typed_reference(key)
                    .filter(|(module, _)| modules.iter().any(|known| known == module))
                    .ok_or_else(|| ExportReason::Member(key.to_owned()))?;
                self.expect_known(&BTreeSet::from([module]), id)
            }
            FieldKind::ReferenceSet(_) => {
                let id = key.parse::<RecordId>();
                id.map(|_| ()).map_err(|_| ExportReason::MemberId(key.to_owned()).into())
            }
            _ if key.chars().count() > TAG_LETTERS_MAX || key.contains('/') => {
                Err(ExportReason::Tag { key: key.to_owned(), max: TAG_LETTERS_MAX }.into())
            }
            _ => Ok(()),
        }
    }
}
