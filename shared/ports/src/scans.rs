//! Reading of pictures: a stored file goes in by its key, what was found on it comes out as it is printed.
//!
//! The words are those of Amazon Textract's AnalyzeExpense, which other such services know too. Nothing here is
//! interpreted: a date is a text, and which of several fields counts, others decide.

use async_trait::async_trait;

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Pages that were looked at.
    pub pages: u32,
    /// Bills and receipts, each with its own fields; a photo may show several.
    pub expenses: Vec<Expense>,
}

/// One bill or receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expense {
    /// What it says as a whole.
    pub summary: Vec<ScanField>,
    /// Rows of its tables in their order, each by its columns.
    pub rows: Vec<Vec<ScanField>>,
    /// Every line of its text, in reading order.
    pub text: Vec<ScanText>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanField {
    /// What it is, such as `VENDOR_NAME`, `INVOICE_RECEIPT_ID`, `TOTAL` or `OTHER`; of a row `ITEM`, `QUANTITY`, `PRICE`.
    pub kind: String,
    /// How sure the reader is of that, per mille.
    pub kind_confidence: u16,
    /// The word beside it, where one is printed.
    pub label: Option<ScanText>,
    /// Its value; none where only the word is printed.
    pub value: Option<ScanText>,
    /// ISO 4217 code of an amount, where the reader tells.
    pub currency: Option<String>,
    /// Whose it is, such as `VENDOR_SUPPLIER` or `RECEIVER_BILL_TO`.
    pub groups: Vec<String>,
}

/// A text as printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanText {
    /// Its letters.
    pub text: String,
    /// How sure the reader is of them, per mille.
    pub confidence: u16,
    /// Its page, from 1.
    pub page: u32,
    /// Where on the page; none where the reader does not tell.
    pub area: Option<Area>,
}

/// Where something stands on its page, each in thousandths of the page's width or height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Of the width, from the left edge.
    pub left: u16,
    /// Of the height, from the upper edge.
    pub top: u16,
    /// Of the width.
    pub width: u16,
    /// Of the height.
    pub height: u16,
}

/// Why a reader refuses a file for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanRefusal {
    /// None of the kinds it reads, or several pages where it reads one.
    Unsupported,
    /// It cannot be opened.
    Bad,
    /// It passes a limit of the reader's.
    TooLarge,
    /// There is no such file, or the reader is not let at it.
    Unreachable,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Too many calls at once. Nothing was read and nothing is charged: the same call later.
    #[error("the reader for pictures takes no more calls just now")]
    Throttled,
    /// Failed, timed out or unreachable. It may have read, and charged for it: a call again is a second one.
    #[error("the reader for pictures did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A person reads it.
    #[error("the reader for pictures refuses the file: {0:?}")]
    Refused(ScanRefusal),
    /// An operator allows it, or turns it off.
    #[error("the reader for pictures is not allowed to this deployment: {0}")]
    NotAllowed(String),
}

/// Reads pictures of bills and receipts.
#[async_trait]
pub trait ScanReader: Send + Sync {
    /// Reads a stored file of one page, once: each call is charged for, so nothing is repeated inside.
    async fn read_scan(&self, key: &str, version: Option<&str>) -> Result<Scanned, ScanError>;
    /// Begins to read a file of several pages; answers the job. The same token is the same job, which is charged for once.
    async fn start_scan(&self, key: &str, version: Option<&str>, token: &str) -> Result<String, ScanError>;
    /// What a job found; none while it is at work.
    async fn finished_scan(&self, job: &str) -> Result<Option<Scanned>, ScanError>;
}
