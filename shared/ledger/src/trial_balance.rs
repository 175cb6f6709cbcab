//! The trial balance: every account's balance on a day.
//!
//! Source: the reports of Xero's Accounting API. Names, sections and the count of columns differ by region and layout, so
//! accounts are told by the attribute that carries their id, amounts by the titles of their columns. Debits must equal
//! credits over all rows: whatever was not understood shows there, and then the whole report is refused.

use std::collections::BTreeMap;
use std::str::FromStr;

use kernel::{Currency, Date, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xero::ApiRead;

/// The balances of one day. An account that is not in the report has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialBalance {
    balances: BTreeMap<Uuid, Money>,
}

/// Why an answer is no trial balance that can be relied on. Says places, never content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialBalanceFault {
    /// No report in it.
    #[error("the answer holds no trial balance")]
    NoReport,
    /// The columns of debits and credits are not to be told.
    #[error("the trial balance has no columns, or more than one pair, that could be its debits and credits")]
    Columns,
    /// An account's row that does not fit the columns.
    #[error("row {0} of the trial balance cannot be read")]
    Row(usize),
    /// Something of it was not understood.
    #[error("the debits and credits that were read of the trial balance differ")]
    Unbalanced,
}

/// Asks for the balances at the end of a day, on the accrual basis.
pub fn request(as_at: Date) -> ApiRead {
    ApiRead { path: "/Reports/TrialBalance".to_owned(), query: vec![("date", as_at.to_string())], ..ApiRead::default() }
}

impl TrialBalance {
    /// Reads an answer.
    pub fn read(body: &[u8], currency: Currency) -> Result<Self, TrialBalanceFault> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| TrialBalanceFault::NoReport)?;
        let report = answer.reports.into_iter().next().ok_or(TrialBalanceFault::NoReport)?;
        let named = [&report.report_type, &report.report_id].into_iter().flatten().find(|name| !name.is_empty());
        if named.is_some_and(|name| !name.to_ascii_lowercase().contains("trialbalance")) {
            return Err(TrialBalanceFault::NoReport);
        }
        let mut reading = Reading { currency, rows: 0, has_columns: false, sum: 0, balances: BTreeMap::new() };
        reading.walk(&report.rows, None)?;
        match (reading.has_columns, reading.sum) {
            (false, _) => Err(TrialBalanceFault::Columns),
            (true, 0) => Ok(Self { balances: reading.balances }),
            (true, _) => Err(TrialBalanceFault::Unbalanced),
        }
    }

    /// An account's balance, debit above zero; none where the report does not list it, which is a balance of nothing.
    pub fn balance(&self, account: Uuid) -> Option<Money> {
        self.balances.get(&account).copied()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    reports: Vec<Report>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    #[serde(rename = "ReportID")]
    report_id: Option<String>,
    report_type: Option<String>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    row_type: Option<String>,
    cells: Option<Vec<Cell>>,
    rows: Option<Vec<Row>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cell {
    value: Option<String>,
    attributes: Option<Vec<Attribute>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    id: Option<String>,
    value: Option<String>,
}

/// Where the amounts stand.
#[derive(Clone, Copy)]
struct Columns {
    debit: usize,
    credit: usize,
}

struct Reading {
    currency: Currency,
    rows: usize,
    has_columns: bool,
    sum: i128,
    balances: BTreeMap<Uuid, Money>,
}

impl Reading {
    /// A header counts for what follows it, there and below.
    fn walk(&mut self, rows: &[Row], above: Option<Columns>) -> Result<(), TrialBalanceFault> {
        let mut columns = above;
        for row in rows {
            self.rows += 1;
            let kind = row.row_type.as_deref().unwrap_or_default();
            if kind.eq_ignore_ascii_case("Header") {
                columns = Some(header(row.cells.as_deref().unwrap_or_default())?);
                self.has_columns = true;
            } else if let Some(below) = &row.rows {
                self.walk(below, columns)?;
            } else if !kind.eq_ignore_ascii_case("SummaryRow") {
                self.row(row.cells.as_deref().unwrap_or_default(), columns)?;
            }
        }
        Ok(())
    }

    /// A row without an account counts for the sum alone: Xero computes some.
    fn row(&mut self, cells: &[Cell], columns: Option<Columns>) -> Result<(), TrialBalanceFault> {
        let bad = TrialBalanceFault::Row(self.rows);
        let account = cells.iter().find_map(account).transpose().map_err(|_| bad.clone())?;
        if account.is_none() && cells.iter().all(|cell| text(cell).is_empty()) {
            return Ok(());
        }
        let columns = columns.ok_or(TrialBalanceFault::Columns)?;
        let side = |at: usize| cells.get(at).and_then(|cell| amount(text(cell), self.currency));
        let (Some(debit), Some(credit)) = (side(columns.debit), side(columns.credit)) else { return Err(bad) };
        let balance = debit.try_sub(credit).map_err(|_| bad.clone())?;
        self.sum += i128::from(balance.minor);
        if let Some(account) = account {
            let sum = self.balances.entry(account).or_insert(Money::zero(self.currency));
            *sum = sum.try_add(balance).map_err(|_| bad)?;
        }
        Ok(())
    }
}

fn text(cell: &Cell) -> &str {
    cell.value.as_deref().unwrap_or_default().trim()
}

fn account(cell: &Cell) -> Option<Result<Uuid, uuid::Error>> {
    let attributes = cell.attributes.iter().flatten();
    let is_account =
        |attribute: &&Attribute| attribute.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case("account"));
    attributes.clone().find(is_account).map(|found| Uuid::try_parse(found.value.as_deref().unwrap_or_default()))
}

