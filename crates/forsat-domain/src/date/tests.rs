//! Vectors and laws of dates.

use chrono_tz::Asia::Tehran;
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// Days that both calendars name.
const SAME_DAYS: [(&str, (i32, u8, u8)); 6] = [
    ("2013-08-03", (1392, 5, 12)),
    ("2024-03-20", (1403, 1, 1)),
    ("2025-03-20", (1403, 12, 30)),
    ("2025-03-21", (1404, 1, 1)),
    ("2026-03-21", (1405, 1, 1)),
    ("2029-03-20", (1408, 1, 1)),
];

#[test]
fn both_calendars_name_the_same_days() {
    for (gregorian, (year, month, day)) in SAME_DAYS {
        assert_eq!(date(gregorian).jalali(), (year, month, day));
        assert_eq!(CivilDate::from_jalali(year, month, day), Some(date(gregorian)));
        let typed = format!("{year}/{month}/{day}");
        assert_eq!(parse_date(&typed, CivilDate::MIN), Ok(date(gregorian)));
        assert_eq!(parse_date(gregorian, CivilDate::MIN), Ok(date(gregorian)));
    }
}

#[test]
fn jalali_months_are_read_by_name() {
    for text in ["۱۲ مرداد ۱۴۰۴", "12 مرداد 1404", "۱۲ امرداد ۱۴۰۴", "۱۲مرداد۱۴۰۴"]
    {
        assert_eq!(parse_date(text, CivilDate::MIN), Ok(date("2025-08-03")), "{text}");
    }
    // Arabic letters and a joiner, as other keyboards give them.
    assert_eq!(parse_date("۳۱ شهريور ۱۴۰۴", CivilDate::MIN), Ok(date("2025-09-22")));
    assert_eq!(parse_date("1 دي 1404", CivilDate::MIN), Ok(date("2025-12-22")));
    for wrong in ["۳۰ اسفند ۱۴۰۴", "۱۲ مرداد ۲۰۲۵", "۱۲ فلان ۱۴۰۴", "مرداد ۱۴۰۴", "۱۲ مرداد"]
    {
        assert!(parse_date(wrong, CivilDate::MIN).is_err(), "{wrong}");
    }
}

#[test]
fn leap_years_have_a_thirtieth_of_esfand() {
    let leap: Vec<i32> =
        (1398..=1412).filter(|year| CivilDate::from_jalali(*year, 12, 30).is_some()).collect();
    assert_eq!(leap, [1399, 1403, 1408, 1412]);
}

#[test]
fn a_day_that_does_not_exist_is_an_error_with_the_last_day() {
    let error = parse_date("1404/12/30", CivilDate::MIN).unwrap_err();
    assert_eq!(error, DateError::Absent { calendar: Calendar::Persian, year: 1404, month: 12, day: 30 });
    assert_eq!(error.to_string(), "1404/12/30 does not exist in the Jalali calendar: that month has 29 days");
    let error = parse_date("2025-02-30", CivilDate::MIN).unwrap_err().to_string();
    assert!(error.contains("Gregorian") && error.contains("28 days"), "{error}");
    assert!(parse_date("1404/13/01", CivilDate::MIN).unwrap_err().to_string().contains("1 to 12"));
    assert!(parse_date("1404/0/1", CivilDate::MIN).is_err());
    assert!(parse_date("1404/7/31", CivilDate::MIN).is_err());
}

#[test]
fn the_year_tells_the_calendar_or_is_refused_naming_both() {
    let read = |text| parse_date(text, CivilDate::MIN);
    assert!(read("1300/1/1").is_ok() && read("1499/12/29").is_ok());
    assert!(read("1900-01-01").is_ok() && read("2199-12-31").is_ok());
    for text in ["1299/1/1", "1500/1/1", "1899-01-01", "2200-01-01", "25-03-21", "04/06/30"] {
        let error = read(text).unwrap_err();
        assert!(matches!(error, DateError::Year { .. }), "{text}");
        let message = error.to_string();
        assert!(
            message.contains("Jalali (1300–1499)") && message.contains("Gregorian (1900–2199)"),
            "{message}"
        );
    }
}

