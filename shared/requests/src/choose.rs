//! One line of each bank movement, of whoever speaks for its account.
//!
//! Owns the order: Xero's own statement lines, then an uploaded statement, then the ledger. What another source said before
//! of a movement that a better one speaks for now is gone, and what a person decided about it is handed on.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{AccountId, LINES_MAX, Line, LineId, LineSource, Presence};
use kernel::Date;
use state::Stored;

use crate::gather::Gathered;
use crate::row::Request;

/// Requests as they were before, by line.
pub(crate) type Before = BTreeMap<LineId, Stored<Request>>;

/// What is decided.
pub(crate) struct Chosen {
    /// Lines, newest first.
    pub lines: Vec<Line>,
    /// Lines that are too many: the oldest.
    pub left_out: usize,
    /// Who speaks for each account that has lines.
    pub sources: BTreeMap<AccountId, LineSource>,
}

/// Takes lines since a day.
pub(crate) fn choose(gathered: &mut Gathered, before: &Before, since: Date) -> Chosen {
    let stored = || before.values().filter_map(|row| row.value.line()).filter(|line| since <= line.date);
    let uploads = || stored().filter(|line| line.source == LineSource::UploadedStatement);
    let uploaded: BTreeSet<AccountId> = uploads().map(|line| line.account.clone()).collect();
    let speaker = |line: &Line| {
        let by_feed = gathered.feed_since.get(&line.account).is_some_and(|since| *since <= line.date);
        match (by_feed, uploaded.contains(&line.account)) {
            (true, _) => LineSource::FinanceStatement,
            (_, true) => LineSource::UploadedStatement,
            _ => LineSource::LedgerEntry,
        }
    };
    let speaks = |line: &Line| speaker(line) == line.source;
    let (feed, ledger) = (std::mem::take(&mut gathered.feed), std::mem::take(&mut gathered.ledger));
    let told = feed.into_iter().chain(uploads().cloned()).chain(ledger);
    // Of a line that was never seen it says nothing that it is not there any more.
    let mut lines: Vec<Line> = told
        .filter(|line| speaks(line) && (line.presence == Presence::Present || before.contains_key(&line.id)))
        .collect();
    let mut sources: BTreeMap<AccountId, LineSource> = BTreeMap::new();
    for line in &lines {
        let best = sources.entry(line.account.clone()).or_insert(line.source);
        *best = line.source.min(*best);
    }
    let silenced = stored().filter(|line| !speaks(line) && line.presence == Presence::Present);
    lines.extend(silenced.map(|line| Line { presence: Presence::Deleted, ..line.clone() }));
    lines.sort_by(|one, other| (other.date, &other.id).cmp(&(one.date, &one.id)));
    lines.dedup_by(|one, other| one.id == other.id);
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    Chosen { lines, left_out, sources }
}

/// The request that was made about the same movement when only the ledger told of it, where a person decided about it.
pub(crate) fn ancestor<'a>(line: &Line, before: &'a Before) -> Option<&'a Stored<Request>> {
    if line.source != LineSource::FinanceStatement {
        return None;
    }
    let earlier = |link: &evidence::RecordId| before.get(&link.as_str().parse().ok()?);
    let decided = |row: &&Stored<Request>| row.value.by_hand.is_some() || row.value.document.is_some();
    line.links.iter().filter_map(earlier).find(decided)
}
