//! Amounts and numbers as a document writes them.
//!
//! Owns the exact decimal with the currency it stands in, and how it is kept as text. Never rounds, never makes a float.

use std::borrow::Cow;

use kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An exact number that is no money: a quantity, or a percentage. Text in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact(pub Decimal);

/// An amount as written, with all its decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The number in units of the currency, such as 119.00. Text in JSON.
    pub number: Exact,
    /// The currency it was marked with, else the document's; none where the document names none.
    pub currency: Option<Currency>,
}

impl Amount {
    /// The amount in whole minor units; none where it is finer than they are, too large, or has no currency.
    pub fn money(&self) -> Option<Money> {
        Money::parse(&self.number.0.normalize().to_string(), self.currency?).ok()
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        plain(&text).map(Self).ok_or_else(|| D::Error::custom("not a plain decimal"))
    }
}

/// An `xs:decimal`: sign, digits, and a point with digits. No exponent, no grouping, nothing rounded away.
pub fn plain(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let points = unsigned.bytes().filter(|byte| *byte == b'.').count();
    if digits == 0 || points > 1 || digits + points != unsigned.len() {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_exactly_or_not_at_all() {
        for good in ["0", "-1.50", "+3", "119.0000", "79228162514264337593543950335", ".5", "5."] {
            assert!(plain(good).is_some(), "{good}");
        }
        for bad in ["", "-", ".", "1,00", "1e3", "--1", "1.2.3", "NaN", "1 000", "0x1", "1_0", &"9".repeat(40)] {
            assert_eq!(plain(bad), None, "{bad}");
        }
    }

    #[test]
    fn json_holds_text_and_no_reader_makes_a_float() {
        let amount = Amount { number: Exact(plain("119.00").unwrap()), currency: "EUR".parse().ok() };
        let written = serde_json::to_string(&amount).unwrap();
        assert_eq!(written, r#"{"number":"119.00","currency":"EUR"}"#);
        assert_eq!(serde_json::from_str::<Amount>(&written).unwrap(), amount);
        assert!(serde_json::from_str::<Amount>(r#"{"number":119.0,"currency":"EUR"}"#).is_err());
        assert_eq!(amount.money().unwrap().minor, 11_900);
    }
}
