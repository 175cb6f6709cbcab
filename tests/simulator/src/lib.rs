//! Everything outside our own code, in memory and under virtual time.
//!
//! `xero` is a faithful Xero organisation behind the Transport port; `aws` holds exact models of SQS, S3 and KMS, which
//! the local stack serves over AWS's own protocols; `world` joins them into a seeded test world with faults.

pub mod sqs;
pub mod world;
pub mod xero;
