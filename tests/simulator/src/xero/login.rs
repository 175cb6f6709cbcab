//! The consent page, as a browser meets it: a redirect back, or Xero's own error page that never returns.

use kernel::{TenantId, Timestamp, XeroConnectionId, XeroUserId};

use super::address::{Address, encode};
use super::identity::{Code, Grant};
use super::reply::Reply;
use super::settings::{AppId, Consent};
use super::state::{Connection, State};

/// Organisations and practices take at most so many apps that are not certified.
const UNCERTIFIED_PER_ORGANISATION: usize = 2;

/// Xero's own page: the browser stays there.
fn error_page(text: &str) -> Reply {
    Reply::html(200, &format!("<html><head><title>Error</title></head><body><h1>Sorry</h1><p>{text}</p></body></html>"))
}

/// `GET /identity/connect/authorize`.
pub(super) fn authorize(state: &mut State, address: &Address, now: Timestamp) -> Reply {
    let text = |name: &str| address.parameter(name).unwrap_or_default().to_owned();
    let by_client = |app: &super::state::App| app.settings.client_id == text("client_id");
    let Some(app) = state.apps.iter().position(by_client).map(AppId) else {
        return error_page("unauthorized_client: Unknown client or client not enabled");
    };
    let settings = state.apps[app.0].settings.clone();
    let redirect_uri = text("redirect_uri");
    if !settings.redirect_uris.contains(&redirect_uri) || !may_return_to(&redirect_uri) {
        return error_page("unauthorized_client: Invalid redirect_uri");
    }
    let asked: Vec<String> = text("scope").split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if asked.is_empty() || asked.iter().any(|scope| !settings.scopes.contains(scope)) {
        return error_page("unauthorized_client: Invalid scope for client");
    }
    if text("response_type") != "code" {
        return error_page("unsupported_response_type");
    }
    let challenge = address.parameter("code_challenge").map(str::to_owned);
    if challenge.is_some() && text("code_challenge_method") != "S256" {
        return error_page("invalid_request: Transform algorithm not supported");
    }
    let bulk = settings.bulk_connect && !text("acr_values").contains("bulk_connect:false");
    let (user, tenants, scopes) = match chosen(state, asked, bulk) {
        Ok(choice) => choice,
        Err(error) => return back(&text("redirect_uri"), &[("error", error), ("state", &text("state"))]),
    };
    let scopes = with_earlier(state, app, user, scopes);
    let grant = Grant { app, user, scopes, event: state.dice.uuid(), session: state.dice.uuid(), at: now };
    if let Err(error) = connect(state, &grant, &tenants) {
        if state.settings.cap_shows_error_page {
            return error_page("This app has reached the number of organisations it may connect to.");
        }
        return back(&text("redirect_uri"), &[("error", error), ("state", &text("state"))]);
    }
    remember(state, &grant);
    let code = state.dice.token(43);
    let scope = grant.scopes.join(" ");
    let nonce = address.parameter("nonce").map(str::to_owned);
    state.codes.push(Code {
        code: code.clone(),
        grant,
        redirect_uri: text("redirect_uri"),
        challenge,
        nonce,
        made: now,
    });
    back(&text("redirect_uri"), &[("code", &code), ("scope", &scope), ("state", &text("state"))])
}

/// Redirect addresses are https, or http on `localhost` by that name.
fn may_return_to(uri: &str) -> bool {
    let local =
        uri.strip_prefix("http://localhost").is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    local || uri.starts_with("https://")
}

/// Scopes add up over the consents of one user to one app, until they are revoked.
fn with_earlier(state: &State, app: AppId, user: XeroUserId, mut scopes: Vec<String>) -> Vec<String> {
    let earlier = state.granted.iter().find(|(of, by, _)| *of == app && *by == user);
    for scope in earlier.map(|(.., scopes)| scopes.as_slice()).unwrap_or_default() {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    scopes
}

fn remember(state: &mut State, grant: &Grant) {
    state.granted.retain(|(of, by, _)| *of != grant.app || *by != grant.user);
    state.granted.push((grant.app, grant.user, grant.scopes.clone()));
}

fn back(redirect_uri: &str, parameters: &[(&str, &str)]) -> Reply {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    Reply::empty(302).with("Location", format!("{redirect_uri}{joint}{}", query.join("&")))
}

type Choice = (XeroUserId, Vec<TenantId>, Vec<String>);

/// What the person does; without instructions the first user picks their first organisation.
fn chosen(state: &State, asked: Vec<String>, bulk: bool) -> Result<Choice, &'static str> {
    let (user, mut tenants, only) = match &state.consent {
        Some(Consent::Deny) => return Err("access_denied"),
        Some(Consent::Allow { user, tenants, only_scopes }) => (*user, tenants.clone(), only_scopes.clone()),
        None => {
            let user = state.users.first().ok_or("access_denied")?;
            (user.id, user.roles.iter().map(|(tenant, _)| *tenant).take(1).collect(), Vec::new())
        }
    };
    tenants.retain(|tenant| state.role(user, *tenant).is_some());
    if !bulk {
        tenants.truncate(1);
    }
    let scopes = asked.into_iter().filter(|scope| only.is_empty() || only.contains(scope)).collect();
    if tenants.is_empty() { Err("access_denied") } else { Ok((user, tenants, scopes)) }
}

/// Makes or revives connections, within the tier's cap and the organisation's.
fn connect(state: &mut State, grant: &Grant, tenants: &[TenantId]) -> Result<(), &'static str> {
    let settings = &state.apps[grant.app.0].settings;
    let live = state.connections.iter().filter(|each| each.live && each.app == grant.app).count();
    let fresh = tenants.iter().filter(|tenant| state.connection(grant.app, grant.user, **tenant).is_none()).count();
    if live + fresh > settings.connections_max {
        return Err("access_denied");
    }
    for tenant in tenants.iter().filter(|_| !settings.certified) {
        let mut others: Vec<AppId> = state
            .connections
            .iter()
            .filter(|each| each.live && each.tenant == *tenant && each.app != grant.app)
            .filter(|each| !state.apps[each.app.0].settings.certified)
            .map(|each| each.app)
            .collect();
        others.sort_unstable();
        others.dedup();
        if others.len() >= UNCERTIFIED_PER_ORGANISATION {
            return Err("access_denied");
        }
    }
    for tenant in tenants {
        let same = |each: &&mut Connection| each.app == grant.app && each.user == grant.user && each.tenant == *tenant;
        let id = XeroConnectionId(state.dice.uuid());
        match state.connections.iter_mut().find(same) {
            Some(known) => {
                known.id = if known.live { known.id } else { id };
                (known.live, known.event, known.updated) = (true, grant.event, grant.at);
            }
            None => state.connections.push(Connection {
                id,
                app: grant.app,
                user: grant.user,
                tenant: *tenant,
                event: grant.event,
                created: grant.at,
                updated: grant.at,
                live: true,
            }),
        }
    }
    Ok(())
}
