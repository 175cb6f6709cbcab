//! Lines of a bill that are for longer than the period in which they were billed, and why that is thought.
//!
//! Owns what counts as evidence and how much each is worth. What a line is for is taken from where it is stated most
//! closely: the document's own line, the line's text, the document as a whole, a line of text alone, a length from the
//! bill's date on. Nothing is suggested where all of it belongs to the period of the bill.

use clues::spans::{Known, Span, last_day, lengths, spans};
use kernel::calendar::{Calendar, whole_months};
use kernel::{Date, Money};
use readings::Reading;
use readings::reading::Period as ReadPeriod;
use schedules::{AccountRef, Tracking};
use serde::{Deserialize, Serialize};

use crate::bill::{Bill, BillLine};

/// Letters of a text that are repeated in a reason.
const QUOTE_CHARS_MAX: usize = 200;

/// What speaks for a prepayment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// In words, for the person who decides.
    pub words: String,
    /// Where it stands.
    pub place: String,
    /// What stands there.
    pub quote: String,
}

/// How what is found would be spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// It begins and ends with periods.
    StraightLine,
    /// It begins or ends inside one.
    PartPeriods,
}

/// A line that is paid ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The line, from one.
    pub line: usize,
    /// What it says.
    pub description: String,
    /// Its account.
    pub account: AccountRef,
    /// Its tracking.
    pub tracking: Tracking,
    /// What it costs without tax, in the currency of the books.
    pub amount: Money,
    /// The first day it is for.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// How it would be spread.
    pub spread: Spread,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Per mille.
    pub confidence: u16,
}

/// What a line is for, and what says so.
struct Evidence {
    first: Date,
    last: Date,
    reason: Reason,
    confidence: u16,
}

/// Finds what is paid ahead in a bill; `reading` is what its document says, where one was read.
pub fn find(bill: &Bill, reading: Option<&Reading>, calendar: &Calendar) -> Vec<Found> {
    let whole = of_document(reading).or_else(|| of_text_alone(bill));
    let lines = bill.lines.iter().filter_map(|line| {
        let (account, amount) = (line.account.clone()?, line.net.filter(|net| net.is_positive())?);
        let evidence = of_document_line(line, reading)
            .or_else(|| of_line(line))
            .or_else(|| whole.as_ref().map(Evidence::again))
            .or_else(|| of_length(line, bill.date))?;
        let spread = spread(&evidence, bill.date, calendar)?;
        let Evidence { first, last, reason, confidence } = evidence;
        let words = format!("The bill is dated {}, and {last} lies beyond the period of that day.", bill.date);
        let place = format!("bill {}", bill.number);
        let ahead = Reason { words, place, quote: String::new() };
        Some(Found {
            line: line.number,
            description: line.description.clone(),
            account,
            tracking: line.tracking.clone(),
            amount,
            first,
            last,
            spread,
            reasons: vec![reason, ahead],
            confidence,
        })
    });
    lines.collect()
}

/// How it would be spread; `None` where nothing of it belongs to a later period, or no calendar knows its days.
fn spread(evidence: &Evidence, billed: Date, calendar: &Calendar) -> Option<Spread> {
    let period = |day: Date| calendar.period_of(day).ok();
    let (first, last) = (period(evidence.first)?, period(evidence.last)?);
    let whole = first.first == evidence.first && last.last == evidence.last;
    let later = evidence.last > period(billed)?.last;
    later.then_some(if whole { Spread::StraightLine } else { Spread::PartPeriods })
}

impl Evidence {
    fn again(&self) -> Self {
        Self { first: self.first, last: self.last, reason: self.reason.clone(), confidence: self.confidence }
    }

    fn of_span(span: &Span, text: &str, place: String, confidence: u16) -> Self {
        let (first, last) = (span.first, span.last);
        let (how, most) = match span.known {
            Known::Stated => ("", 900),
            Known::ByLength => (", counted from its first day", 800),
            Known::OrderOpen => (", if its days come before its months; read the other way it is another stretch", 500),
        };
        let quote = cut(&text[span.start..span.end]);
        let words = format!("It is for {first} to {last}{}{how}.", months(first, last));
        Self { first, last, reason: Reason { words, place, quote }, confidence: confidence.min(most) }
    }
}

/// In words: how many months, where they are whole.
fn months(first: Date, last: Date) -> String {
    match whole_months(first, last) {
        Some(1) => ", a month".to_owned(),
        Some(count) => format!(", {count} months"),
        None => String::new(),
    }
}

fn cut(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(QUOTE_CHARS_MAX).collect()
}

fn longest(text: &str) -> Option<Span> {
    spans(text).into_iter().reduce(|best, next| {
        let days = |span: &Span| kernel::periods::days_between(span.first, span.last);
        if days(&next) > days(&best) { next } else { best }
    })
}

