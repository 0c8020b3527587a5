//! The engine's answers as lines for a person. Order is logical: terminals with bidi would reorder twice.

use forsat_client::Preferences;
use forsat_domain::date::Tz;
use forsat_domain::schema::display::Locale as ValueLocale;
use forsat_domain::schema::{Language as LabelLanguage, Schema};
use forsat_domain::{Calendar, Digits, Money, RialUnit, Settings};

use crate::app::App;
use crate::i18n::Language;
use crate::output::{FAINT, STRONG, paint};

pub mod access;
pub mod breakdown;
pub mod comparison;
pub mod duplicates;
pub mod filter;
pub mod forecast;
pub mod inspect;
pub mod issue;
pub mod lead;
pub mod list;
pub mod mass;
pub mod past;
pub mod pipeline;
pub mod quarantine;
pub mod record;
pub mod refused;
pub mod related;
pub mod settings;
pub mod status;
pub mod stuck;
pub mod summary;
pub mod today;

pub use record::raw;

/// Letters of an id that are shown in lists; more where the prefix needs them.
const ID_LETTERS: usize = 6;

/// How a person reads values, and in which time zone.
#[derive(Clone, Copy, Debug)]
pub struct Locale {
    /// The domain's part: language, calendar, digits, unit of rials.
    pub values: ValueLocale,
    /// The organisation's time zone.
    pub zone: Tz,
}

impl Locale {
    /// What a person chose, over what readers of the language are used to and over the organisation's calendar.
    ///
    /// A language that was asked for on the command line brings its own digits, unless it is the person's anyway.
    pub fn preferring(
        asked: Option<Language>,
        system: Language,
        mine: &Preferences,
        organisation: &Settings,
    ) -> Self {
        let own = mine.language.map(|language| match language {
            LabelLanguage::English => Language::En,
            LabelLanguage::Persian => Language::Fa,
        });
        let language = asked.or(own).unwrap_or(system);
        let mut locale = Self::of(language);
        let is_own = asked.is_none() || asked == own;
        if let Some(digits) = mine.digits.filter(|_| is_own) {
            locale.values.digits = digits;
        }
        locale.values.calendar = mine.calendar.unwrap_or(organisation.calendar);
        locale.values.rial_unit = mine.rial_unit.unwrap_or_default();
        locale.zone = organisation.time_zone;
        locale
    }

    /// What readers of a language are used to.
    pub fn of(language: Language) -> Self {
        let values = match language {
            Language::En => ValueLocale {
                language: LabelLanguage::English,
                calendar: Calendar::Gregorian,
                digits: Digits::Latin,
                rial_unit: RialUnit::Rial,
            },
            Language::Fa => ValueLocale {
                language: LabelLanguage::Persian,
                calendar: Calendar::Persian,
                digits: Digits::Persian,
                rial_unit: RialUnit::Rial,
            },
        };
        Self { values, zone: Tz::Asia__Tehran }
    }

    /// The language of labels.
    pub fn language(&self) -> LabelLanguage {
        self.values.language
    }

    /// A whole number with groups of three.
    pub fn integer(&self, number: u64) -> String {
        self.values.number(number.into())
    }

    /// Text with its ASCII digits in the reader's script, without groups.
    pub fn digits(&self, text: &str) -> String {
        match self.values.digits {
            Digits::Latin => text.to_owned(),
            Digits::Persian => forsat_domain::number::persian_digits(text),
        }
    }

    /// An amount with its unit.
    pub fn money(&self, money: Money) -> String {
        self.values.money(money)
    }

    /// A day and minute in the organisation's time zone.
    pub fn moment(&self, time_ms: i64) -> String {
        self.values.moment(time_ms, self.zone)
    }
}

/// A short id with the part that names it alone set off.
pub fn id(short: &str, prefix: usize) -> String {
    let shown = prefix.max(ID_LETTERS).min(short.len());
    let (head, tail) = short.split_at(prefix.min(shown));
    format!("{}{}", paint(STRONG, head), paint(FAINT, &tail[..shown - head.len()]))
}

/// The letters of a short id that a person needs to type.
pub fn typed_id(short: &str, prefix: usize) -> &str {
    &short[..prefix.min(short.len())]
}

/// The label of a module, one record of it.
pub fn module_label(app: &App, module: &str) -> String {
    label(app, module, |found| found.label.get(app.locale.language()).to_owned())
}

/// The label of a module, many records of it.
pub fn module_plural(app: &App, module: &str) -> String {
    label(app, module, |found| found.plural.get(app.locale.language()).to_owned())
}

fn label(app: &App, module: &str, of: impl Fn(&forsat_domain::ModuleDef) -> String) -> String {
    app.schema.module(module).map_or_else(|| module.to_owned(), of)
}

/// The label of a field by its path: `amount`, or `lines/<entry>/qty`.
pub fn field_label(app: &App, module: &str, path: &str) -> String {
    let schema: &Schema = &app.schema;
    let known = |path: &str| {
        schema.field(module, path).map(|field| field.label.get(app.locale.language()).to_owned())
    };
    let whole = path.split('/').next().unwrap_or(path);
    match (known(whole), path.contains('/').then(|| known(path)).flatten()) {
        (Some(map), Some(part)) => format!("{map}: {part}"),
        (Some(field), None) => field,
        _ => path.to_owned(),
    }
}
