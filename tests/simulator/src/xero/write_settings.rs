//! Accounts, items, tracking categories, currencies and tax rates.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounting::{Caller, envelope};
use super::books::Books;
use super::element::Element;
use super::fields::as_id;
use super::model::{Account, Choice, Item, Price, Status, TaxRate, Tracking};
use super::refusals::Refusal;
use super::render;
use super::reply::{Reply, messages, no_data, not_found, validation};
use super::writing::{Outcome, Saved, Submitted};

const ACCOUNT_TYPES: &[&str] = &[
    "BANK",
    "CURRENT",
    "CURRLIAB",
    "DEPRECIATN",
    "DIRECTCOSTS",
    "EQUITY",
    "EXPENSE",
    "FIXED",
    "INVENTORY",
    "LIABILITY",
    "NONCURRENT",
    "OTHERINCOME",
    "OVERHEADS",
    "PREPAYMENT",
    "REVENUE",
    "SALES",
    "TERMLIAB",
];

fn refused(text: impl Into<String>) -> Refusal {
    text.into().into()
}

/// Creates, changes or archives one account.
pub(super) fn save_account(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let named = sent.target.or(element.id("AccountID"));
    let existing = named.and_then(|id| books.accounts.find(id)).cloned();
    if named.is_some() && existing.is_none() {
        return Err(refused("The account to be changed could not be found"));
    }
    let code = element.text("Code").unwrap_or_default();
    if code.chars().count() > 10 {
        return Err(refused("Account Code is too long. Maximum of 10 characters allowed"));
    }
    let other = books.account_by_code(code).filter(|other| existing.as_ref().is_none_or(|old| old.id != other.id));
    if other.is_some() {
        return Err(refused("Please enter a unique Code."));
    }
    if let Some(text) = element.text("TaxType").filter(|text| books.tax_rate(text).is_none()) {
        return Err(refused(format!(
            "The TaxType code {text} does not exist or cannot be used for this type of transaction."
        )));
    }
    let Some(old) = existing else { return create_account(books, caller, element) };
    let archives = element.text("Status") == Some("ARCHIVED");
    let others = element.0.keys().any(|name| !matches!(name.as_str(), "AccountID" | "Status"));
    if archives && (others || !old.system.is_empty()) {
        return Err(refused("An account is archived by its Status alone, and system accounts cannot be archived"));
    }
    let tax = element.text("TaxType").and_then(|text| books.tax_rate(text)).map(|rate| rate.tax_type.clone());
    books.accounts.change(old.id, Some(caller.now_ms()), |each| {
        let put = |field: &mut Box<str>, name: &str| {
            if let Some(text) = element.text(name) {
                *field = text.into();
            }
        };
        put(&mut each.code, "Code");
        put(&mut each.name, "Name");
        put(&mut each.description, "Description");
        each.tax_type = tax.unwrap_or_else(|| each.tax_type.clone());
        each.payments = element.flag("EnablePaymentsToAccount").unwrap_or(each.payments);
        each.status = element.text("Status").and_then(Status::parse).unwrap_or(each.status);
    });
    Ok(Saved::plainly(old.id))
}

