//! The one spelling of stored values: decimals as plain strings, composites as JSON with sorted keys.
//!
//! Two writers of the same value must write the same bytes, or a conflict without a difference is shown.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// Refusal of a stored text that should be a decimal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Not a plain decimal.
    #[error(
        "`{0}` is not a stored number; write it with digits, an optional minus and one point, such as -12.5"
    )]
    Malformed(String),
    /// More digits than can be computed with.
    #[error("`{0}` has more digits than can be computed with; use at most 28")]
    TooLong(String),
}

/// Writes a decimal the one way it is stored: no trailing zeros, no exponent, no plus, zero as `0`.
pub fn decimal_text(value: Decimal) -> String {
    // A decimal knows a negative zero; what is stored must not.
    if value.is_zero() { "0".to_owned() } else { value.normalize().to_string() }
}

/// Reads a stored decimal: an optional minus, ASCII digits and at most one point with digits on both sides.
///
/// Trailing zeros are accepted, so values that other programs wrote can be read; rounding never happens.
pub fn parse_decimal(text: &str) -> Result<Decimal, DecimalError> {
    let malformed = || DecimalError::Malformed(text.to_owned());
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return Err(malformed());
    }
    let too_long = || DecimalError::TooLong(text.to_owned());
    let value = Decimal::from_str_exact(text).map_err(|_| too_long())?;
    Ok(if value.is_zero() { Decimal::ZERO } else { value.normalize() })
}

/// Writes a composite the one way it is stored: JSON without spaces, keys sorted by their bytes.
///
/// Decimals inside must already be strings (`#[serde(with = "canonical::decimal")]`).
pub fn json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    write_sorted(&serde_json::to_value(value)?, &mut text);
    Ok(text)
}

/// Appends a JSON value with its keys sorted, whatever order the map type keeps them in.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            let entries = keys.into_iter().map(|key| (Some(key), &fields[key]));
            write_list(entries, ['{', '}'], text);
        }
        Value::Array(items) => write_list(items.iter().map(|item| (None, item)), ['[', ']'], text),
        plain => text.push_str(&plain.to_string()),
    }
}

/// Appends the entries of an object or an array between their brackets.
fn write_list<'a>(
    entries: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    [open, close]: [char; 2],
    text: &mut String,
) {
    text.push(open);
    for (index, (key, item)) in entries.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if let Some(key) = key {
            text.push_str(&Value::from(key.as_str()).to_string());
            text.push(':');
        }
        write_sorted(item, text);
    }
    text.push(close);
}

/// Serialises a decimal as its canonical string, for `#[serde(with = "canonical::decimal")]`.
pub mod decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the canonical string.
    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::decimal_text(*value))
    }

    /// Reads a stored string.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::parse_decimal(&text).map_err(D::Error::custom)
    }
}

/// Serialises an optional decimal as its canonical string or null, for `#[serde(with = "canonical::decimal_option")]`.
pub mod decimal_option {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes the canonical string or null.
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(super::decimal_text).serialize(serializer)
    }

    /// Reads a stored string or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::parse_decimal(&text).map_err(D::Error::custom)).transpose()
    }
}

/// Multiplies without losing a digit; `None` when the product does not fit.
///
/// A decimal's own product silently rounds to 28 places, and rounding twice is not rounding once.
pub fn exact_product(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (left, right) = (left.normalize(), right.normalize());
    let product = left.checked_mul(right)?;
    if left.is_zero() || right.is_zero() {
        return Some(Decimal::ZERO);
    }
    (product.scale() == left.scale() + right.scale()).then_some(product)
}

