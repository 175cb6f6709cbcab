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
        let first = fields::list(record, "LineItems").next();
        Ok(Self {
            id: entry.as_str().parse().map_err(|_| RecordFault::Field("BankTransactionID"))?,
            source: LineSource::LedgerEntry,
            account: fields::account(record, "BankAccount")?,
            date: fields::date(record, "Date")?,
            amount: fields::signed(record, "Total", fields::currency(record)?, out)?,
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
            amount: fields::signed(line, "amount", currency, debit && amount.is_positive())?,
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
