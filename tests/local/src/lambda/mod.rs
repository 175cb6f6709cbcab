//! What AWS runs around our functions: the Lambda Runtime API, the HTTP API, SQS event sources, schedules.
//!
//! Each function is its own binary and process, spoken to over the real Runtime API; what is started and joined is read
//! from the template that deploys.

pub mod gateway;
pub mod issuer;
pub mod outcome;
pub mod runtime;
pub mod schedules;
pub mod sources;
