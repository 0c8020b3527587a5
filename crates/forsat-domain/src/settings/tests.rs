//! Tests of the settings: defaults, stages that are archived or unknown, exchange rates.

use super::*;
use crate::composite::Outcome;
use crate::edit::Edit;
use crate::testing::{Desk, euros, jalali, rials, settings_of};

fn archived(stage: &str, replaced_by: &str) -> Vec<Edit> {
    let mut edits = vec![Edit::set_entry("stages", stage, "archived", true)];
    if !replaced_by.is_empty() {
        edits.push(Edit::set_entry("stages", stage, "replaced_by", replaced_by));
    }
    edits
}

// R42 of docs/requirements.md.
#[test]
fn without_a_record_everything_has_its_default() {
    let settings = Settings::default();
    assert_eq!(settings.currency, Currency::IRR);
    assert_eq!(settings.time_zone, Tz::Asia__Tehran);
    let stages: Vec<(&str, u8)> =
        settings.stages.live().iter().map(|stage| (stage.id.as_str(), stage.probability)).collect();
    let expected = [
        ("identification", 10),
        ("needs", 25),
        ("proposal", 65),
        ("negotiation", 80),
        ("won", 100),
        ("lost", 0),
    ];
    assert_eq!(stages, expected);
    assert_eq!(settings.items(SettingList::LeadSources).len(), 14);
    let reasons: Vec<&str> =
        settings.items(SettingList::LossReasons).iter().map(|item| item.id.as_str()).collect();
    assert_eq!(reasons.first(), Some(&"price"));
    assert_eq!(reasons.last(), Some(&REASON_OTHER));
    assert_eq!(settings.stages.get("negotiation").unwrap().label.fa, "انجام مذاکرات نهایی");
}

#[test]
fn only_what_is_stored_differs_from_the_defaults() {
    let settings = settings_of(&[
        Edit::set("currency", "USD"),
        Edit::set("calendar", "gregorian"),
        Edit::set("time_zone", "Europe/Paris"),
        Edit::set("fiscal_year_start", 99),
        Edit::set_entry("stages", "needs", "default_probability", 30),
        Edit::set_entry("stages", "won", "default_probability", 30),
        Edit::set_entry("stages", "demo", "label_fa", "نمایش"),
        Edit::set_entry("stages", "demo", "position", 25),
    ]);
    assert_eq!((settings.currency, settings.calendar), (Currency::USD, Calendar::Gregorian));
    assert_eq!(settings.fiscal_year_start, 1);
    assert_eq!(settings.stages.get("won").unwrap().probability, 100);
    let order: Vec<&str> = settings.stages.live().iter().map(|stage| stage.id.as_str()).take(3).collect();
    assert_eq!(order, ["identification", "needs", "demo"]);
    assert_eq!(settings.stages.get("demo").unwrap().label.en, "نمایش");
}

// R40 of docs/requirements.md.
#[test]
fn archived_stages_follow_their_replacement() {
    let settings =
        settings_of(&[archived("proposal", "negotiation"), archived("needs", "proposal")].concat());
    assert_eq!(settings.stages.effective("needs").unwrap().id, "negotiation");
    assert_eq!(settings.stages.effective("proposal").unwrap().id, "negotiation");
    assert_eq!(settings.stages.effective("identification").unwrap().id, "identification");
    assert_eq!(settings.stages.effective("nowhere"), None);
}

#[test]
fn a_cycle_of_replacements_stands_for_its_lowest_position() {
    let cycle = [
        archived("identification", "needs"),
        archived("needs", "proposal"),
        archived("proposal", "negotiation"),
        archived("negotiation", "needs"),
    ];
    let settings = settings_of(&cycle.concat());
    for stage in ["identification", "needs", "proposal", "negotiation"] {
        assert_eq!(settings.stages.effective(stage).unwrap().id, "needs", "from {stage}");
    }
}

#[test]
fn a_replacement_never_changes_the_outcome() {
    let mut edits = archived("won", "needs");
    edits.push(Edit::set_entry("stages", "sold", "kind", "won"));
    edits.push(Edit::set_entry("stages", "sold", "label_en", "Sold"));
    let settings = settings_of(&edits);
    assert_eq!(settings.stages.effective("won").unwrap().id, "won");
}

#[test]
fn closing_stages_that_are_all_archived_read_as_live() {
    let settings = settings_of(&archived("lost", "won"));
    assert!(settings.stages.is_live(settings.stages.get("lost").unwrap()));
    assert_eq!(settings.stages.first(DEFAULT_PIPELINE, Outcome::Lost).unwrap().id, "lost");
    let expected = StageKindsArchived { pipeline: DEFAULT_PIPELINE.to_owned(), kind: Outcome::Lost };
    assert_eq!(settings.stages.all_archived(), [expected]);
}

#[test]
fn the_latest_rate_on_or_before_the_day_counts() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 3, 1), 900_000);
    desk.euro(jalali(1404, 7, 1), 1_250_000);
    let settings = crate::world::World::settings(&desk.world);
    let at = |day| settings.rates.convert(euros(10), Currency::IRR, day);
    assert_eq!(at(jalali(1404, 2, 31)), Err(ConvertError::NoRate(Currency::EUR)));
    assert_eq!(at(jalali(1404, 3, 1)), Ok(rials(9_000_000)));
    assert_eq!(at(jalali(1404, 6, 31)), Ok(rials(9_000_000)));
    assert_eq!(at(jalali(1404, 7, 1)), Ok(rials(12_500_000)));
    let back = settings.rates.convert(rials(9_000_000), Currency::EUR, jalali(1404, 3, 1));
    assert_eq!(back, Ok(euros(10)));
    let without = settings.rates.convert(rials(1), Currency::USD, jalali(1404, 7, 1));
    assert_eq!(without, Err(ConvertError::NoRate(Currency::USD)));
}

#[test]
fn a_rate_of_zero_or_less_is_no_rate() {
    let rows = |rate: &str| {
        let set = |name: &str, value: &str| Edit::set_entry("rates", "x", name, value);
        settings_of(&[set("currency", "EUR"), set("date", "2025-01-01"), set("rate", rate)])
    };
    let day = jalali(1404, 1, 1);
    assert_eq!(rows("0").rates.on(Currency::EUR, day), None);
    assert_eq!(rows("-3").rates.on(Currency::EUR, day), None);
    assert_eq!(rows("nonsense").rates.on(Currency::EUR, day), None);
    assert!(rows("2.5").rates.on(Currency::EUR, day).is_some());
}
