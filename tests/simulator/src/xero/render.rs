//! Records as Xero's JSON: master data. Documents are in `render_documents`.
//!
//! Sources: the schemas and examples of Xero's Accounting specification. Fields that are not set are left out.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::books::Books;
use super::model::{Account, Contact, Item, Kind, Price, Status, TaxRate, Tracking, Transfer};
use super::wire::{bare_time, day_at, decimals, id, iso_zoneless, money, ms_date, ms_time};

/// Puts a text in only when there is one.
pub(super) fn put_text(out: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        out.insert(name.to_owned(), Value::String(text.to_owned()));
    }
}

/// A `json!` object as a map.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

pub(super) fn account(each: &Account) -> Value {
    let mut out = fields(json!({
        "AccountID": id(each.id), "Name": &*each.name, "Status": each.status.as_str(), "Type": &*each.kind,
        "TaxType": &*each.tax_type, "Class": each.class(), "EnablePaymentsToAccount": each.payments,
        "ShowInExpenseClaims": each.expense_claims, "ReportingCode": reporting_code(each), "HasAttachments": false,
        "UpdatedDateUTC": ms_time(each.updated), "AddToWatchlist": false,
    }));
    put_text(&mut out, "Code", &each.code);
    put_text(&mut out, "Description", &each.description);
    // On an account that is not Xero's own this is missing, empty or null, and each of them is met in practice.
    match (&*each.system, each.class()) {
        ("", _) if each.is_bank() => out.insert("SystemAccount".into(), Value::Null),
        ("", "EXPENSE") => out.insert("SystemAccount".into(), json!("")),
        ("", _) => None,
        (system, _) => out.insert("SystemAccount".into(), json!(system)),
    };
    if each.is_bank() {
        out.insert("BankAccountNumber".into(), json!(&*each.bank_number));
        out.insert("BankAccountType".into(), json!(&*each.bank_kind));
        out.insert("CurrencyCode".into(), json!(each.currency.as_deref().unwrap_or("GBP")));
    } else {
        out.insert("BankAccountType".into(), json!(""));
    }
    Value::Object(out)
}

fn reporting_code(each: &Account) -> &'static str {
    match each.class() {
        "ASSET" => "ASS",
        "LIABILITY" => "LIA",
        "EQUITY" => "EQU",
        "REVENUE" => "REV",
        _ => "EXP",
    }
}

pub(super) fn tax_rate(each: &TaxRate) -> Value {
    let applies = |letter: char| each.applies.contains(letter);
    json!({
        "Name": &*each.name, "TaxType": &*each.tax_type, "Status": each.status.as_str(),
        "ReportTaxType": each.report, "CanApplyToAssets": applies('A'), "CanApplyToEquity": applies('E'),
        "CanApplyToExpenses": applies('X'), "CanApplyToLiabilities": applies('L'), "CanApplyToRevenue": applies('R'),
        "DisplayTaxRate": decimals(each.rate, 4), "EffectiveRate": decimals(each.rate, 4),
        "TaxComponents": [{
            "Name": &*each.component, "Rate": decimals(each.rate, 4), "IsCompound": false, "IsNonRecoverable": false,
        }],
    })
}

pub(super) fn tracking(each: &Tracking, with_archived: bool) -> Value {
    let shown = each.options.iter().filter(|option| match option.status {
        Status::Active => true,
        Status::Archived => with_archived,
        _ => false,
    });
    let options: Vec<Value> = shown.map(tracking_option).collect();
    json!({
        "TrackingCategoryID": id(each.id), "Name": &*each.name, "Status": each.status.as_str(), "Options": options,
    })
}

pub(super) fn tracking_option(option: &super::model::Choice) -> Value {
    json!({
        "TrackingOptionID": id(option.id), "Name": &*option.name, "Status": option.status.as_str(),
        "HasValidationErrors": false, "IsDeleted": option.status == Status::Deleted,
        "IsArchived": option.status == Status::Archived, "IsActive": option.status == Status::Active,
    })
}

pub(super) fn item(each: &Item, places: u32) -> Value {
    let side = |price: &Option<Price>| match price {
        None => json!({}),
        Some(price) => {
            let mut out = fields(json!({ "UnitPrice": decimals(price.unit, places), "TaxType": &*price.tax_type }));
            put_text(&mut out, "AccountCode", &price.account);
            Value::Object(out)
        }
    };
    let mut out = fields(json!({
        "ItemID": id(each.id), "Code": &*each.code, "IsTrackedAsInventory": false, "IsSold": each.sales.is_some(),
        "IsPurchased": each.purchase.is_some(), "SalesDetails": side(&each.sales),
        "PurchaseDetails": side(&each.purchase), "UpdatedDateUTC": bare_time(each.updated),
    }));
    put_text(&mut out, "Name", &each.name);
    put_text(&mut out, "Description", &each.description);
    put_text(&mut out, "PurchaseDescription", &each.purchase_description);
    Value::Object(out)
}

/// How much of a contact an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactView {
    /// `summaryOnly=true`.
    Summary,
    /// A list without pages: no balances, no merge target.
    List,
    /// A page, or one contact.
    Full,
}

