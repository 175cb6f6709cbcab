//! What an answer of Xero means, sorted by who acts next.
//!
//! Sources: Xero's pages "HTTP Response Codes & Errors", "OAuth 2.0 API Limits", "HTTP Requests and Responses". Bodies
//! come as JSON in three shapes, as text or as HTML; the content type decides, never the hope.

use std::time::Duration;

use ports::{HttpResponse, TransportError};
use serde_json::Value;

/// Which of Xero's limits was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// 60 calls a minute for this app at this organisation.
    Minute,
    /// The day's calls for this app at this organisation.
    Day,
    /// 5 calls in flight for this app at this organisation.
    Concurrent,
    /// 10,000 calls a minute for this app.
    AppMinute,
}

/// Why Xero refuses the caller rather than the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// 401: the access token ran out. Refresh once and repeat.
    TokenExpired,
    /// 401 `AuthorizationUnsuccessful`: a scope is missing from the token or the user's role does not allow it.
    ScopeOrRole,
    /// 403 `AuthenticationUnsuccessful`: this organisation is not connected for this token.
    NotConnected,
    /// 403 with another detail: the user lacks a permission in the organisation.
    Role,
}

/// One of Xero's reasons for refusing a request, in Xero's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedReason {
    /// The message as Xero wrote it.
    pub message: String,
}

/// Why a call brought no result.
#[derive(Debug, thiserror::Error)]
pub enum XeroError {
    /// The schedule acts: the same call after the stated time.
    #[error("Xero's {limit:?} limit is reached")]
    Throttled {
        /// Which limit.
        limit: Limit,
        /// How long Xero wants us to wait, or our own guess where it does not say.
        retry_after: Duration,
    },
    /// We or the connecting user act.
    #[error("Xero refused access: {0:?}")]
    Denied(Denied),
    /// A person acts: the request will never be accepted as it is.
    #[error("Xero rejected the request: {}", first_message(reasons))]
    Rejected {
        /// Xero's reasons, at least one.
        reasons: Vec<RejectedReason>,
    },
    /// The record does not exist for this organisation.
    #[error("Xero knows no such record")]
    NotFound,
    /// We act: later, the same call.
    #[error("Xero is unavailable (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long Xero wants us to wait, when it says.
        retry_after: Option<Duration>,
    },
    /// We act: later, the same call; a person if it stays. The answer was not what Xero's API sends.
    #[error("the answer (status {status}, {content_type}) is not Xero's API speaking: {reason}")]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// Its content type.
        content_type: String,
        /// What is wrong, by position, never by content.
        reason: String,
    },
    /// No answer at all.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

fn first_message(reasons: &[RejectedReason]) -> &str {
    reasons.first().map_or("without a reason", |reason| reason.message.as_str())
}

/// Assumed wait when a 429 carries no `Retry-After`, as on the concurrency limit.
const THROTTLED_DEFAULT: Duration = Duration::from_secs(5);

/// Passes a successful JSON answer on and turns every other into an error.
pub fn sort_answer(response: HttpResponse) -> Result<HttpResponse, XeroError> {
    match response.status {
        204 => Ok(response),
        200..=299 => require_json(response),
        400 => Err(XeroError::Rejected { reasons: reasons(&response) }),
        401 => Err(XeroError::Denied(unauthorized(&response))),
        403 => Err(XeroError::Denied(forbidden(&response))),
        404 => Err(XeroError::NotFound),
        429 => Err(throttled(&response)),
        500..=599 => Err(XeroError::Unavailable { status: response.status, retry_after: retry_after(&response) }),
        status => Err(XeroError::Unreadable {
            status,
            content_type: content_type(&response),
            reason: "unexpected status".to_owned(),
        }),
    }
}

fn require_json(response: HttpResponse) -> Result<HttpResponse, XeroError> {
    let content_type = content_type(&response);
    if content_type.contains("json") {
        return Ok(response);
    }
    let reason = "a JSON answer was expected; a proxy or a login page may stand between".to_owned();
    Err(XeroError::Unreadable { status: response.status, content_type, reason })
}

fn content_type(response: &HttpResponse) -> String {
    let value = response.header("content-type").unwrap_or("no content type");
    value.split(';').next().unwrap_or_default().trim().chars().take(80).collect::<String>().to_ascii_lowercase()
}

fn retry_after(response: &HttpResponse) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// Values seen: `minute`, `day`; older `Minute`, `Daily`; compared by prefix in any case.
fn throttled(response: &HttpResponse) -> XeroError {
    let problem = response.header("x-rate-limit-problem").unwrap_or_default().to_ascii_lowercase();
    let limit = match problem.as_str() {
        text if text.starts_with("min") => Limit::Minute,
        text if text.starts_with("da") => Limit::Day,
        text if text.starts_with("app") => Limit::AppMinute,
        text if text.starts_with("con") => Limit::Concurrent,
        _ if response.header("retry-after").is_none() => Limit::Concurrent,
        _ => Limit::Minute,
    };
    XeroError::Throttled { limit, retry_after: retry_after(response).unwrap_or(THROTTLED_DEFAULT) }
}

