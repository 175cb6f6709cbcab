//! Line items of a request into lines of a document, with the messages Xero gives for bad ones.

use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;
use super::document_rules::account_archived;
use super::element::Element;
use super::model::{Account, Kind, Line, Status, Taxing};
use super::refusals::{Place, Remarks};
use super::totals::{line_amount, tax_of};
use super::wire::round;

/// What lines are read for.
#[derive(Clone, Copy)]
pub(super) struct Purpose {
    pub(super) kind: Kind,
    pub(super) taxing: Taxing,
    /// An approved document needs complete lines; a draft may lack accounts.
    pub(super) approved: bool,
    pub(super) places: u32,
}

const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// The largest amount of a line: 9,999,999,999.99.
pub(super) fn amount_max() -> Decimal {
    Decimal::new(999_999_999_999, 2)
}

pub(super) const AMOUNT_TOO_LARGE: &str = "LineAmount must not be greater than 9999999999.99";
const ACCOUNT_MISSING: &str = "Account code must be specified for each line of an approved document";

/// Reads lines. Those with the id of an existing line update it; others are new; existing ones not named are gone.
pub(super) fn read(
    books: &mut Books,
    sent: &[Element<'_>],
    old: &[Line],
    purpose: Purpose,
    remarks: &mut Remarks,
) -> Vec<Line> {
    let mut lines = Vec::with_capacity(sent.len());
    for (at, element) in sent.iter().enumerate() {
        remarks.turn_to(Place::Line(at));
        lines.push(line(books, *element, old, purpose, remarks));
    }
    remarks.turn_to(Place::Whole);
    lines
}

fn line(books: &mut Books, sent: Element<'_>, old: &[Line], purpose: Purpose, remarks: &mut Remarks) -> Line {
    let known = sent.id("LineItemID").and_then(|id| old.iter().find(|line| line.id == id));
    let fresh = known.is_none().then(|| books.dice.uuid());
    let description = sent.text("Description").or(known.map(|line| &*line.description)).unwrap_or_default();
    let item = item(books, sent, remarks).or_else(|| known.and_then(|line| line.item.clone()));
    check_text(sent, description, item.is_some(), purpose, remarks);
    let discount = sent.decimal("DiscountRate").or(known.and_then(|line| line.discount));
    let discount = discount.filter(|rate| !rate.is_zero());
    if discount.is_some() && !matches!(purpose.kind, Kind::Sale) {
        remarks.refuse("Discounts are only allowed on ACCREC invoices");
    }
    let (quantity, unit) = amounts(books, sent, known, item.as_deref(), purpose, remarks);
    let account = account(books, sent, known, item.as_deref(), purpose, remarks);
    let tax_type = tax_type(books, sent, known, account, remarks);
    let mut line = Line {
        id: fresh.or(known.map(|line| line.id)).unwrap_or_default(),
        description: description.into(),
        quantity,
        unit,
        item,
        account,
        tax_type,
        tax: Decimal::ZERO,
        amount: Decimal::ZERO,
        tracking: tracking(books, sent, purpose.kind.is_bank_money(), remarks)
            .or_else(|| known.map(|line| line.tracking.clone()))
            .unwrap_or_default(),
        discount,
    };
    line.amount = line_amount(&line);
    judge_amount(sent, &line, purpose, remarks);
    let percent = books.tax_rate(&line.tax_type).map_or(Decimal::ZERO, |rate| rate.rate);
    line.tax = tax_of(line.amount, percent, purpose.taxing);
    if let Some(tax) = sent.decimal("TaxAmount").filter(|_| purpose.taxing != Taxing::NoTax) {
        line.tax = round(tax, 2);
    }
    line
}

/// The amount within its bounds, in agreement with what was sent, and with an account where money needs one.
fn judge_amount(sent: Element<'_>, line: &Line, purpose: Purpose, remarks: &mut Remarks) {
    if line.amount.abs() > amount_max() {
        remarks.refuse(AMOUNT_TOO_LARGE);
    }
    let given = sent.decimal("LineAmount");
    let bounded = given.filter(|given| given.abs() <= amount_max() && sent.has("UnitAmount"));
    if let Some(given) = bounded.filter(|given| round(*given, 2) != line.amount) {
        let expected = line.amount;
        remarks.refuse(format!("The line total {given:.2} does not match the expected line total {expected:.2}"));
    }
    let bank = purpose.kind.is_bank_money();
    if bank && line.unit <= Decimal::ZERO {
        remarks.refuse("UnitAmount must be greater than zero");
    }
    // A line of words alone needs no account, except where money has moved already.
    let moves = bank || sent.has("UnitAmount") || given.is_some() || !line.amount.is_zero();
    if purpose.approved && line.account.is_none() && moves && !names_account(sent) {
        remarks.refuse(ACCOUNT_MISSING);
    }
}

/// Whether the line says which account it wants; an unknown one has its own message.
fn names_account(sent: Element<'_>) -> bool {
    sent.text("AccountCode").is_some_and(|code| !code.is_empty()) || sent.id("AccountID").is_some()
}

fn check_text(sent: Element<'_>, text: &str, has_item: bool, purpose: Purpose, remarks: &mut Remarks) {
    if sent.text("Description") == Some("") || (purpose.approved && text.is_empty() && !has_item) {
        remarks.refuse("Description must have at least 1 character");
    }
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        remarks.refuse("Description is too long. Maximum of 4000 characters allowed");
    }
}

