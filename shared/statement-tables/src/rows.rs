//! Rows of a table as entries.
//!
//! Owns what becomes of each row: an entry, more text of the entry above, a balance, or one that is listed as passed over.
//! None disappears.

use std::collections::HashMap;

use kernel::{Currency, Date};
use statement_lines::model::{Balance, ENTRIES_MAX, Entry, STATEMENTS_MAX, Statement, Status, append_folded, folded};
use statement_lines::numeral::{Numeral, NumeralError, Side};
use statement_lines::{Exact, Findings, Place, ProblemCode, dates};

use crate::columns::Layout;
use crate::grid::Grid;
use crate::profile::{Profile, Role};
use crate::words;

/// Reads rows by a profile.
pub(crate) struct Rows<'g> {
    pub grid: &'g Grid<'g>,
    pub profile: &'g Profile,
    pub findings: &'g mut Findings,
    /// One for each account; the first until a row names one.
    statements: Vec<Statement>,
    current: usize,
    accounts: HashMap<&'g str, usize>,
    entries: usize,
    columns: Columns,
}

/// Where the columns that are asked for at each row stand.
struct Columns {
    date: Option<usize>,
    value_date: Option<usize>,
    amount: Option<usize>,
    debit: Option<usize>,
    credit: Option<usize>,
    side: Option<usize>,
    balance: Option<usize>,
    currency: Option<usize>,
    status: Option<usize>,
    account: Option<usize>,
}

/// A number of a cell and the currency beside it.
type Figure = (Exact, Option<Currency>, Option<Side>);

impl<'g> Rows<'g> {
    pub fn new(grid: &'g Grid<'g>, profile: &'g Profile, findings: &'g mut Findings) -> Self {
        let at = |role| profile.column(role);
        let columns = Columns {
            date: at(Role::Date),
            value_date: at(Role::ValueDate),
            amount: at(Role::Amount),
            debit: at(Role::Debit),
            credit: at(Role::Credit),
            side: at(Role::Side),
            balance: at(Role::Balance),
            currency: at(Role::Currency),
            status: at(Role::Status),
            account: at(Role::Account),
        };
        let statements = vec![Statement::default()];
        Self { grid, profile, findings, statements, current: 0, accounts: HashMap::new(), entries: 0, columns }
    }

    /// All rows below the header; those above it are looked at for balances.
    pub fn read(mut self, layout: &Layout) -> Vec<Statement> {
        let place = self.grid.place(layout.header.unwrap_or(layout.first));
        (self.here().kind, self.here().place) = ("csv", place);
        for row in 0..layout.header.unwrap_or(layout.first) {
            self.preamble(row);
        }
        for row in layout.first..self.grid.row_count() {
            if self.entries == ENTRIES_MAX {
                let words = format!("The file has more than {ENTRIES_MAX} entries; the rest was left out.");
                self.findings.note(ProblemCode::LimitReached, self.grid.place(row), words);
                break;
            }
            self.row(row);
        }
        self.statements
    }

    fn here(&mut self) -> &mut Statement {
        &mut self.statements[self.current]
    }

    /// Goes to the statement of a row's account; a table may hold several.
    fn turn_to_account(&mut self, row: usize) -> bool {
        let account = self.cell(row, self.columns.account);
        if account.is_empty() {
            return true;
        }
        if self.accounts.len() == STATEMENTS_MAX && !self.accounts.contains_key(account) {
            return false;
        }
        let next = self.accounts.len();
        self.current = *self.accounts.entry(account).or_insert(next);
        if self.current == self.statements.len() {
            let place = self.grid.place(row);
            self.statements.push(Statement { kind: "csv", place, ..Statement::default() });
        }
        let statement = self.here();
        statement.account = statement.account.take().or_else(|| folded(account));
        true
    }

