//! Currencies: the ISO 4217 codes in use, each with the number of decimal places that money in it may carry.
//!
//! The table is part of how stored amounts are rounded, so it is frozen here rather than taken from a dependency:
//! replicas of different versions must agree. Precious metals, test codes and units of account are left out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Refusal of a text that should be a currency code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a currency; give a code of three letters such as IRR, USD or EUR")]
pub struct UnknownCurrency(pub String);

/// A currency of the ISO 4217 table; serialised and displayed as its code of three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The Iranian rial: whole rials only.
    pub const IRR: Self = Self(*b"IRR");
    /// The United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Finds a currency by its code; case does not matter.
    pub fn from_code(code: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency(code.to_owned());
        let bytes: [u8; 3] = code.trim().to_ascii_uppercase().as_bytes().try_into().map_err(|_| unknown())?;
        row(bytes).map(|_| Self(bytes)).ok_or_else(unknown)
    }

    /// The code of three capital letters.
    pub fn code(self) -> &'static str {
        let (code, _) = row(self.0).expect("a currency is made from a row of the table only");
        std::str::from_utf8(code).expect("every code of the table is ASCII")
    }

    /// The number of decimal places that money in this currency carries at most.
    ///
    /// ISO 4217, except that the rial has none: nobody counts dinars.
    pub fn scale(self) -> u32 {
        row(self.0).map(|(_, scale)| *scale).expect("a currency is made from a row of the table only")
    }

    /// Lists every currency in the order of the codes.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, _)| Self(*code))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        Self::from_code(text)
    }
}

