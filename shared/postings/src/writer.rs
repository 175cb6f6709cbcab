//! What a capability must say so that its postings can be carried out.

use async_trait::async_trait;
use connections::{Answer, CallError, Session};
use kernel::{Date, IntentId, OrganisationRef, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use state::{Existing, Waiting, WaitsOn};
use xero::catalogue::{Refusal, RefusalCode, leading};
use xero::{ApiWrite, IdempotencyKey, XeroError};

/// A kind of record that is written to Xero.
#[async_trait]
pub trait Writer: Send + Sync {
    /// What is posted, as it is stored with the intent.
    type Content: Serialize + DeserializeOwned + Send + Sync;

    /// The kind, as in settings and envelopes: `manual_journals`.
    fn kind(&self) -> &'static str;

    /// The kind whose direction in the settings decides whether this may be written.
    fn governed_by(&self) -> &'static str {
        self.kind()
    }

    /// Whether several postings may become one record, as two documents of one new supplier do. Then no change of it in Xero
    /// leads back to a posting.
    fn is_shared(&self) -> bool {
        false
    }

    /// The request. The same content and key make the same bytes, or Xero would refuse a repetition.
    async fn request(&self, wanted: &Wanted<'_, Self::Content>, key: IdempotencyKey) -> Result<ApiWrite, NoRequest>;

    /// What an answer to that request means.
    fn outcome(&self, answer: Answer, wanted: &Wanted<'_, Self::Content>, now: Timestamp) -> Outcome;

    /// Looks what is the case in Xero: at the record that it is already, or for its mark among what was written since.
    async fn find(
        &self,
        session: &mut Session<'_>,
        wanted: &Wanted<'_, Self::Content>,
        since: Timestamp,
    ) -> Result<Found, CallError>;

    /// The day it counts for, which a lock date may forbid.
    fn date(&self, content: &Self::Content) -> Date;
}

/// Why there is no request.
#[derive(Debug)]
pub enum NoRequest {
    /// It cannot be sent as it is. A person acts.
    Unsendable(String),
    /// What it is made of cannot be had now; later it can.
    NotNow(String),
}

/// What is to be in Xero.
#[derive(Debug)]
pub struct Wanted<'a, C> {
    /// What is posted.
    pub content: &'a C,
    /// The mark that it carries.
    pub mark: [u8; 16],
    /// The record that it is already, and what is to become of that; it is created where absent.
    pub existing: Option<&'a Existing>,
    /// Records of this mark that are out of the books and count for nothing.
    pub former: &'a [String],
}

/// What became of a write.
#[derive(Debug)]
pub enum Outcome {
    /// Xero is as was wanted.
    Written {
        /// Xero's id.
        xero_id: String,
        /// What of it is not there as sent; a person must look at it.
        losses: Vec<String>,
    },
    /// Xero refuses it, and nothing was written.
    Refused(Waiting),
    /// Xero does not let the record be changed, and nothing was.
    Final {
        /// Xero's words.
        reason: String,
    },
    /// It was turned away before Xero looked at it.
    TurnedAway(XeroError),
    /// Whether it was written is not known.
    Unknown(String),
}

/// What a search has shown.
#[derive(Debug)]
pub enum Found {
    /// Nothing of that mark; or the record is there, and not as wanted.
    Absent,
    /// The record that it is already is out of the books.
    Gone {
        /// Xero's word for it.
        status: String,
    },
    /// It is as wanted.
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

/// Xero's refusals as one reason to wait, with all its words.
pub fn refused(refusals: &[Refusal], since: Timestamp) -> Outcome {
    let Some(lead) = leading(refusals) else { return Outcome::Unknown("Xero refused without a reason".to_owned()) };
    // Our own fault, and no word about the record: what became of the first request under the key decides.
    if lead.code == RefusalCode::IdempotencyKeyReused {
        return Outcome::Unknown(lead.cause.to_owned());
    }
    let on = match (lead.code.is_lock(), lead.lock_date) {
        (true, Some(date)) => WaitsOn::LockDate { locked_until: date.to_string() },
        // Without a date nothing tells when it has moved.
        (true, None) => WaitsOn::Person,
        (false, _) if lead.code == RefusalCode::RoleOrPermission => WaitsOn::Authorisation,
        (false, _) => WaitsOn::Person,
    };
    let raw = refusals.iter().map(|refusal| refusal.raw.clone()).collect();
    let (code, cause, fix) = (lead.code.as_str().to_owned(), lead.cause.to_owned(), lead.fix.to_owned());
    Outcome::Refused(Waiting { on, code, cause, fix, raw, since })
}
