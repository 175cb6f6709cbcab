//! Suppliers' documents that changed in Xero: onto the shelf, and compared with what was published.
//!
//! Looking at a change again changes nothing, so a follower that dies reads on from its last place.

use std::time::Duration;

use bills::{BillDraft, BillMark, losses};
use connections::Access;
use envelopes::{Envelope, Follower, Work};
use kernel::{OrganisationRef, Timestamp};
use mirror::feed::Change;
use mirror::follow;
use mirror::record::text_of;
use ports::QueueError;
use postings::{Noticed, PostingError, mark_bytes, notice, posting_of};
use state::{StoreError, keys, load};
use xero::dates::parse_instant;

use crate::kind_of;
use crate::proposal::read_record;
use crate::shelf::{KINDS, shelve};
use crate::writers::BillContent;

/// Time left for a last page of changes.
const PAGE_MARGIN: Duration = Duration::from_secs(60);

/// Why a follower came to no end.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Table trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Queue trouble.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// What was noticed could not be kept.
    #[error(transparent)]
    Posting(#[from] PostingError),
}

/// Reads on in the feed, up to a position or until `deadline` is near.
pub async fn follow_documents(
    access: &Access,
    whose: &OrganisationRef,
    to: u64,
    round: u32,
    deadline: Timestamp,
) -> Result<(), FollowError> {
    let (table, follower) = (&*access.ports.table, Follower::Documents);
    let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
    while let Some(next) = follow::next(table, whose, follower.as_str(), to, &KINDS).await? {
        if access.ports.clock.now() >= last_start {
            let work = Work::FollowFeed { organisation: whose.clone(), follower, to, round: round + 1 };
            return Ok(access.send(&Envelope::new(work)).await?);
        }
        for change in &next.changes {
            let left = left(change);
            shelve(table, whose, &change.entity, &change.id, &change.record, left.as_deref()).await?;
            compare(access, whose, change).await?;
        }
        follow::done(table, whose, follower.as_str(), &next).await?;
    }
    Ok(follow::reached(table, whose, follower.as_str()).await?)
}

/// The contact that a record had before.
fn left(change: &Change) -> Option<String> {
    let moved = change.differences.iter().find(|difference| difference.field == "Contact.ContactID")?;
    moved.from.as_str().map(str::to_owned)
}

/// Holds a record that was published against what was sent; answers nothing, since what is new is kept with its posting.
async fn compare(access: &Access, whose: &OrganisationRef, change: &Change) -> Result<(), PostingError> {
    if kind_of(&change.entity).is_none() {
        return Ok(());
    }
    let Some(intent) = posting_of(access, whose, &change.entity, &change.id).await? else { return Ok(()) };
    let content = load::<BillContent>(&*access.ports.table, &keys::intent_content(whose, &intent)).await?;
    let content = content.ok_or_else(|| PostingError::Missing(intent.clone()))?.value;
    let mark = BillMark::from_bytes(mark_bytes(whose, &intent));
    let draft = BillDraft { mark, ..content.draft };
    let noticed = match text_of(&change.record, "Status") {
        status @ ("VOIDED" | "DELETED") => Noticed::Gone { status: status.to_owned() },
        _ => Noticed::There {
            losses: match read_record(&change.record, draft.kind) {
                Some(record) => losses(&draft, &record),
                None => vec!["the document in Xero cannot be read".to_owned()],
            },
            changed: parse_instant(text_of(&change.record, "UpdatedDateUTC")),
        },
    };
    notice(access, whose, &intent, draft.date, &change.id, &noticed).await.map(|_| ())
}
