//! Requests that come back.

use crate::samples::day;
use evidence::*;
use kernel::periods::days_after;
use reminders::recurring::*;

fn terms(every: Every, day_rule: DayRule, starts: &str) -> Recurring {
    Recurring {
        id: "statement".parse().unwrap(),
        title: Words::new("Bank statement"),
        every,
        day: day_rule,
        starts: day(starts),
        ends: None,
        note: Words::default(),
    }
}

fn due(terms: Recurring, from: &str, to: &str) -> Vec<String> {
    let found = terms.due_between(day(from), day(to)).unwrap();
    found.iter().map(|one| format!("{} {}..{}", one.due, one.first, one.last)).collect()
}

#[track_caller]
fn check(every: Every, day_rule: DayRule, starts: &str, (from, to): (&str, &str), expected: &[&str]) {
    assert_eq!(due(terms(every, day_rule, starts), from, to), expected);
}

#[test]
fn x3_a_day_of_the_month_is_clamped_to_its_end() {
    check(
        Every::Month,
        DayRule::DayOfMonth(31),
        "2028-01-01",
        ("2028-01-31", "2028-04-30"),
        &[
            "2028-01-31 2028-01-01..2028-01-31",
            "2028-02-29 2028-02-01..2028-02-29",
            "2028-03-31 2028-03-01..2028-03-31",
            "2028-04-30 2028-04-01..2028-04-30",
        ],
    );
    check(
        Every::Month,
        DayRule::DayOfMonth(30),
        "2026-02-01",
        ("2026-02-01", "2026-02-28"),
        &["2026-02-28 2026-02-01..2026-02-28"],
    );
    check(
        Every::Month,
        DayRule::DayOfMonth(5),
        "2026-01-10",
        ("2026-01-01", "2026-02-28"),
        &["2026-02-05 2026-02-01..2026-02-28"],
    );
    check(
        Every::Quarter,
        DayRule::DayOfMonth(15),
        "2026-02-01",
        ("2026-01-01", "2026-12-31"),
        &[
            "2026-02-15 2026-02-01..2026-04-30",
            "2026-05-15 2026-05-01..2026-07-31",
            "2026-08-15 2026-08-01..2026-10-31",
            "2026-11-15 2026-11-01..2027-01-31",
        ],
    );
    check(
        Every::Year,
        DayRule::DayOfMonth(29),
        "2027-02-01",
        ("2027-01-01", "2028-12-31"),
        &["2027-02-28 2027-02-01..2028-01-31", "2028-02-29 2028-02-01..2029-01-31"],
    );
}

#[test]
fn x3_days_after_the_end_count_from_the_periods_last_day() {
    check(
        Every::Quarter,
        DayRule::DaysAfterEnd(37),
        "2026-01-01",
        ("2026-05-01", "2026-08-06"),
        &["2026-05-07 2026-01-01..2026-03-31", "2026-08-06 2026-04-01..2026-06-30"],
    );
    check(
        Every::Month,
        DayRule::DaysAfterEnd(0),
        "2026-01-20",
        ("2026-01-01", "2026-02-28"),
        &["2026-01-31 2026-01-01..2026-01-31", "2026-02-28 2026-02-01..2026-02-28"],
    );
    check(
        Every::Weeks(2),
        DayRule::DaysAfterEnd(3),
        "2026-01-05",
        ("2026-01-21", "2026-02-04"),
        &["2026-01-21 2026-01-05..2026-01-18", "2026-02-04 2026-01-19..2026-02-01"],
    );
    check(
        Every::Month,
        DayRule::DaysAfterEnd(DAYS_AFTER_MAX),
        "2020-01-01",
        ("2026-06-28", "2026-06-28"),
        &["2026-06-28 2026-02-01..2026-02-28"],
    );
}

#[test]
fn x3_no_request_is_missed_or_made_twice_however_the_days_are_cut() {
    let kinds = [Every::Month, Every::Quarter, Every::Year, Every::Weeks(1), Every::Weeks(5), Every::Weeks(52)];
    for every in kinds {
        for day_rule in [DayRule::DayOfMonth(31), DayRule::DaysAfterEnd(0), DayRule::DaysAfterEnd(DAYS_AFTER_MAX)] {
            let terms = terms(every, day_rule, "2024-02-29");
            if terms.check().is_err() {
                continue;
            }
            let recurring = terms;
            let whole = recurring.due_between(day("2024-01-01"), day("2028-12-31")).unwrap();
            let mut single = Vec::new();
            for at in 0..1827 {
                let date = days_after(day("2024-01-01"), at);
                single.extend(recurring.due_between(date, date).unwrap());
            }
            assert_eq!(single, whole, "{every:?} {day_rule:?}");
            let ids: std::collections::BTreeSet<_> = whole.iter().map(|one| one.id.clone()).collect();
            assert_eq!(ids.len(), whole.len());
            assert!(whole.len() >= 4, "{every:?} {day_rule:?}");
        }
    }
}

