//! MT940 and MT942, SWIFT's customer statement and interim report.
//!
//! Owns tags and messages. A tag stands at the beginning of a line and only there. Pages of one statement, whose balances
//! are intermediate (`:60M:`, `:62M:`), stay statements of their own that follow each other.

use statement_lines::dates;
use statement_lines::lines::TextLines;
use statement_lines::model::{Balance, Entry, Read, Reading, Statement, append_folded, folded};
use statement_lines::{Place, ProblemCode};

use crate::fields;
use crate::mt_details;
use crate::mt_fields;

/// Lines of one field; a `:86:` has six.
const FIELD_LINES_MAX: usize = 200;

/// Counts and sums of one report; a report has two.
const STATED_MAX: usize = 8;

struct Field<'t> {
    tag: &'t str,
    lines: Vec<&'t str>,
    place: Place,
}

struct Reader<'t> {
    reading: Reading,
    field: Option<Field<'t>>,
    statement: Option<Statement>,
    /// Whether a `:86:` would be an entry's, or the statement's.
    after_entry: bool,
    has_end: bool,
    interim: bool,
    entries: usize,
    /// Count and sum of debits and credits that an interim report states.
    stated: Vec<(mt_fields::Stated, Place)>,
}

/// Reads a text that is MT940 or MT942.
pub fn read(text: &str, interim: bool) -> Read {
    let mut reader = Reader {
        reading: Reading::default(),
        field: None,
        statement: None,
        after_entry: false,
        has_end: false,
        interim,
        entries: 0,
        stated: Vec::new(),
    };
    let mut last = Place::default();
    for line in TextLines::new(text) {
        reader.line(line.text, line.place);
        last = line.place;
    }
    reader.end_field();
    if !interim && reader.statement.is_some() && !reader.has_end {
        let words = "The last statement ends without its closing balance: the file was cut off.";
        reader.reading.findings.note(ProblemCode::Truncated, last, words);
    }
    reader.end_statement();
    Ok(reader.reading)
}

