//! What the text of a PDF says, by the words of bills and where they stand.
//!
//! Owns everything but the sums. A guess stays a guess: its confidence says how it was made, and none is above what its
//! evidence bears. Reads no lines of goods: their columns differ from supplier to supplier.

use std::collections::BTreeMap;

use kernel::Date;
use pages::Page;

use crate::checks;
use crate::outcome::{NotReadable, Refusal};
use crate::problem::{Problem, ProblemCode};
use crate::reading::{Found, Kind, Method, Period, Reading};
use crate::totals;
use clues::currencies;
use clues::dates::{self, Order, Written};
use clues::figures::{currency_of, figures};
use clues::ids::{self, Check, Id};
use clues::labels::{self, Label, Strength};
use clues::sheet::{Mark, Place, Sheet, Side};
use clues::spans::{Known, spans};

/// Characters of a number of a document or an order.
const NUMBER_CHARS_MAX: usize = 32;
/// Ids of one kind that are kept; a bill has two or three.
const IDS_MAX: usize = 32;
/// Characters of a name.
const NAME_CHARS_MAX: usize = 80;
/// Lines from the top in which a supplier without a legal form in its name is looked for.
const TOP_LINES_MAX: usize = 12;
/// Words at the end of companies' names.
const LEGAL_FORMS: &str = "gmbh|gmbh & co. kg|gmbh & co. ohg|ug|ag|kg|ohg|e.k.|ltd|ltd.|limited|plc|llp|llc|inc|inc.|corp|corp.|sarl|s.a.r.l.|\
    sas|s.a.s.|sasu|sa|s.a.|eurl|s.l.|sl|s.l.u.|b.v.|bv|n.v.|nv|vof|s.r.l.|srl|s.p.a.|spa|s.n.c.|aps|a/s|ab|oy|as";
/// Words that may stand between a date and its word.
const DATE_FILLERS: [&str; 12] = ["le", "am", "on", "is", "zum", "the", "du", "del", "de", "by", "of", "il"];

/// Reads a document, unless it passes a limit, or nothing in it says that it is a bill.
pub(crate) fn read(pages: &[Page]) -> Result<Reading, NotReadable> {
    let sheet = Sheet::new(pages)
        .ok_or_else(|| NotReadable::new(Refusal::TooLarge, "Not read: this PDF has more text than any bill has."))?;
    let mut reading = Reading::empty(kind(&sheet), Method::PdfText);
    reading.fields.currency = currency(&sheet);
    totals::read(&sheet, &mut reading);
    let nothing = reading.fields.gross_total.is_none() && reading.fields.payable.is_none();
    if nothing && reading.kind == Kind::Unknown {
        let words = "The text of this PDF has neither a total nor the words of a bill, receipt or credit note.";
        return Err(NotReadable::new(Refusal::NotAnInvoice, words));
    }
    when(&sheet, &mut reading);
    who(&sheet, &mut reading);
    let fields = &mut reading.fields;
    fields.period = period(&sheet);
    fields.number = token(&sheet, Label::Number);
    fields.order_reference = token(&sheet, Label::Order);
    fields.payment_reference = token(&sheet, Label::PaymentReference);
    reading.problems.extend(checks::check(&reading));
    Ok(reading)
}

/// By the first line that begins with a word for it; a credit note outweighs the invoice that it names.
fn kind(sheet: &Sheet<'_>) -> Kind {
    kind_by_words(|words| sheet.spots.iter().flat_map(|spot| &spot.lower).any(|text| labels::begins_with(text, words)))
}

/// The kind of a document of which some words are said.
pub fn kind_by_words(says: impl Fn(&str) -> bool) -> Kind {
    let kinds =
        [(labels::CREDIT_NOTE, Kind::CreditNote), (labels::INVOICE, Kind::Invoice), (labels::RECEIPT, Kind::Receipt)];
    kinds.into_iter().find(|(words, _)| says(words)).map_or(Kind::Unknown, |(_, kind)| kind)
}

/// The code that stands beside most amounts, else the sign; a dollar may be any of twenty.
fn currency(sheet: &Sheet<'_>) -> Option<Found<String>> {
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    for (index, spot) in sheet.spots.iter().enumerate() {
        for cell in &spot.cells {
            let marks = figures(&cell.text).into_iter().filter_map(|figure| figure.mark);
            let words = cell.text.split(|letter: char| !letter.is_alphanumeric());
            // Many codes are words too: ALL, TOP, MOP. Alone they count only where amounts have them.
            let codes =
                words.filter(|word| matches!(*word, "EUR" | "GBP" | "USD" | "CHF" | "SEK" | "NOK" | "DKK" | "PLN"));
            for mark in marks.chain(codes.map(str::to_owned)) {
                counts.entry(mark).or_insert((0, index)).0 += 1;
            }
        }
    }
    let weight = |mark: &str, count: usize| (currencies::known(mark), count);
    let (mark, (_, spot)) = counts.iter().max_by_key(|(mark, (count, _))| weight(mark, *count))?;
    let (code, confidence) = currency_of(mark);
    Some(Found { value: code.to_owned(), confidence, place: sheet.words(*spot, None) })
}

