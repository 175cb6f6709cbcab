//! From lines of words to what expense analysis tells: fields by the words beside them, rows below a heading.
//!
//! Texts stay as they are printed. A confidence is how dark the ink is, so that faint print is doubtful.

use serde_json::{Map, Value, json};

use super::glyphs::Printed;
use super::raster::Raster;

/// Words and the types of their fields, longer ones before those they begin with.
const LABELS: &[(&str, &str)] = &[
    ("credit note no", "INVOICE_RECEIPT_ID"),
    ("invoice number", "INVOICE_RECEIPT_ID"),
    ("invoice date", "INVOICE_RECEIPT_DATE"),
    ("invoice no", "INVOICE_RECEIPT_ID"),
    ("receipt no", "INVOICE_RECEIPT_ID"),
    ("date", "INVOICE_RECEIPT_DATE"),
    ("due date", "DUE_DATE"),
    ("amount due", "AMOUNT_DUE"),
    ("balance due", "AMOUNT_DUE"),
    ("due", "DUE_DATE"),
    ("amount paid", "AMOUNT_PAID"),
    ("paid", "AMOUNT_PAID"),
    ("subtotal", "SUBTOTAL"),
    ("net", "SUBTOTAL"),
    ("vat reg no", "VENDOR_VAT_NUMBER"),
    ("vat no", "VENDOR_VAT_NUMBER"),
    ("vat", "TAX"),
    ("tax", "TAX"),
    ("grand total", "TOTAL"),
    ("total", "TOTAL"),
    ("po number", "PO_NUMBER"),
    ("order no", "PO_NUMBER"),
    ("bill to", "RECEIVER_NAME"),
];
/// Headings of columns.
const COLUMNS: &[(&str, &str)] = &[
    ("item", "ITEM"),
    ("description", "ITEM"),
    ("code", "PRODUCT_CODE"),
    ("qty", "QUANTITY"),
    ("quantity", "QUANTITY"),
    ("unit price", "UNIT_PRICE"),
    ("price", "PRICE"),
    ("amount", "PRICE"),
];
/// Titles, which are no fields.
const TITLES: [&str; 4] = ["invoice", "tax invoice", "credit note", "receipt"];
/// Types whose values are amounts.
const AMOUNTS: [&str; 7] = ["SUBTOTAL", "TAX", "TOTAL", "AMOUNT_DUE", "AMOUNT_PAID", "UNIT_PRICE", "PRICE"];
/// Signs and codes of currencies.
const CURRENCIES: [(&str, &str); 5] = [("£", "GBP"), ("$", "USD"), ("GBP", "GBP"), ("EUR", "EUR"), ("USD", "USD")];

/// What is told of a page with these lines.
pub(super) fn document(raster: &Raster, number: usize, lines: &[Vec<Printed>]) -> Value {
    let page = Page { number, width: raster.width.max(1), height: raster.height.max(1) };
    let blocks: Vec<Value> = lines.iter().flatten().map(|printed| page.block(printed)).collect();
    let (rows, rest) = page.table(lines);
    let summary = page.summary(&rest);
    json!({
        "ExpenseIndex": number,
        "SummaryFields": summary,
        "LineItemGroups": if rows.is_empty() { json!([]) } else { json!([{ "LineItemGroupIndex": 1, "LineItems": rows }]) },
        "Blocks": blocks,
    })
}

struct Page {
    number: usize,
    width: usize,
    height: usize,
}

fn column(printed: &Printed) -> Option<&'static str> {
    let lower = printed.text.to_lowercase();
    COLUMNS.iter().find(|(word, _)| *word == lower).map(|(_, kind)| *kind)
}

fn is_heading(line: &[Printed]) -> bool {
    line.len() > 1 && line.iter().all(|printed| column(printed).is_some())
}

/// The word that a text begins with, and its type.
fn label(text: &str) -> Option<(&'static str, &'static str)> {
    let lower = text.to_lowercase();
    let is = |word: &str| lower.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let mut all: Vec<_> = LABELS.iter().filter(|(word, _)| is(word)).copied().collect();
    all.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    all.first().copied()
}

