//! A line to Xero on which a test changes what comes back: pages no simulator would send, seen by nobody else.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use ports::{HttpRequest, HttpResponse, Transport, TransportError};
use simulator::xero::Xero;

/// What a test makes of an answer.
pub type Rule = Box<dyn FnMut(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError> + Send>;

/// The line.
pub struct Line {
    xero: Xero,
    rule: Mutex<Option<Rule>>,
}

impl Line {
    /// A line that changes nothing yet.
    pub fn to(xero: Xero) -> Self {
        Self { xero, rule: Mutex::default() }
    }

    /// From now on every answer passes this.
    pub fn spoil(
        &self,
        rule: impl FnMut(&HttpRequest, HttpResponse) -> Result<HttpResponse, TransportError> + Send + 'static,
    ) {
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(rule));
    }

    /// Answers come as Xero sends them again.
    pub fn mend(&self) {
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let answer = self.xero.send(request.clone()).await?;
        match self.rule.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(rule) => rule(&request, answer),
            None => Ok(answer),
        }
    }
}

/// The same answer with another body.
pub fn with_body(answer: HttpResponse, content_type: &str, body: impl Into<bytes::Bytes>) -> HttpResponse {
    let mut headers = answer.headers;
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    headers.push(("content-type".to_owned(), content_type.to_owned()));
    HttpResponse { headers, body: body.into(), ..answer }
}

/// A page of some gateway that calls itself a success.
pub fn html(answer: HttpResponse) -> HttpResponse {
    with_body(answer, "text/html", "<html><body>One moment, please</body></html>")
}

/// The same answer after a change of its JSON.
pub fn edited(answer: HttpResponse, edit: impl FnOnce(&mut serde_json::Value)) -> HttpResponse {
    let mut body: serde_json::Value = serde_json::from_slice(&answer.body).expect("Xero sends JSON");
    edit(&mut body);
    with_body(answer, "application/json", body.to_string())
}
