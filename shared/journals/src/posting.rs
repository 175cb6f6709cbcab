//! A journal as it is posted: stored, turned into Xero's form, and found again.

use async_trait::async_trait;
use connections::{Answer, CallError, Session};
use kernel::{Date, Timestamp};
use manual_journals::{
    self as wire, DraftLine, JournalMark, LineAmounts, ManualJournalDraft, ManualJournalId, NewStatus, Removal,
    Sighting, TrackingRef, WriteOutcome, mark_narration,
};
use postings::{Found, NoRequest, Outcome, Wanted, Writer, refused};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use state::{Existing, How};
use xero::catalogue::{Refusal, RefusalCode, leading};
use xero::dates::parse_instant;
use xero::{ApiWrite, IdempotencyKey};

use schedules::journal::{Journal, Line};
use schedules::texts::{AccountRef, SourceLink, TrackingPair};

/// The kind of record, as in settings and envelopes.
pub const MANUAL_JOURNALS: &str = "manual_journals";

/// Lines a journal of ours has at most. Xero states no limit; this one keeps a journal's row and request small. For the
/// journals of releases a deployment may configure fewer.
pub const LINES_MAX: usize = 1_000;

/// Whether a journal counts at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostedAs {
    /// In the books at once.
    #[default]
    Posted,
    /// For a person in Xero to approve.
    Draft,
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalContent {
    /// The journal.
    pub journal: Journal,
    /// See [`PostedAs`].
    #[serde(default)]
    pub status: PostedAs,
    /// Where "Go to" leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLink>,
    /// Whether reports on a cash basis show it. What only moves cost between periods has no place there.
    #[serde(default)]
    pub on_cash_basis: bool,
}

/// Manual journals as a kind that is written.
#[derive(Clone, Copy, Debug)]
pub struct ManualJournals;

#[async_trait]
impl Writer for ManualJournals {
    type Content = JournalContent;

    fn kind(&self) -> &'static str {
        MANUAL_JOURNALS
    }

    async fn request(&self, wanted: &Wanted<'_, JournalContent>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest> {
        let draft = draft(wanted.content, wanted.mark);
        let request = match wanted.existing {
            None => wire::create(&draft, key),
            Some(Existing { xero_id, how: How::Edit }) => wire::update(known_id(xero_id)?, &draft, key),
            Some(Existing { xero_id, .. }) => {
                let narration = mark_narration(&draft.narration, draft.mark);
                Ok(wire::remove(known_id(xero_id)?, &narration, removal(wanted.content), key))
            }
        };
        request.map_err(|fault| NoRequest::Unsendable(fault.to_string()))
    }

    fn outcome(&self, answer: Answer, wanted: &Wanted<'_, JournalContent>, now: Timestamp) -> Outcome {
        let draft = draft(wanted.content, wanted.mark);
        let read = match wanted.existing {
            None => return outcome(wire::read_created(answer, &draft), None, now),
            Some(existing) => match (journal_id(&existing.xero_id), existing.how) {
                (Err(reason), _) => return Outcome::Unknown(reason),
                (Ok(id), How::Edit) => wire::read_updated(answer, id, &draft),
                (Ok(id), _) => wire::read_removed(answer, id, removal(wanted.content)),
            },
        };
        outcome(read, wanted.existing, now)
    }

    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, JournalContent>,
        since: Timestamp,
    ) -> Result<Found, CallError> {
        let draft = draft(wanted.content, wanted.mark);
        if let Some(existing) = wanted.existing {
            return look_at(session, existing, &draft).await;
        }
        let mut found = read(session, &wire::look_up_by_mark(&draft.narration, draft.mark)).await?.journals;
        // A person may have changed the narration meanwhile: what was written since the first send is read through.
        for page in 1..=SEARCH_PAGES_MAX {
            let some = read(session, &wire::look_up_since(since, page)).await?;
            found.extend(some.journals);
            if some.is_last {
                // One that was taken out of the books before this was sent is not what was sent.
                let former = |journal: &wire::JournalRecord| wanted.former.contains(&journal.id.to_string());
                found.retain(|journal| !former(journal) && !was_removed_before(journal, since));
                return Ok(shown(wire::sight(found, &draft.narration, draft.mark), &draft));
            }
        }
        let reason = format!("more than {SEARCH_PAGES_MAX} pages of journals were written since");
        Err(CallError::Unreadable(reason))
    }

    fn date(&self, content: &JournalContent) -> Date {
        content.journal.date()
    }
}

fn journal_id(xero_id: &str) -> Result<ManualJournalId, String> {
    xero_id.parse().map_err(|_| format!("{xero_id} is no id of a journal"))
}

fn known_id(xero_id: &str) -> Result<ManualJournalId, NoRequest> {
    journal_id(xero_id).map_err(NoRequest::Unsendable)
}

/// How it is taken out of the books.
fn removal(content: &JournalContent) -> Removal {
    match content.status {
        PostedAs::Posted => Removal::Void,
        PostedAs::Draft => Removal::Delete,
    }
}

