//! Writes a stored value the way a person reads it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{FieldDef, FieldKind, Label, Language, record_name};
use crate::canonical;
use crate::composite::{
    Address, AmountMode, CheckMark, Composite, Discount, LifeState, Lifecycle, Moment, NamedReference,
    ProbabilityOverride, Removed, StageEntry, read_typed_reference, reference_id,
};
use crate::date::{Calendar, CivilDate, Tz};
use crate::id::RecordId;
use crate::money::Money;
use crate::number::{Digits, RialUnit, format_money, format_number, persian_digits};
use crate::record::{Entry, Scalar};
use crate::schema::SettingList;
use crate::world::World;

/// What stands where there is no value.
pub const NOTHING: &str = "—";

/// How a person reads values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Locale {
    /// The language of labels and units.
    pub language: Language,
    /// The calendar of dates.
    pub calendar: Calendar,
    /// The digits of numbers and dates.
    pub digits: Digits,
    /// The unit of rial amounts.
    pub rial_unit: RialUnit,
}

impl Locale {
    /// Writes a date.
    pub fn date(&self, date: CivilDate) -> String {
        date.format(self.calendar, self.digits)
    }

    /// Writes an amount with its unit.
    pub fn money(&self, money: Money) -> String {
        format_money(money, self.rial_unit, self.digits, self.language)
    }

    /// Writes a number with groups of three.
    pub fn number(&self, number: Decimal) -> String {
        format_number(number, self.digits)
    }

    /// Writes a percentage with its sign.
    pub fn percent(&self, percent: Decimal) -> String {
        let sign = if self.digits == Digits::Persian { "٪" } else { "%" };
        format!("{}{sign}", self.number(percent))
    }

    /// Writes an instant (UTC milliseconds) as the day and minute in the organisation's time zone.
    pub fn timestamp(&self, time_ms: i64, world: &dyn World) -> String {
        self.moment(time_ms, world.settings().time_zone)
    }

    /// Writes an instant (UTC milliseconds) as the day and minute in a time zone.
    pub fn moment(&self, time_ms: i64, zone: Tz) -> String {
        let date = self.date(crate::date::civil_date_of(time_ms, zone));
        let Some(instant) = DateTime::<Utc>::from_timestamp_millis(time_ms) else { return date };
        let clock = instant.with_timezone(&zone).format("%H:%M").to_string();
        let clock = if self.digits == Digits::Persian { persian_digits(&clock) } else { clock };
        format!("{date} {clock}")
    }

    /// Writes yes or no.
    fn truth(&self, value: bool) -> String {
        let word = match (self.language, value) {
            (Language::English, true) => "yes",
            (Language::English, false) => "no",
            (Language::Persian, true) => "بله",
            (Language::Persian, false) => "خیر",
        };
        word.to_owned()
    }
}

impl FieldDef {
    /// Writes a stored value for a person; what can't be read is shown raw, and nothing as a dash.
    pub fn format(&self, value: &Scalar, locale: &Locale, world: &dyn World) -> String {
        if value.is_blank() {
            return NOTHING.to_owned();
        }
        self.known(value, locale, world).unwrap_or_else(|| raw(value))
    }

    fn known(&self, value: &Scalar, locale: &Locale, world: &dyn World) -> Option<String> {
        let text = value.as_text();
        let settings = world.settings();
        let label = |label: &Label| label.get(locale.language).to_owned();
        match &self.kind {
            FieldKind::Date => text?.parse().ok().map(|date| locale.date(date)),
            FieldKind::Moment => moment(value, locale, world),
            FieldKind::Timestamp => Some(locale.timestamp(value.as_int()?, world)),
            FieldKind::Money => Money::from_scalar(value).map(|money| locale.money(money)),
            FieldKind::Percent => Some(locale.percent(value.as_int()?.into())),
            FieldKind::TaxRate => Some(locale.percent(Decimal::new(value.as_int()?, 2))),
            FieldKind::Integer { .. } => Some(locale.number(value.as_int()?.into())),
            FieldKind::Decimal { .. } | FieldKind::Quantity { .. } | FieldKind::Rate => {
                canonical::parse_decimal(text?).ok().map(|number| locale.number(number))
            }
            FieldKind::Bool => value.as_bool().map(|value| locale.truth(value)),
            FieldKind::Discount => discount(value, locale),
            FieldKind::Choice(choices) => {
                let slug = AmountMode::from_scalar(value).map(|choice| mode_slug(&choice));
                let slug = slug.or(text)?;
                choices.iter().find(|choice| choice.slug == slug).map(|choice| label(&choice.label))
            }
            FieldKind::Setting(list) => settings.item(*list, text?).map(|item| label(&item.label)),
            FieldKind::Stage => stage(value, locale, world),
            FieldKind::Reference(_) => reference_id(value).map(|id| name_of(id, world)),
            FieldKind::NamedReference(_) => NamedReference::from_scalar(value)
                .map(|reference| known_name(reference.id, world).unwrap_or(reference.name)),
            FieldKind::Address => Address::from_scalar(value).map(|address| address.text),
            FieldKind::Composite => composite(value, locale),
            _ => None,
        }
    }
}

