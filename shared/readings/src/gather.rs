//! Values out of an XML tree, each with its place.
//!
//! Owns how the text of an element becomes a value. Text that is no value of its type is left out and named as a problem,
//! never bent into one.

use kernel::{Currency, Date};

use crate::amount::{Amount, Exact, plain};
use crate::problem::{Problem, ProblemCode};
use crate::reading::{Found, Period, STATED};
use crate::tree::Element;

/// What is gathered on the way.
pub(crate) struct Gather {
    /// The document's currency, for amounts that carry none.
    pub currency: Option<Currency>,
    /// Elements whose text was no value.
    pub problems: Vec<Problem>,
    /// Stands before each place: the file inside a PDF.
    pub prefix: String,
}

impl Gather {
    pub fn new(prefix: &str) -> Self {
        Self { currency: None, problems: Vec::new(), prefix: prefix.to_owned() }
    }

    fn found<T>(&self, element: Element<'_>, value: T) -> Found<T> {
        Found { value, confidence: STATED, place: format!("{}{}", self.prefix, element.path()) }
    }

    /// A text, as written but for white space around it.
    pub fn text(&self, element: Option<Element<'_>>) -> Option<Found<String>> {
        let element = element?;
        Some(self.found(element, element.text()?.to_owned()))
    }

    /// An attribute of an element.
    pub fn attribute(&self, element: Option<Element<'_>>, name: &str) -> Option<Found<String>> {
        let element = element?;
        let value = element.attribute(name).map(str::trim).filter(|value| !value.is_empty())?.to_owned();
        let place = format!("{}{}/@{name}", self.prefix, element.path());
        Some(Found { value, confidence: STATED, place })
    }

    /// A number that is no money.
    pub fn number(&mut self, element: Option<Element<'_>>) -> Option<Found<Exact>> {
        let (element, text) = (element?, element?.text()?);
        match plain(text) {
            Some(number) => Some(self.found(element, Exact(number))),
            None => self.unreadable(element, "a number"),
        }
    }

    /// An amount, in the currency it is marked with, else in the document's.
    pub fn amount(&mut self, element: Option<Element<'_>>) -> Option<Found<Amount>> {
        let number = self.number(element)?;
        let marked = element?.attribute("currencyID").and_then(|code| code.trim().parse().ok());
        let amount = Amount { number: number.value, currency: marked.or(self.currency) };
        Some(Found { value: amount, confidence: STATED, place: number.place })
    }

    /// A date as UBL writes it: `2026-03-31`, perhaps with a time zone, which says nothing about the day.
    pub fn date(&mut self, element: Option<Element<'_>>) -> Option<Found<Date>> {
        let (element, text) = (element?, element?.text()?);
        let day = text.get(..10).filter(|_| zone(text.get(10..).unwrap_or_default()));
        match day.and_then(|day| day.parse().ok()) {
            Some(date) => Some(self.found(element, date)),
            None => self.unreadable(element, "a date"),
        }
    }

    /// A date as CII writes it: `20260331` in format 102, which is the only one the standard allows.
    pub fn compact_date(&mut self, element: Option<Element<'_>>) -> Option<Found<Date>> {
        let (element, text) = (element?, element?.text()?);
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        let written = || format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        match digits.then(written).and_then(|day| day.parse().ok()) {
            Some(date) => Some(self.found(element, date)),
            None => self.unreadable(element, "a date"),
        }
    }

    /// A period of two dates; one that lacks an end, or runs backwards, is none.
    pub fn period(&mut self, of: Option<Found<Date>>, to: Option<Found<Date>>) -> Option<Found<Period>> {
        let (first, last) = (of?, to?);
        let period = Period { first: first.value, last: last.value };
        (period.first <= period.last).then_some(Found { value: period, confidence: STATED, place: first.place })
    }

    fn unreadable<T>(&mut self, element: Element<'_>, what: &str) -> Option<Found<T>> {
        let place = format!("{}{}", self.prefix, element.path());
        let words = format!("{} is not {what}, so it was left out.", element.name());
        self.problems.push(Problem::plain(ProblemCode::ValueUnreadable, place, words));
        None
    }
}

fn zone(rest: &str) -> bool {
    let offset = rest.strip_prefix(['+', '-']).unwrap_or_default();
    rest.is_empty() || rest == "Z" || offset.len() == 5 && offset.bytes().all(|b| b.is_ascii_digit() || b == b':')
}
