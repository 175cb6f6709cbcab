//! The general ledger: what each record of the books puts on which account, and on which day.
//!
//! Owns double entry. Amounts are in the currency of the books, debits above zero. Nothing is stored: entries follow from
//! the records, and those of one record sum to zero. Foreign amounts are converted line by line at the rate of their
//! document; what rounding leaves goes to the account that Xero keeps for it, what another rate leaves to the currency
//! gains.
//!
//! Simpler than Xero: balances in foreign currency are not revalued as rates move, and a foreign document that is settled
//! in parts may leave pennies on receivables or payables.

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;
use super::model::{Document, Journal, Kind, Line, Payment, Status, Taxing, Transfer};
use super::wire::round;

/// One side of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) date: Date,
    pub(super) account: Uuid,
    pub(super) amount: Decimal,
}

/// Hands over every entry of the ledger, in one pass over the books; the entries of one record come together.
pub(super) fn entries(books: &Books, take: &mut dyn FnMut(Entry)) {
    let mut ledger = Ledger { books, kept: Kept::of(books), date: Date::ZERO, sum: Decimal::ZERO, take };
    for document in books.invoices.all().chain(books.credit_notes.all()).filter(counts) {
        ledger.document(document);
    }
    for document in books.bank_transactions.all().filter(counts) {
        ledger.money(document);
    }
    let advances = books.prepayments.all().chain(books.overpayments.all());
    for credit in books.credit_notes.all().chain(advances).filter(counts) {
        ledger.uses(credit);
    }
    books.payments.all().for_each(|payment| ledger.payment(payment));
    books.transfers.all().for_each(|transfer| ledger.transfer(transfer));
    books.journals.all().for_each(|journal| ledger.journal(journal));
}

/// Drafts are not in the ledger, and what was voided or deleted is out of it again.
fn counts(document: &&Document) -> bool {
    matches!(document.status, Status::Authorised | Status::Paid)
}

/// Accounts that Xero keeps itself. No chart is without them.
struct Kept {
    debtors: Uuid,
    creditors: Uuid,
    tax: Uuid,
    rounding: Uuid,
    gains: Uuid,
    /// For lines that lost their account.
    unassigned: Uuid,
}

impl Kept {
    fn of(books: &Books) -> Self {
        let one = |system: &str| {
            let found = books.accounts.all().find(|account| account.system == system);
            found.map_or(Uuid::nil(), |account| account.id)
        };
        Self {
            debtors: one("DEBTORS"),
            creditors: one("CREDITORS"),
            tax: one("GST"),
            rounding: one("ROUNDING"),
            gains: one("REALISEDCURRENCYGAIN"),
            unassigned: one("HISTORICAL"),
        }
    }

    fn control(&self, kind: Kind) -> Uuid {
        if kind.is_sales() { self.debtors } else { self.creditors }
    }
}

/// Writes up one record after the other. Invariant: `sum` is zero between two records.
struct Ledger<'a> {
    books: &'a Books,
    kept: Kept,
    date: Date,
    sum: Decimal,
    take: &'a mut dyn FnMut(Entry),
}

