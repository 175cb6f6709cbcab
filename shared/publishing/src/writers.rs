//! How each step of a publication is written to Xero and found again.
//!
//! Owns the contents of the three kinds of posting. A document that is in Xero is never changed from here: whoever wants it
//! otherwise edits it there.

use async_trait::async_trait;
use bills::{
    AttachOutcome, BillDraft, BillId, BillKind, BillMark, ContactId, FileName, NewSupplier, NoteOutcome, Sighting,
    SupplierOutcome, Upload, WriteOutcome,
};
use connections::{Access, Answer, CallError, Session};
use kernel::{Date, IntentId, OrganisationRef, Timestamp};
use ports::{BlobError, Blobs};
use postings::{Found, NoRequest, Outcome, PostingError, Wanted, Writer, refused};
use serde::{Deserialize, Serialize};
use state::{keys, load};
use xero::{ApiRead, ApiWrite, IdempotencyKey};

use crate::{CREDIT_NOTES, FILES, NOTES, SUPPLIERS, entity_of};

/// Pages read through in one search.
const SEARCH_PAGES_MAX: u32 = 20;

/// A bill, credit note or spend money as it is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillContent {
    /// Xero's form of it.
    pub draft: BillDraft,
    /// Documents that look alike and were there before: none of them is it.
    pub seen: Vec<BillId>,
}

/// Bills, credit notes or bank transactions as a kind that is written. Whether money was spent or received, the content says.
#[derive(Clone, Copy, Debug)]
pub struct Bills(pub BillKind);

fn unsendable(reason: impl ToString) -> NoRequest {
    NoRequest::Unsendable(reason.to_string())
}

fn not_edited<C>(wanted: &Wanted<'_, C>) -> Result<(), NoRequest> {
    let words = "What was published is edited in Xero only.";
    if wanted.existing.is_some() { Err(unsendable(words)) } else { Ok(()) }
}

#[async_trait]
impl Writer for Bills {
    type Content = BillContent;

    fn kind(&self) -> &'static str {
        entity_of(self.0)
    }

    async fn request(&self, wanted: &Wanted<'_, BillContent>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest> {
        not_edited(wanted)?;
        bills::create(&draft(wanted), key).map_err(unsendable)
    }

    fn outcome(&self, answer: Answer, wanted: &Wanted<'_, BillContent>, now: Timestamp) -> Outcome {
        match bills::read_created(answer, &draft(wanted)) {
            WriteOutcome::Written { id } => Outcome::Written { xero_id: id.to_string(), losses: Vec::new() },
            WriteOutcome::WrittenWithLoss { id, warnings } => {
                Outcome::Written { xero_id: id.to_string(), losses: warnings }
            }
            WriteOutcome::Rejected { refusals } => refused(&refusals, now),
            WriteOutcome::TurnedAway(error) => Outcome::TurnedAway(error),
            WriteOutcome::Unknown(error) => Outcome::Unknown(error.to_string()),
        }
    }

    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, BillContent>,
        since: Timestamp,
    ) -> Result<Found, CallError> {
        let draft = draft(wanted);
        let mut former = wanted.content.seen.clone();
        former.extend(wanted.former.iter().filter_map(|id| id.parse::<BillId>().ok()));
        let mut found = read(session, &bills::look_up_by_content(&draft, 1), draft.kind).await?.bills;
        // A person may have changed it meanwhile: what was written since the first send is read through.
        for page in 1..=SEARCH_PAGES_MAX {
            let some = read(session, &bills::look_up_since(draft.kind, since, page), draft.kind).await?;
            found.extend(some.bills);
            if some.is_last {
                return Ok(shown(bills::sight(found, &draft, &former), &draft));
            }
        }
        Err(CallError::Unreadable(format!("more than {SEARCH_PAGES_MAX} pages of documents were written since")))
    }

    fn date(&self, content: &BillContent) -> Date {
        content.draft.date
    }
}

/// The mark of a posting is its own, whatever was stored with the content.
fn draft(wanted: &Wanted<'_, BillContent>) -> BillDraft {
    BillDraft { mark: BillMark::from_bytes(wanted.mark), ..wanted.content.draft.clone() }
}

