//! What became of a write, sorted by who acts next.
//!
//! Owns the sorting. A 200 is no success by itself: the element may be refused, may be another's, or may have lost part
//! of itself on the way into the books. Never takes for refused what may have been written.
//!
//! Sources: "HTTP Requests and Responses" and the pages Invoices, Credit Notes and Bank Transactions.

use kernel::place_of;
use ports::{HttpResponse, TransportError};
use serde_json::value::RawValue;

use crate::draft::BillDraft;
use crate::losses::{all_losses, bounded};
use crate::record::{BillRecord, unreadable};
use crate::wire::WireRemarks;
use crate::{BillId, BillKind, Removal};
use xero::catalogue::{RAW_CHARS_MAX, Refusal, recognise};
use xero::page::cut;
use xero::{REASONS_MAX, XeroError, sort_answer};

/// What became of a write.
#[derive(Debug)]
pub enum WriteOutcome {
    /// Xero has it as sent.
    Written {
        /// The document.
        id: BillId,
    },
    /// Xero has it, and not as sent: an account, tracking or tax type was dropped, or other totals were made of it than
    /// predicted. A person acts, or it is removed.
    WrittenWithLoss {
        /// The document.
        id: BillId,
        /// Xero's warnings in its own words, then what we see in its answer.
        warnings: Vec<String>,
    },
    /// Xero refuses it as it is, and nothing was written. A person acts, or a lock date moves.
    Rejected {
        /// Why, at least one.
        refusals: Vec<Refusal>,
    },
    /// It came no further than Xero's door, and nothing was written: limits, access, an unknown id, no connection. The
    /// same request may go again once that has changed.
    TurnedAway(XeroError),
    /// Written or not, nobody knows. Look for it before sending anything else.
    Unknown(XeroError),
}

/// Why a write brought no element to look at.
pub(super) enum Failure {
    Rejected(Vec<Refusal>),
    TurnedAway(XeroError),
    Unknown(XeroError),
}

impl From<Failure> for WriteOutcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(refusals) => Self::Rejected { refusals },
            Failure::TurnedAway(error) => Self::TurnedAway(error),
            Failure::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// Reads the answer to [`crate::create`].
pub fn read_created(answer: Result<HttpResponse, TransportError>, sent: &BillDraft) -> WriteOutcome {
    with_answered(answer, sent.kind, |answered| match (answered.remarks.is_refused(), answered.remarks.id()) {
        (true, None) => Failure::Rejected(refusals_of(&answered.remarks)).into(),
        // Errors on a document that has an id: only the books can tell which of both is true.
        (true, Some(_)) => unknown("the document has both an id and errors"),
        (false, _) => settle(answered, sent),
    })
}

/// Reads the answer to [`crate::remove`].
pub fn read_removed(
    answer: Result<HttpResponse, TransportError>,
    kind: BillKind,
    id: BillId,
    removal: Removal,
) -> WriteOutcome {
    with_answered(answer, kind, |answered| {
        if answered.remarks.id() != Some(id.0) {
            return unknown("the answer is about another document");
        }
        if answered.remarks.is_refused() {
            return Failure::Rejected(refusals_of(&answered.remarks)).into();
        }
        match BillRecord::read(answered.element) {
            Err(error) => WriteOutcome::Unknown(error),
            Ok(bill) if bill.status.as_str() == removal.becomes() => WriteOutcome::Written { id },
            Ok(_) => unknown("the document has not the status that was asked for"),
        }
    })
}

fn settle(answered: &Answered<'_>, sent: &BillDraft) -> WriteOutcome {
    let record = match BillRecord::read(answered.element) {
        Err(error) => return WriteOutcome::Unknown(error),
        Ok(record) if record.kind != sent.kind => return unknown("the answer is about another kind of document"),
        Ok(record) if sent.url.is_some() && record.mark() != Some(sent.mark) => {
            return unknown("the document does not carry our mark");
        }
        Ok(record) if record.line_items.is_empty() => return unknown("the document came back without its lines"),
        Ok(record) => record,
    };
    let mut warnings = answered.warnings.clone();
    warnings.extend(all_losses(sent, &record));
    match warnings.is_empty() {
        true => WriteOutcome::Written { id: record.id },
        false => WriteOutcome::WrittenWithLoss { id: record.id, warnings: bounded(warnings) },
    }
}

fn unknown(reason: &str) -> WriteOutcome {
    WriteOutcome::Unknown(unreadable(reason))
}

