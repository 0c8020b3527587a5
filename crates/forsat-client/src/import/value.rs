//! From a cell's text to a stored value, by the field's kind.

use crate::error::CellProblem;
use forsat_domain::composite::{Address, Composite, Discount, Moment, Outcome};
use forsat_domain::date::{self, CivilDate};
use forsat_domain::number::{ascii_digits, parse_money, parse_number, parse_percent};
use forsat_domain::record::Scalar;
use forsat_domain::schema::{Choice, FieldDef, FieldKind, Label, SettingList};
use forsat_domain::settings::Settings;
use forsat_domain::{Currency, Money, canonical, text};
use rust_decimal::Decimal;

/// What reading a cell may depend on.
pub(crate) struct Reading<'a> {
    pub settings: &'a Settings,
    pub today: CivilDate,
    /// The order of a date's parts, such as `M/D/Y`.
    pub date_order: Option<&'a str>,
}

/// What is done to a number before it is stored.
pub(crate) struct Measure {
    /// The factor; 1 leaves it as it is.
    pub times: Decimal,
    /// The currency of money.
    pub currency: Currency,
}

impl Reading<'_> {
    /// Reads a cell that isn't empty into a register's value; the error says what is wrong with the cell.
    pub(crate) fn scalar(
        &self,
        field: &FieldDef,
        cell: &str,
        measure: &Measure,
    ) -> Result<Scalar, CellProblem> {
        match &field.kind {
            FieldKind::Text { letters_max } => short_text(cell, *letters_max),
            FieldKind::Integer { min, max } => integer(cell, *min, *max),
            FieldKind::Decimal { scale_max } => decimal(cell, *scale_max).map(canonical_text),
            FieldKind::Quantity { scale_max } => quantity(cell, *scale_max),
            FieldKind::Rate => positive(cell),
            FieldKind::Percent => integer(cell.trim_end_matches(['%', '٪']), 0, 100),
            FieldKind::TaxRate => tax_rate(cell),
            FieldKind::Bool => truth(cell),
            FieldKind::Date => self.date(cell).map(|date| Scalar::text(date.to_string())),
            FieldKind::Money => money(cell, measure).map(|money| money.to_scalar()),
            FieldKind::Choice(choices) => choice(cell, choices),
            FieldKind::Setting(list) => {
                let items = self.settings.items(*list).iter().map(|item| (item.id.as_str(), &item.label));
                labelled(cell, items).map(Scalar::text)
            }
            FieldKind::Currency => {
                let code = cell.trim().to_uppercase().parse::<Currency>()?;
                Ok(Scalar::text(code.code()))
            }
            FieldKind::TimeZone => match cell.parse::<date::Tz>() {
                Ok(zone) => Ok(Scalar::text(zone.name())),
                Err(_) => Err(CellProblem::TimeZone(cell.to_owned())),
            },
            FieldKind::Moment => self.moment(cell),
            FieldKind::Discount => discount(cell, measure),
            FieldKind::Address => Ok(Address { text: cell.to_owned() }.to_scalar()),
            _ => Err(CellProblem::Unfillable(field.name.to_string())),
        }
    }

    /// Reads a date in the mapping's order, or as people type dates.
    pub(crate) fn date(&self, cell: &str) -> Result<CivilDate, CellProblem> {
        match self.date_order {
            // A month by its name needs no order.
            Some(order) if !cell.contains(char::is_alphabetic) => ordered_date(cell, order),
            _ => Ok(date::parse_date(cell, self.today)?),
        }
    }

    /// Reads a day and an hour in the organisation's time zone.
    fn moment(&self, cell: &str) -> Result<Scalar, CellProblem> {
        let zone = self.settings.time_zone;
        let instant = date::parse_moment(cell, self.today, zone)?;
        Ok(Moment { instant, zone: zone.name().to_owned() }.to_scalar())
    }

    /// Finds why a deal was won or lost by its id or label.
    pub(crate) fn reason(&self, cell: &str, outcome: Outcome) -> Result<String, CellProblem> {
        let list = if outcome == Outcome::Won { SettingList::WinReasons } else { SettingList::LossReasons };
        let items = self.settings.items(list).iter().map(|item| (item.id.as_str(), &item.label));
        labelled(cell, items)
    }

    /// Finds a stage by its id or label.
    pub(crate) fn stage(&self, cell: &str) -> Result<String, CellProblem> {
        let stages = self.settings.stages.live();
        labelled(cell, stages.iter().map(|stage| (stage.id.as_str(), &stage.label)))
    }
}

