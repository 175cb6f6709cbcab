//! Xero's limits as a row: 5 calls in flight, 60 a minute and the day's quota for one app at one organisation.
//!
//! Source: OAuth 2.0 API Limits page. Windows are fixed and start at a moment only Xero knows, so our own count is a
//! first guess and every answer's headers correct it. Nothing here waits: a refusal says from when on to try again.

use std::time::Duration;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Limit;
use crate::request::LimitHeaders;

/// Xero's limit of calls in flight for one app at one organisation.
pub const IN_FLIGHT_MAX: usize = 5;
/// Xero's limit of calls a minute for one app at one organisation.
pub const MINUTE_MAX: u32 = 60;
/// Left for a person who waits at a screen while a long load runs.
const DAY_RESERVE: u32 = 50;
/// Longer than any call may take: a slot that its holder never gave back is free after this.
const SLOT_SPAN: Duration = Duration::from_secs(60);

/// Closed for longer than this, it is the day's limit that closes.
const DAY_CLOSED_SECS_MIN: i64 = 300;

/// Who asks: background work leaves a reserve of the day's calls to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A schedule or a webhook.
    Background,
    /// A person waits for it.
    Person,
}

/// The stored budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// When each call in flight gives its slot back at the latest.
    #[serde(default)]
    in_flight: Vec<Timestamp>,
    /// The start of the minute we count in.
    minute_from: Option<Timestamp>,
    /// Calls made in it.
    minute_used: u32,
    /// Calls left today as Xero last said, and when it said so.
    day_remaining: Option<(u32, Timestamp)>,
    /// Until when Xero wants no call at all, and which limit said so.
    closed: Option<(Timestamp, String)>,
}

/// A call that may be made now. Give it back with [`Budget::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    until: Timestamp,
}

/// No call now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// From when on to try again.
    pub until: Timestamp,
    /// Which limit closes it, in words.
    pub reason: String,
}

fn after(now: Timestamp, span: Duration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

impl Budget {
    /// Asks for one call.
    pub fn take(&mut self, now: Timestamp, urgency: Urgency) -> Result<Slot, Closed> {
        if let Some((until, reason)) = self.closed.clone().filter(|(until, _)| now < *until) {
            return Err(Closed { until, reason });
        }
        self.closed = None;
        self.in_flight.retain(|until| now < *until);
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return Err(Closed { until: after(now, Duration::from_secs(2)), reason: "5 calls are in flight".into() });
        }
        self.roll_minute(now);
        if self.minute_used >= MINUTE_MAX {
            let from = self.minute_from.unwrap_or(now);
            return Err(Closed {
                until: after(from, Duration::from_secs(60)),
                reason: "60 calls in this minute".into(),
            });
        }
        if urgency == Urgency::Background && self.day_left(now).is_some_and(|left| left <= DAY_RESERVE) {
            let until = after(now, Duration::from_secs(3600));
            return Err(Closed { until, reason: "the rest of today's calls is kept for people".into() });
        }
        let slot = Slot { until: after(now, SLOT_SPAN) };
        self.in_flight.push(slot.until);
        self.minute_used += 1;
        Ok(slot)
    }

    /// Gives a call back and believes what Xero said about the limits.
    pub fn settle(&mut self, slot: Slot, now: Timestamp, said: &LimitHeaders) {
        if let Some(at) = self.in_flight.iter().position(|until| *until == slot.until) {
            self.in_flight.swap_remove(at);
        }
        if let Some(left) = said.minute_remaining {
            self.roll_minute(now);
            self.minute_used = MINUTE_MAX.saturating_sub(left).max(self.in_flight.len() as u32);
        }
        if let Some(left) = said.day_remaining {
            self.day_remaining = Some((left, now));
        }
    }

    /// Closes the budget because Xero said so.
    pub fn close(&mut self, limit: Limit, now: Timestamp, retry_after: Duration) {
        let reason = match limit {
            Limit::Minute => "Xero's limit of 60 calls a minute",
            Limit::Day => "Xero's limit of calls a day",
            Limit::Concurrent => "Xero's limit of 5 calls in flight",
            Limit::AppMinute => "Xero's limit of 10,000 calls a minute for this app",
        };
        self.closed = Some((after(now, retry_after), reason.to_owned()));
    }

    /// Calls left today, if Xero said so within the last day.
    pub fn day_left(&self, now: Timestamp) -> Option<u32> {
        let (left, said_at) = self.day_remaining?;
        (now.duration_since(said_at).as_secs() < 24 * 3600).then_some(left)
    }

    /// From when on calls are allowed again, when Xero allows none today.
    pub fn day_spent_until(&self, now: Timestamp) -> Option<Timestamp> {
        let for_hours =
            self.closed.as_ref().filter(|(until, _)| now.duration_until(*until).as_secs() > DAY_CLOSED_SECS_MIN);
        match for_hours {
            Some((until, _)) => Some(*until),
            None => (self.day_left(now) == Some(0)).then(|| after(now, Duration::from_secs(3600))),
        }
    }

    fn roll_minute(&mut self, now: Timestamp) {
        let over = self.minute_from.is_none_or(|from| now.duration_since(from).as_secs() >= 60);
        if over {
            self.minute_from = Some(now);
            self.minute_used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + secs).unwrap()
    }

    fn left(minute: u32, day: u32) -> LimitHeaders {
        LimitHeaders { minute_remaining: Some(minute), day_remaining: Some(day), app_minute_remaining: None }
    }

    #[test]
    fn the_sixth_call_in_flight_waits_and_a_lost_slot_comes_back() {
        let mut budget = Budget::default();
        for _ in 0..IN_FLIGHT_MAX {
            budget.take(at(0), Urgency::Background).unwrap();
        }
        assert!(budget.take(at(1), Urgency::Background).is_err());
        assert!(budget.take(at(61), Urgency::Background).is_ok());
    }

    #[test]
    fn the_sixty_first_call_of_a_minute_waits_for_the_next_one() {
        let mut budget = Budget::default();
        for n in 0..MINUTE_MAX {
            let slot = budget.take(at(0), Urgency::Background).unwrap();
            budget.settle(slot, at(0), &left(MINUTE_MAX - n - 1, 4000));
        }
        assert_eq!(budget.take(at(30), Urgency::Person).unwrap_err().until, at(60));
        assert!(budget.take(at(60), Urgency::Person).is_ok());
    }

    #[test]
    fn a_daily_limit_parks_for_hours_and_the_last_calls_are_kept_for_people() {
        let mut budget = Budget::default();
        let slot = budget.take(at(0), Urgency::Background).unwrap();
        budget.settle(slot, at(0), &left(50, 40));
        assert!(budget.take(at(1), Urgency::Background).is_err());
        assert!(budget.take(at(1), Urgency::Person).is_ok());
        budget.close(Limit::Day, at(2), Duration::from_secs(7200));
        assert_eq!(budget.take(at(3), Urgency::Person).unwrap_err().until, at(7202));
        assert_eq!(budget.day_spent_until(at(3)), Some(at(7202)));
        assert_eq!(budget.day_spent_until(at(7203)), None);
    }
}
