//! What people do about requests: ask by hand, say that none is needed, link a document.
//!
//! Owns that a decision of a person is stored with what follows from it. It is kept through every later evaluation, until the
//! person takes it back.

use connections::Access;
use documents::row::{DocumentState, load_document};
use evidence::{BatchError, Books, ByHand, LineId, Policy, Question, Rules, Verdict, decide};
use kernel::{DocumentId, OrganisationRef};
use ports::{TableError, Written};
use state::{keys, put};

use crate::row::{HandDecision, Request, load_request};

/// Attempts while others write the same row.
const ATTEMPTS_MAX: u32 = 8;

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No such request.
    #[error("there is no such request")]
    Unknown,
    /// No such document, or one whose file was not taken in.
    #[error("there is no document of that id whose file was taken in")]
    Document,
    /// Others write it at the same moment, again and again.
    #[error("others answer it at this moment")]
    Overtaken,
    /// The line cannot be decided.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// A person decides about a request; `None` takes the decision back. Answers the request as it is then: what follows from
/// the books after a decision was taken back, the next evaluation says.
pub async fn decide_by_hand(
    access: &Access,
    whose: &OrganisationRef,
    id: &LineId,
    decision: Option<ByHand>,
    actor: &str,
) -> Result<Request, AnswerError> {
    let at = access.ports.clock.now();
    change(access, whose, id, |request| {
        let hand = decision.clone().map(|by_hand| HandDecision { by_hand, actor: actor.to_owned(), at });
        let same = request.by_hand.as_ref().map(|hand| &hand.by_hand) == decision.as_ref();
        request.by_hand = hand;
        !same
    })
    .await
}

/// Links a document to a request, or takes the link back.
pub async fn link_document(
    access: &Access,
    whose: &OrganisationRef,
    id: &LineId,
    document: Option<DocumentId>,
) -> Result<Request, AnswerError> {
    if let Some(document) = document {
        let found = load_document(&*access.ports.table, whose, document).await?;
        let taken_in = found.is_some_and(|found| {
            let out = matches!(found.value.state, DocumentState::Refused { .. } | DocumentState::Quarantined);
            found.value.measure.is_some() && !out
        });
        if !taken_in {
            return Err(AnswerError::Document);
        }
    }
    change(access, whose, id, |request| {
        let same = request.document == document;
        request.document = document;
        !same
    })
    .await
}

async fn change<F>(access: &Access, whose: &OrganisationRef, id: &LineId, edit: F) -> Result<Request, AnswerError>
where
    F: Fn(&mut Request) -> bool,
{
    let table = &*access.ports.table;
    for _ in 0..ATTEMPTS_MAX {
        let found = load_request(table, whose, id).await?.ok_or(AnswerError::Unknown)?;
        let (guard, mut request) = (found.guard(), found.value);
        if !edit(&mut request) {
            return Ok(request);
        }
        if let Some(verdict) = decided(&request)? {
            request.verdict = Some(verdict);
        }
        request.changed_at = access.ports.clock.now();
        let write = put(keys::request(whose, id.as_str()), guard, &request, None);
        if table.write(write).await? == Written::Stored {
            return Ok(request);
        }
    }
    Err(AnswerError::Overtaken)
}

/// What follows at once from a person's word or a linked document. Without either only the books can say.
fn decided(request: &Request) -> Result<Option<Verdict>, AnswerError> {
    let Some(line) = request.line() else { return Ok(None) };
    let by_hand = request.by_hand.as_ref().map(|hand| &hand.by_hand);
    if by_hand.is_none() && request.document.is_none() {
        return Ok(None);
    }
    let question = Question { line, by_hand, document: request.document, before: request.verdict.as_ref() };
    let mut verdicts = decide(&[question], &Books::default(), &Rules::default(), &Policy::default())?;
    Ok(verdicts.remove(&line.id))
}