/// Writes a point in time in its own time zone, which is named where it isn't the organisation's.
fn moment(value: &Scalar, locale: &Locale, world: &dyn World) -> Option<String> {
    let moment = Moment::from_scalar(value)?;
    let zone: Tz = moment.zone.parse().ok()?;
    let text = locale.moment(moment.instant, zone);
    Some(if zone == world.settings().time_zone { text } else { format!("{text} ({})", zone.name()) })
}

/// Writes the keys of a set: names of records for references, words as they are.
pub fn set_words<'k>(
    field: &FieldDef,
    keys: impl IntoIterator<Item = &'k str>,
    locale: &Locale,
    world: &dyn World,
) -> String {
    let word = |key: &str| match &field.kind {
        FieldKind::References(_) => {
            read_typed_reference(key).map_or_else(|| key.to_owned(), |(_, id)| name_of(id, world))
        }
        FieldKind::ReferenceSet(_) => key.parse().map_or_else(|_| key.to_owned(), |id| name_of(id, world)),
        _ => key.to_owned(),
    };
    let comma = if locale.language == Language::Persian { "، " } else { ", " };
    keys.into_iter().map(word).collect::<Vec<_>>().join(comma)
}

/// Writes an entry of the people of a deal: the contact that its key names, and the role.
pub fn contact_words(key: &str, entry: &Entry, world: &dyn World) -> String {
    let name = key.parse().map_or_else(|_| key.to_owned(), |id| name_of(id, world));
    match entry.winner("role").as_text().map(str::trim) {
        Some(role) if !role.is_empty() => format!("{name} ({role})"),
        _ => name,
    }
}

/// Writes a stage entry: the stage, and for a loss its reason.
fn stage(value: &Scalar, locale: &Locale, world: &dyn World) -> Option<String> {
    let settings = world.settings();
    let entry = StageEntry::from_scalar(value);
    let id = entry.as_ref().map(|entry| entry.stage_id.as_str()).or(value.as_text())?;
    let name =
        settings.stages.get(id).map_or(id.to_owned(), |stage| stage.label.get(locale.language).to_owned());
    let reason = entry.and_then(|entry| {
        let list = match entry.outcome {
            crate::composite::Outcome::Won => SettingList::WinReasons,
            _ => SettingList::LossReasons,
        };
        let id = entry.reason_id?;
        Some(settings.item(list, &id).map_or(id, |item| item.label.get(locale.language).to_owned()))
    });
    Some(reason.map_or(name.clone(), |reason| format!("{name}: {reason}")))
}

fn discount(value: &Scalar, locale: &Locale) -> Option<String> {
    Some(match Discount::from_scalar(value)? {
        Discount::None => NOTHING.to_owned(),
        Discount::Percent { pct } => locale.percent(pct),
        Discount::Amount { amount } => locale.money(amount),
    })
}

/// Writes the composites that only commands write, as far as they say something by themselves.
fn composite(value: &Scalar, locale: &Locale) -> Option<String> {
    if let Some(set) = ProbabilityOverride::from_scalar(value) {
        return Some(locale.percent(set.pct.into()));
    }
    let word = |en: &str, fa: &str| match locale.language {
        Language::English => en.to_owned(),
        Language::Persian => fa.to_owned(),
    };
    if let Some(life) = Lifecycle::from_scalar(value) {
        return Some(match life.state {
            LifeState::Active => word("active", "فعال"),
            LifeState::Trashed => word("deleted", "حذف‌شده"),
        });
    }
    // Before what is removed: a tick has a value too, and more besides.
    if let Some(mark) = CheckMark::from_scalar(value) {
        return Some(if mark.value { word("done", "انجام شد") } else { word("open", "باز") });
    }
    let removed = Removed::from_scalar(value)?;
    Some(if removed.value { word("removed", "حذف‌شده") } else { word("kept", "مانده") })
}

fn mode_slug(choice: &AmountMode) -> &'static str {
    match choice.mode {
        crate::composite::Mode::Manual => "manual",
        crate::composite::Mode::Lines => "lines",
    }
}

/// The current name of a record, or its short id where it is not on this device.
pub fn name_of(id: RecordId, world: &dyn World) -> String {
    known_name(id, world).unwrap_or_else(|| id.to_string())
}

fn known_name(id: RecordId, world: &dyn World) -> Option<String> {
    Some(record_name(&*world.record(id)?)).filter(|name| !name.is_empty())
}

fn raw(value: &Scalar) -> String {
    match value {
        Scalar::Null => NOTHING.to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}
