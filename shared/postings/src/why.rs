//! Why a posting does not go on, in the words of whoever acts next.

use std::time::Duration;

use connections::CallError;
use kernel::{IntentId, Timestamp};
use state::{Waiting, WaitsOn};

/// Between a lost answer and the search for what became of it.
pub(crate) const LOST_WAIT: Duration = Duration::from_secs(30);

/// A time so much later.
pub(crate) fn after(at: Timestamp, span: Duration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// It cannot be sent as it is.
pub(crate) fn unsendable(cause: String, since: Timestamp) -> Waiting {
    let fix = "Record it as not wanted, correct it and post it anew under another id.".to_owned();
    Waiting { on: WaitsOn::Person, code: "not_sendable".to_owned(), cause, fix, raw: Vec::new(), since }
}

/// No call is possible until somebody acts.
pub(crate) fn waiting_for(error: &CallError, since: Timestamp) -> Waiting {
    let (on, code, fix) = match error {
        CallError::NotConnected(_) => {
            (WaitsOn::Authorisation, "not_authorised", "Authorise the app in Xero; the posting is then sent by itself.")
        }
        CallError::NotAllowed => (
            WaitsOn::Authorisation,
            "role_or_permission",
            "Connect again and allow everything asked for, as a Xero user with the Standard or Adviser role including reports.",
        ),
        CallError::NotWanted { .. } => (
            WaitsOn::Person,
            "direction_forbids",
            "Set the kind's direction to push or both in the settings, then try again.",
        ),
        _ => (WaitsOn::Person, "not_accepted", "Tell the operator; then try again."),
    };
    let (code, fix) = (code.to_owned(), fix.to_owned());
    Waiting { on, code, cause: error.to_string(), fix, raw: Vec::new(), since }
}

/// A search that could not be read says nothing of the posting: it is made again.
pub(crate) fn again_later(error: CallError, now: Timestamp) -> CallError {
    match error {
        CallError::Unreadable(_) | CallError::TooLong { .. } | CallError::NotFound | CallError::Rejected(_) => {
            CallError::Later { until: after(now, LOST_WAIT), reason: error.to_string(), outage: true }
        }
        error => error,
    }
}

/// What was found in Xero is another posting's record.
pub(crate) fn claimed(xero_id: &str, other: &IntentId, since: Timestamp) -> Waiting {
    Waiting {
        on: WaitsOn::Person,
        code: "record_of_another".to_owned(),
        cause: format!("Xero has it as {xero_id}, and that is what posting {other} became."),
        fix: "Look at it in Xero. Record this posting as not wanted if both are one; else correct it and try again."
            .to_owned(),
        raw: Vec::new(),
        since,
    }
}
