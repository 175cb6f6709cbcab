//! Amounts of money: whole minor units and their currency, added and divided exactly.
//!
//! Owns the rule that money is never a float and never changes currency unseen. Never rounds by itself: only
//! [`Money::try_part`] rounds, and says how.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// An exact amount. Negative is allowed; what a sign means is the owner's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Money {
    /// Pence for GBP, yen for JPY, fils for KWD.
    pub minor: i64,
    /// What is counted.
    pub currency: Currency,
}

/// Why there is no such amount. Carries no text from outside: amounts reach logs only where someone decides so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three upper-case letters.
    #[error("not a currency code: expected three upper-case letters such as GBP")]
    NoCurrency,
    /// Not an optional minus, digits, and optionally a point with digits.
    #[error("not an amount: expected digits with a point, such as -83.33")]
    NoAmount,
    /// Finer than the currency's smallest unit. Rounding here would lose money unseen.
    #[error("more decimals than the {max} that {currency} has")]
    TooManyDecimals {
        /// The currency.
        currency: Currency,
        /// The decimals it has.
        max: u32,
    },
    /// Two currencies in one sum.
    #[error("amounts in {0} and {1} cannot be added")]
    TwoCurrencies(Currency, Currency),
    /// Beyond what 64 bits of minor units hold.
    #[error("the amount is too large")]
    TooLarge,
}

/// Digits of the longest amount that fits.
const AMOUNT_CHARS_MAX: usize = 24;

impl Currency {
    /// How many decimals amounts of it are written with.
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn minor_per_major(self) -> u64 {
        10_u64.pow(self.minor_digits())
    }
}

