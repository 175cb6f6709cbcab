//! An organisation's periods and financial years.
//!
//! Owns which period holds a date, for calendar months, months that end on another day, weeks in quarters of 4-4-5,
//! and periods listed one by one. Reads no clock: what today is, the caller knows.

use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

use crate::periods::{Period, PeriodName, days_after};

/// The periods of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Calendar {
    periods: PeriodKind,
    year_end: YearEnd,
}

/// How an organisation cuts its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PeriodKind {
    /// Calendar months.
    Months,
    /// Months that end on a day of the month; in a shorter month, on its last day.
    MonthDay {
        /// 1 to 31.
        ends_on: i8,
    },
    /// Twelve periods of whole weeks. A 53rd week goes to the year's last period.
    Weeks {
        /// The weeks of each quarter.
        pattern: WeekPattern,
        /// The weekday that ends weeks, periods and years: 1 for Monday to 7 for Sunday.
        ends_on: i8,
        /// Which such weekday ends the year.
        year_ends: WeekRule,
    },
    /// Periods listed one by one. The list may grow at its end; what it already says must stay.
    Custom {
        /// The first day of the first period.
        first: Date,
        /// The last day of each period.
        ends: Vec<Date>,
    },
}

/// The weeks of a quarter's three periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeekPattern {
    /// Four, four, five.
    #[serde(rename = "4-4-5")]
    FourFourFive,
    /// Four, five, four.
    #[serde(rename = "4-5-4")]
    FourFiveFour,
    /// Five, four, four.
    #[serde(rename = "5-4-4")]
    FiveFourFour,
}

/// Which weekday ends a year of weeks, seen from the nominal end of the financial year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekRule {
    /// The last one on or before it.
    LastBefore,
    /// The nearest to it.
    Nearest,
}

/// The day on which financial years end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedYearEnd")]
pub struct YearEnd {
    month: i8,
    day: i8,
}

/// A financial year, named by the calendar year in which it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinancialYear {
    /// The calendar year that holds its nominal end.
    pub year: i16,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
}

/// Why a calendar cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No such day in any year.
    #[error("the financial year cannot end on day {day} of month {month}")]
    NoYearEnd {
        /// As given.
        month: i8,
        /// As given.
        day: i8,
    },
    /// No month has such a day.
    #[error("periods cannot end on day {0} of the month: expected 1 to 31")]
    NoMonthDay(i8),
    /// No such weekday.
    #[error("{0} is no weekday: expected 1 for Monday to 7 for Sunday")]
    NoWeekday(i8),
    /// An empty list of periods.
    #[error("the list of periods is empty")]
    NoPeriods,
    /// A list that only a mistake makes.
    #[error("more than {CUSTOM_PERIODS_MAX} periods are listed")]
    TooManyPeriods,
    /// The list does not go forward here.
    #[error("the period that ends on {0} does not end after the one before it")]
    NotInOrder(Date),
    /// The list reaches where no question may ask.
    #[error("{0} lies outside the years {YEAR_MIN} to {YEAR_MAX}")]
    OutOfRange(Date),
}

/// Why a calendar has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Before the first or after the last period of a listed calendar.
    #[error("{0} lies in none of the listed periods")]
    NotListed(Date),
    /// Far from any year that books are kept for.
    #[error("{0} lies outside the years {YEAR_MIN} to {YEAR_MAX}")]
    OutOfRange(Date),
    /// More periods than one question may ask for.
    #[error("more than {PERIODS_BETWEEN_MAX} periods lie between {from} and {to}")]
    TooMany {
        /// The first date.
        from: Date,
        /// The last date.
        to: Date,
    },
}

/// A hundred years of months.
pub const CUSTOM_PERIODS_MAX: usize = 1_200;
/// A hundred years of months.
pub const PERIODS_BETWEEN_MAX: usize = 1_200;
/// No date before it is looked at, so that no calculation below can leave the calendar.
pub const YEAR_MIN: i16 = 1900;
/// No date after it is looked at.
pub const YEAR_MAX: i16 = 2199;

impl YearEnd {
    /// A day and a month. A day the month lacks means its last; in February, 28 and 29 both do.
    pub fn try_new(month: i8, day: i8) -> Result<Self, CalendarError> {
        let exists = (1..=12).contains(&month) && (1..=31).contains(&day);
        if exists { Ok(Self { month, day }) } else { Err(CalendarError::NoYearEnd { month, day }) }
    }

