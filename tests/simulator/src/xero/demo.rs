//! Demo organisations: a seed and a size give the same books everywhere.
//!
//! Owns how many records of each kind an organisation of some size has, and makes those that others refer to. Documents
//! are made in `demo_documents`.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;
use kernel::{TenantId, Timestamp};
use rust_decimal::Decimal;

use super::books::{Books, Profile};
pub use super::chart::Country;
use super::chart::{ACCOUNTS, BANKS};
use super::demo_documents;
use super::demo_words as words;
use super::dice::Dice;
use super::model::{Account, Choice, Contact, Item, Postal, Price, Status, TaxRate, Tracking};
use super::wire::today;

/// What a demo organisation looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoSettings {
    /// Everything follows from it.
    pub seed: u64,
    /// The organisation's name.
    pub name: String,
    /// Chart, tax and currency.
    pub country: Country,
    /// Invoices and bills, 0 to 100,000.
    pub invoices: usize,
    /// Customers and suppliers.
    pub contacts: usize,
    /// Spend and receive money.
    pub bank_transactions: usize,
    /// Payments of invoices and bills; capped by how many of them there are.
    pub payments: usize,
    /// A demo company, which Xero resets from time to time.
    pub is_demo: bool,
}

impl DemoSettings {
    /// An organisation of so many invoices, the rest in natural proportion.
    pub fn sized(seed: u64, invoices: usize) -> Self {
        Self {
            seed,
            name: "Demo Company (UK)".to_owned(),
            country: Country::Uk,
            invoices,
            contacts: (invoices / 5).max(8),
            bank_transactions: invoices / 2,
            payments: invoices * 3 / 10,
            is_demo: true,
        }
    }

    /// The same in Australia.
    pub fn sized_au(seed: u64, invoices: usize) -> Self {
        Self { country: Country::Au, name: "Demo Company (AU)".to_owned(), ..Self::sized(seed, invoices) }
    }

    /// The seed everything else is made of.
    pub(super) fn dice(&self) -> Dice {
        Dice::new(self.seed)
    }
}

/// Makes an organisation as of now.
pub(super) fn books(settings: &DemoSettings, tenant: TenantId, now: Timestamp) -> Books {
    let mut dice = settings.dice();
    let profile = Profile {
        name: settings.name.clone(),
        country: settings.country,
        short_code: format!("!{}", dice.token(5).replace(['_', '-'], "x")),
        period_lock: None,
        year_end_lock: None,
        created: super::state::after(now, -3 * 365 * 86_400),
        is_demo: settings.is_demo,
        class: if settings.is_demo { "DEMO".to_owned() } else { (*dice.pick(words::CLASSES)).to_owned() },
    };
    let mut books = Books::new(tenant, profile, Dice::new(settings.seed ^ 0xB00C));
    books.invoices_at_opening = settings.invoices;
    let start_ms = now.as_millisecond() - 400 * DAY_MS;
    tax_and_currencies(&mut books, settings.country);
    accounts(&mut books, &mut dice, settings.country, start_ms);
    tracking(&mut books, &mut dice);
    items(&mut books, &mut dice, settings.country, start_ms);
    contacts(&mut books, &mut dice, settings, now.as_millisecond());
    let zone = settings.country.figures().timezone;
    demo_documents::fill(&mut books, &mut dice, settings, today(now, zone), now.as_millisecond());
    books
}

pub(super) const DAY_MS: i64 = 86_400_000;
/// An account that was in use once.
pub(super) const ARCHIVED_ACCOUNT: &str = "456";
/// The tax rate that the organisation made itself.
pub(super) const OWN_TAX_TYPE: &str = "TAX001";

fn tax_and_currencies(books: &mut Books, country: Country) {
    let figures = country.figures();
    let rate = |&(name, tax_type, component, rate, report, applies): &(_, &str, _, &str, _, _)| TaxRate {
        name: Box::from(name),
        tax_type: Arc::from(tax_type),
        component: Box::from(component),
        rate: rate.parse().unwrap_or_default(),
        status: Status::Active,
        report: Cow::Borrowed(report),
        applies: Cow::Borrowed(applies),
    };
    let rates: &[(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str)] =
        figures.tax_rates;
    books.tax_rates = rates.iter().map(|row| rate(&(row.0, row.1, row.2, row.3, row.4, row.5))).collect();
    let (name, percent) = figures.own_tax;
    let own = (name, OWN_TAX_TYPE, figures.tax_rates[0].2, percent, "NONE", "AEXLR");
    books.tax_rates.push(rate(&own));
    books.currencies = figures.currencies.iter().map(|(code, name)| (Arc::from(*code), (*name).to_owned())).collect();
}

