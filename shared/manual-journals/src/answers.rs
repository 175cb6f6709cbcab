//! What became of a write, sorted by who acts next.
//!
//! Sources: "HTTP Requests and Responses" and the page Manual Journals. A 200 is no success by itself: the element may
//! be an error, may be another's, or may have lost an account or its tracking on the way into the books.

use std::collections::{BTreeSet, HashMap};

use kernel::place_of;
use ports::{HttpResponse, TransportError};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::draft::{AccountRef, DraftLine, LineAmounts, ManualJournalDraft, NewStatus, TrackingRef};
use crate::record::{JournalRecord, RecordLine, RecordTracking, unreadable};
use crate::wire::WireRemarks;
use crate::{COLLECTION, JournalStatus, ManualJournalId, Removal};
use xero::catalogue::{RAW_CHARS_MAX, Refusal, recognise};
use xero::page::cut;
use xero::{REASONS_MAX, XeroError, sort_answer};

/// What became of a write.
#[derive(Debug)]
pub enum WriteOutcome {
    /// It is in Xero as sent.
    Written {
        /// The journal.
        id: ManualJournalId,
    },
    /// It is in Xero, and not as sent: an account or tracking was dropped. A person acts, or it is voided.
    WrittenWithLoss {
        /// The journal.
        id: ManualJournalId,
        /// What is missing: Xero's warnings in its own words, then what we see in its answer.
        warnings: Vec<String>,
    },
    /// Xero refuses it as it is, and nothing was written. A person acts, or a lock date moves.
    Rejected {
        /// Why, at least one.
        refusals: Vec<Refusal>,
    },
    /// It was turned away before Xero looked at it, and nothing was written: limits, access, an unknown id, no
    /// connection. The same request may be sent again once that has changed.
    TurnedAway(XeroError),
    /// It may have been written or not. Look it up before anything else is sent.
    Unknown(XeroError),
}

/// Reads the answer to [`crate::create`].
pub fn read_created(answer: Result<HttpResponse, TransportError>, sent: &ManualJournalDraft) -> WriteOutcome {
    let settle_created = |answered: &Answered<'_>| {
        let named = answered.remarks.id.is_some_and(|id| !id.is_nil());
        match (answered.remarks.is_refused(), named) {
            (true, false) => rejected(&answered.remarks),
            // Errors on a journal that has an id: only the books can tell which of both is true.
            (true, true) => unknown("the journal has both an id and errors"),
            (false, _) => settle(answered, sent),
        }
    };
    with_answered(answer, settle_created)
}

/// Reads the answer to [`crate::update`].
pub fn read_updated(
    answer: Result<HttpResponse, TransportError>,
    id: ManualJournalId,
    sent: &ManualJournalDraft,
) -> WriteOutcome {
    with_answered(answer, |answered| about(answered, id).unwrap_or_else(|| settle(answered, sent)))
}

/// Reads the answer to [`crate::remove`].
pub fn read_removed(
    answer: Result<HttpResponse, TransportError>,
    id: ManualJournalId,
    removal: Removal,
) -> WriteOutcome {
    let settle_removed = |answered: &Answered<'_>| match JournalRecord::read(answered.journal) {
        Err(error) => WriteOutcome::Unknown(error),
        Ok(journal) if journal.status.as_str() == removal.becomes() => WriteOutcome::Written { id },
        Ok(_) => unknown("the journal has not the status that was asked for"),
    };
    with_answered(answer, |answered| about(answered, id).unwrap_or_else(|| settle_removed(answered)))
}

/// The journal of an answer and what Xero says about it.
struct Answered<'a> {
    journal: &'a RawValue,
    remarks: WireRemarks,
    warnings: Vec<String>,
}

fn unknown(reason: &str) -> WriteOutcome {
    WriteOutcome::Unknown(unreadable(reason))
}

fn rejected(remarks: &WireRemarks) -> WriteOutcome {
    let mut refusals: Vec<Refusal> = remarks.errors().into_iter().take(REASONS_MAX).map(recognise).collect();
    if refusals.is_empty() {
        refusals.push(recognise("Xero gave no reason"));
    }
    WriteOutcome::Rejected { refusals }
}

