//! Which column of a file says what.
//!
//! Owns the names that a header may use. A name that says nothing here is passed over with a warning, never taken for
//! another.

use serde::Serialize;
use sheets::{Cell, Row};

use crate::findings::{Code, Finding, Findings};
use crate::place;

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the table of columns stands at the head of the module above")]
pub enum Column {
    Id,
    Kind,
    Amount,
    AmountPerPeriod,
    Currency,
    First,
    Last,
    Periods,
    Method,
    Ahead,
    Parts,
    BalanceAccount,
    ExpenseAccount,
    TaxType,
    #[serde(rename = "tracking_category_1")]
    TrackingCategory1,
    #[serde(rename = "tracking_option_1")]
    TrackingOption1,
    #[serde(rename = "tracking_category_2")]
    TrackingCategory2,
    #[serde(rename = "tracking_option_2")]
    TrackingOption2,
    Description,
    Source,
    ReleasedUntil,
    AlreadyReleased,
}

/// Every column with its names, of which the first is shown. Names are compared by their letters and digits alone.
const NAMES: &[(Column, &[&str])] = &[
    (Column::Id, &["id", "schedule id", "reference", "ref"]),
    (Column::Kind, &["kind", "type", "schedule type"]),
    (Column::Amount, &["amount", "total", "total amount", "amount in all"]),
    (Column::AmountPerPeriod, &["amount per period", "per period", "amount per month", "monthly amount"]),
    (Column::Currency, &["currency", "currency code"]),
    (Column::First, &["first", "first date", "first day", "start", "start date", "from"]),
    (Column::Last, &["last", "last date", "last day", "end", "end date", "to"]),
    (Column::Periods, &["periods", "number of periods"]),
    (Column::Method, &["method", "allocation method", "allocation", "spread"]),
    (Column::Ahead, &["ahead", "periods ahead"]),
    (Column::Parts, &["parts", "custom amounts"]),
    (
        Column::BalanceAccount,
        &["balance account", "balance account code", "balance sheet account", "prepayment account", "accrual account"],
    ),
    (Column::ExpenseAccount, &["expense account", "expense account code", "income account", "P&L account"]),
    (Column::TaxType, &["tax type", "tax code"]),
    (Column::TrackingCategory1, &["tracking category 1", "tracking name 1"]),
    (Column::TrackingOption1, &["tracking option 1"]),
    (Column::TrackingCategory2, &["tracking category 2", "tracking name 2"]),
    (Column::TrackingOption2, &["tracking option 2"]),
    (Column::Description, &["description", "details", "narration", "memo"]),
    (Column::Source, &["source", "source url", "url", "link"]),
    (Column::ReleasedUntil, &["released until", "released to", "released through", "posted until", "posted to"]),
    (
        Column::AlreadyReleased,
        &["already released", "released", "released amount", "amount released", "released to date"],
    ),
];

/// Of each of these, one must be there.
const REQUIRED: &[&[Column]] = &[
    &[Column::Id],
    &[Column::Kind],
    &[Column::Amount, Column::AmountPerPeriod],
    &[Column::First],
    &[Column::BalanceAccount],
    &[Column::ExpenseAccount],
    &[Column::Description],
];

/// The columns of one file, from left to right. A column without a header, or one that is not known, is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    known: Vec<Option<Column>>,
    named: Vec<bool>,
}

impl Column {
    /// Its name, as it is shown.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(column, _)| *column == self).map_or("", |(_, names)| names[0])
    }

    fn of(header: &str) -> Option<Self> {
        let wanted = folded(header);
        let (column, _) = NAMES.iter().find(|(_, names)| names.iter().any(|name| folded(name) == wanted))?;
        Some(*column)
    }
}

impl Columns {
    pub fn of(header: Row<'_>, errors: &mut Findings, warnings: &mut Findings) -> Self {
        let mut columns = Self::default();
        let row = header.number();
        for (at, cell) in (0..).zip(header.cells()) {
            let column = Column::of(cell.text);
            let named = !cell.text.trim().is_empty();
            let finding =
                |code, message: &str| Finding { row, column, cell: place(row, at), code, message: message.into() };
            if column.is_some() && columns.known.contains(&column) {
                errors.push(finding(Code::ColumnTwice, "another column says the same"));
            } else if column.is_none() && named {
                warnings.push(finding(Code::ColumnUnknown, "this column is not known and is not read"));
            }
            columns.known.push(column);
            columns.named.push(named);
        }
        columns.check_required(row, errors);
        if columns.place(Column::Method).is_none() {
            let message = "there is no column for the method: straight line is taken".to_owned();
            let column = Some(Column::Method);
            warnings.push(Finding { row, column, cell: None, code: Code::MethodAssumed, message });
        }
        columns
    }

    /// Where a column stands, counted from zero.
    pub fn place(&self, column: Column) -> Option<u32> {
        let at = self.known.iter().position(|known| *known == Some(column))?;
        u32::try_from(at).ok()
    }

    /// The cells of a row that have content and no header above them.
    pub fn strays(&self, row: Row<'_>) -> Vec<u32> {
        let stray = |(at, cell): &(u32, Cell<'_>)| {
            !cell.text.trim().is_empty() && !self.named.get(*at as usize).copied().unwrap_or(false)
        };
        (0..).zip(row.cells()).filter(stray).map(|(at, _)| at).collect()
    }

    fn check_required(&self, row: u32, errors: &mut Findings) {
        for choices in REQUIRED.iter().filter(|choices| choices.iter().all(|column| self.place(*column).is_none())) {
            let names: Vec<&str> = choices.iter().map(|column| column.name()).collect();
            let message = format!("there is no column for: {}", names.join(" or "));
            let column = choices.first().copied();
            errors.push(Finding { row, column, cell: None, code: Code::ColumnMissing, message });
        }
    }
}

/// A name by its letters and digits, in lower case.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