    /// The day on which the financial year of a calendar year ends.
    fn last_day(self, year: i16) -> Date {
        let day = if self.month == 2 && self.day >= 28 { 31 } else { self.day };
        clamped(year, self.month, day)
    }
}

impl Default for YearEnd {
    fn default() -> Self {
        Self { month: 12, day: 31 }
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::months(YearEnd::default())
    }
}

impl Calendar {
    /// Calendar months under any financial year.
    pub fn months(year_end: YearEnd) -> Self {
        Self { periods: PeriodKind::Months, year_end }
    }

    /// Any kind of periods under any financial year.
    pub fn try_new(periods: PeriodKind, year_end: YearEnd) -> Result<Self, CalendarError> {
        match &periods {
            PeriodKind::Months => (),
            PeriodKind::MonthDay { ends_on } if (1..=31).contains(ends_on) => (),
            PeriodKind::MonthDay { ends_on } => return Err(CalendarError::NoMonthDay(*ends_on)),
            PeriodKind::Weeks { ends_on, .. } if (1..=7).contains(ends_on) => (),
            PeriodKind::Weeks { ends_on, .. } => return Err(CalendarError::NoWeekday(*ends_on)),
            PeriodKind::Custom { first, ends } => check_list(*first, ends)?,
        }
        Ok(Self { periods, year_end })
    }

    /// Whether each period is a month long, from whichever day.
    pub fn is_monthly(&self) -> bool {
        matches!(self.periods, PeriodKind::Months | PeriodKind::MonthDay { .. })
    }

    /// The period that holds a date.
    pub fn period_of(&self, date: Date) -> Result<Period, PeriodError> {
        within_range(date)?;
        match &self.periods {
            PeriodKind::Months => Ok(month_of(date)),
            PeriodKind::MonthDay { ends_on } => Ok(self.month_day_period(*ends_on, date)),
            PeriodKind::Weeks { pattern, .. } => Ok(week_period(*pattern, &self.year_holding(date), date)),
            PeriodKind::Custom { first, ends } => self.listed_period(*first, ends, date),
        }
    }

    /// The period after another.
    pub fn next(&self, period: &Period) -> Result<Period, PeriodError> {
        self.period_of(days_after(period.last, 1))
    }

    /// The period before another.
    pub fn previous(&self, period: &Period) -> Result<Period, PeriodError> {
        self.period_of(days_after(period.first, -1))
    }

    /// Every period from the one that holds `from` to the one that holds `to`; none when `to` comes before.
    pub fn periods(&self, from: Date, to: Date) -> Result<Vec<Period>, PeriodError> {
        let mut found = Vec::new();
        if to < from {
            return Ok(found);
        }
        let mut period = self.period_of(from)?;
        for _ in 0..PERIODS_BETWEEN_MAX {
            found.push(period);
            if period.holds(to) {
                return Ok(found);
            }
            period = self.next(&period)?;
        }
        Err(PeriodError::TooMany { from, to })
    }

    /// The financial year that holds a date.
    pub fn financial_year(&self, date: Date) -> Result<FinancialYear, PeriodError> {
        within_range(date).map(|()| self.year_holding(date))
    }

    fn year_holding(&self, date: Date) -> FinancialYear {
        // A year of weeks ends at most six days from its nominal end, so the answer is one of three years.
        let year = date.year();
        let year = (year - 1..=year + 1).find(|year| self.year_last(*year) >= date).unwrap_or(year + 2);
        FinancialYear { year, first: days_after(self.year_last(year - 1), 1), last: self.year_last(year) }
    }

    fn year_last(&self, year: i16) -> Date {
        let nominal = self.year_end.last_day(year);
        let PeriodKind::Weeks { ends_on, year_ends, .. } = &self.periods else { return nominal };
        // The offset was checked when the calendar was built; the fallback is never met.
        let ends_on = Weekday::from_monday_one_offset(*ends_on).unwrap_or(Weekday::Sunday);
        let back = nominal.weekday().since(ends_on);
        let forward = *year_ends == WeekRule::Nearest && back > 3;
        days_after(nominal, if forward { 7 - i64::from(back) } else { -i64::from(back) })
    }

