//! Tests of the schema table, of reading typed values and of writing them for people.

use std::collections::BTreeSet;

use super::display::{Locale, NOTHING};
use super::input::{Input, InputError};
use super::*;
use crate::currency::Currency;
use crate::date::Calendar;
use crate::number::{Digits, RialUnit};
use crate::testing::{Desk, account_id, rials};

fn parse(desk: &Desk, module: &str, name: &str, text: &str) -> Result<Input, InputError> {
    let table = desk.schema.module(module).unwrap();
    desk.parsing(|ctx| table.assignment(name, text, ctx)).map(|assignment| assignment.input)
}

fn value(text: &str) -> Input {
    Input::Value(Scalar::text(text))
}

// R14, R15 of docs/requirements.md.
#[test]
fn every_field_is_declared_once_and_labelled_in_both_languages() {
    for module in Schema::builtin().modules() {
        let names: BTreeSet<&str> = module.fields.iter().map(|field| field.name.as_ref()).collect();
        assert_eq!(names.len(), module.fields.len(), "{}", module.name);
        for field in module.fields.iter().chain(module.fields.iter().flat_map(|field| &field.entries)) {
            assert!(!field.label.en.is_empty() && !field.label.fa.is_empty(), "{}", field.name);
            assert!(!field.name.contains('/'), "{}", field.name);
        }
        for column in module.list_columns.iter().chain([&module.name_field]) {
            assert!(module.field(column).is_some(), "{} has no {column}", module.name);
        }
    }
}

