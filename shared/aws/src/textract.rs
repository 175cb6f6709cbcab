//! The ScanReader port on Amazon Textract: AnalyzeExpense for one page, a job of StartExpenseAnalysis for several.
//!
//! Textract takes the file from the bucket itself, with the rights of our role; no byte of it passes through here. It
//! charges for each page it reads, so nothing is repeated on its own: who asks decides whether to ask again.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_textract::Client;
use aws_sdk_textract::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_textract::types::{
    Block, BlockType, Document, DocumentLocation, ExpenseDetection, ExpenseDocument, ExpenseField, Geometry, JobStatus,
    S3Object,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use ports::{Area, Expense, ScanError, ScanField, ScanReader, ScanRefusal, ScanText, Scanned};

use crate::client::AwsSettings;

/// Time for one reading. A page takes seconds; the function that asks has sixty.
pub const SCAN_TIME_MAX: Duration = Duration::from_secs(40);
/// Fields, rows, and lines of text that are taken of one bill; one page has fewer.
const PARTS_MAX: usize = 2_000;
/// Answers in which one job's findings come, each with up to twenty bills.
const ANSWERS_MAX: usize = 50;
/// Letters of one text; longer ones are cut.
const TEXT_CHARS_MAX: usize = 1_000;

/// Textract.
pub struct TextractReader {
    client: Client,
    bucket: String,
    time_max: Duration,
}

impl TextractReader {
    /// A client for files of one bucket, with so much time for each. Nobody is called.
    pub fn new(settings: &AwsSettings, bucket: String, time_max: Duration) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(time_max).operation_attempt_timeout(time_max);
        let config = aws_sdk_textract::config::Builder::from(&settings.config("TEXTRACT"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.connect_timeout(Duration::from_secs(2)).build());
        Self { client: Client::from_conf(config.build()), bucket, time_max }
    }

    fn object(&self, key: &str, version: Option<&str>) -> S3Object {
        S3Object::builder().bucket(&self.bucket).name(key).set_version(version.map(str::to_owned)).build()
    }

    /// Every answer of a job that has ended.
    async fn findings(&self, job: &str) -> Result<Option<Scanned>, ScanError> {
        let (mut scanned, mut next) = (Scanned::default(), None);
        for _ in 0..ANSWERS_MAX {
            let request = self.client.get_expense_analysis().job_id(job).set_next_token(next);
            let answer = request.send().await.map_err(why)?;
            match answer.job_status() {
                Some(JobStatus::InProgress) => return Ok(None),
                Some(JobStatus::Succeeded | JobStatus::PartialSuccess) => (),
                _ => return Err(ScanError::Refused(ScanRefusal::Bad)),
            }
            scanned.pages = pages(answer.document_metadata().and_then(|metadata| metadata.pages()));
            scanned.expenses.extend(answer.expense_documents().iter().take(PARTS_MAX).map(expense));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(Some(scanned));
            }
        }
        Err(ScanError::Refused(ScanRefusal::TooLarge))
    }
}

fn pages(stated: Option<i32>) -> u32 {
    stated.and_then(|pages| pages.try_into().ok()).unwrap_or(1)
}

#[async_trait]
impl ScanReader for TextractReader {
    async fn read_scan(&self, key: &str, version: Option<&str>) -> Result<Scanned, ScanError> {
        let document = Document::builder().s3_object(self.object(key, version)).build();
        let answer = self.client.analyze_expense().document(document).send().await.map_err(why)?;
        let pages = pages(answer.document_metadata().and_then(|metadata| metadata.pages()));
        let expenses = answer.expense_documents().iter().take(PARTS_MAX).map(expense).collect();
        Ok(Scanned { pages, expenses })
    }

    async fn start_scan(&self, key: &str, version: Option<&str>, token: &str) -> Result<String, ScanError> {
        let place = DocumentLocation::builder().s3_object(self.object(key, version)).build();
        let request = self.client.start_expense_analysis().document_location(place).client_request_token(token);
        let answer = request.send().await.map_err(why)?;
        answer.job_id().map(str::to_owned).ok_or_else(|| ScanError::Unavailable("Textract named no job".into()))
    }

    async fn finished_scan(&self, job: &str) -> Result<Option<Scanned>, ScanError> {
        let findings = tokio::time::timeout(self.time_max, self.findings(job)).await;
        findings.unwrap_or_else(|elapsed| Err(ScanError::Unavailable(elapsed.into())))
    }
}

