//! EventBridge Scheduler: rates and cron expressions, at least once.
//!
//! Source: EventBridge Scheduler's page on schedule types. `rate(n unit)` counts from the start; `cron(…)` has six
//! fields in UTC.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure};
use bytes::Bytes;
use kernel::Timestamp;
use ports::Clock;
use tokio::task::JoinHandle;

use super::runtime::Function;
use crate::plan::SchedulePlan;

/// A running schedule; stops when dropped.
pub struct Schedule {
    task: JoinHandle<()>,
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tries of one firing.
const TRIES_MAX: u32 = 3;

/// Starts a schedule.
pub fn start(plan: &SchedulePlan, function: Arc<Function>, clock: Arc<dyn Clock>) -> anyhow::Result<Schedule> {
    let expression = parse(&plan.expression)?;
    let input = Bytes::from(if plan.input.is_empty() { "{}".to_owned() } else { plan.input.clone() });
    let task = tokio::spawn(async move {
        loop {
            let now = clock.now();
            let Some(next) = expression.next(now) else { return };
            tokio::time::sleep(next.duration_since(now).unsigned_abs()).await;
            fire(&function, input.clone()).await;
        }
    });
    Ok(Schedule { task })
}

/// Fires once, with the service's retries.
pub async fn fire(function: &Arc<Function>, input: Bytes) {
    for _ in 0..TRIES_MAX {
        if function.invoke(input.clone()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Every so often.
    Rate(Duration),
    /// Minutes, hours, days of month, months, days of week (1 is Sunday) that fit; years are not restricted.
    Cron(Vec<Vec<u32>>),
}

/// Reads an expression.
pub fn parse(text: &str) -> anyhow::Result<Expression> {
    if let Some(inner) = text.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')) {
        let (count, unit) = inner.trim().split_once(' ').unwrap_or((inner, ""));
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => bail!("the schedule {text} has an unknown unit; use minutes, hours or days"),
        };
        let count: u64 = count.parse()?;
        ensure!(count > 0, "the schedule {text} never comes round");
        return Ok(Expression::Rate(Duration::from_secs(count * seconds)));
    }
    let Some(inner) = text.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')')) else {
        bail!("the schedule {text} is neither rate(…) nor cron(…)");
    };
    let fields: Vec<&str> = inner.split_whitespace().collect();
    ensure!(fields.len() == 6, "the schedule {text} needs six fields");
    let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (1, 7)];
    let parsed: anyhow::Result<Vec<Vec<u32>>> =
        fields.iter().zip(bounds).map(|(field, bound)| numbers(field, bound)).collect();
    Ok(Expression::Cron(parsed?))
}

fn numbers(field: &str, (from, to): (u32, u32)) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap_or(1)));
        let (first, last) = match range {
            "*" | "?" => (from, to),
            _ => match range.split_once('-') {
                Some((first, last)) => (first.parse()?, last.parse()?),
                None if part.contains('/') => (range.parse()?, to),
                None => (range.parse()?, range.parse()?),
            },
        };
        found.extend((first..=last).step_by(step as usize));
    }
    Ok(found)
}

impl Expression {
    /// The next firing after an instant.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Expression::Rate(every) => now.saturating_add(*every).ok(),
            Expression::Cron(fields) => {
                let minute = now.as_second().div_euclid(60);
                // Four years hold every date there is.
                let all =
                    (minute + 1..).take(4 * 366 * 1440).filter_map(|minute| Timestamp::from_second(minute * 60).ok());
                all.into_iter().find(|at| fits(*at, fields))
            }
        }
    }
}

fn fits(at: Timestamp, fields: &[Vec<u32>]) -> bool {
    let number = |format: &str| at.strftime(format).to_string().trim().parse::<u32>().unwrap_or(0);
    let parts = [number("%M"), number("%H"), number("%d"), number("%m"), number("%w") + 1];
    fields.iter().zip(parts).all(|(field, part)| field.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, now: &str) -> String {
        parse(expression).unwrap().next(now.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn rates_and_crons_come_round() {
        assert_eq!(next("rate(1 minute)", "2026-11-24T03:00:30Z"), "2026-11-24T03:01:30Z");
        assert_eq!(next("cron(0 3 * * ? *)", "2026-11-24T03:00:00Z"), "2026-11-25T03:00:00Z");
        assert_eq!(next("cron(0/15 * ? * 2-6 *)", "2026-11-27T23:50:00Z"), "2026-11-30T00:00:00Z");
        for bad in ["rate(0 minutes)", "rate(1 week)", "cron(* *)", "every minute"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
