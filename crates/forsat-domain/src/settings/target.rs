//! Targets: what a person or a team is to win in a month, a quarter or a year.

use std::fmt;
use std::str::FromStr;

use crate::composite::{Composite, reference_id};
use crate::date::{self, Calendar, Period};
use crate::id::RecordId;
use crate::lifecycle::Presence;
use crate::money::Money;
use crate::record::RecordState;
use crate::text::fold;

/// A month, a quarter or a year that a target is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetPeriod {
    /// The year: 1300 to 1499 are Persian years, 1900 to 2199 Gregorian ones.
    pub year: i32,
    /// Which part of it.
    pub part: YearPart,
}

/// A part of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum YearPart {
    /// All of it.
    Whole,
    /// Quarter 1 to 4.
    Quarter(u8),
    /// Month 1 to 12.
    Month(u8),
}

impl TargetPeriod {
    /// The calendar that the year belongs to.
    pub fn calendar(&self) -> Calendar {
        if self.year < 1500 { Calendar::Persian } else { Calendar::Gregorian }
    }

    /// The days of the period.
    pub fn days(&self) -> Option<Period> {
        match self.part {
            YearPart::Whole => date::year_of(self.calendar(), self.year),
            YearPart::Quarter(quarter) => date::quarter_of(self.calendar(), self.year, quarter),
            YearPart::Month(month) => date::month_of(self.calendar(), self.year, month),
        }
    }
}

impl fmt::Display for TargetPeriod {
    /// Spells it as it is stored: `1404`, `1404-Q2`, `1404-07`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            YearPart::Whole => write!(f, "{}", self.year),
            YearPart::Quarter(quarter) => write!(f, "{}-Q{quarter}", self.year),
            YearPart::Month(month) => write!(f, "{}-{month:02}", self.year),
        }
    }
}

impl FromStr for TargetPeriod {
    type Err = ();

    /// Reads `1404`, `1404/07`, `1404-07`, `1404-Q2` and `1404q2`, with digits of any script.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = fold(text);
        let (year, rest) = text.split_at_checked(4).ok_or(())?;
        let year: i32 = year.parse().map_err(|_| ())?;
        let rest = rest.trim_start_matches(['/', '-']).trim();
        let part = match (rest, rest.strip_prefix('q')) {
            ("", _) => YearPart::Whole,
            (_, Some(quarter)) => YearPart::Quarter(quarter.trim().parse().map_err(|_| ())?),
            _ => YearPart::Month(rest.parse().map_err(|_| ())?),
        };
        let period = Self { year, part };
        let known = (1300..1500).contains(&year) || (1900..2200).contains(&year);
        if known && period.days().is_some() { Ok(period) } else { Err(()) }
    }
}

/// Who a target is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetOwner {
    /// One person.
    User(RecordId),
    /// A team, by its name.
    Team(String),
}

/// What somebody is to win in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The entry's id.
    pub id: String,
    /// Who.
    pub owner: TargetOwner,
    /// When.
    pub period: TargetPeriod,
    /// How much.
    pub value: Money,
}

/// Reads the targets that are not removed, by period and owner; rows that can't be read are left out.
pub(super) fn read(state: Option<&RecordState>) -> Vec<Target> {
    let entries = state.into_iter().flat_map(|state| state.entries("targets"));
    let mut targets: Vec<Target> = entries
        .filter(|(_, entry)| Presence::of(entry).is_kept())
        .filter_map(|(id, entry)| {
            let team = entry.winner("team").as_text().filter(|team| !team.trim().is_empty());
            let owner = match reference_id(entry.winner("user_id")) {
                Some(user) => TargetOwner::User(user),
                None => TargetOwner::Team(team?.to_owned()),
            };
            let period = entry.winner("period").as_text()?.parse().ok()?;
            let value = Money::from_scalar(entry.winner("value"))?;
            Some(Target { id: id.to_owned(), owner, period, value })
        })
        .collect();
    targets.sort_by(|left, right| {
        (left.period, &left.owner, &left.id).cmp(&(right.period, &right.owner, &right.id))
    });
    targets
}
