//! BAI2, the Cash Management Balance Reporting of American and other banks.
//!
//! Owns its records and their control totals. Amounts are whole minor units; their sign comes from the type code alone.

use kernel::{Currency, Date};
use statement_lines::lines::TextLines;
use statement_lines::model::{Balance, Entry, Read, Reading, Statement, Status, append_folded, folded};
use statement_lines::{Exact, Findings, Place, ProblemCode, dates};

use crate::fields;

/// Fields of one record. A summary of all type codes has some hundreds.
const FIELDS_MAX: usize = 4_000;

/// A record with its continuations.
struct Record<'t> {
    code: &'t str,
    fields: Vec<&'t str>,
    /// Text of continuations, behind the last field.
    more: Vec<&'t str>,
    place: Place,
}

struct Reader<'t> {
    reading: Reading,
    record: Option<Record<'t>>,
    date: Option<Date>,
    group_currency: Option<Currency>,
    account: Option<Account>,
    group_total: i128,
    file_total: i128,
    /// Records since the account, the group and the file began.
    counts: [i64; 3],
    entries: usize,
    ended: bool,
}

struct Account {
    statement: Statement,
    decimals: u8,
    total: i128,
}

/// Reads a text that is BAI2.
pub fn read(text: &str) -> Read {
    let mut reader = Reader {
        reading: Reading::default(),
        record: None,
        date: None,
        group_currency: None,
        account: None,
        group_total: 0,
        file_total: 0,
        counts: [0; 3],
        entries: 0,
        ended: false,
    };
    let mut last = Place::default();
    for line in TextLines::new(text) {
        last = line.place;
        let mut rest = line.text;
        while let Some((record, after)) = glued(rest) {
            reader.line(record, line.place);
            rest = after;
        }
        reader.line(rest, line.place);
    }
    reader.end_record();
    reader.end_account();
    if !reader.ended {
        let words = "The file ends without its closing record: it was cut off.";
        reader.reading.findings.note(ProblemCode::Truncated, last, words);
    }
    Ok(reader.reading)
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str, place: Place) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let (code, rest) = line.split_once(',').unwrap_or((line.trim_end_matches('/'), ""));
        self.counts.iter_mut().for_each(|count| *count += 1);
        match code {
            "88" => self.continuation(rest, place),
            "01" | "02" | "03" | "16" | "49" | "98" | "99" => {
                self.end_record();
                match code {
                    "01" => self.counts[2] = 1,
                    "02" => self.counts[1] = 1,
                    "03" => self.counts[0] = 1,
                    _ => (),
                }
                let fields = if code == "16" { detail_fields(rest) } else { plain_fields(rest) };
                self.record = Some(Record { code, fields, more: Vec::new(), place });
                // A trailer's count ends with itself.
                if matches!(code, "49" | "98" | "99") {
                    self.end_record();
                }
            }
            _ => {
                let words = "This line is no record of BAI2; it was passed over.";
                self.reading.findings.note(ProblemCode::Passed, place, words);
            }
        }
    }

    /// Behind an entry's references a line goes on with its text; before them, and elsewhere, it has the next fields.
    fn continuation(&mut self, rest: &'t str, place: Place) {
        let Some(record) = &mut self.record else {
            let words = "This line continues a record that is not there; it was passed over.";
            return self.reading.findings.note(ProblemCode::Passed, place, words);
        };
        if record.code != "16" {
            record.fields.extend(plain_fields(rest));
            record.fields.truncate(FIELDS_MAX);
            return;
        }
        match text_at(&record.fields).checked_sub(record.fields.len()) {
            Some(missing) if missing > 0 => record.fields.extend(without_end(rest).splitn(missing + 1, ',')),
            _ if record.more.len() == FIELDS_MAX => {
                let words = "This entry has more lines than any bank writes; the rest was left out.";
                self.reading.findings.note(ProblemCode::LimitReached, place, words);
            }
            _ => record.more.push(without_end(rest)),
        }
    }

    fn end_record(&mut self) {
        let Some(record) = self.record.take() else { return };
        let field = |at: usize| record.fields.get(at).map_or("", |field| field.trim());
        match record.code {
            "01" => self.file_total = 0,
            "02" => {
                self.group_total = 0;
                self.date = dates::parse_six(field(3));
                if self.date.is_none() {
                    fields::bad_date(record.place, &mut self.reading.findings);
                }
                self.group_currency = fields::currency(field(5), record.place, &mut self.reading.findings);
            }
            "03" => self.account(&record),
            "16" => self.detail(&record),
            "49" => {
                let total = self.account.as_ref().map_or(0, |account| account.total);
                self.control(&record, total, 0, 1);
                self.group_total += total;
                self.end_account();
            }
            "98" => {
                self.control(&record, self.group_total, 1, 2);
                self.file_total += self.group_total;
                self.end_account();
            }
            _ => {
                self.control(&record, self.file_total, 2, 2);
                self.ended = true;
            }
        }
    }

    fn account(&mut self, record: &Record<'t>) {
        self.end_account();
        let findings = &mut self.reading.findings;
        let field = |at: usize| record.fields.get(at).map_or("", |field| field.trim());
        let own = fields::currency(field(1), record.place, findings);
        // Where neither account nor group names one, the format says US dollars.
        let currency = own.or(self.group_currency).or_else(|| "USD".parse().ok());
        let decimals = currency.map_or(2, |currency| currency.minor_digits() as u8);
        let statement = Statement {
            kind: "bai2",
            account: folded(field(0)),
            currency,
            place: record.place,
            ..Statement::default()
        };
        let mut account = Account { statement, decimals, total: 0 };
        let mut at = 2;
        while at < record.fields.len() {
            let (code, amount) = (field(at), field(at + 1));
            if let Some(units) = units(amount, record.place, findings) {
                account.total += i128::from(units);
                account.balance(code, units, self.date);
            }
            at += 4 + funds_fields(&record.fields, at + 3);
        }
        self.account = Some(account);
    }

    fn detail(&mut self, record: &Record<'t>) {
        if fields::is_full(&mut self.entries, record.place, &mut self.reading) {
            return;
        }
        let findings = &mut self.reading.findings;
        let Some(account) = &mut self.account else {
            let words = "This entry belongs to no account; it was passed over.";
            return findings.note(ProblemCode::Malformed, record.place, words);
        };
        let field = |at: usize| record.fields.get(at).map_or("", |field| field.trim());
        let (code, place) = (field(0), record.place);
        let units = units(field(1), place, findings);
        let mut entry = Entry { date: self.date, place, code: folded(code), ..Entry::default() };
        entry.currency = account.statement.currency;
        account.total += units.map_or(0, i128::from);
        let out = match code.as_bytes() {
            [b'1'..=b'3', _, _] => Some(false),
            [b'4'..=b'6', _, _] => Some(true),
            _ => None,
        };
        entry.amount = units
            .and_then(|units| Exact::new(units, account.decimals))
            .and_then(|amount| if out == Some(true) { amount.try_neg() } else { Some(amount) });
        if code == "890" {
            entry.status = Status::Information;
        } else if out.is_none() {
            entry.amount = None;
            let words = "The type code of this entry does not say whether money came in or went out.";
            findings.note(ProblemCode::SignOpen, place, words);
        } else if units.is_none() && field(1).is_empty() {
            findings.note(ProblemCode::AmountUnreadable, place, "This entry has no amount.");
        }
        if field(2) == "V" {
            entry.value_date = dates::parse_six(field(3));
        }
        let after = 3 + funds_fields(&record.fields, 2);
        entry.id = folded(field(after));
        entry.reference = folded(field(after + 1));
        append_folded(&mut entry.description, field(after + 2));
        record.more.iter().for_each(|more| append_folded(&mut entry.description, more));
        account.statement.entries.push(entry);
    }

    fn control(&mut self, record: &Record<'t>, total: i128, level: usize, count_at: usize) {
        let field = |at: usize| record.fields.get(at).map_or("", |field| field.trim());
        let stated: Option<i128> = field(0).trim_start_matches('+').parse().ok();
        if stated.is_some_and(|stated| stated != total) {
            let words = "This control total is not the sum of the amounts that it covers.";
            self.reading.findings.note(ProblemCode::TotalDiffers, record.place, words);
        }
        let count: Option<i64> = field(count_at).parse().ok();
        if count.is_some_and(|count| count != self.counts[level]) {
            let words = "This count is not the number of records that it covers.";
            self.reading.findings.note(ProblemCode::TotalDiffers, record.place, words);
        }
    }

    fn end_account(&mut self) {
        if let Some(account) = self.account.take() {
            fields::keep(account.statement, &mut self.reading);
        }
    }
}

