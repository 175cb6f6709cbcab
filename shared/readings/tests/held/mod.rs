//! What tests hold readings against.
//!
//! Owns how a test names a field: by its place in the reading's JSON, which others read too.

#![allow(dead_code)]

use readings::{NotReadable, Outcome, Reading};
use serde_json::Value;

/// The reading of a document that can be read.
#[track_caller]
pub fn reading(outcome: Outcome) -> Reading {
    match outcome {
        Outcome::Read(reading) => *reading,
        Outcome::NotReadable(refusal) => panic!("{refusal:?}"),
    }
}

/// The refusal of one that cannot; its words are a sentence.
#[track_caller]
pub fn refusal(outcome: Outcome) -> NotReadable {
    match outcome {
        Outcome::NotReadable(refusal) => {
            assert!(refusal.words.ends_with('.'), "{}", refusal.words);
            refusal
        }
        Outcome::Read(reading) => panic!("{reading:?}"),
    }
}

/// Holds fields, named by pointers into the JSON; `none` is for those that have no value.
#[track_caller]
pub fn check(reading: &Reading, expected: &[(&str, &str)]) {
    let json = serde_json::to_value(reading).expect("a reading is JSON");
    for (pointer, value) in expected {
        let found = json.pointer(&format!("{pointer}/value")).unwrap_or(&Value::Null);
        let text = found.get("number").unwrap_or(found);
        assert_eq!(text.as_str().unwrap_or("none"), *value, "{pointer}");
    }
}
