use proptest::prelude::*;

use super::*;
use crate::cells::{self, Cell};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::edit::{Edit, preview};
use crate::id::RecordId;
use crate::lifecycle::surviving_id;
use crate::money::Money;
use crate::opportunity::Deal;
use crate::record::RecordState;
use crate::schema::{OPPORTUNITY, record_name};
use crate::settings::Settings;
use crate::testing::{Desk, M, account_id, jalali};
use crate::world::World;

struct Of<'a> {
    desk: &'a Desk,
    state: &'a RecordState,
    deal: Option<Deal>,
}

impl Row for Of<'_> {
    fn cell(&self, field: &str) -> Cell<'_> {
        let field = self.desk.schema.field(&self.state.module, field);
        field.map_or(Cell::Nothing, |field| cells::cell(self.state, field, self.deal.as_ref()))
    }

    fn is_open(&self) -> Option<bool> {
        cells::is_open(self.state, self.deal.as_ref())
    }
}

impl Known for Desk {
    fn settings(&self) -> &Settings {
        self.world.settings()
    }

    fn today(&self) -> CivilDate {
        self.today
    }

    fn survivor(&self, id: RecordId) -> RecordId {
        surviving_id(id, &self.world)
    }

    fn name(&self, id: RecordId) -> Option<String> {
        self.world.record(id).map(|record| record_name(&record))
    }
}

fn bound(desk: &Desk, text: &str) -> Result<Filter, FilterError> {
    let find = |_: &str, text: &str| match text {
        "آریا" => Ok((account_id(), "آریا".to_owned())),
        _ => Err(crate::schema::input::ReferenceError::Other(format!("no account matches \"{text}\""))),
    };
    let survivor = |id| surviving_id(id, &desk.world);
    let ctx = BindContext {
        module: desk.schema.module(OPPORTUNITY).unwrap(),
        settings: desk.world.settings(),
        today: desk.today,
        user: Some(RecordId(desk.user.0)),
        find: &find,
        survivor: &survivor,
    };
    Filter::bind(&Expr::parse(text)?, &ctx)
}