fn create_account(books: &mut Books, caller: &Caller, element: Element<'_>) -> Outcome {
    let (name, kind) = (element.text("Name").unwrap_or_default(), element.text("Type").unwrap_or_default());
    let is_bank = kind == "BANK";
    if name.is_empty() || !ACCOUNT_TYPES.contains(&kind) {
        return Err(refused("Name and a valid Type are required"));
    }
    if element.text("BankAccountType") == Some("PAYPAL") {
        return Err(refused("PayPal accounts cannot be created"));
    }
    if is_bank && element.text("BankAccountNumber").is_none_or(str::is_empty) {
        return Err(refused("BankAccountNumber is required for a bank account"));
    }
    if !is_bank && element.text("Code").is_none_or(str::is_empty) {
        return Err(refused("Code is required for this type of account"));
    }
    if books.accounts.all().any(|each| *each.name == *name && each.status == Status::Active) {
        return Err(refused("Please enter a unique Name."));
    }
    let currency = match element.text("CurrencyCode") {
        Some(code) => Some(
            books
                .currency(code)
                .ok_or_else(|| refused(format!("Organisation is not subscribed to currency {code}")))?,
        ),
        None => is_bank.then(|| books.base_currency()),
    };
    let tax = element.text("TaxType").and_then(|text| books.tax_rate(text)).map(|rate| rate.tax_type.clone());
    let text = |name: &str| Box::from(element.text(name).unwrap_or_default());
    let account = Account {
        id: books.dice.uuid(),
        code: text("Code"),
        name: name.into(),
        kind: kind.into(),
        status: Status::Active,
        tax_type: tax.unwrap_or_else(|| Arc::from("NONE")),
        description: if is_bank { Box::from("") } else { text("Description") },
        payments: element.flag("EnablePaymentsToAccount").unwrap_or(false),
        expense_claims: element.flag("ShowInExpenseClaims").unwrap_or(false),
        system: "".into(),
        bank_number: if is_bank { text("BankAccountNumber") } else { Box::from("") },
        bank_kind: if is_bank { Box::from(element.text("BankAccountType").unwrap_or("BANK")) } else { Box::from("") },
        currency,
        updated: caller.now_ms(),
    };
    let id = account.id;
    books.accounts.add(account);
    Ok(Saved::plainly(id))
}

/// Whether any document, payment or journal uses an account.
fn is_used(books: &Books, account: Uuid) -> bool {
    let shelves = [&books.invoices, &books.credit_notes, &books.orders, &books.bank_transactions];
    let named = |each: &super::model::Document| {
        each.account == Some(account) || each.lines.iter().any(|line| line.account == Some(account))
    };
    shelves.iter().any(|shelf| shelf.all().any(named))
        || books.journals.all().any(|each| each.lines.iter().any(|line| line.account == Some(account)))
        || books.payments.all().any(|each| each.account == account)
}

/// `DELETE /Accounts/{id}`: unused accounts that are not Xero's own.
pub(super) fn delete_account(books: &mut Books, caller: &Caller, key: &str) -> Reply {
    let Some(account) = as_id(key).and_then(|id| books.accounts.find(id)).cloned() else { return not_found() };
    if !account.system.is_empty() || is_used(books, account.id) {
        let text = "The account cannot be deleted as it is in use or is a system account";
        return validation(vec![
            json!({ "AccountID": account.id.to_string(), "ValidationErrors": messages(&refused(text).texts()) }),
        ]);
    }
    books.accounts.change(account.id, Some(caller.now_ms()), |each| each.status = Status::Deleted);
    let shown = books.accounts.find(account.id).map(render::account).unwrap_or_default();
    envelope(books, caller, "Accounts", vec![shown], None)
}

/// Creates or updates one item, on POST also by its code.
pub(super) fn save_item(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let code = element.text("Code").unwrap_or_default();
    if code.is_empty()
        || code.chars().count() > 30
        || element.text("Name").is_some_and(|name| name.chars().count() > 50)
    {
        return Err(refused("Code must have 1 to 30 characters, Name at most 50"));
    }
    let by_code = books.items.all().find(|each| *each.code == *code && !each.deleted).map(|each| each.id);
    let named = sent.target.or(element.id("ItemID"));
    if by_code.is_some_and(|found| (sent.creates_only && named.is_none()) || named.is_some_and(|named| named != found))
    {
        return Err(refused(format!("Price List Item with Code '{code}' already exists")));
    }
    let mut item = match named.or(by_code) {
        Some(id) => books.items.find(id).cloned().ok_or_else(|| refused("The item could not be found"))?,
        None => Item {
            id: books.dice.uuid(),
            code: Arc::from(code),
            name: Box::from(""),
            description: Box::from(""),
            purchase_description: Box::from(""),
            sales: None,
            purchase: None,
            deleted: false,
            updated: caller.now_ms(),
        },
    };
    let is_new = named.or(by_code).is_none();
    item.code = Arc::from(code);
    for (field, name) in [
        (&mut item.name, "Name"),
        (&mut item.description, "Description"),
        (&mut item.purchase_description, "PurchaseDescription"),
    ] {
        if let Some(text) = element.text(name) {
            *field = text.into();
        }
    }
    item.sales = side(books, element, "SalesDetails", "IsSold", item.sales, sent.places)?;
    item.purchase = side(books, element, "PurchaseDetails", "IsPurchased", item.purchase, sent.places)?;
    let id = item.id;
    if is_new {
        books.items.add(item);
    } else {
        books.items.change(id, Some(caller.now_ms()), |each| *each = Item { updated: each.updated, ..item });
    }
    Ok(Saved::plainly(id))
}

