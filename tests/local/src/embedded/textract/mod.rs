//! Amazon Textract's AnalyzeExpense: answers from the pixels of a picture, or refuses as Textract does.
//!
//! Takes the file from this machine's S3 with the rights of whoever calls. It reads letters of one bitmap font, exactly, in
//! PNG files and in PDFs of one such picture; a JPEG or TIFF is taken and nothing is seen in it. Tests make it throttle,
//! fail and hang, as the service does.

mod expense;
mod glyphs;
mod raster;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

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
}

impl Textract {
    /// The next calls end like this, one each.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = TextractTrouble>) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).extend(troubles);
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
                None => match analyze(&request, &objects, &roles) {
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

fn analyze(request: &Whole, objects: &Objects, roles: &Roles) -> Result<Value, &'static str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("x-amz-target") != "Textract.AnalyzeExpense" {
        return Err("UnknownOperationException");
    }
    let body: Value = serde_json::from_slice(request.body()).map_err(|_| "SerializationException")?;
    let object = &body["Document"]["S3Object"];
    let (Some(bucket), Some(name)) = (object["Bucket"].as_str(), object["Name"].as_str()) else {
        return Err("InvalidParameterException");
    };
    let version = object["Version"].as_str();
    // Textract asks S3 in the caller's name.
    let caller = header("authorization").split("Credential=").nth(1).unwrap_or_default();
    let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    if roles.forbids(caller.split('/').next().unwrap_or_default(), action, &format!("{bucket}/{name}")) {
        return Err("InvalidS3ObjectException");
    }
    let file = objects.find(bucket, name, version).ok_or("InvalidS3ObjectException")?.body;
    if file.len() > FILE_BYTES_MAX {
        return Err("DocumentTooLargeException");
    }
    match Raster::of(&file) {
        Ok(raster) => Ok(expense::answer(&raster, &glyphs::lines(&raster))),
        Err(Unseen::Nothing) => Ok(expense::answer(&Raster::default(), &[])),
        Err(Unseen::Unsupported) => Err("UnsupportedDocumentException"),
        Err(Unseen::Bad) => Err("BadDocumentException"),
        Err(Unseen::TooLarge) => Err("DocumentTooLargeException"),
    }
}
