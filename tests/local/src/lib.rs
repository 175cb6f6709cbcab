//! The whole system on one machine: what `infra/template.yaml` deploys, started as processes on loopback.
//!
//! Everything is real but the clouds: function binaries over the Lambda Runtime API, AWS's protocols spoken by the real
//! SDK to embedded servers, and a Xero organisation over HTTP. Nothing listens beyond 127.0.0.1.

pub mod build;
pub mod caller;
pub mod embedded;
pub mod host;
pub mod lambda;
pub mod plan;
pub mod stack;
pub mod template;
