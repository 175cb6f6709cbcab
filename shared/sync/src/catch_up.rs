//! Reading one list's changes outside of a run: for events that concern many records of a kind, and for payments.

use connections::Session;
use kernel::RunId;

use crate::SyncError;
use crate::head::{Pass, Reading};
use crate::pass::{Next, after_page, next_read};
use crate::run::{PageRead, read_records};
use crate::work::Worker;
use mirror::entities::entity;
use mirror::{BatchDone, add_counts};

/// Reads one list up to its end outside of a run, at most `pages_max` pages; answers whether it got there.
pub(crate) async fn catch_up(
    worker: &mut Worker<'_>,
    session: &mut Session<'_>,
    run: &RunId,
    name: &str,
    pages_max: u32,
) -> Result<(BatchDone, bool), SyncError> {
    let Some(entity) = entity(name) else { return Ok((BatchDone::default(), true)) };
    let mut pass = Pass::new(worker.now(), worker.head.cursors.get(entity.name).copied());
    let mut whole = BatchDone::default();
    for _ in 0..pages_max {
        let body = worker.read(session, &next_read(entity, Reading::Changes, &pass)).await?;
        let PageRead { records, elements, failed, pagination, .. } = read_records(entity, &body)?;
        if !failed.is_empty() {
            // A run tells of it and keeps its cursor back.
            return Ok((whole, false));
        }
        let next = after_page(entity, &pass, pagination, &records, elements);
        let done = worker.apply(run, entity, records).await?;
        add_counts(&mut whole.counts, &done.counts);
        whole.positions += done.positions;
        match next {
            Next::Page(next) => pass = next,
            Next::Done(cursor) => {
                worker.head.cursors.extend(cursor.map(|cursor| (entity.name.to_owned(), cursor)));
                return Ok((whole, true));
            }
            Next::Unsettled => break,
        }
    }
    Ok((whole, false))
}
