//! QIF, as Quicken wrote it and others write it since.
//!
//! Owns its records: a letter and a value on each line, `^` at the end. A QIF names no currency, no id and no order of day
//! and month; the order and the decimal mark are told from all records, or asked for.

use statement_lines::dates::{self, DateOrder, Written};
use statement_lines::lines::TextLines;
use statement_lines::model::{Balance, DETAILS_MAX, Detail, Entry, Read, Reading, Statement, append_folded, folded};
use statement_lines::numeral::{Numeral, NumeralError, Votes};
use statement_lines::{Exact, Findings, Place, ProblemCode};

use crate::fields;

/// What the records below a header are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    /// Movements of an account, by the format's word for it.
    Entries(&'static str),
    /// Names of accounts.
    Accounts,
    /// Lists of categories, prices and the like.
    Lists,
}

/// A record before its dates and amounts are decided.
#[derive(Default)]
struct Record<'t> {
    entry: Entry,
    date: Option<Written>,
    has_date: bool,
    amount: Option<&'t str>,
    category: &'t str,
    splits: Vec<Split<'t>>,
    is_empty: bool,
}

#[derive(Default)]
struct Split<'t> {
    detail: Detail,
    amount: Option<&'t str>,
}

struct Reader<'t> {
    reading: Reading,
    section: Section,
    account: Option<String>,
    /// Records of the statements, in the same order as their entries.
    records: Vec<(usize, Record<'t>)>,
    record: Record<'t>,
    votes: Votes,
    orders: (u32, u32),
    first_open: Option<Place>,
    entries: usize,
    details: usize,
}

