//! Planning many schedules on one core: instructions counted by callgrind, beside the second the issue allows.

use std::time::Instant;

use anyhow::ensure;
use kernel::calendar::{Calendar, YearEnd};
use kernel::{Currency, Date, Money};
use schedules::{Method, Release, Schedule, Terms, plan_into};
use serde_json::json;

use crate::Figure;
use crate::start::instructions;

const SCHEDULES: usize = 100_000;
const PERIODS: i32 = 36;
/// The second, by any core of today: a billion instructions.
const INSTRUCTIONS_MAX: u64 = 1_000_000_000;
/// Schedules planned under callgrind; the others cost the same.
const COUNTED: usize = 1_000;
/// How this program is told to do nothing but plan: so many schedules, so many times.
pub const ALONE: &str = "--plan-alone";

/// Measures instructions, and for comparison the time here. Needs valgrind.
pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let counted = instructions(ALONE, 1)?.saturating_sub(instructions(ALONE, 0)?);
    let all = counted * (SCHEDULES / COUNTED) as u64;
    let schedules = agreed(SCHEDULES)?;
    let began = Instant::now();
    let releases = plan_all(&schedules)?;
    let took = began.elapsed().as_millis();
    ensure!(releases == SCHEDULES * PERIODS as usize, "{releases} releases were planned");
    Ok(vec![
        Figure::at_most("planning 100,000 schedules of 36 periods: instructions", all, INSTRUCTIONS_MAX, ""),
        Figure::beside("planning: instructions a release", (all / releases as u64).to_string()),
        Figure::beside("planning: this machine's time, of the second allowed", format!("{took} ms")),
    ])
}

/// What the program does under callgrind.
pub fn alone(rounds: usize) -> anyhow::Result<()> {
    let schedules = agreed(COUNTED)?;
    for _ in 0..rounds {
        plan_all(&schedules)?;
    }
    Ok(())
}

fn plan_all(schedules: &[Schedule]) -> anyhow::Result<usize> {
    let (calendar, mut count) = (Calendar::months(YearEnd::default()), 0);
    let mut releases: Vec<Release> = Vec::new();
    for schedule in schedules {
        plan_into(schedule, &calendar, schedule.first(), &mut releases)?;
        count += std::hint::black_box(&releases).len();
    }
    Ok(count)
}

/// Schedules of every way to spread an amount that divides, from all days of a year.
fn agreed(count: usize) -> anyhow::Result<Vec<Schedule>> {
    let calendar = Calendar::months(YearEnd::default());
    (0..count).map(|at| Ok(Schedule::try_new(terms(at)?, &calendar)?)).collect()
}

fn terms(at: usize) -> anyhow::Result<Terms> {
    let currency: Currency = "GBP".parse()?;
    let (month, day) = (i8::try_from(at % 12)? + 1, i8::try_from(at % 28)? + 1);
    let first = Date::new(2026, month, day)?;
    let last = first.checked_add(jiff::ToSpan::months(PERIODS - 1))?;
    let money = Money::new(100_000 + i64::try_from(at)?, currency);
    let (method, amount) = match at % 4 {
        0 => (Method::StraightLine, Some(money)),
        1 => (Method::PartPeriods, Some(money)),
        2 => (Method::ByDay, Some(money)),
        _ => (Method::PerPeriod { amount: money }, None),
    };
    let terms = json!({
        "id": format!("S-{at}"), "kind": "prepayment", "first": first, "last": last, "method": { "kind": "straight_line" },
        "balance_account": "620", "expense_account": "433", "description": "Insurance",
    });
    Ok(Terms { method, amount, ..serde_json::from_value(terms)? })
}
