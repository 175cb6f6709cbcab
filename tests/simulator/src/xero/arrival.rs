//! What becomes of a request at the moment it arrives: the door, the fault that waits for it, and the handler.
//!
//! Owns the order of these three. The handler runs at arrival, however slow the answer is: a slow read shows the state
//! of its beginning, and a write whose answer comes too late has happened.

use kernel::{TenantId, Timestamp};
use ports::{HttpRequest, Method};

use super::address::Address;
use super::faults::{Fault, FaultTarget};
use super::reply::{Reply, not_found};
use super::settings::AppId;
use super::state::State;
use super::{accounting, connections, finance, identity, jwt, login};

/// What was decided at arrival.
pub(super) struct Arrived {
    /// Nothing when the answer is lost.
    pub(super) reply: Option<Reply>,
    /// Whose call is in flight until it is answered.
    pub(super) flight: Option<(AppId, TenantId)>,
    /// Only calls that passed the door can be held open; the door answers at once.
    pub(super) passed: bool,
}

impl Arrived {
    fn turned_away(reply: Reply) -> Self {
        Self { reply: Some(reply), flight: None, passed: false }
    }

    /// The connection ended before Xero saw anything.
    fn cut() -> Self {
        Self { reply: None, flight: None, passed: false }
    }

    fn answered(reply: Reply, fault: Option<Fault>) -> Self {
        let lost = fault.is_some_and(Fault::loses_answer);
        Self { reply: Some(reply).filter(|_| !lost), flight: None, passed: true }
    }
}

/// Decides and carries out.
pub(super) fn arrive(state: &mut State, request: &HttpRequest, now: Timestamp) -> Arrived {
    let address = Address::of(&request.url);
    let path: Vec<&str> = address.segments.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["api.xro", ..] => of_accounting(state, request, &address, now),
        ["finance.xro", ..] => of_finance(state, request, &address, now),
        ["connections" | "Connections", ..] => of_connections(state, request, &address, now),
        _ => of_identity(state, request, &address, &path, now),
    }
}

fn of_accounting(state: &mut State, request: &HttpRequest, address: &Address, now: Timestamp) -> Arrived {
    let ticket = match accounting::admit(state, request, now) {
        Ok(ticket) => ticket,
        Err(reply) => return Arrived::turned_away(reply),
    };
    let permitted = accounting::permitted(state, &ticket, request, address);
    let is_refused = permitted.as_ref().is_err_and(|reply| matches!(reply.status, 401 | 403));
    let target = if request.method == Method::Get { FaultTarget::Reads } else { FaultTarget::Writes };
    let fault = if is_refused { None } else { state.faults.take(target) };
    let (app, tenant) = (ticket.grant.app, ticket.tenant);
    if fault == Some(Fault::CutBeforeXero) {
        state.limits.take_back(app, Some(tenant));
        return Arrived::cut();
    }
    let reply = match fault.and_then(Fault::outage) {
        Some(reply) => state.limits.mark(reply, app, tenant, ticket.day_limit),
        None => accounting::run(state, &ticket, permitted, request, address, fault, now),
    };
    Arrived { flight: Some((app, tenant)), passed: !is_refused, ..Arrived::answered(reply, fault) }
}

/// The same for the Finance API, which only reads.
fn of_finance(state: &mut State, request: &HttpRequest, address: &Address, now: Timestamp) -> Arrived {
    let ticket = match accounting::admit(state, request, now) {
        Ok(ticket) => ticket,
        Err(reply) => return Arrived::turned_away(reply),
    };
    let permitted = finance::permitted(state, &ticket, request, address);
    let fault = if permitted.is_err() { None } else { state.faults.take(FaultTarget::Reads) };
    let (app, tenant) = (ticket.grant.app, ticket.tenant);
    if fault == Some(Fault::CutBeforeXero) {
        state.limits.take_back(app, Some(tenant));
        return Arrived::cut();
    }
    let passed = permitted.is_ok();
    let reply = match (fault.and_then(Fault::outage), permitted) {
        (Some(reply), _) | (None, Err(reply)) => reply,
        (None, Ok(())) => {
            let reply = finance::answer(state, &ticket, address, now);
            fault.and_then(Fault::afterwards).unwrap_or(reply)
        }
    };
    let reply = state.limits.mark(reply, app, tenant, ticket.day_limit);
    Arrived { flight: Some((app, tenant)), passed, ..Arrived::answered(reply, fault) }
}

fn of_connections(state: &mut State, request: &HttpRequest, address: &Address, now: Timestamp) -> Arrived {
    let grant = match connections::admit(state, request.header("authorization"), now) {
        Ok(grant) => grant,
        Err(reply) => return Arrived::turned_away(reply),
    };
    let target = match request.method {
        Method::Get => Some(FaultTarget::Connections),
        Method::Delete => Some(FaultTarget::Disconnection),
        _ => None,
    };
    let fault = target.and_then(|target| state.faults.take(target));
    if fault == Some(Fault::CutBeforeXero) {
        state.limits.take_back(grant.app, None);
        return Arrived::cut();
    }
    let reply = fault.and_then(Fault::outage).unwrap_or_else(|| {
        let reply = connections::answer(state, &grant, request.method, address, now);
        fault.and_then(Fault::afterwards).unwrap_or(reply)
    });
    Arrived::answered(state.limits.mark_app(reply, grant.app), fault)
}

fn of_identity(state: &mut State, request: &HttpRequest, address: &Address, path: &[&str], now: Timestamp) -> Arrived {
    let target = match (request.method, path) {
        (Method::Post, ["connect", "token"]) => FaultTarget::Token,
        (Method::Post, ["connect", "revocation"]) => FaultTarget::Revocation,
        (Method::Get, [".well-known", "openid-configuration"]) => FaultTarget::Discovery,
        (Method::Get, [".well-known", "openid-configuration", "jwks"]) => FaultTarget::Keys,
        (Method::Get, ["identity", "connect", "authorize"]) => {
            return Arrived::answered(login::authorize(state, address, now), None);
        }
        _ => return Arrived::answered(not_found(), None),
    };
    if target == FaultTarget::Discovery && state.firewall.blocks(now) {
        return Arrived::turned_away(identity::blocked());
    }
    let fault = state.faults.take(target);
    if fault == Some(Fault::CutBeforeXero) {
        return Arrived::cut();
    }
    if let Some(reply) = fault.and_then(Fault::outage) {
        return Arrived::answered(reply, fault);
    }
    let authorization = request.header("authorization");
    let reply = match target {
        FaultTarget::Token => identity::token(state, authorization, &request.body, now),
        FaultTarget::Revocation => identity::revoke(state, authorization, &request.body, now),
        FaultTarget::Discovery => identity::discovery(state),
        _ => Reply::json(200, &jwt::key_set()),
    };
    Arrived::answered(fault.and_then(Fault::afterwards).unwrap_or(reply), fault)
}
