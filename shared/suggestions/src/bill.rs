//! A mirrored bill, as far as suggestions need it.
//!
//! Owns how net amounts in the currency of the books are made of a bill's lines. A line that cannot be read is passed
//! over: it suggests nothing, and the mirror shows it as it is.

use kernel::{Currency, Date, Money};
use mirror::record::text_of;
use rust_decimal::{Decimal, RoundingStrategy};
use schedules::{AccountRef, Tracking, TrackingPair};
use serde_json::{Map, Value};

/// Lines of one bill that are looked at.
pub const LINES_MAX: usize = 200;

/// A bill that stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Xero's id.
    pub id: String,
    /// The supplier's number; may be empty.
    pub number: String,
    /// The supplier's contact.
    pub contact_id: String,
    /// Its date.
    pub date: Date,
    /// Its lines, in their order.
    pub lines: Vec<BillLine>,
}

/// One of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// From one, as people count.
    pub number: usize,
    /// What it says.
    pub description: String,
    /// What it costs without tax, in the currency of the books; none for a line that is text alone.
    pub net: Option<Money>,
    /// Its account; none for a line that is text alone.
    pub account: Option<AccountRef>,
    /// Its tracking.
    pub tracking: Tracking,
}

impl Bill {
    /// Reads a record of the mirror; `None` for everything but a bill that is approved or paid.
    pub fn read(record: &Map<String, Value>, books: Currency) -> Option<Self> {
        let stands = matches!(text_of(record, "Status"), "AUTHORISED" | "PAID");
        if text_of(record, "Type") != "ACCPAY" || !stands {
            return None;
        }
        let contact = record.get("Contact").and_then(Value::as_object);
        let rate = text_of(record, "CurrencyRate").parse().ok().filter(|rate: &Decimal| *rate > Decimal::ZERO);
        // Xero states units of the bill's currency for one of the books'.
        let foreign = text_of(record, "CurrencyCode") != books.as_str();
        let rate = if foreign { rate? } else { Decimal::ONE };
        let inclusive = text_of(record, "LineAmountTypes") == "Inclusive";
        let lines = record.get("LineItems").and_then(Value::as_array).into_iter().flatten().take(LINES_MAX);
        let read = |(at, line): (usize, &Value)| read_line(at + 1, line.as_object()?, inclusive, rate, books);
        Some(Self {
            id: text_of(record, "InvoiceID").to_owned(),
            number: text_of(record, "InvoiceNumber").to_owned(),
            contact_id: contact.map(|contact| text_of(contact, "ContactID")).unwrap_or_default().to_owned(),
            date: text_of(record, "Date").parse().ok()?,
            lines: lines.enumerate().filter_map(read).collect(),
        })
    }
}

fn read_line(
    number: usize,
    line: &Map<String, Value>,
    inclusive: bool,
    rate: Decimal,
    books: Currency,
) -> Option<BillLine> {
    let amount = |name: &str| text_of(line, name).parse::<Decimal>().ok();
    let net = amount("LineAmount").filter(|amount| !amount.is_zero()).and_then(|amount_with| {
        let tax = if inclusive { amount("TaxAmount").unwrap_or_default() } else { Decimal::ZERO };
        in_books(amount_with.checked_sub(tax)?, rate, books)
    });
    let account = [text_of(line, "AccountCode"), text_of(line, "AccountID")];
    let tracked = line.get("Tracking").and_then(Value::as_array).into_iter().flatten();
    let pairs = tracked.filter_map(|pair| tracking(pair.as_object()?)).take(2).collect();
    Some(BillLine {
        number,
        description: text_of(line, "Description").to_owned(),
        net,
        account: account.into_iter().find_map(|name| name.parse().ok()),
        tracking: Tracking::try_new(pairs).unwrap_or_default(),
    })
}

fn in_books(amount: Decimal, rate: Decimal, books: Currency) -> Option<Money> {
    let converted = amount.checked_div(rate)?;
    let rounded = converted.round_dp_with_strategy(books.minor_digits(), RoundingStrategy::MidpointAwayFromZero);
    Money::parse(&rounded.to_string(), books).ok()
}

fn tracking(pair: &Map<String, Value>) -> Option<TrackingPair> {
    Some(TrackingPair { category: text_of(pair, "Name").parse().ok()?, option: text_of(pair, "Option").parse().ok()? })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// A bill's record of lines given as description, amount, tax and account.
    pub(crate) fn record(date: &str, lines: &[(&str, &str, &str, &str)]) -> Map<String, Value> {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(description, amount, tax, account)| {
                json!({ "Description": description, "LineAmount": amount, "TaxAmount": tax, "AccountCode": account })
            })
            .collect();
        let value = json!({
            "InvoiceID": "6f0f0c4e-0000-4000-8000-000000000001", "InvoiceNumber": "L-7", "Type": "ACCPAY",
            "Status": "AUTHORISED", "Date": date, "CurrencyCode": "GBP", "CurrencyRate": "1.00",
            "LineAmountTypes": "Exclusive", "Contact": { "ContactID": "6f0f0c4e-0000-4000-8000-0000000000c1" },
            "LineItems": lines,
        });
        value.as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn gbp() -> Currency {
        "GBP".parse().unwrap()
    }

    #[test]
    fn x5_amounts_are_without_tax_and_in_the_currency_of_the_books() {
        let mut of = record("2026-11-02", &[("Licence", "120.00", "20.00", "463"), ("Period: 2027", "0.00", "", "")]);
        let net = |of: &Map<String, Value>| Bill::read(of, gbp()).unwrap().lines[0].net.unwrap().amount();
        assert_eq!(net(&of), "120.00");
        of.insert("LineAmountTypes".into(), json!("Inclusive"));
        assert_eq!(net(&of), "100.00");
        of.insert("CurrencyCode".into(), json!("USD"));
        of.insert("CurrencyRate".into(), json!("1.25"));
        assert_eq!(net(&of), "80.00");
        assert_eq!(Bill::read(&of, gbp()).unwrap().lines[1].net, None);
        of.remove("CurrencyRate");
        assert_eq!(Bill::read(&of, gbp()), None);
    }

    #[test]
    fn x5_only_bills_that_stand_in_the_books_are_read() {
        for (field, value) in [("Type", "ACCREC"), ("Status", "DRAFT"), ("Status", "VOIDED"), ("Date", "soon")] {
            let mut of = record("2026-11-02", &[]);
            of.insert(field.into(), json!(value));
            assert_eq!(Bill::read(&of, gbp()), None, "{field} {value}");
        }
    }
}
