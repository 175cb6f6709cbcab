//! Statements in PDFs with a text layer.
//!
//! Owns the way from printed lines to entries: a date at the left, an amount at the right, text between and below. A page
//! has no grammar, so what was read is proved by the balances that are printed, or said to be unproven.

use clues::dates::{Order, Written};
use kernel::{Currency, Date};
use pages::{Cell, Line, Pdf, PdfError};
use statement_lines::dates::DateOrder;
use statement_lines::model::{Balance, ENTRIES_MAX, Entry, Read, Reading, Statement, append_folded};
use statement_lines::numeral::{Mark, Votes};
use statement_lines::{Exact, Findings, Place, ProblemCode, Refusal, chain};

use crate::printed::{self, Printed};
use crate::profile::Role;
use crate::proof;
use crate::words;

/// Letters this many times as high as the usual ones are a watermark or a title.
const LARGE_TIMES: i64 = 2;
/// Lines below a row that may say more of it.
const MORE_LINES_MAX: u32 = 6;
/// Letters of the longest date; a cell with more holds other text too.
const DATE_CHARS_MAX: usize = 12;

/// A printed line with its place.
struct Spot<'p> {
    line: &'p Line,
    place: Place,
}

struct Reader {
    findings: Findings,
    statement: Statement,
    mark: Option<Mark>,
    order: Option<DateOrder>,
    period: Option<(Date, Date)>,
    currency: Option<Currency>,
    /// Columns of the last header: what they hold, and where they begin and end.
    header: Vec<(Role, i64, i64)>,
    usual_size: i64,
    stated: Vec<(Option<Date>, Exact, Option<Currency>)>,
    first_open: Option<Place>,
    /// Where the date of the last entry ends, while lines that stand right of it may belong to it.
    row_open: Option<i64>,
}

/// Reads a PDF. `currency` is the account's, for amounts that name none.
pub fn read(bytes: &[u8], currency: Option<Currency>) -> Read {
    let pages = Pdf::open(bytes).and_then(|pdf| pdf.pages()).map_err(refusal)?;
    let mut spots = Vec::new();
    for (page, number) in pages.iter().zip(1..) {
        for (line, count) in page.lines.iter().zip(1..) {
            spots.push(Spot { line, place: Place::on_page(number, count) });
        }
    }
    if spots.is_empty() {
        return Err(Refusal::NoText);
    }
    let mut reader = Reader::new(&spots, currency);
    for spot in &spots {
        reader.line(spot);
    }
    reader.finish()
}

fn refusal(error: PdfError) -> Refusal {
    match error {
        PdfError::Encrypted => Refusal::PasswordProtected,
        other => Refusal::Damaged(other.to_string().into()),
    }
}

