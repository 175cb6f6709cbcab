//! The request for statement lines, and what of its answer is kept.
//!
//! Source: Xero's Finance API specification, `getBankStatementAccounting`: at most 12 months at once, no day in the future,
//! no pages. Each line is read by itself, so that one that is none costs itself alone.

use kernel::{Currency, Date, place_of};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;
use xero::{Api, ApiRead};

/// A stretch of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last.
    pub to: Date,
}

/// Asks for the lines of one bank account. In summary mode, since nobody here needs what the entries are made of.
pub fn request(account: &str, window: Window) -> ApiRead {
    let query = vec![
        ("BankAccountID", account.to_owned()),
        ("FromDate", window.from.to_string()),
        ("ToDate", window.to.to_string()),
        ("SummaryOnly", "true".to_owned()),
    ];
    ApiRead { api: Api::Finance, path: "/BankStatementsPlus/statements".to_owned(), query, ..ApiRead::default() }
}

/// What an answer says.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// Of the account.
    pub currency: Currency,
    /// Lines within the window, each id once.
    pub lines: Vec<ReadLine>,
    /// Elements that are no lines of these days.
    pub unreadable: usize,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadLine {
    /// Xero's id.
    pub id: String,
    /// The day it was booked, or else the day it happened.
    pub date: Date,
    /// What is kept of it, under Xero's names.
    pub fields: Map<String, Value>,
}

/// The answer is none, by place, never by content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Xero's answer about statement lines cannot be read: {0}")]
pub struct AnswerError(String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    bank_account_id: String,
    bank_account_currency_code: String,
    #[serde(borrow, default)]
    statements: Option<Vec<Statement<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(borrow, default)]
    statement_lines: Option<Vec<&'a RawValue>>,
}

/// Lines of one answer; a year of the busiest account has fewer.
const LINES_MAX: usize = 100_000;

/// Reads an answer to [`request`].
pub fn read(body: &[u8], account: &str, window: Window) -> Result<Answer, AnswerError> {
    let whole: Whole<'_> = serde_json::from_slice(body).map_err(|error| AnswerError(place_of(&error)))?;
    if !whole.bank_account_id.eq_ignore_ascii_case(account) {
        return Err(AnswerError("it is about another bank account".to_owned()));
    }
    let currency = whole.bank_account_currency_code.parse();
    let currency = currency.map_err(|_| AnswerError("it names no currency".to_owned()))?;
    let statements = whole.statements.unwrap_or_default();
    let mut lines = Vec::new();
    let mut unreadable = 0;
    for raw in statements.iter().flat_map(|statement| statement.statement_lines.iter().flatten()) {
        match read_line(raw.get()).filter(|line| (window.from..=window.to).contains(&line.date)) {
            Some(line) => lines.push(line),
            None => unreadable += 1,
        }
        if lines.len() > LINES_MAX {
            return Err(AnswerError(format!("it has more than {LINES_MAX} lines")));
        }
    }
    lines.sort_by(|one, other| (one.date, &one.id).cmp(&(other.date, &other.id)));
    lines.dedup_by(|one, other| one.id == other.id);
    Ok(Answer { currency, lines, unreadable })
}

/// Letters of an ISO date; what stands behind is a time of day.
const DATE_CHARS: usize = 10;

fn read_line(text: &str) -> Option<ReadLine> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    let id: Uuid = fields.get("statementLineId")?.as_str()?.parse().ok()?;
    let day = |name: &str| fields.get(name)?.as_str()?.get(..DATE_CHARS)?.parse::<Date>().ok();
    let date = day("postedDate").or_else(|| day("transactionDate"))?;
    keep(&mut fields);
    Some(ReadLine { id: id.to_string(), date, fields })
}

/// Fields of lines, and of the payments and bank transactions in them. Contacts and line items are in the mirror.
const KEPT: &[&str] = &[
    "statementLineId",
    "postedDate",
    "payee",
    "reference",
    "notes",
    "chequeNo",
    "amount",
    "transactionDate",
    "type",
    "isReconciled",
    "isDuplicate",
    "isDeleted",
    "payments",
    "bankTransactions",
    "paymentId",
    "batchPaymentId",
    "bankTransactionId",
    "date",
    "bankAmount",
    "currencyRate",
    "invoice",
    "invoiceId",
    "creditNote",
    "creditNoteId",
    "prepayment",
    "prepaymentId",
    "overpayment",
    "overpaymentId",
];