/// What ends the reading of an answer about a journal that was named, if anything does.
fn about(answered: &Answered<'_>, id: ManualJournalId) -> Option<WriteOutcome> {
    if answered.remarks.id != Some(id.0) {
        return Some(unknown("the answer is about another journal"));
    }
    answered.remarks.is_refused().then(|| rejected(&answered.remarks))
}

fn with_answered(
    answer: Result<HttpResponse, TransportError>,
    settle: impl FnOnce(&Answered<'_>) -> WriteOutcome,
) -> WriteOutcome {
    match answer.map_err(XeroError::from).and_then(sort_answer) {
        Ok(response) => read_answered(&response).map_or_else(WriteOutcome::Unknown, |answered| settle(&answered)),
        Err(error) => sort_failure(error),
    }
}

/// We send one journal, so one comes back.
fn read_answered(response: &HttpResponse) -> Result<Answered<'_>, XeroError> {
    let whole: WireRemarks = read_json(&response.body)?;
    let page = cut(&response.body, COLLECTION)?;
    let [journal] = page.elements[..] else {
        return Err(unreadable("the answer does not hold the one journal that was sent"));
    };
    let remarks: WireRemarks = read_json(journal.get().as_bytes())?;
    let all = whole.warnings().chain(remarks.warnings());
    let warnings = bounded(all.map(|text| text.chars().take(RAW_CHARS_MAX).collect()).collect());
    Ok(Answered { journal, remarks, warnings })
}

fn read_json(body: &[u8]) -> Result<WireRemarks, XeroError> {
    serde_json::from_slice(body).map_err(|error| unreadable(place_of(&error)))
}

fn sort_failure(error: XeroError) -> WriteOutcome {
    match error {
        XeroError::Rejected { reasons } => {
            WriteOutcome::Rejected { refusals: reasons.iter().map(|reason| recognise(&reason.message)).collect() }
        }
        XeroError::Throttled { .. }
        | XeroError::Denied(_)
        | XeroError::NotFound
        | XeroError::Transport(TransportError::NotSent(_)) => WriteOutcome::TurnedAway(error),
        // Not 408: a gateway may give up waiting after Xero has seen the call.
        XeroError::Unreadable { status: 400..=407 | 409..=499, .. } => WriteOutcome::TurnedAway(error),
        // A 5xx too: Xero answers 500 also after it has done the work.
        _ => WriteOutcome::Unknown(error),
    }
}

fn settle(answered: &Answered<'_>, sent: &ManualJournalDraft) -> WriteOutcome {
    let record = match JournalRecord::read(answered.journal) {
        Err(error) => return WriteOutcome::Unknown(error),
        Ok(record) if record.mark() != Some(sent.mark) => return unknown("the journal does not carry our mark"),
        Ok(record) if record.lines.is_empty() => return unknown("the journal came back without its lines"),
        Ok(record) => record,
    };
    let mut warnings = answered.warnings.clone();
    warnings.extend(losses(sent, &record));
    match warnings.is_empty() {
        true => WriteOutcome::Written { id: record.id },
        false => WriteOutcome::WrittenWithLoss { id: record.id, warnings },
    }
}

/// What of a draft is not in Xero as sent, in plain words. Use it too on a journal that a look-up has found.
///
/// An account may be removed with a warning, and tracking without one; neither may pass as a success.
pub fn losses(sent: &ManualJournalDraft, found: &JournalRecord) -> Vec<String> {
    let mut out = Vec::new();
    let status = match sent.status {
        NewStatus::Draft => JournalStatus::Draft,
        NewStatus::Posted => JournalStatus::Posted,
    };
    if found.status != status {
        out.push(format!("the journal is {}, not {}", found.status.as_str(), status.as_str()));
    }
    if found.date != Some(sent.date) {
        out.push(format!("the journal is not dated {}", sent.date));
    }
    if found.lines.len() != sent.lines.len() {
        out.push(format!("{} lines were sent and {} are there", sent.lines.len(), found.lines.len()));
    }
    out.extend(lost_lines(sent, &found.lines));
    bounded(out)
}

/// Enough for a person to see what happened; a journal may have thousands of lines.
const WARNINGS_MAX: usize = 50;

fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    let more = warnings.len().saturating_sub(WARNINGS_MAX);
    warnings.truncate(WARNINGS_MAX);
    warnings.extend((more > 0).then(|| format!("and {more} more")));
    warnings
}

