//! What a capability must say so that its postings can be carried out.

use async_trait::async_trait;
use connections::{Answer, CallError, Session};
use kernel::{Date, IntentId, OrganisationRef, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use state::Waiting;
use xero::{ApiWrite, IdempotencyKey, XeroError};

/// A kind of record that is written to Xero.
#[async_trait]
pub trait Writer: Send + Sync {
    /// What is posted, as it is stored with the intent.
    type Content: Serialize + DeserializeOwned + Send + Sync;

    /// The kind, as in settings and envelopes: `manual_journals`.
    fn kind(&self) -> &'static str;

    /// The request. The same content and key make the same bytes, or Xero would refuse a repetition.
    fn request(&self, content: &Self::Content, mark: [u8; 16], key: IdempotencyKey) -> Result<ApiWrite, String>;

    /// What an answer to that request means.
    fn outcome(&self, answer: Answer, content: &Self::Content, mark: [u8; 16], now: Timestamp) -> Outcome;

    /// Searches Xero for the mark among what was written since.
    async fn find(
        &self,
        session: &mut Session<'_>,
        content: &Self::Content,
        mark: [u8; 16],
        since: Timestamp,
    ) -> Result<Found, CallError>;

    /// The day it counts for, which a lock date may forbid.
    fn date(&self, content: &Self::Content) -> Date;
}

/// What became of a write.
#[derive(Debug)]
pub enum Outcome {
    /// It is in Xero.
    Written {
        /// Xero's id.
        xero_id: String,
        /// What of it is not there as sent; a person must look at it.
        losses: Vec<String>,
    },
    /// Xero refuses it, and nothing was written.
    Refused(Waiting),
    /// It was turned away before Xero looked at it.
    TurnedAway(XeroError),
    /// Whether it was written is not known.
    Unknown(String),
}

/// What a search has shown.
#[derive(Debug)]
pub enum Found {
    /// Nothing of that mark.
    Absent,
    /// It is there.
    Present {
        /// Xero's id.
        xero_id: String,
        /// What of it is not there as sent.
        losses: Vec<String>,
    },
    /// More than one record has the mark: a person decides.
    Several(Vec<String>),
}

/// The mark of a posting: the same for the same decision, and nobody else's.
pub fn mark_bytes(whose: &OrganisationRef, intent: &IntentId) -> [u8; 16] {
    let text = format!("mark#{}#{}#{intent}", whose.workspace, whose.tenant);
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut mark = [0; 16];
    mark.copy_from_slice(&digest.as_ref()[..16]);
    mark
}