impl Ledger<'_> {
    fn put(&mut self, account: Uuid, amount: Decimal) {
        if !amount.is_zero() {
            self.sum += amount;
            (self.take)(Entry { date: self.date, account, amount });
        }
    }

    /// Ends a record: what is missing to zero goes to this account.
    fn close(&mut self, account: Uuid) {
        self.put(account, -self.sum);
    }

    /// Invoices, bills and credit notes: their lines against receivables or payables.
    fn document(&mut self, document: &Document) {
        self.date = document.date;
        let whole = lines_sign(document.kind) * in_base(document.total, document.rate);
        self.put(self.kept.control(document.kind), -whole);
        self.lines(document, Decimal::ONE);
        self.close(self.kept.rounding);
    }

    /// Money at the bank: against its lines, or against receivables or payables when it was paid over. The two sides of a
    /// transfer are written up with the transfer.
    fn money(&mut self, document: &Document) {
        use Kind::{ReceiveOverpayment, ReceiveTransfer, SpendOverpayment, SpendTransfer};
        if matches!(document.kind, ReceiveTransfer | SpendTransfer) {
            return;
        }
        self.date = document.date;
        let whole = lines_sign(document.kind) * in_base(document.total, document.rate);
        self.put(document.account.unwrap_or(self.kept.unassigned), -whole);
        match document.kind {
            ReceiveOverpayment | SpendOverpayment => self.put(self.kept.control(document.kind), whole),
            _ => self.lines(document, Decimal::ONE),
        }
        self.close(self.kept.rounding);
    }

    /// Puts a share of each line on its account, and the tax of it on the tax account.
    fn lines(&mut self, document: &Document, share: Decimal) {
        let sign = lines_sign(document.kind) * share;
        for line in &document.lines {
            let account = line.account.unwrap_or(self.kept.unassigned);
            self.put(account, round(sign * in_base(net(line, document.taxing), document.rate), 2));
            self.put(self.kept.tax, round(sign * in_base(line.tax, document.rate), 2));
        }
    }

    /// Credits used on invoices: nothing moves unless rates differ, or a prepayment leaves the accounts of its lines.
    fn uses(&mut self, credit: &Document) {
        for used in &credit.uses {
            let Some(invoice) = self.books.invoices.find(used.invoice) else { continue };
            self.date = used.date;
            self.settle(credit, used.amount);
            self.settle(invoice, used.amount);
            self.close(self.kept.gains);
        }
    }

    /// Takes some of a document's open amount off the accounts where it stands.
    fn settle(&mut self, document: &Document, amount: Decimal) {
        let whole = -open_sign(document.kind) * in_base(amount, document.rate);
        if !matches!(document.kind, Kind::ReceivePrepayment | Kind::SpendPrepayment) {
            return self.put(self.kept.control(document.kind), whole);
        }
        let before = self.sum;
        self.lines(document, -amount.checked_div(document.total).unwrap_or_default());
        self.put(self.kept.rounding, before + whole - self.sum);
    }

    fn payment(&mut self, payment: &Payment) {
        let Some(document) = self.books.target(payment.target, payment.document) else { return };
        if payment.status != Status::Authorised {
            return;
        }
        self.date = payment.date;
        self.put(payment.account, open_sign(document.kind) * self.at_bank(payment));
        self.settle(document, payment.amount);
        self.close(self.kept.gains);
    }

    /// What a payment moved at the bank. The bank amount of an account in foreign currency says nothing about the books.
    fn at_bank(&self, payment: &Payment) -> Decimal {
        let base = self.books.base_currency();
        let account = self.books.accounts.find(payment.account);
        let is_foreign = account.and_then(|account| account.currency.as_ref()).is_some_and(|have| *have != base);
        if is_foreign { in_base(payment.amount, payment.rate) } else { round(payment.bank_amount, 2) }
    }

    fn transfer(&mut self, transfer: &Transfer) {
        if transfer.status != Status::Authorised {
            return;
        }
        let side = self.books.bank_transactions.find(transfer.from_transaction);
        let amount = in_base(transfer.amount, side.map_or(Decimal::ONE, |side| side.rate));
        self.date = transfer.date;
        self.put(transfer.from, -amount);
        self.put(transfer.to, amount);
    }

    /// Manual journals: an amount on its account, and its tax on the tax account, within it or on top of it.
    fn journal(&mut self, journal: &Journal) {
        if journal.status != Status::Posted {
            return;
        }
        self.date = journal.date;
        for line in &journal.lines {
            let within = if journal.taxing == Taxing::Inclusive { line.tax } else { Decimal::ZERO };
            self.put(line.account.unwrap_or(self.kept.unassigned), line.amount - within);
            self.put(self.kept.tax, line.tax);
        }
        self.close(self.kept.rounding);
    }
}

/// Which way the lines of a document go: costs and what is given back to customers are debits.
fn lines_sign(kind: Kind) -> Decimal {
    use Kind::{Bill, SaleCredit, Spend, SpendOverpayment, SpendPrepayment, SpendTransfer};
    match kind {
        Bill | SaleCredit | Spend | SpendPrepayment | SpendOverpayment | SpendTransfer => Decimal::ONE,
        _ => Decimal::NEGATIVE_ONE,
    }
}

/// Which way the open amount of a document stands. That of an advance is where its lines are; that of an invoice or credit
/// note stands against them.
fn open_sign(kind: Kind) -> Decimal {
    if kind.is_bank_money() { lines_sign(kind) } else { -lines_sign(kind) }
}

/// A line without its tax.
fn net(line: &Line, taxing: Taxing) -> Decimal {
    if taxing == Taxing::Inclusive { line.amount - line.tax } else { line.amount }
}