/// Each sent line is looked for in its own place first, and then among those of its amount that no other has taken.
fn lost_lines(sent: &ManualJournalDraft, found: &[RecordLine]) -> Vec<String> {
    let taxed = sent.line_amounts != LineAmounts::NoTax;
    let in_place = |at: &usize| found.get(*at).is_some_and(|have| is_same(&sent.lines[*at], have, taxed));
    let (kept, moved): (BTreeSet<usize>, BTreeSet<usize>) = (0..sent.lines.len()).partition(in_place);
    let mut free: HashMap<Decimal, Vec<&RecordLine>> = HashMap::new();
    for (_, line) in found.iter().enumerate().filter(|(at, _)| !kept.contains(at)) {
        free.entry(line.amount).or_default().push(line);
    }
    let mut lost = Vec::new();
    for at in moved {
        let line = &sent.lines[at];
        let others = free.entry(line.amount).or_default();
        match others.iter().position(|have| is_same(line, have, taxed)) {
            Some(place) => _ = others.swap_remove(place),
            None => lost.push(format!("line {} is not there as sent: {}", at + 1, named(line))),
        }
    }
    lost
}

fn named(line: &DraftLine) -> String {
    match &line.account {
        AccountRef::Code(code) => format!("{} to account {code}", line.amount),
        AccountRef::Id(id) => format!("{} to account {id}", line.amount),
    }
}

fn is_same(sent: &DraftLine, found: &RecordLine, taxed: bool) -> bool {
    let account = match &sent.account {
        AccountRef::Code(code) => found.account_code.as_ref() == Some(code),
        AccountRef::Id(id) => found.account_id == Some(*id),
    };
    let tax = !taxed || sent.tax_type.is_none() || sent.tax_type == found.tax_type;
    let tracked = |wanted: &TrackingRef| found.tracking.iter().any(|have| is_option(wanted, have));
    account && tax && sent.amount == found.amount && sent.tracking.iter().all(tracked)
}

