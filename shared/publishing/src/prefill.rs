//! Terms as a reading proposes them, coded by the supplier's own history; for a person to look at and complete.
//!
//! Owns how what a document says becomes lines. Nothing is made up: what the document does not say, and history does not
//! know, is left for the person. Amounts stay the document's own; what does not add up is told by its reading.

use coding::{CodingSuggestion, History, LineClues, SupplierClues, SupplierMatch, Verdict};
use kernel::{Currency, Money, OrganisationRef};
use ports::{Table, TableError};
use readings::Reading;
use readings::reading::{Direction, Found, Kind as Said, Line as Read};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::proposal::search;
use crate::shelf::documents_of;

/// Lines that are proposed; of more, a person enters the bill as one line or by parts.
pub const LINES_MAX: usize = 200;
/// Documents of the supplier that codings are taken from, the newest.
const HISTORY_DOCUMENTS_MAX: usize = 60;

/// What a reading proposes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prefill {
    /// Fields of the terms, as far as they are known.
    pub terms: Map<String, Value>,
    /// Which contact the supplier is.
    pub supplier: SupplierMatch,
    /// How each line is coded by history, in the lines' order.
    pub coding: Vec<Option<CodingSuggestion>>,
    /// Names of fields that a person must add.
    pub missing: Vec<String>,
}

/// One line as the document says it.
struct Entry {
    description: String,
    quantity: Decimal,
    unit: Decimal,
    net: Decimal,
}

/// Proposes terms of a reading.
pub async fn prefill(
    table: &dyn Table,
    whose: &OrganisationRef,
    reading: &Reading,
    books: Currency,
) -> Result<Prefill, TableError> {
    let supplier = search(table, whose, &clues(reading)).await?;
    let certain = supplier.candidates.first().filter(|_| supplier.verdict == Verdict::Certain);
    let currency = reading.currency().unwrap_or(books);
    let (lines, amounts) = lines(reading);
    let mut history = None;
    if let Some(contact) = certain {
        let past = documents_of(table, whose, &contact.contact_id.to_string()).await?;
        let mut known = History::of(contact.contact_id);
        for past in past.iter().take(HISTORY_DOCUMENTS_MAX) {
            known.add_record(&past.entity, &past.record);
        }
        history = Some(known);
    }
    let coding: Vec<Option<CodingSuggestion>> = lines
        .iter()
        .map(|line| {
            let net = Money::parse(&line.net.normalize().to_string(), currency).ok();
            history.as_ref()?.suggest(&LineClues { description: Some(&line.description), net })
        })
        .collect();
    let mut terms = head(reading, currency, amounts);
    match (certain, &reading.fields.supplier.name) {
        (Some(contact), _) => insert(&mut terms, "supplier", json!({ "contact_id": contact.contact_id })),
        (None, Some(name)) if supplier.verdict == Verdict::None => {
            let tax = reading.fields.supplier.tax_id.as_ref().map(|tax| tax.value.clone());
            insert(&mut terms, "supplier", new_supplier(&name.value, tax));
        }
        _ => (),
    }
    let shown: Vec<Value> = lines.iter().zip(&coding).map(|(line, coding)| shown(line, coding.as_ref())).collect();
    insert(&mut terms, "lines", json!(shown));
    let missing = missing(&terms);
    Ok(Prefill { terms, supplier, coding, missing })
}

fn insert(terms: &mut Map<String, Value>, name: &str, value: Value) {
    terms.insert(name.to_owned(), value);
}

