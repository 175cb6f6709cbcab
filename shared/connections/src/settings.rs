//! What a workspace decides for one of its organisations.

use std::collections::BTreeMap;

use kernel::{Timestamp, time_zone};
use serde::{Deserialize, Serialize};

/// How often changes are pulled without being asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Only when asked; webhooks still arrive. New connections start here.
    #[default]
    Off,
    /// Every 15 minutes.
    #[serde(rename = "15_minutes")]
    Minutes15,
    /// Every hour.
    #[serde(rename = "1_hour")]
    Hour1,
    /// Every four hours.
    #[serde(rename = "4_hours")]
    Hours4,
    /// Once a day, at `daily_hour` in the organisation's time zone.
    Daily,
}

/// The settings of one organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// See [`Interval`].
    #[serde(default)]
    pub sync_interval: Interval,
    /// Hour of the daily pull, 0 to 23, in the organisation's time zone.
    #[serde(default)]
    pub daily_hour: u8,
    /// Features switched on, by name; see [`FEATURES`].
    #[serde(default)]
    pub features: BTreeMap<String, bool>,
}

/// Features that a workspace may switch, with their stage.
pub const FEATURES: &[(&str, &str)] = &[("bank_reconciliation", "beta"), ("credit_checks", "stable")];

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Hours are 0 to 23.
    #[error("daily_hour must be 0 to 23")]
    Hour,
    /// No such feature.
    #[error("there is no feature of that name; features are: bank_reconciliation, credit_checks")]
    Feature,
}

impl Settings {
    /// Refuses what cannot be.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.daily_hour > 23 {
            return Err(SettingsError::Hour);
        }
        let known = |name: &String| FEATURES.iter().any(|(feature, _)| feature == name);
        if self.features.keys().all(known) { Ok(()) } else { Err(SettingsError::Feature) }
    }

    /// The slot of the schedule that `now` lies in: a new slot means a new pull is due. `None` when off.
    ///
    /// The slot's name sorts by time and names at most one run, so that a schedule that fires twice makes one.
    pub fn slot(&self, now: Timestamp, zone: &str) -> Option<String> {
        let minutes = match self.sync_interval {
            Interval::Off => return None,
            Interval::Daily => return Some(self.daily_slot(now, zone)),
            Interval::Minutes15 => 15,
            Interval::Hour1 => 60,
            Interval::Hours4 => 240,
        };
        let start = now.as_second().div_euclid(minutes * 60) * minutes * 60;
        let start = Timestamp::from_second(start).unwrap_or(now);
        Some(start.strftime("%Y%m%dT%H%MZ").to_string())
    }

    /// The local date whose daily pull is due or done at `now`.
    fn daily_slot(&self, now: Timestamp, zone: &str) -> String {
        let zone = time_zone(zone).or_else(|_| time_zone("UTC"));
        let shifted = now.saturating_sub(std::time::Duration::from_secs(u64::from(self.daily_hour) * 3600));
        let shifted = shifted.unwrap_or(now);
        match zone {
            // The shift is by elapsed hours: around a change of clocks the pull comes an hour early or late, never twice.
            Ok(zone) => shifted.to_zoned_datetime(zone).date().strftime("%Y%m%d").to_string(),
            Err(_) => shifted.strftime("%Y%m%d").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(interval: Interval, hour: u8, at: &str, zone: &str) -> Option<String> {
        let settings = Settings { sync_interval: interval, daily_hour: hour, ..Settings::default() };
        settings.slot(at.parse().unwrap(), zone)
    }

    #[test]
    fn o23_a_new_connection_pulls_nothing_by_itself() {
        assert_eq!(Settings::default().slot("2026-10-01T00:00:00Z".parse().unwrap(), "UTC"), None);
    }

    #[test]
    fn o22_each_interval_has_its_slots() {
        let at = "2026-10-01T10:44:59Z";
        assert_eq!(slot(Interval::Minutes15, 0, at, "UTC").as_deref(), Some("20261001T1030Z"));
        assert_eq!(slot(Interval::Hour1, 0, at, "UTC").as_deref(), Some("20261001T1000Z"));
        assert_eq!(slot(Interval::Hours4, 0, at, "UTC").as_deref(), Some("20261001T0800Z"));
    }

    #[test]
    fn m5_the_daily_slot_turns_at_the_chosen_hour_of_the_organisations_own_day() {
        let daily = |at| slot(Interval::Daily, 3, at, "NEWZEALANDSTANDARDTIME").unwrap();
        // 03:00 on 2 October in Auckland is 14:00 UTC on the 1st.
        assert_eq!(daily("2026-10-01T13:59:59Z"), "20261001");
        assert_eq!(daily("2026-10-01T14:00:00Z"), "20261002");
    }

    #[test]
    fn m36_features_are_known_by_name_and_stage() {
        let mut settings = Settings::default();
        settings.features.insert("bank_reconciliation".into(), true);
        assert_eq!(settings.check(), Ok(()));
        settings.features.insert("time_travel".into(), true);
        assert_eq!(settings.check(), Err(SettingsError::Feature));
        assert!(FEATURES.contains(&("bank_reconciliation", "beta")));
    }
}
