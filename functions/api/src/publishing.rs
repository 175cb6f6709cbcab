//! Documents on their way to Xero: proposed from what was read, held against the books, published, and shown with each
//! step.

use ::documents::row::{Document, DocumentState, load_document};
use ::publishing::prefill::prefill;
use ::publishing::proposal::{Alike, Proposal, propose};
use ::publishing::{
    BillTerms, Publication, PublishError, Steps, entity_of, load_publication, publish as publish_document,
};
use bills::{BillId, BillKind};
use connections::Connection;
use envelopes::{Envelope, Follower, Work};
use kernel::{Applied, Currency, DocumentId, Timestamp};
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use postings::IntentView;
use readings::Reading;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use state::{Intent, keys, load};
use sync::load_head;

use crate::answers::{body, failed, path_id};
use crate::changes::link;
use crate::config::Api;

/// Documents that look alike and were seen, in one command.
const SEEN_MAX: usize = 100;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PublishBody {
    terms: Option<Map<String, Value>>,
    seen: Vec<BillId>,
}

fn terms_of(terms: Map<String, Value>) -> Result<BillTerms, Problem> {
    let malformed = |error: serde_json::Error| Problem::bad_request("malformed-json", format!("terms: {error}."));
    serde_json::from_value(Value::Object(terms)).map_err(malformed)
}

