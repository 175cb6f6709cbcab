//! Which period an organisation is closing.

use connections::Connection;
use kernel::Date;
use kernel::calendar::{Calendar, PeriodError, YearEnd};
use kernel::periods::{Period, days_after};

/// The organisation's periods: those its settings state, under the financial year that Xero states.
pub fn calendar(connection: &Connection) -> Calendar {
    let year_end = connection.facts.as_ref().and_then(|facts| facts.financial_year_end);
    // Xero may say day 0, which is no day: then the calendar year is taken.
    let year_end =
        year_end.and_then(|(day, month)| YearEnd::try_new(i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok());
    let year_end = year_end.unwrap_or_default();
    let periods = connection.settings.periods.clone();
    periods.and_then(|periods| Calendar::try_new(periods, year_end).ok()).unwrap_or(Calendar::months(year_end))
}

/// The period that is being closed: the last one that has ended, or the first after the lock date where that is later.
pub fn closing_period(calendar: &Calendar, today: Date, locked_until: Option<Date>) -> Result<Period, PeriodError> {
    let ended = calendar.previous(&calendar.period_of(today)?)?;
    match locked_until.filter(|locked| ended.last <= *locked) {
        Some(locked) => calendar.period_of(days_after(locked, 1)),
        None => Ok(ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(today: &str, locked: Option<&str>) -> String {
        let locked = locked.map(|locked| locked.parse().unwrap());
        closing_period(&Calendar::default(), today.parse().unwrap(), locked).unwrap().name.to_string()
    }

    #[test]
    fn m19_the_closing_period_is_the_last_that_ended_and_is_not_locked() {
        assert_eq!(closing("2026-11-28", None), "2026-10");
        assert_eq!(closing("2026-11-01", Some("2026-09-30")), "2026-10");
        assert_eq!(closing("2026-11-01", Some("2026-10-31")), "2026-11");
        assert_eq!(closing("2026-11-01", Some("2026-10-15")), "2026-10", "locked in part: Xero decides");
    }
}