/// The longest stretch of time that a line speaks of: what a bill is for is longer than what it asks to be paid within.
fn period(sheet: &Sheet<'_>) -> Option<Found<Period>> {
    let lines = sheet.spots.iter().enumerate().flat_map(|(index, spot)| {
        let texts: Vec<&str> = spot.cells.iter().map(|cell| cell.text.as_str()).collect();
        spans(&texts.join(" ")).into_iter().map(move |span| (index, span))
    });
    let days = |first: Date, last: Date| kernel::periods::days_between(first, last);
    let longest =
        lines.reduce(
            |best, next| {
                if days(next.1.first, next.1.last) > days(best.1.first, best.1.last) { next } else { best }
            },
        );
    longest.map(|(spot, span)| Found {
        value: Period { first: span.first, last: span.last },
        confidence: if span.known == Known::OrderOpen { 400 } else { 650 },
        place: sheet.words(spot, None),
    })
}

/// The number behind a word, or below it.
fn token(sheet: &Sheet<'_>, label: Label) -> Option<Found<String>> {
    let found = sheet.marks(label).filter_map(|mark| {
        let behind = number_in(sheet.behind(mark)).map(|value| (value, mark.spot));
        let bare = !sheet.behind(mark).chars().any(char::is_alphanumeric) || sheet.is_heading(mark);
        let next = || sheet.next_cells(mark).next().and_then(|place| number_at(&place));
        let below = || sheet.below(mark).next().and_then(|place| number_at(&place));
        let (value, spot) = behind.or_else(|| if bare { next().or_else(below) } else { None })?;
        let confidence = match (mark.hit.strength, spot == mark.spot) {
            (Strength::Strong, true) => 850,
            (Strength::Strong, false) => 700,
            (Strength::Weak, _) => 550,
        };
        Some(Found { value, confidence, place: sheet.words(spot, Some(mark)) })
    });
    // The first of the surest.
    found.reduce(|best, next| if next.confidence > best.confidence { next } else { best })
}

fn number_at(place: &Place<'_>) -> Option<(String, usize)> {
    number_in(place.text).map(|value| (value, place.spot))
}

/// The first word, if it is a number: it has a digit in it, and is no date and no amount.
fn number_in(text: &str) -> Option<String> {
    // A remark in brackets is no part of it: `Rechnung (Kopie) Nr. 17`.
    let text = text.trim_start();
    let text = text.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(text, |(_, rest)| rest);
    let start = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let lower = start.to_lowercase();
    let prefix = ["no.", "no", "nr.", "nr", "number", "num", "n°", "nº", "n.", "id"].iter();
    let prefix = prefix.copied().find(|prefix| {
        lower
            .strip_prefix(*prefix)
            .is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphanumeric()) || rest.is_empty())
    });
    let start = start.get(prefix.map_or(0, str::len)..)?.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let word = start.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | ')' | '|')).next()?;
    let word = word.trim_end_matches(['.', ':', '-', '/']);
    let sound = word.chars().any(|letter| letter.is_ascii_digit()) && word.chars().count() <= NUMBER_CHARS_MAX;
    let date = dates::dates(start).first().is_some_and(|date| date.start == 0);
    (sound && !date && figures(word).is_empty()).then(|| word.to_owned())
}

/// The dates, once it is settled which of day and month comes first.
fn when(sheet: &Sheet<'_>, reading: &mut Reading) {
    let texts = || sheet.spots.iter().flat_map(|spot| spot.cells.iter().zip(&spot.lower));
    let settled = dates::settled(|| texts().map(|(cell, lower)| (cell.text.as_str(), lower.as_str())));
    for label in [Label::Issued, Label::Due] {
        let by_number =
            || (label == Label::Issued).then(|| dated_by_number(sheet).or_else(|| only_date(sheet))).flatten();
        let Some((written, confidence, place)) = dated(sheet, label).or_else(by_number) else { continue };
        let found = settle_date(written, confidence, place, settled, &mut reading.problems);
        match label {
            Label::Issued => reading.fields.issue_date = Some(found),
            _ => reading.fields.due_date = Some(found),
        }
    }
}

