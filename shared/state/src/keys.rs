//! The key grammar: every partition and sort key of the table is built here.
//!
//! `#` separates parts. Ids never contain it, so no id can reach into another's partition. Rows that hold anything of
//! an organisation name both its workspace and its tenant: storage cannot be reached with only one of them.

mod bank_lines;

pub use bank_lines::*;
use kernel::periods::PeriodName;
use kernel::{
    ClientId, ConnectId, Currency, Date, DocumentId, IntentId, OrganisationRef, RunId, ScheduleId, TenantId, TieOutId,
    Timestamp, WorkspaceId, XeroUserId,
};
use ports::Key;

/// Partitions into which lists that every organisation shares are split, so that none of them runs hot.
pub const SHARDS: u8 = 16;

/// Sorts behind every key that starts with the same text.
pub const LAST: &str = "\u{10FFFF}";

fn key(partition: String, sort: impl Into<String>) -> Key {
    Key { partition, sort: sort.into() }
}

/// One attempt to connect.
pub fn connect(id: ConnectId) -> Key {
    key(format!("connect#{id}"), "connect")
}

/// The tokens of one Xero user for one app.
pub fn token_set(client: &ClientId, user: XeroUserId) -> Key {
    key(format!("token-set#{client}#{user}"), "token-set")
}

/// The partition of a workspace's connections.
pub fn workspace(workspace: &WorkspaceId) -> String {
    format!("workspace#{workspace}")
}

/// One connection: the right of a workspace to act on an organisation.
pub fn connection(whose: &OrganisationRef) -> Key {
    key(workspace(&whose.workspace), format!("connection#{}", whose.tenant))
}

/// The first and last sort key of a workspace's connections.
pub fn connections_range() -> (String, String) {
    ("connection#".to_owned(), format!("connection#{LAST}"))
}

/// One of the [`SHARDS`] partitions of the directory, in which every connection has a row.
pub fn directory(shard: u8) -> String {
    format!("directory#{shard:02}")
}

/// The directory's row of one connection.
pub fn directory_entry(whose: &OrganisationRef) -> Key {
    key(directory(tenant_shard(whose.tenant)), format!("{}#{}", whose.tenant, whose.workspace))
}

/// The first and last sort key of one organisation's entries in the directory, one for each workspace.
pub fn directory_range(tenant: TenantId) -> (String, String) {
    (format!("{tenant}#"), format!("{tenant}#{LAST}"))
}

/// The shard that holds a tenant's directory entries.
pub fn tenant_shard(tenant: TenantId) -> u8 {
    tenant.0.as_bytes()[15] % SHARDS
}

/// The partition of an organisation's own rows.
pub fn organisation(whose: &OrganisationRef) -> String {
    format!("organisation#{}#{}", whose.workspace, whose.tenant)
}

/// Where an organisation's synchronisation stands.
pub fn sync_head(whose: &OrganisationRef) -> Key {
    key(organisation(whose), "sync")
}

/// The log row of one sync run.
pub fn run(whose: &OrganisationRef, run: &RunId) -> Key {
    key(organisation(whose), format!("run#{run}"))
}

/// The first and last sort key of an organisation's runs.
pub fn runs_range() -> (String, String) {
    ("run#".to_owned(), format!("run#{LAST}"))
}

/// One chunk of the change feed, by its first position.
pub fn feed_chunk(whose: &OrganisationRef, position: u64) -> Key {
    key(organisation(whose), feed_sort(position))
}

/// The sort key of a feed position.
pub fn feed_sort(position: u64) -> String {
    format!("feed#{position:020}")
}

/// One open or resolved problem.
pub fn problem(whose: &OrganisationRef, code: &str, subject: &str) -> Key {
    key(organisation(whose), format!("problem#{code}#{subject}"))
}

/// The first and last sort key of an organisation's problems.
pub fn problems_range() -> (String, String) {
    ("problem#".to_owned(), format!("problem#{LAST}"))
}

/// The result of one connection test.
pub fn connection_test(whose: &OrganisationRef, id: &str) -> Key {
    key(organisation(whose), format!("test#{id}"))
}

/// One entry of an organisation's audit trail.
pub fn audit(whose: &OrganisationRef, at: Timestamp, tail: &str) -> Key {
    key(organisation(whose), format!("audit#{}#{tail}", instant(at)))
}

/// The first and last sort key of an organisation's audit trail.
pub fn audit_range() -> (String, String) {
    ("audit#".to_owned(), format!("audit#{LAST}"))
}

/// The partition of one kind of mirrored records.
pub fn mirror(whose: &OrganisationRef, entity: &str) -> String {
    format!("mirror#{}#{}#{entity}", whose.workspace, whose.tenant)
}

/// One mirrored record by Xero's id.
pub fn mirror_record(whose: &OrganisationRef, entity: &str, id: &str) -> Key {
    key(mirror(whose, entity), id)
}

/// The partition of the links between records of one kind and the host application's own.
fn sources(whose: &OrganisationRef, entity: &str) -> String {
    format!("sources#{}#{}#{entity}", whose.workspace, whose.tenant)
}

