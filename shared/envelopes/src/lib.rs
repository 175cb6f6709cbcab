//! Every message that crosses a queue, versioned, with its group and its deduplication key.
//!
//! Owns the wire form between functions and nothing else. An envelope says which stored state to look at; what to do
//! is decided from that state, so an envelope that arrives twice, late or out of order does no harm.

mod events;
mod keys;

pub use events::{EVENTS_MAX, XeroEvent, XeroEvents};

use kernel::{
    ClientId, Date, DocumentId, IntentId, OrganisationRef, RunId, StatementId, TieOutId, XeroUserId, place_of,
};
use serde::{Deserialize, Serialize};

use keys::{events_dedupe, fold, place};

/// The version written today. A reader refuses what it does not know; refused messages end as dead letters.
pub const VERSION: u32 = 1;

/// The queue of everything that needs Xero tokens and does not post.
pub const SYNC_WORKER: &str = "sync-worker";

/// The queue of everything that writes journals to Xero.
pub const JOURNAL_POSTING: &str = "journal-posting";

/// The queue of documents that are published to Xero.
pub const DOCUMENT_PUBLISHING: &str = "document-publishing";

/// The kind of record whose postings are journals; the others are documents'.
pub const MANUAL_JOURNALS: &str = "manual_journals";

/// The queue of documents that are to be read, by a function without access to tokens.
pub const DOCUMENT_READING: &str = "document-reading";

/// The queue of bank statements that are to be read and accounts to be reconciled, by a function without access to tokens.
pub const BANK_RECONCILIATION: &str = "bank-reconciliation";

/// Longest envelope in bytes, a quarter of what SQS takes.
pub const ENVELOPE_BYTES_MAX: usize = 256 * 1024;

/// A message between functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// See [`VERSION`].
    pub version: u32,
    /// What is asked.
    #[serde(flatten)]
    pub work: Work,
}

/// What an envelope asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Xero says that records of an organisation changed.
    XeroEvents(XeroEvents),
    /// A delivery of an app's webhooks came in: its numbers tell whether one before it was lost.
    WebhookReceived {
        /// Our name of the app.
        app: String,
        /// The first sequence number of its body.
        first: u64,
        /// The last sequence number of its body.
        last: u64,
    },
    /// A webhook of an app could not be read; what it said is found by an earlier pull.
    WebhookUnread {
        /// Our name of the app.
        app: String,
        /// Tells two such bodies apart.
        digest: String,
    },
    /// Go on with a sync run where its stored state says.
    SyncRun(SyncRun),
    /// Check token, organisation and permissions by a read.
    TestConnection {
        /// Whose.
        organisation: OrganisationRef,
        /// Names the stored result.
        test: String,
    },
    /// Delete the connection at Xero; ours is already marked.
    Disconnect {
        /// Whose.
        organisation: OrganisationRef,
        /// The version of the connection that asked; a later reconnect makes this envelope void.
        generation: u64,
    },
    /// Carry a posting on as its stored intent says.
    Post {
        /// Whose.
        organisation: OrganisationRef,
        /// The kind of record, which decides the queue.
        entity: String,
        /// Which posting.
        intent: IntentId,
        /// Counts what happened to it, so that what follows passes the queue's deduplication and a repetition does not.
        round: u64,
    },
    /// Look at what waits: an authorisation came back, or a lock date moved.
    ResumePostings {
        /// Whose.
        organisation: OrganisationRef,
        /// Behind which posting to go on; from the first when absent.
        after: Option<IntentId>,
        /// The run that ended before.
        run: RunId,
    },
    /// Records of a kind that we write were changed in Xero: compare them with what was posted.
    PostedChanged {
        /// Whose.
        organisation: OrganisationRef,
        /// The kind of record, which decides the queue.
        entity: String,
        /// The run that found the changes.
        run: RunId,
        /// Its changes in the feed: from here …
        from: u64,
        /// … to before here.
        to: u64,
    },
    /// Put releases whose time has come into journals.
    PostReleases {
        /// Whose.
        organisation: OrganisationRef,
        /// The last day of a closing period that a person publishes; every day that has passed when absent.
        until: Option<Date>,
        /// Who publishes; the schedule when absent.
        actor: Option<String>,
        /// Names the wish: the night, or the moment it was asked for.
        wish: String,
        /// Counts the envelopes of one wish.
        round: u32,
    },
    /// Read a document that was taken in.
    ReadDocument {
        /// Whose.
        organisation: OrganisationRef,
        /// Which.
        document: DocumentId,
    },
    /// Read a file with bank statements that was taken in.
    ReadStatement {
        /// Whose.
        organisation: OrganisationRef,
        /// Which.
        statement: StatementId,
        /// Counts its readings: a confirmed profile has it read anew.
        round: u64,
    },
    /// Hold a bank account against its statements anew.
    Reconcile {
        /// Whose.
        organisation: OrganisationRef,
        /// Xero's id of the account; every account that was ever reconciled when absent.
        account: Option<String>,
        /// The statement that was just read, whose lines may lack documents.
        statement: Option<StatementId>,
        /// Names the wish.
        wish: String,
    },
    /// Read on in the change feed, from where the follower's stored place is.
    FollowFeed {
        /// Whose.
        organisation: OrganisationRef,
        /// Who reads, which decides the queue.
        follower: Follower,
        /// Where the feed ended when it was asked for.
        to: u64,
        /// Counts the envelopes of one look.
        round: u32,
    },
    /// Read bank statement lines from Xero, where the app may.
    PullFeedLines(FeedPull),
    /// Decide anew which bank lines lack a document.
    EvaluateRequests {
        /// Whose.
        organisation: OrganisationRef,
        /// Names the wish.
        wish: String,
    },
    /// Go on with a tie-out where its stored state says.
    TieOut {
        /// Whose.
        organisation: OrganisationRef,
        /// Which.
        tie_out: TieOutId,
        /// Counts its envelopes: one that is not the next does nothing.
        step: u64,
    },
    /// Refresh a token set that was long unused.
    KeepAlive {
        /// The app.
        client: ClientId,
        /// The Xero user.
        user: XeroUserId,
        /// The day, so that one a day is enough.
        day: String,
    },
}

