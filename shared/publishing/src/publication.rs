//! A publication stored, and its steps planned one after the other.
//!
//! Owns the order of the steps: the supplier's contact where there is none yet, the document, its file. Which is next is
//! decided from what is stored; planning one that is planned changes nothing. So whoever carries a step out asks for the
//! next afterwards, and a crash in between costs a repetition.

use bills::{BillDraft, BillId, BillKind, ContactId, NewSupplier};
use connections::{Access, Connection};
use documents::row::{Document, DocumentState, file_key, load_document};
use envelopes::Follower;
use kernel::{Applied, DocumentId, IntentId, OrganisationRef, Timestamp};
use mirror::follow::has_reached;
use ports::{Guard, TableError, Written};
use postings::{PlanError, Plans, Posting, PostingError, change_content, plan_posting};
use serde::{Deserialize, Serialize};
use state::{Intent, IntentState, Stored, keys, load, put};

use crate::proposal::{Proposal, propose};
use crate::terms::BillTerms;
use crate::writers::{BillContent, FileContent, NoteContent};
use crate::{FILES, NOTES, SUPPLIERS, entity_of};

/// What a document was published as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// What was agreed.
    pub terms: BillTerms,
    /// Xero's form of it; without a contact where that is still to be created.
    pub draft: BillDraft,
    /// The contact to be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<NewSupplier>,
    /// Documents that look alike, and that whoever published it had seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<BillId>,
    /// Who published it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why a document is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Its file is not there, was refused, waits for a scan, or is another document's.
    #[error("its file was not taken in")]
    NoFile,
    /// It was published before, with other terms.
    #[error("it was published before, otherwise")]
    Published(Box<Publication>),
    /// Something is in the way.
    #[error("something is in the way of publishing")]
    Faults(Box<Proposal>),
    /// Documents look alike that whoever publishes has not seen.
    #[error("documents in Xero look like it")]
    Alike(Box<Proposal>),
    /// Nothing is known of the organisation yet.
    #[error("the organisation has not been read yet; wait for its first sync")]
    NotRead,
    /// The supplier's documents are still being put on the shelf: what looks alike would not be seen.
    #[error("suppliers' documents are still being looked through")]
    NotLookedThrough,
    /// Table or queue trouble.
    #[error(transparent)]
    Posting(#[from] PostingError),
    /// Others publish it at the same moment.
    #[error("it is being published at the same moment")]
    Overtaken,
}

impl From<TableError> for PublishError {
    fn from(error: TableError) -> Self {
        Self::Posting(error.into())
    }
}

fn intent(beginning: &str, document: DocumentId) -> IntentId {
    format!("{beginning}-{document}").parse().expect("a letter, a dash and an id are a name")
}

/// The posting of a document's new contact.
pub fn supplier_intent(document: DocumentId) -> IntentId {
    intent("c", document)
}

/// The posting of the document itself.
pub fn bill_intent(document: DocumentId) -> IntentId {
    intent("d", document)
}

/// The posting of its file.
pub fn attachment_intent(document: DocumentId) -> IntentId {
    intent("a", document)
}

/// The posting of the note that leads back from it.
pub fn note_intent(document: DocumentId) -> IntentId {
    intent("h", document)
}

/// The document that a posting belongs to.
pub fn document_of(id: &IntentId) -> Option<DocumentId> {
    let (beginning, document) = id.as_str().split_once('-')?;
    matches!(beginning, "c" | "d" | "a" | "h").then(|| document.parse().ok())?
}

/// What a document was published as, if it was.
pub async fn load_publication(
    access: &Access,
    whose: &OrganisationRef,
    id: DocumentId,
) -> Result<Option<Stored<Publication>>, TableError> {
    load(&*access.ports.table, &keys::publication(whose, id)).await
}

