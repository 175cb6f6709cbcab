//! OFX 1.x in SGML and 2.x in XML, and what banks make of either (OFX 2.3, chapter 11).
//!
//! Owns which tag is which field. The sign of an amount is the truth, whatever its type says. There is no opening balance
//! in OFX, and the ledger balance is that of its own date, so nothing is computed from it.

use kernel::Date;
use statement_lines::lines::LineCounter;
use statement_lines::model::{Balance, Entry, Read, Reading, Statement, append_folded, folded};
use statement_lines::numeral::{Mark, Numeral, NumeralError, Vote};
use statement_lines::{Exact, Findings, Place, ProblemCode, Refusal, dates};

use crate::fields;
use crate::ofx_tags::{Tag, Tags, decoded};

/// Where the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Nothing,
    Entry,
    LedgerBalance,
    /// An account that is the statement's, and not the other side's of an entry.
    Account,
    /// Another aggregate whose leaves are none of ours.
    Other,
}

struct Reader<'t> {
    reading: Reading,
    counter: LineCounter<'t>,
    inside: Inside,
    statement: Option<Statement>,
    entry: Entry,
    /// As it is written; read when the entry ends, since its currency may follow.
    amount: Option<&'t str>,
    original: bool,
    balance: (Option<&'t str>, Option<Date>, Place),
    /// Which statement's fields may come: the word for it.
    kind: &'static str,
    entries: usize,
    has_end: bool,
    refused: Option<Place>,
}

/// Reads a text that is OFX.
pub fn read(text: &str) -> Read {
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(Refusal::Entities);
    }
    let mut reader = Reader {
        reading: Reading::default(),
        counter: LineCounter::new(text),
        inside: Inside::Nothing,
        statement: None,
        entry: Entry::default(),
        amount: None,
        original: false,
        balance: (None, None, Place::default()),
        kind: "bank",
        entries: 0,
        has_end: false,
        refused: None,
    };
    for tag in (Tags { text, at: 0 }) {
        reader.tag(&tag);
    }
    reader.finish(text.len());
    Ok(reader.reading)
}

/// The encoding that a file's header names.
pub fn declared_encoding(head: &str) -> Option<&str> {
    let after = |word: &str| {
        let (_, rest) = head.split_once(word)?;
        let value = rest.trim_start().split(|letter: char| letter.is_whitespace() || letter == '<').next();
        value.filter(|value| !value.is_empty())
    };
    let utf8 = after("ENCODING:").filter(|encoding| encoding.eq_ignore_ascii_case("UTF-8"));
    utf8.or_else(|| after("CHARSET:")).filter(|charset| !charset.eq_ignore_ascii_case("NONE"))
}

impl<'t> Reader<'t> {
    fn tag(&mut self, tag: &Tag<'t>) {
        let mut upper = [0_u8; 24];
        let name = upper_case(tag.name, &mut upper);
        if tag.is_end {
            return self.end(name);
        }
        match name {
            "STMTRS" | "CCSTMTRS" | "INVSTMTRS" => self.open_statement(name, tag.at),
            "STMTTRN" => self.open_entry(tag.at),
            "LEDGERBAL" => {
                self.close_entry();
                self.inside = Inside::LedgerBalance;
                self.balance = (None, None, self.counter.place(tag.at));
            }
            // A transfer's other account stands inside its entry, whose own fields may follow.
            "AVAILBAL" | "BALLIST" | "BANKACCTTO" | "CCACCTTO" | "SECINFO" if self.inside != Inside::Entry => {
                self.inside = Inside::Other;
            }
            "BANKACCTFROM" | "CCACCTFROM" | "INVACCTFROM" if self.inside != Inside::Entry => {
                self.inside = Inside::Account;
            }
            // The amount is in the account's currency already; the symbol that follows is the original's.
            "ORIGCURRENCY" => self.original = true,
            "CODE" if tag.value != "0" && !tag.value.is_empty() && self.statement.is_none() => {
                self.refused = Some(self.counter.place(tag.at));
            }
            "SEVERITY" if tag.value.eq_ignore_ascii_case("ERROR") => self.refusal(tag.at),
            _ if !tag.value.is_empty() => self.leaf(name, tag),
            _ => (),
        }
    }

    fn refusal(&mut self, at: usize) {
        let place = self.refused.unwrap_or_else(|| self.counter.place(at));
        let words = "The bank answered with an error where a statement was asked for; its code stands here.";
        self.reading.findings.note(ProblemCode::BankRefused, place, words);
    }

    fn end(&mut self, name: &str) {
        match name {
            "STMTTRN" => self.close_entry(),
            "LEDGERBAL" => self.close_balance(),
            "STMTRS" | "CCSTMTRS" | "INVSTMTRS" => self.close_statement(),
            "BANKACCTFROM" | "CCACCTFROM" | "INVACCTFROM" | "AVAILBAL" if self.inside != Inside::Entry => {
                self.inside = Inside::Nothing;
            }
            "BALLIST" | "SECINFO" => self.inside = Inside::Nothing,
            "OFX" => self.has_end = true,
            _ => (),
        }
    }