fn item(books: &Books, sent: Element<'_>, remarks: &mut Remarks) -> Option<Arc<str>> {
    let code = sent.text("ItemCode").filter(|code| !code.is_empty())?;
    let found = books.items.all().find(|item| *item.code == *code && !item.deleted).map(|item| item.code.clone());
    if found.is_none() {
        remarks.refuse(format!("Item code '{code}' is not valid"));
    }
    found
}

/// Quantity and unit amount. A line amount alone is one unit of that price.
fn amounts(
    books: &Books,
    sent: Element<'_>,
    known: Option<&Line>,
    item: Option<&str>,
    purpose: Purpose,
    remarks: &mut Remarks,
) -> (Decimal, Decimal) {
    let priced = item.and_then(|code| books.items.all().find(|each| *each.code == *code));
    let price =
        priced.and_then(|each| if purpose.kind.is_sales() { each.sales.as_ref() } else { each.purchase.as_ref() });
    let line = sent.decimal("LineAmount");
    let quantity = sent.decimal("Quantity").or(known.map(|line| line.quantity)).unwrap_or(Decimal::ONE);
    let unit = sent.decimal("UnitAmount");
    let unbounded = [line, unit, Some(quantity)].into_iter().flatten().any(|number| number.abs() > amount_max());
    if unbounded {
        remarks.refuse(AMOUNT_TOO_LARGE);
        return (Decimal::ONE, Decimal::ONE);
    }
    let unit = unit.or(line.filter(|_| !quantity.is_zero()).map(|line| line / quantity));
    let unit = unit.or(known.map(|line| line.unit)).or(price.map(|price| price.unit)).unwrap_or_default();
    let unit = round(unit, purpose.places);
    if quantity < Decimal::ZERO {
        let text = format!("The quantity value '{quantity:.4}' is invalid. Quantity must not be less than zero.");
        remarks.refuse(text);
    }
    (quantity, unit)
}

/// Accounts a document's line may not name: bank accounts, and those Xero keeps itself.
pub(super) fn is_off_limits(account: &Account) -> bool {
    account.is_bank() || matches!(&*account.system, "DEBTORS" | "CREDITORS" | "RETAINEDEARNINGS" | "UNPAIDEXPCLM")
}

fn account(
    books: &Books,
    sent: Element<'_>,
    known: Option<&Line>,
    item: Option<&str>,
    purpose: Purpose,
    remarks: &mut Remarks,
) -> Option<Uuid> {
    let code = sent.text("AccountCode").filter(|code| !code.is_empty());
    let found = match (code, sent.id("AccountID")) {
        (Some(code), _) => books.account_by_code(code),
        (None, Some(id)) => books.accounts.find(id),
        (None, None) => {
            let of_item = item
                .and_then(|code| books.items.all().find(|each| *each.code == *code))
                .and_then(|each| if purpose.kind.is_sales() { each.sales.as_ref() } else { each.purchase.as_ref() });
            let fallback = known.and_then(|line| line.account);
            return fallback.or(of_item.and_then(|price| books.account_by_code(&price.account)).map(|each| each.id));
        }
    };
    let named = code.map_or_else(|| sent.text("AccountID").unwrap_or_default().to_owned(), str::to_owned);
    match found {
        None if purpose.approved => {
            remarks.refuse(format!("Account code '{named}' is not a valid code for this document."));
        }
        None => {
            remarks.warn(format!("Account code '{named}' has been removed as it does not match a recognised account."))
        }
        Some(account) if account.status != Status::Active => remarks.refuse(account_archived(&named)),
        Some(account) if is_off_limits(account) && !is_own_control(account, purpose.kind) => {
            remarks.refuse(format!("Account code '{named}' is not a valid code for this document."));
        }
        Some(account) => return Some(account.id),
    }
    None
}

