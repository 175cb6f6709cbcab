//! Xero's JSON of a manual journal, as sent and as answered.
//!
//! Read leniently: every field may be missing, null or, for numbers, a text; an unknown status is kept as text.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};
use uuid::Uuid;

use super::draft::{AccountRef, DraftLine, LineAmounts, ManualJournalDraft, NewStatus, TrackingRef};
use super::mark::mark_narration;
use super::{ManualJournalId, Removal};

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
    status: &'static str,
    line_amount_types: &'static str,
    show_on_cash_basis_reports: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    journal_lines: Vec<SentLine<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentLine<'a> {
    line_amount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_code: Option<&'a str>,
    #[serde(rename = "AccountID", skip_serializing_if = "Option::is_none")]
    account_id: Option<Uuid>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tracking: Vec<SentTracking<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SentTracking<'a> {
    Ids {
        #[serde(rename = "TrackingCategoryID")]
        category: Uuid,
        #[serde(rename = "TrackingOptionID")]
        option: Uuid,
    },
    Names {
        #[serde(rename = "Name")]
        category: &'a str,
        #[serde(rename = "Option")]
        option: &'a str,
    },
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
        status: match draft.status {
            NewStatus::Draft => "DRAFT",
            NewStatus::Posted => "POSTED",
        },
        line_amount_types: match draft.line_amounts {
            LineAmounts::NoTax => "NoTax",
            LineAmounts::Exclusive => "Exclusive",
            LineAmounts::Inclusive => "Inclusive",
        },
        show_on_cash_basis_reports: draft.on_cash_basis,
        url: draft.url.as_deref(),
        journal_lines: draft.lines.iter().map(sent_line).collect(),
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

fn sent_line(line: &DraftLine) -> SentLine<'_> {
    let (account_code, account_id) = match &line.account {
        AccountRef::Code(code) => (Some(code.as_str()), None),
        AccountRef::Id(id) => (None, Some(*id)),
    };
    SentLine {
        line_amount: two_decimals(line.amount),
        account_code,
        account_id,
        description: &line.description,
        tax_type: line.tax_type.as_deref(),
        tracking: line.tracking.iter().map(sent_tracking).collect(),
    }
}

fn sent_tracking(tracking: &TrackingRef) -> SentTracking<'_> {
    match tracking {
        TrackingRef::Ids { category, option } => SentTracking::Ids { category: *category, option: *option },
        TrackingRef::Names { category, option } => SentTracking::Names { category, option },
    }
}

/// The very digits: `-83.30`, never a float's idea of them.
fn two_decimals(amount: Decimal) -> Number {
    let mut exact = amount;
    exact.rescale(2);
    if exact.is_zero() {
        exact.set_sign_positive(true);
    }
    Number::from_string_unchecked(exact.to_string())
}

/// A message of either spelling: the 400 says `Message`, a bulk answer `Description`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireMessage {
    message: Option<String>,
    description: Option<String>,
}

impl WireMessage {
    pub(super) fn text(&self) -> &str {
        self.message.as_deref().or(self.description.as_deref()).unwrap_or("Xero gave no reason")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireAnswer {
    pub(super) warnings: Option<Vec<WireMessage>>,
    pub(super) manual_journals: Option<Vec<WireJournal>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireJournal {
    #[serde(rename = "ManualJournalID")]
    pub(super) id: Option<Uuid>,
    pub(super) narration: Option<String>,
    pub(super) date: Option<String>,
    pub(super) status: Option<String>,
    #[serde(rename = "UpdatedDateUTC")]
    pub(super) updated: Option<String>,
    pub(super) journal_lines: Option<Vec<WireLine>>,
    pub(super) status_attribute_string: Option<String>,
    pub(super) validation_errors: Option<Vec<WireMessage>>,
    pub(super) warnings: Option<Vec<WireMessage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireLine {
    #[serde(deserialize_with = "exact")]
    pub(super) line_amount: Option<Decimal>,
    pub(super) account_code: Option<String>,
    #[serde(rename = "AccountID")]
    pub(super) account_id: Option<Uuid>,
    pub(super) description: Option<String>,
    pub(super) tax_type: Option<String>,
    pub(super) tracking: Option<Vec<WireTracking>>,
    pub(super) validation_errors: Option<Vec<WireMessage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireTracking {
    pub(super) name: Option<String>,
    pub(super) option: Option<String>,
    #[serde(rename = "TrackingCategoryID")]
    pub(super) category_id: Option<Uuid>,
    #[serde(rename = "TrackingOptionID")]
    pub(super) option_id: Option<Uuid>,
    pub(super) validation_errors: Option<Vec<WireMessage>>,
}

impl WireJournal {
    /// Every reason for refusing it: its own, its lines', their tracking's.
    pub(super) fn errors(&self) -> Vec<&str> {
        let lines = || self.journal_lines.iter().flatten();
        let of_tracking = lines().flat_map(|line| line.tracking.iter().flatten()).map(|each| &each.validation_errors);
        let of_lines = lines().map(|line| &line.validation_errors).chain(of_tracking);
        let all = std::iter::once(&self.validation_errors).chain(of_lines);
        all.flatten().flatten().map(WireMessage::text).collect()
    }

    pub(super) fn is_refused(&self) -> bool {
        let error = |text: &String| text.eq_ignore_ascii_case("ERROR");
        self.status_attribute_string.as_ref().is_some_and(error) || !self.errors().is_empty()
    }
}

/// An amount however it was written, never through a float.
fn exact<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Decimal>, D::Error> {
    let text = match Value::deserialize(source)? {
        Value::Null => return Ok(None),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return Err(serde::de::Error::custom("an amount is a number")),
    };
    let read = text.parse().or_else(|_| Decimal::from_scientific(&text));
    read.map(Some).map_err(|_| serde::de::Error::custom("an amount is a number"))
}
