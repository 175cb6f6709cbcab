//! What an invocation comes to: an answer's bytes, or why there is none, in Lambda's own words.

use bytes::Bytes;
use serde_json::json;

/// Lambda's largest payload, 6 MB and the hundred bytes it gives on top.
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// An answer, or why there is none.
pub type Outcome = Result<Bytes, InvokeError>;

/// Why an invocation brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function answered with an error.
    #[error("{kind}: {message}")]
    Function {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The function took longer than its time-out.
    #[error("Task timed out after {0} seconds")]
    TimedOut(u64),
    /// The process ended before it answered.
    #[error("the process ended before it answered; see its log")]
    Crashed,
    /// The binary could not be started.
    #[error("{0}")]
    NotStarted(String),
}

impl InvokeError {
    /// What Lambda says of a payload it does not even hand over.
    pub fn request_too_large() -> Self {
        Self::too_large("RequestTooLarge", "Request")
    }

    /// What Lambda says of an answer it does not pass on.
    pub fn response_too_large() -> Self {
        Self::too_large("Function.ResponseSizeTooLarge", "Response")
    }

    fn too_large(kind: &str, what: &str) -> Self {
        let message = format!("{what} payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} bytes).");
        Self::Function { kind: kind.to_owned(), message }
    }

    /// The error a function told by itself, from the body it sent.
    pub fn told(body: &[u8]) -> Self {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |name: &str| body[name].as_str().unwrap_or("unknown").to_owned();
        Self::Function { kind: field("errorType"), message: field("errorMessage") }
    }

    /// The body that refuses a function's answer.
    pub fn refusal(&self) -> String {
        json!({ "errorType": "RequestEntityTooLarge", "errorMessage": self.to_string() }).to_string()
    }
}