/// The one element of an answer and what Xero says about it.
pub(super) struct Answered<'a> {
    pub(super) element: &'a RawValue,
    pub(super) remarks: WireRemarks,
    pub(super) warnings: Vec<String>,
}

fn with_answered(
    answer: Result<HttpResponse, TransportError>,
    kind: BillKind,
    settle: impl FnOnce(&Answered<'_>) -> WriteOutcome,
) -> WriteOutcome {
    match answer_of(answer) {
        Ok(response) => match read_answered(&response, kind.collection()) {
            Ok(answered) => settle(&answered),
            Err(error) => WriteOutcome::Unknown(error),
        },
        Err(failure) => failure.into(),
    }
}

/// A successful answer, or what its failure means.
pub(super) fn answer_of(answer: Result<HttpResponse, TransportError>) -> Result<HttpResponse, Failure> {
    answer.map_err(XeroError::from).and_then(sort_answer).map_err(sort_failure)
}

/// One element is sent, so one comes back.
pub(super) fn read_answered<'a>(response: &'a HttpResponse, collection: &str) -> Result<Answered<'a>, XeroError> {
    let whole = read_remarks(&response.body)?;
    let page = cut(&response.body, collection)?;
    let [element] = page.elements[..] else {
        return Err(unreadable("the answer does not hold the one element that was sent"));
    };
    let remarks = read_remarks(element.get().as_bytes())?;
    let all = whole.warnings().chain(remarks.warnings());
    let warnings = all.map(|text| text.chars().take(RAW_CHARS_MAX).collect()).collect();
    Ok(Answered { element, remarks, warnings })
}

fn read_remarks(body: &[u8]) -> Result<WireRemarks, XeroError> {
    serde_json::from_slice(body).map_err(|error| unreadable(place_of(&error)))
}

/// At least one.
pub(super) fn refusals_of(remarks: &WireRemarks) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = remarks.errors().into_iter().take(REASONS_MAX).map(recognise).collect();
    if refusals.is_empty() {
        refusals.push(recognise("Xero gave no reason"));
    }
    refusals
}