async fn read(session: &mut Session<'_>, read: &ApiRead, kind: BillKind) -> Result<bills::BillPage, CallError> {
    let answer = session.read(read).await?;
    bills::read_list(answer, kind).map_err(|error| CallError::Unreadable(error.to_string()))
}

fn shown(sighting: Sighting, draft: &BillDraft) -> Found {
    match sighting {
        Sighting::Absent => Found::Absent,
        Sighting::Present(record) => {
            Found::Present { xero_id: record.id.to_string(), losses: bills::losses(draft, &record) }
        }
        Sighting::Ambiguous(records) => Found::Several(records.iter().map(|record| record.id.to_string()).collect()),
    }
}

/// New contacts as a kind that is written.
#[derive(Clone, Copy, Debug)]
pub struct Suppliers;

#[async_trait]
impl Writer for Suppliers {
    type Content = NewSupplier;

    fn kind(&self) -> &'static str {
        SUPPLIERS
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn request(&self, wanted: &Wanted<'_, NewSupplier>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest> {
        not_edited(wanted)?;
        bills::create_supplier(wanted.content, key).map_err(unsendable)
    }

    fn outcome(&self, answer: Answer, _: &Wanted<'_, NewSupplier>, now: Timestamp) -> Outcome {
        match bills::read_supplier_created(answer) {
            SupplierOutcome::Written(id) => Outcome::Written { xero_id: id.to_string(), losses: Vec::new() },
            // Somebody made it meanwhile, or the first request did: the search finds it.
            SupplierOutcome::NameTaken => Outcome::Unknown("Xero has a contact of that name".to_owned()),
            SupplierOutcome::Rejected(refusals) => refused(&refusals, now),
            SupplierOutcome::TurnedAway(error) => Outcome::TurnedAway(error),
            SupplierOutcome::Unknown(error) => Outcome::Unknown(error.to_string()),
        }
    }

    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, NewSupplier>,
        _: Timestamp,
    ) -> Result<Found, CallError> {
        let Some(read) = bills::look_up_suppliers(&wanted.content.name) else {
            // Xero keeps names apart: another send shows whether it is there.
            return Ok(Found::Absent);
        };
        let answer = session.read(&read).await?;
        let found = bills::read_suppliers(answer).map_err(|error| CallError::Unreadable(error.to_string()))?;
        let ids: Vec<ContactId> = found.iter().map(|contact| contact.id).collect();
        Ok(match ids.as_slice() {
            [] => Found::Absent,
            [one] => Found::Present { xero_id: one.to_string(), losses: Vec::new() },
            several => Found::Several(several.iter().map(ToString::to_string).collect()),
        })
    }

    /// No lock date keeps a contact out.
    fn date(&self, _: &NewSupplier) -> Date {
        Date::MAX
    }
}

/// A file on its way to a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    /// Bill, credit note or spend money.
    pub kind: BillKind,
    /// The document in Xero.
    pub bill: BillId,
    /// What the file is called there.
    pub name: String,
    /// What it is.
    pub content_type: String,
    /// Where it lies.
    pub key: String,
    /// Which version of it.
    pub version: Option<String>,
    /// How long it is.
    pub bytes: u64,
}

/// Files of documents as a kind that is written.
#[derive(Clone, Copy)]
pub struct Files<'b> {
    /// Where they lie.
    blobs: &'b dyn Blobs,
    /// The kind of the document: who lets it be written lets its file be.
    kind: BillKind,
}

impl<'b> Files<'b> {
    /// For the file of that posting.
    pub async fn of(
        access: &Access,
        blobs: &'b dyn Blobs,
        whose: &OrganisationRef,
        intent: &IntentId,
    ) -> Result<Self, PostingError> {
        let found = load::<FileContent>(&*access.ports.table, &keys::intent_content(whose, intent)).await?;
        let content = found.ok_or_else(|| PostingError::Missing(intent.clone()))?.value;
        Ok(Self { blobs, kind: content.kind })
    }
}