/// A date whose order is settled, or else one that is said to be open.
pub fn settle_date(
    written: Written,
    confidence: u16,
    place: String,
    settled: Option<Order>,
    problems: &mut Vec<Problem>,
) -> Found<Date> {
    if written.order != Order::Open {
        return Found { value: written.date, confidence, place };
    }
    let Some(other) = written.swapped() else { return Found { value: written.date, confidence, place } };
    match settled {
        Some(Order::MonthFirst) => Found { value: other, confidence: confidence.min(800), place },
        Some(_) => Found { value: written.date, confidence: confidence.min(800), place },
        None => {
            let words =
                format!("The date can be read as {} or as {other}; nothing in the document settles it.", written.date);
            problems.push(Problem::plain(ProblemCode::DateAmbiguous, place.clone(), words));
            Found { value: written.date, confidence: 400, place }
        }
    }
}

fn dated(sheet: &Sheet<'_>, label: Label) -> Option<(Written, u16, String)> {
    let found = sheet.marks(label).filter_map(|mark| {
        let behind = sheet.behind(mark);
        let beside = leading_date(behind).map(|written| (written, mark.spot, Side::Beside));
        let bare = !behind.chars().any(char::is_alphanumeric) || sheet.is_heading(mark);
        let others = || sheet.next_cells(mark).take(1).chain(sheet.below(mark).take(2));
        let other = || others().find_map(|place| Some((leading_date(place.text)?, place.spot, place.side)));
        let (written, spot, side) = beside.or_else(|| if bare { other() } else { None })?;
        let confidence = match (mark.hit.strength, side) {
            (Strength::Strong, Side::Beside) => 900,
            (Strength::Strong, Side::Below) => 750,
            (Strength::Weak, _) => 600,
        };
        Some((written, confidence, sheet.words(spot, Some(mark))))
    });
    found.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// `Invoice 17 of 3 May 2026`: the date behind the document's number.
fn dated_by_number(sheet: &Sheet<'_>) -> Option<(Written, u16, String)> {
    sheet.marks(Label::Number).find_map(|mark| {
        let text = &sheet.spots[mark.spot].cells[mark.cell].text;
        let written = dates::dates(text.get(mark.hit.end..)?).into_iter().next()?;
        Some((written, 650, sheet.words(mark.spot, Some(mark))))
    })
}

/// The date of a document that has no other, such as most receipts.
fn only_date(sheet: &Sheet<'_>) -> Option<(Written, u16, String)> {
    let cells =
        sheet.spots.iter().enumerate().flat_map(|(spot, found)| found.cells.iter().map(move |cell| (spot, cell)));
    let mut found = cells.flat_map(|(spot, cell)| dates::dates(&cell.text).into_iter().map(move |date| (spot, date)));
    let (spot, first) = found.next()?;
    let alone = found.all(|(_, other)| other.date == first.date);
    alone.then(|| (first, 400, format!("{}; the only date", sheet.words(spot, None))))
}

/// A date before which nothing stands that could make it another's.
fn leading_date(text: &str) -> Option<Written> {
    let written = dates::dates(text).into_iter().next()?;
    let mut words =
        text[..written.start].split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.all(|word| DATE_FILLERS.contains(&word.to_lowercase().as_str())).then_some(written)
}

fn who(sheet: &Sheet<'_>, reading: &mut Reading) {
    let fields = &mut reading.fields;
    fields.buyer_name = buyer(sheet);
    let buyer = fields.buyer_name.as_ref().map(|buyer| buyer.value.clone());
    fields.supplier.name = supplier(sheet, buyer.as_deref());
    let vat = collect(sheet, ids::vat_ids, vat_word);
    // The buyer's id may stand there too, and nothing in the text says whose an id is.
    let several = vat.iter().any(|(id, _)| id.text != vat[0].0.text);
    fields.supplier.tax_id = best_id(sheet, &vat, if several { 500 } else { 850 });
    let ibans = collect(sheet, ids::ibans, |_| true);
    fields.accounts =
        ibans.iter().filter(|(id, _)| id.check == Check::Passed).map(|found| as_found(sheet, found, 950)).collect();
    for (_, spot) in ibans.iter().filter(|(id, _)| id.check == Check::Failed) {
        let words = "What stands as an IBAN has check digits that do not fit, so it was left out.";
        reading.problems.push(Problem::plain(ProblemCode::CheckDigits, sheet.words(*spot, None), words));
    }
}

fn vat_word(lower: &str) -> bool {
    ["vat", "ust", "tva", "iva", "btw", "tax id", "nif", "cif"].iter().any(|word| lower.contains(word))
}

/// Ids of all lines, each once; those that were not checked or failed only where the line names them.
fn collect(sheet: &Sheet<'_>, find: fn(&str) -> Vec<Id>, named: fn(&str) -> bool) -> Vec<(Id, usize)> {
    let mut found = Vec::<(Id, usize)>::new();
    for (index, spot) in sheet.spots.iter().enumerate() {
        let is_named = spot.lower.iter().any(|lower| named(lower));
        for id in spot.cells.iter().flat_map(|cell| find(&cell.text)) {
            let known = found.iter().any(|(known, _)| known.text == id.text);
            if !known && found.len() < IDS_MAX && (id.check == Check::Passed || is_named) {
                found.push((id, index));
            }
        }
    }
    found
}

fn best_id(sheet: &Sheet<'_>, ids: &[(Id, usize)], passed: u16) -> Option<Found<String>> {
    let best = ids.iter().reduce(|best, next| if next.0.check > best.0.check { next } else { best })?;
    let confidence = match best.0.check {
        Check::Passed => passed,
        Check::Unchecked => passed.min(600),
        Check::Failed => 300,
    };
    Some(as_found(sheet, best, confidence))
}

fn as_found(sheet: &Sheet<'_>, (id, spot): &(Id, usize), confidence: u16) -> Found<String> {
    Found { value: id.text.clone(), confidence, place: sheet.words(*spot, None) }
}

/// What stands behind or below the buyer's word.
fn buyer(sheet: &Sheet<'_>) -> Option<Found<String>> {
    sheet.marks(Label::Buyer).find_map(|mark: Mark| {
        let behind = Place { text: sheet.behind(mark), side: Side::Beside, spot: mark.spot };
        let places = std::iter::once(behind).chain(sheet.next_cells(mark).take(1)).chain(sheet.below(mark).take(1));
        let mut names = places.filter_map(|place| Some((name(place.text)?, place.spot)));
        let (value, spot) = names.next()?;
        Some(Found { value, confidence: 450, place: sheet.words(spot, Some(mark)) })
    })
}

/// The first name with a legal form, else the largest text at the top.
fn supplier(sheet: &Sheet<'_>, buyer: Option<&str>) -> Option<Found<String>> {
    let named = |index: usize| {
        let cells = sheet.spots[index].cells.iter().filter_map(|cell| name(&cell.text));
        cells.filter(|name| Some(name.as_str()) != buyer).map(|name| (name, index)).collect::<Vec<_>>()
    };
    let cells =
        sheet.spots.iter().enumerate().flat_map(|(spot, found)| found.cells.iter().map(move |cell| (spot, cell)));
    let mut legal = cells.filter_map(|(spot, cell)| Some((name(up_to_legal_form(&cell.text)?)?, spot)));
    if let Some((value, spot)) = legal.find(|(name, _)| Some(name.as_str()) != buyer) {
        let place = format!("{}; a name with a legal form", sheet.words(spot, None));
        return Some(Found { value, confidence: 500, place });
    }
    let top = (0..sheet.spots.len().min(TOP_LINES_MAX)).flat_map(named);
    let largest =
        top.reduce(|best, next| if sheet.spots[next.1].size > sheet.spots[best.1].size { next } else { best });
    let (value, spot) = largest?;
    let place = format!("{}; the largest text at the top", sheet.words(spot, None));
    Some(Found { value, confidence: 250, place })
}

/// A text that may be a name: letters, and no word of a bill.
fn name(text: &str) -> Option<String> {
    let text = text.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != ')' && letter != '.');
    let lower = text.to_lowercase();
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let titles = [labels::CREDIT_NOTE, labels::RECEIPT, labels::INVOICE];
    let title = titles.iter().any(|words| labels::begins_with(&lower, words)) || !labels::hits(&lower).is_empty();
    let sound =
        letters >= 3 && digits <= letters && text.chars().count() <= NAME_CHARS_MAX && !text.contains(['@', ':']);
    (sound && !title).then(|| text.to_owned())
}

/// A text up to the legal form of a company in it; senders write their address behind it.
fn up_to_legal_form(text: &str) -> Option<&str> {
    let ends = |at: usize| text.get(at..).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let place = |form: &str| {
        let mut starts = text.match_indices(' ').map(|(at, _)| at + 1).filter(|at| *at > 1);
        let is = |at: &usize| {
            let found = text.get(*at..at + form.len()).filter(|found| found.eq_ignore_ascii_case(form));
            // Small words of sentences are spelt like some forms, but without a capital.
            found.is_some_and(|found| found.starts_with(char::is_uppercase) || form.contains('.'))
                && ends(at + form.len())
        };
        starts.find(is).map(|at| (at, at + form.len()))
    };
    let (_, end) =
        LEGAL_FORMS.split('|').filter_map(place).min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))?;
    text.get(..end)
}