/// One side of an item; saying that it is not sold or bought clears the side.
fn side(
    books: &Books,
    element: Element<'_>,
    name: &str,
    flag: &str,
    old: Option<Price>,
    places: u32,
) -> Result<Option<Price>, Refusal> {
    if element.flag(flag) == Some(false) {
        return Ok(None);
    }
    let Some(given) = element.object(name).filter(|given| !given.0.is_empty()) else { return Ok(old) };
    let code = given.text("AccountCode").unwrap_or_default();
    if !code.is_empty() && books.account_by_code(code).is_none_or(|account| account.status != Status::Active) {
        return Err(refused(format!("Account code '{code}' is not a valid code for this document.")));
    }
    let tax = given.text("TaxType").unwrap_or("NONE");
    let rate = books.tax_rate(tax).ok_or_else(|| {
        refused(format!("The TaxType code {tax} does not exist or cannot be used for this type of transaction."))
    })?;
    let unit = super::wire::round(given.decimal("UnitPrice").unwrap_or_default(), places);
    Ok(Some(Price { unit, account: code.into(), tax_type: rate.tax_type.clone() }))
}

/// `DELETE /Items/{id}`.
pub(super) fn delete_item(books: &mut Books, caller: &Caller, key: &str) -> Reply {
    let found = as_id(key).filter(|id| books.items.find(*id).is_some_and(|item| !item.deleted));
    let Some(id) = found else { return not_found() };
    books.items.change(id, Some(caller.now_ms()), |each| each.deleted = true);
    Reply::empty(204)
}

const CATEGORIES_ACTIVE_MAX: usize = 2;
const CATEGORIES_MAX: usize = 4;

/// Creates, renames or archives one tracking category.
pub(super) fn save_category(books: &mut Books, _: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let name = element.text("Name").filter(|name| (1..=100).contains(&name.chars().count()));
    let status = element.text("Status").and_then(Status::parse);
    if let Some(id) = sent.target {
        let Some(category) = books.tracking.iter_mut().find(|each| each.id == id) else {
            return Err(refused("Not found"));
        };
        if let Some(name) = name {
            category.name = name.into();
        }
        category.status = status.unwrap_or(category.status);
        return Ok(Saved::plainly(id));
    }
    let Some(name) = name else { return Err(refused("Name must have 1 to 100 characters")) };
    let live = books.tracking.iter().filter(|each| each.status != Status::Deleted);
    let active = live.clone().filter(|each| each.status == Status::Active).count();
    if active >= CATEGORIES_ACTIVE_MAX || live.count() >= CATEGORIES_MAX {
        return Err(refused("The maximum number of tracking categories has been reached"));
    }
    let id = books.dice.uuid();
    books.tracking.push(Tracking { id, name: name.into(), status: Status::Active, options: Vec::new() });
    Ok(Saved::plainly(id))
}