/// Codes by which AWS says that there are too many calls or jobs; the last two are of the account as a whole.
const THROTTLES: [&str; 5] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
];
/// Codes by which AWS says that this account or role may not use the service.
const NOT_ALLOWED: [&str; 4] =
    ["AccessDeniedException", "AccessDenied", "SubscriptionRequiredException", "OptInRequired"];

fn why<E>(error: SdkError<E>) -> ScanError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let refused = |refusal| ScanError::Refused(refusal);
    match error.code().unwrap_or_default() {
        code if THROTTLES.contains(&code) => ScanError::Throttled,
        code if NOT_ALLOWED.contains(&code) => ScanError::NotAllowed(code.to_owned()),
        "UnsupportedDocumentException" => refused(ScanRefusal::Unsupported),
        "BadDocumentException" | "InvalidParameterException" => refused(ScanRefusal::Bad),
        "DocumentTooLargeException" => refused(ScanRefusal::TooLarge),
        // A job is known for seven days.
        "InvalidS3ObjectException" | "InvalidJobIdException" => refused(ScanRefusal::Unreachable),
        _ => ScanError::Unavailable(error.into()),
    }
}

fn expense(document: &ExpenseDocument) -> Expense {
    let summary = document.summary_fields().iter().take(PARTS_MAX).map(field).collect();
    let rows = document.line_item_groups().iter().flat_map(|group| group.line_items()).take(PARTS_MAX);
    let rows = rows.map(|row| row.line_item_expense_fields().iter().take(PARTS_MAX).map(field).collect()).collect();
    let lines = document.blocks().iter().filter(|block| block.block_type() == Some(&BlockType::Line));
    Expense { summary, rows, text: lines.take(PARTS_MAX).map(line).collect() }
}

fn field(found: &ExpenseField) -> ScanField {
    let page = page(found.page_number());
    let kind = found.r#type();
    let groups = found.group_properties().iter().flat_map(|group| group.types()).take(PARTS_MAX);
    ScanField {
        kind: cut(kind.and_then(|kind| kind.text())),
        kind_confidence: percent(kind.and_then(|kind| kind.confidence())),
        label: found.label_detection().map(|label| text(label, page)).filter(|label| !label.text.is_empty()),
        value: found.value_detection().map(|value| text(value, page)).filter(|value| !value.text.is_empty()),
        currency: found.currency().and_then(|currency| currency.code()).map(str::to_owned),
        groups: groups.cloned().collect(),
    }
}

fn text(found: &ExpenseDetection, page: u32) -> ScanText {
    let (text, confidence) = (cut(found.text()), percent(found.confidence()));
    ScanText { text, confidence, page, area: found.geometry().and_then(area) }
}

fn line(block: &Block) -> ScanText {
    let (text, confidence, page) = (cut(block.text()), percent(block.confidence()), page(block.page()));
    ScanText { text, confidence, page, area: block.geometry().and_then(area) }
}

fn cut(text: Option<&str>) -> String {
    text.unwrap_or_default().trim().chars().take(TEXT_CHARS_MAX).collect()
}

/// One where it is not stated: AnalyzeExpense reads one page.
fn page(stated: Option<i32>) -> u32 {
    stated.and_then(|page| page.try_into().ok()).filter(|page| *page > 0).unwrap_or(1)
}

fn area(geometry: &Geometry) -> Option<Area> {
    let found = geometry.bounding_box()?;
    let part = |fraction| decimal(&format!("{fraction:.3}"));
    Some(Area {
        left: part(found.left()),
        top: part(found.top()),
        width: part(found.width()),
        height: part(found.height()),
    })
}

/// Per mille of a percentage; what is not stated is not sure.
fn percent(stated: Option<impl std::fmt::Display>) -> u16 {
    stated.map_or(0, |percent| decimal(&format!("{percent:.1}")))
}

/// The digits of a fixed decimal as a whole number of up to a thousand: no float is reckoned with.
fn decimal(written: &str) -> u16 {
    let digits: String = written.chars().filter(|letter| *letter != '.').collect();
    digits.parse::<u16>().unwrap_or_default().min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_become_whole_thousandths_and_what_is_no_number_becomes_none() {
        assert_eq!((percent(Some(99.96)), percent(Some(87.898)), percent(Some(0.04))), (1_000, 879, 0));
        assert_eq!((percent(Some(f32::NAN)), percent(Some(-3.0)), percent(Some(1e30))), (0, 0, 0));
        assert_eq!((percent(None::<f32>), decimal("0.125"), decimal("1.000")), (0, 125, 1_000));
    }
}
