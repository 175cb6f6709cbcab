//! One account's sheet: both balances, and the entries that lie between them.
//!
//! Owns the identity: gap = attributed + unexplained, to the minor unit. Entries beyond the bound keep their sum and count.

use kernel::{Currency, Date, IntentId, Money, MoneyError, ScheduleId};
use schedules::AccountRef;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Entries kept of one account, the largest; of the others, their sum and count.
pub const ENTRIES_MAX: usize = 200;
/// Longest text kept of an entry.
const TEXT_CHARS_MAX: usize = 160;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Xero's id; none where the books know no such account.
    pub id: Option<Uuid>,
    /// Its code, or how schedules name it where it has none or is not known.
    pub code: String,
    /// Its name in Xero.
    pub name: String,
    /// Whether it is of profit and loss: then Xero's balance begins anew with each financial year.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub starts_afresh: bool,
    /// Xero's balance, debit above zero.
    pub ledger: Money,
    /// What schedules say must be on it.
    pub expected: Money,
    /// What the journals of schedules, dated by the day, put on it.
    pub journals: Money,
    /// What of the expectation no journal is to account for.
    pub accounted: Money,
    /// The largest entries.
    pub kept: Vec<Finding>,
    /// How many others there are.
    pub left_out: u64,
    /// Their sum.
    pub left_out_sum: Money,
}

/// One entry that the two balances do not share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of difference it is.
    pub kind: FindingKind,
    /// Its part of the gap in minor units: above zero where Xero's balance is the higher one.
    pub minor: i64,
    /// The day it counts for, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// The record in Xero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordRef>,
    /// Our posting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<IntentId>,
    /// The schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// What the posting itself says of why it needs somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// Why a posting needs somebody, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said {
    /// Stable, for programs.
    pub code: String,
    /// In words.
    pub cause: String,
    /// What to do.
    pub fix: String,
}

/// A record in Xero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordRef {
    /// Its kind: `invoices`, `manual_journals`, …
    pub entity: String,
    /// Xero's id.
    pub id: String,
    /// Xero's word for what it is, where the kind has several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub document_type: String,
    /// Its number, reference or narration.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
}

/// What kind of difference an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A record that did not come from here.
    ForeignEntry,
    /// A plain journal of the host application.
    HostJournal,
    /// A record with our mark that no posting claims.
    UnclaimedJournal,
    /// A release whose period has ended and that no journal carries yet.
    NotPublished,
    /// A journal that is on its way.
    OnItsWay,
    /// A journal that waits for something.
    Waiting,
    /// A journal that was recorded as entered by hand or not wanted.
    RecordedByHand,
    /// A journal that was voided or deleted in Xero.
    VoidedInXero,
    /// A journal that was changed in Xero.
    EditedInXero,
    /// A journal that came into the books after the trial balance was read.
    PostedSince,
    /// A journal that a lock date moved to after the day.
    DatedLater,
    /// What a schedule had on the account when it was imported: its first journal is not ours.
    BroughtIn,
    /// The journals of schedules do not add up to the schedules.
    SchedulesDiffer,
}

impl Finding {
    /// Nothing but its kind and amount.
    pub fn new(kind: FindingKind, amount: Money) -> Self {
        let minor = amount.minor;
        Self { kind, minor, date: None, record: None, posting: None, schedule: None, said: None }
    }

    /// What is kept first where not all can be.
    fn rank(&self) -> (u64, std::cmp::Reverse<&Self>) {
        (self.minor.unsigned_abs(), std::cmp::Reverse(self))
    }
}

impl Said {
    /// In texts short enough to be kept many times.
    pub fn new(code: &str, cause: &str, fix: &str) -> Self {
        Self { code: short(code), cause: short(cause), fix: short(fix) }
    }
}

/// A text short enough to be kept many times.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

