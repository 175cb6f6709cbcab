//! Bank lines: where they come from, what each source can and cannot tell, and how one is made of a record.
//!
//! Owns the shape of a line. Never judges one: whether it lacks a document is decided elsewhere.

use kernel::{Currency, Date, Money};
use serde::{Deserialize, Serialize};

use crate::fields::{self, Fields, RecordFault};
use crate::ids::{AccountId, LineId, RecordId};
use crate::words::Words;

/// Money that moved at a bank, as one source tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id at the source; the same line keeps it.
    pub id: LineId,
    /// Who tells of it.
    pub source: LineSource,
    /// The organisation's bank account.
    pub account: AccountId,
    /// The day on which the bank booked it.
    pub date: Date,
    /// How much, in the account's currency; less than nothing when money went out.
    pub amount: Money,
    /// Who was paid or has paid, as the bank names them.
    pub payee: Words,
    /// What the bank says about it.
    pub description: Words,
    /// What payer or payee said about it.
    pub reference: Words,
    /// What of money it is.
    pub kind: LineKind,
    /// Whether it is still there.
    pub presence: Presence,
    /// Whether Xero has it matched; `None` where the source cannot tell.
    pub reconciled: Option<bool>,
    /// Xero's ids of what the source says the line belongs to: bank transactions, payments, transfers' two sides. At most
    /// [`LINKS_MAX`]; none where the source cannot tell.
    pub links: Vec<RecordId>,
}

/// Who tells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSource {
    /// A statement line of Xero's Finance API (BankStatementsPlus).
    FinanceStatement,
    /// A line of a statement that somebody uploaded.
    UploadedStatement,
    /// A bank transaction in Xero's ledger, taken as a line because it has no attachment.
    LedgerEntry,
}

/// What of money a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Spent or received; all that a bank statement can say.
    #[default]
    Ordinary,
    /// Paid beyond what was due, to be used on a later document.
    Overpayment,
    /// Paid before there was a document, to be used on a later one.
    Prepayment,
    /// One side of a transfer between the organisation's own accounts.
    Transfer,
}

/// Whether a line is still there at its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is.
    #[default]
    Present,
    /// Somebody deleted or voided it, or its source no longer lists it.
    Deleted,
    /// The source calls it a second copy of another line.
    Duplicate,
}

/// What a source can tell of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Whether lines that are not reconciled in Xero come through it.
    pub sees_unreconciled: bool,
    /// Whether it says which entries a line is reconciled with.
    pub knows_links: bool,
    /// Whether it says if the line itself has a file attached.
    pub knows_attachments: bool,
    /// What it leaves unproven, as a sentence for a bookkeeper.
    pub unproven: &'static str,
}

/// Entries that a line may belong to; a payroll run is one line with a few hundred payments.
pub const LINKS_MAX: usize = 1_000;

impl LineSource {
    /// What it can tell.
    pub fn capabilities(self) -> Capabilities {
        let (sees_unreconciled, knows_links, knows_attachments, unproven) = match self {
            Self::FinanceStatement => (
                true,
                true,
                false,
                "Xero gives these lines to partners by agreement: whether every unreconciled line is among them is not proven.",
            ),
            Self::UploadedStatement => (
                true,
                false,
                false,
                "A statement does not say what Xero has reconciled: its lines are held against the books by account, amount \
                 and date, and lines beyond the statement's dates are not seen.",
            ),
            Self::LedgerEntry => (
                false,
                true,
                true,
                "Only what somebody has entered in Xero is seen: money that moved at the bank and is not in the books yet is \
                 missing here.",
            ),
        };
        Capabilities { sees_unreconciled, knows_links, knows_attachments, unproven }
    }
}

impl Line {
    /// A bank transaction of the mirror. The mirror keeps only the id of its contact, so the name comes beside it; empty
    /// where it is not known.
    ///
    /// Source: Xero's page "Bank Transactions". Amounts there have no sign; the type says which way the money went.
    pub fn from_bank_transaction(record: &Fields, contact: &str) -> Result<Self, RecordFault> {
        let (out, kind) = bank_type(fields::text(record, "Type")).ok_or(RecordFault::Field("Type"))?;
        let entry = fields::id(record, "BankTransactionID")?;
        let amount = fields::money(record, "Total", fields::currency(record)?)?;
        let first = fields::list(record, "LineItems").next();
        Ok(Self {
            id: entry.as_str().parse().map_err(|_| RecordFault::Field("BankTransactionID"))?,
            source: LineSource::LedgerEntry,
            account: fields::account(record, "BankAccount")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(amount, out, "Total")?,
            payee: Words::new(contact),
            description: Words::new(first.map(|item| fields::text(item, "Description")).unwrap_or_default()),
            reference: Words::new(fields::text(record, "Reference")),
            kind,
            presence: match fields::text(record, "Status") {
                "VOIDED" | "DELETED" => Presence::Deleted,
                _ => Presence::Present,
            },
            reconciled: fields::flag(record, "IsReconciled"),
            links: vec![entry],
        })
    }

