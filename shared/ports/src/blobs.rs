//! Files: kept whole under keys, uploaded by browsers and downloaded by people without passing through a function.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;

/// Why the storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Throttled, timed out or unreachable. A write may have happened; repeating it is safe.
    #[error("the file storage is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No such file, or no such version of it.
    #[error("there is no such file")]
    Missing,
    /// Longer than the caller takes.
    #[error("the file is longer than {bytes_max} bytes")]
    TooLong {
        /// What the caller takes.
        bytes_max: usize,
    },
}

/// What one browser may upload, once or again until the form expires: this key, this type, these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTerms {
    /// The whole key.
    pub key: String,
    /// The exact content type.
    pub content_type: String,
    /// Length of the file in bytes, both ends included.
    pub bytes: (u64, u64),
    /// SHA-256 of the file; another file is refused.
    pub sha256: [u8; 32],
    /// From then on it is refused.
    pub expires_at: Timestamp,
}

/// A form that uploads a file: posted as `multipart/form-data`, these fields first and the file last, as `file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadForm {
    /// Where to post it.
    pub url: String,
    /// Fields in their order.
    pub fields: Vec<(String, String)>,
}

/// What a link to a file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadTerms<'a> {
    /// The key.
    pub key: &'a str,
    /// Which version of it; the newest when absent.
    pub version: Option<&'a str>,
    /// The content type that is answered.
    pub content_type: &'a str,
    /// `Content-Disposition` that is answered.
    pub disposition: &'a str,
    /// How long the link works.
    pub valid_for: Duration,
}

/// Object storage.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Signs a form. Calls nobody.
    fn sign_upload(&self, terms: &UploadTerms, now: Timestamp) -> UploadForm;
    /// Signs a link. Calls nobody.
    async fn sign_download(&self, terms: &DownloadTerms<'_>, now: Timestamp) -> Result<String, BlobError>;
    /// Stores a file, verified by its SHA-256 on the way; answers its version where versions are kept.
    async fn put(
        &self,
        key: &str,
        content_type: &str,
        sha256: [u8; 32],
        body: Bytes,
    ) -> Result<Option<String>, BlobError>;
    /// Reads a file of at most so many bytes.
    async fn read(&self, key: &str, version: Option<&str>, bytes_max: usize) -> Result<Bytes, BlobError>;
}
