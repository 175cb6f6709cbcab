//! Failures a test or an operator orders for calls to come.

/// One ordered failure. Each strikes once, the oldest first that fits the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 503 in plain text: Xero is down for maintenance.
    Maintenance,
    /// 503 in plain text: temporarily unavailable.
    Unavailable,
    /// 503 for one organisation, as JSON.
    OrganisationOffline,
    /// An HTML page from a gateway in front of Xero (502).
    Gateway,
    /// 500, as while the idempotency store is down.
    Internal,
    /// The next write is carried out, and its answer is lost.
    LostWriteAnswer,
    /// The next token request is carried out (tokens rotate), and its answer is lost.
    LostTokenAnswer,
    /// The next read is never answered.
    LostReadAnswer,
    /// The next Accounting call is cut before Xero sees it, though the caller cannot know.
    CutBeforeXero,
    /// 429 for the concurrency limit, without `Retry-After`.
    TooConcurrent,
}

/// What a call is, as far as faults care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Token,
    Read,
    Write,
}

impl Fault {
    pub(super) fn strikes(self, scene: Scene) -> bool {
        match self {
            Fault::LostTokenAnswer => scene == Scene::Token,
            Fault::LostWriteAnswer => scene == Scene::Write,
            Fault::LostReadAnswer => scene == Scene::Read,
            _ => scene != Scene::Token,
        }
    }

    /// Whether the call is carried out and only the answer disappears.
    pub(super) fn loses_answer(self) -> bool {
        matches!(self, Fault::LostTokenAnswer | Fault::LostWriteAnswer | Fault::LostReadAnswer)
    }
}
