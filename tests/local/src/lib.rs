//! The whole system on one machine: what `infra/template.yaml` deploys, started as processes on loopback.

pub mod cloud;
pub mod gateway;
pub mod plan;
pub mod runtime;
pub mod schedules;
pub mod sources;
pub mod template;
