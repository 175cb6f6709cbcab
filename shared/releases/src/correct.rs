//! Which journals of a schedule change themselves when it changes, and to what.
//!
//! Owns the rule of what may be touched: a journal that is in Xero as it was sent, in a period that is not locked and, unless
//! a person says otherwise, not before the one that is being closed. Decides nothing about the new terms.

use connections::{Access, Connection};
use journals::{JournalContent, LINES_MAX};
use kernel::periods::Period;
use kernel::{Currency, Date, IntentId, Money, MoneyError};
use postings::{Means, Revisable, Revised, load_revisable};
use schedules::from_schedules::{initial_journal, released_journals};
use schedules::{Journal, Line, Release, Schedule};
use serde::{Deserialize, Serialize};

use crate::change::ChangeError;
use crate::sums::Sums;

/// Which journals a change may touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectBy {
    /// Those of the period that is being closed, and of later ones.
    #[default]
    Auto,
    /// Whatever is not locked.
    Edit,
    /// None: one journal makes the difference.
    Journal,
}

/// A journal that changes itself.
#[derive(Clone, Debug)]
pub struct JournalRevision {
    /// As it is.
    pub posting: Revisable<JournalContent>,
    /// As it will be.
    pub revised: Revised<JournalContent>,
    /// Of its lines, those of the schedule as they are.
    pub before: Vec<Line>,
    /// Of its lines, those of the schedule as they will be.
    pub after: Vec<Line>,
}

impl JournalRevision {
    /// What happens to it.
    pub fn action(&self) -> RevisedHow {
        match (self.posting.means(), &self.revised) {
            (Some(Means::InXero), Revised::Content(_)) => RevisedHow::Edit,
            (Some(Means::InXero), Revised::Nothing) => RevisedHow::Void,
            (_, Revised::Content(_)) => RevisedHow::Rewrite,
            (_, Revised::Nothing) => RevisedHow::Drop,
        }
    }
}

/// What happens to a journal that changes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisedHow {
    /// It gets other lines in Xero.
    Edit,
    /// It is taken out of the books.
    Void,
    /// It waits, and will be sent with other lines.
    Rewrite,
    /// It waits, and will not be sent.
    Drop,
}

/// Journals that one change touches at most; of others the difference is posted.
pub(crate) const REVISIONS_MAX: usize = 8;
/// A transaction takes 4 MB.
const REVISED_BYTES_MAX: usize = 3 * 1024 * 1024;

/// What a schedule has in journals.
#[derive(Clone, Debug, Default)]
pub(crate) struct InJournals {
    /// The first journal.
    pub(crate) first: Option<IntentId>,
    /// Releases by period, oldest first.
    pub(crate) releases: Vec<(Period, IntentId)>,
    /// Corrections, oldest first.
    pub(crate) corrections: Vec<IntentId>,
}

/// What is wanted of a schedule's journals.
pub(crate) struct Target<'a> {
    /// The schedule as it is.
    pub(crate) now: &'a Schedule,
    /// The schedule as it will be, with what it releases in periods whose release is posted; none when it ends.
    pub(crate) next: Option<(&'a Schedule, &'a [Release])>,
    /// Until when others released it.
    pub(crate) released_until: Option<Date>,
    /// The period that is being closed.
    pub(crate) closing: &'a Period,
    /// What may be touched.
    pub(crate) correct_by: CorrectBy,
}

/// What of a schedule a journal carries.
enum Part {
    First,
    /// The release of a period, as it will be.
    Release(Option<Release>),
    Correction,
}

/// The journals that change themselves. What they take of the difference is taken off `sums`.
pub(crate) async fn revisions(
    access: &Access,
    connection: &Connection,
    target: &Target<'_>,
    posted: &InJournals,
    sums: &mut Sums,
) -> Result<Vec<JournalRevision>, ChangeError> {
    let mut found = Vec::new();
    let mut bytes = 0;
    for (id, part) in parts(target, posted)?.into_iter().rev() {
        let posting = load_revisable::<JournalContent>(access, &connection.whose, &id).await?;
        if !may_change(connection, target, &posting) {
            continue;
        }
        bytes += serde_json::to_vec(posting.content()).map_or(REVISED_BYTES_MAX, |json| json.len());
        if found.len() == REVISIONS_MAX || bytes > REVISED_BYTES_MAX {
            break;
        }
        found.push((posting, part));
    }
    let mut revisions = Vec::new();
    let mut last_correction = None;
    for (posting, part) in found {
        let journal = &posting.content().journal;
        let (before, after) = (own_lines(target.now, journal, &part), wanted_lines(target, &part)?);
        before.iter().try_for_each(|line| sums.line(line, 1))?;
        after.iter().try_for_each(|line| sums.line(line, -1))?;
        if matches!(part, Part::Correction) && last_correction.is_none() {
            last_correction = Some(posting);
        } else {
            revisions.extend(revision(target, posting, before, after)?);
        }
    }
    // The newest correction takes what is left of the difference, so that no other is needed.
    if let Some(posting) = last_correction {
        let before = posting.content().journal.lines().to_vec();
        if let Some(last) = revision(target, posting, before, sums.take_lines(target.now))? {
            revisions.insert(0, last);
        }
    }
    revisions.reverse();
    revisions.sort_by_key(|revision| revision.posting.content().journal.date());
    Ok(revisions)
}

