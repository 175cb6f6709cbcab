//! The documents of a demo organisation: invoices, bills, their payments, bank money, credits, orders, journals.

use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;
use super::demo::{DAY_MS, DemoSettings, days_before};
use super::demo_maker::Maker;
use super::demo_oddities::{self, Oddity};
use super::demo_words as words;
use super::dice::Dice;
use super::model::{Allocation, Document, Journal, JournalLine, Kind, Line, Payment, Status, Target, Taxing, Transfer};
use super::wire::midnight_ms;

/// Fills the organisation's books.
pub(super) fn fill(books: &mut Books, dice: &mut Dice, settings: &DemoSettings, today: Date, now_ms: i64) {
    let mut maker = Maker::new(books, dice, settings, today, now_ms);
    let mut invoices = invoices(&mut maker, settings.invoices);
    let mut payments = pay(&mut maker, &mut invoices, settings.payments);
    payments.extend(demo_oddities::mistaken_payments(&mut maker, &invoices));
    books.payments.load(payments);
    credit_notes(books, &mut maker, &mut invoices, settings.invoices / 25);
    for each in &invoices {
        books.by_contact.entry(each.contact).or_default().push(each.id);
    }
    let sides: Vec<(Uuid, Kind)> = invoices.iter().map(|each| (each.contact, each.kind)).collect();
    books.next_number =
        [settings.invoices as u32 + 1, settings.invoices as u32 / 25 + 1, settings.invoices as u32 / 20 + 1];
    books.invoices.load(invoices);
    for (contact, kind) in sides {
        books.contacts.change(contact, None, |each| match kind {
            Kind::Sale => each.is_customer = true,
            _ => each.is_supplier = true,
        });
    }
    bank(books, &mut maker, settings.bank_transactions);
    advances(books, &mut maker, at_least(2, settings.invoices / 100, settings));
    transfers(books, &mut maker, settings.invoices / 50);
    orders(books, &mut maker, settings.invoices / 20);
    journals(books, &mut maker, at_least(3, settings.invoices / 40, settings));
}

/// So many of a kind in any organisation that is not tiny, so that each case occurs.
fn at_least(least: usize, count: usize, settings: &DemoSettings) -> usize {
    if settings.invoices < 40 { count } else { count.max(least) }
}

fn invoices(maker: &mut Maker<'_>, count: usize) -> Vec<Document> {
    let mut rows = Vec::with_capacity(count);
    for index in 0..count {
        let sales = index % 2 == 0;
        let age = 360 - (index * 360 / count.max(1)) as i64;
        let date = days_before(maker.today, age);
        let lines = maker.goods(sales);
        let mut each = maker.document(if sales { Kind::Sale } else { Kind::Bill }, date, lines);
        each.due = Some(days_before(date, if sales { -14 } else { -30 }));
        each.number = if sales {
            format!("INV-{:04}", index + 1).into()
        } else {
            format!("SUP-{}", maker.dice.between(10_000, 99_999)).into()
        };
        if sales {
            each.reference = format!("Order {}", maker.dice.between(1_000, 9_999)).into();
        }
        each.sent = sales && maker.dice.chance(80);
        match (Oddity::of(index), maker.dice.below(100)) {
            (Some(oddity), _) => demo_oddities::apply(maker, oddity, &mut each),
            (None, 0..4) => each.status = Status::Draft,
            (None, 4..6) => each.status = Status::Submitted,
            (None, 6) => each.status = Status::Voided,
            (None, 7) => maker.make_foreign(&mut each),
            _ => (),
        }
        if each.status != Status::Authorised {
            each.sent = false;
        }
        rows.push(each);
    }
    rows
}