fn takes(desk: &Desk, state: &RecordState, text: &str) -> bool {
    let filter = bound(desk, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let deal = Some(Deal::read(state, &desk.world, desk.today));
    filter.takes(&Of { desk, state, deal }, desk)
}

/// A deal of 500M rials to be closed on 1404/06/30.
fn scene() -> (Desk, RecordState) {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let edits = [
        Edit::set("close_date", jalali(1404, 6, 30).to_string()),
        Edit::set("next_step", "تماس با كريمي"),
        Edit::set("business_type", "new"),
        Edit::Add { field: "tags".to_owned(), key: "نمایشگاه".to_owned() },
    ];
    (desk, preview(&deal, &edits))
}

#[test]
fn every_kind_of_test_takes_what_it_says() {
    let (desk, deal) = scene();
    for text in [
        "amount>1000000 and close_date<1404/06/31",
        "amount = 500000000",
        "مبلغ >= ۵۰۰٬۰۰۰٬۰۰۰",
        "amount=50 میلیون تومان",
        "amount = \"۰.۵ میلیارد ریال\"",
        "amount in (1, 500M)",
        "close_date = 2025-09-21",
        "close_date > today and close_date <= +30d",
        "تخمین تاریخ فروش < ۱۴۰۴/۰۶/۳۱ و مبلغ > ۱",
        "نوع کسب و کار = new",
        "business_type=«کسب و کار جدید» یا amount<1",
        "business_type ~ business",
        "account=آریا",
        "account_id ~ آري",
        "نام حساب = «آریا»",
        "assigned_user_id=me",
        "next_step ~ کریمی",
        "next_step = \"تماس با کریمی\"",
        "next_step=تماس با کریمی",
        "tags = نمایشگاه",
        "campaign_id is empty",
        "next_step is not empty",
        "کمپین خالی است",
        "قدم بعد خالی نیست",
        "not amount < 5",
        "نه amount < 5",
        "(amount<1 or amount>2) and not (status=inactive)",
        "open and mine",
        "باز و من",
        "currency=IRR",
        "probability < 50%",
        "campaign_id=\"\" or amount=1",
        "lead_source != campaign",
    ] {
        assert!(takes(&desk, &deal, text), "{text}");
        assert!(!takes(&desk, &deal, &format!("not ({text})")), "not ({text})");
    }
}

#[test]
fn and_binds_closer_than_or() {
    let (desk, deal) = scene();
    assert!(takes(&desk, &deal, "amount=1 and amount=2 or amount>3"));
    assert!(takes(&desk, &deal, "amount>3 or amount=1 and amount=2"));
    assert!(!takes(&desk, &deal, "amount=1 and (amount=2 or amount>3)"));
}

#[test]
fn amounts_of_other_currencies_compare_at_todays_rate_or_not_at_all() {
    let (mut desk, deal) = scene();
    for text in ["amount > \"1 EUR\"", "amount < \"1 EUR\"", "amount != \"1 EUR\"", "not amount > \"1 EUR\""]
    {
        assert!(!takes(&desk, &deal, text), "no rate is no match: {text}");
    }
    assert!(takes(&desk, &deal, "amount > \"1 EUR\" or status=active"));
    desk.euro(jalali(1404, 1, 1), M);
    assert!(takes(&desk, &deal, "amount = \"500 EUR\""));
    assert!(takes(&desk, &deal, "amount > \"499 EUR\" and amount < \"501 EUR\""));
    let euros = Money::new(500.into(), Currency::EUR).unwrap();
    use crate::composite::Composite as _;
    let kept_in_euros =
        preview(&deal, &[Edit::set("currency", "EUR"), Edit::set("manual_amount", euros.to_scalar())]);
    assert!(takes(&desk, &kept_in_euros, "amount = 500"), "a bare number is in the record's currency");
    assert!(takes(&desk, &kept_in_euros, "amount = \"500M rial\""));
}

#[test]
fn nothing_is_neither_less_nor_more_and_differs_from_everything() {
    let (desk, deal) = scene();
    let deal = preview(&deal, &[Edit::set("close_date", crate::record::Scalar::Null)]);
    assert!(!takes(&desk, &deal, "close_date < 1404/06/31"));
    assert!(!takes(&desk, &deal, "close_date >= 1404/06/31"));
    assert!(takes(&desk, &deal, "close_date != 1404/06/31"));
}

/// Where the error stands, and what it is.
fn refusal(text: &str) -> (Range<usize>, &'static str) {
    let (desk, _) = scene();
    let error = bound(&desk, text).expect_err(text);
    let code = match &error.problem {
        Problem::Expected(expected) => expected.code(),
        problem => problem.code(),
    };
    (error.at, code)
}

#[test]
fn errors_point_at_their_place() {
    for (text, at, code) in [
        ("", 0..0, "test"),
        ("stage", 5..5, "operator"),
        ("stage=", 6..6, "value"),
        ("stage=won and", 13..13, "test"),
        ("stage=won or or", 13..15, "test"),
        ("amount>1 amount", 8..8, "value"),
        ("(amount>1", 9..9, "bracket"),
        ("amount>1)", 8..9, "joint"),
        ("amount>1 = 2", 9..10, "joint"),
        ("stage in won", 9..12, "operator"),
        ("stage in (won, ", 15..15, "value"),
        ("stage in (won lost", 18..18, "list_end"),
        ("name=\"آریا", 5..10, "quote"),
        ("stagee=won", 0..6, "unknown_field"),
        ("amount>1 and stagee=won", 13..19, "unknown_field"),
        ("stage=negotiatoin", 6..17, "value"),
        ("stage>won", 6..9, "operator"),
        ("amount~5", 7..8, "operator"),
        ("amount>lots", 7..11, "value"),
        ("close_date<1404/13/01", 11..21, "value"),
        ("account=نیست", 8..12, "value"),
        ("lines=1", 0..5, "not_filtered"),
    ] {
        if text == "amount>1 amount" {
            // Words without an operator belong to the value, which then can't be read.
            assert_eq!(refusal(text), (7..15, "value"));
            continue;
        }
        assert_eq!(refusal(text), (at, code), "{text}");
    }
}

#[test]
fn what_is_ambiguous_is_refused() {
    assert_eq!(refusal("lead_source=c").1, "value");
    let (mut desk, _) = scene();
    let twin = crate::schema::Label::new("Twin", "مبلغ");
    let custom = crate::schema::FieldDef::custom("twin".to_owned(), twin, crate::schema::FieldKind::Bool);
    desk.schema = desk.schema.with_field(OPPORTUNITY, custom).unwrap();
    let error = bound(&desk, "مبلغ=1").expect_err("two fields have this label");
    assert_eq!(error.problem.code(), "ambiguous_field");
    assert_eq!(error.at, 0..4);
}

#[test]
fn depth_length_and_number_are_bounded() {
    let deep = format!("{}amount=1{}", "(".repeat(10_000 / 4), ")");
    assert_eq!(refusal(&deep).1, "too_much");
    assert_eq!(refusal(&"not ".repeat(900)).1, "too_much");
    assert_eq!(refusal(&"a".repeat(LETTERS_MAX + 1)).1, "too_long");
    assert_eq!(refusal(&vec!["a=1"; 300].join(" or ")).1, "too_much");
}

#[test]
fn spellings_of_one_condition_read_the_same() {
    let first = Expr::parse("stage=negotiation and not (amount>5 or close_date is not empty)").unwrap();
    for text in [
        "stage = \"negotiation\" AND NOT(amount > 5 OR close_date IS NOT EMPTY)",
        "stage=negotiation و نه (amount>5 یا close_date خالی نیست)",
        "  stage  ==  negotiation && ! ( amount>5 || close_date is not empty )",
    ] {
        assert_eq!(Expr::parse(text).as_ref(), Ok(&first), "{text}");
    }
    assert_eq!(first.to_string(), "stage=negotiation and not (amount>5 or close_date is not empty)");
}

fn any_word() -> impl Strategy<Value = Word> {
    prop_oneof![
        "[a-z_]{1,8}",
        "[آ-ی]{1,6} [آ-ی]{1,6}",
        "\\PC{1,10}",
        Just("and".to_owned()),
        Just("open".to_owned()),
        Just("a\"b\\c".to_owned()),
    ]
    .prop_map(Word::new)
}

fn any_test() -> impl Strategy<Value = Expr> {
    let operator = prop::sample::select(vec![
        Operator::Is,
        Operator::IsNot,
        Operator::Less,
        Operator::AtMost,
        Operator::More,
        Operator::AtLeast,
        Operator::Holds,
        Operator::HoldsNot,
    ]);
    let compare = (any_word(), operator, any_word()).prop_map(|(field, operator, value)| Test::Compare {
        field,
        operator,
        value,
    });
    let list = (any_word(), prop::collection::vec(any_word(), 1..4))
        .prop_map(|(field, values)| Test::In { field, values });
    let empty = any_word().prop_map(|field| Test::Empty { field });
    let bare = prop_oneof![Just(Test::Open(Word::new("open"))), Just(Test::Mine(Word::new("mine")))];
    prop_oneof![compare, list, empty, bare].prop_map(Expr::Test)
}

fn any_expr() -> impl Strategy<Value = Expr> {
    any_test().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(expr in any_expr()) {
        let text = expr.to_string();
        prop_assert_eq!(Expr::parse(&text), Ok(expr), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = Expr::parse(&text);
    }

    #[test]
    fn no_mixture_of_signs_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "and", "or", "not", "و", "یا", "in", "is", "empty", "خالی", "است", "=", "!=", "!", "<", "~", "\"", "«", "»", ",", "،", "stage", "amount", "1,000", "1404/06/31", "\\",
    ]), 0..40)) {
        let (desk, _) = scene();
        for joint in ["", " "] {
            let text = parts.join(joint);
            if let Err(error) = bound(&desk, &text) {
                prop_assert!(error.at.end <= text.chars().count() && error.at.start <= error.at.end);
            }
        }
    }
}