#[test]
fn containers_are_the_fields_that_are_no_registers() {
    let schema = Schema::builtin();
    let containers = schema.module(OPPORTUNITY).unwrap().containers();
    let expected = [
        "checks",
        "contacts",
        "description",
        "dismissed_duplicates",
        "external_ids",
        "lines",
        "stage_history",
        "tags",
    ];
    assert_eq!(containers.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_workspaces_own_field_joins_the_table() {
    let field = FieldDef::custom("x_region".into(), Label::new("Region", "منطقه"), FieldKind::Percent);
    let schema = Schema::builtin().with_field(ACCOUNT, field.clone()).unwrap();
    assert_eq!(schema.field(ACCOUNT, "x_region"), Some(&field));
    let taken = FieldDef { name: "name".into(), ..field.clone() };
    assert!(matches!(schema.clone().with_field(ACCOUNT, taken), Err(SchemaError::Taken { .. })));
    let text = FieldDef { name: "x_text".into(), merge: MergeCode::T, ..field };
    assert!(matches!(schema.with_field(ACCOUNT, text), Err(SchemaError::NotRegister(_))));
}

#[test]
fn fields_are_found_by_name_and_label() {
    let schema = Schema::builtin();
    let table = schema.module(OPPORTUNITY).unwrap();
    for text in ["close_date", "Expected close date", "close date", "تخمین تاریخ فروش"] {
        assert_eq!(table.find_field(text).map(|field| field.name.as_ref()), Some("close_date"), "{text}");
    }
    assert_eq!(table.find_field("nonsense"), None);
    assert_eq!(table.field_at("lines/x/qty").map(|field| field.name.as_ref()), Some("qty"));
    assert_eq!(table.field_at("lines/x"), None);
}

// R18 of docs/requirements.md.
#[test]
fn amounts_are_read_in_any_digits_and_units() {
    let desk = Desk::new();
    let money = |text: &str| parse(&desk, OPPORTUNITY, "amount", text);
    assert_eq!(money("۱.۲ میلیارد تومان"), Ok(value(&rials(12_000_000_000).to_json())));
    assert_eq!(money("1200000"), Ok(value(&rials(1_200_000).to_json())));
    assert_eq!(money("-5"), Err(InputError::Negative { field: "amount".into() }));
    assert!(matches!(money("much"), Err(InputError::Number { .. })));
    assert_eq!(money(""), Ok(Input::Value(Scalar::Null)));
}

#[test]
fn a_currency_beside_an_amount_is_the_amounts() {
    let desk = Desk::new();
    let table = desk.schema.module(OPPORTUNITY).unwrap();
    let pairs = [("amount", "20000"), ("currency", "eur")];
    let read = desk.parsing(|ctx| table.assignments(pairs, ctx)).unwrap();
    assert_eq!(read[0].input, value("{\"currency\":\"EUR\",\"value\":\"20000\"}"));
    assert_eq!(read[1].input, value("EUR"));
}

// R19 of docs/requirements.md.
#[test]
fn dates_are_read_in_both_calendars() {
    let desk = Desk::new();
    let date = |text: &str| parse(&desk, OPPORTUNITY, "close_date", text);
    assert_eq!(date("1403/12/30"), Ok(value("2025-03-20")));
    assert_eq!(date("2025-03-21"), Ok(value("2025-03-21")));
    assert_eq!(date("فردا"), Ok(value("2025-09-07")));
    assert!(matches!(date("1404/12/30"), Err(InputError::Date { .. })));
}

// R12 of docs/requirements.md.
#[test]
fn choices_are_read_by_slug_label_and_beginning() {
    let desk = Desk::new();
    let read = |field: &str, text: &str| parse(&desk, OPPORTUNITY, field, text);
    assert_eq!(read("stage", "negotiation"), Ok(value("negotiation")));
    assert_eq!(read("stage", "انجام مذاكرات نهايي"), Ok(value("negotiation")));
    assert_eq!(read("business_type", "new"), Ok(value("new")));
    assert_eq!(read("lead_source", "Web site"), Ok(value("web_site")));
    assert_eq!(read("lead_source", "نمایش"), Ok(value("trade_show")));
    assert!(matches!(read("lead_source", "c"), Err(InputError::Ambiguous { .. })));
    assert!(matches!(read("business_type", "odd"), Err(InputError::Choice { .. })));
}

// R3, R10 of docs/requirements.md.
#[test]
fn references_are_resolved_and_keep_the_name() {
    let desk = Desk::new();
    let read = parse(&desk, OPPORTUNITY, "account_id", "آریا");
    let expected = format!("{{\"id\":\"{}\",\"name\":\"آریا\"}}", account_id().0);
    assert_eq!(read, Ok(value(&expected)));
    assert!(matches!(parse(&desk, OPPORTUNITY, "account_id", "ب"), Err(InputError::Reference { .. })));
}

#[test]
fn lists_are_added_to_and_taken_from() {
    let desk = Desk::new();
    assert_eq!(parse(&desk, ACCOUNT, "tags+", "vip"), Ok(Input::Add(Scalar::text("vip"))));
    assert_eq!(parse(&desk, ACCOUNT, "tags-", "vip"), Ok(Input::Remove(Scalar::text("vip"))));
    assert_eq!(parse(&desk, ACCOUNT, "tags", "a، b,, c"), Ok(value("a,b,c")));
    assert!(matches!(parse(&desk, ACCOUNT, "name+", "x"), Err(InputError::NotEditable { .. })));
}

#[test]
fn what_follows_from_other_fields_can_not_be_set() {
    let desk = Desk::new();
    for field in ["id", "stage_history", "modified_at", "lines", "lifecycle", "contacts"] {
        assert!(
            matches!(parse(&desk, OPPORTUNITY, field, "x"), Err(InputError::NotEditable { .. })),
            "{field}"
        );
    }
    assert!(matches!(parse(&desk, OPPORTUNITY, "colour", "x"), Err(InputError::UnknownField { .. })));
}

#[test]
fn numbers_keep_their_bounds() {
    let desk = Desk::new();
    assert_eq!(parse(&desk, ACCOUNT, "employees", "۱٬۲۰۰"), Ok(Input::Value(Scalar::Int(1200))));
    assert!(parse(&desk, ACCOUNT, "employees", "-1").is_err());
    assert!(parse(&desk, ACCOUNT, "employees", "1.5").is_err());
    assert_eq!(parse(&desk, PRODUCT, "tax_rate", "9%"), Ok(Input::Value(Scalar::Int(900))));
    assert_eq!(parse(&desk, OPPORTUNITY, "probability", "40٪"), Ok(Input::Value(Scalar::Int(40))));
    assert!(parse(&desk, OPPORTUNITY, "probability", "101").is_err());
    let lines = desk.schema.module(OPPORTUNITY).unwrap().field("lines").unwrap();
    let line = |name: &str, text: &str| desk.parsing(|ctx| lines.entry_assignment(name, text, ctx));
    assert_eq!(line("qty", "2.50").map(|read| read.input), Ok(value("2.5")));
    assert!(line("qty", "0").is_err());
    assert!(line("qty", "0.0000001").is_err());
    assert_eq!(
        line("تخفیف", "10%").map(|read| read.input),
        Ok(value("{\"kind\":\"percent\",\"pct\":\"10\"}"))
    );
    assert!(line("discount", "110%").is_err());
    assert!(line("removed", "yes").is_err());
}

#[test]
fn long_and_broken_lines_are_refused() {
    let desk = Desk::new();
    assert!(parse(&desk, ACCOUNT, "name", &"ن".repeat(255)).is_ok());
    assert!(matches!(parse(&desk, ACCOUNT, "name", &"ن".repeat(256)), Err(InputError::Range { .. })));
    assert!(matches!(parse(&desk, ACCOUNT, "name", "a\u{7}b"), Err(InputError::Range { .. })));
}

#[test]
fn values_are_written_for_people() {
    let desk = Desk::new();
    let persian = Locale {
        language: Language::Persian,
        calendar: Calendar::Persian,
        digits: Digits::Persian,
        rial_unit: RialUnit::Toman,
    };
    let english = Locale { calendar: Calendar::Gregorian, ..Locale::default() };
    let show = |field: &str, value: &str, locale: &Locale| {
        let def = desk.schema.field(OPPORTUNITY, field).unwrap();
        def.format(&Scalar::text(value), locale, &desk.world)
    };
    assert_eq!(show("close_date", "2025-09-21", &persian), "۱۴۰۴/۰۶/۳۰");
    assert_eq!(show("close_date", "2025-09-21", &english), "2025-09-21");
    assert_eq!(show("manual_amount", &rials(12_000).to_json(), &persian), "۱٬۲۰۰ تومان");
    assert_eq!(show("manual_amount", &rials(12_000).to_json(), &english), "12,000 rial");
    assert_eq!(show("lead_source", "web_site", &english), "Web site");
    assert_eq!(show("lead_source", "removed_since", &english), "removed_since");
    assert_eq!(show("name", "", &english), NOTHING);
    let account = format!("{{\"id\":\"{}\",\"name\":\"old\"}}", account_id().0);
    assert_eq!(show("account_id", &account, &english), "آریا");
    let tax = desk.schema.field(PRODUCT, "tax_rate").unwrap();
    assert_eq!(tax.format(&Scalar::Int(925), &english, &desk.world), "9.25%");
    assert_eq!(Currency::IRR.code(), "IRR");
}