/// The document's line of the same words, or of the same place where the document has as many lines.
fn of_document_line(line: &BillLine, reading: Option<&Reading>) -> Option<Evidence> {
    let lines = &reading?.lines;
    let says = |of: &&readings::reading::Line| {
        of.description.as_ref().is_some_and(|said| said.value.trim().eq_ignore_ascii_case(line.description.trim()))
    };
    let mut alike = lines.iter().filter(says);
    let found = alike.next().filter(|_| alike.next().is_none())?;
    found.period.as_ref().map(|period| stated(&period.value, &period.place, period.confidence))
}

fn of_document(reading: Option<&Reading>) -> Option<Evidence> {
    let period = reading?.fields.period.as_ref()?;
    Some(stated(&period.value, &period.place, period.confidence.min(900)))
}

fn stated(period: &ReadPeriod, place: &str, confidence: u16) -> Evidence {
    let (first, last) = (period.first, period.last);
    let words = format!("The document says that it is for {first} to {last}{}.", months(first, last));
    let reason = Reason { words, place: format!("document, {place}"), quote: format!("{first} to {last}") };
    Evidence { first, last, reason, confidence: confidence.min(950) }
}

fn of_line(line: &BillLine) -> Option<Evidence> {
    let span = longest(&line.description)?;
    Some(Evidence::of_span(&span, &line.description, format!("line {}", line.number), 900))
}

/// A line without an amount speaks of the whole bill.
fn of_text_alone(bill: &Bill) -> Option<Evidence> {
    let texts = bill.lines.iter().filter(|line| line.net.is_none());
    texts.filter_map(of_line).next().map(|found| Evidence { confidence: found.confidence.min(700), ..found })
}

fn of_length(line: &BillLine, billed: Date) -> Option<Evidence> {
    let length = lengths(&line.description).into_iter().max_by_key(|length| length.months)?;
    let last = last_day(billed, length.months)?;
    let words = format!(
        "It speaks of {} months and of no day on which they begin; the bill's own date is taken for it.",
        length.months
    );
    let quote = cut(&line.description[length.start..length.end]);
    let reason = Reason { words, place: format!("line {}", line.number), quote };
    (length.months > 1).then_some(Evidence { first: billed, last, reason, confidence: 450 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::tests::{gbp, record};
    use kernel::calendar::YearEnd;

    fn found(date: &str, lines: &[(&str, &str, &str, &str)]) -> Vec<Found> {
        let bill = Bill::read(&record(date, lines), gbp()).unwrap();
        find(&bill, None, &Calendar::months(YearEnd::default()))
    }

    #[track_caller]
    fn check(description: &str, expected: Option<(&str, &str, Spread, u16)>) {
        let found = found("2026-11-02", &[(description, "1200.00", "240.00", "463")]);
        let said = found
            .first()
            .map(|found| (found.first.to_string(), found.last.to_string(), found.spread, found.confidence));
        let expected =
            expected.map(|(first, last, spread, confidence)| (first.to_owned(), last.to_owned(), spread, confidence));
        assert_eq!(said, expected, "{description}");
    }

    #[test]
    fn x5_a_line_that_is_for_later_periods_is_a_prepayment_and_says_why() {
        check("Licence 1 Nov 2026 - 31 Oct 2027", Some(("2026-11-01", "2027-10-31", Spread::StraightLine, 900)));
        check("Cover 9 Nov 2026 to 8 Nov 2027", Some(("2026-11-09", "2027-11-08", Spread::PartPeriods, 900)));
        check("Support, 12 months from 1 December 2026", Some(("2026-12-01", "2027-11-30", Spread::StraightLine, 800)));
        check("Annual subscription", Some(("2026-11-02", "2027-11-01", Spread::PartPeriods, 450)));
        check("Rent 01/12/2026 - 02/01/2027", Some(("2026-12-01", "2027-01-02", Spread::PartPeriods, 500)));
        let of = found("2026-11-02", &[("Licence 1 Nov 2026 - 31 Oct 2027", "1200.00", "", "463")]);
        assert_eq!(of[0].reasons[0].words, "It is for 2026-11-01 to 2027-10-31, 12 months.");
        assert_eq!(
            (of[0].reasons[0].place.as_str(), of[0].reasons[0].quote.as_str()),
            ("line 1", "1 Nov 2026 - 31 Oct 2027")
        );
        assert_eq!((of[0].amount.amount(), of[0].account.as_str()), ("1200.00".to_owned(), "463"));
    }

    #[test]
    fn x5_what_belongs_to_the_period_of_the_bill_is_none() {
        check("Cleaning 1 Nov 2026 - 30 Nov 2026", None);
        check("Cleaning October 2026 to November 2026", None);
        check("Paper", None);
        assert_eq!(found("2026-11-02", &[("Credit, 1 Nov 2026 - 31 Oct 2027", "-5.00", "", "463")]), []);
    }

    #[test]
    fn x5_a_line_of_text_alone_speaks_of_the_whole_bill() {
        let lines = [("Seats", "100.00", "", "463"), ("Term: 1 Jan 2027 to 31 Dec 2027", "0.00", "", "")];
        let of = found("2026-11-02", &lines);
        assert_eq!((of.len(), of[0].line, of[0].confidence), (1, 1, 700));
        assert_eq!(of[0].reasons[0].place, "line 2");
    }
}