/// Finds an item by its id or its label in either language.
pub(crate) fn labelled<'a>(
    cell: &str,
    items: impl Iterator<Item = (&'a str, &'a Label)>,
) -> Result<String, CellProblem> {
    let items: Vec<(&str, &Label)> = items.collect();
    // Ids are the usual case, and folding every label is dear in a loop over rows.
    if let Some((id, _)) = items.iter().find(|(id, _)| *id == cell) {
        return Ok((*id).to_owned());
    }
    let folded = text::fold(cell);
    let is_meant = |label: &Label| text::fold(&label.en) == folded || text::fold(&label.fa) == folded;
    if let Some((id, _)) = items.iter().find(|(_, label)| is_meant(label)) {
        return Ok((*id).to_owned());
    }
    let known: Vec<&str> = items.iter().map(|(id, _)| *id).collect();
    Err(CellProblem::NoneOf { cell: cell.to_owned(), known: known.join(", ") })
}

/// Reads an amount of money; a unit in the cell (تومان, $) wins over the mapping's currency.
pub(crate) fn money(cell: &str, measure: &Measure) -> Result<Money, CellProblem> {
    let (value, currency) = match parse_number(cell) {
        Ok(value) => (value, measure.currency),
        Err(_) => {
            let money = parse_money(cell, measure.currency)?;
            (money.value(), money.currency())
        }
    };
    let value = canonical::exact_product(value, measure.times)
        .ok_or_else(|| CellProblem::TooLarge(cell.to_owned()))?;
    Ok(Money::non_negative(value, currency)?)
}

fn discount(cell: &str, measure: &Measure) -> Result<Scalar, CellProblem> {
    if !cell.contains(['%', '٪']) {
        return Ok(Discount::Amount { amount: money(cell, measure)? }.to_scalar());
    }
    let pct = parse_percent(cell)?;
    if !(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&pct) {
        return Err(CellProblem::Percentage(cell.to_owned()));
    }
    Ok(Discount::Percent { pct }.to_scalar())
}

fn short_text(cell: &str, letters_max: usize) -> Result<Scalar, CellProblem> {
    let letters = cell.chars().count();
    if letters > letters_max {
        return Err(CellProblem::Letters { letters, max: letters_max });
    }
    // Neither a form nor a file of our own export takes one.
    if cell.chars().any(char::is_control) {
        return Err(CellProblem::ControlLetter);
    }
    Ok(Scalar::text(cell))
}

fn integer(cell: &str, min: i64, max: i64) -> Result<Scalar, CellProblem> {
    let number = parse_number(cell)?;
    let whole = number.is_integer().then(|| i64::try_from(number).ok()).flatten();
    match whole.filter(|whole| (min..=max).contains(whole)) {
        Some(whole) => Ok(Scalar::Int(whole)),
        None => Err(CellProblem::Whole { cell: cell.to_owned(), min, max }),
    }
}

fn positive(cell: &str) -> Result<Scalar, CellProblem> {
    let number = parse_number(cell)?;
    if number <= Decimal::ZERO {
        return Err(CellProblem::NotPositive(cell.to_owned()));
    }
    Ok(canonical_text(number))
}

fn decimal(cell: &str, scale_max: u32) -> Result<Decimal, CellProblem> {
    let number = parse_number(cell)?;
    if number.normalize().scale() > scale_max {
        return Err(CellProblem::Decimals { cell: cell.to_owned(), max: scale_max });
    }
    Ok(number)
}

fn canonical_text(number: Decimal) -> Scalar {
    Scalar::text(canonical::decimal_text(number))
}

fn quantity(cell: &str, scale_max: u32) -> Result<Scalar, CellProblem> {
    decimal(cell, scale_max)?;
    positive(cell)
}

