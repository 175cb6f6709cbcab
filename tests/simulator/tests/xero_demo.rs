//! Demo books: they add up, and they are as untidy as real ones.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::collections::HashMap;

use rust_decimal::Decimal;
use scene::Scene;
use serde_json::Value;
use simulator::xero::DemoSettings;

fn list(body: &Value, plural: &str) -> Vec<Value> {
    body[plural].as_array().unwrap().clone()
}

async fn all(scene: &Scene, plural: &str, more: &str) -> Vec<Value> {
    list(&scene.get(&format!("/{plural}?page=1&pageSize=1000{more}")).await, plural)
}

fn money(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

fn lines(document: &Value) -> Vec<Value> {
    document["LineItems"].as_array().unwrap().clone()
}

/// Amounts and tax of each line, and the totals over them.
fn adds_up(document: &Value, rates: &HashMap<String, Decimal>) {
    let (mut amounts, mut tax) = (Decimal::ZERO, Decimal::ZERO);
    for line in lines(document) {
        let discount = line.get("DiscountRate").map_or(Decimal::ZERO, money) / Decimal::ONE_HUNDRED;
        let amount = cents(money(&line["Quantity"]) * money(&line["UnitAmount"]) * (Decimal::ONE - discount));
        assert_eq!(money(&line["LineAmount"]), amount, "{document}");
        let share = rates[line["TaxType"].as_str().unwrap()] / Decimal::ONE_HUNDRED;
        let expected = match document["LineAmountTypes"].as_str().unwrap() {
            "Exclusive" => amount * share,
            "Inclusive" => amount - amount / (Decimal::ONE + share),
            _ => Decimal::ZERO,
        };
        assert_eq!(money(&line["TaxAmount"]), cents(expected), "{document}");
        amounts += amount;
        tax += money(&line["TaxAmount"]);
    }
    let net = if document["LineAmountTypes"] == "Inclusive" { amounts - tax } else { amounts };
    let totals = [&document["SubTotal"], &document["TotalTax"], &document["Total"]].map(money);
    assert_eq!(totals, [net, tax, net + tax], "{document}");
    assert!(totals[2] > Decimal::ZERO, "{document}");
}

async fn rates(scene: &Scene) -> HashMap<String, Decimal> {
    let rates = list(&scene.get("/TaxRates").await, "TaxRates");
    rates.iter().map(|each| (each["TaxType"].as_str().unwrap().to_owned(), money(&each["EffectiveRate"]))).collect()
}

#[tokio::test]
async fn every_document_adds_up_and_every_payment_is_where_it_belongs() {
    for demo in [DemoSettings::sized(3, 40), DemoSettings::sized_au(4, 300)] {
        let scene = Scene::set(demo).await;
        let rates = rates(&scene).await;
        for plural in ["Invoices", "CreditNotes", "BankTransactions", "PurchaseOrders", "Prepayments", "Overpayments"] {
            let unitdp = if plural == "PurchaseOrders" { "" } else { "&unitdp=4" };
            all(&scene, plural, unitdp).await.iter().for_each(|each| adds_up(each, &rates));
        }
        let mut paid: HashMap<String, Decimal> = HashMap::new();
        for payment in all(&scene, "Payments", "").await.iter().filter(|each| each["Status"] == "AUTHORISED") {
            let invoice = payment["Invoice"]["InvoiceID"].as_str().unwrap().to_owned();
            *paid.entry(invoice).or_default() += money(&payment["Amount"]);
        }
        for invoice in all(&scene, "Invoices", "").await {
            let own = paid.get(invoice["InvoiceID"].as_str().unwrap()).copied().unwrap_or_default();
            assert_eq!(money(&invoice["AmountPaid"]), own);
            let open = money(&invoice["Total"]) - own - money(&invoice["AmountCredited"]);
            let open = if invoice["Status"] == "VOIDED" { Decimal::ZERO } else { open };
            assert_eq!(money(&invoice["AmountDue"]), open, "{invoice}");
            assert_eq!(invoice["Status"] == "PAID", open.is_zero() && invoice["Status"] != "VOIDED");
        }
        for journal in all(&scene, "ManualJournals", "").await {
            let sum: Decimal =
                journal["JournalLines"].as_array().unwrap().iter().map(|one| money(&one["LineAmount"])).sum();
            assert!(sum.is_zero());
        }
    }
}

/// Fails with the name of what is missing.
fn has(what: &str, rows: &[Value], test: impl Fn(&Value) -> bool) {
    assert!(rows.iter().any(test), "no {what}");
}

#[tokio::test]
async fn forty_invoices_have_one_of_each_oddity() {
    for (demo, au) in [(DemoSettings::sized(7, 40), false), (DemoSettings::sized_au(8, 40), true)] {
        let scene = Scene::set(demo).await;
        let invoices = all(&scene, "Invoices", "&unitdp=4").await;
        let any_line = |test: fn(&Value) -> bool| move |each: &Value| lines(each).iter().any(test);
        let fine = |line: &Value| money(&line["UnitAmount"]).normalize().scale() > 2;
        for kind in ["ACCREC", "ACCPAY"] {
            let of: Vec<Value> = invoices.iter().filter(|each| each["Type"] == kind).cloned().collect();
            has("unit price of four decimals", &of, any_line(fine));
            has("document with tax in its prices", &of, |each| each["LineAmountTypes"] == "Inclusive");
            has("document without tax", &of, |each| each["LineAmountTypes"] == "NoTax");
            has("line of an item", &of, any_line(|line| line["ItemCode"].is_string()));
            has("line of words alone", &of, any_line(|line| money(&line["LineAmount"]).is_zero()));
            has("negative line", &of, any_line(|line| money(&line["LineAmount"]) < Decimal::ZERO));
            has("own tax rate", &of, any_line(|line| line["TaxType"] == "TAX001"));
            has("voided document", &of, |each| each["Status"] == "VOIDED");
            let bare = any_line(|line| line.get("AccountID").is_none() && !money(&line["LineAmount"]).is_zero());
            has("draft line without account", &of, |each| each["Status"] == "DRAFT" && bare(each));
            has("foreign document", &of, |each| each["CurrencyCode"] == "EUR");
        }
        has("discount on a sale", &invoices, |each| {
            each["Type"] == "ACCREC" && any_line(|line| line.get("DiscountRate").is_some())(each)
        });
        has("line of an archived account", &invoices, any_line(|line| line["AccountCode"] == "456"));
        has("line of an archived option", &invoices, any_line(|line| line["Tracking"][0]["Option"] == "Overseas"));
        has("archived account", &list(&scene.get("/Accounts").await, "Accounts"), |each| each["Status"] == "ARCHIVED");
        let categories = list(&scene.get("/TrackingCategories?includeArchived=true").await, "TrackingCategories");
        let options: Vec<Value> = categories.iter().flat_map(|each| list(each, "Options")).collect();
        has("archived tracking option", &options, |each| each["Status"] == "ARCHIVED");
        has("deleted payment", &all(&scene, "Payments", "").await, |each| each["Status"] == "DELETED");
        has("voided journal", &all(&scene, "ManualJournals", "").await, |each| each["Status"] == "VOIDED");
        let banked = all(&scene, "BankTransactions", "").await;
        has("entry of the foreign account", &banked, |each| {
            each["CurrencyCode"] == "EUR" && each["BankAccount"].get("Code").is_none()
        });
        let contacts = all(&scene, "Contacts", "&includeArchived=true").await;
        let winner = |each: &Value| contacts.iter().any(|other| other["ContactID"] == each["MergedToContactID"]);
        has("merged contact", &contacts, |each| each["ContactStatus"] == "ARCHIVED" && winner(each));
        has("contact with persons", &contacts, |each| !list(each, "ContactPersons").is_empty());
        let number = |each: &Value| each["Phones"][0]["PhoneNumber"].as_str().unwrap().to_owned();
        assert!(contacts.iter().all(|each| number(each).contains(if au { ") 5550 " } else { " 496 0" })));
    }
}

#[tokio::test]
async fn oddities_are_a_few_in_a_hundred() {
    let scene = Scene::with(720).await;
    let invoices = all(&scene, "Invoices", "").await;
    let share =
        |test: &dyn Fn(&Value) -> bool| invoices.iter().filter(|each| test(each)).count() * 100 / invoices.len();
    assert!((3..=8).contains(&share(&|each| each["LineAmountTypes"] == "Inclusive")));
    assert!((3..=8).contains(&share(&|each| each["LineAmountTypes"] == "NoTax")));
    assert!((3..=9).contains(&share(&|each| each["Status"] == "VOIDED")));
    assert!((3..=9).contains(&share(&|each| each["CurrencyCode"] == "EUR")));
}
