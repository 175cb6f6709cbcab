//! Notes in a document's history: the one place for a link on a credit note, which has no link field.
//!
//! A note can neither be changed nor removed, and Xero takes the same one twice; so whoever does not know what became of
//! one reads the history first.
//!
//! Source: the page History and Notes.

use kernel::place_of;
use ports::{HttpResponse, TransportError};
use serde::{Deserialize, Serialize};

use crate::answers::{Failure, answer_of, read_answered, refusals_of};
use crate::record::unreadable;
use crate::wire::or_empty;
use crate::{BillId, BillKind};
use xero::catalogue::Refusal;
use xero::page::cut;
use xero::{ApiRead, ApiWrite, IdempotencyKey, WriteMethod, XeroError, sort_answer};

/// Xero's limit of a note.
pub const NOTE_CHARS_MAX: usize = 2_500;
const COLLECTION: &str = "HistoryRecords";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Note {
    #[serde(default, deserialize_with = "or_empty")]
    details: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    history_records: [&'a Note; 1],
}

fn path(kind: BillKind, id: BillId) -> String {
    format!("{}/{id}/History", kind.path())
}

/// Adds a note of 1 to [`NOTE_CHARS_MAX`] letters; `None` for any other.
pub fn add_note(kind: BillKind, id: BillId, text: &str, key: IdempotencyKey) -> Option<ApiWrite> {
    let fits = (1..=NOTE_CHARS_MAX).contains(&text.chars().count());
    let note = Note { details: text.to_owned() };
    let body = serde_json::to_vec(&Body { history_records: [&note] }).ok().filter(|_| fits)?;
    let (path, query, content_type) = (path(kind, id), Vec::new(), None);
    Some(ApiWrite { method: WriteMethod::Put, path, query, body: body.into(), content_type, idempotency_key: key })
}

/// What became of a note.
#[derive(Debug)]
pub enum NoteOutcome {
    /// It is there.
    Noted,
    /// Xero refuses it. A person acts.
    Rejected(Vec<Refusal>),
    /// It came no further than Xero's door.
    TurnedAway(XeroError),
    /// There or not, nobody knows.
    Unknown(XeroError),
}

/// Reads the answer to [`add_note`] of that text.
pub fn read_noted(answer: Result<HttpResponse, TransportError>, text: &str) -> NoteOutcome {
    let settled = answer_of(answer).and_then(|response| {
        let answered = read_answered(&response, COLLECTION).map_err(Failure::Unknown)?;
        if answered.remarks.is_refused() {
            return Err(Failure::Rejected(refusals_of(&answered.remarks)));
        }
        let note = read_note(answered.element.get()).map_err(Failure::Unknown)?;
        let same = note.details == text;
        if same { Ok(()) } else { Err(Failure::Unknown(unreadable("the answer is about another note"))) }
    });
    match settled {
        Ok(()) => NoteOutcome::Noted,
        Err(Failure::Rejected(refusals)) => NoteOutcome::Rejected(refusals),
        Err(Failure::TurnedAway(error)) => NoteOutcome::TurnedAway(error),
        Err(Failure::Unknown(error)) => NoteOutcome::Unknown(error),
    }
}

fn read_note(text: &str) -> Result<Note, XeroError> {
    serde_json::from_str(text).map_err(|error| unreadable(place_of(&error)))
}

/// Reads a document's history.
pub fn list_notes(kind: BillKind, id: BillId) -> ApiRead {
    ApiRead { path: path(kind, id), ..ApiRead::default() }
}

/// Whether the answer to [`list_notes`] has a note of that text.
pub fn has_note(answer: HttpResponse, text: &str) -> Result<bool, XeroError> {
    let answer = sort_answer(answer)?;
    let page = cut(&answer.body, COLLECTION)?;
    let notes: Result<Vec<Note>, XeroError> = page.elements.iter().map(|raw| read_note(raw.get())).collect();
    Ok(notes?.iter().any(|note| note.details == text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::tests::key;

    fn answer(status: u16, body: Value) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        HttpResponse { status, headers, body: body.to_string().into(), wire_bytes: 0 }
    }

    #[test]
    fn m16_a_note_goes_into_the_history_of_a_credit_note_and_is_found_there() {
        let id = BillId(Uuid::nil());
        let write = add_note(BillKind::CreditNote, id, "Document: https://app.example/d/1", key()).unwrap();
        let path = "/CreditNotes/00000000-0000-0000-0000-000000000000/History";
        assert_eq!((write.method, write.path.as_str()), (WriteMethod::Put, path));
        assert_eq!(&write.body[..], br#"{"HistoryRecords":[{"Details":"Document: https://app.example/d/1"}]}"#);
        assert_eq!(add_note(BillKind::CreditNote, id, "", key()), None);
        assert_eq!(add_note(BillKind::CreditNote, id, &"x".repeat(NOTE_CHARS_MAX + 1), key()), None);
        let all = json!({ "HistoryRecords": [{ "Changes": "Created" }, { "Details": "b" }] });
        assert!(has_note(answer(200, all.clone()), "b").unwrap() && !has_note(answer(200, all), "a").unwrap());
    }

    #[test]
    fn an_answer_is_sorted_by_who_acts_next() {
        let check = |status: u16, body: Value, expected: &str| {
            let outcome = format!("{:?}", read_noted(Ok(answer(status, body)), "b"));
            assert!(outcome.starts_with(expected), "{outcome} is not {expected}");
        };
        check(200, json!({ "HistoryRecords": [{ "Details": "b" }] }), "Noted");
        check(200, json!({ "HistoryRecords": [{ "Details": "a" }] }), "Unknown");
        check(200, json!({ "HistoryRecords": [] }), "Unknown");
        let refused = json!({ "Elements": [{ "Details": "b", "ValidationErrors": [{ "Message": "not found" }] }] });
        check(400, refused, "Rejected");
        check(404, Value::Null, "TurnedAway");
        check(500, Value::Null, "Unknown");
    }
}