fn tax_rate(cell: &str) -> Result<Scalar, CellProblem> {
    let percent = parse_percent(cell)?;
    let points = canonical::exact_product(percent, Decimal::ONE_HUNDRED)
        .filter(Decimal::is_integer)
        .and_then(|points| i64::try_from(points).ok())
        .filter(|points| (0..=10_000).contains(points));
    points.map(Scalar::Int).ok_or_else(|| CellProblem::Percentage(cell.to_owned()))
}

fn truth(cell: &str) -> Result<Scalar, CellProblem> {
    match text::fold(cell).as_str() {
        "1" | "true" | "yes" | "y" | "بله" | "بلی" | "اری" | "آری" => Ok(Scalar::Bool(true)),
        "0" | "false" | "no" | "n" | "خیر" | "نه" => Ok(Scalar::Bool(false)),
        _ => Err(CellProblem::Truth(cell.to_owned())),
    }
}

fn choice(cell: &str, choices: &[Choice]) -> Result<Scalar, CellProblem> {
    labelled(cell, choices.iter().map(|choice| (choice.slug.as_ref(), &choice.label))).map(Scalar::text)
}

fn ordered_date(cell: &str, order: &str) -> Result<CivilDate, CellProblem> {
    let wrong = || CellProblem::DateOrder { cell: cell.to_owned(), order: order.to_owned() };
    let digits = ascii_digits(cell);
    let parts: Vec<&str> = digits.split(|letter: char| !letter.is_ascii_digit()).collect();
    let names: Vec<char> = order.chars().filter(char::is_ascii_alphabetic).collect();
    if parts.len() != names.len() {
        return Err(wrong());
    }
    let part = |name: char| {
        let at = names.iter().position(|known| known.eq_ignore_ascii_case(&name))?;
        parts[at].parse::<i32>().ok()
    };
    let (year, month, day) = match (part('Y'), part('M'), part('D')) {
        (Some(year), Some(month), Some(day)) => (year, month, day),
        _ => return Err(wrong()),
    };
    let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Err(wrong()) };
    let found = match year {
        1300..=1499 => CivilDate::from_jalali(year, month, day),
        1900..=2199 => CivilDate::from_gregorian(year, month, day),
        _ => None,
    };
    found.ok_or_else(|| CellProblem::NoDay(cell.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_order_of_the_mapping() {
        let day = |cell: &str, order: &str| ordered_date(cell, order).map(|date| date.to_string());
        assert_eq!(day("10/20/2016", "M/D/Y"), Ok("2016-10-20".to_owned()));
        assert_eq!(day("۱۴۰۴/۰۶/۳۰", "Y/M/D"), Ok("2025-09-21".to_owned()));
        assert!(day("20/10/2016", "M/D/Y").is_err());
        assert!(day("10/2016", "M/D/Y").is_err());
        assert!(day("1/1/16", "M/D/Y").is_err());
    }

    #[test]
    fn yes_and_no_are_read_in_both_spellings() {
        for yes in ["1", "Yes", "بله", "بلي", "آری", "اري"] {
            assert_eq!(truth(yes), Ok(Scalar::Bool(true)), "{yes}");
        }
        assert_eq!(truth("خير"), Ok(Scalar::Bool(false)));
        assert!(truth("شاید").is_err());
    }

    #[test]
    fn numbers_keep_their_bounds() {
        assert_eq!(integer("۱۲", 0, 100), Ok(Scalar::Int(12)));
        assert!(integer("1.5", 0, 100).is_err());
        assert!(integer("101", 0, 100).is_err());
        assert_eq!(tax_rate("9%"), Ok(Scalar::Int(900)));
        assert!(quantity("0", 6).is_err());
        assert!(quantity("0.1234567", 6).is_err());
        let measure =
            Measure { times: Decimal::from(1_000_000), currency: Currency::from_code("USD").expect("known") };
        assert_eq!(money("1100.04", &measure).map(|money| money.value()), Ok(Decimal::from(1_100_040_000)));
        assert!(money("-1", &measure).is_err());
    }
}
