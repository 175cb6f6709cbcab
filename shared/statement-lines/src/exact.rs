//! Exact decimal numbers: whole units and how many decimals they have.
//!
//! Owns amounts whose currency is not known yet. Never rounds: what is finer than its currency stays as fine as it is.

use std::fmt;

use kernel::{Currency, Money};
use serde::{Serialize, Serializer};

/// Decimals that are kept. No currency has more than four, and ISO 20022 allows five.
pub const DECIMALS_MAX: u8 = 9;
/// Decimals of most currencies, for amounts whose currency the file does not say.
const DECIMALS_USUAL: u8 = 2;

/// A number: `units` divided by ten to the power of `decimals`.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    units: i64,
    decimals: u8,
}

impl Exact {
    /// A number; none where it has more decimals than are kept.
    pub fn new(units: i64, decimals: u8) -> Option<Self> {
        (decimals <= DECIMALS_MAX).then_some(Self { units, decimals })
    }

    /// The same number with this many decimals; none where that would round, or is too large.
    pub fn with_decimals(self, decimals: u8) -> Option<Self> {
        let units = match decimals.checked_sub(self.decimals) {
            Some(more) => self.units.checked_mul(power(more))?,
            None => {
                let by = power(self.decimals - decimals);
                (self.units % by == 0).then_some(self.units / by)?
            }
        };
        Self::new(units, decimals)
    }

    /// With as many decimals as the currency has, two where there is none, and whether it is finer than that: then it
    /// stays as it is.
    pub fn fitted(self, currency: Option<Currency>) -> (Self, bool) {
        let decimals = currency.map_or(DECIMALS_USUAL, |currency| currency.minor_digits() as u8);
        match self.with_decimals(decimals) {
            Some(fitted) => (fitted, false),
            // Without a currency nothing says that three decimals are one too many.
            None => (self, currency.is_some()),
        }
    }

    /// As money; none where it is finer than the currency.
    pub fn money(self, currency: Currency) -> Option<Money> {
        let fitted = self.with_decimals(u8::try_from(currency.minor_digits()).ok()?)?;
        Some(Money::new(fitted.units, currency))
    }

    /// The sum; none beyond 64 bits.
    pub fn try_add(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let (one, two) = (self.with_decimals(decimals)?, other.with_decimals(decimals)?);
        Self::new(one.units.checked_add(two.units)?, decimals)
    }

    /// The difference; none beyond 64 bits.
    pub fn try_sub(self, other: Self) -> Option<Self> {
        self.try_add(other.try_neg()?)
    }

    /// With the other sign; none beyond 64 bits.
    pub fn try_neg(self) -> Option<Self> {
        Self::new(self.units.checked_neg()?, self.decimals)
    }

    /// Without a sign; none beyond 64 bits.
    pub fn try_abs(self) -> Option<Self> {
        if self.is_negative() { self.try_neg() } else { Some(self) }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.units < 0
    }
}

fn power(of: u8) -> i64 {
    10_i64.pow(u32::from(of.min(18)))
}

/// Numbers are equal whatever decimals they are written with.
impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        let wide = |number: &Self, beside: &Self| {
            i128::from(number.units) * i128::from(power(beside.decimals.saturating_sub(number.decimals)))
        };
        wide(self, other) == wide(other, self)
    }
}

impl Eq for Exact {}

impl fmt::Display for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (units, base) = (self.units.unsigned_abs(), power(self.decimals).unsigned_abs());
        match usize::from(self.decimals) {
            0 => write!(out, "{sign}{units}"),
            width => write!(out, "{sign}{}.{:0width$}", units / base, units % base),
        }
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_their_currency_or_stay_as_they_are() {
        let fitted = |units, decimals, code: &str| {
            let (exact, finer) = Exact::new(units, decimals).unwrap().fitted(code.parse().ok());
            (exact.to_string(), finer)
        };
        assert_eq!(fitted(200_000, 0, "SEK"), ("200000.00".to_owned(), false));
        assert_eq!(fitted(5000, 3, "EUR"), ("5.00".to_owned(), false));
        assert_eq!(fitted(5001, 3, "EUR"), ("5.001".to_owned(), true));
        assert_eq!(fitted(5001, 3, "KWD"), ("5.001".to_owned(), false));
        assert_eq!(fitted(-2700, 0, "JPY"), ("-2700".to_owned(), false));
        assert_eq!(fitted(-5, 1, ""), ("-0.50".to_owned(), false));
    }

    #[test]
    fn sums_are_exact_and_end_before_they_wrap() {
        let exact = |units, decimals| Exact::new(units, decimals).unwrap();
        assert_eq!(exact(15, 1).try_add(exact(-125, 2)), Some(exact(25, 2)));
        assert_eq!(exact(150, 2), exact(15, 1));
        assert_eq!(exact(i64::MAX, 0).try_add(exact(1, 0)), None);
        assert_eq!(exact(i64::MAX, 0).try_add(exact(1, 9)), None);
        assert_eq!(exact(i64::MIN, 0).try_neg(), None);
        assert_eq!(Exact::new(1, 10), None);
        assert_ne!(exact(i64::MAX, 0), exact(i64::MAX, 9));
    }
}