#[test]
fn separators_digits_and_marks_vary() {
    let expected = Ok(date("2025-09-21"));
    for text in [
        "1404/06/30",
        "1404-06-30",
        "1404/6/30",
        "۱۴۰۴/۰۶/۳۰",
        "١٤٠٤-٠٦-٣٠",
        " ۱۴۰۴/۶/۳۰ ",
        "\u{200E}2025/9/21",
    ] {
        assert_eq!(parse_date(text, CivilDate::MIN), expected, "{text}");
    }
    for text in [
        "",
        "1404",
        "1404/06",
        "1404/06/30/1",
        "1404/006/30",
        "1404/06/x",
        "1404//30",
        "99999999999/1/1",
        "d",
    ] {
        assert!(matches!(parse_date(text, CivilDate::MIN), Err(DateError::Malformed(_))), "{text}");
    }
}

#[test]
fn words_and_distances_count_from_today() {
    let today = date("2025-03-20");
    for (text, expected) in [
        ("today", "2025-03-20"),
        ("Tomorrow", "2025-03-21"),
        ("yesterday", "2025-03-19"),
        ("+3d", "2025-03-23"),
        ("-2d", "2025-03-18"),
        ("+۳d", "2025-03-23"),
        ("\u{2212}2d", "2025-03-18"),
        ("امروز", "2025-03-20"),
        ("فردا", "2025-03-21"),
        ("پس\u{200C}فردا", "2025-03-22"),
        ("پس فردا", "2025-03-22"),
        ("پسفردا", "2025-03-22"),
        ("+10 روز", "2025-03-30"),
    ] {
        assert_eq!(parse_date(text, today), Ok(date(expected)), "{text}");
    }
    for text in ["+99999999d", "-99999999d", "+99999999999999999999999d"] {
        assert!(matches!(parse_date(text, today), Err(DateError::TooFar(_))), "{text}");
    }
    assert!(matches!(parse_date("3d", today), Err(DateError::Malformed(_))));
}

#[test]
fn dates_are_shown_in_both_calendars_and_digits() {
    let day = date("2025-09-21");
    assert_eq!(day.format(Calendar::Persian, Digits::Persian), "۱۴۰۴/۰۶/۳۰");
    assert_eq!(day.format(Calendar::Persian, Digits::Latin), "1404/06/30");
    assert_eq!(day.format(Calendar::Gregorian, Digits::Latin), "2025-09-21");
    assert_eq!(day.format(Calendar::Gregorian, Digits::Persian), "۲۰۲۵-۰۹-۲۱");
}

#[test]
fn only_the_stored_form_is_deserialised() {
    assert_eq!(serde_json::to_string(&date("2025-09-21")).unwrap(), "\"2025-09-21\"");
    for text in [
        "2025-9-21",
        "2025/09/21",
        "1404-06-31x",
        "+2025-09-21",
        "12025-09-21",
        "2025-02-29",
        "0000-01-01",
        "۲۰۲۵-۰۹-۲۱",
    ] {
        assert!(text.parse::<CivilDate>().is_err(), "{text}");
    }
}

#[test]
fn tehran_follows_the_time_zone_data() {
    assert_eq!(civil_date_of(instant("2026-03-20T20:29:59.999Z"), Tehran).jalali(), (1404, 12, 29));
    assert_eq!(civil_date_of(instant("2026-03-20T20:30:00Z"), Tehran).jalali(), (1405, 1, 1));
    // Daylight saving time made it +04:30 in the summer of 2022; it was abolished after that.
    assert_eq!(civil_date_of(instant("2022-07-10T19:29:59Z"), Tehran), date("2022-07-10"));
    assert_eq!(civil_date_of(instant("2022-07-10T19:30:00Z"), Tehran), date("2022-07-11"));
    assert_eq!(civil_date_of(instant("2026-07-10T20:29:59Z"), Tehran), date("2026-07-10"));
    assert_eq!(today(instant("2026-07-10T20:30:00Z"), Tehran), date("2026-07-11"));
}

