//! How a bookkeeper enters a movement: the ledger's channel.
//!
//! Owns the words of the books: contacts with their legal forms, invoice numbers, plain descriptions, and the slips
//! that are no finding (another contact, no reference). Reads nothing that the bank wrote.

use std::borrow::Cow;

use kernel::Money;

use crate::dice::Dice;
use crate::movements::{Kind, Movement};
use crate::names::Party;
use crate::rows::Row;
use crate::world::World;

const SALES: &[&str] = &["Payment received", "Invoice payment", "Sales", "Deposit", ""];
const COSTS: &[&str] = &["Bill payment", "Paid by transfer", "Supplier", ""];

/// The ledger entry of a movement, still without an id.
pub(crate) fn entry(world: &World<'_>, movement: &Movement, minor: i64, booked: u32, dice: &mut Dice) -> Row {
    let account = &world.accounts[movement.account as usize];
    let wrong = dice.chance(world.dial.wrong_payees);
    let number = if wrong { world.directory.company(dice) } else { movement.party };
    let missing = dice.chance(world.dial.missing_references);
    let (description, payee) = match movement.kind {
        Kind::Transfer => {
            let other = &world.accounts[movement.party as usize].name;
            (format!("Bank transfer {} {other}", if minor < 0 { "to" } else { "from" }), None)
        }
        Kind::Fee => ("Bank charges".to_owned(), None),
        kind => {
            let party = world.directory.party(number);
            (described(kind, party, dice), Some(party.contact.clone()))
        }
    };
    Row {
        id: String::new(),
        account: account.name.clone(),
        date: world.days.date(booked),
        money: Money::new(minor, account.currency),
        description,
        reference: reference(movement, dice).filter(|_| !missing),
        payee,
        bank_id: None,
        kind: Some(Cow::Borrowed(code(movement.kind, minor))),
    }
}

/// The same movement entered a second time, some days later and perhaps from another document.
pub(crate) fn entered_again(first: &Row, dice: &mut Dice) -> Row {
    let mut row = first.clone();
    for _ in 0..dice.below(5) {
        row.date = row.date.tomorrow().unwrap_or(row.date);
    }
    if dice.chance(500) {
        row.reference = None;
    }
    row
}

fn described(kind: Kind, party: &Party, dice: &mut Dice) -> String {
    match kind {
        Kind::SalesReceipt => (*dice.pick(SALES)).to_owned(),
        Kind::SupplierPayment => (*dice.pick(COSTS)).to_owned(),
        Kind::Refund => format!("Refund {}", party.trade),
        Kind::Payroll => "Wages".to_owned(),
        Kind::StandingOrder => format!("{} monthly", party.trade),
        _ => party.trade.to_owned(),
    }
}

fn reference(movement: &Movement, dice: &mut Dice) -> Option<String> {
    let number = movement.number;
    match movement.kind {
        Kind::SalesReceipt => Some(format!("INV-{number:05}")),
        Kind::SupplierPayment => Some(format!("R{number}")),
        Kind::DirectDebit | Kind::WeeklyDebit if dice.chance(300) => Some(format!("M{number:06}")),
        Kind::CardPurchase | Kind::FxPurchase if dice.chance(300) => {
            Some(format!("Receipt {}", dice.between(1, 9_999)))
        }
        Kind::Payroll => Some(format!("Payroll {number}")),
        _ => None,
    }
}

fn code(kind: Kind, minor: i64) -> &'static str {
    match (kind, minor < 0) {
        (Kind::SalesReceipt, false) => "ACCRECPAYMENT",
        (Kind::SupplierPayment, true) => "ACCPAYPAYMENT",
        (Kind::Transfer, true) => "SPEND-TRANSFER",
        (Kind::Transfer, false) => "RECEIVE-TRANSFER",
        (_, true) => "SPEND",
        (_, false) => "RECEIVE",
    }
}
