//! The Transport port with faults in front of Xero.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{HttpRequest, HttpResponse, Transport, TransportError};

use super::faults::{Faults, Verdict};

/// Xero, as far as the line to it holds.
pub struct CountedTransport {
    xero: Arc<dyn Transport>,
    faults: Arc<Faults>,
}

impl CountedTransport {
    pub(crate) fn new(xero: Arc<dyn Transport>, faults: Arc<Faults>) -> Self {
        Self { xero, faults }
    }
}

#[async_trait]
impl Transport for CountedTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        match self.faults.judge() {
            Verdict::Live => self.xero.send(request).await,
            Verdict::LoseAnswer => {
                drop(self.xero.send(request).await);
                Err(TransportError::OutcomeUnknown("the worker crashed here".into()))
            }
            Verdict::Dead => Err(TransportError::NotSent("the worker crashed here".into())),
        }
    }
}
