//! Answers before they become HTTP: success bodies and every error shape Xero uses.
//!
//! Sources: "HTTP Response Codes & Errors" and "HTTP Requests and Responses" of the Accounting API; the problem object
//! of 401 and 403 as captured by developers. Each error of one shape is made in one function here.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Status, headers and body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    #[serde(with = "super::keep::bytes_as_text")]
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::typed(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", body.to_owned())
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self::typed(status, "text/html; charset=utf-8", body.to_owned())
    }

    pub(super) fn typed(status: u16, kind: &str, body: String) -> Self {
        Self::empty(status).with("Content-Type", kind).body(body)
    }

    fn body(mut self, body: String) -> Self {
        self.body = Bytes::from(body);
        self
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn is_json(&self) -> bool {
        let kind = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        kind.is_some_and(|(_, value)| value.contains("json"))
    }
}

/// The PascalCase problem of 401 and 403.
pub(super) fn problem(status: u16, detail: &str, instance: uuid::Uuid) -> Reply {
    let title = if status == 401 { "Unauthorized" } else { "Forbidden" };
    let body = json!({
        "Type": null, "Title": title, "Status": status, "Detail": detail,
        "Instance": instance.to_string(), "Extensions": {},
    });
    Reply::json(status, &body)
}

pub(super) fn not_found() -> Reply {
    Reply::text(404, "The resource you're looking for cannot be found")
}

pub(super) fn not_implemented() -> Reply {
    api_error(501, 20, "NotImplementedException", "This method is not implemented by the simulator")
}

/// The envelope of errors that concern the whole request.
pub(super) fn api_error(status: u16, number: u32, kind: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "ErrorNumber": number, "Type": kind, "Message": message }))
}

/// 14: the body cannot be read as what it must be.
pub(super) fn post_data_invalid(message: &str) -> Reply {
    api_error(400, 14, "PostDataInvalidException", message)
}

/// 16: a `where` or `order` that cannot be read.
pub(super) fn query_unreadable(message: &str) -> Reply {
    api_error(400, 16, "QueryParseException", message)
}

/// 17: nothing to work on.
pub(super) fn no_data() -> Reply {
    let text = "No data has been processed for this endpoint. This endpoint expects at least one element in its body.";
    api_error(400, 17, "NoDataProcessedException", text)
}

/// 10: business rules, each refused element echoed with its messages.
pub(super) fn validation(elements: Vec<Value>) -> Reply {
    let body = json!({
        "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
        "Elements": elements,
    });
    Reply::json(400, &body)
}

/// 10 as well: a parameter of a report that is not of its kind.
pub(super) fn report_unreadable(parameter: &str, kind: &str) -> Reply {
    let message = format!("Report Parameter {parameter} could not be parsed as a {kind}");
    let body = json!({ "ErrorNumber": 10, "Type": "ValidationException", "Message": message, "Elements": [] });
    Reply::json(400, &body)
}

/// `[{"Message": …}]`.
pub(super) fn messages(texts: &[String]) -> Value {
    texts.iter().map(|text| json!({ "Message": text })).collect()
}
