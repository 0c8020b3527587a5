//! Vectors and laws of typed and shown numbers.

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn rials(text: &str) -> Money {
    Money::new(decimal(text), Currency::IRR).unwrap()
}

#[test]
fn digits_of_three_scripts_and_both_separators_are_read() {
    for (text, value) in [
        ("1250000", "1250000"),
        ("1,250,000", "1250000"),
        ("۱٬۲۵۰٬۰۰۰", "1250000"),
        ("١٬٢٥٠٬٠٠٠٫٥", "1250000.5"),
        ("۱،۲۵۰،۰۰۰", "1250000"),
        ("12.50", "12.5"),
        (".5", "0.5"),
        ("-3", "-3"),
        ("\u{200E}\u{2212}۳", "-3"),
        ("+7", "7"),
        (" 0 ", "0"),
        ("-0", "0"),
    ] {
        assert_eq!(parse_number(text), Ok(decimal(value)), "{text}");
    }
}

#[test]
fn words_of_size_are_read() {
    for (text, value) in [
        ("1.2M", "1200000"),
        ("1.2m", "1200000"),
        ("5k", "5000"),
        ("2 bn", "2000000000"),
        ("۵۰۰ هزار", "500000"),
        ("۳ هزار میلیارد", "3000000000000"),
        ("۱ میلیارد و ۲۰۰ میلیون", "1200000000"),
        ("۱.۲ ميليارد", "1200000000"),
    ] {
        assert_eq!(parse_number(text), Ok(decimal(value)), "{text}");
    }
}

#[test]
fn amounts_are_read_in_their_unit() {
    assert_eq!(parse_money("۱.۲ میلیارد تومان", Currency::USD), Ok(rials("12000000000")));
    assert_eq!(parse_money("1,250,000 rial", Currency::USD), Ok(rials("1250000")));
    assert_eq!(parse_money("1,250,000 toman", Currency::USD), Ok(rials("12500000")));
    assert_eq!(parse_money("۱۰\u{200C}میلیون\u{200C}تومان", Currency::USD), Ok(rials("100000000")));
    assert_eq!(parse_money("۵۰۰\u{200C} تومن", Currency::USD), Ok(rials("5000")));
    assert_eq!(
        parse_money("12.5", Currency::USD),
        Money::new(decimal("12.5"), Currency::USD).map_err(Into::into)
    );
    for text in ["$1,250.50", "1250.5 USD", "USD 1250.5", "usd1,250.5", "۱٬۲۵۰٫۵ دلار", "1.2505K $"]
    {
        assert_eq!(
            parse_money(text, Currency::IRR).unwrap().to_json(),
            r#"{"currency":"USD","value":"1250.5"}"#
        );
    }
    assert_eq!(parse_money("۷ ﷼", Currency::EUR), Ok(rials("7")));
    assert_eq!(parse_money("0.1 toman", Currency::EUR), Ok(rials("1")));
}

#[test]
fn what_is_unclear_is_refused_with_a_way_out() {
    for text in ["1,5", "12,34", "1.250.000", "1,2500", ",5", "1.", "1,,000", "1.2,000"] {
        assert!(matches!(parse_number(text), Err(NumberError::Grouping(_))), "{text}");
    }
    for text in
        ["", "abc1d", "1 2", "--1", "1-2", "M", "1 million 2 million", "۲ میلیون و ۱ میلیارد", "1 و", "1e5#"]
    {
        assert!(parse_number(text).is_err(), "{text}");
    }
    assert!(matches!(parse_number("5 rial"), Err(NumberError::Unit { .. })));
    assert!(matches!(parse_money("5 gold", Currency::IRR), Err(NumberError::Unit { .. })));
    assert!(matches!(parse_money("5 rial USD", Currency::IRR), Err(NumberError::Malformed(_))));
    assert!(matches!(
        parse_money("0.01 toman", Currency::IRR),
        Err(NumberError::Money(MoneyError::TooFine { .. }))
    ));
    assert!(matches!(parse_number(&"9".repeat(40)), Err(NumberError::TooLong(_))));
    assert!(parse_number(&"9".repeat(4000)).is_err());
    assert!(matches!(parse_number("79228162514264337593543950335 T"), Err(NumberError::TooLong(_))));
}

