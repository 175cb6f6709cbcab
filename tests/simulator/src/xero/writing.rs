//! Writes.

use ports::HttpRequest;
use serde_json::Value;

use super::accounting::Caller;
use super::address::Address;
use super::books::Books;
use super::endpoints::Endpoint;
use super::reply::{Reply, not_implemented};

pub(super) fn write(_: &mut Books, _: &Caller, _: Endpoint, _: &HttpRequest, _: &[&str], _: &Address) -> Reply {
    not_implemented()
}

pub(super) fn history(_: &Books, _: Endpoint, _: &str) -> Option<Vec<Value>> {
    None
}
