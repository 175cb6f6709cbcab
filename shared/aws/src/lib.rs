//! The ports on AWS: DynamoDB, SQS, S3, KMS, Secrets Manager, Textract, and HTTPS to Xero.
//!
//! Owns every AWS type of the house; none leaves this crate. Region, credentials and addresses come from the
//! environment only (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, …, `AWS_ENDPOINT_URL_<SERVICE>`), so that start-up asks nobody.

mod blobs;
mod client;
mod clock;
mod connect;
mod form;
mod queue;
mod secrets;
mod table;
mod textract;
mod transport;
mod vault;

pub use blobs::{BucketNames, S3Blobs};
pub use client::{AwsSettings, SettingsError};
pub use clock::{SystemClock, SystemRandom};
pub use connect::{ConnectError, Names, connect};
pub use queue::SqsQueue;
pub use secrets::SecretsReader;
pub use table::DynamoTable;
pub use textract::{SCAN_TIME_MAX, TextractReader};
pub use transport::HttpsTransport;
pub use vault::KmsVault;
