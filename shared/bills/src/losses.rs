//! What of a draft is not in Xero as sent, in words for a person.
//!
//! Owns the comparison. Xero may drop an account with a warning and tracking without one, and works totals out for
//! itself; none of it may pass as a success. What Xero left out of an answer altogether is not held against it.

use std::collections::HashMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::BillKind;
use crate::draft::{AccountRef, BillDraft, BillLine, LineAmounts, NewStatus, TrackingRef};
use crate::record::{BillRecord, BillStatus, RecordLine, RecordTracking};

/// Enough for a person to see what happened; a document may have thousands of lines.
const WARNINGS_MAX: usize = 50;

/// Lists what is missing or different, nothing where all is well. Use it too on a document that a look-up has found:
/// one that a person has edited meanwhile shows the edits.
pub fn losses(sent: &BillDraft, found: &BillRecord) -> Vec<String> {
    bounded(all_losses(sent, found))
}

pub(super) fn all_losses(sent: &BillDraft, found: &BillRecord) -> Vec<String> {
    let mut out = lost_head(sent, found);
    out.extend(lost_totals(sent, found));
    if found.line_items.len() != sent.lines.len() {
        out.push(format!("{} lines were sent and {} are there", sent.lines.len(), found.line_items.len()));
    }
    out.extend(lost_lines(sent, &found.line_items));
    out
}

/// At most [`WARNINGS_MAX`], and how many more there were.
pub(super) fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    let more = warnings.len().saturating_sub(WARNINGS_MAX);
    warnings.truncate(WARNINGS_MAX);
    warnings.extend((more > 0).then(|| format!("and {more} more")));
    warnings
}

fn lost_head(sent: &BillDraft, found: &BillRecord) -> Vec<String> {
    let (status, wanted) = (&found.status, wanted_status(sent.status));
    // An approved document that is settled at once, or was by the time it is looked at, is PAID.
    let stands = *status == wanted || (wanted == BillStatus::Authorised && *status == BillStatus::Paid);
    let rate = sent.currency_rate.is_some() && found.currency_rate.is_some();
    let kind = found.line_amount_types.as_deref();
    let checks = [
        (stands, format!("the document is {}, not {}", status.as_str(), wanted.as_str())),
        (found.contact() == Some(sent.contact), "the document is on another contact".to_owned()),
        (found.number.trim() == sent.number.trim(), format!("the {} is not {}", numbered_by(sent.kind), sent.number)),
        (is_from(sent, found), "the money was spent from another bank account".to_owned()),
        (found.date == Some(sent.date), format!("the document is not dated {}", sent.date)),
        (sent.due_date.is_none() || found.due_date == sent.due_date, "the due date is another".to_owned()),
        (
            found.currency_code.as_deref() == Some(sent.currency.as_str()),
            format!("the document is not in {}", sent.currency),
        ),
        (!rate || found.currency_rate == sent.currency_rate, "the exchange rate is another".to_owned()),
        (
            kind.is_none_or(|kind| kind == taxing_name(sent.line_amounts)),
            "tax stands in the prices in another way".to_owned(),
        ),
    ];
    checks.into_iter().filter(|(fine, _)| !fine).map(|(_, words)| words).collect()
}

/// What the number is called on Xero's screens of it.
fn numbered_by(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Bill | BillKind::CreditNote => "number",
        BillKind::SpendMoney | BillKind::ReceiveMoney => "reference",
    }
}

/// Whether money was spent from the account that was meant; of other documents none is.
pub(super) fn is_from(sent: &BillDraft, found: &BillRecord) -> bool {
    let have = found.bank_account.as_ref();
    let names = |wanted: &AccountRef| have.is_some_and(|have| is_account(wanted, have.code.as_deref(), have.id));
    sent.bank_account.as_ref().is_none_or(names)
}

fn wanted_status(status: NewStatus) -> BillStatus {
    match status {
        NewStatus::Draft => BillStatus::Draft,
        NewStatus::Submitted => BillStatus::Submitted,
        NewStatus::Authorised => BillStatus::Authorised,
    }
}