    /// A `statementLine` of BankStatementsPlus. Its account and currency stand outside it in the answer.
    ///
    /// Source: Xero's Finance API specification. Live answers sign amounts; its sample shows a debit without a sign, so an
    /// amount called a debit goes out either way.
    pub fn from_statement_line(line: &Fields, account: &AccountId, currency: Currency) -> Result<Self, RecordFault> {
        let amount = fields::money(line, "amount", currency)?;
        let debit = fields::text(line, "type").to_ascii_uppercase().ends_with("DEBIT");
        let posted = fields::optional_date(line, "postedDate")?;
        let notes = [fields::text(line, "notes"), fields::text(line, "chequeNo")].join(" ");
        let yes = |name| fields::flag(line, name) == Some(true);
        Ok(Self {
            id: fields::text(line, "statementLineId").parse().map_err(|_| RecordFault::Field("statementLineId"))?,
            source: LineSource::FinanceStatement,
            account: account.clone(),
            date: posted.map_or_else(|| fields::date(line, "transactionDate"), Ok)?,
            amount: fields::signed(amount, debit && amount.is_positive(), "amount")?,
            payee: Words::new(fields::text(line, "payee")),
            description: Words::new(&notes),
            reference: Words::new(fields::text(line, "reference")),
            kind: LineKind::Ordinary,
            presence: match (yes("isDeleted"), yes("isDuplicate")) {
                (true, _) => Presence::Deleted,
                (_, true) => Presence::Duplicate,
                _ => Presence::Present,
            },
            reconciled: fields::flag(line, "isReconciled"),
            links: statement_links(line)?,
        })
    }

    /// Whether money went out.
    pub fn is_out(&self) -> bool {
        self.amount.minor < 0
    }

    /// How much, whichever way it went, in minor units.
    pub fn magnitude(&self) -> u64 {
        self.amount.minor.unsigned_abs()
    }
}

/// Whether the money of a bank transaction goes out, and what it is; `None` for a type that Xero does not have yet.
pub(crate) fn bank_type(name: &str) -> Option<(bool, LineKind)> {
    let (out, rest) = match (name.strip_prefix("SPEND"), name.strip_prefix("RECEIVE")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return None,
    };
    let kind = match rest {
        "" => LineKind::Ordinary,
        "-OVERPAYMENT" => LineKind::Overpayment,
        "-PREPAYMENT" => LineKind::Prepayment,
        "-TRANSFER" => LineKind::Transfer,
        _ => return None,
    };
    Some((out, kind))
}

