//! CAMT.052, .053 and .054 of ISO 20022, in any version, with or without a namespace.
//!
//! Owns which path is which field. An amount's sign is the indicator of its own level; a reversal is an ordinary entry on
//! the other side already. An entry moves money once, whatever its batch details say.

use kernel::{Currency, Date};
use quick_xml::Reader as Xml;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use statement_lines::lines::LineCounter;
use statement_lines::model::{Balance, DETAILS_MAX, Entry, Read, Reading, Statement, Status, append_folded, folded};
use statement_lines::{ProblemCode, Refusal};

use crate::camt_fields::{BalanceDraft, DetailDraft, EntryDraft, add_details, balance_leaf, day, entry_leaf};
use crate::camt_tags::Tag;
use crate::fields;

/// Elements inside each other; the format has some twenty.
const DEPTH_MAX: usize = 64;
/// Bytes of one text; the longest field has some hundred.
const TEXT_BYTES_MAX: usize = 1 << 20;
struct Reader<'t> {
    reading: Reading,
    counter: LineCounter<'t>,
    stack: Vec<Tag>,
    text: String,
    kind: &'static str,
    statement: Option<Statement>,
    created: Option<Date>,
    count: Option<usize>,
    balance: Option<BalanceDraft>,
    entry: Option<EntryDraft>,
    /// The currency of the amount that is open.
    currency: Option<Currency>,
    entries: usize,
    details: usize,
}