async fn known(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<Document, Problem> {
    let id: DocumentId = path_id(request, "document_id")?;
    let found = load_document(&*api.access.ports.table, &connection.whose, id).await.map_err(failed)?;
    Ok(found.ok_or_else(Problem::not_found)?.value)
}

/// What publishing would do with these terms; without any, with those that the reading proposes. Stores nothing.
pub async fn preview(api: &Api, connection: &Connection, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let PublishBody { terms, .. } = body(request)?;
    let document = known(api, connection, request).await?;
    let table = &*api.access.ports.table;
    let mut answer = json!({ "terms": null, "missing": [], "supplier": null, "coding": [], "proposal": null });
    let terms = match terms {
        Some(terms) => Some(terms),
        None => {
            let books = books(connection)?;
            let reading = reading(api, connection, &document).await?;
            let filled = prefill(table, &connection.whose, &reading, books).await.map_err(failed)?;
            answer["supplier"] = json!(filled.supplier);
            answer["coding"] = json!(filled.coding);
            answer["missing"] = json!(filled.missing);
            answer["terms"] = json!(filled.terms);
            filled.missing.is_empty().then_some(filled.terms)
        }
    };
    if let Some(terms) = terms {
        let terms = terms_of(terms)?;
        let proposal = propose(table, connection, &document, &terms).await.map_err(failed)?;
        answer["terms"] = json!(terms);
        answer["proposal"] = shown(connection, &proposal);
    }
    Ok(ApiReply::json(200, &answer))
}

fn books(connection: &Connection) -> Result<Currency, Problem> {
    let facts = connection.facts.as_ref().ok_or_else(not_read)?;
    facts.base_currency.parse().map_err(|_| not_read())
}

fn not_read() -> Problem {
    let detail = "The organisation has not been read yet. Wait for its first sync, then send it again.";
    Problem::new(409, "not-read-yet", "Not read yet", detail)
}

async fn reading(api: &Api, connection: &Connection, document: &Document) -> Result<Reading, Problem> {
    let detail = match &document.state {
        DocumentState::Read { .. } => {
            let key = keys::document_reading(&connection.whose, document.id);
            let found = load::<Reading>(&*api.access.ports.table, &key).await.map_err(failed)?;
            return found.map(|found| found.value).ok_or_else(Problem::unavailable);
        }
        DocumentState::TakenIn | DocumentState::Reading { .. } => "It is being read. Ask again in a moment.",
        _ => "Nothing could be read from it. Send the terms as a person types them in.",
    };
    Err(Problem::new(409, "document-not-read", "Document not read", detail))
}

fn shown(connection: &Connection, proposal: &Proposal) -> Value {
    let faults: Vec<Value> =
        proposal.faults.iter().map(|fault| json!({ "code": fault.code(), "words": fault.to_string() })).collect();
    let totals = proposal.totals().map(|totals| {
        json!({
            "sub_total": totals.sub_total, "tax": totals.tax, "total": totals.total,
            "lines": totals.lines, "on_half_cent": totals.on_half_cent,
        })
    });
    let alike: Vec<Value> =
        proposal.alike.iter().map(|alike| shown_alike(connection, proposal.draft.kind, alike)).collect();
    json!({
        "status": proposal.draft.status, "totals": totals, "faults": faults, "alike": alike,
        "locked_until": proposal.locked_until,
    })
}

fn shown_alike(connection: &Connection, kind: BillKind, alike: &Alike) -> Value {
    json!({
        "xero_id": alike.id, "number": alike.number, "date": alike.date, "total": alike.total,
        "status": alike.status, "same_number": alike.same_number, "same_total_and_date": alike.same_total_and_date,
        "link": link_of(connection, kind, &alike.id.to_string()),
    })
}

fn link_of(connection: &Connection, kind: BillKind, xero_id: &str) -> Option<String> {
    let record = Map::from_iter([("Type".to_owned(), json!(kind.as_str()))]);
    link(connection, entity_of(kind), xero_id, &record)
}

/// Publishes a document: its first step is on its way.
pub async fn publish(
    api: &Api,
    caller: &Caller,
    connection: &Connection,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let PublishBody { terms, seen } = body(request)?;
    let terms = terms.ok_or_else(|| Problem::bad_request("malformed-json", "terms: they are missing."))?;
    let terms = terms_of(terms)?;
    if seen.len() > SEEN_MAX {
        return Err(Problem::bad_request("malformed-json", format!("seen: name at most {SEEN_MAX} documents.")));
    }
    let document = known(api, connection, request).await?;
    let done = publish_document(&api.access, connection, &document, &terms, &seen, &caller.actor).await;
    let (applied, proposal) = match done {
        Ok(done) => done,
        Err(error) => return Err(refused(api, connection, &document, error).await),
    };
    let answer = json!({
        "document_id": document.id, "published_before": applied == Applied::Before,
        "proposal": shown(connection, &proposal),
    });
    Ok(ApiReply::json(202, &answer))
}

async fn refused(api: &Api, connection: &Connection, document: &Document, error: PublishError) -> Problem {
    match error {
        PublishError::NoFile => {
            let detail = "Its file was not taken in: see the document's state.";
            Problem::new(409, "document-without-file", "Document without file", detail)
        }
        PublishError::NotRead => not_read(),
        PublishError::NotLookedThrough => not_looked_through(api, connection).await,
        PublishError::Published(_) => {
            let detail = "It was published before, with other terms. Edit it in Xero: the link leads there.";
            let problem = Problem::new(409, "document-published", "Document published", detail);
            match of_document(api, connection, document.id).await {
                Ok(publication) => problem.with("publication", publication),
                Err(problem) => problem,
            }
        }
        PublishError::Faults(proposal) => {
            let detail = proposal.faults.first().map(ToString::to_string).unwrap_or_default();
            let shown = shown(connection, &proposal);
            Problem::bad_request("bad-bill", format!("{detail}.")).with("proposal", shown)
        }
        PublishError::Alike(proposal) => {
            let detail = "Xero has documents that look like it. Look at them; if it is another, name them in seen.";
            let shown = shown(connection, &proposal);
            Problem::new(409, "looks-like-another", "Looks like another", detail).with("proposal", shown)
        }
        PublishError::Overtaken => {
            let detail = "Somebody publishes it at the same moment. Look at the document, then send it again.";
            Problem::new(409, "being-published", "Being published", detail)
        }
        PublishError::Posting(error) => failed(error),
    }
}

/// Has suppliers' documents looked through, in case nobody did, and says so.
async fn not_looked_through(api: &Api, connection: &Connection) -> Problem {
    let (table, whose) = (&*api.access.ports.table, &connection.whose);
    let to = match load_head(table, whose).await {
        Ok(head) => head.feed_head,
        Err(error) => return failed(error),
    };
    let work = Work::FollowFeed { organisation: whose.clone(), follower: Follower::Documents, to, round: 0 };
    if let Err(error) = api.access.send(&Envelope::new(work)).await {
        return failed(error);
    }
    let detail =
        "Suppliers' documents are being looked through, so that what looks alike is seen. Send it again in a moment.";
    Problem::new(409, "not-looked-through", "Not looked through", detail)
}

/// What a document was published as, with each step; null if it was not.
pub async fn of_document(api: &Api, connection: &Connection, id: DocumentId) -> Result<Value, Problem> {
    let found = load_publication(&api.access, &connection.whose, id).await.map_err(failed)?;
    let Some(publication) = found.map(|found| found.value) else { return Ok(Value::Null) };
    let steps = Steps::load(&api.access, &connection.whose, id).await.map_err(failed)?;
    Ok(publication_answer(connection, &publication, &steps, api.access.ports.clock.now()))
}

fn publication_answer(connection: &Connection, publication: &Publication, steps: &Steps, now: Timestamp) -> Value {
    let view = |intent: &Option<Intent>| intent.as_ref().map(|intent| IntentView::of(intent, now));
    let step = |view: &Option<IntentView>| {
        view.as_ref().map(|view| json!({ "posting_id": view.id, "state": view.state, "attention": view.attention }))
    };
    let (supplier, bill) = (view(&steps.supplier), view(&steps.bill));
    let (file, note) = (view(&steps.file), view(&steps.note));
    let xero_id = bill.as_ref().and_then(|bill| bill.xero_id.clone());
    let link = xero_id.as_deref().and_then(|id| link_of(connection, publication.draft.kind, id));
    json!({
        "terms": publication.terms,
        "published_by": publication.by,
        "published_at": publication.at,
        "xero_id": xero_id,
        "link": link,
        "steps": { "supplier": step(&supplier), "bill": step(&bill), "file": step(&file), "note": step(&note) },
    })
}
