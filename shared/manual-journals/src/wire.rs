//! Xero's JSON of a manual journal, as sent and as answered.
//!
//! Read leniently: every field may be missing, null or, for numbers, a text; an unknown status is kept as text.

use kernel::Date;
use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};
use uuid::Uuid;

use crate::draft::{DraftLine, LineAmounts, ManualJournalDraft, NewStatus};
use crate::mark::mark_narration;
use crate::{ManualJournalId, Removal};
use xero::dates::parse_date;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<T> {
    manual_journals: [T; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentJournal<'a> {
    #[serde(rename = "ManualJournalID", skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    narration: String,
    date: String,
    status: NewStatus,
    line_amount_types: LineAmounts,
    show_on_cash_basis_reports: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    journal_lines: &'a [DraftLine],
}

/// Only what names the journal and its new status: lines sent along would be checked again. The specification wants a
/// narration in every element.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentRemoval<'a> {
    #[serde(rename = "ManualJournalID")]
    id: Uuid,
    narration: &'a str,
    status: &'static str,
}

pub(super) fn journal_body(draft: &ManualJournalDraft, id: Option<ManualJournalId>) -> Vec<u8> {
    let journal = SentJournal {
        id: id.map(|id| id.0),
        narration: mark_narration(&draft.narration, draft.mark),
        date: draft.date.to_string(),
        status: draft.status,
        line_amount_types: draft.line_amounts,
        show_on_cash_basis_reports: draft.on_cash_basis,
        url: draft.url.as_deref(),
        journal_lines: &draft.lines,
    };
    bytes_of(&Body { manual_journals: [journal] })
}

pub(super) fn removal_body(id: ManualJournalId, narration: &str, removal: Removal) -> Vec<u8> {
    let status = removal.becomes();
    bytes_of(&Body { manual_journals: [SentRemoval { id: id.0, narration, status }] })
}

fn bytes_of(body: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and lists under fixed names: nothing in them can fail to be written.
    serde_json::to_vec(body).expect("fixed names and plain values are always JSON")
}

/// The very digits: `-83.30`, never a float's idea of them.
pub(super) fn two_decimals<S: Serializer>(amount: &Decimal, out: S) -> Result<S::Ok, S::Error> {
    let mut exact = *amount;
    exact.rescale(2);
    if exact.is_zero() {
        exact.set_sign_positive(true);
    }
    Number::from_string_unchecked(exact.to_string()).serialize(out)
}

/// A message of either spelling: the 400 says `Message`, a bulk answer `Description`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireMessage {
    message: Option<String>,
    description: Option<String>,
}

impl WireMessage {
    fn text(&self) -> &str {
        self.message.as_deref().or(self.description.as_deref()).unwrap_or("Xero gave no reason")
    }
}

/// What Xero says about a journal it answers, or about the whole answer: errors, warnings, and whose they are.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireRemarks {
    #[serde(rename = "ManualJournalID")]
    pub(super) id: Option<Uuid>,
    status_attribute_string: Option<String>,
    validation_errors: Option<Vec<WireMessage>>,
    warnings: Option<Vec<WireMessage>>,
    journal_lines: Option<Vec<WireRemarks>>,
}

impl WireRemarks {
    /// Every reason for refusing it: its own and its lines'.
    pub(super) fn errors(&self) -> Vec<&str> {
        let of_lines = self.journal_lines.iter().flatten().flat_map(|line| &line.validation_errors);
        self.validation_errors.iter().chain(of_lines).flatten().map(WireMessage::text).collect()
    }

    pub(super) fn is_refused(&self) -> bool {
        let error = |text: &String| text.eq_ignore_ascii_case("ERROR");
        self.status_attribute_string.as_ref().is_some_and(error) || !self.errors().is_empty()
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().flatten().map(WireMessage::text)
    }
}

/// An amount however it was written, never through a float.
pub(super) fn exact<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    let text = match Value::deserialize(source)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return Err(Error::custom("an amount is a number")),
    };
    let read = text.parse().or_else(|_| Decimal::from_scientific(&text));
    read.map_err(|_| Error::custom("an amount is a number"))
}

/// Null means nothing.
pub(super) fn or_empty<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
    Option::deserialize(source).map(Option::unwrap_or_default)
}

/// A text that says something: Xero leaves some empty.
pub(super) fn filled<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(source).map(|text: Option<String>| text.filter(|text| !text.is_empty()))
}

pub(super) fn calendar_date<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Date>, D::Error> {
    Option::deserialize(source).map(|text: Option<String>| parse_date(&text?))
}