/// Reads a text that is QIF.
pub fn read(text: &str) -> Read {
    let mut reader = Reader {
        reading: Reading::default(),
        section: Section::Entries("Bank"),
        account: None,
        records: Vec::new(),
        record: Record { is_empty: true, ..Record::default() },
        votes: Votes::default(),
        orders: (0, 0),
        first_open: None,
        entries: 0,
        details: 0,
    };
    let mut last = Place::default();
    for line in TextLines::new(text) {
        reader.line(line.text, line.place);
        last = line.place;
    }
    if !reader.record.is_empty {
        let words = "The last record has no end; it was taken as it stands.";
        reader.reading.findings.note(ProblemCode::Truncated, last, words);
        reader.end_record();
    }
    Ok(reader.finish())
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str, place: Place) {
        let line = line.trim_end();
        if let Some(header) = line.trim_start().strip_prefix('!') {
            return self.header(header, place);
        }
        let Some(first) = line.chars().next() else { return };
        if first == '^' {
            return self.end_record();
        }
        let value = line[first.len_utf8()..].trim();
        match self.section {
            Section::Lists => (),
            Section::Accounts => {
                self.record.is_empty = false;
                if first == 'N' {
                    self.account = folded(value);
                }
            }
            Section::Entries(_) => self.field(first, value, place),
        }
    }

    fn header(&mut self, header: &str, place: Place) {
        if !self.record.is_empty {
            self.end_record();
        }
        let lower = header.trim().to_ascii_lowercase();
        self.section = match lower.strip_prefix("type:").map(str::trim) {
            Some("bank") => Section::Entries("Bank"),
            Some("cash") => Section::Entries("Cash"),
            Some("ccard") => Section::Entries("CCard"),
            Some("oth a") => Section::Entries("Oth A"),
            Some("oth l") => Section::Entries("Oth L"),
            Some("invst") => Section::Entries("Invst"),
            Some(_) => Section::Lists,
            None if lower == "account" => Section::Accounts,
            None => return,
        };
        if let Section::Entries(kind) = self.section {
            let account = self.account.take();
            let before = self.reading.statements.len();
            fields::keep(Statement { kind, account, place, ..Statement::default() }, &mut self.reading);
            // Entries of a statement that was left out must not come into the one before it.
            if self.reading.statements.len() == before {
                self.section = Section::Lists;
            }
        }
    }

    fn field(&mut self, letter: char, value: &'t str, place: Place) {
        let record = &mut self.record;
        if record.is_empty && "DTUNPMLSE$%ACFYIQOX".contains(letter) {
            record.is_empty = false;
            record.entry.place = place;
        }
        match letter {
            // A date inside a split is the split's.
            'D' if record.splits.is_empty() => {
                record.has_date = true;
                record.date = dates::parse(value);
            }
            'T' | 'U' => record.amount = Some(value),
            'N' => record.entry.check_number = folded(value),
            'P' => record.entry.payee = folded(value),
            'M' => append_folded(&mut record.entry.description, value),
            'L' => record.category = value,
            'S' if self.details == DETAILS_MAX => {
                let words = format!("The file has more than {DETAILS_MAX} parts of splits; this one was left out.");
                self.reading.findings.note(ProblemCode::LimitReached, place, words);
            }
            'S' => {
                self.details += 1;
                record.splits.push(Split::default());
            }
            'E' | '$' | '%' => {
                if let Some(split) = record.splits.last_mut() {
                    match letter {
                        'E' => append_folded(&mut split.detail.description, value),
                        '$' => split.amount = Some(value),
                        _ => (),
                    }
                }
            }
            'A' | 'C' | 'F' | 'D' | 'Y' | 'I' | 'Q' | 'O' | 'X' => (),
            _ => {
                let words = "This line is no field of QIF; it was passed over.";
                self.reading.findings.note(ProblemCode::Passed, place, words);
            }
        }
    }

    fn end_record(&mut self) {
        let record = std::mem::replace(&mut self.record, Record { is_empty: true, ..Record::default() });
        let Section::Entries(kind) = self.section else { return };
        if record.is_empty || fields::is_full(&mut self.entries, record.entry.place, &mut self.reading) {
            return;
        }
        if self.reading.statements.is_empty() {
            let place = record.entry.place;
            self.reading.statements.push(Statement { kind, place, ..Statement::default() });
        }
        for amount in record.amount.iter().chain(record.splits.iter().flat_map(|split| split.amount.iter())) {
            if let Ok(vote) = Numeral::parse(amount).and_then(|numeral| numeral.vote()) {
                self.votes.add(vote);
            }
        }
        if let Some(date) = record.date {
            match date.vote() {
                Some(DateOrder::DayFirst) => self.orders.0 += 1,
                Some(DateOrder::MonthFirst) => self.orders.1 += 1,
                None if date.is_open() => self.first_open = self.first_open.or(Some(record.entry.place)),
                None => (),
            }
        }
        self.records.push((self.reading.statements.len() - 1, record));
    }

    /// Once all records are known, so are the order of their dates and their decimal mark.
    fn finish(mut self) -> Reading {
        let order = match self.orders {
            (1.., 0) => Some(DateOrder::DayFirst),
            (0, 1..) => Some(DateOrder::MonthFirst),
            _ => None,
        };
        if let Some(place) = self.first_open.filter(|_| order.is_none()) {
            let (code, words) = if self.orders == (0, 0) {
                let words = "Nothing says which of day and month comes first: dates from here on read in two ways.";
                (ProblemCode::DateOrderOpen, words)
            } else {
                let words =
                    "Some dates have the day first and some the month: those that read both ways were left open.";
                (ProblemCode::DateOrderMixed, words)
            };
            self.reading.findings.note(code, place, words);
        }
        let (votes, mut reading) = (self.votes, self.reading);
        for (statement, record) in self.records {
            let Some(statement) = reading.statements.get_mut(statement) else { continue };
            settle(record, statement, votes, order, &mut reading.findings);
        }
        reading
    }
}

/// A record as an entry, or as the opening balance that it states.
fn settle(
    record: Record<'_>,
    statement: &mut Statement,
    votes: Votes,
    order: Option<DateOrder>,
    findings: &mut Findings,
) {
    let Record { mut entry, date, has_date, amount, category, splits, .. } = record;
    let place = entry.place;
    entry.code = Some(statement.kind.to_owned());
    entry.date = date.and_then(|written| written.date(order));
    if date.is_none() {
        let words = if has_date { "This date is no day that there is." } else { "This record has no date." };
        findings.note(ProblemCode::DateUnreadable, place, words);
    }
    let number = |text: &str| number(text, votes);
    for split in &splits {
        let amount = split.amount.and_then(|amount| number(amount).ok()).map(|amount| amount.fitted(None).0);
        entry.details.push(Detail { amount, ..split.detail.clone() });
    }
    let parts = || {
        let parts = entry.details.iter().map(|detail| detail.amount);
        parts.reduce(|sum, part| sum?.try_add(part?)).flatten()
    };
    entry.amount = match amount {
        Some(amount) => fields::amount(number(amount), None, place, findings),
        None => parts(),
    };
    match (entry.amount, parts()) {
        (Some(whole), Some(parts)) if whole != parts => {
            let words = "The parts of this split entry do not make its amount.";
            findings.note(ProblemCode::DetailsDiffer, place, words);
        }
        (None, _) if amount.is_none() => {
            findings.note(ProblemCode::AmountUnreadable, place, "This record has no amount.");
        }
        _ => (),
    }
    if is_opening(&entry, category) && statement.entries.is_empty() {
        statement.opening = entry.amount.map(|amount| Balance { amount, currency: None, date: entry.date });
        let own = category.trim_start_matches('[').trim_end_matches(']');
        statement.account = statement.account.take().or_else(|| folded(own));
        return;
    }
    let mut description = entry.payee.clone().unwrap_or_default();
    append_folded(&mut description, &entry.description);
    entry.description = description;
    statement.entries.push(entry);
}

