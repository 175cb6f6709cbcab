//! Xero's rate limits: 5 in flight, 60 a minute, the day's quota per app and organisation; 10,000 a minute per app.
//!
//! Source: "OAuth 2.0 API Limits". Windows are fixed, and each app and organisation has its own moment of reset.

use std::collections::HashMap;

use kernel::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::reply::Reply;
use super::settings::AppId;

const IN_FLIGHT_MAX: u32 = 5;
const PER_MINUTE: u32 = 60;
const APP_PER_MINUTE: u32 = 10_000;
const MINUTE_SECS: i64 = 60;
const DAY_SECS: i64 = 86_400;

/// One fixed window: when it began and how many calls it saw.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Window {
    start: i64,
    used: u32,
}

impl Window {
    /// Starts anew when the length has passed; windows follow each other from a phase of their own.
    fn at(&mut self, now: i64, length: i64, phase: i64) -> &mut Self {
        let start = (now - phase).div_euclid(length) * length + phase;
        if start != self.start {
            *self = Window { start, used: 0 };
        }
        self
    }
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Pair {
    minute: Window,
    day: Window,
    #[serde(skip)] // Whatever was in flight has come down when a later run begins.
    in_flight: u32,
}

/// Which limit a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Concurrent,
    Minute { retry_secs: i64 },
    Day { retry_secs: i64 },
    AppMinute,
}

/// All counters.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Limits {
    #[serde(with = "super::keep::pairs")]
    pairs: HashMap<(AppId, TenantId), Pair>,
    apps: HashMap<AppId, Window>,
}

fn phase_of(tenant: TenantId, length: i64) -> i64 {
    i64::from(tenant.0.as_fields().0) % length
}

impl Limits {
    /// Counts one call; on success it is in flight until `landed`.
    pub(super) fn admit(
        &mut self,
        app: AppId,
        tenant: TenantId,
        day_limit: u32,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let secs = now.as_second();
        let pair = self.pairs.entry((app, tenant)).or_default();
        let (minute_phase, day_phase) = (phase_of(tenant, MINUTE_SECS), phase_of(tenant, DAY_SECS));
        let overall = self.apps.entry(app).or_default().at(secs, MINUTE_SECS, app.0 as i64 * 7 % MINUTE_SECS);
        pair.minute.at(secs, MINUTE_SECS, minute_phase);
        pair.day.at(secs, DAY_SECS, day_phase);
        if pair.in_flight >= IN_FLIGHT_MAX {
            return Err(Problem::Concurrent);
        }
        if pair.day.used >= day_limit {
            return Err(Problem::Day { retry_secs: pair.day.start + DAY_SECS - secs });
        }
        if pair.minute.used >= PER_MINUTE {
            return Err(Problem::Minute { retry_secs: pair.minute.start + MINUTE_SECS - secs });
        }
        if overall.used >= APP_PER_MINUTE {
            return Err(Problem::AppMinute);
        }
        overall.used += 1;
        pair.minute.used += 1;
        pair.day.used += 1;
        pair.in_flight += 1;
        Ok(())
    }

    /// Counts a call that belongs to no organisation.
    pub(super) fn admit_app(&mut self, app: AppId, now: Timestamp) -> Result<(), Problem> {
        let overall =
            self.apps.entry(app).or_default().at(now.as_second(), MINUTE_SECS, app.0 as i64 * 7 % MINUTE_SECS);
        if overall.used >= APP_PER_MINUTE {
            return Err(Problem::AppMinute);
        }
        overall.used += 1;
        Ok(())
    }

    /// The call has ended.
    pub(super) fn landed(&mut self, app: AppId, tenant: TenantId) {
        if let Some(pair) = self.pairs.get_mut(&(app, tenant)) {
            pair.in_flight = pair.in_flight.saturating_sub(1);
        }
    }

    /// Forgets a call that never reached Xero.
    pub(super) fn take_back(&mut self, app: AppId, tenant: Option<TenantId>) {
        if let Some(overall) = self.apps.get_mut(&app) {
            overall.used = overall.used.saturating_sub(1);
        }
        if let Some(pair) = tenant.and_then(|tenant| self.pairs.get_mut(&(app, tenant))) {
            pair.minute.used = pair.minute.used.saturating_sub(1);
            pair.day.used = pair.day.used.saturating_sub(1);
            pair.in_flight = pair.in_flight.saturating_sub(1);
        }
    }

    /// Uses up calls as other parts of the same app would.
    pub(super) fn spend(&mut self, app: AppId, tenant: TenantId, minute: u32, day: u32, now: Timestamp) {
        let pair = self.pairs.entry((app, tenant)).or_default();
        pair.minute.at(now.as_second(), MINUTE_SECS, phase_of(tenant, MINUTE_SECS)).used += minute;
        pair.day.at(now.as_second(), DAY_SECS, phase_of(tenant, DAY_SECS)).used += day;
    }

    /// Uses up calls of the app-wide minute.
    pub(super) fn spend_app(&mut self, app: AppId, calls: u32, now: Timestamp) {
        self.apps.entry(app).or_default().at(now.as_second(), MINUTE_SECS, app.0 as i64 * 7 % MINUTE_SECS).used +=
            calls;
    }

    /// Adds the remaining counts to a tenant call's answer.
    pub(super) fn mark(&self, reply: Reply, app: AppId, tenant: TenantId, day_limit: u32) -> Reply {
        let pair = self.pairs.get(&(app, tenant)).copied().unwrap_or_default();
        self.mark_app(reply, app)
            .with("X-DayLimit-Remaining", day_limit.saturating_sub(pair.day.used).to_string())
            .with("X-MinLimit-Remaining", PER_MINUTE.saturating_sub(pair.minute.used).to_string())
    }

    /// Adds the app's own count, which is all that `/connections` shows.
    pub(super) fn mark_app(&self, reply: Reply, app: AppId) -> Reply {
        let used = self.apps.get(&app).map_or(0, |window| window.used);
        reply.with("X-AppMinLimit-Remaining", APP_PER_MINUTE.saturating_sub(used).to_string())
    }
}

/// The 429 of a limit. `Retry-After` comes with minute and day only.
pub(super) fn refuse(problem: Problem) -> Reply {
    let named = |name: &str| Reply::empty(429).with("X-Rate-Limit-Problem", name);
    match problem {
        Problem::Concurrent => named("concurrent"),
        Problem::AppMinute => named("appminute"),
        Problem::Minute { retry_secs } => named("minute").with("Retry-After", retry_secs.to_string()),
        Problem::Day { retry_secs } => named("day").with("Retry-After", retry_secs.to_string()),
    }
}
