//! Reports as Xero's JSON: the trial balance.
//!
//! Sources: the schema and example of Xero's Accounting specification, and answers and errors that developers have shown.
//! Owns what is summed over which days, and the layouts. Profit and loss accounts count from the start of the financial
//! year, with the profit of earlier years in Retained Earnings; all others count from the beginning.

use std::collections::HashMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounting::Caller;
use super::address::Address;
use super::books::Books;
use super::ledger::entries;
use super::model::Account;
use super::reply::{Reply, not_implemented, report_unreadable};
use super::settings::TrialBalanceLayout;
use super::wire::bare_time;

/// The report's name in the path.
pub(super) const TRIAL_BALANCE: &str = "TrialBalance";
const NAME: &str = "Trial Balance";

/// The report as of a day. Cash basis is not simulated.
pub(super) fn trial_balance(books: &Books, caller: &Caller, address: &Address) -> Result<Value, Reply> {
    let until = match address.parameter("date") {
        None => caller.today,
        Some(text) => read_day(text).ok_or_else(|| report_unreadable("date", "DateTime"))?,
    };
    match address.parameter("paymentsOnly").map(str::to_ascii_lowercase).as_deref() {
        None | Some("false") => (),
        Some("true") => return Err(not_implemented()),
        Some(_) => return Err(report_unreadable("paymentsOnly", "Boolean")),
    }
    let in_words = |day: Date| day.strftime("%-d %B %Y").to_string();
    Ok(json!({
        "ReportID": TRIAL_BALANCE, "ReportName": NAME, "ReportType": TRIAL_BALANCE,
        "ReportTitles": [NAME, books.profile.name, format!("As at {}", in_words(until))],
        // The day on which it was made, whatever day it is about.
        "ReportDate": in_words(caller.today), "UpdatedDateUTC": bare_time(caller.now_ms()), "Fields": [],
        "Rows": rows(books, until),
    }))
}

/// The specification's form alone.
fn read_day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|day: &Date| day.to_string() == text)
}

/// The days of one report.
struct Days {
    until: Date,
    month: Date,
    /// First day of the financial year.
    year: Date,
}

impl Days {
    fn new(until: Date, year_end: (u8, u8)) -> Self {
        let ends = [until.year() - 1, until.year()].map(|year| last_day(year, year_end));
        let before = ends.into_iter().rev().flatten().find(|end| *end < until);
        let year = before.and_then(|end| end.tomorrow().ok()).unwrap_or(until);
        Self { until, month: until.first_of_month(), year }
    }
}

/// The last day of the financial year that ends in a calendar year. Day 31 means the month's last.
fn last_day(year: i16, (day, month): (u8, u8)) -> Option<Date> {
    let first = Date::new(year, i8::try_from(month).ok()?, 1).ok()?;
    Date::new(year, first.month(), i8::try_from(day).ok()?.min(first.days_in_month())).ok()
}

#[derive(Clone, Copy, Default)]
struct Sums {
    month: Decimal,
    year: Decimal,
    earlier: Decimal,
}

/// An account and its figures, debits above zero.
struct Line<'a> {
    account: &'a Account,
    month: Decimal,
    year: Decimal,
}

impl Line<'_> {
    fn figure(&self, span: Span) -> Decimal {
        match span {
            Span::Month => self.month,
            Span::Year => self.year,
        }
    }

    /// Where the figure of a span is shown. Zero stands on the side of the other figure.
    fn is_debit(&self, span: Span) -> bool {
        let own = self.figure(span);
        let telling = if own.is_zero() { self.month + self.year } else { own };
        telling > Decimal::ZERO
    }
}

/// Every account that has a figure, by name.
fn lines<'a>(books: &'a Books, days: &Days) -> Vec<Line<'a>> {
    let mut sums: HashMap<Uuid, Sums> = HashMap::new();
    entries(books, &mut |entry| {
        if entry.date > days.until {
            return;
        }
        let sum = sums.entry(entry.account).or_default();
        if entry.date >= days.month {
            sum.month += entry.amount;
        }
        let place = if entry.date < days.year { &mut sum.earlier } else { &mut sum.year };
        *place += entry.amount;
    });
    let mut profit = Decimal::ZERO;
    let mut all: Vec<Line<'a>> = Vec::with_capacity(sums.len());
    for account in books.accounts.all() {
        let sum = sums.get(&account.id).copied().unwrap_or_default();
        let starts_afresh = matches!(account.class(), "REVENUE" | "EXPENSE");
        let (year, ended) =
            if starts_afresh { (sum.year, sum.earlier) } else { (sum.year + sum.earlier, Decimal::ZERO) };
        profit += ended;
        all.push(Line { account, month: sum.month, year });
    }
    if let Some(retained) = all.iter_mut().find(|line| is_retained(line.account)) {
        retained.year += profit;
    }
    all.retain(|line| !line.month.is_zero() || !line.year.is_zero());
    all.sort_by(|left, right| left.account.name.cmp(&right.account.name));
    all
}