impl Reader {
    /// Looks at all lines for what concerns each of them: decimal mark, order of dates, period, size of letters.
    fn new(spots: &[Spot<'_>], currency: Option<Currency>) -> Self {
        let (mut votes, mut orders, mut sizes) = (Votes::default(), (0_u32, 0_u32), Vec::with_capacity(spots.len()));
        let mut dates = Vec::new();
        for spot in spots {
            sizes.push(spot.line.size);
            for cell in &spot.line.cells {
                if let Some(Ok(vote)) = printed::amount(&cell.text).map(|numeral| numeral.vote()) {
                    votes.add(vote);
                }
                match printed::leading_date(&cell.text).and_then(Printed::vote) {
                    Some(DateOrder::DayFirst) => orders.0 += 1,
                    Some(DateOrder::MonthFirst) => orders.1 += 1,
                    None => (),
                }
                dates.extend(clues::dates::dates(&cell.text));
            }
        }
        sizes.sort_unstable();
        for written in &dates {
            orders.0 += u32::from(written.order == Order::DayFirst);
            orders.1 += u32::from(written.order == Order::MonthFirst);
        }
        let order = match orders {
            (1.., 0) => Some(DateOrder::DayFirst),
            (0, 1..) => Some(DateOrder::MonthFirst),
            _ => None,
        };
        let settled = || dates.iter().filter_map(|written| settled(written, order));
        let period = settled().min().zip(settled().max());
        Self {
            findings: Findings::default(),
            statement: Statement { kind: "pdf", place: Place::on_page(1, 1), ..Statement::default() },
            mark: votes.mark(),
            order,
            period,
            currency,
            header: Vec::new(),
            usual_size: sizes.get(sizes.len() / 2).copied().unwrap_or(0),
            stated: Vec::new(),
            first_open: None,
            row_open: None,
        }
    }

    fn line(&mut self, spot: &Spot<'_>) {
        let cells = &spot.line.cells;
        if let Some(header) = header(cells) {
            self.header = header;
            return;
        }
        let amounts: Vec<usize> = (0..cells.len()).filter(|at| printed::amount(&cells[*at].text).is_some()).collect();
        let Some(first) = amounts.first().copied() else {
            self.account(spot);
            return self.more(spot);
        };
        let text = words::fold(&spot.line.text());
        if self.balance(spot, &text, &amounts) {
            return;
        }
        let dated = (0..first).find_map(|at| Some((at, printed::leading_date(&cells[at].text)?)));
        match dated {
            Some((at, date)) => self.row(spot, &amounts, at, date),
            None => {
                self.row_open = None;
                let words = "This line has an amount and no date: a total or a note. It was passed over.";
                self.findings.note(ProblemCode::Passed, spot.place, words);
            }
        }
    }

    /// An account's number above the rows is the statement's; one below is the other side's.
    fn account(&mut self, spot: &Spot<'_>) {
        if self.statement.account.is_none() && self.statement.entries.is_empty() && self.header.is_empty() {
            let ibans = clues::ids::ibans(&spot.line.text());
            self.statement.account = ibans.into_iter().next().map(|iban| iban.text);
        }
    }

    /// A line without an amount may say more of the entry above it.
    fn more(&mut self, spot: &Spot<'_>) {
        let large = spot.line.size >= self.usual_size * LARGE_TIMES;
        let Some(right_of) = self.row_open.filter(|_| !large) else { return };
        let Some(entry) = self.statement.entries.last_mut() else { return };
        let near = entry.place.page == spot.place.page && spot.place.line - entry.place.line <= MORE_LINES_MAX;
        let dates = |cell: &Cell| printed::leading_date(&cell.text).is_some();
        let left = spot.line.cells.first().is_none_or(|cell| cell.left <= right_of);
        if !near || left || spot.line.cells.iter().any(dates) {
            self.row_open = None;
            return;
        }
        append_folded(&mut entry.description, &spot.line.text());
    }

    /// A line that states a balance, with its date or with words that say which it is.
    fn balance(&mut self, spot: &Spot<'_>, text: &str, amounts: &[usize]) -> bool {
        let (opening, closing) = (words::names_opening(text), words::names_closing(text));
        let named = ["balance", "saldo", "solde", "kontostand"].iter().any(|word| text.contains(word));
        let dates = clues::dates::dates(&spot.line.text());
        let cell = amounts.last().map(|at| &spot.line.cells[*at]);
        let dated = named && !dates.is_empty() && amounts.len() == 1;
        if !opening && !closing && !dated {
            return false;
        }
        let read = cell.and_then(|cell| printed::value(&printed::amount(&cell.text)?, self.mark));
        let Some((amount, currency)) = read else { return false };
        self.row_open = None;
        let date = dates.first().and_then(|written| settled(written, self.order));
        let currency = currency.or(self.currency);
        let balance = Some(Balance { amount: amount.fitted(currency).0, currency, date });
        if opening {
            self.statement.opening = self.statement.opening.or(balance);
        } else if closing {
            self.statement.closing = balance;
        } else {
            self.stated.push((date, amount, currency));
        }
        true
    }

    fn row(&mut self, spot: &Spot<'_>, amounts: &[usize], at: usize, printed: Printed) {
        if self.statement.entries.len() == ENTRIES_MAX {
            return;
        }
        let (cells, place) = (&spot.line.cells, spot.place);
        let date = printed.date(self.order, self.period);
        if date.is_none() && printed.is_open() {
            self.first_open = self.first_open.or(Some(place));
        } else if date.is_none() {
            let words = "This date is no day that there is, or its year stands nowhere.";
            self.findings.note(ProblemCode::DateUnreadable, place, words);
        }
        let mut entry = Entry { date, place, ..Entry::default() };
        for (index, cell) in amounts.iter().map(|at| &cells[*at]).enumerate() {
            self.money(&mut entry, cell, index, amounts.len());
        }
        for (index, cell) in cells.iter().enumerate() {
            let is_date = (index == at || index == at + 1) && printed::leading_date(&cell.text).is_some();
            let is_only_date = is_date && cell.text.len() <= DATE_CHARS_MAX;
            if !is_only_date && !amounts.contains(&index) {
                append_folded(&mut entry.description, &cell.text);
            }
        }
        entry.currency = entry.currency.or(self.currency);
        entry.amount = entry.amount.map(|amount| amount.fitted(entry.currency).0);
        if entry.amount.is_none() {
            self.findings.note(ProblemCode::AmountUnreadable, place, "The amount of this row cannot be read.");
        }
        self.statement.entries.push(entry);
        self.row_open = Some(cells[at].right);
    }

    /// What an amount is: by the header above it, else the first is the movement and the last the balance.
    fn money(&self, entry: &mut Entry, cell: &Cell, index: usize, of: usize) {
        let read = printed::amount(&cell.text).and_then(|numeral| printed::value(&numeral, self.mark));
        let Some((amount, currency)) = read else { return };
        entry.currency = entry.currency.or(currency);
        let near = |(_, left, right): &&(Role, i64, i64)| (cell.right - right).abs().min((cell.left - left).abs());
        let above = self.header.iter().filter(|(role, ..)| is_money(*role)).min_by_key(near).map(|(role, ..)| *role);
        let role = match above {
            Some(role) => role,
            None if index + 1 == of && of > 1 => Role::Balance,
            None => Role::Amount,
        };
        match role {
            Role::Balance => entry.balance = Some(amount),
            Role::Debit => entry.amount = amount.try_abs().and_then(Exact::try_neg),
            _ => entry.amount = entry.amount.or(Some(amount)),
        }
    }

    fn finish(mut self) -> Read {
        self.settle_balances();
        let opening = self.statement.opening.map(|opening| opening.amount);
        proof::sign_by_balance(&mut self.statement.entries, opening);
        if let Some(place) = self.first_open {
            let words = "Nothing says which of day and month comes first: dates from here on read in two ways.";
            self.findings.note(ProblemCode::DateOrderOpen, place, words);
        }
        let entries = &self.statement.entries;
        if entries.is_empty() && self.statement.opening.is_none() && self.statement.closing.is_none() {
            return Err(Refusal::UnknownFormat);
        }
        self.statement.currency = entries.iter().find_map(|entry| entry.currency).or(self.currency);
        let currency = self.statement.currency;
        for entry in &mut self.statement.entries {
            entry.currency = entry.currency.or(currency);
        }
        let running = proof::check(&self.statement.entries, &mut self.findings);
        let reached = chain::booked_sum(&self.statement);
        let whole = self.statement.opening.zip(reached).and_then(|(opening, sum)| opening.amount.try_add(sum));
        let ends = self.statement.closing.map(|closing| closing.amount);
        if !(ends.is_some() && whole == ends || running.hits > 0 && running.hits == running.of) {
            let words = "No printed balance proves these rows: look through them before you use them.";
            self.findings.note(ProblemCode::Unproven, self.statement.place, words);
        }
        Ok(Reading { statements: vec![self.statement], findings: self.findings })
    }

    /// Of balances with their dates, the earliest is the opening and the latest the closing one.
    fn settle_balances(&mut self) {
        let balance = |(date, amount, currency): &(Option<Date>, Exact, Option<Currency>)| Balance {
            amount: amount.fitted(*currency).0,
            currency: *currency,
            date: *date,
        };
        let first = self.stated.iter().min_by_key(|(date, ..)| *date).filter(|_| self.stated.len() > 1).map(balance);
        let last = self.stated.iter().max_by_key(|(date, ..)| *date).map(balance);
        self.statement.opening = self.statement.opening.or(first);
        self.statement.closing = self.statement.closing.or(last);
    }
}

/// A date in running text under the document's order; none where it reads in two ways and nothing decides.
fn settled(written: &Written, order: Option<DateOrder>) -> Option<Date> {
    match (written.order, order) {
        (Order::Open, None) => None,
        (Order::Open, Some(DateOrder::MonthFirst)) => written.swapped(),
        _ => Some(written.date),
    }
}

fn is_money(role: Role) -> bool {
    matches!(role, Role::Amount | Role::Debit | Role::Credit | Role::Balance)
}

/// A header names a date and money; each cell that names something, with its place.
fn header(cells: &[Cell]) -> Option<Vec<(Role, i64, i64)>> {
    let named = cells.iter().filter(|cell| cell.text.len() <= 40 && printed::amount(&cell.text).is_none());
    let roles = named.filter_map(|cell| Some((words::roles(&words::fold(&cell.text)).next()?, cell.left, cell.right)));
    let roles: Vec<_> = roles.collect();
    let date = roles.iter().any(|(role, ..)| matches!(role, Role::Date | Role::ValueDate));
    (date && roles.iter().any(|(role, ..)| is_money(*role)) && cells.len() >= 3).then_some(roles)
}