#[test]
fn percentages_need_no_sign() {
    for text in ["12.5%", "12.5 %", "٪۱۲٫۵", "۱۲٫۵٪", "12.5"] {
        assert_eq!(parse_percent(text), Ok(decimal("12.5")), "{text}");
    }
    assert!(parse_percent("12%%").is_err());
}

#[test]
fn numbers_are_shown_in_groups() {
    assert_eq!(format_number(decimal("1234567.50"), Digits::Latin), "1,234,567.5");
    assert_eq!(format_number(decimal("1234567.5"), Digits::Persian), "۱٬۲۳۴٬۵۶۷٫۵");
    assert_eq!(format_number(decimal("1000"), Digits::Persian), "۱٬۰۰۰");
    assert_eq!(format_number(decimal("-0"), Digits::Latin), "0");
    assert_eq!(format_padded(decimal("3"), 2, Digits::Latin), "3.00");
    assert_eq!(format_padded(decimal("3.145"), 2, Digits::Latin), "3.145");
}

#[test]
fn amounts_are_shown_with_their_unit() {
    let amount = rials("800000000");
    assert_eq!(format_money(amount, RialUnit::Rial, Digits::Persian, Language::Persian), "۸۰۰٬۰۰۰٬۰۰۰ ریال");
    assert_eq!(format_money(amount, RialUnit::Toman, Digits::Latin, Language::English), "80,000,000 toman");
    assert_eq!(format_money(rials("15"), RialUnit::Toman, Digits::Persian, Language::Persian), "۱٫۵ تومان");
    let dollars = Money::new(decimal("1250.5"), Currency::USD).unwrap();
    assert_eq!(format_money(dollars, RialUnit::Toman, Digits::Latin, Language::English), "1,250.50 USD");
    let yen = Money::new(decimal("1250"), Currency::from_code("JPY").unwrap()).unwrap();
    assert_eq!(format_money(yen, RialUnit::Rial, Digits::Latin, Language::Persian), "1,250 JPY");
}

prop_compose! {
    fn any_decimal()(mantissa in -79_228_162_514_264_337_593_543_950_335_i128..=79_228_162_514_264_337_593_543_950_335,
                     scale in 0_u32..=28) -> Decimal {
        Decimal::from_i128_with_scale(mantissa, scale)
    }
}

proptest! {
    #[test]
    fn shown_numbers_read_back(value in any_decimal()) {
        for digits in [Digits::Latin, Digits::Persian] {
            prop_assert_eq!(parse_number(&format_number(value, digits)), Ok(value));
        }
    }

    #[test]
    fn shown_amounts_read_back(value in -1_000_000_000_000_000_i64..1_000_000_000_000_000, toman: bool,
                               persian: bool, code in 0_usize..171) {
        let currency = Currency::all().nth(code).unwrap();
        let money = Money::rounded(Decimal::new(value, 2), currency);
        let digits = if persian { Digits::Persian } else { Digits::Latin };
        let language = if persian { Language::Persian } else { Language::English };
        let unit = if toman { RialUnit::Toman } else { RialUnit::Rial };
        let shown = format_money(money, unit, digits, language);
        prop_assert_eq!(parse_money(&shown, Currency::EUR), Ok(money), "{}", shown);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}", numeric in "[-+0-9۰-۹٠-٩.,٬٫ kMbو$a-z]{0,24}") {
        let _ = parse_money(&text, Currency::IRR);
        let _ = parse_percent(&text);
        let _ = parse_money(&numeric, Currency::IRR);
    }

    #[test]
    fn digits_come_back_from_persian(text in "[ -~]{0,40}") {
        prop_assert_eq!(ascii_digits(&persian_digits(&text)), text);
    }
}