fn is_retained(account: &Account) -> bool {
    account.system == "RETAINEDEARNINGS"
}

#[derive(Clone, Copy)]
enum Span {
    Month,
    Year,
}

/// What a column shows.
#[derive(Clone, Copy)]
enum Shown {
    /// The name, with the code in brackets.
    Title,
    Name,
    Code,
    Kind,
    Debit(Span),
    Credit(Span),
}

/// Titles and contents of the columns.
type Columns = &'static [(&'static str, Shown)];
/// Title of a section, and the classes of its accounts.
type Section = (&'static str, &'static [&'static str]);

struct Layout {
    columns: Columns,
    /// Sections, under the title of what is around them, which is empty where there is nothing.
    groups: &'static [(&'static str, &'static [Section])],
}

const BOTH_SPANS: Columns = &[
    ("Account", Shown::Title),
    ("Debit", Shown::Debit(Span::Month)),
    ("Credit", Shown::Credit(Span::Month)),
    ("YTD Debit", Shown::Debit(Span::Year)),
    ("YTD Credit", Shown::Credit(Span::Year)),
];
const YEAR_ALONE: Columns =
    &[("Account", Shown::Title), ("YTD Debit", Shown::Debit(Span::Year)), ("YTD Credit", Shown::Credit(Span::Year))];
const CODED: Columns = &[
    ("Account Code", Shown::Code),
    ("Account", Shown::Name),
    ("Account Type", Shown::Kind),
    ("Debit - Year to date", Shown::Debit(Span::Year)),
    ("Credit - Year to date", Shown::Credit(Span::Year)),
];

const RESULT: &[Section] = &[("Revenue", &["REVENUE"]), ("Expenses", &["EXPENSE"])];
const POSITION: &[Section] = &[("Assets", &["ASSET"]), ("Liabilities", &["LIABILITY"]), ("Equity", &["EQUITY"])];
const RENAMED: &[Section] = &[
    ("Income", &["REVENUE"]),
    ("Less Costs", &["EXPENSE"]),
    ("Assets", &["ASSET"]),
    ("Liabilities and Equity", &["LIABILITY", "EQUITY"]),
];
const TOGETHER: &[Section] = &[("", &["REVENUE", "EXPENSE", "ASSET", "LIABILITY", "EQUITY"])];

impl Layout {
    fn of(layout: TrialBalanceLayout) -> Self {
        match layout {
            TrialBalanceLayout::MonthAndYear => Self { columns: BOTH_SPANS, groups: &[("", RESULT), ("", POSITION)] },
            TrialBalanceLayout::YearAlone => Self { columns: YEAR_ALONE, groups: &[("", RENAMED)] },
            TrialBalanceLayout::Coded => Self { columns: CODED, groups: &[("", TOGETHER)] },
            TrialBalanceLayout::Nested => {
                Self { columns: BOTH_SPANS, groups: &[("Profit and Loss", RESULT), ("Balance Sheet", POSITION)] }
            }
        }
    }
}

fn rows(books: &Books, until: Date) -> Vec<Value> {
    let layout = Layout::of(books.habits.trial_balance);
    let days = Days::new(until, books.profile.country.figures().year_end);
    let lines = lines(books, &days);
    let titles: Vec<Value> = layout.columns.iter().map(|(title, _)| json!({ "Value": title })).collect();
    let mut rows = vec![json!({ "RowType": "Header", "Cells": titles })];
    for (title, sections) in layout.groups {
        let shown = sections.iter().filter_map(|each| section(*each, &lines, layout.columns, &days));
        if title.is_empty() {
            rows.extend(shown);
        } else {
            rows.push(json!({ "RowType": "Section", "Title": title, "Rows": shown.collect::<Vec<_>>() }));
        }
    }
    rows.push(json!({ "RowType": "Section", "Title": "", "Rows": [summary(&lines, layout.columns)] }));
    rows
}

/// A section, if it has accounts.
fn section((title, classes): Section, lines: &[Line<'_>], columns: Columns, days: &Days) -> Option<Value> {
    let mine = lines.iter().filter(|line| classes.contains(&line.account.class()));
    let rows: Vec<Value> = mine.map(|line| row(line, columns, days)).collect();
    (!rows.is_empty()).then(|| json!({ "RowType": "Section", "Title": title, "Rows": rows }))
}

fn row(line: &Line<'_>, columns: Columns, days: &Days) -> Value {
    let account = json!([{ "Value": line.account.id.to_string(), "Id": "account" }]);
    let mut of_amounts = account.clone();
    if let (true, Some(attributes), Ok(end)) =
        (is_retained(line.account), of_amounts.as_array_mut(), days.year.yesterday())
    {
        // What it sums up: everything until the last financial year ended.
        attributes.push(json!({ "Value": "", "Id": "fromDate" }));
        attributes.push(json!({ "Value": end.strftime("%d/%m/%Y").to_string(), "Id": "toDate" }));
    }
    let cell = |(_, shown): &(_, Shown)| {
        let attributes = if matches!(shown, Shown::Debit(_) | Shown::Credit(_)) { &of_amounts } else { &account };
        json!({ "Value": value(line, *shown), "Attributes": attributes })
    };
    json!({ "RowType": "Row", "Cells": columns.iter().map(cell).collect::<Vec<_>>() })
}

fn value(line: &Line<'_>, shown: Shown) -> String {
    let account = line.account;
    let on = |span: Span, fits: bool| if fits { text(line.figure(span).abs()) } else { String::new() };
    match shown {
        Shown::Title if account.code.is_empty() => account.name.to_string(),
        Shown::Title => format!("{} ({})", account.name, account.code),
        Shown::Name => account.name.to_string(),
        Shown::Code => account.code.to_string(),
        Shown::Kind => account.kind.to_string(),
        Shown::Debit(span) => on(span, line.is_debit(span)),
        Shown::Credit(span) => on(span, !line.is_debit(span)),
    }
}

fn text(amount: Decimal) -> String {
    format!("{amount:.2}")
}

/// The totals of both sides.
fn summary(lines: &[Line<'_>], columns: Columns) -> Value {
    let sum = |span: Span, sign: Decimal| -> Decimal {
        lines.iter().map(|line| (line.figure(span) * sign).max(Decimal::ZERO)).sum()
    };
    let cell = |(at, (_, shown)): (usize, &(_, Shown))| {
        let value = match shown {
            Shown::Debit(span) => text(sum(*span, Decimal::ONE)),
            Shown::Credit(span) => text(sum(*span, Decimal::NEGATIVE_ONE)),
            _ if at == 0 => "Total".to_owned(),
            _ => String::new(),
        };
        json!({ "Value": value })
    };
    json!({ "RowType": "SummaryRow", "Cells": columns.iter().enumerate().map(cell).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_financial_year_starts_after_the_last_end() {
        let check = |day: &str, year_end: (u8, u8), start: &str| {
            assert_eq!(Days::new(day.parse().unwrap(), year_end).year.to_string(), start, "{day} {year_end:?}");
        };
        check("2026-10-05", (31, 3), "2026-04-01");
        check("2026-03-31", (31, 3), "2025-04-01");
        check("2026-04-01", (31, 3), "2026-04-01");
        check("2026-06-30", (30, 6), "2025-07-01");
        check("2026-07-01", (30, 6), "2026-07-01");
        check("2024-02-29", (31, 2), "2023-03-01");
        check("2024-03-01", (31, 2), "2024-03-01");
        check("2026-12-31", (31, 12), "2026-01-01");
    }

    #[test]
    fn a_day_has_one_spelling() {
        assert_eq!(read_day("2026-09-30").map(|day| day.to_string()).as_deref(), Some("2026-09-30"));
        for bad in ["", "2026-9-30", "20260930", "30/09/2026", "2026-02-30", "2026-09-30T00:00:00", "today"] {
            assert_eq!(read_day(bad), None, "{bad}");
        }
    }
}
