//! Failures a test or an operator orders for calls to come.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::limits;
use super::reply::{self, Reply};

/// One ordered failure. Each strikes once, the oldest first that fits the call. A call that is turned away at the door
/// (401, 403, 429) uses none up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// 503 in plain text: Xero is down for maintenance.
    Maintenance,
    /// 503 in plain text: temporarily unavailable.
    Unavailable,
    /// 503 for one organisation, as JSON.
    OrganisationOffline,
    /// An HTML page from a gateway in front of Xero (502); Xero never saw the call.
    Gateway,
    /// The same page, after the next write was carried out.
    GatewayAfterWrite,
    /// 500, and nothing was done.
    Internal,
    /// 500, after the next write was carried out. The same idempotency key is answered with this 500 again.
    InternalAfterWrite,
    /// The next Accounting call is carried out, and its answer is lost.
    LostAnswer,
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

/// What a fault can be aimed at with `order_fault_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultTarget {
    /// `POST /connect/token`.
    Token,
    /// `POST /connect/revocation`.
    Revocation,
    /// `GET /connections`.
    Connections,
    /// `DELETE /connections/{id}`.
    Disconnection,
    /// `GET /.well-known/openid-configuration`.
    Discovery,
    /// `GET /.well-known/openid-configuration/jwks`.
    Keys,
    /// Reads of the Accounting API.
    Reads,
    /// Writes of the Accounting API.
    Writes,
}

impl FaultTarget {
    pub(super) const ALL: [FaultTarget; 8] = [
        FaultTarget::Token,
        FaultTarget::Revocation,
        FaultTarget::Connections,
        FaultTarget::Disconnection,
        FaultTarget::Discovery,
        FaultTarget::Keys,
        FaultTarget::Reads,
        FaultTarget::Writes,
    ];
}

impl Fault {
    pub(super) const ALL: [Fault; 13] = [
        Fault::Maintenance,
        Fault::Unavailable,
        Fault::OrganisationOffline,
        Fault::Gateway,
        Fault::GatewayAfterWrite,
        Fault::Internal,
        Fault::InternalAfterWrite,
        Fault::LostAnswer,
        Fault::LostWriteAnswer,
        Fault::LostTokenAnswer,
        Fault::LostReadAnswer,
        Fault::CutBeforeXero,
        Fault::TooConcurrent,
    ];

    /// What it strikes when it is not aimed.
    fn usual(self) -> &'static [FaultTarget] {
        match self {
            Fault::LostTokenAnswer => &[FaultTarget::Token],
            Fault::LostWriteAnswer | Fault::GatewayAfterWrite | Fault::InternalAfterWrite => &[FaultTarget::Writes],
            Fault::LostReadAnswer => &[FaultTarget::Reads],
            _ => &[FaultTarget::Reads, FaultTarget::Writes],
        }
    }

    /// Whether the call is carried out and only the answer disappears.
    pub(super) fn loses_answer(self) -> bool {
        use Fault::{LostAnswer, LostReadAnswer, LostTokenAnswer, LostWriteAnswer};
        matches!(self, LostAnswer | LostTokenAnswer | LostWriteAnswer | LostReadAnswer)
    }

    /// What is answered in Xero's place, with nothing done.
    pub(super) fn outage(self) -> Option<Reply> {
        match self {
            Fault::Maintenance => Some(Reply::text(503, "The Xero API is currently offline for maintenance")),
            Fault::Unavailable => Some(Reply::text(503, "The Xero API is temporarily unavailable")),
            Fault::OrganisationOffline => {
                let text = "The organisation is temporarily offline";
                Some(reply::api_error(503, 21, "OrganisationOfflineException", text))
            }
            Fault::Gateway => Some(gateway()),
            Fault::Internal => Some(internal()),
            Fault::TooConcurrent => Some(limits::refuse(limits::Problem::Concurrent)),
            _ => None,
        }
    }

    /// What is answered after the call was carried out, in place of the true answer.
    pub(super) fn afterwards(self) -> Option<Reply> {
        match self {
            Fault::GatewayAfterWrite => Some(gateway()),
            Fault::InternalAfterWrite => Some(internal()),
            _ => None,
        }
    }
}

fn gateway() -> Reply {
    Reply::html(502, "<html><head><title>502 Bad Gateway</title></head><body></body></html>")
}

fn internal() -> Reply {
    reply::api_error(500, 500, "InternalServerException", "An unexpected error occurred")
}

/// The failures that wait for their call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ordered(VecDeque<(Fault, Option<FaultTarget>)>);

impl Ordered {
    pub(super) fn order(&mut self, fault: Fault, at: Option<FaultTarget>) {
        self.0.push_back((fault, at));
    }

    /// The oldest that strikes such a call, and waits no longer.
    pub(super) fn take(&mut self, target: FaultTarget) -> Option<Fault> {
        let strikes = |(fault, at): &(Fault, Option<FaultTarget>)| match at {
            Some(at) => *at == target,
            None => fault.usual().contains(&target),
        };
        let at = self.0.iter().position(strikes)?;
        self.0.remove(at).map(|(fault, _)| fault)
    }
}
