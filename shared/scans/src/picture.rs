//! What a reader of pictures found, as a reading.
//!
//! Owns which of its fields is which of ours, and nothing of how a picture is read. Dates and amounts are taken from the
//! texts as printed, by the rules that hold for the text of a PDF; a text that is no value of its field is left out and said
//! to be. A confidence is the reader's own, of the text or of what it is, whichever is less.

use std::collections::BTreeMap;

use clues::dates::{self, Order};
use clues::figures::{currency_of, only_figure, percent};
use clues::labels;
use kernel::Currency;
use ports::{Area, Expense, ScanField, ScanText, Scanned};
use readings::amount::{Amount, Exact, plain};
use readings::problem::{Problem, ProblemCode};
use readings::reading::{Found, Kind, Line, Method, Reading, STATED, TaxShare};
use readings::{NotReadable, Refusal, checks, kind_by_words, settle_date};
use rust_decimal::Decimal;

/// Rows that become lines; a page has fewer.
const LINES_MAX: usize = 500;
/// Characters of a name, a number, or a description.
const TEXT_CHARS_MAX: usize = 200;
/// Taxes of one document; a bill has two or three rates.
const TAXES_MAX: usize = 16;

/// A value with the field that it stands in.
type Candidate<'e> = (&'e ScanField, &'e ScanText);

/// One expense on its way to a reading.
struct Picture<'e> {
    expense: &'e Expense,
    currency: Option<Currency>,
    problems: Vec<Problem>,
}

/// Makes a reading, unless nothing of a bill was found.
pub(crate) fn read(scanned: &Scanned) -> Result<Reading, NotReadable> {
    let bills = bills(scanned);
    let reading = bills.first().map(|bill| of_expense(bill, bills.len()));
    let says = |reading: &Reading| {
        let fields = &reading.fields;
        let total = fields.gross_total.is_some() || fields.payable.is_some();
        total || fields.number.is_some() || reading.kind != Kind::Unknown
    };
    reading.filter(says).ok_or_else(|| {
        let words =
            "The reader for pictures found nothing of a bill, receipt or credit note in it. Open it and type it in.";
        NotReadable::new(Refusal::NothingFound, words)
    })
}

/// The bills of a file. A reader tells of each page by itself: what stands on a later page is of the bill before it where
/// it has the same number, or where it has none and not both have a total.
fn bills(scanned: &Scanned) -> Vec<Expense> {
    let first =
        |expense: &Expense, kind| Picture::of(&expense.summary, kind).first().map(|(_, value)| cut(&value.text));
    let page = |expense: &Expense| expense.summary.iter().chain(expense.rows.iter().flatten()).find_map(page_of);
    let mut bills: Vec<Expense> = Vec::new();
    for expense in &scanned.expenses {
        if expense.summary.is_empty() && expense.rows.is_empty() {
            continue;
        }
        let number = first(expense, "INVOICE_RECEIPT_ID");
        let goes_on = |bill: &&mut Expense| {
            let both = first(bill, "TOTAL").is_some() && first(expense, "TOTAL").is_some();
            let same =
                number.as_ref().map_or(!both, |number| first(bill, "INVOICE_RECEIPT_ID").as_ref() == Some(number));
            same && page(bill) != page(expense)
        };
        match bills.last_mut().filter(goes_on) {
            Some(bill) => {
                bill.summary.extend(expense.summary.iter().cloned());
                bill.rows.extend(expense.rows.iter().cloned());
                bill.text.extend(expense.text.iter().cloned());
            }
            None => bills.push(expense.clone()),
        }
    }
    bills
}

fn page_of(field: &ScanField) -> Option<u32> {
    field.value.as_ref().map(|value| value.page)
}