/// A schedule's postings, each with what it carries, oldest first.
fn parts(target: &Target<'_>, posted: &InJournals) -> Result<Vec<(IntentId, Part)>, ChangeError> {
    let mut parts: Vec<(IntentId, Part)> = posted.first.iter().map(|id| (id.clone(), Part::First)).collect();
    let mut before = target.released_until;
    for (period, id) in &posted.releases {
        let past = target.next.map_or(&[][..], |(_, past)| past);
        parts.push((id.clone(), Part::Release(caught_up(past, before, period, target.now.currency())?)));
        before = Some(period.last);
    }
    parts.extend(posted.corrections.iter().map(|id| (id.clone(), Part::Correction)));
    Ok(parts)
}

/// What of a plan a period's journal carries: what was late is in the journal of the period in which it was caught up.
fn caught_up(
    past: &[Release],
    before: Option<Date>,
    period: &Period,
    currency: Currency,
) -> Result<Option<Release>, MoneyError> {
    let since = |last: Date| before.is_none_or(|day| day < last) && last <= period.last;
    let amounts = past.iter().filter(|release| since(release.period.last)).map(|release| release.amount);
    let amount = Money::try_sum(amounts, currency)?;
    Ok((!amount.is_zero()).then_some(Release { period: *period, amount }))
}

/// A plan's past as it stands in journals: by the periods in which it was posted.
pub(crate) fn as_posted(
    past: &[Release],
    released_until: Option<Date>,
    posted: &InJournals,
) -> Result<Vec<Release>, MoneyError> {
    let Some(currency) = past.first().map(|release| release.amount.currency) else { return Ok(Vec::new()) };
    let in_books = |release: &&Release| released_until.is_some_and(|until| release.period.last <= until);
    let mut releases: Vec<Release> = past.iter().filter(in_books).copied().collect();
    let mut before = released_until;
    for (period, _) in &posted.releases {
        releases.extend(caught_up(past, before, period, currency)?);
        before = Some(period.last);
    }
    releases.extend(past.iter().filter(|release| before.is_none_or(|day| day < release.period.last)));
    Ok(releases)
}

fn may_change(connection: &Connection, target: &Target<'_>, posting: &Revisable<JournalContent>) -> bool {
    let date = posting.content().journal.date();
    let open = connection.locked_until().is_none_or(|until| until < date);
    match (posting.means(), target.correct_by) {
        (None, _) | (_, CorrectBy::Journal) => false,
        // Nobody's books have it yet.
        (Some(Means::Unsent), _) => true,
        (Some(Means::InXero), CorrectBy::Edit) => open,
        (Some(Means::InXero), CorrectBy::Auto) => open && target.closing.first <= date,
    }
}

/// The lines of a journal that are this schedule's.
fn own_lines(schedule: &Schedule, journal: &Journal, part: &Part) -> Vec<Line> {
    let ours = |line: &&Line| !matches!(part, Part::Release(_)) || is_of(schedule, line);
    journal.lines().iter().filter(ours).cloned().collect()
}

/// Lines of releases end with the id of their schedule.
fn is_of(schedule: &Schedule, line: &Line) -> bool {
    line.description.ends_with(&format!("[{}]", schedule.id()))
}

fn wanted_lines(target: &Target<'_>, part: &Part) -> Result<Vec<Line>, ChangeError> {
    let Some((next, _)) = target.next else { return Ok(Vec::new()) };
    let journal = match part {
        Part::First => initial_journal(next, target.closing)?,
        Part::Release(Some(release)) => {
            let journals = released_journals(&release.period, next.currency(), &[(next, release)], LINES_MAX);
            journals.ok().and_then(|mut journals| journals.pop())
        }
        Part::Release(None) | Part::Correction => None,
    };
    Ok(journal.map_or_else(Vec::new, |journal| journal.lines().to_vec()))
}

/// A journal with a schedule's own lines exchanged; none where that changes nothing.
fn revision(
    target: &Target<'_>,
    posting: Revisable<JournalContent>,
    before: Vec<Line>,
    after: Vec<Line>,
) -> Result<Option<JournalRevision>, ChangeError> {
    if before == after {
        return Ok(None);
    }
    let present = posting.content();
    let mut lines = present.journal.lines().to_vec();
    let at = lines.iter().position(|line| before.contains(line)).unwrap_or(lines.len());
    lines.retain(|line| !before.contains(line));
    lines.splice(at..at, after.iter().cloned());
    if lines.is_empty() {
        return Ok(Some(JournalRevision { posting, revised: Revised::Nothing, before, after }));
    }
    let journal = Journal::try_new(present.journal.date(), present.journal.narration(), lines, LINES_MAX)?;
    let alone = before.len() == present.journal.lines().len();
    let source = target.next.filter(|_| alone).and_then(|(next, _)| next.terms().source.clone());
    let content = JournalContent { journal, source: source.or(present.source.clone()), ..present.clone() };
    Ok(Some(JournalRevision { posting, revised: Revised::Content(content), before, after }))
}