fn new_supplier(name: &str, tax: Option<String>) -> Value {
    let plain: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let name = plain.replace(['<', '>'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    match tax {
        Some(tax) => json!({ "name": name, "tax_number": tax }),
        None => json!({ "name": name }),
    }
}

fn clues(reading: &Reading) -> SupplierClues {
    let text = |found: &Option<Found<String>>| found.as_ref().map(|found| found.value.clone());
    let supplier = &reading.fields.supplier;
    SupplierClues {
        name: text(&supplier.name),
        tax_id: text(&supplier.tax_id),
        company_id: text(&supplier.company_id),
        email: None,
        accounts: reading.fields.accounts.iter().map(|account| account.value.clone()).collect(),
    }
}

fn head(reading: &Reading, currency: Currency, amounts: &str) -> Map<String, Value> {
    let fields = &reading.fields;
    let credit = reading.kind == Said::CreditNote;
    let mut terms = Map::from_iter([
        ("kind".to_owned(), json!(if credit { "credit_note" } else { "bill" })),
        ("currency".to_owned(), json!(currency)),
        ("amounts".to_owned(), json!(amounts)),
    ]);
    if let Some(number) = &fields.number {
        insert(&mut terms, "number", json!(number.value));
    }
    if let Some(date) = &fields.issue_date {
        insert(&mut terms, "date", json!(date.value));
        // A bill that names no day to pay by is due at once.
        let due = fields.due_date.as_ref().map_or(date.value, |due| due.value.max(date.value));
        if !credit {
            insert(&mut terms, "due_date", json!(due));
        }
    }
    terms
}

/// The document's lines and how tax stands in them. A document without lines is one line.
fn lines(reading: &Reading) -> (Vec<Entry>, &'static str) {
    let mut lines: Vec<Entry> = reading.lines.iter().take(LINES_MAX).filter_map(of_line).collect();
    let whole = lines.len() == reading.lines.len() && !lines.is_empty();
    if whole {
        lines.extend(reading.adjustments.iter().map(of_adjustment));
        return (lines, "exclusive");
    }
    let fields = &reading.fields;
    let number = |found: &Option<Found<readings::amount::Amount>>| found.as_ref().map(|found| found.value.number.0);
    let described = fields.number.as_ref().map_or("Bill".to_owned(), |number| format!("Bill {}", number.value));
    let (gross, tax) = (number(&fields.gross_total).or(number(&fields.payable)), number(&fields.tax_total));
    let net = number(&fields.net_total).or_else(|| gross?.checked_sub(tax?));
    let one =
        |amount: Decimal| Entry { description: described.clone(), quantity: Decimal::ONE, unit: amount, net: amount };
    match (net, gross) {
        (Some(net), _) => (vec![one(net)], "exclusive"),
        (None, Some(gross)) => (vec![one(gross)], "inclusive"),
        (None, None) => (Vec::new(), "exclusive"),
    }
}

fn of_line(line: &Read) -> Option<Entry> {
    let net = line.net.as_ref()?.value.number.0;
    let description = line.description.as_ref().map_or("Item".to_owned(), |said| said.value.clone());
    let exact = |value: Decimal| value.normalize().scale() <= bills::UNIT_PLACES;
    let priced = || {
        let quantity = line.quantity.as_ref()?.value.0;
        let base = line.price_base.as_ref().map_or(Decimal::ONE, |base| base.value.0);
        let unit = line.unit_price.as_ref()?.value.number.0.checked_div(base)?;
        let fits = quantity > Decimal::ZERO && exact(quantity) && exact(unit) && quantity.checked_mul(unit)? == net;
        fits.then_some((quantity, unit))
    };
    // Where quantity and price do not give the line's own amount, the amount counts.
    let (quantity, unit) = priced().unwrap_or((Decimal::ONE, net));
    Some(Entry { description, quantity, unit, net })
}

fn of_adjustment(adjustment: &readings::reading::Adjustment) -> Entry {
    let amount = adjustment.amount.value.number.0;
    let (signed, word) = match adjustment.direction {
        Direction::Allowance => (-amount, "Discount"),
        Direction::Charge => (amount, "Charge"),
    };
    let description = adjustment.reason.as_ref().map_or(word.to_owned(), |reason| reason.value.clone());
    Entry { description, quantity: Decimal::ONE, unit: signed, net: signed }
}

fn shown(line: &Entry, coding: Option<&CodingSuggestion>) -> Value {
    let description: String = line.description.chars().take(bills::DESCRIPTION_CHARS_MAX).collect();
    let mut shown = json!({
        "description": description, "quantity": line.quantity.normalize().to_string(),
        "unit_amount": line.unit.normalize().to_string(),
    });
    let Some(coding) = coding else { return shown };
    let account = &coding.account.value;
    let account = account.code.clone().or_else(|| account.id.map(|id| id.to_string()));
    if let Some(account) = account {
        shown["account"] = json!(account);
    }
    if let Some(tax) = &coding.tax_type {
        shown["tax_type"] = json!(tax.value);
    }
    let tracked = coding.tracking.iter().flat_map(|tracking| &tracking.value).take(bills::TRACKING_PER_LINE_MAX);
    let tracking: Vec<Value> = tracked
        .map(|tracked| match (tracked.category_id, tracked.option_id) {
            (Some(category), Some(option)) => json!({ "category": category, "option": option }),
            _ => json!({ "category": tracked.category, "option": tracked.option }),
        })
        .collect();
    if !tracking.is_empty() {
        shown["tracking"] = json!(tracking);
    }
    shown
}

/// What a person must add before the terms can be published.
fn missing(terms: &Map<String, Value>) -> Vec<String> {
    let credit = terms["kind"] == "credit_note";
    let needed = ["supplier", "date", "due_date"].into_iter().filter(|name| !(credit && *name == "due_date"));
    let mut missing: Vec<String> = needed.filter(|name| !terms.contains_key(*name)).map(str::to_owned).collect();
    let lines = terms["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    if lines.is_empty() {
        missing.push("lines".to_owned());
    }
    let uncoded = lines.iter().enumerate().filter(|(_, line)| line.get("account").is_none());
    missing.extend(uncoded.map(|(at, _)| format!("lines[{at}].account")));
    missing
}