/// What a record of Xero's is in the host application.
pub fn source(whose: &OrganisationRef, entity: &str, xero_id: &str) -> Key {
    key(sources(whose, entity), format!("xero#{xero_id}"))
}

/// What a record of the host application is in Xero.
pub fn source_partner(whose: &OrganisationRef, entity: &str, source_id: &str) -> Key {
    key(sources(whose, entity), format!("source#{source_id}"))
}

/// One document.
pub fn document(whose: &OrganisationRef, id: DocumentId) -> Key {
    key(organisation(whose), format!("document#{id}"))
}

/// The first and last sort key of an organisation's documents, which sort by when they were announced.
pub fn documents_range() -> (String, String) {
    ("document#".to_owned(), format!("document#{LAST}"))
}

/// The document that has a file of this SHA-256, in hexadecimal.
pub fn document_file(whose: &OrganisationRef, sha256: &str) -> Key {
    key(organisation(whose), format!("document-file#{sha256}"))
}

/// What was read from a document.
pub fn document_reading(whose: &OrganisationRef, id: DocumentId) -> Key {
    key(organisation(whose), format!("document-reading#{id}"))
}

/// What a document was published as.
pub fn publication(whose: &OrganisationRef, id: DocumentId) -> Key {
    key(organisation(whose), format!("publication#{id}"))
}

/// Says that a file of ours is attached to a record, by Xero's id: Xero's own lists may not show it for a while.
pub fn attached(whose: &OrganisationRef, xero_id: &str) -> Key {
    key(organisation(whose), format!("attached#{xero_id}"))
}

/// The first and last sort key of those records.
pub fn attached_range() -> (String, String) {
    ("attached#".to_owned(), format!("attached#{LAST}"))
}

/// The partition of suppliers' bills by contact.
pub fn shelf(whose: &OrganisationRef) -> String {
    format!("shelf#{}#{}", whose.workspace, whose.tenant)
}

/// A bill on the shelf of its contact, both by Xero's ids.
pub fn shelved(whose: &OrganisationRef, contact: &str, id: &str) -> Key {
    key(shelf(whose), format!("{contact}#{id}"))
}

/// The intent of one posting.
pub fn intent(whose: &OrganisationRef, id: &IntentId) -> Key {
    key(organisation(whose), format!("intent#{id}"))
}

/// The first and last sort key of an organisation's intents whose ids begin alike.
pub fn intents_range(beginning: &str) -> (String, String) {
    (format!("intent#{beginning}"), format!("intent#{beginning}{LAST}"))
}

/// What is posted.
pub fn intent_content(whose: &OrganisationRef, id: &IntentId) -> Key {
    key(organisation(whose), format!("content#{id}"))
}

/// The first and last sort key of what an organisation's postings say.
pub fn intent_contents_range() -> (String, String) {
    ("content#".to_owned(), format!("content#{LAST}"))
}

/// Which posting a record of Xero's is.
pub fn posted(whose: &OrganisationRef, entity: &str, xero_id: &str) -> Key {
    key(organisation(whose), format!("posted#{entity}#{xero_id}"))
}

/// What the calls of postings came to, month by month.
pub fn postings_usage(whose: &OrganisationRef) -> Key {
    key(organisation(whose), "postings-usage")
}

/// Says that a posting waits for something.
pub fn waiting(whose: &OrganisationRef, id: &IntentId) -> Key {
    key(organisation(whose), format!("waiting#{id}"))
}

/// The first and last sort key of an organisation's waiting postings.
pub fn waiting_range() -> (String, String) {
    ("waiting#".to_owned(), format!("waiting#{LAST}"))
}

/// The partition of an organisation's schedules.
pub fn schedules(whose: &OrganisationRef) -> String {
    format!("schedules#{}#{}", whose.workspace, whose.tenant)
}

/// One schedule.
pub fn schedule(whose: &OrganisationRef, id: &ScheduleId) -> Key {
    key(schedules(whose), id.as_str())
}

/// The partition that names an organisation's schedules without an end.
pub fn rolling(whose: &OrganisationRef) -> String {
    format!("rolling#{}#{}", whose.workspace, whose.tenant)
}

/// Says that a schedule has no end yet.
pub fn rolling_schedule(whose: &OrganisationRef, id: &ScheduleId) -> Key {
    key(rolling(whose), id.as_str())
}

/// The partition of releases that are still to be posted, by the last day of their period.
pub fn releases(whose: &OrganisationRef) -> String {
    format!("releases#{}#{}", whose.workspace, whose.tenant)
}

/// One release that is still to be posted.
pub fn release(whose: &OrganisationRef, last: Date, id: &ScheduleId) -> Key {
    key(releases(whose), format!("{last}#{id}"))
}

/// The partition of releases that are in a journal, by schedule.
pub fn released(whose: &OrganisationRef) -> String {
    format!("released#{}#{}", whose.workspace, whose.tenant)
}

