//! Amazon Textract's expense analysis: answers from the pixels of a picture, or refuses as Textract does.
//!
//! Takes the file from this machine's S3 with the rights of whoever calls. It reads letters of one bitmap font, exactly, in
//! PNG files and in PDFs of such pictures; a JPEG or TIFF is taken and nothing is seen in it. A job is at work when somebody
//! first looks, and tells of its pages one answer at a time. Tests make it throttle, fail and hang, as the service does.

mod expense;
mod glyphs;
mod jobs;
mod raster;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};

use self::jobs::Jobs;
use self::raster::{Raster, Unseen};
use super::Roles;
use super::http::{Answer, Server, Whole, bind, serve, text};
use super::s3::Objects;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a synchronous call takes (Amazon Textract Developer Guide, "Set Quotas").
const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextractTrouble {
    /// `ThrottlingException`, which Textract sends as a fault of its own.
    Throttled,
    /// `ProvisionedThroughputExceededException`.
    OverProvisioned,
    /// `InternalServerError`.
    Fails,
    /// No answer ever comes.
    Hangs,
}

/// The controls of the service.
#[derive(Default)]
pub struct Textract {
    troubles: Mutex<VecDeque<TextractTrouble>>,
    calls: AtomicUsize,
    jobs: Jobs,
}

impl Textract {
    /// The next calls end like this, one each.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = TextractTrouble>) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).extend(troubles);
    }

    /// Jobs there are, each charged for once.
    pub fn jobs(&self) -> usize {
        self.jobs.count()
    }

    /// Calls that were let in.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn next(&self) -> Option<TextractTrouble> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

pub(super) async fn start(textract: Arc<Textract>, objects: Arc<Objects>, roles: Arc<Roles>) -> anyhow::Result<Server> {
    serve(bind(0).await?, REQUEST_BYTES_MAX, move |request| {
        let (textract, objects, roles) = (textract.clone(), objects.clone(), roles.clone());
        async move {
            if let Some(refusal) = roles.refusal(&request) {
                return refusal;
            }
            match textract.next() {
                Some(TextractTrouble::Hangs) => std::future::pending().await,
                Some(TextractTrouble::Fails) => refused(500, "InternalServerError"),
                Some(TextractTrouble::Throttled) => refused(500, "ThrottlingException"),
                Some(TextractTrouble::OverProvisioned) => refused(400, "ProvisionedThroughputExceededException"),
                None => match answer(&textract, &request, &objects, &roles) {
                    Ok(answer) => text(200, CONTENT_TYPE, answer.to_string()),
                    Err(kind) => refused(400, kind),
                },
            }
        }
    })
}

fn refused(status: u16, kind: &str) -> Answer {
    let message = format!("{kind}, as this machine's Textract sends it");
    text(status, CONTENT_TYPE, json!({ "__type": kind, "message": message }).to_string())
}

fn answer(textract: &Textract, request: &Whole, objects: &Objects, roles: &Roles) -> Result<Value, &'static str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_slice(request.body()).map_err(|_| "SerializationException")?;
    let caller = header("authorization").split("Credential=").nth(1).unwrap_or_default();
    let caller = caller.split('/').next().unwrap_or_default();
    match header("x-amz-target") {
        "Textract.AnalyzeExpense" => {
            let file = file(&body["Document"]["S3Object"], caller, objects, roles)?;
            if file.len() > FILE_BYTES_MAX {
                return Err("DocumentTooLargeException");
            }
            let pages = pages(&file)?;
            if pages.len() > 1 {
                return Err("UnsupportedDocumentException");
            }
            Ok(json!({ "DocumentMetadata": { "Pages": 1 }, "ExpenseDocuments": pages }))
        }
        "Textract.StartExpenseAnalysis" => {
            let place = &body["DocumentLocation"]["S3Object"];
            let file = file(place, caller, objects, roles)?;
            textract.jobs.start(body["ClientRequestToken"].as_str(), place, || pages(&file).ok())
        }
        "Textract.GetExpenseAnalysis" => {
            textract.jobs.look(body["JobId"].as_str().unwrap_or_default(), body["NextToken"].as_str())
        }
        _ => Err("UnknownOperationException"),
    }
}

/// A file of this machine's S3, which Textract asks in the caller's name.
fn file(object: &Value, caller: &str, objects: &Objects, roles: &Roles) -> Result<Bytes, &'static str> {
    let (Some(bucket), Some(name)) = (object["Bucket"].as_str(), object["Name"].as_str()) else {
        return Err("InvalidParameterException");
    };
    let version = object["Version"].as_str();
    let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    if roles.forbids(caller, action, &format!("{bucket}/{name}")) {
        return Err("InvalidS3ObjectException");
    }
    objects.find(bucket, name, version).map(|object| object.body).ok_or("InvalidS3ObjectException")
}

/// What is seen on each page.
fn pages(file: &[u8]) -> Result<Vec<Value>, &'static str> {
    let pages = Raster::pages_of(file).map_err(|unseen| match unseen {
        Unseen::Unsupported => "UnsupportedDocumentException",
        Unseen::Bad => "BadDocumentException",
        Unseen::TooLarge => "DocumentTooLargeException",
    })?;
    Ok((1..).zip(&pages).map(|(number, page)| expense::document(page, number, &glyphs::lines(page))).collect())
}