/// Overpayments are booked to the control account itself.
fn is_own_control(account: &Account, kind: Kind) -> bool {
    match kind {
        Kind::ReceiveOverpayment => account.system == "DEBTORS",
        Kind::SpendOverpayment => account.system == "CREDITORS",
        _ => false,
    }
}

/// The tax type of a line: given, else kept, else the account's default, else none. It must exist and fit the account,
/// also when a kept one meets a new account.
fn tax_type(
    books: &Books,
    sent: Element<'_>,
    known: Option<&Line>,
    account: Option<Uuid>,
    remarks: &mut Remarks,
) -> Arc<str> {
    let account = account.and_then(|id| books.accounts.find(id));
    let none: Arc<str> = Arc::from("NONE");
    let Some(name) = sent.text("TaxType").filter(|name| !name.is_empty()) else {
        let Some(line) = known else { return account.map_or(none, |account| account.tax_type.clone()) };
        let moved = account.filter(|account| line.account != Some(account.id));
        if let Some(Err(text)) = moved.map(|account| checked_tax(books, &line.tax_type, Some(account))) {
            remarks.refuse(text);
        }
        return line.tax_type.clone();
    };
    match checked_tax(books, name, account) {
        Ok(tax_type) => tax_type,
        Err(text) => {
            remarks.refuse(text);
            none
        }
    }
}

/// A tax type by name, if it may be used with the account.
pub(super) fn checked_tax(books: &Books, name: &str, account: Option<&Account>) -> Result<Arc<str>, String> {
    let Some(rate) = books.tax_rate(name) else {
        return Err(format!("The TaxType code {name} does not exist or cannot be used for this type of transaction."));
    };
    if let Some(account) = account {
        let letter = match account.class() {
            "ASSET" => 'A',
            "EQUITY" => 'E',
            "EXPENSE" => 'X',
            "LIABILITY" => 'L',
            _ => 'R',
        };
        if !rate.applies.contains(letter) {
            let code = &account.code;
            return Err(format!("The TaxType code '{name}' cannot be used with account code '{code}'."));
        }
    }
    Ok(rate.tax_type.clone())
}

const TRACKING_PER_LINE: usize = 2;

/// Tracking by ids or by names. An unknown or archived option is dropped without a word on bank transactions and manual
/// journals, and refused elsewhere; which endpoint does which is not documented, so neither can be relied on.
pub(super) fn tracking(
    books: &Books,
    sent: Element<'_>,
    drops: bool,
    remarks: &mut Remarks,
) -> Option<Box<[(Uuid, Uuid)]>> {
    let all = sent.list("Tracking")?;
    if all.len() > TRACKING_PER_LINE {
        remarks.refuse("A maximum of 2 tracking categories may be assigned to a line".to_owned());
    }
    let mut chosen = Vec::new();
    for each in all {
        let category = books.tracking.iter().find(|one| match each.id("TrackingCategoryID") {
            Some(id) => one.id == id,
            None => Some(&*one.name) == each.text("Name"),
        });
        let option = category.and_then(|one| {
            one.options.iter().find(|option| match each.id("TrackingOptionID") {
                Some(id) => option.id == id,
                None => Some(&*option.name) == each.text("Option"),
            })
        });
        match (category, option) {
            (Some(category), Some(option)) if option.status == Status::Active && category.status == Status::Active => {
                chosen.push((category.id, option.id));
            }
            _ if drops => (),
            _ => remarks.refuse("The tracking category or option does not exist or is not active"),
        }
    }
    Some(chosen.into())
}
