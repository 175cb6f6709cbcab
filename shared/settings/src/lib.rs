//! What a workspace decides for one of its organisations: values and their rules, never an effect.

use std::collections::BTreeMap;

use kernel::calendar::{Calendar, CalendarError, PeriodKind, YearEnd};
use kernel::{Timestamp, time_zone};
use serde::{Deserialize, Serialize};

/// How often changes are pulled without being asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// Which way a kind of record goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From Xero to here: nothing of this kind is written to Xero.
    #[default]
    Pull,
    /// From here to Xero: the host application is the source of truth, and Xero's edits are not asked for.
    Push,
    /// Both ways.
    Both,
    /// Not at all.
    None,
}

impl Direction {
    /// Whether the kind is read from Xero.
    pub fn reads(self) -> bool {
        matches!(self, Self::Pull | Self::Both)
    }

    /// Whether the kind may be written to Xero.
    pub fn writes(self) -> bool {
        matches!(self, Self::Push | Self::Both)
    }
}

/// With whose authorisation something is posted that a person decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostsAs {
    /// With the person's own where they gave one, else with that of whoever connected last.
    #[default]
    Anyone,
    /// With the person's own alone; without one the posting waits for it.
    Own,
    /// With that of whoever connected last, as a service account.
    Service,
}

/// The status in which a document that is published starts in Xero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishAs {
    /// In the books, awaiting payment.
    #[default]
    AwaitingPayment,
    /// Waiting for somebody's approval in Xero.
    Submitted,
    /// For somebody to look at.
    Draft,
}

/// What a workspace decides for one kind of record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSettings {
    /// See [`Direction`]; the kind's own default where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// How often this kind is pulled, where that differs from the organisation's interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_interval: Option<Interval>,
}

const QUARTER_SECS: i64 = 900;
/// Quarters of an hour in a day and two hours more.
const QUARTERS_MAX: i64 = 104;

/// Kinds that every other one refers to: without them nothing can be understood.
const ALWAYS_READ: &[&str] = &["organisation"];

/// Kinds that go both ways unless somebody decides otherwise: a person approves each, and each is read back.
const BOTH_WAYS: &[&str] = &["manual_journals"];

/// Kinds that may be written to Xero. The others are set up or happen in Xero and are read from there only.
const WRITABLE: &[&str] =
    &["contacts", "items", "invoices", "credit_notes", "purchase_orders", "bank_transactions", "manual_journals"];

/// Accounts that schedules hold their balances on unless they say otherwise, by code or Xero id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleAccounts {
    /// Of prepayments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepayment: Option<String>,
    /// Of accruals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accrual: Option<String>,
}

impl ScheduleAccounts {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The settings of one organisation. A stored row may be of a newer version, so unknown fields are no error here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// With whose authorisation postings are sent.
    #[serde(default)]
    pub posts_as: PostsAs,
    /// The status in which documents start in Xero, unless whoever publishes one says otherwise.
    #[serde(default)]
    pub publish_as: PublishAs,
    /// How the organisation cuts its time where that is not by calendar months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<PeriodKind>,
    /// See [`ScheduleAccounts`].
    #[serde(default, skip_serializing_if = "ScheduleAccounts::is_empty")]
    pub schedule_accounts: ScheduleAccounts,
    /// What differs for single kinds, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, KindSettings>,
}

/// The slot each interval lies in, by interval.
pub type Slots = BTreeMap<Interval, String>;

/// Features that a workspace may switch, with their stage.
pub const FEATURES: &[(&str, &str)] = &[
    ("bank_reconciliation", "beta"),
    ("credit_checks", "stable"),
    ("document_requests", "beta"),
    ("prepayment_suggestions", "beta"),
];

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Hours are 0 to 23.
    #[error("daily_hour must be 0 to 23")]
    Hour,
    /// No such feature.
    #[error(
        "there is no feature of that name; features are: bank_reconciliation, credit_checks, document_requests, prepayment_suggestions"
    )]
    Feature,
    /// The kind cannot be left out.
    #[error("the organisation itself is always read")]
    AlwaysRead,
    /// Periods that cannot be.
    #[error(transparent)]
    Periods(#[from] CalendarError),
    /// The kind lives in Xero only.
    #[error("{0} live in Xero only and are never pushed there: their direction is pull or none")]
    NotWritable(String),
}

