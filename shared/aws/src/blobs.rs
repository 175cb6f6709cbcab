//! The Blobs port on S3: whole files, bounded, each with the SHA-256 that S3 checks.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use kernel::Timestamp;
use ports::{BlobError, Blobs, DownloadTerms, UploadForm, UploadTerms};

use crate::client::AwsSettings;
use crate::form::{Target, fields};

/// What a deployment calls its bucket and the key that encrypts it.
#[derive(Clone, Debug)]
pub struct BucketNames {
    /// The bucket.
    pub bucket: String,
    /// ARN of the KMS key.
    pub storage_key: String,
}

/// S3.
pub struct S3Blobs {
    client: Client,
    settings: AwsSettings,
    names: BucketNames,
}

impl S3Blobs {
    /// A client for one bucket. Nobody is called.
    pub fn new(settings: &AwsSettings, names: BucketNames) -> Self {
        // A bucket in a host's name needs a DNS that knows it.
        let by_path = settings.endpoint("S3").is_some();
        let config = aws_sdk_s3::config::Builder::from(&settings.config("S3")).force_path_style(by_path);
        Self { client: Client::from_conf(config.build()), settings: settings.clone(), names }
    }

    fn address(&self) -> String {
        let BucketNames { bucket, .. } = &self.names;
        match self.settings.endpoint("S3") {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/", self.settings.region()),
        }
    }
}

fn system_time(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_second().try_into().unwrap_or_default())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BlobError {
    BlobError::Unavailable(error.into())
}

#[async_trait]
impl Blobs for S3Blobs {
    fn sign_upload(&self, terms: &UploadTerms, now: Timestamp) -> UploadForm {
        let BucketNames { bucket, storage_key } = &self.names;
        let target = Target { bucket, region: self.settings.region(), storage_key };
        UploadForm { url: self.address(), fields: fields(self.settings.keys(), &target, terms, now) }
    }

    async fn sign_download(&self, terms: &DownloadTerms<'_>, now: Timestamp) -> Result<String, BlobError> {
        let signing = PresigningConfig::builder().start_time(system_time(now)).expires_in(terms.valid_for).build();
        let request = self.client.get_object().bucket(&self.names.bucket).key(terms.key);
        let request = request
            .set_version_id(terms.version.map(str::to_owned))
            .response_content_type(terms.content_type)
            .response_content_disposition(terms.disposition);
        let signed = request.presigned(signing.map_err(unavailable)?).await.map_err(unavailable)?;
        Ok(signed.uri().to_owned())
    }

    async fn put(
        &self,
        key: &str,
        content_type: &str,
        sha256: [u8; 32],
        body: Bytes,
    ) -> Result<Option<String>, BlobError> {
        let request = self.client.put_object().bucket(&self.names.bucket).key(key).content_type(content_type);
        let request = request
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .ssekms_key_id(&self.names.storage_key)
            .checksum_sha256(STANDARD.encode(sha256))
            .body(ByteStream::from(body));
        let answer = request.send().await.map_err(unavailable)?;
        Ok(answer.version_id().map(str::to_owned))
    }

    async fn read(&self, key: &str, version: Option<&str>, bytes_max: usize) -> Result<Bytes, BlobError> {
        let request = self.client.get_object().bucket(&self.names.bucket).key(key);
        let answer = request.set_version_id(version.map(str::to_owned)).send().await;
        let mut answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_no_such_key() || is_missing(refused.meta().code()) => BlobError::Missing,
            _ => unavailable(error),
        })?;
        let stated = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        if stated > bytes_max {
            return Err(BlobError::TooLong { bytes_max });
        }
        // One buffer of the right size: a file that grows doubles takes twice its length.
        let mut body = BytesMut::with_capacity(stated);
        while let Some(chunk) = answer.body.next().await {
            let chunk = chunk.map_err(unavailable)?;
            if body.len() + chunk.len() > bytes_max {
                return Err(BlobError::TooLong { bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

fn is_missing(code: Option<&str>) -> bool {
    matches!(code, Some("NoSuchVersion" | "NoSuchKey" | "NotFound"))
}
