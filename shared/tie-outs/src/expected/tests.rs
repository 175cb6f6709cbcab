//! Schedules on given days, as tables; and over seeds, that what journals put on an account is what must be on it less
//! what no journal accounts for.

use kernel::calendar::Calendar;
use kernel::periods::days_after;
use kernel::{Date, Money};
use releases::store::{ReleasedRow, ScheduleRow};
use schedules::{Kind, Method, Release, Schedule, Terms, carry_into, plan, still_to_post};
use serde_json::json;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn pounds(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

/// 100.00 a month from October 2026 to January 2027, unless it is edited.
fn terms(edit: impl FnOnce(&mut Terms)) -> Terms {
    let mut terms: Terms = serde_json::from_value(json!({
        "id": "S-1", "kind": "prepayment", "amount": { "amount": "400.00", "currency": "GBP" }, "first": "2026-10-01",
        "last": "2027-01-31", "method": { "kind": "straight_line" }, "balance_account": "620", "expense_account": "433",
        "description": "Insurance",
    }))
    .unwrap();
    edit(&mut terms);
    terms
}

/// As it is approved, or imported, while a period is being closed.
fn row(terms: Terms, closing: &str, released_until: Option<Date>) -> ScheduleRow {
    let calendar = Calendar::default();
    let schedule = Schedule::try_new(terms, &calendar).unwrap();
    let closing = calendar.period_of(day(closing)).unwrap();
    let planned = plan(&schedule, &calendar, day("2027-03-31")).unwrap();
    let left = released_until.map_or(planned.as_slice(), |until| still_to_post(&planned, until));
    let before = &planned[..planned.len() - left.len()];
    ScheduleRow {
        releases: [before, &carry_into(&closing, left).unwrap()].concat(),
        initial: (released_until.is_none() && !schedule.rolls()).then(|| "s-S-1".parse().unwrap()),
        schedule,
        closing,
        released_until,
        approved_by: "sam".into(),
        approved_at: "2026-11-24T03:00:00Z".parse().unwrap(),
        posted_through: released_until,
        corrections: Vec::new(),
        removed: false,
    }
}

fn released(row: &ScheduleRow, through: Date) -> Vec<ReleasedRow> {
    let posted = row.releases.iter().filter(|release| row.posts(release) && release.period.last <= through);
    let intent = || "r-2026-10-GBP-1".parse().unwrap();
    posted
        .map(|Release { period, amount }| ReleasedRow { period: *period, amount: *amount, intent: intent() })
        .collect()
}

/// `620 300.00` for what is held; `brought_in -300.00` for what no journal accounts for.
fn told(found: &Expected) -> String {
    let held = found.held.iter().map(|(account, held)| format!("{account} {}", held.amount()));
    let findings = found.findings.iter().map(|(_, finding)| {
        let kind = serde_json::to_value(finding.kind).unwrap();
        format!("{} {}", kind.as_str().unwrap(), pounds(finding.minor).amount())
    });
    held.chain(findings).collect::<Vec<_>>().join("; ")
}

#[track_caller]
fn check(row: &ScheduleRow, through: &str, days: &[(&str, &str)]) {
    let released = released(row, day(through));
    for (as_at, says) in days {
        let known = Known { row, initial: None, released: &released, journals: Journals::AsAgreed };
        assert_eq!(told(&expected(known, day(as_at)).unwrap()), *says, "{as_at}");
    }
}

#[test]
fn a_schedule_holds_what_is_not_released_from_its_first_journal_on() {
    let days = |sign: &str| {
        [("2026-10-30", "0.00"), ("2026-10-31", "300.00"), ("2026-11-29", "300.00"), ("2026-11-30", "200.00")]
            .map(|(day, held)| (day, if held == "0.00" { "620 0.00".to_owned() } else { format!("620 {sign}{held}") }))
    };
    for (kind, sign) in [(Kind::Prepayment, ""), (Kind::Accrual, "-")] {
        let row = row(terms(|terms| terms.kind = kind), "2026-10-31", None);
        for (as_at, says) in days(sign) {
            check(&row, "2027-01-31", &[(as_at, says.as_str())]);
        }
        check(&row, "2027-01-31", &[("2027-01-31", "620 0.00"), ("2030-01-01", "620 0.00")]);
    }
    let late = row(terms(|_| ()), "2026-11-30", None);
    check(
        &late,
        "2027-01-31",
        &[("2026-10-31", "620 0.00"), ("2026-11-30", "620 200.00"), ("2026-12-31", "620 100.00")],
    );
}

#[test]
fn a_release_that_no_journal_carries_is_told_once_its_period_has_ended() {
    let days = [
        ("2026-10-31", "620 300.00"),
        ("2026-11-30", "620 200.00; not_published 100.00"),
        ("2026-12-31", "620 100.00; not_published 100.00; not_published 100.00"),
    ];
    check(&row(terms(|_| ()), "2026-10-31", None), "2026-10-31", &days);
    let days = [("2026-11-30", "620 -200.00; not_published -100.00")];
    check(&row(terms(|terms| terms.kind = Kind::Accrual), "2026-10-31", None), "2026-10-31", &days);
}

#[test]
fn an_imported_schedule_holds_its_remainder_since_it_came_and_says_that_it_was_brought_in() {
    let row = row(terms(|_| ()), "2026-11-30", Some(day("2026-11-15")));
    let days = [
        ("2026-11-14", "620 0.00"),
        ("2026-11-15", "620 300.00; brought_in -300.00"),
        ("2026-11-30", "620 200.00; brought_in -300.00"),
        ("2026-12-31", "620 100.00; brought_in -300.00; not_published 100.00"),
    ];
    check(&row, "2026-11-30", &days);
}

#[test]
fn a_rolling_schedule_holds_its_releases_below_zero() {
    let rolling = terms(|terms| {
        (terms.amount, terms.last) = (None, None);
        terms.method = Method::Rolling { amount: pounds(1_000), ahead: 2 };
    });
    let days =
        [("2026-09-30", "620 0.00"), ("2026-10-31", "620 -10.00"), ("2026-12-31", "620 -30.00; not_published 10.00")];
    check(&row(rolling, "2026-10-31", None), "2026-11-30", &days);
}

fn line(account: &str, minor: i64, date: &str) -> OwnLine {
    OwnLine { account: account.parse().unwrap(), amount: pounds(minor), date: day(date) }
}

#[test]
fn a_changed_schedule_holds_what_its_journals_say_until_its_correction_counts() {
    let mut row = row(terms(|terms| terms.amount = Some(pounds(80_000))), "2026-11-30", None);
    row.releases.insert(
        0,
        Release { period: Calendar::default().period_of(day("2026-10-31")).unwrap(), amount: pounds(20_000) },
    );
    row.releases[1].amount = pounds(20_000);
    (row.posted_through, row.corrections) = (Some(day("2026-10-31")), vec!["c1-S-1".parse().unwrap()]);
    // 400.00 until then, 100.00 released of it: 300.00 where 600.00 are wanted.
    let lines = [
        line("620", 40_000, "2026-10-31"),
        line("433", -40_000, "2026-10-31"),
        line("620", -10_000, "2026-10-31"),
        line("620", 30_000, "2026-11-30"),
        line("433", -30_000, "2026-11-30"),
    ];
    let journals = Journals::Changed { lines: &lines, corrected: Some(day("2026-11-30")) };
    let known = Known { row: &row, initial: Some(day("2026-10-31")), released: &[], journals };
    for (as_at, says) in [
        ("2026-10-30", "620 0.00"),
        ("2026-10-31", "620 300.00"),
        ("2026-11-29", "620 300.00"),
        ("2026-11-30", "620 400.00; not_published 200.00"),
    ] {
        assert_eq!(told(&expected(known, day(as_at)).unwrap()), says, "{as_at}");
    }
}

#[test]
fn a_removed_schedule_holds_nothing_once_its_last_journal_counts_and_nothing_on_accounts_it_was_on_before() {
    let mut row = row(terms(|terms| terms.balance_account = "801".parse().unwrap()), "2026-11-30", None);
    (row.removed, row.corrections) = (true, vec!["c1-S-1".parse().unwrap()]);
    let lines = [line("620", 40_000, "2026-10-31"), line("620", -40_000, "2026-11-30")];
    let journals = Journals::Changed { lines: &lines, corrected: Some(day("2026-11-30")) };
    let known = Known { row: &row, initial: None, released: &[], journals };
    for (as_at, says) in [("2026-11-29", "801 0.00; 620 400.00"), ("2026-11-30", "801 0.00; 620 0.00")] {
        assert_eq!(told(&expected(known, day(as_at)).unwrap()), says, "{as_at}");
    }
    row.released_until = Some(day("2026-10-31"));
    let lines = [line("801", -10_000, "2026-11-30"), line("801", -20_000, "2026-11-30")];
    let journals = Journals::Changed { lines: &lines, corrected: Some(day("2026-11-30")) };
    let known = Known { row: &row, initial: None, released: &[], journals };
    for (as_at, says) in
        [("2026-10-31", "801 300.00; brought_in -300.00"), ("2026-11-30", "801 0.00; brought_in -300.00")]
    {
        assert_eq!(told(&expected(known, day(as_at)).unwrap()), says, "{as_at}, imported");
    }
}

/// Numbers that a seed gives again: splitmix64.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

#[test]
fn what_journals_put_there_is_what_must_be_there_less_what_no_journal_accounts_for() {
    for seed in 0..2_000 {
        let mut numbers = Seeded(seed);
        let first = days_after(day("2026-06-01"), numbers.below(200));
        let kind = if numbers.below(2) == 0 { Kind::Prepayment } else { Kind::Accrual };
        let terms = terms(|terms| {
            (terms.kind, terms.first, terms.method) = (kind, Some(first), Method::ByDay);
            terms.amount = Some(pounds(1_000 + numbers.below(1_000_000)));
            terms.last = Some(days_after(first, 1 + numbers.below(400)));
        });
        let closing = days_after(first, numbers.below(120));
        let came = (numbers.below(3) == 0).then(|| days_after(first, numbers.below(150)));
        let row = row(terms, &closing.to_string(), came);
        let released = released(&row, days_after(first, numbers.below(300)));
        let as_at = days_after(first, numbers.below(500) - 20);
        let known = Known { row: &row, initial: None, released: &released, journals: Journals::AsAgreed };
        let found = expected(known, as_at).unwrap();
        let sign = if kind == Kind::Prepayment { 1 } else { -1 };
        let initial = row.initial.as_ref().filter(|_| row.closing.last <= as_at);
        let initial = initial.map_or(0, |_| row.schedule.total().unwrap().minor);
        let gone = released.iter().filter(|row| row.period.last <= as_at).map(|row| row.amount.minor).sum::<i64>();
        let begun = row.released_until.unwrap_or(row.closing.last) <= as_at;
        let journals = if begun { sign * (initial - gone) } else { 0 };
        let held: i64 = found.held.iter().map(|(_, held)| held.minor).sum();
        let others: i64 = found.findings.iter().map(|(_, finding)| finding.minor).sum();
        assert_eq!(journals, held + others, "seed {seed}: {found:?}");
    }
}