#[test]
fn absurd_clocks_give_a_day() {
    assert_eq!(civil_date_of(i64::MAX, Tehran), CivilDate::MAX);
    assert_eq!(civil_date_of(i64::MIN, Tehran), CivilDate::MIN);
    assert_eq!(civil_date_of(instant("9999-12-31T23:59:59Z"), Tehran), CivilDate::MAX);
    assert_eq!(civil_date_of(instant("0001-01-01T00:00:00Z"), chrono_tz::America::New_York), CivilDate::MIN);
}

#[test]
fn quarters_and_months_are_half_open() {
    let quarter = |year, number| {
        let period = quarter_of(Calendar::Persian, year, number).unwrap();
        (period.start.to_string(), period.end.to_string())
    };
    assert_eq!(quarter(1404, 1), ("2025-03-21".to_owned(), "2025-06-22".to_owned()));
    assert_eq!(quarter(1404, 2), ("2025-06-22".to_owned(), "2025-09-23".to_owned()));
    assert_eq!(quarter(1404, 4), ("2025-12-22".to_owned(), "2026-03-21".to_owned()));
    let shahrivar = month_of(Calendar::Persian, 1404, 6).unwrap();
    assert!(shahrivar.contains(CivilDate::from_jalali(1404, 6, 31).unwrap()));
    assert!(!shahrivar.contains(CivilDate::from_jalali(1404, 7, 1).unwrap()));
    assert_eq!(month_of(Calendar::Gregorian, 2024, 2).unwrap().days(), 29);
    assert_eq!(year_of(Calendar::Persian, 1403).unwrap().days(), 366);
    assert_eq!(quarter_of(Calendar::Persian, 1404, 0), None);
    assert_eq!(quarter_of(Calendar::Persian, 1404, 5), None);
    assert_eq!(quarter_of(Calendar::Persian, 1404, 255), None);
    assert_eq!(month_of(Calendar::Gregorian, 2024, 13), None);
    assert_eq!(months_after(1404, 11, 3), Some((1405, 2)));
    assert_eq!(months_after(1404, 1, -1), Some((1403, 12)));
    assert_eq!(months_after(i32::MAX, 12, 1), None);
    assert_eq!(months_after(1404, 0, 0), None);
}

fn any_date() -> impl Strategy<Value = CivilDate> {
    // 1921-03-21 to 2121-03-20: the Jalali years that a typed date may name.
    (0_i64..73_048).prop_map(|days| date("1921-03-21").add_days(days).unwrap())
}

proptest! {
    #[test]
    fn shown_dates_read_back(day in any_date(), persian: bool, jalali: bool) {
        let calendar = if jalali { Calendar::Persian } else { Calendar::Gregorian };
        let digits = if persian { Digits::Persian } else { Digits::Latin };
        prop_assert_eq!(parse_date(&day.format(calendar, digits), CivilDate::MIN), Ok(day));
        prop_assert_eq!(day.to_string().parse(), Ok(day));
    }

    #[test]
    fn every_day_is_named_by_both_calendars(days in 0_i64..3_652_059) {
        let day = CivilDate::MIN.add_days(days).unwrap();
        let (year, month, number) = day.jalali();
        prop_assert_eq!(CivilDate::from_jalali(year, month, number), Some(day));
        prop_assert_eq!(day.days_since(CivilDate::MIN), days);
    }

    #[test]
    fn quarters_tile_a_year(year in 1300_i32..1500, jalali: bool) {
        let calendar = if jalali { Calendar::Persian } else { Calendar::Gregorian };
        let whole = year_of(calendar, year).unwrap();
        let mut start = whole.start;
        for number in 1..=4 {
            let quarter = quarter_of(calendar, year, number).unwrap();
            prop_assert_eq!(quarter.start, start);
            start = quarter.end;
        }
        prop_assert_eq!(start, whole.end);
    }

    #[test]
    fn no_text_and_no_clock_panics(text in "\\PC{0,20}", dated in "[-+/0-9۰-۹d]{0,14}", time in any::<i64>()) {
        let _ = parse_date(&text, CivilDate::MAX);
        let _ = parse_date(&dated, CivilDate::MIN);
        let _ = civil_date_of(time, Tehran);
    }
}