fn accounts(books: &mut Books, dice: &mut Dice, country: Country, updated: i64) {
    let figures = country.figures();
    let blank = |dice: &mut Dice, code: &str, name: &str, kind: &str| Account {
        id: dice.uuid(),
        code: code.into(),
        name: name.into(),
        kind: kind.into(),
        status: Status::Active,
        tax_type: Arc::from("NONE"),
        description: Box::from(""),
        payments: false,
        expense_claims: false,
        system: Cow::Borrowed(""),
        bank_number: Box::from(""),
        bank_kind: Box::from(""),
        currency: None,
        updated,
    };
    let mut rows = Vec::new();
    for (code, name, kind, side, system) in ACCOUNTS {
        let tax = match side {
            'S' => figures.sales_tax,
            'P' => figures.purchase_tax,
            _ => "NONE",
        };
        let payments = matches!(*code, "835" | "850");
        let known = books.tax_rate(tax).map_or_else(|| Arc::from("NONE"), |rate| rate.tax_type.clone());
        let status = if *code == ARCHIVED_ACCOUNT { Status::Archived } else { Status::Active };
        rows.push(Account {
            tax_type: known,
            system: Cow::Borrowed(*system),
            payments,
            status,
            ..blank(dice, code, name, kind)
        });
    }
    for (code, name, number, currency, bank_kind) in BANKS {
        rows.push(Account {
            bank_number: Box::from(*number),
            bank_kind: Box::from(*bank_kind),
            currency: Some(books.currencies[*currency].0.clone()),
            ..blank(dice, code, name, "BANK")
        });
    }
    books.accounts.load(rows);
}

fn tracking(books: &mut Books, dice: &mut Dice) {
    let categories: [(&str, &[&str]); 2] =
        [("Region", &["North", "South", "East", "West"]), ("Department", &["Workshop", "Office", "Field Team"])];
    for (name, options) in categories {
        let option =
            |dice: &mut Dice, name: &str| Choice { id: dice.uuid(), name: name.into(), status: Status::Active };
        let mut options: Vec<Choice> = options.iter().map(|name| option(dice, name)).collect();
        if name == "Region" {
            options.push(Choice { status: Status::Archived, ..option(dice, "Overseas") });
        }
        books.tracking.push(Tracking { id: dice.uuid(), name: name.into(), status: Status::Active, options });
    }
}

fn items(books: &mut Books, dice: &mut Dice, country: Country, updated: i64) {
    let figures = country.figures();
    let price = |pence: i64, account: &str, tax: &str| Price {
        unit: Decimal::new(pence, 2),
        account: account.into(),
        tax_type: Arc::from(tax),
    };
    let mut rows = Vec::new();
    for (index, (description, account, pence)) in words::SOLD.iter().enumerate() {
        rows.push(Item {
            id: dice.uuid(),
            code: Arc::from(format!("S-{:03}", index + 1)),
            name: description.chars().take(50).collect::<String>().into(),
            description: Box::from(*description),
            purchase_description: Box::from(""),
            sales: Some(price(*pence, account, figures.sales_tax)),
            purchase: None,
            deleted: false,
            updated,
        });
    }
    for (index, (description, account, pence)) in words::BOUGHT.iter().take(words::ITEMS_BOUGHT).enumerate() {
        rows.push(Item {
            id: dice.uuid(),
            code: Arc::from(format!("P-{:03}", index + 1)),
            name: Box::from(*description),
            description: Box::from(""),
            purchase_description: Box::from(*description),
            sales: None,
            purchase: Some(price(*pence, account, figures.purchase_tax)),
            deleted: false,
            updated,
        });
    }
    books.items.load(rows);
}