/// A wish for bank statement lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPull {
    /// Whose.
    pub organisation: OrganisationRef,
    /// Names it: the run that ended before, or the moment it was asked for.
    pub wish: String,
    /// Whether a person waits for it. Otherwise accounts that were read not long ago are left alone.
    pub urgent: bool,
    /// Counts its envelopes.
    pub round: u32,
}

/// Who follows the change feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follower {
    /// Bills are looked at for what is paid ahead.
    Prepayments,
    /// Suppliers' documents are put on the shelf of their contact, and compared with what was published.
    Documents,
    /// Requests for documents close, or are decided anew.
    Requests,
    /// Bank accounts that were reconciled are reconciled anew.
    Reconciliations,
}

impl Follower {
    /// Its name, as in keys and envelopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepayments => "prepayments",
            Self::Documents => "documents",
            Self::Requests => "requests",
            Self::Reconciliations => "reconciliations",
        }
    }
}

/// A step of a sync run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    /// Whose.
    #[serde(flatten)]
    pub organisation: OrganisationRef,
    /// The run.
    pub run: RunId,
    /// Counts the envelopes of the run, so that each continuation passes the queue's deduplication.
    pub step: u64,
}

/// Why a message is not an envelope. Holds positions and kinds, never content.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON of a known shape.
    #[error("not an envelope this version can read: {0}")]
    Unreadable(String),
    /// Written by a newer version of the system.
    #[error("envelope version {0} is newer than this code; deploy the new version, then replay")]
    TooNew(u32),
}

impl Envelope {
    /// Wraps work in today's version.
    pub fn new(work: Work) -> Self {
        Self { version: VERSION, work }
    }