impl Money {
    /// An amount in minor units.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a plain decimal such as `-83.33`: no grouping, no exponent, no more decimals than the currency has.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (unsigned, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > AMOUNT_CHARS_MAX || !digits(whole) || !decimals.is_none_or(digits) {
            return Err(MoneyError::NoAmount);
        }
        let units = minor_units(whole, decimals.unwrap_or_default(), currency)?;
        let signed = if negative { -units } else { units };
        let minor = i64::try_from(signed).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self { minor, currency })
    }

    /// The amount as a plain decimal, without its currency.
    pub fn amount(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let (units, base) = (self.minor.unsigned_abs(), self.currency.minor_per_major());
        match self.currency.minor_digits() as usize {
            0 => format!("{sign}{units}"),
            width => format!("{sign}{}.{:0width$}", units / base, units % base),
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is more than nothing.
    pub fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum of two amounts in one currency.
    pub fn try_add(self, other: Self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_add(other.same(self.currency)?.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// The difference of two amounts in one currency.
    pub fn try_sub(self, other: Self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_sub(other.same(self.currency)?.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// The amount with the other sign.
    pub fn try_neg(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// The sum of many amounts; of none, nothing.
    pub fn try_sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::try_add)
    }

    /// `numerator / denominator` of the amount, to the nearest minor unit; halves go away from zero.
    pub fn try_part(self, numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        let product = i128::from(self.minor).checked_mul(numerator).ok_or(MoneyError::TooLarge)?;
        let half = if product < 0 { -(denominator / 2) } else { denominator / 2 };
        let rounded = product.checked_add(half).and_then(|sum| divide(sum, denominator));
        let minor = rounded.and_then(|rounded| i64::try_from(rounded).ok()).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    fn same(self, currency: Currency) -> Result<Self, MoneyError> {
        if self.currency == currency { Ok(self) } else { Err(MoneyError::TwoCurrencies(currency, self.currency)) }
    }
}

/// Most quotients fit 64 bits, where division is many times cheaper. A denominator below one has no quotient.
fn divide(numerator: i128, denominator: i128) -> Option<i128> {
    match (i64::try_from(numerator), i64::try_from(denominator)) {
        (_, Ok(..=0)) => None,
        (Ok(numerator), Ok(denominator)) => Some(i128::from(numerator / denominator)),
        _ if denominator <= 0 => None,
        _ => Some(numerator / denominator),
    }
}

fn minor_units(whole: &str, decimals: &str, currency: Currency) -> Result<i128, MoneyError> {
    let max = currency.minor_digits();
    let missing = (max as usize).checked_sub(decimals.len()).ok_or(MoneyError::TooManyDecimals { currency, max })?;
    let digits = whole.bytes().chain(decimals.bytes()).chain(std::iter::repeat_n(b'0', missing));
    // At most 24 characters and 4 zeros: 28 digits, where 128 bits hold 38.
    Ok(digits.fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0')))
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::NoCurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

/// How an amount is written in JSON. The amount is text, so that no reader makes a float of it.
#[derive(Serialize, Deserialize)]
struct Written {
    amount: String,
    currency: Currency,
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency }
    }
}

impl TryFrom<Written> for Money {
    type Error = MoneyError;
    fn try_from(written: Written) -> Result<Self, MoneyError> {
        Self::parse(&written.amount, written.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[track_caller]
    fn check(text: &str, code: &str, expected: Result<i64, MoneyError>) {
        assert_eq!(Money::parse(text, currency(code)).map(|money| money.minor), expected, "{text} {code}");
    }

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        check("83.33", "GBP", Ok(8333));
        check("-0.05", "GBP", Ok(-5));
        check("1000", "GBP", Ok(100_000));
        check("83.3", "GBP", Ok(8330));
        check("500", "JPY", Ok(500));
        check("1.234", "KWD", Ok(1234));
        check("92233720368547758.07", "GBP", Ok(i64::MAX));
        check("-92233720368547758.08", "GBP", Ok(i64::MIN));
        check("92233720368547758.08", "GBP", Err(MoneyError::TooLarge));
        let decimals = |code, max| Err(MoneyError::TooManyDecimals { currency: currency(code), max });
        check("1.000", "GBP", decimals("GBP", 2));
        check("1.5", "JPY", decimals("JPY", 0));
        for bad in ["", "-", ".5", "5.", "1,000", "+1", "1e3", "--1", "1.2.3", " 1", "١", "0.-1", &"9".repeat(25)] {
            check(bad, "GBP", Err(MoneyError::NoAmount));
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for (minor, code, expected) in [
            (8333, "GBP", "83.33 GBP"),
            (-5, "GBP", "-0.05 GBP"),
            (0, "GBP", "0.00 GBP"),
            (-500, "JPY", "-500 JPY"),
            (1, "KWD", "0.001 KWD"),
            (i64::MIN, "EUR", "-92233720368547758.08 EUR"),
        ] {
            let money = Money::new(minor, currency(code));
            assert_eq!(money.to_string(), expected);
            assert_eq!(Money::parse(&money.amount(), money.currency), Ok(money));
        }
    }

    #[test]
    fn json_holds_the_amount_as_text() {
        let written = r#"{"amount":"83.33","currency":"GBP"}"#;
        let money: Money = serde_json::from_str(written).unwrap();
        assert_eq!(money, Money::new(8333, currency("GBP")));
        assert_eq!(serde_json::to_string(&money).unwrap(), written);
        for bad in [
            r#"{"amount":83.33,"currency":"GBP"}"#,
            r#"{"amount":"83.333","currency":"GBP"}"#,
            r#"{"amount":"1","currency":"gbp"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn no_sum_mixes_currencies_or_wraps() {
        let (pounds, euros) = (Money::new(100, currency("GBP")), Money::new(100, currency("EUR")));
        assert_eq!(pounds.try_add(euros), Err(MoneyError::TwoCurrencies(pounds.currency, euros.currency)));
        assert_eq!(pounds.try_sub(euros), Err(MoneyError::TwoCurrencies(pounds.currency, euros.currency)));
        let most = Money::new(i64::MAX, pounds.currency);
        assert_eq!(most.try_add(pounds), Err(MoneyError::TooLarge));
        assert_eq!(Money::new(i64::MIN, pounds.currency).try_neg(), Err(MoneyError::TooLarge));
        assert_eq!(Money::try_sum([pounds, pounds, pounds.try_neg().unwrap()], pounds.currency), Ok(pounds));
        assert_eq!(Money::try_sum([euros], pounds.currency), pounds.try_add(euros));
    }

    #[test]
    fn a_part_rounds_halves_away_from_zero() {
        let part = |minor, numerator, denominator| {
            Money::new(minor, currency("GBP")).try_part(numerator, denominator).map(|money| money.minor)
        };
        assert_eq!(part(100_000, 1, 12), Ok(8333));
        assert_eq!(part(5, 1, 2), Ok(3));
        assert_eq!(part(-5, 1, 2), Ok(-3));
        assert_eq!(part(i64::MAX, 1 << 62, 1 << 62), Ok(i64::MAX));
        assert_eq!(part(i64::MAX, 2, 1), Err(MoneyError::TooLarge));
        assert_eq!(part(i64::MAX, i128::MAX, 1), Err(MoneyError::TooLarge));
        for none in [0, -1, i128::MIN + 2] {
            assert_eq!(part(1, 1, none), Err(MoneyError::TooLarge));
        }
    }
}
