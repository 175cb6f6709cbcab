//! How often history's first suggestion is right, counted on the history itself.
//!
//! Owns the count. Each document is left out in turn, and its lines are coded by the others; never by a line of the same
//! document, which would know the answer.

use serde::{Deserialize, Serialize};

use crate::history::{History, Kept};
use crate::resemblance::Wanted;
use crate::suggestion::{CodingSuggestion, suggest};

/// Confidences that are counted from, per mille.
pub const THRESHOLDS: [u16; 6] = [0, 500, 600, 700, 800, 900];

/// By which documents a line is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodedBy {
    /// By all others: as many as there are, yet the newer would not have been known.
    Others,
    /// By older ones alone: what would have been said on the day.
    Older,
}

/// Counts of suggestions from one confidence on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// Per mille.
    pub confidence_min: u16,
    /// Lines that had a suggestion of so much confidence.
    pub suggested: u32,
    /// Of these, with the right account.
    pub account_right: u32,
    /// Of these, with the right tax type.
    pub tax_right: u32,
    /// Of these, with both.
    pub both_right: u32,
}

/// How often the first suggestion was right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Lines that were tried.
    pub lines: u32,
    /// Of these, without any suggestion.
    pub without_suggestion: u32,
    /// One for each of [`THRESHOLDS`].
    pub hits: Vec<Hits>,
}

impl History {
    /// Tries every line that is kept. Costs the square of their number, which
    /// [`HISTORY_LINES_MAX`](crate::HISTORY_LINES_MAX) bounds.
    pub fn quality(&self, by: CodedBy) -> Quality {
        let hits = THRESHOLDS.map(|confidence_min| Hits { confidence_min, ..Hits::default() }).to_vec();
        let mut quality = Quality { lines: 0, without_suggestion: 0, hits };
        for kept in self.newest_first() {
            let known = |other: &&Kept| match by {
                CodedBy::Others => other.document_id != kept.document_id,
                CodedBy::Older => other.date < kept.date,
            };
            let lines: Vec<&Kept> = self.newest_first().filter(known).collect();
            quality.count(kept, suggest(&lines, Wanted { words: &kept.words, amount: kept.amount }));
        }
        quality
    }
}

impl Quality {
    fn count(&mut self, kept: &Kept, suggestion: Option<CodingSuggestion>) {
        self.lines += 1;
        let Some(suggestion) = suggestion else {
            self.without_suggestion += 1;
            return;
        };
        let account = &suggestion.account.value;
        let by_id = account.id.is_some() && account.id == kept.account_id;
        let account_right = by_id || account.code.is_some() && account.code == kept.account_code;
        let tax_right = suggestion.tax_type.as_ref().map(|tax| &tax.value) == kept.tax_type.as_ref();
        for hits in self.hits.iter_mut().filter(|hits| hits.confidence_min <= suggestion.confidence) {
            hits.suggested += 1;
            hits.account_right += u32::from(account_right);
            hits.tax_right += u32::from(tax_right);
            hits.both_right += u32::from(account_right && tax_right);
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Date, Money};
    use uuid::Uuid;

    use super::*;
    use crate::past::{PastKind, PastLine};

    fn line(day: i8, at: usize, account: &str, tax: &str, description: &str) -> PastLine {
        PastLine {
            document_id: Uuid::from_u128(u128::try_from(day).unwrap()),
            kind: PastKind::Bill,
            date: Date::constant(2026, 1, 1).checked_add(std::time::Duration::from_secs(day as u64 * 86_400)).unwrap(),
            description: description.to_owned(),
            account_code: Some(account.to_owned()),
            account_id: None,
            tax_type: Some(tax.to_owned()),
            tracking: Vec::new(),
            amount: Some(Money::new(1_000 + at as i64, "GBP".parse().unwrap())),
            status_gone: false,
        }
    }

    /// A supplier of what a village shop needs: each thing has its account, one line in eight is coded by mistake, and one
    /// in eight is a thing that comes but once.
    fn generated() -> History {
        let things = [
            ("Printer paper A4", "429", "INPUT2"),
            ("Cloud hosting", "463", "INPUT2"),
            ("Green tea, 12 boxes", "420", "ZERORATEDINPUT"),
            ("Rent unit 12", "469", "EXEMPTINPUT"),
        ];
        let months = ["January", "February", "March", "April"];
        let mut history = History::of(Uuid::nil());
        let mut seed: u64 = 7;
        let mut dice = |sides: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % sides
        };
        for at in 0..120_usize {
            let day = i8::try_from(at / 2 + 1).unwrap();
            let (name, account, tax) = things[dice(things.len())];
            let (account, tax) = if dice(8) == 0 { ("404", "NONE") } else { (account, tax) };
            let name = if dice(8) == 0 { format!("Sundry {at}") } else { format!("{name} {}", months[dice(4)]) };
            history.add(line(day, at, account, tax, &name));
        }
        history
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "the report is what this test is for")]
    fn x4_how_often_history_is_right_is_counted_on_a_generated_history() {
        for by in [CodedBy::Others, CodedBy::Older] {
            let quality = generated().quality(by);
            println!("{by:?}: {} lines, {} without a suggestion", quality.lines, quality.without_suggestion);
            for hits in &quality.hits {
                let Hits { confidence_min, suggested, account_right, tax_right, both_right } = hits;
                println!("  from {confidence_min:>3}: {suggested:>3} suggested");
                println!("            right: account {account_right:>3}, tax {tax_right:>3}, both {both_right:>3}");
            }
            let [all, _, sure, ..] = quality.hits.as_slice() else { panic!("no thresholds") };
            assert_eq!(quality.lines, quality.without_suggestion + all.suggested);
            // Seven lines in eight are coded as their things are; what is sure is right more often than what is not.
            assert!(all.both_right * 10 >= all.suggested * 7, "{quality:?}");
            assert!(sure.suggested * 2 > all.suggested, "{quality:?}");
            assert!(sure.both_right * all.suggested >= all.both_right * sure.suggested, "{quality:?}");
        }
    }

    #[test]
    fn x4_one_telling_word_in_a_long_description_is_enough() {
        let mut history = History::of(Uuid::nil());
        for day in 1..71 {
            // Each bill has another number in it, and the units take turns, so that the newest is never the right one.
            let (unit, bill) = (day % 7, 900 + i32::from(day));
            let description = format!("Rent of the house at the village green, unit {unit}, bill {bill}");
            history.add(line(day, 1, &format!("40{unit}"), "INPUT2", &description));
        }
        let Hits { suggested, account_right, .. } = history.quality(CodedBy::Others).hits[0];
        assert_eq!((suggested, account_right), (70, 70));
    }

    #[test]
    fn x4_a_line_is_never_coded_by_its_own_document() {
        let mut history = History::of(Uuid::nil());
        history.add(line(1, 1, "429", "INPUT2", "Paper"));
        history.add(line(1, 2, "429", "INPUT2", "Ink"));
        let quality = history.quality(CodedBy::Others);
        assert_eq!((quality.lines, quality.without_suggestion), (2, 2));
        history.add(line(2, 3, "429", "ZERORATEDINPUT", "Paper"));
        let others = history.quality(CodedBy::Others).hits[0];
        let told = |hits: Hits| (hits.suggested, hits.account_right, hits.tax_right, hits.both_right);
        assert_eq!(told(others), (3, 3, 0, 0));
        assert_eq!(told(history.quality(CodedBy::Older).hits[0]), (1, 1, 0, 0));
        assert_eq!(history.quality(CodedBy::Older).without_suggestion, 2);
    }
}