fn pay(maker: &mut Maker<'_>, invoices: &mut [Document], count: usize) -> Vec<Payment> {
    let mut rows = Vec::with_capacity(count);
    let base = maker.currencies[0].clone();
    let payable = |each: &&mut Document| each.status == Status::Authorised && each.currency == base;
    for each in invoices.iter_mut().filter(payable).take(count) {
        let part = maker.dice.chance(8);
        let amount = if part { super::wire::round(each.total / Decimal::TWO, 2) } else { each.total };
        if amount.is_zero() {
            continue;
        }
        let date = each.due.unwrap_or(each.date).min(maker.today);
        let updated = (midnight_ms(date) + maker.dice.between(0, DAY_MS - 1)).min(maker.now_ms).max(each.updated);
        let payment = Payment {
            id: maker.dice.uuid(),
            target: Target::Invoice,
            document: each.id,
            account: maker.banks[0],
            date,
            amount,
            bank_amount: amount,
            rate: Decimal::ONE,
            reference: Box::from(&*each.number),
            reconciled: maker.dice.chance(85),
            status: Status::Authorised,
            updated,
        };
        each.payments.push(payment.id);
        each.paid = amount;
        each.updated = updated;
        if !part {
            (each.status, each.fully_paid_on) = (Status::Paid, Some(date));
        }
        rows.push(payment);
    }
    rows
}

fn credit_notes(books: &mut Books, maker: &mut Maker<'_>, invoices: &mut [Document], count: usize) {
    let mut rows = Vec::with_capacity(count);
    let open: Vec<usize> = (0..invoices.len()).filter(|at| invoices[*at].status == Status::Authorised).collect();
    for index in 0..count {
        let sales = index % 2 == 0;
        let date = days_before(maker.today, maker.dice.between(1, 200));
        let mut lines = maker.goods(sales);
        lines.truncate(1);
        let mut each = maker.document(if sales { Kind::SaleCredit } else { Kind::BillCredit }, date, lines);
        each.number = format!("CN-{:04}", index + 1).into();
        let wanted = if sales { Kind::Sale } else { Kind::Bill };
        let fits = |at: &&usize| {
            let invoice = &invoices[**at];
            invoice.kind == wanted && invoice.currency == each.currency && invoice.due_amount() > each.total
        };
        if let Some(at) = open.iter().skip(index * 7 % open.len().max(1)).find(fits).filter(|_| index % 3 == 0) {
            let invoice = &mut invoices[*at];
            each.contact = invoice.contact;
            each.status = Status::Paid;
            each.fully_paid_on = Some(date);
            let use_of = Allocation { id: maker.dice.uuid(), invoice: invoice.id, amount: each.total, date };
            each.uses.push(use_of);
            invoice.credited += each.total;
            invoice.credits.push(each.id);
        }
        rows.push(each);
    }
    books.credit_notes.load(rows);
}

fn bank(books: &mut Books, maker: &mut Maker<'_>, count: usize) {
    let mut rows = Vec::with_capacity(count);
    for index in 0..count {
        let (description, account, pence, comes_in) = *maker.dice.pick(words::BANKED);
        let date = days_before(maker.today, 360 - (index * 360 / count.max(1)) as i64);
        let tax = if comes_in { maker.figures.zero_sales_tax } else { maker.figures.purchase_tax };
        let untaxed = matches!(account, "270" | "404" | "420");
        let line = maker.line(&(description, account, pence), if untaxed { "NONE" } else { tax });
        let mut each = maker.document(if comes_in { Kind::Receive } else { Kind::Spend }, date, vec![line]);
        each.account = Some(maker.banks[usize::from(!comes_in && index % 3 == 0) * 2 % maker.banks.len()]);
        each.reconciled = maker.dice.chance(80);
        each.reference = format!("{description} {}", maker.dice.between(100, 999)).into();
        demo_oddities::apply_to_bank(maker, index, &mut each);
        rows.push(each);
    }
    books.bank_transactions.load(rows);
}

