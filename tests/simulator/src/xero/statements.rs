//! Bank statements in Xero, and what people do with their lines in its bank screens.
//!
//! Owns that a line is matched with money of its own account and amount, and that money is matched once. Statement lines
//! raise no webhook and have no `UpdatedDateUTC`; what they are matched with has both, as after any edit.

use jiff::civil::Date;
use kernel::TenantId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Xero;
use super::books::Books;
use super::model::Status;
use super::ui::UiError;

/// One import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BankStatement {
    pub(super) id: Uuid,
    pub(super) account: Uuid,
    pub(super) imported: i64,
    pub(super) lines: Vec<StatementLine>,
}

/// One line of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StatementLine {
    pub(super) id: Uuid,
    pub(super) said: BankLine,
    pub(super) deleted: bool,
    pub(super) duplicate: bool,
    /// Payments and bank transactions, by id; none while it is not reconciled.
    pub(super) matched: Vec<Uuid>,
}

/// What a bank says in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankLine {
    /// When.
    pub date: Date,
    /// How much; less than nothing when money went out.
    pub amount: Decimal,
    /// Who was paid, or paid.
    pub payee: String,
    /// What they said about it.
    pub reference: String,
    /// What the bank says about it.
    pub notes: String,
}

/// Money that moved in the books.
pub(super) struct Moved {
    pub(super) account: Uuid,
    pub(super) amount: Decimal,
    pub(super) reconciled: bool,
    pub(super) is_payment: bool,
}

/// A payment or bank transaction that counts, by its id.
pub(super) fn moved(books: &Books, id: Uuid) -> Option<Moved> {
    if let Some(payment) = books.payments.find(id).filter(|each| each.status == Status::Authorised) {
        let paid = books.target(payment.target, payment.document)?;
        // Paying a sale brings money in; paying back what was credited or paid ahead sends it the other way.
        let pays_back = paid.kind.is_bank_money() || paid.kind.as_str().ends_with("CREDIT");
        let comes_in = paid.kind.is_sales() != pays_back;
        let amount = if comes_in { payment.bank_amount } else { -payment.bank_amount };
        return Some(Moved { account: payment.account, amount, reconciled: payment.reconciled, is_payment: true });
    }
    let entry = books.bank_transactions.find(id).filter(|each| each.status == Status::Authorised)?;
    let amount = if entry.kind.is_sales() { entry.total } else { -entry.total };
    Some(Moved { account: entry.account?, amount, reconciled: entry.reconciled, is_payment: false })
}

fn set_reconciled(books: &mut Books, ids: &[Uuid], reconciled: bool, now_ms: i64) {
    for id in ids {
        let as_payment = books.payments.change(*id, Some(now_ms), |each| each.reconciled = reconciled);
        if as_payment.is_none() {
            books.bank_transactions.change(*id, Some(now_ms), |each| each.reconciled = reconciled);
        }
    }
}

fn line_of(books: &mut Books, line: Uuid) -> Result<(Uuid, &mut StatementLine), UiError> {
    let mut lines = books.statements.iter_mut().flat_map(|each| {
        let account = each.account;
        each.lines.iter_mut().map(move |line| (account, line))
    });
    lines.find(|(_, each)| each.id == line).ok_or(UiError::Unknown("statement line"))
}

impl Xero {
    /// Imports a statement into the bank account of a code; the ids of its lines, in their order.
    pub fn import_statement(&self, tenant: TenantId, code: &str, lines: &[BankLine]) -> Result<Vec<Uuid>, UiError> {
        let imported = self.now().as_millisecond();
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let account = books.account_by_code(code).filter(|account| account.is_bank()).map(|account| account.id);
        let account = account.ok_or(UiError::Unknown("bank account"))?;
        let id = books.dice.uuid();
        let mut made = Vec::with_capacity(lines.len());
        for said in lines {
            let (id, said) = (books.dice.uuid(), said.clone());
            made.push(StatementLine { id, said, deleted: false, duplicate: false, matched: Vec::new() });
        }
        let ids = made.iter().map(|line| line.id).collect();
        books.statements.push(BankStatement { id, account, imported, lines: made });
        Ok(ids)
    }

    /// Reconciles a line with payments and bank transactions that come to its amount.
    pub fn match_line(&self, tenant: TenantId, line: Uuid, with: &[Uuid]) -> Result<(), UiError> {
        let now_ms = self.now().as_millisecond();
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let money: Vec<Moved> = with.iter().filter_map(|id| moved(books, *id)).collect();
        if money.len() < with.len() || money.is_empty() {
            return Err(UiError::Unknown("payment or bank transaction"));
        }
        let (account, found) = line_of(books, line)?;
        let sum: Decimal = money.iter().map(|each| each.amount).sum();
        let fits = money.iter().all(|each| each.account == account && !each.reconciled) && sum == found.said.amount;
        if !fits || found.deleted || !found.matched.is_empty() {
            return Err(UiError::Refused(vec!["The transactions do not match the statement line.".to_owned()]));
        }
        found.matched = with.to_vec();
        set_reconciled(books, with, true, now_ms);
        Ok(())
    }

    /// Takes a reconciliation back.
    pub fn unmatch_line(&self, tenant: TenantId, line: Uuid) -> Result<(), UiError> {
        let now_ms = self.now().as_millisecond();
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let matched = std::mem::take(&mut line_of(books, line)?.1.matched);
        set_reconciled(books, &matched, false, now_ms);
        Ok(())
    }

    /// Deletes a line that is not reconciled.
    pub fn delete_line(&self, tenant: TenantId, line: Uuid) -> Result<(), UiError> {
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        let (_, found) = line_of(books, line)?;
        if !found.matched.is_empty() {
            return Err(UiError::Refused(vec!["The statement line is reconciled.".to_owned()]));
        }
        found.deleted = true;
        Ok(())
    }

    /// Xero takes a line for a second copy of another.
    pub fn mark_duplicate(&self, tenant: TenantId, line: Uuid) -> Result<(), UiError> {
        let mut state = self.lock();
        let books = state.books_of(tenant).ok_or(UiError::Unknown("organisation"))?;
        line_of(books, line)?.1.duplicate = true;
        Ok(())
    }
}