/// The first record states what was there before, as a transfer from the account to itself.
fn is_opening(entry: &Entry, category: &str) -> bool {
    let payee = entry.payee.as_deref().unwrap_or_default();
    payee.eq_ignore_ascii_case("opening balance") && category.starts_with('[') && category.ends_with(']')
}

fn number(text: &str, votes: Votes) -> Result<Exact, NumeralError> {
    let numeral = Numeral::parse(text)?;
    match votes.mark() {
        Some(mark) => numeral.value(mark),
        None => numeral.value_alone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, entries: &[(Option<&str>, Option<&str>)], codes: &[ProblemCode]) -> Reading {
        let reading = read(text).unwrap();
        let texts = |entry: &Entry| (entry.date.map(|date| date.to_string()), entry.amount.map(|is| is.to_string()));
        let found: Vec<_> = reading.statements.iter().flat_map(|one| one.entries.iter().map(texts)).collect();
        let owned = |text: &Option<&str>| text.map(str::to_owned);
        let expected: Vec<_> = entries.iter().map(|(date, amount)| (owned(date), owned(amount))).collect();
        assert_eq!(found, expected);
        let problems: Vec<_> = reading.findings.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(problems, codes);
        reading
    }

    #[test]
    fn one_date_above_twelve_decides_all() {
        let text = "!Type:Bank\nD02/01/2026\nT-1,234.50\n^\nD13/01/2026\nT5\n^\n";
        check(text, &[(Some("2026-01-02"), Some("-1234.50")), (Some("2026-01-13"), Some("5.00"))], &[]);
        let text = "!Type:Bank\nD02/01/2026\nT5.00\n^\n";
        check(text, &[(None, Some("5.00"))], &[ProblemCode::DateOrderOpen]);
        let text = "!Type:Bank\nD02/13/2026\nT5.00\n^\nD13/02/2026\nT5.00\n^\nD01/02/2026\nT5.00\n^";
        let days = [(Some("2026-02-13"), Some("5.00")), (Some("2026-02-13"), Some("5.00")), (None, Some("5.00"))];
        check(text, &days, &[ProblemCode::DateOrderMixed]);
    }

    #[test]
    fn splits_accounts_and_opening_balances_are_kept_apart() {
        let text = "!Account\nNMain\nTBank\n^\n!Type:Bank\nD1/13'26\nT100.00\nPOpening Balance\nL[Main]\n^\n\
            D1/14'26\nT-9.00\nPShop\nSFood\nD9/9'99\n$-4.00\nSOther\n$-4.00\n^\n!Type:Cat\nNFood\n^\n";
        let reading = check(text, &[(Some("2026-01-14"), Some("-9.00"))], &[ProblemCode::DetailsDiffer]);
        let statement = &reading.statements[0];
        assert_eq!(statement.account.as_deref(), Some("Main"));
        assert_eq!(statement.opening.map(|opening| opening.amount.to_string()).as_deref(), Some("100.00"));
        assert_eq!(statement.entries[0].details.len(), 2);
    }

    #[test]
    fn what_is_missing_is_listed() {
        let text = "D13/01/2026\nT1.2.3\n^\nT5.00\nZ?\n^\nD31/02/2026\n";
        let entries = [(Some("2026-01-13"), None), (None, Some("5.00")), (None, None)];
        use ProblemCode::*;
        check(text, &entries, &[Passed, Truncated, AmountUnreadable, DateUnreadable, DateUnreadable, AmountUnreadable]);
    }
}