/// Reads a text that is CAMT.
pub fn read(text: &str) -> Read {
    let mut xml = Xml::from_str(text);
    xml.config_mut().expand_empty_elements = true;
    let mut reader = Reader {
        reading: Reading::default(),
        counter: LineCounter::new(text),
        stack: Vec::with_capacity(DEPTH_MAX),
        text: String::new(),
        kind: "",
        statement: None,
        created: None,
        count: None,
        balance: None,
        entry: None,
        currency: None,
        entries: 0,
        details: 0,
    };
    loop {
        let at = usize::try_from(xml.buffer_position()).unwrap_or(usize::MAX);
        match xml.read_event() {
            Ok(Event::Start(start)) => reader.start(&start, at)?,
            Ok(Event::End(_)) => reader.end(at),
            Ok(Event::Text(text)) => reader.push(&text.xml10_content()),
            Ok(Event::CData(text)) => reader.push(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => match reference.resolve_char_ref() {
                Ok(Some(letter)) => reader.push(letter.encode_utf8(&mut [0; 4])),
                _ => reader.push(resolve_predefined_entity(&reference).ok_or(Refusal::Entities)?),
            },
            Ok(Event::DocType(_)) => return Err(Refusal::Entities),
            Ok(Event::Eof) => break,
            Ok(_) => (),
            Err(_) => {
                let words = "The XML is broken here; what stands behind it was not read.";
                let place = reader.counter.place(at.min(text.len()));
                reader.reading.findings.note(ProblemCode::Malformed, place, words);
                reader.stack.clear();
                break;
            }
        }
    }
    reader.finish(text.len())
}

impl Reader<'_> {
    fn push(&mut self, text: &str) {
        if self.text.len() + text.len() <= TEXT_BYTES_MAX {
            self.text.push_str(text);
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, at: usize) -> Result<(), Refusal> {
        let name = start.local_name().into_inner();
        let tag = Tag::of(name);
        self.text.clear();
        match tag {
            Tag::Stmt => self.open_statement(name, at),
            Tag::Ntry if self.stack.last() == Some(&Tag::Stmt) => {
                let place = self.counter.place(at);
                self.entry = Some(EntryDraft { entry: Entry { place, ..Entry::default() }, ..EntryDraft::default() });
            }
            Tag::Bal => {
                self.balance = Some(BalanceDraft { place: self.counter.place(at), ..BalanceDraft::default() });
            }
            Tag::TxDtls => {
                self.details += 1;
                if self.details == DETAILS_MAX {
                    let words =
                        format!("The file has more than {DETAILS_MAX} transactions in batches; the rest was left out.");
                    let place = self.counter.place(at);
                    self.reading.findings.note(ProblemCode::LimitReached, place, words);
                }
                if let Some(entry) = self.entry.as_mut().filter(|_| self.details < DETAILS_MAX) {
                    entry.details.push(DetailDraft::default());
                }
            }
            Tag::Amt | Tag::InstdAmt => {
                let ccy = start
                    .attributes()
                    .with_checks(false)
                    .flatten()
                    .find(|is| is.key.local_name().into_inner() == "Ccy");
                self.currency = ccy.as_ref().and_then(|ccy| ccy.value.trim().parse().ok());
                if ccy.is_some() && self.currency.is_none() {
                    let place = self.counter.place(at);
                    self.reading.findings.note(ProblemCode::CurrencyUnknown, place, "This is no currency's code.");
                }
            }
            _ => (),
        }
        if self.stack.len() == DEPTH_MAX {
            return Err(Refusal::Damaged("its elements are nested deeper than any statement's".into()));
        }
        self.stack.push(tag);
        Ok(())
    }

    fn open_statement(&mut self, name: &str, at: usize) {
        self.close_statement();
        let (kind, is_interim) = match name {
            "Rpt" => ("Rpt", true),
            "Ntfctn" => ("Ntfctn", true),
            _ => ("Stmt", false),
        };
        self.kind = kind;
        (self.created, self.count) = (None, None);
        let place = self.counter.place(at);
        self.statement = Some(Statement { kind, is_interim, place, ..Statement::default() });
    }

    fn end(&mut self, at: usize) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.leaf(text.trim(), at);
        }
        self.text = text;
        self.text.clear();
        match self.stack.pop() {
            Some(Tag::Bal) => self.close_balance(),
            Some(Tag::Ntry) if self.stack.last() == Some(&Tag::Stmt) => self.close_entry(),
            Some(Tag::Stmt) => self.close_statement(),
            _ => (),
        }
    }

    fn leaf(&mut self, text: &str, at: usize) {
        let stack = std::mem::take(&mut self.stack);
        if let Some(draft) = &mut self.balance {
            balance_leaf(&stack, text, self.currency, draft);
        } else if let Some(entry) = &mut self.entry {
            entry_leaf(&stack, text, self.currency, entry);
        } else if self.statement.is_some() {
            self.statement_leaf(&stack, text, at);
        }
        self.stack = stack;
    }

    fn statement_leaf(&mut self, stack: &[Tag], text: &str, at: usize) {
        use Tag::*;
        let Some(statement) = &mut self.statement else { return };
        match stack {
            [.., Stmt, Id] => statement.id = folded(text),
            [.., Stmt, ElctrncSeqNb] => statement.number = folded(text),
            [.., Stmt, CreDtTm] => self.created = day(text),
            [.., Stmt, Acct, Id, Iban] | [.., Stmt, Acct, Id, Othr, Id] => {
                statement.account = statement.account.take().or_else(|| folded(text));
            }
            [.., Stmt, Acct, Ccy] => {
                let place = self.counter.place(at);
                statement.currency = fields::currency(text, place, &mut self.reading.findings);
            }
            [.., Stmt, CpyDplctInd] if text != "COPY" => {
                let words = "The bank marks this statement as a duplicate of one that it sent before.";
                self.reading.findings.note(ProblemCode::StatementRepeated, statement.place, words);
            }
            [.., TtlNtries, NbOfNtries] => self.count = text.parse().ok(),
            _ => (),
        }
    }

    fn close_balance(&mut self) {
        let Some(BalanceDraft { draft, code, date, place }) = self.balance.take() else { return };
        let Some(statement) = &mut self.statement else { return };
        let is_opening = matches!(code.as_str(), "OPBD" | "PRCD");
        if !is_opening && code != "CLBD" {
            return;
        }
        let currency = draft.currency.or(statement.currency);
        let Some(read) = draft.signed() else { return };
        let amount = fields::amount(read, currency, place, &mut self.reading.findings);
        let balance = amount.map(|amount| Balance { amount, currency, date });
        match code.as_str() {
            "OPBD" => statement.opening = balance,
            // What was there at the end of the last statement stands for the opening balance where there is none.
            "PRCD" => statement.opening = statement.opening.or(balance),
            _ => statement.closing = balance,
        }
    }

    fn close_entry(&mut self) {
        let Some(draft) = self.entry.take() else { return };
        let EntryDraft { mut entry, draft, domain, proprietary, more, details } = draft;
        if fields::is_full(&mut self.entries, entry.place, &mut self.reading) {
            return;
        }
        let Some(statement) = &mut self.statement else { return };
        let findings = &mut self.reading.findings;
        entry.currency = draft.currency.or(statement.currency);
        let credit = draft.credit;
        entry.amount = match draft.signed() {
            Some(read) => fields::amount(read, entry.currency, entry.place, findings),
            None => {
                let words = "This entry has no amount, or does not say on which side it stands.";
                findings.note(ProblemCode::AmountUnreadable, entry.place, words);
                None
            }
        };
        if entry.date.or(entry.value_date).is_none() {
            let words = "This entry has no date that can be read; it was taken as booked on the statement's date.";
            findings.note(ProblemCode::DateUnreadable, entry.place, words);
        }
        entry.date = entry.date.or(entry.value_date).or(self.created);
        entry.code = if domain.is_empty() { proprietary } else { Some(domain) };
        add_details(&mut entry, details, credit);
        if let Some(more) = more {
            append_folded(&mut entry.description, &more);
        }
        let parts = entry.details.iter().map(|detail| detail.amount.filter(|_| detail.currency == entry.currency));
        let sum = parts.reduce(|sum, part| sum?.try_add(part?)).flatten();
        if entry.details.len() > 1 && sum.is_some() && sum != entry.amount {
            let words = "The transactions of this batch do not make the amount of its entry.";
            findings.note(ProblemCode::DetailsDiffer, entry.place, words);
        }
        statement.entries.push(entry);
    }

    fn close_statement(&mut self) {
        self.close_entry();
        self.balance = None;
        let Some(mut statement) = self.statement.take() else { return };
        let booked = |entry: &Entry| entry.status == Status::Booked;
        let findings = &mut self.reading.findings;
        if statement.entries.iter().any(|entry| !booked(entry)) {
            let words = "Some entries are announced and not booked, or tell something and move nothing.";
            findings.note(ProblemCode::NotBooked, statement.place, words);
        }
        if self.count.take().is_some_and(|count| count != statement.entries.len()) {
            let words = "The statement says that it has another number of entries.";
            findings.note(ProblemCode::TotalDiffers, statement.place, words);
        }
        let of_balances = statement.closing.or(statement.opening).and_then(|balance| balance.currency);
        let of_entries = statement.entries.first().and_then(|entry| entry.currency);
        statement.currency = statement.currency.or(of_balances).or(of_entries);
        fields::keep(statement, &mut self.reading);
    }

    fn finish(mut self, end: usize) -> Read {
        if !self.stack.is_empty() {
            let words = "The file ends in the middle; the last entry may be incomplete.";
            let place = self.counter.place(end);
            self.reading.findings.note(ProblemCode::Truncated, place, words);
        }
        self.close_statement();
        let nothing = self.reading.statements.is_empty() && self.reading.findings.problems.is_empty();
        if nothing { Err(Refusal::UnknownFormat) } else { Ok(self.reading) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(inside: &str) -> (Statement, Vec<ProblemCode>) {
        let text = format!(
            "<D xmlns:n='urn:x'><BkToCstmrStmt><n:Stmt><Id>S1</Id><CreDtTm>2026-01-31T00:00:00</CreDtTm><Acct><Id><IBAN>X1</IBAN>\
             </Id><Ccy>EUR</Ccy></Acct>\n{inside}</n:Stmt></BkToCstmrStmt></D>"
        );
        let mut reading = read(&text).unwrap();
        statement_lines::chain::check(&mut reading);
        let codes = reading.findings.problems.iter().map(|problem| problem.code).collect();
        (reading.statements.remove(0), codes)
    }

    fn balance(code: &str, amount: &str, side: &str) -> String {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>\
             <CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>"
        )
    }

    fn entry(amount: &str, side: &str, more: &str) -> String {
        format!(
            "<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><DtTm>2026-01-30T23:59:59-11:00</DtTm></BookgDt>{more}</Ntry>"
        )
    }

    #[test]
    fn a_statement_adds_up_and_a_batch_counts_once() {
        let details = "<RvslInd>true</RvslInd><AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED\
            </EndToEndId></Refs><Amt Ccy='EUR'>4</Amt><RltdPties><Dbtr><Pty><Nm>A &amp; B</Nm></Pty></Dbtr></RltdPties>\
            <RmtInf><Ustrd>one</Ustrd><Ustrd>two</Ustrd></RmtInf></TxDtls><TxDtls><Amt Ccy='EUR'>6.00000</Amt></TxDtls>\
            </NtryDtls>";
        let inside = [
            balance("PRCD", "100", "CRDT"),
            balance("CLBD", "90.5", "CRDT"),
            entry("10", "CRDT", details),
            entry("19.5", "DBIT", "<AddtlNtryInf>fee</AddtlNtryInf>"),
        ];
        let (statement, codes) = one(&inside.concat());
        assert_eq!(codes, []);
        let batch = &statement.entries[0];
        assert_eq!((batch.description.as_str(), batch.id.as_deref()), ("one two", Some("B1")));
        assert_eq!(batch.details[0].payee.as_deref(), Some("A & B"));
        assert_eq!(batch.date.map(|date| date.to_string()).as_deref(), Some("2026-01-30"));
        assert_eq!(statement.entries[1].amount.map(|is| is.to_string()).as_deref(), Some("-19.50"));
        assert_eq!(statement.entries[1].place.line, 2);
    }

    #[test]
    fn what_is_missing_or_contradicts_is_listed() {
        use ProblemCode::*;
        assert_eq!(one(&entry("1,5", "DBIT", "")).1, [AmountUnreadable]);
        assert_eq!(one(&entry("1.505", "DBIT", "")).1, [AmountTooFine]);
        assert_eq!(one(&entry("1", "?", "")).1, [AmountUnreadable]);
        assert_eq!(
            one("<Ntry><Amt Ccy='EUR'>1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>").1,
            [DateUnreadable, NotBooked]
        );
        let unequal =
            "<NtryDtls><TxDtls><Amt Ccy='EUR'>1</Amt></TxDtls><TxDtls><Amt Ccy='EUR'>1</Amt></TxDtls></NtryDtls>";
        assert_eq!(one(&entry("3", "CRDT", unequal)).1, [DetailsDiffer]);
        let total = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>";
        assert_eq!(one(&[total, &entry("3", "CRDT", "")].concat()).1, [TotalDiffers]);
    }

    #[test]
    fn bombs_are_refused_and_broken_ends_are_said() {
        assert_eq!(read("<!DOCTYPE a [<!ENTITY b 'c'>]><Stmt/>"), Err(Refusal::Entities));
        assert_eq!(read("<Stmt><Id>&b;</Id></Stmt>"), Err(Refusal::Entities));
        assert!(matches!(read(&"<Stmt>".repeat(100)), Err(Refusal::Damaged(_))));
        let cut = format!("<Stmt>{}<Ntry><Amt Ccy='EUR'>5</Amt>", entry("1", "DBIT", ""));
        let reading = read(&cut).unwrap();
        assert_eq!(reading.findings.problems[0].code, ProblemCode::Truncated);
        assert_eq!(reading.statements[0].entries.len(), 2);
        let broken = format!("<Stmt>{}</Wrong>", entry("1", "DBIT", ""));
        assert_eq!(read(&broken).unwrap().findings.problems[0].code, ProblemCode::Malformed);
        assert_eq!(read("<Document/>"), Err(Refusal::UnknownFormat));
    }
}