    fn cell(&self, row: usize, column: Option<usize>) -> &'g str {
        column.map(|column| self.grid.cell(row, column)).unwrap_or_default()
    }

    /// A row above the header may state the account or a balance; whatever else it says is listed.
    fn preamble(&mut self, row: usize) {
        let mut filled = self.grid.cells(row).filter(|cell| !cell.is_empty());
        if let (Some(name), Some(number), None) = (filled.next(), filled.next(), filled.next())
            && words::roles(&words::fold(name)).next() == Some(Role::Account)
            && number.contains(|letter: char| letter.is_ascii_digit())
        {
            self.here().account = folded(number);
            return;
        }
        if !self.grid.is_blank(row) && !self.balance_row(row) {
            let words = "This line stands above the table and was passed over.";
            self.findings.note(ProblemCode::Passed, self.grid.place(row), words);
        }
    }

    /// Whether a row states a balance and no movement; then it is kept as one.
    fn balance_row(&mut self, row: usize) -> bool {
        let text = words::fold(&self.grid.cells(row).collect::<Vec<_>>().join(" "));
        let (opening, closing) = (words::names_opening(&text), words::names_closing(&text));
        if !opening && !closing {
            return false;
        }
        let number = |cell: &'g str| self.number(cell).ok().filter(|_| dates::parse(cell).is_none());
        let stated = number(self.cell(row, self.columns.balance));
        let grid = self.grid;
        let Some((amount, beside, _)) = stated.or_else(|| grid.cells(row).filter_map(number).last()) else {
            return false;
        };
        let currency = beside.or_else(|| self.currency(row));
        let date = grid.cells(row).find_map(|cell| dates::parse(cell)?.date(self.profile.date_order));
        let balance = Some(Balance { amount: amount.fitted(currency).0, currency, date });
        if opening {
            let statement = self.here();
            statement.opening = statement.opening.or(balance);
        } else {
            self.here().closing = balance;
        }
        true
    }

    fn row(&mut self, row: usize) {
        if self.grid.is_blank(row) {
            return;
        }
        let place = self.grid.place(row);
        if !self.turn_to_account(row) {
            let words = format!("The table has more than {STATEMENTS_MAX} accounts; this row was left out.");
            return self.findings.note(ProblemCode::LimitReached, place, words);
        }
        let date_cell = self.cell(row, self.columns.date);
        let date = dates::parse(date_cell);
        let money = [self.columns.amount, self.columns.debit, self.columns.credit];
        let has_money = money.iter().any(|column| !self.cell(row, *column).is_empty());
        let balance_only = !has_money || self.is_zero(row);
        if balance_only && self.balance_row(row) {
            return;
        }
        if date.is_none() && !date_cell.contains(|letter: char| letter.is_ascii_digit()) {
            let pending = self.is_pending(row);
            if date_cell.is_empty() && !has_money && self.continues(row) {
                return;
            }
            if !date_cell.is_empty() && !pending || !has_money {
                if self.balance_row(row) {
                    return;
                }
                let words = "This row has no date and is no entry: a header, a total or a note. It was passed over.";
                return self.findings.note(ProblemCode::Passed, place, words);
            }
        }
        let date = date.and_then(|written| written.date(self.profile.date_order));
        self.entry(row, date, place);
    }

    fn is_zero(&self, row: usize) -> bool {
        [self.columns.amount, self.columns.debit, self.columns.credit].into_iter().all(|column| {
            let cell = self.cell(row, column);
            cell.is_empty() || self.number(cell).is_ok_and(|(amount, ..)| amount.is_zero())
        })
    }

    fn is_pending(&self, row: usize) -> bool {
        words::is_pending(self.cell(row, self.columns.status)) || words::is_pending(self.cell(row, self.columns.date))
    }

    /// A row of text alone says more of the entry above it.
    fn continues(&mut self, row: usize) -> bool {
        let texts = |role: &Role| matches!(role, Role::Text | Role::Payee);
        let Some(entry) = self.statements[self.current].entries.last_mut() else { return false };
        let roles = self.profile.roles.iter().enumerate();
        if roles.clone().any(|(column, role)| !texts(role) && !self.grid.cell(row, column).is_empty()) {
            return false;
        }
        for (column, _) in roles {
            append_folded(&mut entry.description, self.grid.cell(row, column));
        }
        true
    }

    fn entry(&mut self, row: usize, date: Option<Date>, place: Place) {
        let (amount, beside) = self.amount(row, place);
        let currency = self.currency(row).or(beside);
        let amount = amount.map(|amount| {
            let (amount, finer) = amount.fitted(currency);
            if finer {
                let words = "This amount has more decimals than its currency; it stays as it is written.";
                self.findings.note(ProblemCode::AmountTooFine, place, words);
            }
            amount
        });
        let status = if self.is_pending(row) { Status::Pending } else { Status::Booked };
        if date.is_none() && status == Status::Booked {
            let open = dates::parse(self.cell(row, self.columns.date)).is_some_and(dates::Written::is_open);
            // The question of the order is asked once, for all rows.
            if !open {
                let words = "This date is no day that there is, or is missing.";
                self.findings.note(ProblemCode::DateUnreadable, place, words);
            }
        }
        let balance = self.cell(row, self.columns.balance);
        let balance = match self.number(balance) {
            Ok((balance, ..)) => Some(balance.fitted(currency).0),
            Err(_) if balance.is_empty() => None,
            Err(error) => {
                self.findings.note(ProblemCode::AmountUnreadable, place, format!("The balance of this row {error}."));
                None
            }
        };
        let value_date =
            dates::parse(self.cell(row, self.columns.value_date)).and_then(|date| date.date(self.profile.date_order));
        let mut entry = Entry { date, value_date, amount, currency, balance, status, place, ..Entry::default() };
        self.texts(row, &mut entry);
        self.entries += 1;
        self.here().entries.push(entry);
    }

    fn texts(&self, row: usize, entry: &mut Entry) {
        for (column, role) in self.profile.roles.iter().enumerate() {
            let cell = self.grid.cell(row, column);
            if cell.is_empty() {
                continue;
            }
            match role {
                Role::Payee => {
                    entry.payee = folded(cell);
                    append_folded(&mut entry.description, cell);
                }
                Role::Text => append_folded(&mut entry.description, cell),
                Role::Id => entry.id = folded(cell),
                Role::Code => entry.code = folded(cell),
                Role::CheckNumber => entry.check_number = folded(cell),
                _ => (),
            }
        }
    }

    fn currency(&self, row: usize) -> Option<Currency> {
        self.cell(row, self.columns.currency).parse().ok().or(self.profile.currency)
    }

    fn number(&self, cell: &str) -> Result<Figure, NumeralError> {
        let numeral = Numeral::parse(cell)?;
        let exact = match self.profile.decimal_mark {
            Some(mark) => numeral.value(mark)?,
            None => numeral.value_alone()?,
        };
        Ok((exact, numeral.currency, numeral.side))
    }

    /// The signed amount of a row.
    fn amount(&mut self, row: usize, place: Place) -> (Option<Exact>, Option<Currency>) {
        let mut read = [None; 3];
        let columns = [self.columns.amount, self.columns.debit, self.columns.credit];
        for (slot, column) in read.iter_mut().zip(columns) {
            let cell = self.cell(row, column);
            if cell.is_empty() || cell == "-" {
                continue;
            }
            match self.number(cell) {
                Ok(figure) => *slot = Some(figure),
                Err(error) => {
                    let code = match error {
                        NumeralError::MarkOpen => ProblemCode::DecimalMarkOpen,
                        _ => ProblemCode::AmountUnreadable,
                    };
                    self.findings.note(code, place, format!("The amount of this row {error}."));
                    return (None, None);
                }
            }
        }
        let [amount, debit, credit] = read;
        let beside = read.iter().flatten().find_map(|(_, currency, _)| *currency);
        if let Some((amount, _, side)) = amount {
            return (self.with_side(row, amount, side), beside);
        }
        let out = debit.filter(|(debit, ..)| !debit.is_zero());
        let inn = credit.filter(|(credit, ..)| !credit.is_zero());
        let signed = match (out, inn) {
            (Some((out, ..)), None) => out.try_abs().and_then(Exact::try_neg),
            (None, Some((inn, ..))) => Some(inn),
            (None, None) => debit.or(credit).map(|(zero, ..)| zero),
            (Some(_), Some(_)) => {
                let words = "This row has an amount on both sides; which of them moved money is unclear.";
                self.findings.note(ProblemCode::AmountsContradict, place, words);
                return (None, beside);
            }
        };
        if signed.is_none() {
            self.findings.note(ProblemCode::AmountUnreadable, place, "This row has a date and no amount.");
        }
        (signed, beside)
    }

    /// Words such as `DR` give unsigned amounts their sign.
    fn with_side(&self, row: usize, amount: Exact, beside: Option<Side>) -> Option<Exact> {
        let column = words::side(self.cell(row, self.columns.side));
        let credit = column.or(beside.map(|side| side == Side::Credit));
        match credit {
            Some(true) => amount.try_abs(),
            Some(false) => amount.try_abs()?.try_neg(),
            None => Some(amount),
        }
    }
}
