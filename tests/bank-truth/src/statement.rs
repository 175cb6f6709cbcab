//! How banks write a movement: the statement's channel.
//!
//! Owns the descriptors: masks, terminals, cities, tags, cut fields, folded capitals. Draws from its own stream.

use std::borrow::Cow;

use kernel::{Date, Money};

use crate::dice::{Channel, Dice};
use crate::fates::Fate;
use crate::movements::{Kind, Movement};
use crate::names::{cut, folded};
use crate::rows::Row;
use crate::world::{Account, Bank, World};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FEES: &[&str] = &["Account fee", "Monthly charges", "Foreign transaction fee", "Charges", "Kontoentgelt"];
const FOREIGN: &[&str] = &["NOK", "DKK", "CAD", "PLN", "AUD"];
/// Letters of a text that a SEPA transfer carries.
const TAGGED_LETTERS: usize = 140;
const NARROW_LETTERS: usize = 18;
const MEDIUM_LETTERS: usize = 22;
const FIELD_LETTERS: usize = 32;

/// What the bank knows, before it writes it its way.
struct Told<'a> {
    kind: Kind,
    name: String,
    reference: Option<String>,
    city: &'a str,
    happened: Date,
    /// A sum in another currency and its rate.
    foreign: String,
    time: String,
    card: u32,
    number: u32,
}

/// The statement line of a movement, still without an id.
pub(crate) fn line(world: &World<'_>, movement: &Movement, minor: i64, posted: u32, dice: &mut Dice) -> Row {
    let account = &world.accounts[movement.account as usize];
    let told = told(world, account, movement, dice);
    let (description, reference, payee) = match account.bank {
        Bank::Tagged => tagged(&told, dice),
        Bank::Narrow => (cut(&short(&told), NARROW_LETTERS), None, None),
        Bank::Medium => {
            (format!("{} {}", cut(&short(&told), MEDIUM_LETTERS), suffix(movement.kind, minor)), None, None)
        }
        Bank::Field => field(&told),
        Bank::Wordy => (wordy(&told, minor), told.reference, None),
    };
    Row {
        id: String::new(),
        account: account.name.clone(),
        date: world.days.date(posted),
        money: Money::new(minor, account.currency),
        description,
        reference,
        payee: payee.filter(|payee| !payee.is_empty()),
        bank_id: (account.bank != Bank::Narrow).then(|| dice.code(14)),
        kind: code(account.bank, movement.kind, minor).map(Cow::Borrowed),
    }
}

fn told<'a>(world: &'a World<'_>, account: &Account, movement: &Movement, dice: &mut Dice) -> Told<'a> {
    let (name, city) = match movement.kind {
        Kind::Fee => ((*dice.pick(FEES)).to_owned(), ""),
        Kind::Transfer => (format!("Own account {}", world.accounts[movement.party as usize].name), ""),
        Kind::Payroll if movement.fate == Fate::Split => ("Payroll batch".to_owned(), ""),
        _ => (named(world, movement, dice), world.directory.party(movement.party).city),
    };
    let quoted = quoted(movement, dice);
    let missing = dice.chance(world.dial.missing_references);
    Told {
        kind: movement.kind,
        name,
        reference: quoted.filter(|_| !missing),
        city,
        happened: world.days.date(movement.happened),
        foreign: foreign(movement, dice),
        time: format!("{:02}:{:02}", dice.between(6, 22), dice.between(0, 59)),
        card: account.card,
        number: movement.number,
    }
}

/// The other party's name as it reached the bank. What recurs carries the same name each time.
fn named(world: &World<'_>, movement: &Movement, dice: &mut Dice) -> String {
    let party = world.directory.party(movement.party);
    let mut of_series = world.dice(Channel::Names, (movement.account as usize) << 32 | movement.party as usize);
    let dice = if movement.kind.recurs() { &mut of_series } else { dice };
    if dice.chance(world.dial.name_noise) { party.garbled(movement.kind.is_by_card(), dice) } else { party.plain(dice) }
}

/// A number as whoever pays quotes it.
fn quoted(movement: &Movement, dice: &mut Dice) -> Option<String> {
    let number = movement.number;
    match movement.kind {
        Kind::SalesReceipt => Some(match dice.below(5) {
            0 => format!("INV-{number:05}"),
            1 => format!("INV{number:05}"),
            2 => format!("{number}"),
            3 => format!("RE {number:05}"),
            _ => format!("Invoice {number}"),
        }),
        Kind::SupplierPayment => Some(match dice.below(3) {
            0 => format!("R{number}"),
            1 => format!("R-{number}/25"),
            _ => format!("Bill R{number}"),
        }),
        Kind::DirectDebit | Kind::WeeklyDebit => Some(format!("M{number:06}")),
        Kind::StandingOrder => Some(format!("SO{number}")),
        Kind::Transfer => Some(format!("TRF {number}")),
        Kind::Payroll => Some(format!("SAL{number}")),
        _ => None,
    }
}