    fn month_day_period(&self, ends_on: i8, date: Date) -> Period {
        let at = month_holding(ends_on, date);
        let (first, last) = (days_after(month_last(ends_on, at - 1), 1), month_last(ends_on, at));
        let year = self.year_holding(last);
        let number = at - month_holding(ends_on, year.first) + 1;
        Period { name: numbered(year.year, number), first, last }
    }

    fn listed_period(&self, first: Date, ends: &[Date], date: Date) -> Result<Period, PeriodError> {
        let at = ends.partition_point(|end| *end < date);
        let last = *ends.get(at).filter(|_| first <= date).ok_or(PeriodError::NotListed(date))?;
        let first = if at == 0 { first } else { days_after(ends[at - 1], 1) };
        let year = self.year_holding(last);
        let number = at - ends.partition_point(|end| *end < year.first) + 1;
        Ok(Period { name: numbered(year.year, number as i32), first, last })
    }
}

fn within_range(date: Date) -> Result<(), PeriodError> {
    if (YEAR_MIN..=YEAR_MAX).contains(&date.year()) { Ok(()) } else { Err(PeriodError::OutOfRange(date)) }
}

fn check_list(first: Date, ends: &[Date]) -> Result<(), CalendarError> {
    let last = *ends.last().ok_or(CalendarError::NoPeriods)?;
    if ends.len() > CUSTOM_PERIODS_MAX {
        return Err(CalendarError::TooManyPeriods);
    }
    let back = ends.windows(2).find(|pair| pair[1] <= pair[0]).map(|pair| pair[1]);
    if let Some(end) = back.or((ends[0] < first).then_some(ends[0])) {
        return Err(CalendarError::NotInOrder(end));
    }
    let outside = [first, last].into_iter().find(|date| within_range(*date).is_err());
    outside.map_or(Ok(()), |date| Err(CalendarError::OutOfRange(date)))
}

fn month_of(date: Date) -> Period {
    let name = PeriodName::Month { year: date.year(), month: date.month() };
    Period { name, first: date.first_of_month(), last: date.last_of_month() }
}

fn week_period(pattern: WeekPattern, year: &FinancialYear, date: Date) -> Period {
    let week = date.duration_since(year.first).as_hours() / 24 / 7;
    let at = (0..11).find(|at| week < weeks_through(pattern, *at)).unwrap_or(11);
    let before = if at == 0 { 0 } else { weeks_through(pattern, at - 1) };
    let first = days_after(year.first, 7 * before);
    let last = if at == 11 { year.last } else { days_after(year.first, 7 * weeks_through(pattern, at) - 1) };
    Period { name: numbered(year.year, at as i32 + 1), first, last }
}

/// Weeks from the year's start to the end of its period `at`, counted from zero.
fn weeks_through(pattern: WeekPattern, at: usize) -> i64 {
    let quarter = match pattern {
        WeekPattern::FourFourFive => [4, 8, 13],
        WeekPattern::FourFiveFour => [4, 9, 13],
        WeekPattern::FiveFourFour => [5, 9, 13],
    };
    13 * (at / 3) as i64 + quarter[at % 3]
}

fn numbered(year: i16, number: i32) -> PeriodName {
    // A calendar lists at most 1,200 periods, and counts from one.
    PeriodName::Numbered { year, number: u16::try_from(number).unwrap_or(u16::MAX) }
}

/// The month, counted through the years, whose period holds a date.
fn month_holding(ends_on: i8, date: Date) -> i32 {
    let at = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    if date <= month_last(ends_on, at) { at } else { at + 1 }
}

fn month_last(ends_on: i8, at: i32) -> Date {
    clamped((at / 12) as i16, (at % 12) as i8 + 1, ends_on)
}

/// The months between two dates when they are whole, so that a year from 7 January ends on 6 January.
pub fn whole_months(first: Date, last: Date) -> Option<i64> {
    let after = days_after(last, 1);
    let at = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    let whole = clamped(after.year(), after.month(), first.day()) == after;
    Some(at(after) - at(first)).filter(|months| whole && *months > 0)
}

