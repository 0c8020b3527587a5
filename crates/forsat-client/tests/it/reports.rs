//! The forecast beside the one of an earlier day.

use crate::support::{Fixed, dollars_by};
use forsat_client::{CloseInput, Engine, FieldInput};
use forsat_domain::report::{DealChangeKind, ForecastComparison};
use std::sync::Arc;

fn field(name: &str, value: &str) -> FieldInput {
    FieldInput::new(name, value)
}

fn add(engine: &Engine, name: &str, amount: &str) {
    let fields = [
        field("account_id", "Arya"),
        field("name", name),
        field("amount", amount),
        field("close_date", "2026-08-01"),
    ];
    engine.create("opp", &fields).expect("creates");
}

fn told(report: &ForecastComparison) -> Vec<(&str, DealChangeKind)> {
    let mut told: Vec<_> = report.changes.iter().map(|change| (change.name.as_str(), change.kind)).collect();
    told.sort_unstable();
    told
}

#[test]
fn a_forecast_is_compared_with_that_of_an_earlier_day() {
    let clock: Arc<Fixed> = Fixed::new(81);
    let (_dir, engine) = dollars_by(clock.clone());
    engine.create("account", &[field("name", "Arya")]).expect("creates");
    for name in ["sold", "lost", "raised", "gone", "same"] {
        add(&engine, name, "1000");
    }
    clock.days_pass(10);
    let before = engine.forecast().expect("reports");
    assert_eq!(told(&engine.forecast_since("last-week").expect("compares")), []);
    let close = |reason: Option<&str>| CloseInput {
        on: None,
        reason: reason.map(str::to_owned),
        ..CloseInput::default()
    };
    engine.win("sold", &close(None)).expect("wins");
    engine.lose("lost", &close(Some("price"))).expect("loses");
    engine.edit("opp", "raised", &[field("amount", "5000")]).expect("edits");
    engine.edit("opp", "raised", &[field("amount", "9000")]).expect("edits");
    engine.delete("opp", "gone").expect("deletes");
    add(&engine, "new", "70");
    clock.days_pass(2);
    let since = engine.forecast_since("-3d").expect("compares");
    let expected = [
        ("gone", DealChangeKind::Removed),
        ("lost", DealChangeKind::Lost),
        ("new", DealChangeKind::Added),
        ("raised", DealChangeKind::Revalued),
        ("sold", DealChangeKind::Won),
    ];
    assert_eq!(told(&since), expected);
    assert_eq!(since.then.short, before.short, "as it stood");
    assert_eq!(since.now.short, engine.forecast().expect("reports").short);
    let raised = since.changes.iter().find(|change| change.name == "raised").expect("it is told");
    assert_eq!(raised.best_case.expect("it fits").value(), 8_000.into());
    assert_eq!(told(&engine.forecast_since("today").expect("compares")), []);
    let all = engine.forecast_since("2026-06-01").expect("compares");
    assert!(all.changes.iter().all(|change| change.kind != DealChangeKind::Removed), "nothing was there yet");
    assert!(engine.forecast_since("tomorrow").unwrap_err().to_string().contains("still to come"));
    assert!(engine.forecast_since("1404/13/01").is_err());
}