fn detail(response: &HttpResponse) -> String {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let text = |key: &str| body.as_ref()?.get(key)?.as_str().map(str::to_owned);
    text("Detail").or_else(|| text("detail")).unwrap_or_default()
}

fn unauthorized(response: &HttpResponse) -> Denied {
    let detail = detail(response);
    let challenge = response.header("www-authenticate").unwrap_or_default();
    if challenge.contains("insufficient_scope") || detail.starts_with("AuthorizationUnsuccessful") {
        Denied::ScopeOrRole
    } else {
        Denied::TokenExpired
    }
}

fn forbidden(response: &HttpResponse) -> Denied {
    if detail(response).starts_with("AuthenticationUnsuccessful") { Denied::NotConnected } else { Denied::Role }
}

/// Longest message kept of one reason.
const MESSAGE_CHARS_MAX: usize = 500;
/// Most reasons kept of one answer.
pub const REASONS_MAX: usize = 50;

/// Collects messages wherever Xero puts them: the envelope, elements, lines, contacts; as `Message` or `Description`.
fn reasons(response: &HttpResponse) -> Vec<RejectedReason> {
    let mut found = Vec::new();
    match serde_json::from_slice::<Value>(&response.body) {
        Ok(body) => {
            collect(&body, &mut found);
            if found.is_empty() {
                let text = ["Message", "Detail", "detail", "title"].iter().find_map(|key| body.get(key)?.as_str());
                found.extend(text.map(reason));
            }
        }
        Err(_) => found.push(reason(&format!("an answer of type {}", content_type(response)))),
    }
    if found.is_empty() {
        found.push(reason("Xero gave no reason"));
    }
    found
}

fn collect(value: &Value, found: &mut Vec<RejectedReason>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            for (name, inner) in fields {
                match (name.as_str(), inner) {
                    ("ValidationErrors", Value::Array(errors)) => found.extend(
                        errors
                            .iter()
                            .filter_map(|error| error.get("Message").or_else(|| error.get("Description")))
                            .filter_map(Value::as_str)
                            .map(reason),
                    ),
                    _ => collect(inner, found),
                }
            }
        }
        _ => (),
    }
    found.truncate(REASONS_MAX);
}

fn reason(message: &str) -> RejectedReason {
    RejectedReason { message: message.chars().take(MESSAGE_CHARS_MAX).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpResponse { status, headers, body: body.to_owned().into(), wire_bytes: 0 }
    }

    fn check(response: HttpResponse, expected: &str) {
        let shown = match sort_answer(response) {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert!(shown.contains(expected), "{shown} does not contain {expected}");
    }

    #[test]
    fn each_limit_is_told_apart_with_and_without_retry_after() {
        let minute = [("X-Rate-Limit-Problem", "minute"), ("Retry-After", "37")];
        check(answer(429, &minute, ""), "Throttled { limit: Minute, retry_after: 37s }");
        check(answer(429, &[("X-Rate-Limit-Problem", "Daily"), ("Retry-After", "7200")], ""), "limit: Day");
        check(answer(429, &[("X-Rate-Limit-Problem", "appminute")], ""), "limit: AppMinute");
        check(answer(429, &[], "slow down"), "limit: Concurrent, retry_after: 5s");
    }

    #[test]
    fn losing_access_has_four_faces() {
        let problem = |detail: &str| format!(r#"{{"Type":null,"Title":"x","Status":403,"Detail":"{detail}"}}"#);
        check(answer(401, &[], &problem("TokenExpired: token expired at 08/12/2022")), "TokenExpired");
        check(answer(401, &[("WWW-Authenticate", "insufficient_scope")], ""), "ScopeOrRole");
        check(answer(403, &[], &problem("AuthenticationUnsuccessful")), "NotConnected");
        check(answer(403, &[], "<html>forbidden</html>"), "Role");
    }

    #[test]
    fn reasons_are_found_on_elements_lines_and_contacts() {
        let body = r#"{"ErrorNumber":10,"Message":"A validation exception occurred","Elements":[{"ValidationErrors":[
            {"Message":"Invoice # must be unique."}],"LineItems":[{"ValidationErrors":[{"Description":"No account"}]}]}]}"#;
        let response = answer(400, &[("content-type", "application/json")], body);
        let Err(XeroError::Rejected { reasons }) = sort_answer(response) else { panic!("not rejected") };
        let messages: Vec<_> = reasons.iter().map(|reason| reason.message.as_str()).collect();
        assert!(messages.contains(&"Invoice # must be unique.") && messages.contains(&"No account"));
    }

    #[test]
    fn a_page_that_is_html_is_not_taken_for_an_empty_one() {
        check(answer(200, &[("Content-Type", "text/html; charset=utf-8")], "<html>"), "Unreadable");
        check(answer(503, &[("Retry-After", "9")], "The Xero API is temporarily unavailable"), "retry_after: Some(9s)");
    }
}