    fn open_statement(&mut self, name: &str, at: usize) {
        self.close_statement();
        self.kind = match name {
            "CCSTMTRS" => "creditcard",
            "INVSTMTRS" => "investment",
            _ => "bank",
        };
        let place = self.counter.place(at);
        self.statement = Some(Statement { kind: self.kind, place, ..Statement::default() });
    }

    fn open_entry(&mut self, at: usize) {
        self.close_entry();
        let place = self.counter.place(at);
        // A file may lack the aggregates around its entries.
        let kind = self.kind;
        self.statement.get_or_insert_with(|| Statement { kind, place, ..Statement::default() });
        self.entry = Entry { place, ..Entry::default() };
        (self.amount, self.original) = (None, false);
        self.inside = Inside::Entry;
    }

    fn leaf(&mut self, name: &str, tag: &Tag<'t>) {
        match self.inside {
            Inside::Entry => self.entry_leaf(name, tag),
            Inside::LedgerBalance => match name {
                "BALAMT" => self.balance.0 = Some(tag.value),
                "DTASOF" => self.balance.1 = dates::parse_compact(tag.value),
                _ => (),
            },
            Inside::Account if name == "ACCTID" => {
                if let Some(statement) = self.statement.as_mut().filter(|statement| statement.account.is_none()) {
                    statement.account = folded(&decoded(tag.value));
                }
            }
            _ if name == "CURDEF" => {
                let place = self.counter.place(tag.at);
                let currency = fields::currency(tag.value, place, &mut self.reading.findings);
                if let Some(statement) = &mut self.statement {
                    statement.currency = currency;
                }
            }
            _ => (),
        }
    }

    fn entry_leaf(&mut self, name: &str, tag: &Tag<'t>) {
        let text = || folded(&decoded(tag.value));
        match name {
            "TRNTYPE" => self.entry.code = text(),
            "DTPOSTED" => self.entry.date = dates::parse_compact(tag.value),
            "DTAVAIL" => self.entry.value_date = dates::parse_compact(tag.value),
            "TRNAMT" => self.amount = Some(tag.value),
            "FITID" => self.entry.id = text(),
            "CHECKNUM" => self.entry.check_number = text(),
            "REFNUM" => self.entry.reference = text(),
            "NAME" => {
                append_folded(&mut self.entry.description, &decoded(tag.value));
                self.entry.payee = text();
            }
            "EXTDNAME" | "MEMO" => append_folded(&mut self.entry.description, &decoded(tag.value)),
            "CURSYM" if self.original => (),
            "CURSYM" => {
                let place = self.counter.place(tag.at);
                self.entry.currency = fields::currency(tag.value, place, &mut self.reading.findings);
            }
            "CORRECTACTION" => {
                let place = self.counter.place(tag.at);
                let words = "The bank says that this entry replaces or deletes one that it sent before.";
                self.reading.findings.note(ProblemCode::Passed, place, words);
            }
            _ => (),
        }
    }

    fn close_entry(&mut self) {
        if self.inside != Inside::Entry {
            return;
        }
        self.inside = Inside::Nothing;
        let mut entry = std::mem::take(&mut self.entry);
        if fields::is_full(&mut self.entries, entry.place, &mut self.reading) {
            return;
        }
        let Some(statement) = &mut self.statement else { return };
        let findings = &mut self.reading.findings;
        entry.currency = entry.currency.or(statement.currency);
        entry.amount = fields::amount(number(self.amount.unwrap_or_default()), entry.currency, entry.place, findings);
        if entry.date.is_none() {
            fields::bad_date(entry.place, findings);
        }
        statement.entries.push(entry);
    }

    fn close_balance(&mut self) {
        if self.inside != Inside::LedgerBalance {
            return;
        }
        self.inside = Inside::Nothing;
        let (amount, date, place) = self.balance;
        let Some(statement) = &mut self.statement else { return };
        let Some(text) = amount else { return };
        let currency = statement.currency;
        let amount = fields::amount(number(text), currency, place, &mut self.reading.findings);
        statement.closing = amount.map(|amount| Balance { amount, currency, date });
    }

    fn close_statement(&mut self) {
        self.close_entry();
        self.close_balance();
        self.inside = Inside::Nothing;
        if let Some(statement) = self.statement.take() {
            fields::keep(statement, &mut self.reading);
        }
    }

    fn finish(&mut self, end: usize) {
        if !self.has_end {
            let words = "The file ends without its closing tag: it was cut off, and the last entry may be incomplete.";
            let place = self.counter.place(end);
            self.reading.findings.note(ProblemCode::Truncated, place, words);
        }
        self.close_statement();
        note_sign(&self.reading.statements, &mut self.reading.findings);
    }
}