fn of_expense(expense: &Expense, expenses: usize) -> Reading {
    let mut reading = Reading::empty(kind(expense), Method::Scan);
    let fields = &mut reading.fields;
    fields.currency = currency(expense);
    let currency = fields.currency.as_ref().and_then(|found| found.value.parse().ok());
    let mut picture = Picture { expense, currency, problems: Vec::new() };
    if expenses > 1 {
        let words =
            format!("The picture shows {expenses} documents; this is the first. Upload the others by themselves.");
        picture.problems.push(Problem::plain(ProblemCode::SeveralDocuments, "", words));
    }
    fields.supplier.name = picture.text(&["VENDOR_NAME"]);
    fields.supplier.tax_id = picture.text(&["VENDOR_VAT_NUMBER", "VENDOR_GST_NUMBER", "TAX_PAYER_ID"]);
    fields.supplier.company_id = picture.text(&["VENDOR_ABN_NUMBER"]);
    fields.buyer_name = picture.text(&["RECEIVER_NAME"]);
    fields.number = picture.text(&["INVOICE_RECEIPT_ID"]);
    fields.order_reference = picture.text(&["PO_NUMBER"]);
    let settled = order(expense);
    fields.issue_date = picture.date("INVOICE_RECEIPT_DATE", settled);
    fields.due_date = picture.date("DUE_DATE", settled);
    picture.totals(&mut reading);
    reading.lines = expense.rows.iter().take(LINES_MAX).filter_map(|row| picture.line(row)).collect();
    picture.problems.extend(leave_taxed_lines(&mut reading));
    reading.problems = picture.problems;
    reading.problems.extend(checks::check(&reading));
    reading
}

/// Every text of an expense with its lower case: the whole page, and what stands in its fields.
fn texts(expense: &Expense) -> Vec<(&str, String)> {
    let fields = expense.summary.iter().flat_map(|field| field.label.iter().chain(&field.value));
    expense.text.iter().chain(fields).map(|found| (found.text.as_str(), found.text.to_lowercase())).collect()
}

fn kind(expense: &Expense) -> Kind {
    let texts = texts(expense);
    kind_by_words(|words| texts.iter().any(|(_, lower)| labels::begins_with(lower, words)))
}

fn order(expense: &Expense) -> Option<Order> {
    let texts = texts(expense);
    dates::settled(|| texts.iter().map(|(text, lower)| (*text, lower.as_str())))
}

/// The currency of most amounts. A sign such as a dollar's is no surer for a reader's word than it is by itself.
fn currency(expense: &Expense) -> Option<Found<String>> {
    let mut counts = BTreeMap::<String, (usize, Found<String>)>::new();
    for field in expense.summary.iter().chain(expense.rows.iter().flatten()) {
        let Some(value) = &field.value else { continue };
        let mark = only_figure(&value.text).and_then(|figure| figure.mark);
        let by_mark = mark.as_deref().map(currency_of);
        let Some(code) = field.currency.as_deref().or(by_mark.map(|(code, _)| code)) else { continue };
        let confidence = sure(field, value).min(by_mark.map_or(STATED, |(_, confidence)| confidence));
        let found = Found { value: code.to_owned(), confidence, place: place(field, value) };
        let (count, best) = counts.entry(code.to_owned()).or_insert((0, found.clone()));
        *count += 1;
        if found.confidence > best.confidence {
            *best = found;
        }
    }
    counts.into_values().max_by_key(|(count, _)| *count).map(|(_, found)| found)
}

/// Less than what structured data states, however sure the reader is.
fn sure(field: &ScanField, value: &ScanText) -> u16 {
    field.kind_confidence.min(value.confidence).min(STATED - 1)
}

/// The part of the page, and the word beside the value.
fn place(field: &ScanField, value: &ScanText) -> String {
    let part = value.area.map(|area| format!(", {}", part(area))).unwrap_or_default();
    let label = field.label.as_ref().map(|label| label.text.trim_end_matches([':', ' ']));
    let label = label.map(|label| format!(", beside “{}”", cut(label))).unwrap_or_default();
    format!("page {}{part}{label}", value.page)
}