fn sort_failure(error: XeroError) -> Failure {
    match error {
        XeroError::Rejected { reasons } => {
            Failure::Rejected(reasons.iter().map(|reason| recognise(&reason.message)).collect())
        }
        XeroError::Throttled { .. }
        | XeroError::Denied(_)
        | XeroError::NotFound
        | XeroError::Transport(TransportError::NotSent(_)) => Failure::TurnedAway(error),
        // All but 408: a gateway may give up waiting for a Xero that has seen the call.
        XeroError::Unreadable { status: 400..=407 | 409..=499, .. } => Failure::TurnedAway(error),
        // A 5xx too: Xero may answer so after its work is done.
        _ => Failure::Unknown(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::predict;
    use crate::tests::{bill, credit};

    const ID: &str = "0b159335-606b-485f-b51b-97b3b32bad32";

    fn sent() -> BillDraft {
        let expected = predict(&bill(), |_| Some("20".parse().unwrap())).ok();
        BillDraft { expected, ..bill() }
    }

    /// Xero's answer to the bill, all well.
    fn element() -> Value {
        json!({
            "InvoiceID": ID, "Type": "ACCPAY", "Status": "AUTHORISED", "InvoiceNumber": "SUP-9912",
            "Contact": { "ContactID": "00000000-0000-0000-0000-000000000005", "Name": "Any" },
            "Date": "/Date(1793404800000+0000)/", "DueDate": "/Date(1795996800000+0000)/", "CurrencyCode": "GBP",
            "CurrencyRate": 1.250000, "LineAmountTypes": "Exclusive", "SubTotal": 107.81, "TotalTax": "21.50",
            "Total": 129.31, "Url": "https://app.example/d/771?cf=07070707070707070707070707070707",
            "LineItems": [
                { "Quantity": 1.0000, "UnitAmount": 100.0000, "AccountCode": "463", "TaxType": "INPUT2", "TaxAmount": 20.00 },
                {
                    "Quantity": "2.5", "UnitAmount": 3.125, "AccountID": "00000000-0000-0000-0000-000000000003",
                    "TaxAmount": 1.50, "Tracking": [
                        { "Name": "Region", "Option": "North" },
                        {
                            "TrackingCategoryID": "00000000-0000-0000-0000-000000000001",
                            "TrackingOptionID": "00000000-0000-0000-0000-000000000002",
                        },
                    ],
                },
            ],
        })
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Value {
        let mut element = element();
        change(&mut element);
        element
    }

    fn answer(status: u16, body: impl ToString) -> Result<HttpResponse, TransportError> {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Ok(HttpResponse { status, headers, body: body.to_string().into(), wire_bytes: 0 })
    }

    fn ok(element: Value) -> Result<HttpResponse, TransportError> {
        answer(200, json!({ "Status": "OK", "Invoices": [element] }))
    }

    fn shown(outcome: &WriteOutcome) -> String {
        match outcome {
            WriteOutcome::Written { id } => format!("written {id}"),
            WriteOutcome::WrittenWithLoss { id, warnings } => format!("loss {id}: {}", warnings.join("; ")),
            WriteOutcome::Rejected { refusals } => {
                let codes: Vec<&str> = refusals.iter().map(|each| each.code.as_str()).collect();
                format!("rejected {}", codes.join(" "))
            }
            WriteOutcome::TurnedAway(error) => format!("turned away: {error}"),
            WriteOutcome::Unknown(error) => format!("unknown: {error}"),
        }
    }

    #[track_caller]
    fn check(answer: Result<HttpResponse, TransportError>, expected: &str) {
        let outcome = shown(&read_created(answer, &sent()));
        assert!(outcome.starts_with(expected), "{outcome} is not {expected}");
    }

    #[track_caller]
    fn check_loss(change: impl FnOnce(&mut Value), expected: &str) {
        check(ok(changed(change)), &format!("loss {ID}: {expected}"));
    }

    #[test]
    fn a_bill_that_came_back_as_sent_is_written() {
        check(ok(element()), &format!("written {ID}"));
        check(ok(changed(|bill| bill["LineItems"].as_array_mut().unwrap().reverse())), "written");
        check(ok(changed(|bill| bill["Status"] = json!("PAID"))), "written");
        check(ok(changed(|bill| bill["StatusAttributeString"] = json!("OK"))), "written");
        check(ok(changed(|bill| bill["ValidationErrors"] = Value::Null)), "written");
        check(ok(changed(|bill| bill["CurrencyRate"] = json!("1.25"))), "written");
    }

    #[test]
    fn a_credit_note_is_read_as_well() {
        let mut note = element();
        (note["Type"], note["Url"], note["DueDate"]) = (json!("ACCPAYCREDIT"), Value::Null, Value::Null);
        for (from, to) in [("InvoiceID", "CreditNoteID"), ("InvoiceNumber", "CreditNoteNumber")] {
            note[to] = note.as_object_mut().unwrap().remove(from).unwrap();
        }
        let draft = BillDraft { expected: sent().expected, ..credit() };
        let outcome = read_created(answer(200, json!({ "CreditNotes": [note] })), &draft);
        assert_eq!(shown(&outcome), format!("written {ID}"));
    }

    #[test]
    fn a_warning_is_a_loss() {
        let removed = "Account code '463' has been removed as it does not match a recognised account.";
        let warn = |bill: &mut Value| {
            bill["Warnings"] = json!([{ "Message": removed }]);
            bill["LineItems"][0]["AccountCode"] = Value::Null;
        };
        check_loss(warn, &format!("{removed}; line 1 is without its account 463"));
        let above = json!({ "Warnings": [{ "Description": removed }], "Invoices": [element()] });
        check(answer(200, above), &format!("loss {ID}: {removed}"));
    }

    #[test]
    fn anything_that_is_not_as_sent_is_a_loss() {
        check_loss(|bill| bill["Status"] = json!("DRAFT"), "the document is DRAFT, not AUTHORISED");
        check_loss(|bill| bill["Contact"]["ContactID"] = json!(ID), "the document is on another contact");
        check_loss(|bill| bill["InvoiceNumber"] = json!("SUP-1"), "the number is not SUP-9912");
        check_loss(|bill| bill["Date"] = json!("2026-10-30"), "the document is not dated 2026-10-31");
        check_loss(|bill| bill["DueDate"] = json!("2026-10-31"), "the due date is another");
        check_loss(|bill| bill["CurrencyCode"] = json!("USD"), "the document is not in GBP");
        check_loss(|bill| bill["CurrencyRate"] = json!(1.26), "the exchange rate is another");
        check_loss(|bill| bill["LineAmountTypes"] = json!("Inclusive"), "tax stands in the prices in another way");
        check_loss(|bill| bill["TotalTax"] = json!(21.51), "the tax is 21.51, not 21.50 as predicted");
        check_loss(|bill| bill["SubTotal"] = json!(107.82), "the sub total is 107.82, not 107.81");
        check_loss(|bill| bill["Total"] = json!(129.32), "the total is 129.32, not 129.31 as predicted");
        check_loss(|bill| bill["LineItems"][0]["TaxType"] = json!("NONE"), "line 1 is without its tax type INPUT2");
        check_loss(|bill| bill["LineItems"][1]["TaxAmount"] = json!(1.56), "line 2 is without its tax of 1.5");
        check_loss(|bill| bill["LineItems"][1]["Tracking"] = json!([]), "line 2 is without its tracking");
        check_loss(|bill| bill["LineItems"][1]["AccountID"] = Value::Null, "line 2 is without its account 0000");
        check_loss(
            |bill| bill["LineItems"][1]["UnitAmount"] = json!(3.13),
            "line 2 is without its amount 2.50 × 3.1250",
        );
        let shorter = |bill: &mut Value| _ = bill["LineItems"].as_array_mut().unwrap().pop();
        check_loss(shorter, "2 lines were sent and 1 are there; line 2 of 2.50 × 3.1250 is not there");
    }

    #[test]
    fn a_long_list_of_losses_is_cut() {
        let mut draft = sent();
        draft.lines = vec![draft.lines[0].clone(); 200];
        draft.expected = None;
        let outcome = shown(&read_created(ok(element()), &draft));
        assert!(outcome.ends_with("and 150 more"), "{outcome}");
    }

    #[test]
    fn a_200_may_still_be_a_refusal_or_about_something_else() {
        let refuse = |id: &str| {
            json!({ "InvoiceID": id, "StatusAttributeString": "ERROR", "ValidationErrors": [
                { "Description": "Organisation is not subscribed to currency EUR" },
            ], "Contact": { "ValidationErrors": [{ "Message": "Account must be valid." }] } })
        };
        let nil = "00000000-0000-0000-0000-000000000000";
        check(ok(refuse(nil)), "rejected currency_not_enabled account_unknown");
        check(ok(refuse(ID)), "unknown");
        check(ok(json!({ "StatusAttributeString": "ERROR" })), "rejected unrecognised");
        let line = json!({ "LineItems": [{ "ValidationErrors": [{ "Message": "Account must be valid." }] }] });
        check(ok(line), "rejected account_unknown");
        for field in ["InvoiceID", "Type", "Status", "Url", "LineItems"] {
            check(ok(changed(|bill| bill[field] = Value::Null)), "unknown");
        }
        check(ok(changed(|bill| bill["InvoiceID"] = json!(nil))), "unknown");
        check(ok(changed(|bill| bill["Type"] = json!("ACCREC"))), "unknown");
        check(ok(changed(|bill| bill["Url"] = json!("https://app.example/d/771"))), "unknown");
        for body in [json!({}), json!({ "Invoices": [] }), json!({ "Invoices": [element(), element()] })] {
            check(answer(200, body), "unknown");
        }
        check(answer(200, "<html>"), "unknown");
    }

    #[test]
    fn a_failure_is_sorted_by_whether_anything_may_have_been_written() {
        let locked = "The document date cannot be before the period lock date, currently set at 30-Nov-2026";
        let body = json!({ "Elements": [{ "ValidationErrors": [{ "Message": locked }] }] });
        check(answer(400, body), "rejected period_locked");
        for status in [401, 403, 404, 405, 413, 429] {
            check(answer(status, "{}"), "turned away");
        }
        for status in [408, 500, 502, 503, 504] {
            check(answer(status, "{}"), "unknown");
        }
        check(Err(TransportError::NotSent("no route".into())), "turned away");
        check(answer(204, ""), "unknown");
    }

    #[test]
    fn a_removal_is_done_when_the_document_says_so() {
        let id: BillId = ID.parse().unwrap();
        let check = |change: &dyn Fn(&mut Value), expected: &str| {
            let outcome = read_removed(ok(changed(change)), BillKind::Bill, id, Removal::Void);
            assert!(shown(&outcome).starts_with(expected), "{outcome:?}");
        };
        check(&|bill| bill["Status"] = json!("VOIDED"), "written");
        check(&|_| (), "unknown");
        check(&|bill| bill["InvoiceID"] = json!("00000000-0000-0000-0000-000000000009"), "unknown");
        check(&|bill| bill["ValidationErrors"] = json!([{ "Message": "x" }]), "rejected unrecognised");
    }
}