fn outcome(read: WriteOutcome, existing: Option<&Existing>, now: Timestamp) -> Outcome {
    match read {
        WriteOutcome::Written { id } => Outcome::Written { xero_id: id.to_string(), losses: Vec::new() },
        WriteOutcome::WrittenWithLoss { id, warnings } => {
            Outcome::Written { xero_id: id.to_string(), losses: warnings }
        }
        WriteOutcome::Rejected { refusals } => match existing.map(|existing| existing.how) {
            Some(How::Edit) if is_final(&refusals) => Outcome::Final { reason: raw(&refusals).join("; ") },
            // Perhaps it is out of the books already: that is what was wanted.
            Some(How::Withdraw | How::Replace) if is_final(&refusals) => Outcome::Unknown(raw(&refusals).join("; ")),
            _ => refused(&refusals, now),
        },
        WriteOutcome::TurnedAway(error) => Outcome::TurnedAway(error),
        WriteOutcome::Unknown(error) => Outcome::Unknown(error.to_string()),
    }
}

fn is_final(refusals: &[Refusal]) -> bool {
    leading(refusals).is_some_and(|lead| lead.code == RefusalCode::JournalAlreadyVoided)
}

fn raw(refusals: &[Refusal]) -> Vec<String> {
    refusals.iter().map(|refusal| refusal.raw.clone()).collect()
}

/// How a journal that is in Xero stands to what is wanted of it.
async fn look_at(
    session: &mut Session<'_>,
    existing: &Existing,
    draft: &ManualJournalDraft,
) -> Result<Found, CallError> {
    let id = journal_id(&existing.xero_id).map_err(CallError::Unreadable)?;
    let record = match session.read(&wire::look_up(id)).await {
        Err(CallError::NotFound) => return Ok(Found::Gone { status: "unknown".to_owned() }),
        answer => wire::read_one(answer?, id).map_err(|error| CallError::Unreadable(error.to_string()))?,
    };
    let is_out = matches!(record.status, wire::JournalStatus::Voided | wire::JournalStatus::Deleted);
    let present = |losses| Found::Present { xero_id: existing.xero_id.clone(), losses };
    Ok(match existing.how {
        How::Edit if is_out => Found::Gone { status: record.status.as_str().to_owned() },
        How::Edit if wire::losses(draft, &record).is_empty() => present(Vec::new()),
        How::Withdraw | How::Replace if is_out => present(Vec::new()),
        _ => Found::Absent,
    })
}

fn was_removed_before(journal: &wire::JournalRecord, since: Timestamp) -> bool {
    let removed = matches!(journal.status, wire::JournalStatus::Voided | wire::JournalStatus::Deleted);
    removed && journal.updated.as_deref().and_then(parse_instant).is_some_and(|updated| updated < since)
}

/// Pages of journals read through in one search.
const SEARCH_PAGES_MAX: u32 = 20;

async fn read(session: &mut Session<'_>, read: &xero::ApiRead) -> Result<wire::JournalPage, CallError> {
    let answer = session.read(read).await?;
    wire::read_list(answer).map_err(|error| CallError::Unreadable(error.to_string()))
}

fn shown(sighting: Sighting, draft: &ManualJournalDraft) -> Found {
    match sighting {
        Sighting::Absent => Found::Absent,
        Sighting::Present(record) => {
            Found::Present { xero_id: record.id.to_string(), losses: wire::losses(draft, &record) }
        }
        Sighting::Ambiguous(records) => Found::Several(records.iter().map(|record| record.id.to_string()).collect()),
    }
}

/// The journal in Xero's form. The same content makes the same bytes.
pub(crate) fn draft(content: &JournalContent, mark: [u8; 16]) -> ManualJournalDraft {
    let journal = &content.journal;
    ManualJournalDraft {
        mark: JournalMark::from_bytes(mark),
        narration: journal.narration().to_owned(),
        date: journal.date(),
        status: match content.status {
            PostedAs::Posted => NewStatus::Posted,
            PostedAs::Draft => NewStatus::Draft,
        },
        line_amounts: LineAmounts::NoTax,
        on_cash_basis: content.on_cash_basis,
        url: content.source.as_ref().map(|link| link.as_str().to_owned()),
        lines: journal.lines().iter().map(line).collect(),
    }
}

fn line(line: &Line) -> DraftLine {
    DraftLine {
        amount: Decimal::new(line.amount.minor, line.amount.currency.minor_digits()),
        account: account(&line.account),
        description: line.description.clone(),
        tax_type: line.tax_type.as_ref().map(|tax| tax.as_str().to_owned()),
        tracking: line.tracking.pairs().iter().map(tracking).collect(),
    }
}

fn account(account: &AccountRef) -> wire::AccountRef {
    match account.id() {
        Some(id) => wire::AccountRef::Id(id),
        None => wire::AccountRef::Code(account.as_str().to_owned()),
    }
}

fn tracking(pair: &TrackingPair) -> TrackingRef {
    let id = |name: &schedules::texts::TrackingName| uuid::Uuid::try_parse(name.as_str()).ok();
    match (id(&pair.category), id(&pair.option)) {
        (Some(category), Some(option)) => TrackingRef::Ids { category, option },
        _ => {
            TrackingRef::Names { category: pair.category.as_str().to_owned(), option: pair.option.as_str().to_owned() }
        }
    }
}
