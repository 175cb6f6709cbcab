//! Xero's protocol without I/O: requests as values, answers read into types, errors sorted by who acts next.
//!
//! Owns wire shapes, scopes, tokens' claims and the rules of Xero's limits. Never sends anything, never reads a clock:
//! callers hand requests to the Transport port and give the answer and the time back to this crate.

pub mod access_token;
pub mod budget;
pub mod catalogue;
pub mod connections;
pub mod dates;
pub mod links;
pub mod oauth;
pub mod page;
pub mod scopes;

mod error;
mod request;

pub use error::{Denied, Limit, REASONS_MAX, RejectedReason, XeroError, sort_answer};
pub use request::{
    Api, ApiRead, ApiWrite, IDEMPOTENCY_KEY_CHARS_MAX, IdempotencyKey, KeyUnusable, LimitHeaders, WriteMethod,
    XeroAddresses, read_request, write_request,
};