/// Takes out what is not kept, and what says nothing.
fn keep(fields: &mut Map<String, Value>) {
    fields.retain(|name, value| KEPT.contains(&name.as_str()) && !value.is_null() && *value != "");
    for value in fields.values_mut() {
        match value {
            Value::Object(inner) => keep(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(keep),
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ACCOUNT: &str = "1234eee9-47f0-4179-bd46-9adb4f21cc7f";

    fn september() -> Window {
        Window { from: "2026-09-01".parse().unwrap(), to: "2026-09-30".parse().unwrap() }
    }

    fn line(id: u8, posted: &str) -> Value {
        let id = format!("00000000-0000-4000-8000-0000000000{id:02}");
        json!({ "statementLineId": id, "postedDate": posted, "payee": "Harbour Fuel", "reference": "", "amount": -62.40 })
    }

    fn answer(lines: &[Value]) -> Value {
        json!({ "bankAccountId": ACCOUNT, "bankAccountName": "Current", "bankAccountCurrencyCode": "GBP",
            "statements": [{ "statementId": "x", "statementLines": lines }] })
    }

    fn read_all(body: &Value) -> Result<Answer, AnswerError> {
        read(body.to_string().as_bytes(), ACCOUNT, september())
    }

    #[test]
    fn x1_each_line_is_read_by_itself_and_one_that_is_none_is_counted() {
        let wrong = [json!(7), json!({}), line(3, "soon"), line(4, "2026-10-01"), json!({ "statementLineId": "5" })];
        let lines =
            [&[line(2, "2026-09-30T10:00:00"), line(1, "2026-09-01"), line(2, "2026-09-30")], &wrong[..]].concat();
        let read = read_all(&answer(&lines)).unwrap();
        let days: Vec<String> = read.lines.iter().map(|line| line.date.to_string()).collect();
        assert_eq!((days, read.unreadable), (vec!["2026-09-01".to_owned(), "2026-09-30".to_owned()], wrong.len()));
    }

    #[test]
    fn x1_what_is_kept_names_money_and_entries_and_neither_contacts_nor_line_items() {
        let mut one = line(1, "2026-09-01");
        one["payments"] = json!([{ "paymentId": "p", "amount": 62.40, "invoice": { "invoiceId": "i", "total": 1,
            "contact": { "contactName": "Harbour Fuel" }, "lineItems": [{ "accountType": "EXPENSE" }] } }]);
        one["bankTransactions"] = json!([{ "bankTransactionId": "b", "contact": { "contactName": "Harbour Fuel" } }]);
        let read = read_all(&answer(&[one])).unwrap();
        let expected = json!({ "statementLineId": "00000000-0000-4000-8000-000000000001", "postedDate": "2026-09-01",
            "payee": "Harbour Fuel", "amount": -62.40, "bankTransactions": [{ "bankTransactionId": "b" }],
            "payments": [{ "paymentId": "p", "amount": 62.40, "invoice": { "invoiceId": "i" } }] });
        assert_eq!(Value::Object(read.lines[0].fields.clone()), expected);
    }

    #[test]
    fn x1_an_answer_about_another_account_or_of_another_shape_is_none() {
        assert!(read_all(&answer(&[])).unwrap().lines.is_empty());
        let mut none = answer(&[]);
        none["statements"] = Value::Null;
        assert!(read_all(&none).unwrap().lines.is_empty(), "an account without statements");
        for (name, value) in [
            ("bankAccountId", json!("7c29eee9-47f0-4179-bd46-9adb4f21cc7f")),
            ("bankAccountCurrencyCode", json!("")),
            ("statements", json!("none")),
        ] {
            let mut bad = answer(&[line(1, "2026-09-01")]);
            bad[name] = value;
            assert!(read_all(&bad).is_err(), "{name}");
        }
        assert!(read(b"[]", ACCOUNT, september()).is_err());
    }
}