fn is_option(wanted: &TrackingRef, have: &RecordTracking) -> bool {
    match wanted {
        TrackingRef::Ids { category, option } => have.category_id == Some(*category) && have.option_id == Some(*option),
        TrackingRef::Names { category, option } => have.category == *category && have.option == *option,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::draft;

    const ID: &str = "0b159335-606b-485f-b51b-97b3b32bad32";

    /// Xero's answer to the draft, all well.
    fn journal() -> Value {
        json!({
            "ManualJournalID": ID, "Narration": "Release 'rent' [cf:BwcHBwcHBwcHBwcHBwcHBw]", "Status": "POSTED",
            "Date": "/Date(1793404800000+0000)/", "UpdatedDateUTC": "/Date(1793437188083+0000)/",
            "JournalLines": [
                { "LineAmount": 83.30, "AccountCode": "463", "TaxType": "NONE", "IsBlank": false, "Tracking": [
                    { "Name": "Region", "Option": "North" },
                ] },
                { "LineAmount": "-83.3", "AccountID": "00000000-0000-0000-0000-000000000003", "Tracking": [{
                    "TrackingCategoryID": "00000000-0000-0000-0000-000000000001",
                    "TrackingOptionID": "00000000-0000-0000-0000-000000000002",
                }] },
            ],
        })
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Value {
        let mut journal = journal();
        change(&mut journal);
        journal
    }

    fn answer(status: u16, body: impl ToString) -> Result<HttpResponse, TransportError> {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Ok(HttpResponse { status, headers, body: body.to_string().into(), wire_bytes: 0 })
    }

    fn ok(journals: Value) -> Result<HttpResponse, TransportError> {
        answer(200, json!({ "Status": "OK", "ManualJournals": journals }))
    }

    fn id() -> ManualJournalId {
        ID.parse().unwrap()
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
        let outcome = shown(&read_created(answer, &draft()));
        assert!(outcome.starts_with(expected), "{outcome} is not {expected}");
    }

    #[test]
    fn a_journal_that_came_back_as_sent_is_written() {
        check(ok(json!([journal()])), &format!("written {ID}"));
        let swapped = changed(|journal| journal["JournalLines"].as_array_mut().unwrap().reverse());
        check(ok(json!([swapped])), &format!("written {ID}"));
        let marked_ok = changed(|journal| journal["StatusAttributeString"] = json!("OK"));
        check(ok(json!([marked_ok])), "written");
        let nulls = changed(|journal| journal["ValidationErrors"] = Value::Null);
        check(ok(json!([nulls])), "written");
    }

    #[test]
    fn a_warning_or_anything_missing_is_a_loss() {
        let removed = "Account code '463' has been removed as it does not match a recognised account.";
        let warned = changed(|journal| {
            journal["Warnings"] = json!([{ "Message": removed }]);
            journal["JournalLines"][0]["AccountCode"] = Value::Null;
        });
        check(ok(json!([warned])), &format!("loss {ID}: {removed}; line 1 is not there as sent: 83.3 to account 463"));
        let above = json!({ "Warnings": [{ "Description": removed }], "ManualJournals": [journal()] });
        check(answer(200, above), &format!("loss {ID}: {removed}"));
        for (change, expected) in [
            (json!({ "JournalLines": [{ "LineAmount": 83.30, "AccountCode": "463" }] }), "2 lines were sent and 1"),
            (json!({ "Status": "DRAFT" }), "the journal is DRAFT, not POSTED"),
            (json!({ "Date": "/Date(1793318400000+0000)/" }), "the journal is not dated 2026-10-31"),
        ] {
            let lost = changed(|journal| journal.as_object_mut().unwrap().extend(change.as_object().unwrap().clone()));
            check(ok(json!([lost])), &format!("loss {ID}: {expected}"));
        }
        for field in ["Tracking", "AccountID"] {
            let lost = changed(|journal| _ = journal["JournalLines"][1].as_object_mut().unwrap().remove(field));
            check(ok(json!([lost])), &format!("loss {ID}: line 2 is not there as sent"));
        }
        let amount = changed(|journal| journal["JournalLines"][1]["LineAmount"] = json!(-83.31));
        check(ok(json!([amount])), &format!("loss {ID}: line 2 is not there as sent"));
    }

    #[test]
    fn what_is_said_of_thousands_of_lines_is_bounded() {
        let mut sent = draft();
        sent.lines = sent.lines.into_iter().cycle().take(5_000).collect();
        let pair = journal()["JournalLines"].clone();
        let pairs = pair.as_array().unwrap().iter().rev().cycle().take(5_000).cloned().collect::<Vec<_>>();
        let all_moved = changed(|journal| journal["JournalLines"] = json!(pairs));
        let outcome = read_created(ok(json!([all_moved])), &sent);
        assert_eq!(shown(&outcome), format!("written {ID}"));
        let strange = json!({ "LineAmount": 1, "AccountCode": "1" });
        let errors = vec![json!({ "Message": "x".repeat(1_000) }); 200];
        let lost = changed(|journal| {
            journal["JournalLines"] = json!(vec![strange; 5_000]);
            journal["Warnings"] = json!(errors);
        });
        let WriteOutcome::WrittenWithLoss { warnings, .. } = read_created(ok(json!([lost])), &sent) else { panic!() };
        assert_eq!(warnings.len(), 2 * (WARNINGS_MAX + 1));
        assert_eq!((warnings[0].len(), warnings[WARNINGS_MAX].as_str()), (RAW_CHARS_MAX, "and 150 more"));
        assert_eq!(warnings.last().unwrap(), "and 4950 more");
        let refused = json!({ "StatusAttributeString": "ERROR", "ValidationErrors": errors });
        let WriteOutcome::Rejected { refusals } = read_created(ok(json!([refused])), &sent) else { panic!() };
        assert_eq!(refusals.len(), REASONS_MAX);
    }

    #[test]
    fn a_tax_type_counts_where_xero_works_tax_out() {
        let other = changed(|journal| journal["JournalLines"][0]["TaxType"] = json!("INPUT2"));
        check(ok(json!([other])), "written");
        let taxed = ManualJournalDraft { line_amounts: LineAmounts::Inclusive, ..draft() };
        let outcome = read_created(ok(json!([other])), &taxed);
        assert!(shown(&outcome).contains("line 1 is not there as sent"), "{}", shown(&outcome));
    }

    #[test]
    fn refusals_are_found_wherever_they_stand() {
        let unbalanced = json!([{ "Message": "The total debits (100.00) must equal total credits (-10.00)" }]);
        let envelope =
            |element: Value| json!({ "ErrorNumber": 10, "Type": "ValidationException", "Elements": [element] });
        check(answer(400, envelope(json!({ "ValidationErrors": unbalanced }))), "rejected unbalanced");
        let on_line = json!({ "ValidationErrors": [], "JournalLines": [
            { "ValidationErrors": [{ "Message": "Account code '090' is not a valid code for this document." }] },
        ] });
        check(answer(400, envelope(on_line)), "rejected account_not_allowed");
        let malformed = json!({ "ErrorNumber": 14, "Type": "PostDataInvalidException",
            "Message": "Error converting value \"NO_TAX\" to type 'LineAmountType'. Path 'x'." });
        check(answer(400, malformed), "rejected request_malformed");
        check(answer(400, "oops"), "rejected unrecognised");
        let listed = |element: Value| ok(json!([element]));
        let nil = "00000000-0000-0000-0000-000000000000";
        let bulk = json!({ "ManualJournalID": nil, "StatusAttributeString": "ERROR", "ValidationErrors": [
            { "Description": "The document date cannot be before the period lock date, currently set at 30-Nov-2018" },
        ] });
        check(listed(bulk), "rejected period_locked");
        check(listed(json!({ "StatusAttributeString": "ERROR" })), "rejected unrecognised");
        let on_line =
            json!({ "JournalLines": [{ "ValidationErrors": [{ "Description": "Account must be valid." }] }] });
        check(listed(on_line), "rejected account_unknown");
    }

    #[test]
    fn an_answer_that_is_not_about_our_journal_leaves_the_outcome_unknown() {
        check(ok(json!([])), "unknown");
        check(ok(Value::Null), "unknown");
        check(ok(json!([journal(), journal()])), "unknown");
        check(answer(200, json!({ "Status": "OK" })), "unknown");
        check(answer(200, "{"), "unknown");
        check(answer(204, ""), "unknown");
        for (name, value) in [
            ("Narration", json!("Release 'rent' [cf:AAAAAAAAAAAAAAAAAAAAAA]")),
            ("Narration", Value::Null),
            ("ManualJournalID", Value::Null),
            ("JournalLines", json!([])),
            ("Status", Value::Null),
        ] {
            check(ok(json!([changed(|journal| journal[name] = value)])), "unknown");
        }
        let torn = changed(|journal| journal["ValidationErrors"] = json!([{ "Message": "The total debits" }]));
        check(ok(json!([torn])), "unknown");
    }

    #[test]
    fn what_never_reached_the_books_is_told_from_what_may_have() {
        check(Err(TransportError::NotSent("refused".into())), "turned away");
        check(Err(TransportError::OutcomeUnknown("time-out".into())), "unknown");
        check(Err(TransportError::TooLong { bytes_max: 1 }), "unknown");
        for status in [401, 403, 404, 413, 415, 429] {
            check(answer(status, ""), "turned away");
        }
        for status in [408, 500, 502, 503] {
            check(answer(status, ""), "unknown");
        }
    }

    #[test]
    fn an_update_and_a_removal_are_about_the_journal_that_was_named() {
        let update = |answer| shown(&read_updated(answer, id(), &draft()));
        assert_eq!(update(ok(json!([journal()]))), format!("written {ID}"));
        let other = changed(|journal| journal["ManualJournalID"] = json!("0b159335-606b-485f-b51b-97b3b32bad33"));
        assert!(update(ok(json!([other]))).starts_with("unknown"));
        let refused = changed(|journal| {
            journal["StatusAttributeString"] = json!("ERROR");
            journal["ValidationErrors"] = json!([{ "Description": "Document not of valid status for modification" }]);
        });
        assert_eq!(update(ok(json!([refused]))), "rejected journal_already_voided");
        assert!(update(answer(404, "")).starts_with("turned away"));
        let remove = |answer| shown(&read_removed(answer, id(), Removal::Void));
        let voided = changed(|journal| journal["Status"] = json!("VOIDED"));
        assert_eq!(remove(ok(json!([voided]))), format!("written {ID}"));
        assert!(remove(ok(json!([journal()]))).starts_with("unknown"));
        assert!(remove(ok(json!([other]))).starts_with("unknown"));
        assert_eq!(remove(ok(json!([refused]))), "rejected journal_already_voided");
    }
}