/// Ids such as `0` on every entry identify nothing; the check of ids says so. Here: cards whose debt is positive.
fn note_sign(statements: &[Statement], findings: &mut Findings) {
    for statement in statements.iter().filter(|statement| statement.kind == "creditcard") {
        let spends = statement.entries.iter().filter_map(|entry| entry.amount).filter(|amount| amount.is_negative());
        let owed = statement.closing.is_some_and(|closing| !closing.amount.is_negative() && !closing.amount.is_zero());
        if owed && spends.count() * 2 > statement.entries.len() {
            let words = "The card's balance is positive while most of its entries are money out: \
                some banks write what is owed without a sign.";
            findings.note(ProblemCode::SignOpen, statement.place, words);
        }
    }
}

/// Point or comma, with or without a plus and parted thousands; a currency's sign is none of OFX.
fn number(text: &str) -> Result<Exact, NumeralError> {
    let numeral = Numeral::parse(text)?;
    if numeral.currency.is_some() || numeral.side.is_some() {
        return Err(NumeralError::NotANumber);
    }
    match numeral.vote()? {
        // `-316.667`: the specification's own mark, while a comma with three digits may part thousands.
        Vote::Open if numeral.body.contains('.') => numeral.value(Mark::Point),
        _ => numeral.value_alone(),
    }
}

fn upper_case<'b>(name: &'b str, buffer: &'b mut [u8; 24]) -> &'b str {
    if name.bytes().all(|byte| !byte.is_ascii_lowercase()) {
        return name;
    }
    match buffer.get_mut(..name.len()) {
        Some(upper) => {
            upper.copy_from_slice(name.as_bytes());
            upper.make_ascii_uppercase();
            str::from_utf8(upper).unwrap_or(name)
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(inside: &str) -> (Vec<Entry>, Vec<ProblemCode>) {
        let text = format!(
            "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>\n<STMTTRN>{inside}</STMTTRN></STMTRS></OFX>"
        );
        let mut reading = read(&text).unwrap();
        let codes = reading.findings.problems.iter().map(|problem| problem.code).collect();
        (reading.statements.remove(0).entries, codes)
    }

    #[track_caller]
    fn check_amount(text: &str, expected: Option<&str>, codes: &[ProblemCode]) {
        let (entries, found) = one(&format!("<DTPOSTED>20260131<TRNAMT>{text}<FITID>1"));
        assert_eq!(entries[0].amount.map(|amount| amount.to_string()).as_deref(), expected, "{text}");
        assert_eq!(found, codes, "{text}");
    }

    #[test]
    fn amounts_are_taken_or_listed() {
        use ProblemCode::*;
        check_amount("-6.60", Some("-6.60"), &[]);
        check_amount("+1,234.50", Some("1234.50"), &[]);
        check_amount("-80", Some("-80.00"), &[]);
        check_amount("12,5", Some("12.50"), &[]);
        check_amount("1.234", Some("1.234"), &[AmountTooFine]);
        check_amount("1,234", None, &[DecimalMarkOpen]);
        check_amount("$120", None, &[AmountUnreadable]);
        check_amount(".", None, &[AmountUnreadable]);
        check_amount("", None, &[AmountUnreadable]);
    }

    #[test]
    fn an_entry_has_its_place_and_another_accounts_fields_stay_out() {
        let (entries, codes) = one("<DTPOSTED>20260230<TRNAMT>1<BANKACCTTO><ACCTID>9</BANKACCTTO><NAME>A&amp;B");
        assert_eq!(codes, [ProblemCode::DateUnreadable]);
        assert_eq!((entries[0].place.line, entries[0].date), (4, None));
        assert_eq!(entries[0].payee.as_deref(), Some("A&B"));
    }

    #[test]
    fn an_error_is_no_empty_statement_and_a_cut_file_says_so() {
        let reading = read("<OFX><STMTTRNRS><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></STMTTRNRS></OFX>").unwrap();
        assert_eq!(reading.findings.problems[0].code, ProblemCode::BankRefused);
        let reading = read("<OFX><STMTRS><STMTTRN><DTPOSTED>20260131<TRNAMT>5").unwrap();
        assert_eq!(reading.findings.problems[0].code, ProblemCode::Truncated);
        assert_eq!(reading.statements[0].entries.len(), 1);
        assert_eq!(read("<!DOCTYPE x [<!ENTITY a 'b'>]><OFX>"), Err(Refusal::Entities));
    }

    #[test]
    fn the_original_currency_is_not_the_amounts() {
        let (entries, _) = one("<DTPOSTED>20260131<TRNAMT>5<CURRENCY><CURRATE>1<CURSYM>USD</CURRENCY>");
        assert_eq!(entries[0].currency.map(|currency| currency.to_string()).as_deref(), Some("USD"));
        let (entries, _) = one("<DTPOSTED>20260131<TRNAMT>5<ORIGCURRENCY><CURRATE>1<CURSYM>USD</ORIGCURRENCY>");
        assert_eq!(entries[0].currency.map(|currency| currency.to_string()).as_deref(), Some("EUR"));
    }
}