/// The tag of a line, such as `61`, and what follows it.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.strip_prefix(':')?.split_once(':')?;
    let digits = tag.bytes().take_while(u8::is_ascii_digit).count();
    let sound =
        tag == "NS" || digits == 2 && tag.len() <= 3 && tag.bytes().skip(2).all(|byte| byte.is_ascii_uppercase());
    sound.then_some((tag, rest))
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str, place: Place) {
        // Blocks of the network stand before the first tag: `{1:…}{2:…}{4:`.
        let line = line.rsplit_once("{4:").map_or(line, |(_, rest)| rest);
        if let Some((tag, rest)) = tag(line) {
            self.end_field();
            self.field = Some(Field { tag, lines: vec![rest], place });
            return;
        }
        let ends = line.starts_with("-}") || line.trim_end() == "-" || line.starts_with("-XXX");
        match &mut self.field {
            _ if ends => {
                self.end_field();
                self.end_statement();
            }
            Some(field) if field.lines.len() < FIELD_LINES_MAX && !line.trim().is_empty() => field.lines.push(line),
            Some(_) | None if line.trim().is_empty() => (),
            Some(_) => {
                let words = "This field has more lines than any bank writes; the rest was passed over.";
                self.reading.findings.note(ProblemCode::LimitReached, place, words);
            }
            // Names of files and banks that delivery systems print between messages.
            None => (),
        }
    }

    fn end_field(&mut self) {
        let Some(field) = self.field.take() else { return };
        let first = field.lines.first().copied().unwrap_or_default().trim();
        match field.tag {
            "20" => {
                self.end_statement();
                self.statement(field.place).id = folded(first);
            }
            "25" | "25P" => self.statement(field.place).account = folded(first),
            "28" | "28C" => self.statement(field.place).number = folded(first),
            "60F" | "60M" | "62F" | "62M" => self.balance(&field, first),
            "61" => self.entry(&field),
            "86" => self.details(&field),
            "34F" => {
                let currency = first.get(..3).and_then(|code| code.parse().ok());
                let statement = self.statement(field.place);
                statement.currency = statement.currency.or(currency);
            }
            "90D" | "90C" => match mt_fields::stated(first, field.tag == "90D") {
                Some(stated) if self.stated.len() < STATED_MAX => self.stated.push((stated, field.place)),
                _ => self.malformed(field.place),
            },
            "64" | "65" | "65F" | "21" | "13" | "13D" | "12" | "NS" | "94" | "34" => (),
            _ => {
                let words = "This tag is none of a statement; it was passed over.";
                self.reading.findings.note(ProblemCode::Passed, field.place, words);
            }
        }
    }

    fn malformed(&mut self, place: Place) {
        self.reading.findings.note(ProblemCode::Malformed, place, "This field is not what its tag says.");
    }

    fn statement(&mut self, place: Place) -> &mut Statement {
        let (kind, is_interim) = if self.interim { ("mt942", true) } else { ("mt940", false) };
        self.statement.get_or_insert_with(|| Statement { kind, place, is_interim, ..Statement::default() })
    }

    fn balance(&mut self, field: &Field<'_>, text: &str) {
        let opens = field.tag.starts_with("60");
        self.after_entry = false;
        self.has_end |= !opens;
        let place = field.place;
        let Some(parts) = mt_fields::balance(text) else {
            self.reading.findings.note(ProblemCode::AmountUnreadable, place, "This balance cannot be read.");
            return;
        };
        let amount = fields::amount(parts.amount, Some(parts.currency), place, &mut self.reading.findings);
        let date = dates::parse_six(parts.date);
        if date.is_none() {
            fields::bad_date(place, &mut self.reading.findings);
        }
        let balance = amount.map(|amount| Balance { amount, currency: Some(parts.currency), date });
        let statement = self.statement(place);
        statement.currency = statement.currency.or(Some(parts.currency));
        if opens {
            statement.opening = statement.opening.or(balance);
        } else {
            statement.closing = balance;
        }
    }

    fn entry(&mut self, field: &Field<'_>) {
        self.after_entry = true;
        if fields::is_full(&mut self.entries, field.place, &mut self.reading) {
            return;
        }
        let place = field.place;
        let currency = self.statement(place).currency;
        let first = field.lines.first().copied().unwrap_or_default();
        let mut entry = Entry { place, currency, ..Entry::default() };
        let findings = &mut self.reading.findings;
        match mt_fields::line_61(first) {
            Some(parts) => {
                entry.amount = fields::amount(parts.amount, currency, place, findings);
                entry.status = parts.status;
                entry.value_date = dates::parse_six(parts.value);
                entry.date = mt_fields::entry_date(entry.value_date, parts.value, parts.entry).or(entry.value_date);
                if entry.value_date.is_none() {
                    fields::bad_date(place, findings);
                }
                entry.code = folded(parts.code);
                entry.id = folded(parts.bank_reference);
                entry.reference = mt_fields::reference(parts.reference);
            }
            None => {
                let words = "This entry is not what its tag says; only its text was taken.";
                findings.note(ProblemCode::AmountUnreadable, place, words);
                append_folded(&mut entry.description, first);
            }
        }
        for line in field.lines.iter().skip(1) {
            append_folded(&mut entry.description, line);
        }
        self.statement(place).entries.push(entry);
    }

    fn details(&mut self, field: &Field<'_>) {
        let after_entry = self.after_entry;
        let Some(statement) = &mut self.statement else { return };
        // A text after the closing balance is the statement's, and says nothing of an entry.
        if let Some(entry) = statement.entries.last_mut().filter(|_| after_entry) {
            mt_details::read(&field.lines, entry);
        }
    }

    fn end_statement(&mut self) {
        self.after_entry = false;
        let Some(mut statement) = self.statement.take() else { return };
        let currency = statement.currency;
        for entry in &mut statement.entries {
            entry.currency = entry.currency.or(currency);
        }
        for (stated, place) in self.stated.drain(..) {
            if !stated.fits(&statement) {
                let words = "This count or sum is not that of the entries of the report.";
                self.reading.findings.note(ProblemCode::TotalDiffers, place, words);
            }
        }
        // Every statement has to end anew.
        self.has_end = false;
        fields::keep(statement, &mut self.reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &str, expected: &[(&str, &str)], closing: &str) -> Reading {
        let text = format!(":20:X\r\n:25:1/2\r\n:28C:1\r\n:60F:C260101EUR100,\r\n{entries}\r\n:62F:{closing}\r\n-\r\n");
        let mut reading = read(&text, false).unwrap();
        statement_lines::chain::check(&mut reading);
        let entries = &reading.statements[0].entries;
        let found: Vec<_> = entries
            .iter()
            .map(|entry| {
                let text = |text: Option<String>| text.unwrap_or_default();
                (text(entry.date.map(|is| is.to_string())), text(entry.amount.map(|is| is.to_string())))
            })
            .collect();
        assert_eq!(found, expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>());
        reading
    }

    #[test]
    fn marks_and_reversals_add_up_to_the_closing_balance() {
        let lines = ":61:2601020102D10,N1\r\n:61:2601020102CR300,NTRF\r\n:61:260102RCR20,5NTRFREF//B1\r\n\
            :61:260102RD5,NTRF\r\n:61:2512310102C ,50NMSC\r\n:61:260102    C1.000,00S103X";
        let days = ["2026-01-02"; 6];
        let amounts = ["-10.00", "300.00", "-20.50", "5.00", "0.50", "1000.00"];
        let expected: Vec<_> = days.into_iter().zip(amounts).collect();
        let reading = check(lines, &expected, "C260102EUR1375,00");
        assert_eq!(reading.findings.problems, []);
        assert_eq!(reading.statements[0].entries[2].id.as_deref(), Some("B1"));
        assert_eq!(reading.statements[0].entries[2].reference.as_deref(), Some("REF"));
    }

    #[test]
    fn a_year_is_taken_from_the_value_date_and_a_day_that_is_none_from_the_entry() {
        let reading = check(
            ":61:2512310102D10,NTRF\r\n:61:2602300301D1,NTRF",
            &[("2026-01-02", "-10.00"), ("2026-03-01", "-1.00")],
            "C260301EUR89,",
        );
        assert_eq!(reading.findings.problems[0].code, ProblemCode::DateUnreadable);
        assert_eq!(reading.findings.problems.len(), 1);
    }

    #[test]
    fn a_cut_message_and_a_broken_entry_are_listed() {
        let text = ":20:X\n:25:1\n:60F:C260101EUR100,\n:61:hello\n:86:world";
        let reading = read(text, false).unwrap();
        let codes: Vec<_> = reading.findings.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [ProblemCode::AmountUnreadable, ProblemCode::Truncated]);
        assert_eq!(reading.statements[0].entries[0].description, "hello world");
    }
}
