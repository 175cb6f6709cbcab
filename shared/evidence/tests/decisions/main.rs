//! Which lines lack a document, as tables: books and lines in, verdicts out.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod bounds;
mod closing;
mod rules;
mod seeded;
mod world;

use world::{World, all_told};

/// Decides, holds the verdicts against what is expected, and once more with everything fed backwards.
#[track_caller]
pub fn check(text: &str, expected: &[&str]) {
    let mut world = World::new(text);
    assert_eq!(all_told(&world.decide(None)), expected, "{text}");
    world.lines.reverse();
    world.books.bills.reverse();
    world.books.entries.reverse();
    let backwards = world.decide(None);
    assert_eq!(all_told(&backwards), expected, "fed backwards: {text}");
    // Stored and read again, and decided again from there: nothing moves but what is proven, which closes what was open.
    let stored = serde_json::to_string(&backwards).unwrap();
    let read = serde_json::from_str(&stored).unwrap();
    assert_eq!(all_told(&world.decide(Some(&read))), expected, "decided again: {text}");
}