/// A decimal of so many millionths.
fn millionths(part: usize, whole: usize) -> Value {
    let millionths = part * 1_000_000 / whole;
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// Percent with its fraction: black ink is nearly certain.
fn confidence(printed: &Printed) -> Value {
    let hundred_thousandths = usize::from(printed.darkness) * 9_937_123 / 255;
    let text = format!("{}.{:05}", hundred_thousandths / 100_000, hundred_thousandths % 100_000);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

impl Page {
    fn geometry(&self, printed: &Printed) -> Value {
        let (left, top) = (millionths(printed.left, self.width), millionths(printed.top, self.height));
        let (width, height) = (millionths(printed.width, self.width), millionths(printed.height, self.height));
        json!({ "BoundingBox": { "Left": left, "Top": top, "Width": width, "Height": height }, "Polygon": [] })
    }

    fn detection(&self, printed: &Printed, text: &str) -> Value {
        json!({ "Text": text, "Confidence": confidence(printed), "Geometry": self.geometry(printed) })
    }

    fn block(&self, printed: &Printed) -> Value {
        let mut block = self.detection(printed, &printed.text);
        (block["BlockType"], block["Page"]) = (json!("LINE"), json!(self.number));
        block
    }

    fn field(&self, kind: &str, label: Option<(&Printed, &str)>, value: (&Printed, &str)) -> Value {
        let mut field = Map::new();
        let mut put = |name: &str, value: Value| field.insert(name.to_owned(), value);
        put("PageNumber", json!(self.number));
        put("Type", json!({ "Text": kind, "Confidence": confidence(value.0) }));
        put("ValueDetection", self.detection(value.0, value.1));
        if let Some((printed, text)) = label {
            put("LabelDetection", self.detection(printed, text));
        }
        let currency = CURRENCIES.iter().find(|(mark, _)| value.1.contains(mark));
        if let Some((_, code)) = currency.filter(|_| AMOUNTS.contains(&kind)) {
            put("Currency", json!({ "Code": code, "Confidence": confidence(value.0) }));
        }
        if kind == "RECEIVER_NAME" {
            put("GroupProperties", json!([{ "Id": "1", "Types": ["RECEIVER_BILL_TO"] }]));
        }
        Value::Object(field)
    }

    /// The rows below a heading, and the lines that are none of them.
    fn table(&self, lines: &[Vec<Printed>]) -> (Vec<Value>, Vec<Vec<Printed>>) {
        let (mut rows, mut rest, mut heading) = (Vec::new(), Vec::new(), None::<&Vec<Printed>>);
        for line in lines {
            let ends = line.first().is_some_and(|printed| label(&printed.text).is_some());
            match heading {
                _ if is_heading(line) => heading = Some(line),
                Some(columns) if !ends => rows.push(self.row(columns, line)),
                _ => {
                    heading = None;
                    rest.push(line.clone());
                }
            }
        }
        (rows, rest)
    }

    fn row(&self, columns: &[Printed], line: &[Printed]) -> Value {
        let middle = |printed: &Printed| printed.left + printed.width / 2;
        let nearest = |printed: &Printed| columns.iter().min_by_key(|column| middle(column).abs_diff(middle(printed)));
        let mut fields: Vec<Value> = line
            .iter()
            .filter_map(|printed| {
                let heading = nearest(printed)?;
                Some(self.field(column(heading)?, Some((heading, &heading.text)), (printed, &printed.text)))
            })
            .collect();
        if let Some(first) = line.first() {
            let whole: Vec<&str> = line.iter().map(|printed| printed.text.as_str()).collect();
            fields.push(self.field("EXPENSE_ROW", None, (first, &whole.join(" "))));
        }
        json!({ "LineItemExpenseFields": fields })
    }

    fn summary(&self, lines: &[Vec<Printed>]) -> Vec<Value> {
        let mut fields = Vec::new();
        for line in lines {
            for (at, printed) in line.iter().enumerate() {
                fields.extend(self.labelled(printed, line.get(at + 1)));
            }
        }
        let mut names = lines.iter().flatten().filter(|printed| self.may_be_name(printed));
        if let Some(vendor) = names.next().filter(|_| !fields.is_empty()) {
            fields.insert(0, self.field("VENDOR_NAME", None, (vendor, &vendor.text)));
        }
        fields
    }

    fn may_be_name(&self, printed: &Printed) -> bool {
        let letters = printed.text.chars().filter(|letter| letter.is_alphabetic()).count();
        let is_title = TITLES.contains(&printed.text.to_lowercase().as_str());
        letters > 2 && !is_title && label(&printed.text).is_none() && !printed.text.contains(':')
    }

    /// A field whose word is there: with its value behind a colon or in the words that follow, else with what is next.
    fn labelled(&self, printed: &Printed, next: Option<&Printed>) -> Option<Value> {
        let known = label(&printed.text);
        let (word, value) = match (printed.text.split_once(':'), known) {
            (Some((word, value)), _) => (word.trim(), value.trim()),
            (None, Some((word, _))) => {
                let (word, rest) = printed.text.split_at(word.len());
                // A rate belongs to the word.
                if rest.trim_end().ends_with('%') { (printed.text.as_str(), "") } else { (word, rest.trim()) }
            }
            (None, None) => return None,
        };
        let kind = known.map_or("OTHER", |(_, kind)| kind);
        if value.is_empty() {
            let next = next?;
            return Some(self.field(kind, Some((printed, &printed.text)), (next, &next.text)));
        }
        Some(self.field(kind, Some((printed, word)), (printed, value)))
    }
}