fn foreign(movement: &Movement, dice: &mut Dice) -> String {
    if movement.kind != Kind::FxPurchase {
        return String::new();
    }
    let rate = dice.between(6_000, 15_000);
    let sum = movement.minor.abs() * rate / 10_000;
    format!(" {} {}.{:02} @ {}.{:04}", dice.pick(FOREIGN), sum / 100, sum % 100, rate / 10_000, rate % 10_000)
}

fn short(told: &Told<'_>) -> String {
    let card = told.kind.is_by_card();
    let text = match &told.reference {
        Some(reference) => format!("{} {reference}", told.name),
        None if card => format!("{} {}{}", told.name, told.city, told.foreign),
        None => told.name.clone(),
    };
    folded(&text, false)
}

fn suffix(kind: Kind, minor: i64) -> &'static str {
    match kind {
        Kind::CardPurchase | Kind::FxPurchase => "POS",
        Kind::Refund => "RFD",
        Kind::DirectDebit | Kind::WeeklyDebit => "DDR",
        Kind::StandingOrder => "STO",
        Kind::Transfer => "TFR",
        Kind::Fee => "CHG",
        _ if minor > 0 => "BGC",
        _ => "BP",
    }
}

fn tagged(told: &Told<'_>, dice: &mut Dice) -> (String, Option<String>, Option<String>) {
    let name = folded(&told.name, true);
    let purpose = told.reference.clone().unwrap_or_else(|| "Zahlung".to_owned());
    let end_to_end = if dice.chance(500) { dice.code(12) } else { "NOTPROVIDED".to_owned() };
    let text = match told.kind {
        Kind::CardPurchase | Kind::FxPurchase | Kind::Refund => format!(
            "KARTENZAHLUNG {name}//{}/ {}T{} Kartennr. {}{}",
            folded(told.city, true),
            told.happened,
            told.time,
            told.card,
            told.foreign
        ),
        Kind::DirectDebit | Kind::WeeklyDebit => format!(
            "FOLGELASTSCHRIFT EREF+{end_to_end} MREF+M{:06} CRED+DE98ZZZ09999{:06} SVWZ+{purpose}",
            told.number, told.number
        ),
        Kind::Fee => format!("ENTGELTABSCHLUSS {name}"),
        _ => format!("SEPA-UEBERWEISUNG EREF+{end_to_end} SVWZ+{} ABWA+{name}", folded(&purpose, true)),
    };
    let reference =
        Some(end_to_end).filter(|id| id != "NOTPROVIDED" && told.kind != Kind::Fee && !told.kind.is_by_card());
    (cut(&text, TAGGED_LETTERS), reference, (told.kind != Kind::Fee).then_some(name))
}

fn field(told: &Told<'_>) -> (String, Option<String>, Option<String>) {
    let memo = match told.kind {
        Kind::CardPurchase | Kind::FxPurchase | Kind::Refund => format!(
            "CARD 4417XXXXXXXX{} TERM {:08} {}{}",
            told.card,
            told.number,
            folded(told.city, false),
            told.foreign
        ),
        _ => told.reference.clone().unwrap_or_default(),
    };
    (memo, None, Some(cut(&folded(&told.name, false), FIELD_LETTERS)))
}

fn wordy(told: &Told<'_>, minor: i64) -> String {
    let day = format!("{:02} {}", told.happened.day(), MONTHS[told.happened.month() as usize - 1]);
    let name = &told.name;
    match told.kind {
        Kind::CardPurchase | Kind::FxPurchase => {
            format!("Card payment to {name} {} on {day} {}, card {}{}", told.city, told.time, told.card, told.foreign)
        }
        Kind::Refund => format!("Card refund from {name} {} on {day}, card {}", told.city, told.card),
        Kind::DirectDebit | Kind::WeeklyDebit => format!("Direct debit to {name}"),
        Kind::StandingOrder => format!("Standing order to {name}"),
        Kind::Fee => format!("{name} {}", MONTHS[told.happened.month() as usize - 1]),
        _ if minor > 0 => format!("Payment from {name}"),
        _ => format!("Payment to {name}"),
    }
}

fn code(bank: Bank, kind: Kind, minor: i64) -> Option<&'static str> {
    let code = match bank {
        Bank::Narrow | Bank::Wordy => return None,
        Bank::Medium => suffix(kind, minor),
        Bank::Field => match kind {
            Kind::CardPurchase | Kind::FxPurchase => "POS",
            Kind::Transfer => "XFER",
            Kind::Fee => "SRVCHG",
            Kind::DirectDebit | Kind::WeeklyDebit => "DIRECTDEBIT",
            Kind::StandingOrder => "REPEATPMT",
            _ if minor > 0 => "CREDIT",
            _ => "DEBIT",
        },
        Bank::Tagged => match kind {
            Kind::CardPurchase | Kind::FxPurchase => "106",
            Kind::DirectDebit | Kind::WeeklyDebit => "105",
            Kind::StandingOrder => "117",
            Kind::Fee => "808",
            _ if minor > 0 => "166",
            _ => "116",
        },
    };
    Some(code)
}
