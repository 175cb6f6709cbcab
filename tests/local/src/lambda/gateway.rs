//! The front door: an API Gateway HTTP API with payload format 2.0 and a JWT authoriser.
//!
//! Source: API Gateway's pages on HTTP API routes, Lambda integrations and JWT authorisers. What the gateway answers
//! itself is worded as it words it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ports::Clock;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use xero::access_token::{KeySet, verify};

use super::outcome::{InvokeError, PAYLOAD_BYTES_MAX};
use super::runtime::Function;
use crate::embedded::http::{Answer, Server, Whole, serve, text};
use crate::plan::{AuthorizerPlan, RoutePlan};

/// API Gateway's largest request.
const REQUEST_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Everything the gateway routes by.
pub struct Gateway {
    /// The API's routes.
    pub routes: Vec<RoutePlan>,
    /// The functions by name.
    pub functions: BTreeMap<String, Arc<Function>>,
    /// What tokens must say.
    pub authorizer: Option<AuthorizerPlan>,
    /// The issuer's key set, as JSON.
    pub keys: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Starts listening.
    pub fn start(self, listener: TcpListener) -> anyhow::Result<Server> {
        let gateway = Arc::new(self);
        serve(listener, REQUEST_BYTES_MAX, move |request| {
            let gateway = gateway.clone();
            async move { gateway.answer(request).await }
        })
    }

    async fn answer(&self, request: Whole) -> Answer {
        let path = request.uri().path().to_owned();
        let Some((route, parameters)) = find(&self.routes, request.method().as_str(), &path) else {
            return message(404, "Not Found");
        };
        let claims = match (&self.authorizer, route.authorized) {
            (Some(authorizer), true) => match self.authorize(authorizer, &request) {
                Some(claims) => Some(claims),
                None => return with_challenge(message(401, "Unauthorized")),
            },
            _ => None,
        };
        let event = event(&request, route, &parameters, claims, self.clock.now()).to_string();
        if event.len() > PAYLOAD_BYTES_MAX {
            return message(413, "Request Too Long");
        }
        let Some(function) = self.functions.get(&route.function) else { return message(500, "Internal Server Error") };
        match function.invoke(event.into()).await {
            Ok(payload) => reply(&payload),
            Err(InvokeError::TimedOut(_)) => message(503, "Service Unavailable"),
            Err(_) => message(500, "Internal Server Error"),
        }
    }

    /// Signature, issuer, audience and times, as the JWT authoriser checks them.
    fn authorize(&self, authorizer: &AuthorizerPlan, request: &Whole) -> Option<Map<String, Value>> {
        let header = request.headers().get("authorization")?.to_str().ok()?;
        let token = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("bearer ")).unwrap_or(header);
        let keys: KeySet = serde_json::from_str(&self.keys).ok()?;
        let claims: Map<String, Value> = verify(token.trim(), &keys).ok()?;
        let now = self.clock.now().as_second();
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let audience = |value: &Value| match value {
            Value::String(one) => authorizer.audiences.contains(one),
            Value::Array(all) => {
                all.iter().filter_map(Value::as_str).any(|one| authorizer.audiences.iter().any(|ok| ok == one))
            }
            _ => false,
        };
        let holds = claims.get("iss").and_then(Value::as_str) == Some(authorizer.issuer.as_str())
            && claims.get("aud").or_else(|| claims.get("client_id")).is_some_and(audience)
            && number("exp").is_some_and(|exp| now < exp)
            && number("nbf").is_none_or(|nbf| nbf <= now)
            && number("iat").is_none_or(|iat| iat <= now);
        holds.then_some(claims)
    }
}

fn message(status: u16, words: &str) -> Answer {
    text(status, "application/json", json!({ "message": words }).to_string())
}

fn with_challenge(mut answer: Answer) -> Answer {
    answer.headers_mut().insert("www-authenticate", http::HeaderValue::from_static("Bearer"));
    answer
}

type Found<'a> = (&'a RoutePlan, HashMap<String, String>);

/// The most specific route: literal parts before parameters, parameters before `{proxy+}`.
fn find<'a>(routes: &'a [RoutePlan], method: &str, path: &str) -> Option<Found<'a>> {
    let fitting = routes.iter().filter(|route| route.method == method || route.method == "ANY");
    let matched = fitting.filter_map(|route| matches(&route.path, path).map(|(score, found)| (score, route, found)));
    matched.max_by(|(one, ..), (other, ..)| one.cmp(other)).map(|(_, route, found)| (route, found))
}

/// The parameters, and how literal the match is, part by part.
fn matches(pattern: &str, path: &str) -> Option<(Vec<u8>, HashMap<String, String>)> {
    let (mut score, mut found) = (Vec::new(), HashMap::new());
    let mut parts = path.trim_matches('/').split('/');
    for wanted in pattern.trim_matches('/').split('/') {
        let name = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(name) if name.ends_with('+') => {
                let rest: Vec<&str> = parts.by_ref().collect();
                found.insert(name.trim_end_matches('+').to_owned(), rest.join("/"));
                score.push(0);
            }
            Some(name) => {
                let part = parts.next().filter(|part| !part.is_empty())?;
                found.insert(name.to_owned(), decoded(part));
                score.push(1);
            }
            None => {
                if parts.next()? != wanted {
                    return None;
                }
                score.push(2);
            }
        }
    }
    parts.next().is_none().then_some((score, found))
}