/// Creates (PUT) or changes (POST) an option of a tracking category.
pub(super) fn options(books: &mut Books, caller: &Caller, key: &str, option: Option<&&str>, body: &Value) -> Reply {
    let Some(fields) = body.as_object() else { return no_data() };
    let element = Element(fields);
    let fresh = books.dice.uuid();
    let id = as_id(key);
    let Some(category) = books.tracking.iter_mut().find(|each| Some(each.id) == id) else { return not_found() };
    let name = element.text("Name").filter(|name| (1..=100).contains(&name.chars().count()));
    let shown = match option.map(|option| as_id(option)) {
        None => {
            let clash = name.is_some_and(|name| category.options.iter().any(|each| *each.name == *name));
            let Some(name) = name.filter(|_| !clash) else {
                let text = "The option needs a name of 1 to 100 characters that the category does not have yet";
                return validation(vec![json!({ "ValidationErrors": messages(&refused(text).texts()) })]);
            };
            category.options.push(Choice { id: fresh, name: name.into(), status: Status::Active });
            category.options.last().map(render::tracking_option)
        }
        Some(wanted) => {
            let Some(found) = category.options.iter_mut().find(|each| Some(each.id) == wanted) else {
                return not_found();
            };
            if let Some(name) = name {
                found.name = name.into();
            }
            found.status = element.text("Status").and_then(Status::parse).unwrap_or(found.status);
            Some(render::tracking_option(found))
        }
    };
    envelope(books, caller, "Options", shown.into_iter().collect(), None)
}

/// `DELETE /TrackingCategories/{id}`.
pub(super) fn delete_category(books: &mut Books, caller: &Caller, key: &str) -> Reply {
    let id = as_id(key);
    let Some(category) = books.tracking.iter_mut().find(|each| Some(each.id) == id) else { return not_found() };
    category.status = Status::Deleted;
    let shown = render::tracking(category, true);
    envelope(books, caller, "TrackingCategories", vec![shown], None)
}

/// `DELETE /TrackingCategories/{id}/Options/{option}`.
pub(super) fn delete_option(books: &mut Books, caller: &Caller, key: &str, option: &str) -> Reply {
    let (id, wanted) = (as_id(key), as_id(option));
    let Some(category) = books.tracking.iter_mut().find(|each| Some(each.id) == id) else { return not_found() };
    let Some(found) = category.options.iter_mut().find(|each| Some(each.id) == wanted) else { return not_found() };
    found.status = Status::Deleted;
    let shown = render::tracking_option(found);
    envelope(books, caller, "Options", vec![shown], None)
}

/// `PUT /Currencies`.
pub(super) fn save_currency(books: &mut Books, sent: Submitted<'_>) -> Outcome {
    let code = sent.element.text("Code").unwrap_or_default();
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(refused("A currency needs a Code of three capital letters"));
    }
    if books.currency(code).is_none() {
        let name = sent.element.text("Description").unwrap_or(code).to_owned();
        books.currencies.push((Arc::from(code), name));
    }
    Ok(Saved { id: code.to_owned(), warnings: Vec::new() })
}

/// Creates a tax rate, or deletes one of the organisation's own.
pub(super) fn save_tax_rate(books: &mut Books, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let name = element.text("Name").unwrap_or_default();
    let own = |rate: &&mut TaxRate| *rate.name == *name && rate.tax_type.starts_with("TAX");
    if element.text("Status") == Some("DELETED") {
        return match books.tax_rates.iter_mut().find(own) {
            Some(rate) => {
                rate.status = Status::Deleted;
                Ok(Saved { id: rate.tax_type.to_string(), warnings: Vec::new() })
            }
            None => Err(refused("Tax rates of the system cannot be changed")),
        };
    }
    if name.is_empty() || books.tax_rates.iter().any(|rate| *rate.name == *name) {
        return Err(refused("A tax rate needs a name of its own, and existing rates cannot be changed here"));
    }
    let Some(components) = element.list("TaxComponents").filter(|all| all.len() == 1) else {
        return Err(refused("A tax rate needs exactly one component here"));
    };
    let custom = books.tax_rates.iter().filter(|rate| rate.tax_type.starts_with("TAX")).count();
    let tax_type: Arc<str> = Arc::from(format!("TAX{:03}", custom + 1));
    books.tax_rates.push(TaxRate {
        name: name.into(),
        tax_type: tax_type.clone(),
        component: components[0].text("Name").unwrap_or("Tax").into(),
        rate: components[0].decimal("Rate").unwrap_or(Decimal::ZERO),
        status: Status::Active,
        report: "NONE".into(),
        applies: "AEXLR".into(),
    });
    Ok(Saved { id: tax_type.to_string(), warnings: Vec::new() })
}