/// A rate is foreign units for one of the books.
fn in_base(amount: Decimal, rate: Decimal) -> Decimal {
    if rate == Decimal::ONE { amount } else { round(amount.checked_div(rate).unwrap_or(amount), 2) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use kernel::TenantId;

    use super::super::demo::{self, DemoSettings, days_before};
    use super::*;

    fn opened(settings: &DemoSettings) -> Books {
        demo::books(settings, TenantId(Uuid::from_u128(9)), "2026-10-05T09:00:00Z".parse().unwrap())
    }

    fn organisations() -> impl Iterator<Item = DemoSettings> {
        let sizes = [0, 30, 300];
        let both = |seed: u64, size: usize| [DemoSettings::sized(seed, size), DemoSettings::sized_au(seed, size)];
        [1, 7, 23].into_iter().flat_map(move |seed| sizes.into_iter().flat_map(move |size| both(seed, size)))
    }

    fn all(books: &Books) -> Vec<Entry> {
        let mut all = Vec::new();
        entries(books, &mut |entry| all.push(entry));
        all
    }

    fn balances(books: &Books) -> HashMap<Uuid, Decimal> {
        let mut sums = HashMap::new();
        entries(books, &mut |entry| *sums.entry(entry.account).or_default() += entry.amount);
        sums
    }

    #[test]
    fn debits_equal_credits_on_every_day() {
        for settings in organisations() {
            let entries = all(&opened(&settings));
            assert!(settings.invoices == 0 || entries.len() > settings.invoices, "{settings:?}");
            let mut days: HashMap<Date, Decimal> = HashMap::new();
            entries.iter().for_each(|entry| *days.entry(entry.date).or_default() += entry.amount);
            assert!(settings.invoices == 0 || days.len() > 10, "{settings:?}");
            assert!(days.values().all(Decimal::is_zero), "{settings:?}: {days:?}");
            let today = "2026-10-05".parse().unwrap();
            for day in [0, 1, 30, 93, 188, 200, 400].map(|days| days_before(today, days)) {
                let sum: Decimal = entries.iter().filter(|entry| entry.date <= day).map(|entry| entry.amount).sum();
                assert_eq!(sum, Decimal::ZERO, "{settings:?} on {day}");
            }
        }
    }

    #[test]
    fn every_entry_is_of_an_account_and_in_whole_pennies() {
        for settings in organisations() {
            let books = opened(&settings);
            for entry in all(&books) {
                assert!(books.accounts.find(entry.account).is_some(), "{settings:?}: {entry:?}");
                assert_eq!(round(entry.amount, 2), entry.amount, "{settings:?}: {entry:?}");
            }
        }
    }

    /// What the records themselves say is open, in the currency of the books.
    fn open(books: &Books, is_sales: bool) -> Decimal {
        let worth = |document: &Document, open: Decimal| open_sign(document.kind) * in_base(open, document.rate);
        let invoices = books.invoices.all().filter(counts).map(|each| (each, each.due_amount()));
        let credits = books.credit_notes.all().chain(books.overpayments.all()).map(|each| (each, each.remaining()));
        let both = invoices.chain(credits).filter(|(each, _)| each.kind.is_sales() == is_sales);
        both.map(|(each, open)| worth(each, open)).sum()
    }

    #[test]
    fn receivables_and_payables_are_what_is_open() {
        for settings in organisations() {
            let books = opened(&settings);
            let (kept, balances) = (Kept::of(&books), balances(&books));
            for (account, is_sales) in [(kept.debtors, true), (kept.creditors, false)] {
                let balance = balances.get(&account).copied().unwrap_or_default();
                assert!((balance - open(&books, is_sales)).abs() < Decimal::ONE, "{settings:?}: {balance}");
            }
        }
    }

    #[test]
    fn only_pennies_of_foreign_documents_are_rounding() {
        for settings in organisations() {
            let mut books = opened(&settings);
            let rounding = |books: &Books| balances(books).get(&Kept::of(books).rounding).copied().unwrap_or_default();
            assert!(rounding(&books).abs() < Decimal::ONE, "{settings:?}");
            let foreign = |shelf: &super::super::shelf::Shelf<Document>| -> Vec<Uuid> {
                shelf.all().filter(|each| each.rate != Decimal::ONE).map(|each| each.id).collect()
            };
            for id in foreign(&books.invoices) {
                books.invoices.change(id, None, |each| each.status = Status::Voided);
            }
            for id in foreign(&books.bank_transactions) {
                books.bank_transactions.change(id, None, |each| each.status = Status::Deleted);
            }
            assert_eq!(rounding(&books), Decimal::ZERO, "{settings:?}");
        }
    }
}