/// Publishes a document: stored together with its first step, which is then on its way. The same again changes nothing.
///
/// What Xero refused, and a person is to correct, may be published with other terms.
pub async fn publish(
    access: &Access,
    connection: &Connection,
    document: &Document,
    terms: &BillTerms,
    seen: &[BillId],
    actor: &str,
) -> Result<(Applied, Proposal), PublishError> {
    if connection.facts.is_none() {
        return Err(PublishError::NotRead);
    }
    if !has_file(document) {
        return Err(PublishError::NoFile);
    }
    let (table, whose) = (&*access.ports.table, &connection.whose);
    let writable = connection.settings.writes(entity_of(terms.kind.at_xero()));
    if writable && !has_reached(table, whose, Follower::Documents.as_str()).await.map_err(PostingError::from)? {
        return Err(PublishError::NotLookedThrough);
    }
    let proposal = propose(table, connection, document, terms).await?;
    let before = load_publication(access, whose, document.id).await?;
    if before.as_ref().is_some_and(|before| before.value.terms == *terms) {
        return Ok((Applied::Before, proposal));
    }
    if let Some(before) = &before
        && !can_be_replaced(&Steps::load(access, whose, document.id).await?)
    {
        return Err(PublishError::Published(Box::new(before.value.clone())));
    }
    if !proposal.faults.is_empty() {
        return Err(PublishError::Faults(Box::new(proposal)));
    }
    if proposal.alike.iter().any(|alike| !seen.contains(&alike.id)) {
        return Err(PublishError::Alike(Box::new(proposal)));
    }
    let publication = Publication {
        terms: terms.clone(),
        draft: proposal.draft.clone(),
        supplier: proposal.supplier.clone(),
        seen: seen.to_vec(),
        by: actor.to_owned(),
        at: access.ports.clock.now(),
    };
    match before {
        None => store(access, whose, document.id, &publication).await?,
        Some(before) => replace(access, whose, document.id, before, &publication).await?,
    }
    Ok((Applied::Now, proposal))
}

fn has_file(document: &Document) -> bool {
    let state = &document.state;
    let ready = matches!(state, DocumentState::TakenIn | DocumentState::Reading { .. } | DocumentState::Read { .. });
    document.measure.is_some() && (ready || matches!(state, DocumentState::NeedsPerson { .. }))
}

async fn store(
    access: &Access,
    whose: &OrganisationRef,
    document: DocumentId,
    publication: &Publication,
) -> Result<(), PublishError> {
    let mut plans = Plans::with(vec![put(keys::publication(whose, document), Guard::Absent, publication, None)]);
    let (now, actor) = (publication.at, publication.by.as_str());
    match &publication.supplier {
        Some(supplier) => {
            let id = supplier_intent(document);
            plans.add(whose, &Posting { id, kind: SUPPLIERS, actor, content: supplier }, now);
        }
        None => {
            let (id, kind) = (bill_intent(document), entity_of(publication.draft.kind));
            let content = content(publication, publication.draft.contact);
            plans.add(whose, &Posting { id, kind, actor, content: &content }, now);
        }
    }
    match plans.store(access).await {
        Ok(_) => Ok(()),
        Err(PlanError::Posting(error)) => Err(error.into()),
        Err(PlanError::Overtaken | PlanError::Otherwise(_)) => overtaken(access, whose, document, publication).await,
    }
}

/// Somebody published it at the same moment: with the same terms it is the same.
async fn overtaken(
    access: &Access,
    whose: &OrganisationRef,
    document: DocumentId,
    publication: &Publication,
) -> Result<(), PublishError> {
    let found = load_publication(access, whose, document).await?.ok_or(PublishError::Overtaken)?.value;
    if found.terms == publication.terms { Ok(()) } else { Err(PublishError::Published(Box::new(found))) }
}

fn content(publication: &Publication, contact: ContactId) -> BillContent {
    let draft = BillDraft { contact, ..publication.draft.clone() };
    BillContent { draft, seen: publication.seen.clone() }
}

fn can_be_replaced(steps: &Steps) -> bool {
    match (&steps.bill, &steps.supplier) {
        (Some(bill), _) => bill.is_correctable(),
        (None, Some(supplier)) => supplier.is_correctable(),
        (None, None) => false,
    }
}

/// Puts other terms in the place of those that Xero refused. A contact that was created is not taken back.
async fn replace(
    access: &Access,
    whose: &OrganisationRef,
    document: DocumentId,
    before: Stored<Publication>,
    publication: &Publication,
) -> Result<(), PublishError> {
    let published = || PublishError::Published(Box::new(before.value.clone()));
    let write = put(keys::publication(whose, document), before.guard(), publication, None);
    let reason = format!("published with other terms by {}", publication.by);
    let steps = Steps::load(access, whose, document).await?;
    let kind = entity_of(publication.draft.kind);
    let changed = match (steps.bill, steps.supplier, &publication.supplier) {
        (Some(bill), _, None) if bill.is_correctable() && bill.kind == kind => {
            let content = content(publication, publication.draft.contact);
            change_content(access, whose, &bill.id, &content, &reason).await?
        }
        // The contact was refused: another new one, or one that is there.
        (None, Some(supplier), Some(new)) if supplier.is_correctable() => {
            change_content(access, whose, &supplier.id, new, &reason).await?
        }
        (None, Some(supplier), None) if supplier.is_correctable() => {
            let mut plans = Plans::with(vec![write]);
            let content = content(publication, publication.draft.contact);
            let id = bill_intent(document);
            plans.add(whose, &Posting { id, kind, actor: &publication.by, content: &content }, publication.at);
            return match plans.store(access).await {
                Ok(_) => Ok(()),
                Err(PlanError::Posting(error)) => Err(error.into()),
                Err(_) => Err(PublishError::Overtaken),
            };
        }
        _ => false,
    };
    if !changed {
        return Err(published());
    }
    match access.ports.table.write(write).await? {
        Written::Stored => Ok(()),
        Written::Conflict(_) => Err(PublishError::Overtaken),
    }
}