fn part(area: Area) -> String {
    let third = |start: u16, length: u16, names: [&'static str; 3]| match start.saturating_add(length / 2) {
        ..=333 => names[0],
        334..=666 => names[1],
        _ => names[2],
    };
    let (row, column) = (
        third(area.top, area.height, ["top", "middle", "bottom"]),
        third(area.left, area.width, ["left", "centre", "right"]),
    );
    format!("{row} {column}")
}

/// On one line, and no longer than such texts are.
fn cut(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TEXT_CHARS_MAX).collect()
}

/// A quantity: a comma is for decimals, unless three digits behind it leave that open.
fn quantity(text: &str) -> Option<Decimal> {
    let text = text.trim().trim_end_matches(['x', 'X', '×']).trim_end();
    let decimal = text.rsplit_once(',').filter(|(whole, part)| part.len() != 3 && !whole.contains(['.', ',']));
    plain(&decimal.map_or_else(|| text.to_owned(), |(whole, part)| format!("{whole}.{part}")))
}

impl<'e> Picture<'e> {
    /// The values of a kind, the surest first. What is the receiver's is no supplier's.
    fn of(fields: &'e [ScanField], kind: &str) -> Vec<Candidate<'e>> {
        let receivers = |field: &ScanField| {
            kind == "TAX_PAYER_ID" && field.groups.iter().any(|group| group.starts_with("RECEIVER"))
        };
        let all = fields.iter().filter(|field| field.kind == kind && !receivers(field));
        let mut all: Vec<_> = all.filter_map(|field| Some((field, field.value.as_ref()?))).collect();
        all.sort_by_key(|(field, value)| std::cmp::Reverse(sure(field, value)));
        all
    }

    fn text(&self, kinds: &[&str]) -> Option<Found<String>> {
        let mut all = kinds.iter().flat_map(|kind| Self::of(&self.expense.summary, kind));
        all.next().map(|(field, value)| found(field, value, cut(&value.text)))
    }

    /// The surest of some candidates that is a value, and the others that are; where none is, that is said.
    fn values<T>(
        &mut self,
        all: &[Candidate<'e>],
        what: &str,
        parse: impl Fn(Candidate<'e>) -> Option<T>,
    ) -> Vec<Found<T>> {
        let values: Vec<Found<T>> =
            all.iter().filter_map(|(field, value)| Some(found(field, value, parse((field, value))?))).collect();
        if let (true, Some((field, value))) = (values.is_empty(), all.first()) {
            let words = format!("What stands there is not {what}, so it was left out.");
            self.problems.push(Problem::plain(ProblemCode::ValueUnreadable, place(field, value), words));
        }
        values
    }

    fn date(&mut self, kind: &str, settled: Option<Order>) -> Option<Found<kernel::Date>> {
        let only = |(_, value): Candidate<'_>| <[_; 1]>::try_from(dates::dates(&value.text)).ok().map(|[date]| date);
        let written = self.values(&Self::of(&self.expense.summary, kind), "a date", only).into_iter().next()?;
        Some(settle_date(written.value, written.confidence, written.place, settled, &mut self.problems))
    }

    fn amounts(&mut self, fields: &'e [ScanField], kind: &str) -> Vec<Found<Amount>> {
        let currency = self.currency;
        self.values(&Self::of(fields, kind), "an amount", |(field, value)| {
            let figure = only_figure(&value.text)?;
            let code = field.currency.as_deref().or(figure.mark.as_deref());
            let marked = code.and_then(|code| code.parse().ok());
            Some(Amount { number: Exact(figure.number), currency: marked.or(currency) })
        })
    }

    fn totals(&mut self, reading: &mut Reading) {
        let of = |picture: &mut Self, kind| picture.amounts(&picture.expense.summary, kind);
        let fields = &mut reading.fields;
        fields.net_total = of(self, "SUBTOTAL").into_iter().next();
        fields.payable = of(self, "AMOUNT_DUE").into_iter().next();
        fields.prepaid = of(self, "AMOUNT_PAID").into_iter().next();
        reading.taxes = self.taxes();
        if let [TaxShare { tax, .. }] = reading.taxes.as_slice() {
            fields.tax_total = tax.clone();
        }
        reading.taxes.retain(|share| share.percent.is_some() || fields.tax_total.is_none());
        let grosses = of(self, "TOTAL");
        let (net, tax) = (fields.net_total.as_ref(), fields.tax_total.as_ref());
        let sum = || net?.value.number.0.checked_add(tax?.value.number.0);
        // Of several, the one that net and tax make.
        let agrees = grosses.iter().find(|gross| Some(gross.value.number.0) == sum());
        fields.gross_total = agrees.or(grosses.first()).cloned();
    }

    /// The taxes, each once: a reader may tell of one for each word beside it.
    fn taxes(&mut self) -> Vec<TaxShare> {
        let mut shares: Vec<TaxShare> = Vec::new();
        for (field, value) in Self::of(&self.expense.summary, "TAX").into_iter().take(TAXES_MAX) {
            let Some(tax) = self.amounts(std::slice::from_ref(field), "TAX").pop() else { continue };
            let rate = field.label.iter().chain([value]).find_map(|found| percent(&found.text));
            let rate = rate.map(|rate| found(field, value, Exact(rate)));
            let known = |share: &TaxShare| share.tax.as_ref().is_some_and(|known| known.value == tax.value);
            if !shares.iter().any(known) {
                shares.push(TaxShare { percent: rate, tax: Some(tax), ..TaxShare::default() });
            }
        }
        shares
    }

    fn line(&mut self, row: &'e [ScanField]) -> Option<Line> {
        let text = |kind| Self::of(row, kind).first().map(|(field, value)| found(field, value, cut(&value.text)));
        let (description, item_code) = (text("ITEM"), text("PRODUCT_CODE"));
        let count = |(_, value): Candidate<'_>| quantity(&value.text).map(Exact);
        let quantity = self.values(&Self::of(row, "QUANTITY"), "a number", count).into_iter().next();
        let unit_price = self.amounts(row, "UNIT_PRICE").into_iter().next();
        let net = self.amounts(row, "PRICE").into_iter().next();
        let line = Line { description, item_code, quantity, unit_price, net, ..Line::default() };
        (line != Line::default()).then_some(line)
    }
}

fn found<T>(field: &ScanField, value: &ScanText, read: T) -> Found<T> {
    Found { value: read, confidence: sure(field, value), place: place(field, value) }
}

/// Leaves out prices of lines that may have the tax inside, as shops print them: whoever publishes a line adds its tax. They
/// stay where they make the net total, and where one is printed that they do not make, for a person to see both.
fn leave_taxed_lines(reading: &mut Reading) -> Option<Problem> {
    let number = |found: &Option<Found<Amount>>| found.as_ref().map(|found| found.value.number.0);
    let fields = &reading.fields;
    let (stated, tax, gross) = (number(&fields.net_total), number(&fields.tax_total), number(&fields.gross_total));
    let net = stated.or_else(|| gross?.checked_sub(tax?));
    let prices = || reading.lines.iter().filter_map(|line| number(&line.net));
    let sum = prices().try_fold(Decimal::ZERO, Decimal::checked_add);
    let kept = prices().next().is_none() || sum == net && sum.is_some() || stated.is_some() && sum != gross;
    if kept {
        return None;
    }
    for line in &mut reading.lines {
        (line.net, line.unit_price) = (None, None);
    }
    let words = "The prices of the lines have the tax inside, or may have it, so they were left out.".to_owned();
    let (stated, computed) = (stated.map(Exact), sum.map(Exact));
    Some(Problem { code: ProblemCode::LinesNotNet, stated, computed, place: String::new(), words })
}