/// One release that is in a journal.
pub fn released_of(whose: &OrganisationRef, id: &ScheduleId, last: Date) -> Key {
    key(released(whose), format!("{id}#{last}"))
}

/// Which releases one journal of a period carries.
pub fn batch(whose: &OrganisationRef, period: PeriodName, currency: Currency, number: usize) -> Key {
    key(organisation(whose), format!("batch#{period}#{currency}#{number:05}"))
}

/// The first and last sort key of a period's batches in one currency.
pub fn batches_range(period: PeriodName, currency: Currency) -> (String, String) {
    (format!("batch#{period}#{currency}#"), format!("batch#{period}#{currency}#{LAST}"))
}

fn suggestions(whose: &OrganisationRef) -> String {
    format!("suggestions#{}#{}", whose.workspace, whose.tenant)
}

/// How far a follower has read in an organisation's feed.
pub fn follower(whose: &OrganisationRef, name: &str) -> Key {
    key(organisation(whose), format!("follower#{name}"))
}

/// One suggestion of a prepayment.
pub fn suggestion(whose: &OrganisationRef, id: &ScheduleId) -> Key {
    key(suggestions(whose), format!("of#{id}"))
}

/// The partition, and the first and last sort key, of an organisation's suggestions, by bill.
pub fn suggestions_range(whose: &OrganisationRef) -> (String, String, String) {
    (suggestions(whose), "of#".to_owned(), format!("of#{LAST}"))
}

/// The same of one bill, by Xero's id of it.
pub fn suggestions_of_bill(whose: &OrganisationRef, bill: &str) -> (String, String, String) {
    (suggestions(whose), format!("of#{bill}-"), format!("of#{bill}-{LAST}"))
}

/// What decisions taught of one supplier's bills on one account.
pub fn suggestion_memory(whose: &OrganisationRef, contact: &str, account: &str) -> Key {
    key(suggestions(whose), format!("taught#{contact}#{account}"))
}

/// The partition of an organisation's tie-outs.
fn tie_outs(whose: &OrganisationRef) -> String {
    format!("tie-outs#{}#{}", whose.workspace, whose.tenant)
}

/// One tie-out: what was asked, and how far it is.
pub fn tie_out(whose: &OrganisationRef, id: &TieOutId) -> Key {
    key(tie_outs(whose), format!("head#{id}"))
}

/// The partition, and the first and last sort key, of an organisation's tie-outs, by when they were asked for.
pub fn tie_outs_range(whose: &OrganisationRef) -> (String, String, String) {
    (tie_outs(whose), "head#".to_owned(), format!("head#{LAST}"))
}

/// A part of what a tie-out has found. The row of the tie-out names the parts that count.
pub fn tie_out_part(whose: &OrganisationRef, id: &TieOutId, part: &str) -> Key {
    key(tie_outs(whose), format!("part#{id}#{part}"))
}

/// The call budget of one app at one organisation.
pub fn budget(client: &ClientId, tenant: TenantId) -> Key {
    key(format!("budget#{client}#{tenant}"), "budget")
}

/// Until when an app as a whole holds back.
pub fn app_brake(client: &ClientId) -> Key {
    key(format!("app#{client}"), "brake")
}

/// The partition in which each app's webhook sequence has a row.
pub const WEBHOOK_SEQUENCES: &str = "webhook-sequences";

/// Where an app's webhook sequence numbers stand.
pub fn webhook_sequence(app: &str) -> Key {
    key(WEBHOOK_SEQUENCES.to_owned(), app)
}

/// One of the [`SHARDS`] partitions of parked work.
pub fn parked_shard(shard: u8) -> String {
    format!("parked#{shard:02}")
}

/// Parked work, ordered by when it comes back.
pub fn parked(shard: u8, until: Timestamp, tail: &str) -> Key {
    key(parked_shard(shard), format!("{}#{tail}", instant(until)))
}

/// A command's remembered answer, by the caller's `Idempotency-Key`.
pub fn command(workspace_id: &WorkspaceId, idempotency_key_hash: &str) -> Key {
    key(format!("command#{workspace_id}"), idempotency_key_hash)
}

/// An instant as a sort key part: fixed width, so that order of text is order of time.
pub fn instant(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_the_order_of_time_and_position() {
        let early: Timestamp = "2026-09-30T23:59:59.999Z".parse().unwrap();
        let late: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
        assert!(instant(early) < instant(late));
        assert!(feed_sort(9) < feed_sort(10) && feed_sort(10) < feed_sort(u64::MAX));
    }

    #[test]
    fn no_two_workspaces_share_a_partition() {
        let tenant = TenantId::from_random([7; 16]);
        let (a, b): (WorkspaceId, WorkspaceId) = ("a".parse().unwrap(), "a.b".parse().unwrap());
        let (a, b) = (OrganisationRef { workspace: a, tenant }, OrganisationRef { workspace: b, tenant });
        assert_ne!(organisation(&a), organisation(&b));
        assert_ne!(mirror(&a, "invoices"), mirror(&b, "invoices"));
        assert_ne!(source(&a, "invoices", "1"), source(&b, "invoices", "1"));
    }
}