/// The steps of a publication, those that were planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The new contact.
    pub supplier: Option<Intent>,
    /// The document.
    pub bill: Option<Intent>,
    /// Its file.
    pub file: Option<Intent>,
    /// The note that leads back from it, where its kind has no link.
    pub note: Option<Intent>,
}

impl Steps {
    /// Reads them.
    pub async fn load(access: &Access, whose: &OrganisationRef, document: DocumentId) -> Result<Self, TableError> {
        let table = &*access.ports.table;
        let read = async |id: IntentId| -> Result<Option<Intent>, TableError> {
            Ok(load::<Intent>(table, &keys::intent(whose, &id)).await?.map(|found| found.value))
        };
        Ok(Self {
            supplier: read(supplier_intent(document)).await?,
            bill: read(bill_intent(document)).await?,
            file: read(attachment_intent(document)).await?,
            note: read(note_intent(document)).await?,
        })
    }
}

fn xero_id(intent: Option<&Intent>) -> Option<&str> {
    match intent.map(|intent| &intent.state) {
        Some(IntentState::Done { xero_id, .. }) => Some(xero_id),
        _ => None,
    }
}

/// Plans the steps that are next, if any are. What a person recorded as entered by hand has no next step.
pub async fn advance(access: &Access, whose: &OrganisationRef, document: DocumentId) -> Result<(), PostingError> {
    let Some(publication) = load_publication(access, whose, document).await? else { return Ok(()) };
    let publication = publication.value;
    let steps = Steps::load(access, whose, document).await?;
    let actor = publication.by.as_str();
    let Some(bill) = &steps.bill else {
        let contact = xero_id(steps.supplier.as_ref()).and_then(|id| id.parse::<ContactId>().ok());
        let Some(contact) = contact else { return Ok(()) };
        let (id, kind) = (bill_intent(document), entity_of(publication.draft.kind));
        let content = content(&publication, contact);
        return planned(plan_posting(access, whose, &Posting { id, kind, actor, content: &content }).await);
    };
    let Some(bill) = xero_id(Some(bill)).and_then(|id| id.parse::<BillId>().ok()) else { return Ok(()) };
    let Some(found) = load_document(&*access.ports.table, whose, document).await? else { return Ok(()) };
    let kind = publication.draft.kind;
    if let (None, Some(text)) = (&steps.note, note_of(kind, &found.value)) {
        let (id, content) = (note_intent(document), NoteContent { kind, bill, text });
        planned(plan_posting(access, whose, &Posting { id, kind: NOTES, actor, content: &content }).await)?;
    }
    match &steps.file {
        None => attach(access, whose, &found.value, kind, bill, actor).await,
        Some(file) if xero_id(Some(file)).is_some() => {
            let write = put(keys::attached(whose, &bill.to_string()), Guard::Absent, &document, None);
            // Stored before is as good.
            access.ports.table.write(write).await?;
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// The note that leads back from a document whose kind has no link in Xero.
fn note_of(kind: BillKind, document: &Document) -> Option<String> {
    let source = document.source.as_ref().filter(|_| kind == BillKind::CreditNote)?;
    Some(format!("Document: {source}"))
}

/// Plans that the file be attached.
async fn attach(
    access: &Access,
    whose: &OrganisationRef,
    document: &Document,
    kind: BillKind,
    bill: BillId,
    actor: &str,
) -> Result<(), PostingError> {
    let Some(measure) = document.measure else { return Ok(()) };
    let content = FileContent {
        kind,
        bill,
        name: bills::FileName::tidied(document.file_name.as_str()).to_string(),
        content_type: measure.kind.content_type().to_owned(),
        key: file_key(whose, document.id),
        version: document.version.clone(),
        bytes: document.bytes,
    };
    let id = attachment_intent(document.id);
    planned(plan_posting(access, whose, &Posting { id, kind: FILES, actor, content: &content }).await)
}

fn planned(outcome: Result<Applied, PlanError>) -> Result<(), PostingError> {
    match outcome {
        // Somebody else planned it at the same moment, with what was stored then.
        Ok(_) | Err(PlanError::Otherwise(_) | PlanError::Overtaken) => Ok(()),
        Err(PlanError::Posting(error)) => Err(error),
    }
}