/// Adds without losing a digit; `None` when the sum does not fit.
pub fn exact_sum(left: Decimal, right: Decimal) -> Option<Decimal> {
    let (left, right) = (left.normalize(), right.normalize());
    let sum = left.checked_add(right)?;
    (sum.scale() == left.scale().max(right.scale())).then_some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        for (value, text) in [
            (Decimal::new(1_000, 0), "1000"),
            (Decimal::new(12_500, 3), "12.5"),
            (Decimal::new(-5, 1), "-0.5"),
            (Decimal::new(0, 4), "0"),
            (-Decimal::ZERO, "0"),
            (Decimal::new(1, 28), "0.0000000000000000000000000001"),
            (Decimal::MAX, "79228162514264337593543950335"),
        ] {
            assert_eq!(decimal_text(value), text);
            assert_eq!(parse_decimal(text), Ok(value));
        }
    }

    #[test]
    fn stored_decimals_are_plain() {
        for text in ["", "-", "1e5", "+1", ".5", "1.", "1,000", " 1", "۱", "--1", "1.2.3", "NaN", "1_000"] {
            assert_eq!(parse_decimal(text), Err(DecimalError::Malformed(text.to_owned())), "{text}");
        }
        for text in ["79228162514264337593543950336", "0.00000000000000000000000000001"] {
            assert_eq!(parse_decimal(text), Err(DecimalError::TooLong(text.to_owned())), "{text}");
        }
        assert_eq!(parse_decimal("1.500").unwrap().scale(), 1);
        assert!(!parse_decimal("-0").unwrap().is_sign_negative());
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": 1, "a": null}, true], "a": "x\"آ\n", "B": {}});
        assert_eq!(json(&value).unwrap(), r#"{"B":{},"a":"x\"آ\n","b":[{"a":null,"z":1},true]}"#);
    }

    #[test]
    fn optional_decimals_may_be_null() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Rate {
            #[serde(with = "decimal_option")]
            rate: Option<Decimal>,
        }
        for (rate, text) in [(None, r#"{"rate":null}"#), (Some(Decimal::new(15, 1)), r#"{"rate":"1.5"}"#)] {
            assert_eq!(json(&Rate { rate }).unwrap(), text);
            assert_eq!(serde_json::from_str::<Rate>(text).unwrap(), Rate { rate });
        }
    }

    #[test]
    fn exact_arithmetic_refuses_what_it_would_round() {
        let tiny = Decimal::new(3, 20);
        assert_eq!(exact_product(tiny, tiny), None);
        assert_eq!(exact_product(Decimal::MAX, Decimal::TEN), None);
        assert_eq!(exact_product(Decimal::MAX, Decimal::ZERO), Some(Decimal::ZERO));
        assert_eq!(exact_sum(Decimal::MAX, Decimal::new(1, 1)), None);
        assert_eq!(exact_sum(Decimal::MAX, Decimal::ONE), None);
        assert_eq!(exact_sum(Decimal::new(11, 1), Decimal::new(9, 1)), Some(Decimal::new(2, 0)));
    }

    proptest! {
        #[test]
        fn decimals_read_back(mantissa in -(1_i128 << 95)..(1_i128 << 95), scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            let text = decimal_text(value);
            prop_assert_eq!(parse_decimal(&text), Ok(value));
            prop_assert!(!text.contains('.') || !text.ends_with('0'));
        }

        #[test]
        fn products_and_sums_are_those_of_integers(left in -1_000_000_000_i64..1_000_000_000, right in -1_000_000_000_i64..1_000_000_000,
                                                   left_scale in 0_u32..8, right_scale in 0_u32..8) {
            let (a, b) = (Decimal::new(left, left_scale), Decimal::new(right, right_scale));
            let product = Decimal::from_i128_with_scale(i128::from(left) * i128::from(right), left_scale + right_scale);
            prop_assert_eq!(exact_product(a, b), Some(product));
            prop_assert_eq!(exact_sum(a, b).and_then(|sum| exact_sum(sum, -b)), Some(a));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", numeric in "-?[0-9]{0,40}\\.?[0-9]{0,40}") {
            let _ = parse_decimal(&text);
            let _ = parse_decimal(&numeric);
        }
    }
}
