//! Requests of an API Gateway HTTP API (payload format 2.0) and the answers it takes.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::WorkspaceId;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;

use crate::problem::Problem;

/// Who calls, from claims the gateway has verified. There is no other way to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The claim that names the workspace.
    pub workspace: WorkspaceId,
    /// The claim `sub`: the acting person.
    pub actor: String,
}

/// One request.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// `GET /v1/organisations/{tenant_id}`.
    pub route: String,
    /// The parameters of the path.
    pub path: HashMap<String, String>,
    /// The parameters of the query.
    pub query: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes as they were sent.
    pub body: Bytes,
    /// Verified claims, as text.
    claims: HashMap<String, String>,
}

/// Longest name of an acting person.
const ACTOR_CHARS_MAX: usize = 128;

impl ApiRequest {
    fn of(event: ApiGatewayV2httpRequest) -> Option<Self> {
        let body = event.body.unwrap_or_default();
        let body = if event.is_base64_encoded { STANDARD.decode(body).ok()?.into() } else { Bytes::from(body) };
        let jwt = event.request_context.authorizer.and_then(|authorizer| authorizer.jwt);
        let mut query: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in event.query_string_parameters.iter() {
            // A parameter that is sent twice has both values, as the gateway writes them: nobody means the last alone.
            let both = |all: &mut String| *all = format!("{all},{value}");
            query.entry(name.to_owned()).and_modify(both).or_insert_with(|| value.to_owned());
        }
        Some(Self {
            route: event.route_key.or(event.request_context.route_key).unwrap_or_default(),
            path: event.path_parameters,
            query,
            headers: event.headers,
            body,
            claims: jwt.map(|jwt| jwt.claims).unwrap_or_default(),
        })
    }

    /// The caller; `claim` names the workspace. `None` when the claims do not name one.
    pub fn caller(&self, claim: &str) -> Option<Caller> {
        let workspace = self.claims.get(claim)?.parse().ok()?;
        let actor = self.claims.get("sub").map(|sub| sub.chars().take(ACTOR_CHARS_MAX).collect())?;
        Some(Caller { workspace, actor })
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiReply {
    /// The HTTP status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, empty for none.
    pub body: String,
}

impl ApiReply {
    /// A status and nothing else.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// A redirect that no cache keeps and that tells the next page nothing of where it came from.
    pub fn redirect(location: String) -> Self {
        let headers = vec![
            ("location", location),
            ("cache-control", "no-store".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
        ];
        Self { status: 302, headers, body: String::new() }
    }

    /// A JSON answer.
    pub fn json<T: Serialize>(status: u16, body: &T) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self::typed(status, "application/json", body),
            Err(_) => Self::problem(&Problem::unavailable()),
        }
    }

    /// An answer of another type.
    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        Self::typed(status, content_type, body)
    }

    /// A problem answer.
    pub fn problem(problem: &Problem) -> Self {
        let body = serde_json::to_string(problem).expect("a problem is texts, numbers and JSON");
        Self::typed(problem.status, "application/problem+json", body)
    }

    fn typed(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        Self { status, headers, body }
    }

    fn into_event(self) -> ApiGatewayV2httpResponse {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let mut event = ApiGatewayV2httpResponse::default();
        event.status_code = i64::from(self.status);
        event.headers = headers;
        event.body = (!self.body.is_empty()).then_some(Body::Text(self.body));
        event
    }
}

impl From<Problem> for ApiReply {
    fn from(problem: Problem) -> Self {
        Self::problem(&problem)
    }
}

/// Runs a function behind the gateway whose errors are problems.
pub async fn run_api<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(ApiRequest) -> Fut,
    Fut: Future<Output = Result<ApiReply, Problem>>,
{
    run_plain_api(|request| async {
        match request {
            Some(request) => handle(request).await.unwrap_or_else(|problem| ApiReply::problem(&problem)),
            None => Problem::bad_request("body-encoding", "The body's encoding cannot be read.").into(),
        }
    })
    .await
}

/// Runs a function behind the gateway that answers everything itself, bodies that cannot be decoded included.
pub async fn run_plain_api<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(Option<ApiRequest>) -> Fut,
    Fut: Future<Output = ApiReply>,
{
    let service = service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
        // Boxed: the SDK's futures nest so deep that the compiler gives up on their layout otherwise.
        let handled = Box::pin(handle(ApiRequest::of(event.payload)));
        async { Ok::<_, Error>(handled.await.into_event()) }
    });
    lambda_runtime::run(service).await
}