impl Settings {
    /// Refuses what cannot be.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.daily_hour > 23 {
            return Err(SettingsError::Hour);
        }
        if let Some(periods) = &self.periods {
            Calendar::try_new(periods.clone(), YearEnd::default())?;
        }
        if ALWAYS_READ.iter().any(|name| !self.reads(name)) {
            return Err(SettingsError::AlwaysRead);
        }
        if let Some(name) = self.kinds.keys().find(|name| self.writes(name) && !WRITABLE.contains(&name.as_str())) {
            return Err(SettingsError::NotWritable(name.clone()));
        }
        let known = |name: &String| FEATURES.iter().any(|(feature, _)| feature == name);
        if self.features.keys().all(known) { Ok(()) } else { Err(SettingsError::Feature) }
    }

    /// Whether a feature is switched on.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature).copied().unwrap_or(false)
    }

    /// Which way a kind goes.
    pub fn direction_of(&self, kind: &str) -> Direction {
        let own = self.kinds.get(kind).and_then(|kind| kind.direction);
        own.unwrap_or(if BOTH_WAYS.contains(&kind) { Direction::Both } else { Direction::Pull })
    }

    /// Whether a kind is read.
    pub fn reads(&self, kind: &str) -> bool {
        self.direction_of(kind).reads()
    }

    /// Whether a kind may be written to Xero.
    pub fn writes(&self, kind: &str) -> bool {
        self.direction_of(kind).writes()
    }

    /// Intervals of kinds that differ from the organisation's and are read.
    fn own_intervals(&self) -> impl Iterator<Item = Interval> {
        let read = self.kinds.iter().filter(|(name, _)| self.reads(name));
        read.filter_map(|(_, kind)| kind.sync_interval)
    }

    /// How often a kind is pulled.
    pub fn interval_of(&self, kind: &str) -> Interval {
        self.kinds.get(kind).and_then(|kind| kind.sync_interval).unwrap_or(self.sync_interval)
    }

    /// The present slot of every interval that some kind is pulled at.
    pub fn slots(&self, now: Timestamp, zone: &str) -> Slots {
        self.own_intervals()
            .chain([self.sync_interval])
            .filter_map(|interval| self.slot(interval, now, zone).map(|slot| (interval, slot)))
            .collect()
    }

    /// The slot of the schedule that `now` lies in: a new slot means a new pull is due. `None` when off.
    ///
    /// The slot's name sorts by time and names at most one run, so that a schedule that fires twice makes one.
    fn slot(&self, interval: Interval, now: Timestamp, zone: &str) -> Option<String> {
        let minutes = match interval {
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

    /// When the next slot of any interval begins; `None` when everything is off.
    pub fn next_slot(&self, now: Timestamp, zone: &str) -> Option<Timestamp> {
        self.own_intervals()
            .chain([self.sync_interval])
            .filter_map(|interval| self.slot_after(interval, now, zone))
            .min()
    }

    fn slot_after(&self, interval: Interval, now: Timestamp, zone: &str) -> Option<Timestamp> {
        let present = self.slot(interval, now, zone)?;
        // No slot is longer than a day and the hour of a change of clocks; quarters are the finest grain there is.
        let quarter = now.as_second().div_euclid(QUARTER_SECS) * QUARTER_SECS;
        (1..=QUARTERS_MAX)
            .filter_map(|count| Timestamp::from_second(quarter + count * QUARTER_SECS).ok())
            .find(|at| self.slot(interval, *at, zone).is_some_and(|slot| slot != present))
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
        settings.slots(at.parse().unwrap(), zone).remove(&interval)
    }

    #[test]
    fn o23_a_new_connection_pulls_nothing_by_itself() {
        assert!(Settings::default().slots("2026-10-01T00:00:00Z".parse().unwrap(), "UTC").is_empty());
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
    fn m4_the_next_slot_is_known_in_the_organisations_own_time() {
        let next = |interval, hour, at: &str, zone| {
            let settings = Settings { sync_interval: interval, daily_hour: hour, ..Settings::default() };
            settings.next_slot(at.parse().unwrap(), zone).map(|next| next.to_string())
        };
        let at = "2026-10-01T13:40:10Z";
        assert_eq!(next(Interval::Off, 3, at, "UTC"), None);
        assert_eq!(next(Interval::Minutes15, 3, at, "UTC").as_deref(), Some("2026-10-01T13:45:00Z"));
        assert_eq!(next(Interval::Hours4, 3, at, "UTC").as_deref(), Some("2026-10-01T16:00:00Z"));
        assert_eq!(next(Interval::Daily, 3, at, "NEWZEALANDSTANDARDTIME").as_deref(), Some("2026-10-01T14:00:00Z"));
        // Adelaide is half an hour off: 03:00 there is 17:30 UTC.
        assert_eq!(next(Interval::Daily, 3, at, "CENAUSTRALIASTANDARDTIME").as_deref(), Some("2026-10-01T17:30:00Z"));
    }

    #[test]
    fn s8_o4_a_kind_has_its_own_interval_and_may_be_left_out() {
        let own = KindSettings { sync_interval: Some(Interval::Minutes15), ..KindSettings::default() };
        let left_out = KindSettings { direction: Some(Direction::None), ..KindSettings::default() };
        let kinds = BTreeMap::from([("invoices".to_owned(), own), ("payments".to_owned(), left_out)]);
        let settings = Settings { sync_interval: Interval::Daily, kinds, ..Settings::default() };
        assert_eq!(settings.check(), Ok(()));
        assert_eq!(settings.interval_of("invoices"), Interval::Minutes15);
        assert_eq!(settings.interval_of("contacts"), Interval::Daily);
        assert!(settings.reads("invoices") && !settings.reads("payments"));
        let slots = settings.slots("2026-10-01T10:44:59Z".parse().unwrap(), "UTC");
        assert_eq!(slots[&Interval::Minutes15], "20261001T1030Z");
        assert_eq!(slots[&Interval::Daily], "20261001");
        let kinds = BTreeMap::from([("organisation".to_owned(), left_out)]);
        assert_eq!(Settings { kinds, ..Settings::default() }.check(), Err(SettingsError::AlwaysRead));
    }

    #[test]
    fn o4_o27_a_direction_is_one_way_or_both_and_what_lives_in_xero_is_never_pushed() {
        let with = |name: &str, direction| {
            let kind = KindSettings { direction: Some(direction), ..KindSettings::default() };
            Settings { kinds: BTreeMap::from([(name.to_owned(), kind)]), ..Settings::default() }
        };
        let ways = [
            (Direction::Pull, true, false),
            (Direction::Push, false, true),
            (Direction::Both, true, true),
            (Direction::None, false, false),
        ];
        for (direction, reads, writes) in ways {
            let settings = with("invoices", direction);
            assert_eq!((settings.reads("invoices"), settings.writes("invoices")), (reads, writes), "{direction:?}");
            assert_eq!(settings.check(), Ok(()));
            let refused = writes.then(|| SettingsError::NotWritable("payments".to_owned()));
            assert_eq!(with("payments", direction).check().err(), refused, "{direction:?}");
        }
        assert_eq!(with("organisation", Direction::Push).check(), Err(SettingsError::AlwaysRead));
        assert!(!Settings::default().writes("invoices"), "nothing is written unless somebody decided so");
    }

    #[test]
    fn a_stored_row_of_a_newer_version_can_be_read() {
        let newer = r#"{"sync_interval":"daily","daily_hour":3,"something_new":true}"#;
        assert_eq!(serde_json::from_str::<Settings>(newer).unwrap().daily_hour, 3);
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