/// The balance stands in the columns of the year to date where there are such; a month's movement may stand beside them.
fn header(cells: &[Cell]) -> Result<Columns, TrialBalanceFault> {
    let title = |cell: &Cell| text(cell).to_ascii_lowercase();
    let to_date = |title: &str| title.contains("ytd") || title.contains("year to date");
    let named = |side: &str| -> Vec<(usize, bool)> {
        let found = cells.iter().map(title).enumerate().filter(|(_, title)| title.contains(side));
        found.map(|(at, title)| (at, to_date(&title))).collect()
    };
    let (debits, credits) = (named("debit"), named("credit"));
    let one = |among: &[(usize, bool)], wanted: bool| {
        let mut found = among.iter().filter(|(_, to_date)| *to_date == wanted);
        found.next().filter(|_| found.next().is_none()).map(|(at, _)| *at)
    };
    let any_to_date = debits.iter().chain(&credits).any(|(_, to_date)| *to_date);
    let (debit, credit) = (one(&debits, any_to_date), one(&credits, any_to_date));
    debit.zip(credit).map(|(debit, credit)| Columns { debit, credit }).ok_or(TrialBalanceFault::Columns)
}

/// Nothing is written as an empty text. What the currency cannot say is refused, not rounded.
fn amount(text: &str, currency: Currency) -> Option<Money> {
    if text.is_empty() {
        return Some(Money::zero(currency));
    }
    Money::parse(&Decimal::from_str(text).ok()?.normalize().to_string(), currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const RENT: &str = "6f0f0c4e-0000-4000-8000-000000000001";
    const BANK: &str = "6f0f0c4e-0000-4000-8000-000000000002";

    fn pounds() -> Currency {
        "GBP".parse().unwrap()
    }

    fn header(titles: &[&str]) -> Value {
        json!({ "RowType": "Header", "Cells": titles.iter().map(|title| json!({ "Value": title })).collect::<Vec<_>>() })
    }

    fn row(account: &str, values: &[&str]) -> Value {
        let attributes = json!([{ "Id": "account", "Value": account }]);
        let cell = |value: &&str| json!({ "Value": value, "Attributes": attributes });
        json!({ "RowType": "Row", "Cells": values.iter().map(cell).collect::<Vec<_>>() })
    }

    fn section(rows: Vec<Value>) -> Value {
        json!({ "RowType": "Section", "Title": "Any", "Rows": rows })
    }

    fn read(rows: Vec<Value>) -> Result<[Option<String>; 2], TrialBalanceFault> {
        let body = json!({ "Reports": [{ "ReportID": "TrialBalance", "ReportType": "TrialBalance", "Rows": rows }] });
        let read = TrialBalance::read(body.to_string().as_bytes(), pounds())?;
        Ok([RENT, BANK].map(|id| read.balance(id.parse().unwrap()).map(Money::amount)))
    }

    #[track_caller]
    fn balances(rows: Vec<Value>, expected: [Option<&str>; 2]) {
        assert_eq!(read(rows), Ok(expected.map(|amount| amount.map(str::to_owned))));
    }

    const WIDE: &[&str] = &["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"];

    #[test]
    fn every_layout_says_the_same() {
        let wide =
            [row(RENT, &["Rent (620)", "5.00", "", "1000.00", ""]), row(BANK, &["Bank", "", "5.00", "", "1000"])];
        let expected = [Some("1000.00"), Some("-1000.00")];
        let total = json!({ "RowType": "SummaryRow", "Cells": [{ "Value": "Total" }, { "Value": "9.99" }] });
        balances(vec![header(WIDE), section(wide.to_vec()), section(vec![total])], expected);
        // Sections in sections, and rows in none.
        balances(vec![header(WIDE), section(vec![section(vec![wide[0].clone()])]), wide[1].clone()], expected);
        // A header of its own in each section, with its columns elsewhere.
        let narrow = [row(RENT, &["620", "Rent", "1000.00", ""]), row(BANK, &["090", "Bank", "", "1000.00"])];
        let titles = header(&["Account Code", "Account", "Debit - Year to date", "Credit - Year to date"]);
        balances(
            vec![section(vec![titles.clone(), narrow[0].clone()]), section(vec![titles, narrow[1].clone()])],
            expected,
        );
        let swapped = [row(RENT, &["", "1000.00", "Rent"]), row(BANK, &["1000.00", "", "Bank"])];
        balances(vec![header(&["Credit", "Debit", "Account"]), section(swapped.to_vec())], expected);
    }

    #[test]
    fn an_account_that_is_not_listed_has_no_balance_and_one_listed_twice_has_both() {
        balances(vec![header(WIDE)], [None, None]);
        let twice = vec![
            row(RENT, &["Rent", "", "", "600.00", ""]),
            row(RENT, &["Rent", "", "", "400.00", ""]),
            row(BANK, &["Bank", "", "", "", "1000.00"]),
        ];
        balances(vec![header(WIDE), section(twice)], [Some("1000.00"), Some("-1000.00")]);
        let computed = json!({ "RowType": "Row", "Cells": [
            { "Value": "Current Year Earnings" }, { "Value": "" }, { "Value": "" }, { "Value": "" }, { "Value": "7.00" }] });
        balances(vec![header(WIDE), row(RENT, &["Rent", "", "", "7.00", ""]), computed], [Some("7.00"), None]);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_nothing() {
        let rows = |value: &str| vec![header(WIDE), row(RENT, &["Rent", "", "", value, ""])];
        for value in ["1,000.00", "(5.00)", "GBP 5", "5.001", "1e3x", "99999999999999999999999"] {
            assert_eq!(read(rows(value)), Err(TrialBalanceFault::Row(2)), "{value}");
        }
        assert_eq!(read(rows("5.00")), Err(TrialBalanceFault::Unbalanced));
        assert_eq!(read(vec![row(RENT, &["Rent", "5.00", ""])]), Err(TrialBalanceFault::Columns));
        assert_eq!(read(vec![header(WIDE), row("nobody", &["", "", "", "", ""])]), Err(TrialBalanceFault::Row(2)));
        assert_eq!(read(vec![header(WIDE), row(RENT, &["Rent", ""])]), Err(TrialBalanceFault::Row(2)));
        assert_eq!(read(Vec::new()), Err(TrialBalanceFault::Columns));
        for titles in [
            ["Account", "Soll", "Haben", "", ""],
            ["Account", "Debit", "Debit", "Credit", "Credit"],
            ["Account", "YTD Debit", "Credit", "", ""],
            ["Account", "YTD Debit", "YTD Credit", "YTD Credit (last year)", ""],
        ] {
            assert_eq!(read(vec![header(&titles)]), Err(TrialBalanceFault::Columns), "{titles:?}");
        }
        for body in
            ["", "<html>", "{}", r#"{"Reports":[]}"#, r#"{"Reports":[{"ReportType":"BalanceSheet","Rows":[]}]}"#]
        {
            let refused = TrialBalance::read(body.as_bytes(), pounds());
            assert_eq!(refused, Err(TrialBalanceFault::NoReport), "{body}");
        }
    }

    #[test]
    fn the_request_names_the_day() {
        let read = request("2026-10-31".parse().unwrap());
        assert_eq!(
            (read.path.as_str(), read.query),
            ("/Reports/TrialBalance", vec![("date", "2026-10-31".to_owned())])
        );
    }
}