    /// Reads a message body.
    pub fn parse(body: &str) -> Result<Self, EnvelopeError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let unreadable = |error: serde_json::Error| EnvelopeError::Unreadable(place_of(&error));
        let found: Versioned = serde_json::from_str(body).map_err(unreadable)?;
        if found.version > VERSION {
            return Err(EnvelopeError::TooNew(found.version));
        }
        serde_json::from_str(body).map_err(unreadable)
    }

    /// The message body.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("envelopes are structs with text keys")
    }

    /// The queue it belongs on.
    pub fn queue(&self) -> &'static str {
        match &self.work {
            Work::Post { entity, .. } if entity != MANUAL_JOURNALS => DOCUMENT_PUBLISHING,
            Work::FollowFeed { follower: Follower::Documents | Follower::Requests, .. } => DOCUMENT_PUBLISHING,
            Work::EvaluateRequests { .. } => DOCUMENT_PUBLISHING,
            Work::Post { .. }
            | Work::ResumePostings { .. }
            | Work::PostReleases { .. }
            | Work::TieOut { .. }
            | Work::FollowFeed { follower: Follower::Prepayments, .. }
            | Work::PostedChanged { .. } => JOURNAL_POSTING,
            Work::ReadDocument { .. } => DOCUMENT_READING,
            Work::ReadStatement { .. }
            | Work::Reconcile { .. }
            | Work::FollowFeed { follower: Follower::Reconciliations, .. } => BANK_RECONCILIATION,
            _ => SYNC_WORKER,
        }
    }

    /// Messages of one group are handled one at a time: one organisation, or one token set.
    pub fn group(&self) -> String {
        match &self.work {
            Work::XeroEvents(events) => events.tenant.to_string(),
            Work::WebhookReceived { app, .. } | Work::WebhookUnread { app, .. } => format!("app-{app}"),
            Work::SyncRun(step) => step.organisation.tenant.to_string(),
            Work::TestConnection { organisation, .. }
            | Work::Disconnect { organisation, .. }
            | Work::Post { organisation, .. }
            | Work::ResumePostings { organisation, .. }
            | Work::PostReleases { organisation, .. }
            | Work::TieOut { organisation, .. }
            | Work::FollowFeed { organisation, .. }
            | Work::PullFeedLines(FeedPull { organisation, .. })
            | Work::EvaluateRequests { organisation, .. }
            | Work::Reconcile { organisation, .. }
            | Work::PostedChanged { organisation, .. } => organisation.tenant.to_string(),
            // One at a time and each on its own: a reader that fails holds back no other document.
            Work::ReadDocument { document, .. } => document.to_string(),
            Work::ReadStatement { statement, .. } => statement.to_string(),
            Work::KeepAlive { user, .. } => user.to_string(),
        }
    }

    /// Equal for messages of which one within five minutes is enough. At most 128 characters of SQS's alphabet.
    pub fn dedupe(&self) -> String {
        match &self.work {
            Work::XeroEvents(events) => events_dedupe(events),
            Work::WebhookReceived { app, first, last } => {
                format!("received-{:016x}-{first}-{last}", fold(app.as_bytes()))
            }
            Work::WebhookUnread { app, digest } => format!("unread-{:016x}-{digest}", fold(app.as_bytes())),
            Work::SyncRun(SyncRun { organisation, run, step }) => {
                format!("sync-{:016x}-{run}-{step}", fold(organisation.workspace.as_str().as_bytes()))
            }
            Work::TestConnection { test, .. } => format!("test-{test}"),
            Work::Disconnect { organisation, generation } => {
                let workspace = fold(organisation.workspace.as_str().as_bytes());
                format!("disconnect-{}-{workspace:016x}-{generation}", organisation.tenant)
            }
            Work::Post { organisation, intent, round, .. } => {
                format!("post-{:016x}-{intent}-{round}", place(organisation))
            }
            Work::ResumePostings { organisation, after, run } => {
                let after = fold(after.as_ref().map_or("", IntentId::as_str).as_bytes());
                format!("resume-{:016x}-{after:016x}-{run}", place(organisation))
            }
            Work::PostedChanged { organisation, run, from, .. } => {
                format!("changed-{:016x}-{run}-{from}", place(organisation))
            }
            Work::PostReleases { organisation, wish, round, .. } => {
                format!("releases-{:016x}-{:016x}-{round}", place(organisation), fold(wish.as_bytes()))
            }
            Work::ReadDocument { document, .. } => format!("read-{document}"),
            Work::ReadStatement { statement, round, .. } => format!("read-{statement}-{round}"),
            Work::Reconcile { organisation, account, wish, .. } => {
                let account = fold(account.as_deref().unwrap_or_default().as_bytes());
                format!("reconcile-{:016x}-{account:016x}-{:016x}", place(organisation), fold(wish.as_bytes()))
            }
            Work::PullFeedLines(FeedPull { organisation, wish, round, .. }) => {
                format!("lines-{:016x}-{:016x}-{round}", place(organisation), fold(wish.as_bytes()))
            }
            Work::EvaluateRequests { organisation, wish } => {
                format!("evaluate-{:016x}-{:016x}", place(organisation), fold(wish.as_bytes()))
            }
            Work::FollowFeed { organisation, follower, to, round } => {
                format!("{}-{:016x}-{to}-{round}", follower.as_str(), place(organisation))
            }
            Work::TieOut { organisation, tie_out, step } => {
                format!("tie-out-{:016x}-{:016x}-{step}", place(organisation), fold(tie_out.as_str().as_bytes()))
            }
            Work::KeepAlive { client, user, day } => {
                format!("keep-{:016x}-{user}-{day}", fold(client.as_str().as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(at: &str) -> Envelope {
        let event = XeroEvent {
            category: "INVOICE".into(),
            event_type: "UPDATE".into(),
            resource: "6f0f0c4e-0000-4000-8000-000000000001".into(),
            at: at.into(),
        };
        let tenant = "6f0f0c4e-0000-4000-8000-0000000000aa".parse().unwrap();
        let body = XeroEvents { app: "main".into(), tenant, first_sequence: 5, last_sequence: 5, events: vec![event] };
        Envelope::new(Work::XeroEvents(body))
    }

    #[test]
    fn an_envelope_survives_the_queue() {
        let sent = events("2026-10-02T00:44:09.923");
        assert_eq!(Envelope::parse(&sent.to_json()).unwrap(), sent);
    }

    #[test]
    fn an_envelope_of_a_newer_version_is_refused_by_name() {
        let newer = events("x").to_json().replace("\"version\":1", "\"version\":2");
        assert!(matches!(Envelope::parse(&newer), Err(EnvelopeError::TooNew(2))));
        assert!(matches!(Envelope::parse("{}"), Err(EnvelopeError::Unreadable(_))));
        assert!(matches!(Envelope::parse("<html>"), Err(EnvelopeError::Unreadable(_))));
    }

    #[test]
    fn a_repeated_delivery_has_the_same_key_and_another_event_has_another() {
        let key = events("2026-10-02T00:44:09.923").dedupe();
        assert_eq!(key, events("2026-10-02T00:44:09.923").dedupe());
        assert_ne!(key, events("2026-10-02T00:44:10.000").dedupe());
        assert!(key.len() <= 128);
    }
}