/// A day of a month, or the month's last when it has no such day. Years are near the checked range, months 1 to 12.
fn clamped(year: i16, month: i8, day: i8) -> Date {
    let first = date(year, month, 1);
    date(year, month, day.min(first.days_in_month()))
}

#[derive(Deserialize)]
struct Unchecked {
    periods: PeriodKind,
    year_end: YearEnd,
}

impl TryFrom<Unchecked> for Calendar {
    type Error = CalendarError;
    fn try_from(unchecked: Unchecked) -> Result<Self, CalendarError> {
        Self::try_new(unchecked.periods, unchecked.year_end)
    }
}

#[derive(Deserialize)]
struct UncheckedYearEnd {
    month: i8,
    day: i8,
}

impl TryFrom<UncheckedYearEnd> for YearEnd {
    type Error = CalendarError;
    fn try_from(unchecked: UncheckedYearEnd) -> Result<Self, CalendarError> {
        Self::try_new(unchecked.month, unchecked.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn year_end(month: i8, day: i8) -> YearEnd {
        YearEnd::try_new(month, day).unwrap()
    }

    fn month_day(ends_on: i8, year_end: YearEnd) -> Calendar {
        Calendar::try_new(PeriodKind::MonthDay { ends_on }, year_end).unwrap()
    }

    fn weeks(pattern: WeekPattern, ends_on: i8, year_ends: WeekRule, year_end: YearEnd) -> Calendar {
        Calendar::try_new(PeriodKind::Weeks { pattern, ends_on, year_ends }, year_end).unwrap()
    }

    fn listed(first: &str, ends: &[&str], year_end: YearEnd) -> Result<Calendar, CalendarError> {
        let ends = ends.iter().map(|end| day(end)).collect();
        Calendar::try_new(PeriodKind::Custom { first: day(first), ends }, year_end)
    }

    #[track_caller]
    fn check(calendar: &Calendar, date: &str, expected: &str) {
        let period = calendar.period_of(day(date)).unwrap();
        assert_eq!(format!("{} {} {}", period.name, period.first, period.last), expected, "{date}");
    }

    #[track_caller]
    fn check_year(calendar: &Calendar, date: &str, expected: &str) {
        let year = calendar.financial_year(day(date)).unwrap();
        assert_eq!(format!("{} {} {}", year.year, year.first, year.last), expected, "{date}");
    }

    #[test]
    fn m20_a_calendar_month_ends_on_its_last_day_also_in_leap_years() {
        let months = Calendar::default();
        check(&months, "2026-03-31", "2026-03 2026-03-01 2026-03-31");
        check(&months, "2026-02-01", "2026-02 2026-02-01 2026-02-28");
        check(&months, "2028-02-29", "2028-02 2028-02-01 2028-02-29");
        check(&months, "2100-02-28", "2100-02 2100-02-01 2100-02-28");
    }

    #[test]
    fn x6_a_financial_year_ends_on_any_day() {
        let months = |month, day| Calendar::months(year_end(month, day));
        check_year(&months(3, 31), "2026-03-31", "2026 2025-04-01 2026-03-31");
        check_year(&months(3, 31), "2026-04-01", "2027 2026-04-01 2027-03-31");
        check_year(&months(6, 30), "2026-01-15", "2026 2025-07-01 2026-06-30");
        check_year(&months(4, 5), "2026-04-05", "2026 2025-04-06 2026-04-05");
        check_year(&months(4, 5), "2026-04-06", "2027 2026-04-06 2027-04-05");
        check_year(&months(2, 28), "2028-02-29", "2028 2027-03-01 2028-02-29");
        check_year(&months(2, 29), "2027-02-28", "2027 2026-03-01 2027-02-28");
        check_year(&months(4, 31), "2026-04-30", "2026 2025-05-01 2026-04-30");
        check_year(&months(12, 31), "2026-12-31", "2026 2026-01-01 2026-12-31");
        for (month, day) in [(0, 1), (13, 1), (1, 0), (1, 32)] {
            assert_eq!(YearEnd::try_new(month, day), Err(CalendarError::NoYearEnd { month, day }));
        }
    }

    #[test]
    fn m20_months_may_end_on_another_day() {
        let fifth = month_day(5, year_end(4, 5));
        check(&fifth, "2026-04-05", "2026-P12 2026-03-06 2026-04-05");
        check(&fifth, "2026-04-06", "2027-P01 2026-04-06 2026-05-05");
        check(&fifth, "2026-12-31", "2027-P09 2026-12-06 2027-01-05");
        let thirtieth = month_day(30, year_end(6, 30));
        check(&thirtieth, "2026-03-01", "2026-P09 2026-03-01 2026-03-30");
        check(&thirtieth, "2026-02-28", "2026-P08 2026-01-31 2026-02-28");
        check(&thirtieth, "2028-02-29", "2028-P08 2028-01-31 2028-02-29");
        // The year ends inside a period, which counts to the year that holds its last day.
        check(&month_day(25, year_end(3, 31)), "2026-03-31", "2027-P01 2026-03-26 2026-04-25");
    }

    #[test]
    fn m20_weeks_make_quarters_of_thirteen_and_the_53rd_goes_last() {
        let last = weeks(WeekPattern::FourFourFive, 6, WeekRule::LastBefore, year_end(12, 31));
        check_year(&last, "2026-06-01", "2026 2025-12-28 2026-12-26");
        check(&last, "2025-12-28", "2026-P01 2025-12-28 2026-01-24");
        check(&last, "2026-02-22", "2026-P03 2026-02-22 2026-03-28");
        check(&last, "2026-12-26", "2026-P12 2026-11-22 2026-12-26");
        check(&last, "2026-12-27", "2027-P01 2026-12-27 2027-01-23");
        // 2028 has 53 Saturdays to its last on 30 December.
        check_year(&last, "2028-12-30", "2028 2027-12-26 2028-12-30");
        check(&last, "2028-12-30", "2028-P12 2028-11-19 2028-12-30");
        let nearest = weeks(WeekPattern::FourFiveFour, 6, WeekRule::Nearest, year_end(1, 31));
        check_year(&nearest, "2026-01-31", "2026 2025-02-02 2026-01-31");
        check_year(&nearest, "2025-02-01", "2025 2024-02-04 2025-02-01");
        check(&nearest, "2025-03-02", "2026-P02 2025-03-02 2025-04-05");
        // The year that ends nominally on 1 January 2027 is over on 27 December 2026 already.
        let early = weeks(WeekPattern::FiveFourFour, 7, WeekRule::LastBefore, year_end(1, 1));
        check(&early, "2026-12-31", "2028-P01 2026-12-28 2027-01-31");
    }

    #[test]
    fn m20_listed_periods_are_taken_as_they_are() {
        let calendar = listed("2026-01-10", &["2026-02-14", "2026-04-01", "2026-04-02"], year_end(3, 31)).unwrap();
        check(&calendar, "2026-01-10", "2026-P01 2026-01-10 2026-02-14");
        check(&calendar, "2026-02-15", "2027-P01 2026-02-15 2026-04-01");
        check(&calendar, "2026-04-02", "2027-P02 2026-04-02 2026-04-02");
        for outside in ["2026-01-09", "2026-04-03"] {
            assert_eq!(calendar.period_of(day(outside)), Err(PeriodError::NotListed(day(outside))));
        }
        let refused = |first, ends: &[&str]| listed(first, ends, YearEnd::default()).unwrap_err();
        assert_eq!(refused("2026-01-01", &[]), CalendarError::NoPeriods);
        assert_eq!(refused("2026-01-02", &["2026-01-01"]), CalendarError::NotInOrder(day("2026-01-01")));
        let twice = ["2026-01-31", "2026-01-31"];
        assert_eq!(refused("2026-01-01", &twice), CalendarError::NotInOrder(day("2026-01-31")));
        assert_eq!(refused("1899-12-31", &["2026-01-31"]), CalendarError::OutOfRange(day("1899-12-31")));
        let many = vec!["2026-01-31"; CUSTOM_PERIODS_MAX + 1];
        assert_eq!(refused("2026-01-01", &many), CalendarError::TooManyPeriods);
    }

    #[test]
    fn periods_between_two_dates_are_bounded() {
        let months = Calendar::default();
        let names = |from, to| {
            let found = months.periods(day(from), day(to))?;
            Ok::<_, PeriodError>(found.iter().map(|period| period.name.to_string()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(names("2025-12-31", "2026-02-01").unwrap(), "2025-12 2026-01 2026-02");
        assert_eq!(names("2026-01-01", "2026-01-31").unwrap(), "2026-01");
        assert_eq!(names("2026-01-02", "2026-01-01").unwrap(), "");
        assert_eq!(months.periods(day("2000-01-01"), day("2099-12-31")).unwrap().len(), PERIODS_BETWEEN_MAX);
        let (from, to) = (day("2000-01-01"), day("2100-01-01"));
        assert_eq!(months.periods(from, to), Err(PeriodError::TooMany { from, to }));
        let beyond = day("2200-01-01");
        assert_eq!(months.periods(day("2199-12-31"), beyond), Err(PeriodError::OutOfRange(beyond)));
        assert!(months.financial_year(day("1899-12-31")).is_err() && months.period_of(Date::MAX).is_err());
    }

    /// Every day belongs to exactly one period, periods follow one another without a gap, and no name comes twice.
    #[test]
    fn calendars_cover_every_day_once() {
        let mut calendars = Vec::new();
        for (month, day) in [(12, 31), (3, 31), (6, 30), (4, 5), (2, 28), (2, 29), (1, 1)] {
            let year_end = year_end(month, day);
            calendars.push(Calendar::months(year_end));
            calendars.extend([1, 5, 28, 29, 30, 31].map(|ends_on| month_day(ends_on, year_end)));
            for pattern in [WeekPattern::FourFourFive, WeekPattern::FourFiveFour, WeekPattern::FiveFourFour] {
                calendars.extend((1..=7).map(|ends_on| weeks(pattern, ends_on, WeekRule::LastBefore, year_end)));
                calendars.extend((1..=7).map(|ends_on| weeks(pattern, ends_on, WeekRule::Nearest, year_end)));
            }
        }
        for calendar in calendars {
            let periods = calendar.periods(day("1999-12-20"), day("2042-01-10")).unwrap();
            for pair in periods.windows(2) {
                assert_eq!(days_after(pair[0].last, 1), pair[1].first, "{calendar:?}");
                assert!(pair[0].name < pair[1].name, "{} then {}: {calendar:?}", pair[0].name, pair[1].name);
                assert_eq!(calendar.previous(&pair[1]), Ok(pair[0]), "{calendar:?}");
                let middle = days_after(pair[0].first, pair[0].days() / 2);
                assert_eq!(calendar.period_of(middle), Ok(pair[0]), "{calendar:?}");
                assert!(matches!(pair[0].name, PeriodName::Month { .. } | PeriodName::Numbered { number: 1..=12, .. }));
            }
        }
    }

    #[test]
    fn whole_months_are_counted_from_any_day() {
        let months = |first, last| whole_months(day(first), day(last));
        assert_eq!(months("2026-01-07", "2027-01-06"), Some(12));
        assert_eq!(months("2026-01-01", "2026-12-31"), Some(12));
        assert_eq!(months("2026-01-31", "2026-02-27"), Some(1));
        assert_eq!(months("2026-01-07", "2027-01-07"), None);
        assert_eq!(months("2026-01-07", "2026-01-06"), None);
    }

    #[test]
    fn a_calendar_is_checked_when_it_is_read() {
        let text = r#"{"periods":{"kind":"weeks","pattern":"4-4-5","ends_on":6,"year_ends":"nearest"},
            "year_end":{"month":3,"day":31}}"#;
        let calendar: Calendar = serde_json::from_str(text).unwrap();
        assert_eq!(calendar, weeks(WeekPattern::FourFourFive, 6, WeekRule::Nearest, year_end(3, 31)));
        let again: Calendar = serde_json::from_str(&serde_json::to_string(&calendar).unwrap()).unwrap();
        assert_eq!(again, calendar);
        for bad in [text.replace("\"ends_on\":6", "\"ends_on\":8"), text.replace("31", "32")] {
            assert!(serde_json::from_str::<Calendar>(&bad).is_err(), "{bad}");
        }
        let bad = month_day_error(0);
        assert_eq!(bad, CalendarError::NoMonthDay(0));
    }

    fn month_day_error(ends_on: i8) -> CalendarError {
        Calendar::try_new(PeriodKind::MonthDay { ends_on }, YearEnd::default()).unwrap_err()
    }
}
