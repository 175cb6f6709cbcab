//! The Blobs port in memory: every version of every file; forms and links are signed by nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use ports::{BlobError, Blobs, DownloadTerms, UploadForm, UploadTerms};
use ring::digest::{SHA256, digest};

use super::faults::{Faults, Verdict, crash};

/// The files.
pub struct MemoryBlobs {
    /// Versions oldest first.
    files: Mutex<BTreeMap<String, Vec<Bytes>>>,
    faults: Arc<Faults>,
}

impl MemoryBlobs {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self { files: Mutex::default(), faults }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Bytes>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a file as a browser does; answers its version.
    pub fn upload(&self, key: &str, body: impl Into<Bytes>) -> String {
        let mut files = self.lock();
        let versions = files.entry(key.to_owned()).or_default();
        versions.push(body.into());
        versions.len().to_string()
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    fn sign_upload(&self, terms: &UploadTerms, _now: Timestamp) -> UploadForm {
        UploadForm { url: "https://files.example/".to_owned(), fields: vec![("key".to_owned(), terms.key.clone())] }
    }

    async fn sign_download(&self, terms: &DownloadTerms<'_>, _now: Timestamp) -> Result<String, BlobError> {
        let version = terms.version.unwrap_or_default();
        Ok(format!("https://files.example/{}?versionId={version}", terms.key))
    }

    async fn put(
        &self,
        key: &str,
        _content_type: &str,
        sha256: [u8; 32],
        body: Bytes,
    ) -> Result<Option<String>, BlobError> {
        let verdict = self.faults.judge();
        if verdict == Verdict::Dead {
            return Err(BlobError::Unavailable(crash()));
        }
        if digest(&SHA256, &body).as_ref() != sha256 {
            return Err(BlobError::Unavailable("the file is not what it should be".into()));
        }
        let version = self.upload(key, body);
        match verdict {
            Verdict::Live => Ok(Some(version)),
            _ => Err(BlobError::Unavailable(crash())),
        }
    }

    async fn read(&self, key: &str, version: Option<&str>, bytes_max: usize) -> Result<Bytes, BlobError> {
        if self.faults.judge() != Verdict::Live {
            return Err(BlobError::Unavailable(crash()));
        }
        let files = self.lock();
        let versions = files.get(key).ok_or(BlobError::Missing)?;
        let place = match version {
            None => versions.len().checked_sub(1),
            Some(version) => version.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
        };
        let body = place.and_then(|place| versions.get(place)).ok_or(BlobError::Missing)?;
        if body.len() > bytes_max { Err(BlobError::TooLong { bytes_max }) } else { Ok(body.clone()) }
    }
}
