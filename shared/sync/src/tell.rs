//! Who is told that records changed.
//!
//! Owns which kinds concern whom. An envelope says that something changed; what, the receiver reads in the feed.

use connections::load_connection;
use envelopes::{Envelope, FeedPull, Follower, Work};
use settings::Settings;
use xero::scopes;

use crate::SyncError;
use crate::head::ActiveRun;
use crate::work::{Worker, send};

/// Kinds that are written to Xero, and compared with what was written when they change there.
const WRITTEN: &[&str] = &["manual_journals"];

/// Kinds that are followed, by whom, and whether a workspace wants that.
type Followed = (&'static [&'static str], Follower, fn(&Settings) -> bool);

const FOLLOWED: &[Followed] = &[
    (&["invoices"], Follower::Prepayments, |settings| settings.has("prepayment_suggestions")),
    (&["invoices", "credit_notes", "bank_transactions"], Follower::Documents, |settings| {
        ["invoices", "credit_notes", "bank_transactions"].into_iter().any(|kind| settings.writes(kind))
    }),
    (
        &["bank_transactions", "invoices", "credit_notes", "payments", "bank_transfers"],
        Follower::Requests,
        |settings| settings.has("document_requests"),
    ),
    (&["bank_transactions", "payments", "bank_transfers"], Follower::Reconciliations, |settings| {
        settings.has("bank_reconciliation")
    }),
];

/// Who is to look through what is in the mirror already, now that other settings hold.
pub fn newly_wanted(before: &Settings, after: &Settings) -> Vec<Follower> {
    let new = FOLLOWED.iter().filter(|(.., wanted)| wanted(after) && !wanted(before));
    new.map(|(_, follower, _)| *follower).collect()
}

/// Whether a workspace wants bank statement lines, and the grant lets them be read.
pub fn wants_lines(settings: &Settings, granted: &[String]) -> bool {
    let wanted = settings.has("document_requests") || settings.has("bank_reconciliation");
    wanted && scopes::reads_statement_lines(granted)
}

/// Statement lines have no time stamp and raise no webhook: each run that came to its end has them read as well.
pub(crate) async fn ask_for_lines(worker: &Worker<'_>, log: &ActiveRun) -> Result<(), SyncError> {
    let Some(connection) = load_connection(worker.table(), &worker.whose).await? else { return Ok(()) };
    if !wants_lines(&connection.value.settings, &connection.value.granted) {
        return Ok(());
    }
    let (organisation, wish) = (worker.whose.clone(), log.run.to_string());
    let work = Work::PullFeedLines(FeedPull { organisation, wish, urgent: log.urgent, round: 0 });
    send(worker.access, &Envelope::new(work)).await
}

/// Tells everyone concerned of what a run, or a reading of webhook events, has changed.
pub(crate) async fn tell(worker: &Worker<'_>, log: &ActiveRun) -> Result<(), SyncError> {
    let changed =
        |entity: &str| log.counts.get(entity).is_some_and(|counts| counts.created + counts.updated + counts.ended > 0);
    let (from, to) = (log.feed_from, worker.head.feed_head);
    for entity in WRITTEN.iter().filter(|entity| changed(entity)) {
        let (organisation, run) = (worker.whose.clone(), log.run.clone());
        let work = Work::PostedChanged { organisation, entity: (*entity).to_owned(), run, from, to };
        send(worker.access, &Envelope::new(work)).await?;
    }
    let followed = || FOLLOWED.iter().filter(|(kinds, ..)| kinds.iter().any(|kind| changed(kind)));
    if followed().next().is_none() {
        return Ok(());
    }
    let Some(connection) = load_connection(worker.table(), &worker.whose).await? else { return Ok(()) };
    for (_, follower, _) in followed().filter(|(.., wanted)| wanted(&connection.value.settings)) {
        let work = Work::FollowFeed { organisation: worker.whose.clone(), follower: *follower, to, round: 0 };
        send(worker.access, &Envelope::new(work)).await?;
    }
    Ok(())
}