pub(super) fn contact(books: &Books, each: &Contact, view: ContactView, today: Date) -> Value {
    let mut out = fields(json!({
        "ContactID": id(each.id), "ContactStatus": each.status.as_str(), "Name": &*each.name,
        "UpdatedDateUTC": ms_time(each.updated), "HasValidationErrors": false,
    }));
    for (name, text) in [
        ("ContactNumber", &each.number),
        ("AccountNumber", &each.account_number),
        ("FirstName", &each.first),
        ("LastName", &each.last),
        ("EmailAddress", &each.email),
        ("CompanyNumber", &each.company_number),
        ("TaxNumber", &each.tax_number),
        ("SalesDefaultAccountCode", &each.sales_account),
        ("PurchasesDefaultAccountCode", &each.purchases_account),
    ] {
        put_text(&mut out, name, text);
    }
    put_text(&mut out, "DefaultCurrency", each.currency.as_deref().unwrap_or_default());
    if view == ContactView::Summary {
        return Value::Object(out);
    }
    let addresses: Vec<Value> = each.addresses.iter().map(postal).collect();
    let persons: Vec<Value> = each.persons.iter().map(|[first, last, email]| {
        json!({ "FirstName": &**first, "LastName": &**last, "EmailAddress": &**email, "IncludeInEmails": false })
    }).collect();
    out.extend(fields(json!({
        "IsSupplier": each.is_supplier, "IsCustomer": each.is_customer, "HasAttachments": books.has_files(each.id),
        "BankAccountDetails": "", "Addresses": addresses, "ContactGroups": [], "ContactPersons": persons,
        "Phones": [{
            "PhoneType": "DEFAULT", "PhoneNumber": &*each.phone, "PhoneAreaCode": "", "PhoneCountryCode": "",
        }],
    })));
    if view == ContactView::Full {
        if let Some(winner) = each.merged_to {
            out.insert("MergedToContactID".into(), id(winner));
        }
        if let Some(balances) = balances(books, each, today) {
            out.insert("Balances".into(), balances);
        }
    }
    Value::Object(out)
}

fn balances(books: &Books, each: &Contact, today: Date) -> Option<Value> {
    let (receivable, receivable_late) = books.balance(each.id, Kind::Sale, today);
    let (payable, payable_late) = books.balance(each.id, Kind::Bill, today);
    if receivable.is_zero() && payable.is_zero() {
        return None;
    }
    Some(json!({
        "AccountsReceivable": { "Outstanding": money(receivable), "Overdue": money(receivable_late) },
        "AccountsPayable": { "Outstanding": money(payable), "Overdue": money(payable_late) },
    }))
}

fn postal(each: &super::model::Postal) -> Value {
    let mut out = fields(json!({ "AddressType": &*each.kind }));
    for (name, text) in [
        ("AddressLine1", &each.line),
        ("City", &each.city),
        ("Region", &each.region),
        ("PostalCode", &each.code),
        ("Country", &each.country),
    ] {
        put_text(&mut out, name, text);
    }
    Value::Object(out)
}

pub(super) fn organisation(books: &Books) -> Value {
    let profile = &books.profile;
    let country = profile.country.figures();
    let mut out = fields(json!({
        "OrganisationID": books.tenant.to_string(), "Name": profile.name, "LegalName": profile.name,
        "PaysTax": true, "Version": country.version, "OrganisationType": "COMPANY", "BaseCurrency": country.currency,
        "CountryCode": country.code, "IsDemoCompany": profile.is_demo, "OrganisationStatus": "ACTIVE",
        "TaxNumber": country.tax_number, "FinancialYearEndDay": country.year_end.0,
        "FinancialYearEndMonth": country.year_end.1, "SalesTaxBasis": country.tax_basis,
        "SalesTaxPeriod": country.tax_period, "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive", "CreatedDateUTC": bare_time(profile.created.as_millisecond()),
        "Timezone": country.timezone, "OrganisationEntityType": "COMPANY", "ShortCode": profile.short_code,
        "Class": profile.class, "Edition": "BUSINESS", "Addresses": [],
        "Phones": [], "ExternalLinks": [],
        "PaymentTerms": {
            "Bills": { "Day": 30, "Type": "DAYSAFTERBILLDATE" }, "Sales": { "Day": 14, "Type": "DAYSAFTERBILLDATE" },
        },
    }));
    let locks = [("PeriodLockDate", profile.period_lock), ("EndOfYearLockDate", profile.year_end_lock)];
    for (name, lock) in locks {
        if let Some(lock) = lock {
            out.insert(name.to_owned(), ms_date(lock));
        }
    }
    Value::Object(out)
}

pub(super) fn transfer(books: &Books, each: &Transfer) -> Value {
    let side = |account: uuid::Uuid| {
        let found = books.accounts.find(account);
        let mut out = fields(json!({ "AccountID": id(account), "Name": found.map_or("", |found| &*found.name) }));
        put_text(&mut out, "Code", found.map_or("", |found| &*found.code));
        Value::Object(out)
    };
    let reconciled = |transaction| books.bank_transactions.find(transaction).is_some_and(|each| each.reconciled);
    let moment = day_at(each.date, each.created);
    let mut out = fields(json!({
        "BankTransferID": id(each.id), "CreatedDateUTC": ms_time(each.created),
        "CreatedDateUTCString": iso_zoneless(each.created), "Date": ms_time(moment), "DateString": iso_zoneless(moment),
        "Status": each.status.as_str(), "FromBankAccount": side(each.from), "ToBankAccount": side(each.to),
        "Amount": money(each.amount), "FromBankTransactionID": id(each.from_transaction),
        "ToBankTransactionID": id(each.to_transaction), "FromIsReconciled": reconciled(each.from_transaction),
        "ToIsReconciled": reconciled(each.to_transaction), "CurrencyRate": decimals(1.into(), 6),
        "HasAttachments": books.has_files(each.id), "FromTracking": [], "ToTracking": [],
    }));
    put_text(&mut out, "Reference", &each.reference);
    Value::Object(out)
}
