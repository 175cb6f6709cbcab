//! Errors of the API as problem+json (RFC 9457), each with a stable type and what to do.

use serde::Serialize;
use serde_json::{Map, Value};

/// One problem answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, for programs: `urn:counterfoil:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here and what to do about it.
    pub detail: String,
    /// Further members, for programs.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem of a stable code.
    pub fn new(status: u16, code: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:counterfoil:problem:{code}"),
            title,
            status,
            detail: detail.into(),
            members: Map::new(),
        }
    }

    /// The same with a further member.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Unknown, or another workspace's: the answers are the same to the byte.
    pub fn not_found() -> Self {
        Self::new(404, "not-found", "Not found", "Nothing of that name exists in this workspace.")
    }

    /// Our side failed; the same request may work later.
    pub fn unavailable() -> Self {
        Self::new(503, "temporarily-unavailable", "Temporarily unavailable", "Send the same request again in a moment.")
    }

    /// The request is wrong.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(400, code, "Bad request", detail)
    }
}