impl Sheet {
    /// A sheet with nothing on it.
    pub fn new(id: Option<Uuid>, code: String, name: String, currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            id,
            code,
            name,
            starts_afresh: false,
            ledger: zero,
            expected: zero,
            journals: zero,
            accounted: zero,
            kept: Vec::new(),
            left_out: 0,
            left_out_sum: zero,
        }
    }

    /// Whether an account of a journal line is this one. `known` is the id that the books have for it.
    pub fn is(&self, account: &AccountRef, known: Option<Uuid>) -> bool {
        match (self.id, known) {
            (Some(own), Some(known)) => own == known,
            (None, None) => self.code == account.as_str(),
            _ => false,
        }
    }

    /// Adds an entry. One of nothing says nothing.
    pub fn add(&mut self, finding: Finding) -> Result<(), MoneyError> {
        if finding.minor == 0 {
            return Ok(());
        }
        let at = self.kept.partition_point(|kept| kept.rank() > finding.rank());
        self.kept.insert(at, finding);
        if let Some(last) = (self.kept.len() > ENTRIES_MAX).then(|| self.kept.pop()).flatten() {
            self.left_out += 1;
            self.left_out_sum = self.left_out_sum.try_add(Money::new(last.minor, self.ledger.currency))?;
        }
        Ok(())
    }

    /// Xero's balance less what schedules expect.
    pub fn gap(&self) -> Result<Money, MoneyError> {
        self.ledger.try_sub(self.expected)
    }

    /// What of the gap single entries are.
    pub fn attributed(&self) -> Result<Money, MoneyError> {
        let currency = self.ledger.currency;
        let kept = self.kept.iter().map(|finding| Money::new(finding.minor, currency));
        Money::try_sum(kept, currency)?.try_add(self.left_out_sum)
    }

    /// What of the gap nothing is known to be.
    pub fn unexplained(&self) -> Result<Money, MoneyError> {
        self.gap()?.try_sub(self.attributed()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that a seed gives again: splitmix64.
    struct Seeded(u64);

    impl Seeded {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) % bound
        }
    }

    fn pounds(minor: i64) -> Money {
        Money::new(minor, "GBP".parse().unwrap())
    }

    #[test]
    fn attributed_and_unexplained_are_the_gap_whatever_is_added_and_left_out() {
        for seed in 0..200 {
            let mut numbers = Seeded(seed);
            let mut amount = || i64::try_from(numbers.below(2_000_001)).unwrap() - 1_000_000;
            let mut sheet = Sheet::new(None, "620".into(), String::new(), pounds(0).currency);
            (sheet.ledger, sheet.expected) = (pounds(amount()), pounds(amount()));
            let (mut sum, count) = (0, usize::try_from(seed * 3).unwrap());
            for _ in 0..count {
                let minor = amount();
                sum += minor;
                sheet.add(Finding::new(FindingKind::ForeignEntry, pounds(minor))).unwrap();
            }
            assert_eq!(sheet.attributed().unwrap(), pounds(sum), "seed {seed}");
            let both = sheet.attributed().unwrap().try_add(sheet.unexplained().unwrap()).unwrap();
            assert_eq!(both, sheet.gap().unwrap(), "seed {seed}");
            assert!(sheet.kept.len() <= ENTRIES_MAX && sheet.kept.is_sorted_by_key(|kept| -kept.minor.abs()));
        }
    }

    #[test]
    fn the_largest_are_kept_in_whatever_order_they_come() {
        let of = |order: &mut dyn Iterator<Item = i64>| {
            let mut sheet = Sheet::new(None, "620".into(), String::new(), pounds(0).currency);
            order.for_each(|minor| sheet.add(Finding::new(FindingKind::ForeignEntry, pounds(minor))).unwrap());
            sheet
        };
        let (up, down) = (of(&mut (1..=250)), of(&mut (1..=250).rev()));
        assert_eq!(up, down);
        assert_eq!((up.left_out, up.left_out_sum, up.kept[0].minor), (50, pounds(50 * 51 / 2), 250));
        assert_eq!(of(&mut [0, 0].into_iter()).kept.len(), 0);
    }

    #[test]
    fn a_sum_beyond_all_bounds_is_an_error_and_never_another_sum() {
        let mut sheet = Sheet::new(None, "620".into(), String::new(), pounds(0).currency);
        (sheet.ledger, sheet.expected) = (pounds(i64::MAX), pounds(-1));
        assert!(sheet.gap().is_err() && sheet.unexplained().is_err());
    }
}
