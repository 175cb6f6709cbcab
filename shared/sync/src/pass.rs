//! Reading one list page by page without ever missing a record: pure.
//!
//! Xero sorts by time of change, so a record that changes while we read moves to the end and everything behind its
//! old place moves up by one, off the page we ask for next. Counting pages would lose a record each time. So the
//! next page is asked for by time: from the last second seen, page one. Only where so many records share that second
//! that little would be new are pages counted on; then a pass that saw a record move is begun again.

use std::time::Duration;

use kernel::Timestamp;
use xero::ApiRead;
use xero::page::Pagination;

use crate::head::{Pass, Reading};
use mirror::entities::Entity;
use mirror::record::Record;

/// Xero's clock and ours may differ by this, and its filter takes whole seconds: cursors reach back this far.
const OVERLAP: Duration = Duration::from_secs(120);
/// At most this part of a page is read twice for the sake of asking by time.
const REPEATED_PART: usize = 50;
/// Fewest records a page shrinks to.
const PAGE_SIZE_MIN: u32 = 25;
/// Passes begun again before the list is left for the next run.
const AGAIN_MAX: u32 = 3;

/// The call a pass makes next.
pub(crate) fn next_read(entity: &Entity, reading: Reading, pass: &Pass) -> ApiRead {
    let mut query: Vec<(&'static str, String)> =
        entity.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    if reading == Reading::OpenDocuments {
        query.push(("Statuses", "AUTHORISED".to_owned()));
    }
    if entity.paged {
        query.push(("page", pass.page.to_string()));
        query.push(("pageSize", pass.page_size.to_string()));
    }
    let modified_since = pass.since.filter(|_| entity.by_time);
    ApiRead { path: entity.path.to_owned(), query, modified_since, ..ApiRead::default() }
}

/// What follows a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Read on.
    Page(Pass),
    /// The list is read; its cursor may move here, or stays where a record could not be read.
    Done(Option<Timestamp>),
    /// Records kept moving; the cursor stays and the next run goes on.
    Unsettled,
}

/// The same place with smaller pages, after a page that was too long to be read; `None` when it cannot be smaller.
pub(crate) fn with_smaller_pages(pass: &Pass) -> Option<Pass> {
    let page_size = (pass.page_size / 4).max(PAGE_SIZE_MIN);
    // Page numbers of another size say nothing: from the first page of what the time filter leaves.
    (page_size < pass.page_size).then(|| Pass {
        page_size,
        page: 1,
        counted_pages: false,
        moved: false,
        ..pass.clone()
    })
}

/// Decides what follows a page that was applied.
pub(crate) fn after_page(
    entity: &Entity,
    pass: &Pass,
    page: Option<Pagination>,
    records: &[Record],
    elements: usize,
) -> Next {
    let mut pass = pass.clone();
    pass.moved |= records.iter().any(|record| record.updated_at.is_some_and(|at| at >= pass.began_at));
    let more = match page {
        Some(page) => {
            pass.expected = page.item_count;
            page.page_count > pass.page
        }
        None => entity.paged && elements >= pass.page_size as usize,
    };
    if more {
        return Next::Page(advance(pass, records));
    }
    let lost = pass.counted_pages && pass.moved;
    if !lost {
        return Next::Done(cursor_after(&pass));
    }
    if pass.again >= AGAIN_MAX {
        return Next::Unsettled;
    }
    pass.again += 1;
    Next::Page(Pass { page: 1, moved: false, ..pass })
}

/// Behind the beginning of the pass, and never past a record that could not be read.
fn cursor_after(pass: &Pass) -> Option<Timestamp> {
    let cursor = pass.began_at.saturating_sub(OVERLAP).unwrap_or(pass.began_at);
    if pass.unreadable == 0 { Some(cursor) } else { pass.held.map(|held| held.min(cursor)) }
}

/// By time where that repeats little, by page number otherwise.
fn advance(pass: Pass, records: &[Record]) -> Pass {
    let last = records.last().and_then(|record| record.updated_at);
    let second = last.and_then(|at| Timestamp::from_second(at.as_second() - 1).ok());
    if let Some(from) = second.filter(|from| pass.since.is_none_or(|since| *from > since)) {
        let repeated = records.iter().filter(|record| record.updated_at.is_some_and(|at| at >= from)).count();
        // A pass that counts pages keeps counting: its filter is what a new pass begins from.
        if repeated <= pass.page_size as usize / REPEATED_PART && !pass.counted_pages {
            return Pass { since: Some(from), page: 1, moved: false, ..pass };
        }
    }
    Pass { page: pass.page + 1, counted_pages: true, ..pass }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(second: i64) -> Record {
        let updated_at = Timestamp::from_second(second).ok();
        Record { id: second.to_string(), updated_at, fields: serde_json::Map::new(), bytes: 0 }
    }

    fn contacts() -> &'static Entity {
        mirror::entities::entity("contacts").unwrap()
    }

    fn page(page: u32, page_count: u32) -> Option<Pagination> {
        Some(Pagination { page, page_count, item_count: 3_000 })
    }

    fn pass() -> Pass {
        Pass::new(Timestamp::from_second(1_000_000).unwrap(), None)
    }

    #[test]
    fn the_next_page_is_asked_for_by_time() {
        let records: Vec<Record> = (0..1000).map(record).collect();
        let Next::Page(next) = after_page(contacts(), &pass(), page(1, 3), &records, 1000) else { panic!("not done") };
        assert_eq!((next.page, next.since.map(|at| at.as_second()), next.counted_pages), (1, Some(998), false));
    }

    #[test]
    fn records_of_one_second_are_counted_on_and_a_moved_one_begins_the_pass_again() {
        let records: Vec<Record> = (0..1000).map(|_| record(5)).collect();
        let Next::Page(next) = after_page(contacts(), &pass(), page(1, 2), &records, 1000) else { panic!("not done") };
        assert_eq!((next.page, next.counted_pages), (2, true));
        let moved = [record(5), record(1_000_001)];
        let Next::Page(again) = after_page(contacts(), &next, page(2, 2), &moved, 2) else { panic!("not again") };
        assert_eq!((again.page, again.again), (1, 1));
        let worn = Pass { again: AGAIN_MAX, ..next };
        assert_eq!(after_page(contacts(), &worn, page(2, 2), &moved, 2), Next::Unsettled);
    }

    #[test]
    fn the_cursor_reaches_back_behind_the_beginning_of_the_pass() {
        let Next::Done(cursor) = after_page(contacts(), &pass(), page(1, 1), &[record(5)], 1) else { panic!("done") };
        assert!(cursor.unwrap() < pass().began_at);
        assert_eq!(after_page(contacts(), &pass(), None, &[], 0), Next::Done(cursor));
    }

    #[test]
    fn the_cursor_never_passes_a_record_that_could_not_be_read() {
        let held = Timestamp::from_second(900).unwrap();
        let one = Pass { unreadable: 1, held: Some(held), ..pass() };
        assert_eq!(after_page(contacts(), &one, page(1, 1), &[record(5)], 2), Next::Done(Some(held)));
        let first_of_all = Pass { unreadable: 1, ..pass() };
        assert_eq!(after_page(contacts(), &first_of_all, page(1, 1), &[], 1), Next::Done(None));
    }

    #[test]
    fn pages_shrink_to_a_bound_when_they_are_too_long() {
        let mut sizes = Vec::new();
        let mut next = Some(pass());
        while let Some(pass) = next {
            sizes.push(pass.page_size);
            next = with_smaller_pages(&pass);
        }
        assert_eq!(sizes, [1_000, 250, 62, 25]);
    }
}