impl Account {
    /// Type codes 010 and 015 are the opening and the closing ledger balance.
    fn balance(&mut self, code: &str, units: i64, date: Option<Date>) {
        let amount = Exact::new(units, self.decimals);
        let currency = self.statement.currency;
        let balance = amount.map(|amount| Balance { amount, currency, date });
        match code {
            "010" => self.statement.opening = balance,
            "015" => self.statement.closing = balance,
            _ => (),
        }
    }
}

/// A record with another one behind it on its line. Texts may hold slashes, so those of entries are left whole.
fn glued(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let whole = line.starts_with("16,") || line.starts_with("88,");
    let (record, after) = line.split_once('/').filter(|_| !whole)?;
    let after = after.trim_start();
    let coded =
        after.as_bytes().get(..3).is_some_and(|code| code[..2].iter().all(u8::is_ascii_digit) && code[2] == b',');
    coded.then_some((record, after))
}

fn without_end(rest: &str) -> &str {
    let rest = rest.trim_end();
    rest.strip_suffix('/').unwrap_or(rest)
}

fn plain_fields(rest: &str) -> Vec<&str> {
    without_end(rest).split(',').take(FIELDS_MAX).collect()
}

/// The text of an entry may hold commas, so how many fields stand before it has to be known.
fn detail_fields(rest: &str) -> Vec<&str> {
    let rest = without_end(rest);
    let first: Vec<&str> = rest.splitn(5, ',').collect();
    rest.splitn(text_at(&first) + 1, ',').collect()
}