/// Reads a stored code, which is always in capitals.
impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(text: String) -> Result<Self, UnknownCurrency> {
        match Self::from_code(&text) {
            Ok(currency) if currency.code() == text => Ok(currency),
            _ => Err(UnknownCurrency(text)),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// Finds the row of a code.
fn row(code: [u8; 3]) -> Option<&'static (Code, u32)> {
    TABLE.binary_search_by_key(&code, |(known, _)| *known).ok().map(|at| &TABLE[at])
}

/// A code of three capital ASCII letters.
type Code = [u8; 3];

/// Codes and decimal places, sorted by code. Codes that went out of use lately stay, for imported history.
#[rustfmt::skip]
const TABLE: &[(Code, u32)] = &[
    (*b"AED", 2), (*b"AFN", 2), (*b"ALL", 2), (*b"AMD", 2), (*b"ANG", 2), (*b"AOA", 2), (*b"ARS", 2),
    (*b"AUD", 2), (*b"AWG", 2), (*b"AZN", 2), (*b"BAM", 2), (*b"BBD", 2), (*b"BDT", 2), (*b"BGN", 2),
    (*b"BHD", 3), (*b"BIF", 0), (*b"BMD", 2), (*b"BND", 2), (*b"BOB", 2), (*b"BOV", 2), (*b"BRL", 2),
    (*b"BSD", 2), (*b"BTN", 2), (*b"BWP", 2), (*b"BYN", 2), (*b"BZD", 2), (*b"CAD", 2), (*b"CDF", 2),
    (*b"CHE", 2), (*b"CHF", 2), (*b"CHW", 2), (*b"CLF", 4), (*b"CLP", 0), (*b"CNY", 2), (*b"COP", 2),
    (*b"COU", 2), (*b"CRC", 2), (*b"CUC", 2), (*b"CUP", 2), (*b"CVE", 2), (*b"CZK", 2), (*b"DJF", 0),
    (*b"DKK", 2), (*b"DOP", 2), (*b"DZD", 2), (*b"EGP", 2), (*b"ERN", 2), (*b"ETB", 2), (*b"EUR", 2),
    (*b"FJD", 2), (*b"FKP", 2), (*b"GBP", 2), (*b"GEL", 2), (*b"GHS", 2), (*b"GIP", 2), (*b"GMD", 2),
    (*b"GNF", 0), (*b"GTQ", 2), (*b"GYD", 2), (*b"HKD", 2), (*b"HNL", 2), (*b"HRK", 2), (*b"HTG", 2),
    (*b"HUF", 2), (*b"IDR", 2), (*b"ILS", 2), (*b"INR", 2), (*b"IQD", 3), (*b"IRR", 0), (*b"ISK", 0),
    (*b"JMD", 2), (*b"JOD", 3), (*b"JPY", 0), (*b"KES", 2), (*b"KGS", 2), (*b"KHR", 2), (*b"KMF", 0),
    (*b"KPW", 2), (*b"KRW", 0), (*b"KWD", 3), (*b"KYD", 2), (*b"KZT", 2), (*b"LAK", 2), (*b"LBP", 2),
    (*b"LKR", 2), (*b"LRD", 2), (*b"LSL", 2), (*b"LYD", 3), (*b"MAD", 2), (*b"MDL", 2), (*b"MGA", 2),
    (*b"MKD", 2), (*b"MMK", 2), (*b"MNT", 2), (*b"MOP", 2), (*b"MRU", 2), (*b"MUR", 2), (*b"MVR", 2),
    (*b"MWK", 2), (*b"MXN", 2), (*b"MXV", 2), (*b"MYR", 2), (*b"MZN", 2), (*b"NAD", 2), (*b"NGN", 2),
    (*b"NIO", 2), (*b"NOK", 2), (*b"NPR", 2), (*b"NZD", 2), (*b"OMR", 3), (*b"PAB", 2), (*b"PEN", 2),
    (*b"PGK", 2), (*b"PHP", 2), (*b"PKR", 2), (*b"PLN", 2), (*b"PYG", 0), (*b"QAR", 2), (*b"RON", 2),
    (*b"RSD", 2), (*b"RUB", 2), (*b"RWF", 0), (*b"SAR", 2), (*b"SBD", 2), (*b"SCR", 2), (*b"SDG", 2),
    (*b"SEK", 2), (*b"SGD", 2), (*b"SHP", 2), (*b"SLE", 2), (*b"SLL", 2), (*b"SOS", 2), (*b"SRD", 2),
    (*b"SSP", 2), (*b"STN", 2), (*b"SVC", 2), (*b"SYP", 2), (*b"SZL", 2), (*b"THB", 2), (*b"TJS", 2),
    (*b"TMT", 2), (*b"TND", 3), (*b"TOP", 2), (*b"TRY", 2), (*b"TTD", 2), (*b"TWD", 2), (*b"TZS", 2),
    (*b"UAH", 2), (*b"UGX", 0), (*b"USD", 2), (*b"USN", 2), (*b"UYI", 0), (*b"UYU", 2), (*b"UYW", 4),
    (*b"UZS", 2), (*b"VED", 2), (*b"VES", 2), (*b"VND", 0), (*b"VUV", 0), (*b"WST", 2), (*b"XAD", 2),
    (*b"XAF", 0), (*b"XCD", 2), (*b"XCG", 2), (*b"XOF", 0), (*b"XPF", 0), (*b"YER", 2), (*b"ZAR", 2),
    (*b"ZMW", 2), (*b"ZWG", 2), (*b"ZWL", 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_distinct() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TABLE.iter().all(|(code, scale)| code.iter().all(u8::is_ascii_uppercase) && *scale <= 4));
    }

    #[test]
    fn scales_follow_iso_except_for_the_rial() {
        let scales: Vec<u32> = ["IRR", "USD", "EUR", "JPY", "KWD", "IQD", "CLF", "AED", "TRY"]
            .into_iter()
            .map(|code| Currency::from_code(code).unwrap().scale())
            .collect();
        assert_eq!(scales, [0, 2, 2, 0, 3, 3, 4, 2, 2]);
    }

    #[test]
    fn every_constant_is_in_the_table() {
        assert!([Currency::IRR, Currency::USD, Currency::EUR].iter().all(|known| row(known.0).is_some()));
        assert!(Currency::all().all(|known| Currency::from_code(known.code()) == Ok(known)));
    }

    #[test]
    fn typed_codes_are_lenient_and_stored_codes_are_not() {
        assert_eq!("usd".parse(), Ok(Currency::USD));
        assert_eq!(serde_json::from_str::<Currency>("\"USD\"").unwrap(), Currency::USD);
        assert!(serde_json::from_str::<Currency>("\"usd\"").is_err());
        assert!(Currency::from_code("XAU").is_err());
        assert!(Currency::from_code("ریال").is_err());
        assert!(Currency::from_code("").unwrap_err().to_string().contains("IRR"));
    }
}