fn taxing_name(line_amounts: LineAmounts) -> &'static str {
    match line_amounts {
        LineAmounts::Exclusive => "Exclusive",
        LineAmounts::Inclusive => "Inclusive",
        LineAmounts::NoTax => "NoTax",
    }
}

fn lost_totals(sent: &BillDraft, found: &BillRecord) -> Vec<String> {
    let Some(expected) = &sent.expected else { return Vec::new() };
    let pairs = [
        ("sub total", found.sub_total, expected.sub_total),
        ("tax", found.total_tax, expected.tax),
        ("total", found.total, expected.total),
    ];
    let differs = |(name, have, wanted): (&str, Option<Decimal>, Decimal)| {
        let have = have.filter(|have| *have != wanted)?;
        Some(format!("the {name} is {have}, not {wanted} as predicted"))
    };
    pairs.into_iter().filter_map(differs).collect()
}

/// Each sent line is looked for in its own place first, then among the lines of its price that no other has taken.
fn lost_lines(sent: &BillDraft, found: &[RecordLine]) -> Vec<String> {
    let taxed = sent.line_amounts != LineAmounts::NoTax;
    let missing_at = |at: usize| found.get(at).map(|have| missing(&sent.lines[at], have, taxed));
    let moved: Vec<usize> = (0..sent.lines.len()).filter(|at| missing_at(*at) != Some(Vec::new())).collect();
    let mut free: HashMap<Option<Decimal>, Vec<&RecordLine>> = HashMap::new();
    for (at, line) in found.iter().enumerate() {
        if at >= sent.lines.len() || moved.binary_search(&at).is_ok() {
            free.entry(line.unit_amount).or_default().push(line);
        }
    }
    let mut lost = Vec::new();
    for at in moved {
        let line = &sent.lines[at];
        let others = free.entry(Some(line.unit_amount)).or_default();
        match others.iter().position(|have| missing(line, have, taxed).is_empty()) {
            Some(place) => _ = others.swap_remove(place),
            None => lost.push(described(at + 1, line, missing_at(at))),
        }
    }
    lost
}

fn described(number: usize, line: &BillLine, missing: Option<Vec<String>>) -> String {
    match missing {
        Some(parts) => format!("line {number} is without its {}", parts.join(", ")),
        None => format!("line {number} of {} × {} is not there", line.quantity, line.unit_amount),
    }
}

/// What of a sent line is not in one of Xero's.
fn missing(sent: &BillLine, have: &RecordLine, taxed: bool) -> Vec<String> {
    let mut out = Vec::new();
    if have.quantity != Some(sent.quantity) || have.unit_amount != Some(sent.unit_amount) {
        out.push(format!("amount {} × {}", sent.quantity, sent.unit_amount));
    }
    if !is_account(&sent.account, have.account_code.as_deref(), have.account_id) {
        out.push(match &sent.account {
            AccountRef::Code(code) => format!("account {code}"),
            AccountRef::Id(id) => format!("account {id}"),
        });
    }
    if let Some(tax_type) = sent.tax_type.as_ref().filter(|_| taxed && sent.tax_type != have.tax_type) {
        out.push(format!("tax type {tax_type}"));
    }
    if let Some(tax) = sent.tax_amount.filter(|tax| taxed && have.tax_amount != Some(*tax)) {
        out.push(format!("tax of {tax}"));
    }
    let tracked = |wanted: &TrackingRef| have.tracking.iter().any(|have| is_option(wanted, have));
    if !sent.tracking.iter().all(tracked) {
        out.push("tracking".to_owned());
    }
    out
}

/// An answer may name an account by its code alone; that there is one is then all that can be told.
fn is_account(wanted: &AccountRef, code: Option<&str>, id: Option<Uuid>) -> bool {
    match wanted {
        AccountRef::Code(wanted) => code == Some(wanted),
        AccountRef::Id(wanted) => id.map_or(code.is_some(), |have| have == *wanted),
    }
}

fn is_option(wanted: &TrackingRef, have: &RecordTracking) -> bool {
    match wanted {
        TrackingRef::Ids { category, option } => have.category_id == Some(*category) && have.option_id == Some(*option),
        TrackingRef::Names { category, option } => have.category == *category && have.option == *option,
    }
}
