//! Journals that were changed in Xero, compared with what was posted: one that was voided or edited there is noticed.

use connections::Access;
use kernel::{Date, OrganisationRef};
use manual_journals as wire;
use mirror::feed::{Change, ChangeKind, Wanted, read_range};
use mirror::record::text_of;
use ports::HttpResponse;
use postings::{Noticed, PostingError, mark_bytes, notice, posting_of};
use serde_json::{Map, Value, json};
use state::{keys, load};
use xero::dates::parse_instant;

use crate::posting::{JournalContent, MANUAL_JOURNALS, draft};

/// Changes looked at in one read.
const CHANGES_AT_ONCE: usize = 250;

/// Compares the journals that a run found changed with what was posted; answers of how many something new was noticed.
pub async fn compare_changed(
    access: &Access,
    whose: &OrganisationRef,
    positions: std::ops::Range<u64>,
) -> Result<usize, PostingError> {
    let (table, mut from, mut news) = (&*access.ports.table, positions.start, 0);
    let wanted = Wanted { run: None, entities: &[MANUAL_JOURNALS] };
    while from < positions.end {
        let page = read_range(table, whose, from..positions.end, CHANGES_AT_ONCE, &wanted).await?;
        for change in page.changes.iter().filter(|change| may_be_ours(change)) {
            news += usize::from(compare(access, whose, &change.id, &change.record).await?);
        }
        if page.next.position() == from {
            break;
        }
        from = page.next.position();
    }
    Ok(news)
}

/// A first load brings every journal there is; of those seen for the first time only marked ones are looked at.
fn may_be_ours(change: &Change) -> bool {
    let marked = || wire::JournalMark::find(text_of(&change.record, "Narration")).is_some();
    change.change != ChangeKind::Created || marked()
}

async fn compare(
    access: &Access,
    whose: &OrganisationRef,
    xero_id: &str,
    record: &Map<String, Value>,
) -> Result<bool, PostingError> {
    let Some(intent) = posting_of(access, whose, MANUAL_JOURNALS, xero_id).await? else { return Ok(false) };
    let content = load::<JournalContent>(&*access.ports.table, &keys::intent_content(whose, &intent)).await?;
    let content = content.ok_or_else(|| PostingError::Missing(intent.clone()))?.value;
    let noticed = match text_of(record, "Status") {
        status @ ("VOIDED" | "DELETED") => Noticed::Gone { status: status.to_owned() },
        _ => Noticed::There {
            losses: losses(&content, record, mark_bytes(whose, &intent)),
            changed: parse_instant(text_of(record, "UpdatedDateUTC")),
        },
    };
    let date: Date = content.journal.date();
    notice(access, whose, &intent, date, xero_id, &noticed).await
}

/// What of a journal is not as it was sent. The mirror's form of a record is one that Xero's own reader takes.
fn losses(content: &JournalContent, record: &Map<String, Value>, mark: [u8; 16]) -> Vec<String> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = json!({ "ManualJournals": [record] }).to_string().into();
    let read = wire::read_list(HttpResponse { status: 200, headers, body, wire_bytes: 0 });
    match read.ok().and_then(|mut page| page.journals.pop()) {
        Some(found) => wire::losses(&draft(content, mark), &found),
        None => vec!["the journal in Xero cannot be read".to_owned()],
    }
}