#[async_trait]
impl Writer for Files<'_> {
    type Content = FileContent;

    fn kind(&self) -> &'static str {
        FILES
    }

    fn governed_by(&self) -> &'static str {
        entity_of(self.kind)
    }

    async fn request(&self, wanted: &Wanted<'_, FileContent>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest> {
        not_edited(wanted)?;
        let content = wanted.content;
        let read = self.blobs.read(&content.key, content.version.as_deref(), bills::FILE_BYTES_MAX).await;
        let body = read.map_err(|error| match error {
            BlobError::Missing => unsendable("The file is not in the storage any more."),
            BlobError::TooLong { .. } => unsendable("The file is longer than Xero takes."),
            error => NoRequest::NotNow(error.to_string()),
        })?;
        Ok(upload(content, body, key)?.write)
    }

    fn outcome(&self, answer: Answer, wanted: &Wanted<'_, FileContent>, now: Timestamp) -> Outcome {
        match bills::read_attached(answer, &wanted.content.name, wanted.content.bytes) {
            AttachOutcome::Attached(file) => Outcome::Written { xero_id: file.id.to_string(), losses: Vec::new() },
            AttachOutcome::Rejected(refusals) => refused(&refusals, now),
            AttachOutcome::TurnedAway(error) => Outcome::TurnedAway(error),
            AttachOutcome::Unknown(error) => Outcome::Unknown(error.to_string()),
        }
    }

    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, FileContent>,
        _: Timestamp,
    ) -> Result<Found, CallError> {
        let content = wanted.content;
        let answer = session.read(&bills::list_attachments(content.kind, content.bill)).await?;
        let there = bills::read_attachments(answer).map_err(|error| CallError::Unreadable(error.to_string()))?;
        let ours = there.iter().find(|file| {
            file.file_name == content.name && file.content_length.is_none_or(|bytes| bytes == content.bytes)
        });
        Ok(match ours {
            Some(file) => Found::Present { xero_id: file.id.to_string(), losses: Vec::new() },
            None => Found::Absent,
        })
    }

    /// A file may be put on a document of a locked period: it changes no account.
    fn date(&self, _: &FileContent) -> Date {
        Date::MAX
    }
}

fn upload(content: &FileContent, body: bytes::Bytes, key: IdempotencyKey) -> Result<Upload, NoRequest> {
    let name = FileName::try_new(content.name.clone()).map_err(unsendable)?;
    bills::attach(content.kind, content.bill, name, &content.content_type, body, key).map_err(unsendable)
}

/// A note in a document's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteContent {
    /// What kind of document.
    pub kind: BillKind,
    /// The document in Xero.
    pub bill: BillId,
    /// What it says.
    pub text: String,
}

/// Notes as a kind that is written.
#[derive(Clone, Copy, Debug)]
pub struct Notes;

#[async_trait]
impl Writer for Notes {
    type Content = NoteContent;

    fn kind(&self) -> &'static str {
        NOTES
    }

    fn governed_by(&self) -> &'static str {
        // A link in a field of its own needs no note: only credit notes have none.
        CREDIT_NOTES
    }

    /// Notes have no ids: the document stands for them.
    fn is_shared(&self) -> bool {
        true
    }

    async fn request(&self, wanted: &Wanted<'_, NoteContent>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest> {
        not_edited(wanted)?;
        let NoteContent { kind, bill, text } = wanted.content;
        bills::add_note(*kind, *bill, text, key).ok_or_else(|| unsendable("The note is longer than Xero takes."))
    }

    fn outcome(&self, answer: Answer, wanted: &Wanted<'_, NoteContent>, now: Timestamp) -> Outcome {
        match bills::read_noted(answer, &wanted.content.text) {
            NoteOutcome::Noted => Outcome::Written { xero_id: wanted.content.bill.to_string(), losses: Vec::new() },
            NoteOutcome::Rejected(refusals) => refused(&refusals, now),
            NoteOutcome::TurnedAway(error) => Outcome::TurnedAway(error),
            NoteOutcome::Unknown(error) => Outcome::Unknown(error.to_string()),
        }
    }

    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, NoteContent>,
        _: Timestamp,
    ) -> Result<Found, CallError> {
        let NoteContent { kind, bill, text } = wanted.content;
        let answer = session.read(&bills::list_notes(*kind, *bill)).await?;
        let there = bills::has_note(answer, text).map_err(|error| CallError::Unreadable(error.to_string()))?;
        let present = || Found::Present { xero_id: bill.to_string(), losses: Vec::new() };
        Ok(if there { present() } else { Found::Absent })
    }

    /// A note changes no account.
    fn date(&self, _: &NoteContent) -> Date {
        Date::MAX
    }
}