/// Payments first, by their own ids: a batch is only how they were paid.
fn statement_links(line: &Fields) -> Result<Vec<RecordId>, RecordFault> {
    let of = |record: &Fields, names: [&'static str; 2]| {
        let name = if fields::text(record, names[0]).is_empty() { names[1] } else { names[0] };
        fields::id(record, name)
    };
    let payments = fields::list(line, "payments").map(|record| of(record, ["paymentId", "batchPaymentId"]));
    let entries =
        fields::list(line, "bankTransactions").map(|record| of(record, ["bankTransactionId", "batchPaymentId"]));
    let links: Vec<RecordId> = payments.chain(entries).take(LINKS_MAX + 1).collect::<Result<_, _>>()?;
    if links.len() > LINKS_MAX { Err(RecordFault::TooManyLinks) } else { Ok(links) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{fields, text_of_line};
    use serde_json::json;

    #[track_caller]
    fn check_transaction(kind: &str, status: &str, expected: &str) {
        let record = json!({
            "BankTransactionID": "E1", "Type": kind, "Status": status, "BankAccount": { "AccountID": "BANK-A" },
            "Contact": { "ContactID": "c" }, "Date": "2026-10-03", "Total": "42.50", "CurrencyCode": "GBP",
            "Reference": "card 17", "IsReconciled": true, "LineItems": [{ "Description": "Train\u{202e} fare" }],
        });
        let line = Line::from_bank_transaction(&fields(record), "Fern Rail");
        assert_eq!(line.map(|line| text_of_line(&line)).unwrap_or_else(|fault| fault.to_string()), expected);
    }

    #[test]
    fn m7_a_bank_transaction_of_the_mirror_is_a_line() {
        let with = |amount: &str, kind: &str, presence: &str| {
            format!(
                "e1 ledger_entry bank-a 2026-10-03 {amount} GBP [Fern Rail|Train fare|card 17] {kind} {presence} \
                 reconciled=Some(true) links=e1"
            )
        };
        check_transaction("SPEND", "AUTHORISED", &with("-42.50", "ordinary", "present"));
        check_transaction("RECEIVE", "AUTHORISED", &with("42.50", "ordinary", "present"));
        check_transaction("SPEND", "VOIDED", &with("-42.50", "ordinary", "deleted"));
        check_transaction("SPEND", "DELETED", &with("-42.50", "ordinary", "deleted"));
        check_transaction("SPEND-OVERPAYMENT", "AUTHORISED", &with("-42.50", "overpayment", "present"));
        check_transaction("RECEIVE-PREPAYMENT", "AUTHORISED", &with("42.50", "prepayment", "present"));
        check_transaction("SPEND-TRANSFER", "AUTHORISED", &with("-42.50", "transfer", "present"));
        for unknown in ["", "SPENT", "SPEND-GIFT"] {
            check_transaction(unknown, "AUTHORISED", "the record has no readable Type");
        }
    }

    #[track_caller]
    fn check_statement(change: serde_json::Value, expected: &str) {
        let mut record = fields(json!({
            "statementLineId": "1dd2", "postedDate": "2026-09-01", "payee": "FERN LTD", "reference": "", "notes": "n",
            "chequeNo": "7", "amount": -62.40, "transactionDate": "2026-08-31", "type": "STMTTRNTYPE/DEBIT",
            "isReconciled": false, "isDuplicate": false, "isDeleted": false, "payments": [], "bankTransactions": [],
        }));
        record.extend(fields(change));
        let line = Line::from_statement_line(&record, &"BANK-A".parse().unwrap(), "GBP".parse().unwrap());
        let told = line.map(|line| text_of_line(&line)).unwrap_or_else(|fault| fault.to_string());
        let told = told.strip_prefix("1dd2 finance_statement bank-a ").unwrap_or(&told);
        assert_eq!(told, expected);
    }

    #[test]
    fn m7_a_statement_line_of_the_finance_api_is_a_line() {
        let rest = "GBP [FERN LTD|n 7|] ordinary";
        let unreconciled = "present reconciled=Some(false) links=";
        check_statement(json!({}), &format!("2026-09-01 -62.40 {rest} {unreconciled}"));
        check_statement(json!({"amount": 62.4, "type": "Debit"}), &format!("2026-09-01 -62.40 {rest} {unreconciled}"));
        check_statement(json!({"amount": 62.4, "type": "Credit"}), &format!("2026-09-01 62.40 {rest} {unreconciled}"));
        check_statement(json!({"postedDate": null}), &format!("2026-08-31 -62.40 {rest} {unreconciled}"));
        check_statement(
            json!({"isReconciled": null, "payments": [{"paymentId": "P1", "batchPaymentId": "b"}, {"batchPaymentId": "B2"}],
                   "bankTransactions": [{"bankTransactionId": "E1"}]}),
            &format!("2026-09-01 -62.40 {rest} present reconciled=None links=p1,b2,e1"),
        );
        check_statement(json!({"payments": [{}]}), "the record has no readable batchPaymentId");
        check_statement(json!({"amount": "x"}), "the record has no readable amount");
        check_statement(json!({"postedDate": "soon"}), "the record has no readable postedDate");
        let of = |count: usize| json!({"payments": vec![json!({"paymentId": "p"}); count]});
        check_statement(of(LINKS_MAX + 1), "the line belongs to more than 1000 entries");
    }

    #[test]
    fn x1_what_the_bank_deleted_or_has_twice_is_told() {
        let rest = "GBP [FERN LTD|n 7|] ordinary";
        for (change, presence) in [
            (json!({"isDeleted": true}), "deleted"),
            (json!({"isDuplicate": true}), "duplicate"),
            (json!({"isDeleted": true, "isDuplicate": true}), "deleted"),
        ] {
            check_statement(change, &format!("2026-09-01 -62.40 {rest} {presence} reconciled=Some(false) links="));
        }
    }

    #[test]
    fn m7_each_source_says_what_it_leaves_unproven() {
        for (source, expected) in [
            (LineSource::FinanceStatement, (true, true, false)),
            (LineSource::UploadedStatement, (true, false, false)),
            (LineSource::LedgerEntry, (false, true, true)),
        ] {
            let told = source.capabilities();
            assert_eq!((told.sees_unreconciled, told.knows_links, told.knows_attachments), expected);
            assert!(told.unproven.ends_with('.') && !told.unproven.contains("  "));
        }
    }
}