fn contacts(books: &mut Books, dice: &mut Dice, settings: &DemoSettings, now_ms: i64) {
    let uk = settings.country == Country::Uk;
    let towns = if uk { words::TOWNS_UK } else { words::TOWNS_AU };
    let offset = dice.below(words::FIRST.len() * words::SECOND.len());
    let mut rows: Vec<Contact> = Vec::with_capacity(settings.contacts);
    for index in 0..settings.contacts {
        let (name, host) = business(offset, index, uk);
        let (given, family) = (*dice.pick(words::GIVEN), *dice.pick(words::FAMILY));
        let (town, code) = *dice.pick(towns);
        let street = format!("{} {}", dice.between(1, 120), dice.pick(words::STREETS));
        rows.push(Contact {
            id: dice.uuid(),
            number: if index % 4 == 0 { format!("C{:05}", index + 1).into() } else { Box::from("") },
            account_number: Box::from(""),
            name: name.into(),
            first: given.into(),
            last: family.into(),
            email: format!("accounts@{host}").into(),
            company_number: Box::from(""),
            tax_number: Box::from(""),
            phone: phone(dice, uk).into(),
            addresses: vec![Postal {
                kind: Box::from("POBOX"),
                line: street.into(),
                city: town.into(),
                region: Box::from(""),
                code: code.into(),
                country: if uk { Box::from("United Kingdom") } else { Box::from("Australia") },
            }],
            persons: (0..[2, 0, 0, 1][index % 4]).map(|_| person(dice, &host)).collect(),
            status: if index % 50 == 49 { Status::Archived } else { Status::Active },
            merged_to: None,
            is_supplier: false,
            is_customer: false,
            currency: None,
            sales_account: Box::from(""),
            purchases_account: Box::from(""),
            updated: now_ms - dice.between(DAY_MS, 380 * DAY_MS),
        });
    }
    merge(&mut rows);
    books.contacts.load(rows);
}

/// The name of a business and of its domain.
fn business(offset: usize, index: usize, uk: bool) -> (String, String) {
    let names = words::FIRST.len() * words::SECOND.len();
    let endings = if uk { words::ENDING_UK } else { words::ENDING_AU };
    // A stride without a common factor with the number of names walks over all of them before any comes twice.
    let at = (offset + index * 1_103) % names;
    let (first, second) = (words::FIRST[at / words::SECOND.len()], words::SECOND[at % words::SECOND.len()]);
    let round = index / names;
    let branch = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    let name = format!("{first} {second}{branch} {}", endings[index % endings.len()]);
    (name, format!("{}{}.example", first.to_lowercase(), second.to_lowercase().replace(' ', "")))
}

/// A number from the ranges that each country keeps free for fiction.
fn phone(dice: &mut Dice, uk: bool) -> String {
    if uk {
        return format!("0{} 496 0{:03}", dice.between(111, 199), dice.below(1_000));
    }
    format!("(0{}) 5550 {:04}", dice.pick(&[2, 3, 7, 8]), dice.below(10_000))
}

fn person(dice: &mut Dice, host: &str) -> [Box<str>; 3] {
    let (given, family) = (*dice.pick(words::GIVEN), *dice.pick(words::FAMILY));
    let email = format!("{}.{}@{host}", given.to_lowercase(), family.to_lowercase());
    [given.into(), family.into(), email.into()]
}

/// One contact in fifty was entered twice, the second time without its ending, and merged into the first entry.
fn merge(rows: &mut [Contact]) {
    for at in (6..rows.len()).step_by(50) {
        let winner = (rows[at - 1].id, rows[at - 1].name.clone());
        let ending =
            [words::ENDING_UK, words::ENDING_AU].concat().into_iter().find(|ending| winner.1.ends_with(ending));
        let short = ending.and_then(|ending| winner.1.strip_suffix(ending)).unwrap_or(&winner.1).trim_end();
        let loser = &mut rows[at];
        loser.name = short.into();
        (loser.status, loser.merged_to, loser.persons) = (Status::Archived, Some(winner.0), Vec::new());
    }
}

/// A day some days before another.
pub(super) fn days_before(day: Date, days: i64) -> Date {
    day.checked_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap_or(day)
}