/// Prepayments and overpayments, each with the bank transaction that brought the money.
fn advances(books: &mut Books, maker: &mut Maker<'_>, count: usize) {
    for index in 0..count {
        let prepaid = index % 2 == 0;
        let date = days_before(maker.today, maker.dice.between(1, 120));
        let kind = if prepaid { Kind::ReceivePrepayment } else { Kind::ReceiveOverpayment };
        let tax = if prepaid { maker.figures.sales_tax } else { "NONE" };
        let account = if prepaid { "810" } else { "610" };
        let words = if prepaid { "Deposit for work next month" } else { "Paid twice by mistake" };
        let line = maker.line(&(words, account, 50_000), tax);
        let mut money = maker.document(kind, date, vec![line]);
        money.account = Some(maker.banks[0]);
        let mut advance = money.clone();
        advance.id = maker.dice.uuid();
        (money.twin, advance.twin) = (Some(advance.id), Some(money.id));
        books.bank_transactions.add(money);
        if prepaid { books.prepayments.add(advance) } else { books.overpayments.add(advance) }
    }
}

fn transfers(books: &mut Books, maker: &mut Maker<'_>, count: usize) {
    for index in 0..count {
        let date = days_before(maker.today, maker.dice.between(1, 300));
        let line = Line { account: None, ..maker.line(&("Bank transfer", "", 100_000), "NONE") };
        let mut out = maker.document(Kind::SpendTransfer, date, vec![line.clone()]);
        let mut into = maker.document(Kind::ReceiveTransfer, date, vec![line]);
        (out.account, into.account) = (Some(maker.banks[0]), Some(maker.banks[1]));
        (out.reconciled, into.reconciled) = (true, true);
        let updated = out.updated;
        let transfer = Transfer {
            id: maker.dice.uuid(),
            from: maker.banks[0],
            to: maker.banks[1],
            from_transaction: out.id,
            to_transaction: into.id,
            amount: out.total,
            date,
            reference: format!("Sweep {}", index + 1).into(),
            status: Status::Authorised,
            created: updated,
            updated,
        };
        books.bank_transactions.add(out);
        books.bank_transactions.add(into);
        books.transfers.add(transfer);
    }
}

fn orders(books: &mut Books, maker: &mut Maker<'_>, count: usize) {
    let mut rows = Vec::with_capacity(count);
    for index in 0..count {
        let date = days_before(maker.today, maker.dice.between(1, 300));
        let lines = maker.goods(false);
        let mut each = maker.document(Kind::Order, date, lines);
        each.number = format!("PO-{:04}", index + 1).into();
        each.due = Some(days_before(date, -10));
        each.status = [Status::Draft, Status::Submitted, Status::Authorised, Status::Billed][index % 4];
        rows.push(each);
    }
    books.orders.load(rows);
}

fn journals(books: &mut Books, maker: &mut Maker<'_>, count: usize) {
    let mut rows = Vec::with_capacity(count);
    for index in 0..count {
        let date = days_before(maker.today, maker.dice.between(1, 300));
        let (text, debit, credit, pence) = *maker.dice.pick(words::JOURNALS);
        let amount = maker.near(pence);
        let side = |amount: Decimal, code: &str| JournalLine {
            amount,
            account: maker.account(code),
            description: Box::from(text),
            tax_type: Arc::from("NONE"),
            tax: Decimal::ZERO,
            tracking: Box::new([]),
        };
        let lines = vec![side(amount, debit), side(-amount, credit)];
        rows.push(Journal {
            id: maker.dice.uuid(),
            narration: format!("{text}, {} [{}]", date.strftime("%B %Y"), index + 1).into(),
            date,
            status: match (index % 5, index % 7) {
                (4, _) => Status::Draft,
                (_, 2) => Status::Voided,
                _ => Status::Posted,
            },
            taxing: Taxing::NoTax,
            lines,
            url: Box::from(""),
            cash_basis: true,
            updated: (midnight_ms(date) + maker.dice.between(0, DAY_MS - 1)).min(maker.now_ms),
        });
    }
    books.journals.load(rows);
}