#[test]
fn x3_an_id_is_stable_and_an_end_ends_it() {
    let of = |day_rule, ends: Option<&str>| {
        let terms = Recurring { ends: ends.map(day), ..terms(Every::Month, day_rule, "2026-01-01") };
        let found = terms.due_between(day("2026-01-01"), day("2026-04-30")).unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(of(DayRule::DayOfMonth(5), None)[..2], ["statement.2026-01-01", "statement.2026-02-01"]);
    assert_eq!(of(DayRule::DayOfMonth(9), None)[..2], ["statement.2026-01-01", "statement.2026-02-01"]);
    assert_eq!(of(DayRule::DayOfMonth(5), Some("2026-02-05")).len(), 2);
    assert_eq!(of(DayRule::DayOfMonth(5), Some("2026-02-04")).len(), 1);
    // The last period's request is due after the end, and is asked for all the same.
    assert_eq!(of(DayRule::DaysAfterEnd(5), Some("2026-01-31")), ["statement.2026-01-01"]);
}

#[test]
fn x3_what_cannot_be_met_is_refused_and_one_question_is_bounded() {
    let expected = |text| Some(RecurringError::Expected(text));
    let refused = |terms: Recurring| terms.check().err();
    let with = |every, day_rule| refused(terms(every, day_rule, "2026-01-01"));
    assert_eq!(with(Every::Month, DayRule::DayOfMonth(0)), expected("a day of the month from 1 to 31"));
    assert_eq!(with(Every::Month, DayRule::DayOfMonth(32)), expected("a day of the month from 1 to 31"));
    let late = DAYS_AFTER_MAX + 1;
    assert_eq!(with(Every::Year, DayRule::DaysAfterEnd(late)), expected("0 to 120 days after the end"));
    assert_eq!(with(Every::Weeks(0), DayRule::DaysAfterEnd(1)), expected("1 to 52 weeks"));
    assert_eq!(with(Every::Weeks(WEEKS_MAX), DayRule::DaysAfterEnd(1)), None);
    assert_eq!(with(Every::Weeks(53), DayRule::DaysAfterEnd(1)), expected("1 to 52 weeks"));
    assert_eq!(
        with(Every::Weeks(2), DayRule::DayOfMonth(1)),
        expected("days after the end of the weeks, not a day of the month")
    );
    let good = || terms(Every::Weeks(1), DayRule::DaysAfterEnd(0), "2020-01-06");
    assert_eq!(refused(Recurring { title: Words::new("\u{202e} "), ..good() }), Some(RecurringError::NoTitle));
    assert_eq!(refused(Recurring { ends: Some(day("2019-01-01")), ..good() }), Some(RecurringError::EndsBefore));
    let far = day("2200-01-01");
    assert_eq!(refused(Recurring { starts: far, ..good() }), Some(RecurringError::OutOfRange(far)));
    let recurring = good();
    let last = days_after(day("2020-01-05"), 7 * OCCURRENCES_MAX as i64);
    assert_eq!(recurring.due_between(day("2020-01-06"), last).unwrap().len(), OCCURRENCES_MAX);
    assert_eq!(recurring.due_between(day("2020-01-06"), days_after(last, 7)), Err(RecurringError::TooMany));
    assert_eq!(recurring.due_between(day("2026-02-01"), day("2026-01-01")), Ok(Vec::new()));
    assert_eq!(recurring.due_between(day("2026-02-01"), far), Err(RecurringError::OutOfRange(far)));
    assert!(recurring.due_between(day("2199-12-01"), day("2199-12-31")).unwrap().len() >= 4, "up to the last year");
    assert_eq!(recurring.due_between(day("1900-01-01"), day("1999-12-31")), Ok(Vec::new()));
    let stored = serde_json::to_string(&recurring).unwrap();
    assert_eq!(serde_json::from_str::<Recurring>(&stored).unwrap(), recurring);
    let broken: Recurring = serde_json::from_str(&stored.replace("\"weeks\":1", "\"weeks\":0")).unwrap();
    assert!(broken.due_between(day("2026-01-01"), day("2026-01-31")).is_err(), "nothing is due of what cannot be met");
}