/// Where an entry's text stands: behind its funds and two references.
fn text_at(fields: &[&str]) -> usize {
    3 + funds_fields(fields, 2) + 2
}

/// How many fields the funds type at a place has behind it.
fn funds_fields(fields: &[&str], at: usize) -> usize {
    match fields.get(at).map(|funds| funds.trim()) {
        Some("S") => 3,
        Some("V") => 2,
        Some("D") => {
            let pairs = fields.get(at + 1).and_then(|count| count.trim().parse::<usize>().ok());
            1 + 2 * pairs.unwrap_or(0).min(FIELDS_MAX)
        }
        _ => 0,
    }
}

/// A whole number of minor units; none where the field is empty, and with a problem where it is no number.
fn units(text: &str, place: Place, findings: &mut Findings) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let units = text.strip_prefix('+').unwrap_or(text).parse().ok();
    if units.is_none() {
        findings.note(ProblemCode::AmountUnreadable, place, "This amount is no whole number of minor units.");
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "01,A,B,260131,0900,1,80,1,2/\n02,B,A,1,260131,,EUR,2/\n";

    #[track_caller]
    fn check(body: &str, amounts: &[Option<&str>], codes: &[ProblemCode]) -> Reading {
        let reading = read(&format!("{HEAD}{body}")).unwrap();
        let entries = reading.statements.iter().flat_map(|statement| &statement.entries);
        let found: Vec<_> = entries.map(|entry| entry.amount.map(|amount| amount.to_string())).collect();
        assert_eq!(found, amounts.iter().map(|amount| amount.map(str::to_owned)).collect::<Vec<_>>());
        assert_eq!(reading.findings.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), codes);
        reading
    }

    #[test]
    fn every_funds_type_leaves_the_text_where_it_is() {
        let body = "03,1,,010,1000,,,015,1450,,/\n16,108,100,S,1,2,3,ID1,REF,A, B/C/\n16,108,200,V,260130,,ID2,,x\n\
            88,y, z\n16,108,300,D,2,0,100,1,200,ID3,,t\n16,408,150,0,ID4,,u/\n49,3200,7/\n98,3200,1,9/\n99,3200,1,11/\n";
        let reading = check(body, &[Some("1.00"), Some("2.00"), Some("3.00"), Some("-1.50")], &[]);
        let statement = &reading.statements[0];
        let texts: Vec<_> = statement.entries.iter().map(|entry| entry.description.as_str()).collect();
        assert_eq!(texts, ["A, B/C", "x y, z", "t", "u"]);
        let ids: Vec<_> = statement.entries.iter().filter_map(|entry| entry.id.as_deref()).collect();
        assert_eq!(ids, ["ID1", "ID2", "ID3", "ID4"]);
        assert_eq!(statement.closing.map(|closing| closing.amount.to_string()).as_deref(), Some("14.50"));
    }

    #[test]
    fn what_does_not_fit_is_listed() {
        use ProblemCode::*;
        check("03,1,EUR/\n16,108,1x,,,,t/\n16,950,5,,,,t/\n", &[None, None], &[AmountUnreadable, SignOpen, Truncated]);
        check("03,1,EUR/\n16,108,500,,,,t/\n49,501,9/\n99,501,1,9/", &[Some("5.00")], &[TotalDiffers; 4]);
        check("16,108,500,,,,t/\nhello\n99,0,1,6/", &[], &[Passed, Malformed, TotalDiffers]);
        check("03,1,JPY/\n16,108,500,,,,t/\n99", &[Some("500")], &[]);
        check("03,1,JPY/16,108,500,,,,t/\n49,500,3/98,500,1,5/ 99,500,1,7/", &[Some("500")], &[]);
    }
}