fn decoded(part: &str) -> String {
    let pair = format!("k={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Bodies of these types reach a function as text, every other as base64.
fn is_text(content_type: &str) -> bool {
    let plain = content_type.split(';').next().unwrap_or_default().trim();
    plain.is_empty()
        || plain.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded"].iter().any(|kind| plain.ends_with(kind))
}

fn event(
    request: &Whole,
    route: &RoutePlan,
    parameters: &HashMap<String, String>,
    claims: Option<Map<String, Value>>,
    now: kernel::Timestamp,
) -> Value {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    let content_type = headers.get("content-type").cloned().unwrap_or_default();
    let utf8 = std::str::from_utf8(request.body()).ok().filter(|_| is_text(&content_type));
    let raw_query = request.uri().query().unwrap_or_default();
    let mut query: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(raw_query.as_bytes()) {
        query
            .entry(name.into_owned())
            .and_modify(|all| *all = format!("{all},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    let route_key = format!("{} {}", route.method, route.path);
    let mut context = json!({
        "accountId": "000000000000", "apiId": "local", "domainName": headers.get("host"), "domainPrefix": "local",
        "http": {
            "method": request.method().as_str(), "path": request.uri().path(), "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1", "userAgent": headers.get("user-agent"),
        },
        "requestId": "local", "routeKey": route_key, "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(), "timeEpoch": now.as_millisecond(),
    });
    if let Some(claims) = claims {
        let shown: Map<String, Value> = claims.into_iter().map(|(name, value)| (name, claim(&value))).collect();
        context["authorizer"] = json!({ "jwt": { "claims": shown, "scopes": null } });
    }
    let mut event = json!({
        "version": "2.0", "routeKey": route_key, "rawPath": request.uri().path(), "rawQueryString": raw_query,
        "headers": headers, "requestContext": context, "isBase64Encoded": utf8.is_none(),
    });
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query);
    }
    if !parameters.is_empty() {
        event["pathParameters"] = json!(parameters);
    }
    if !request.body().is_empty() {
        event["body"] = utf8.map_or_else(|| json!(STANDARD.encode(request.body())), |text| json!(text));
    } else {
        event["isBase64Encoded"] = json!(false);
    }
    event
}

/// Claims reach a function as texts; lists in brackets, separated by spaces.
fn claim(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text),
        Value::Array(items) => {
            let texts: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            json!(format!("[{}]", texts.join(" ")))
        }
        other => json!(other.to_string()),
    }
}

/// A function's answer: the structured form, or any other JSON as a body with 200.
fn reply(payload: &Bytes) -> Answer {
    let Ok(answer) = serde_json::from_slice::<Value>(payload) else { return message(500, "Internal Server Error") };
    let Some(status) = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()) else {
        return text(200, "application/json", payload.clone());
    };
    let body = answer["body"].as_str().unwrap_or_default();
    let encoded = answer["isBase64Encoded"].as_bool().unwrap_or_default();
    let body: Bytes = if encoded { STANDARD.decode(body).unwrap_or_default().into() } else { body.to_owned().into() };
    let mut reply = text(status, "text/plain", body);
    let headers = answer["headers"].as_object();
    if reply.status().is_redirection()
        || headers.is_some_and(|headers| !headers.contains_key("content-type")) && status != 200
    {
        reply.headers_mut().remove(http::header::CONTENT_TYPE);
    }
    for (name, value) in headers.into_iter().flatten() {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let value = http::HeaderValue::from_str(value.as_str().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            reply.headers_mut().insert(name, value);
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Ok(value) = http::HeaderValue::from_str(cookie) {
            reply.headers_mut().append(http::header::SET_COOKIE, value);
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> RoutePlan {
        RoutePlan { method: "GET".into(), path: path.into(), ..RoutePlan::default() }
    }

    #[test]
    fn the_most_specific_route_wins_and_parameters_are_decoded() {
        let routes = [route("/v1/{proxy+}"), route("/v1/organisations/{id}"), route("/v1/organisations/all")];
        let found = |path: &str| find(&routes, "GET", path).map(|(route, found)| (route.path.clone(), found));
        assert_eq!(found("/v1/organisations/all").unwrap().0, "/v1/organisations/all");
        assert_eq!(found("/v1/organisations/a%20b").unwrap().1["id"], "a b");
        assert_eq!(found("/v1/x/y").unwrap().1["proxy"], "x/y");
        assert_eq!(found("/v2"), None);
        assert!(find(&routes, "POST", "/v1/organisations/all").is_none());
    }

    #[test]
    fn claims_are_shown_as_the_gateway_shows_them() {
        assert_eq!(claim(&json!(["a", "b"])), json!("[a b]"));
        assert_eq!(claim(&json!(17)), json!("17"));
    }
}
