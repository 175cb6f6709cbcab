//! Money that moves in Xero: payments, part payments, credit notes, removals, by webhook and by the next sync.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::xero::XeroSettings;
use system::town::Town;

use crate::books::OtherApp;
use crate::{record, records, text};
use local::caller::Caller;

/// A town with an open sale: its id, what is due, and the code of a bank account.
struct Sale {
    town: Town,
    caller: Caller,
    id: String,
    due: Decimal,
    bank: String,
}

impl Sale {
    async fn start(xero: XeroSettings) -> Self {
        let mut town = Town::start_with(24, None, xero).await;
        let caller = town.connect().await;
        let bank = record(&town, &caller, "accounts", |a| a["Type"] == "BANK" && a["Code"].is_string()).await;
        let open = |i: &Value| i["Type"] == "ACCREC" && i["Status"] == "AUTHORISED" && i["AmountPaid"] == "0.00";
        let sale = record(&town, &caller, "invoices", open).await;
        let due = text(&sale["AmountDue"]).parse().unwrap();
        Self { id: text(&sale["InvoiceID"]), due, bank: text(&bank["Code"]), town, caller }
    }

    fn pay(&self, amount: Decimal) {
        self.town.xero.pay_invoice(self.town.tenant, self.id.parse().unwrap(), &self.bank, amount).unwrap();
    }

    /// Waits until the invoice is as told; answers it.
    async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let path = self.town.path(&format!("/records/invoices/{}", self.id));
        let shown = self.town.until(what, &self.caller, &path, |shown| holds(&shown["record"])).await;
        self.town.settle().await;
        shown["record"].clone()
    }

    async fn payments(&self) -> Vec<Value> {
        let all = records(&self.town, &self.caller, "payments").await;
        all.into_iter().filter(|payment| payment["Invoice"]["InvoiceID"] == self.id.as_str()).collect()
    }

    async fn webhook_runs(&self) -> Vec<Value> {
        let runs = self.caller.expect("GET", &self.town.path("/syncs"), None).await.unwrap();
        runs["syncs"].as_array().unwrap().iter().filter(|run| run["trigger"] == "webhook").cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_p15_p16_p17_a_payment_comes_by_webhook_linked_dated_and_with_its_lag_measured() {
    let sale = Sale::start(XeroSettings::default()).await;
    let began = std::time::Instant::now();
    sale.pay(sale.due);
    let paid = sale.until("the payment", |invoice| invoice["Status"] == "PAID").await;
    assert_eq!((paid["AmountDue"].as_str(), text(&paid["AmountPaid"]).parse()), (Some("0.00"), Ok(sale.due)));
    let payments = sale.payments().await;
    assert_eq!(payments.len(), 1, "{payments:#?}");
    let payment = &payments[0];
    assert_eq!(
        (text(&payment["Amount"]).parse(), payment["Account"]["Code"].as_str()),
        (Ok(sale.due), Some(sale.bank.as_str()))
    );
    assert!(payment["Date"].is_string(), "p14: date, account, amount: {payment}");
    assert_eq!(paid["Payments"][0]["PaymentID"], payment["PaymentID"], "p17: listed under the invoice");
    let runs = sale.webhook_runs().await;
    assert!(!runs.is_empty());
    for run in &runs {
        let lag = run["lag_millis"].as_u64().unwrap_or_else(|| panic!("p16: no lag in {run}"));
        assert!(u128::from(lag) <= began.elapsed().as_millis(), "{run}");
        assert!(run["finished_at"].is_string() && run["outcome"] == "completed", "{run}");
    }
    let read = |kind: &str| runs.iter().filter_map(|run| run["counts"][kind]["updated"].as_u64()).sum::<u64>();
    assert_eq!(read("invoices"), 1);
    let made = runs.iter().filter_map(|run| run["counts"]["payments"]["created"].as_u64()).sum::<u64>();
    assert_eq!(made, 1, "{runs:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_p19_part_payments_leave_an_invoice_open_and_a_removal_reopens_it() {
    let sale = Sale::start(XeroSettings::default()).await;
    sale.pay(Decimal::ONE);
    let part = sale.until("the part", |invoice| invoice["AmountPaid"] == "1.00").await;
    assert_eq!(
        (part["Status"].as_str(), text(&part["AmountDue"]).parse()),
        (Some("AUTHORISED"), Ok(sale.due - Decimal::ONE))
    );
    sale.pay(sale.due - Decimal::ONE);
    sale.until("the rest", |invoice| invoice["Status"] == "PAID" && invoice["AmountDue"] == "0.00").await;
    let payments = sale.payments().await;
    assert_eq!(payments.len(), 2);
    let (_, cursor) = sale.town.changes(&sale.caller, "").await;
    let removed = payments.iter().find(|payment| payment["Amount"] == "1.00").unwrap();
    sale.town.xero.remove_payment(sale.town.tenant, text(&removed["PaymentID"]).parse().unwrap()).unwrap();
    let open = sale.until("the removal", |invoice| invoice["AmountDue"] == "1.00").await;
    assert_eq!(open["Status"], "AUTHORISED", "p19: reopened");
    let (changes, _) = sale.town.changes(&sale.caller, &cursor).await;
    let told: Vec<(&str, &str)> =
        changes.iter().map(|change| (change["entity"].as_str().unwrap(), change["change"].as_str().unwrap())).collect();
    assert!(told.contains(&("payments", "deleted")) && told.contains(&("invoices", "updated")), "{told:?}");
    let gone = sale.payments().await;
    let gone = gone.iter().find(|payment| payment["PaymentID"] == removed["PaymentID"]).unwrap();
    assert_eq!(gone["Status"], "DELETED");
    assert_eq!(crate::calls(&sale.town, "POST", "/api.xro/", 200), 0, "p19 p20: nothing goes the other way");
}

#[tokio::test(flavor = "multi_thread")]
async fn p17_p18_a_credit_note_used_on_an_invoice_shows_on_both() {
    let sale = Sale::start(XeroSettings::default()).await;
    let town = &sale.town;
    let invoice = sale.until("the invoice", |_| true).await;
    let line = json!({ "Description": "Returned goods", "Quantity": "1", "UnitAmount": "5.00", "AccountCode": "200", "TaxType": "NONE" });
    let fields = json!({
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "LineAmountTypes": "NoTax", "LineItems": [line],
        "Contact": { "ContactID": invoice["Contact"]["ContactID"] },
    });
    let note = text(&town.xero.edit(town.tenant, "CreditNotes", None, &fields).unwrap()["CreditNoteID"]);
    let path = town.path(&format!("/records/credit_notes/{note}"));
    for _ in 0..300 {
        if sale.caller.call("GET", &path, None).await.unwrap().0 == 200 {
            break;
        }
        town.stack.embedded.queues.changed(std::time::Duration::from_millis(50)).await;
    }
    let other = OtherApp::connect(&town.xero, 9, town.user, town.tenant).await;
    other.allocate("CreditNotes", &note, &sale.id, "5.00").await;
    let credited = sale.until("the allocation", |invoice| invoice["AmountCredited"] == "5.00").await;
    assert_eq!(
        (credited["Status"].as_str(), text(&credited["AmountDue"]).parse()),
        (Some("AUTHORISED"), Ok(sale.due - Decimal::from(5)))
    );
    let shown = town.until("the credit note", &sale.caller, &path, |shown| shown["record"]["Status"] == "PAID").await;
    let used = &shown["record"];
    assert_eq!(
        (used["RemainingCredit"].as_str(), used["Allocations"][0]["Amount"].as_str()),
        (Some("0.00"), Some("5.00"))
    );
    assert_eq!(used["Allocations"][0]["Invoice"]["InvoiceID"], sale.id.as_str(), "p17: linked by the invoice's id");
    other.take_back("CreditNotes", &note, &text(&used["Allocations"][0]["AllocationID"])).await;
    let open = |invoice: &Value| text(&invoice["AmountDue"]).parse() == Ok(sale.due);
    sale.until("p19: what was taken back is due again", open).await;
    town.until("the credit", &sale.caller, &path, |shown| shown["record"]["RemainingCredit"] == "5.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p17_prepayments_and_overpayments_used_on_an_invoice_show_on_both() {
    let quiet = XeroSettings { payment_events: false, ..XeroSettings::default() };
    let mut town = Town::start_with(40, None, quiet).await;
    let caller = town.connect().await;
    let other = OtherApp::connect(&town.xero, 9, town.user, town.tenant).await;
    let mut used = Vec::new();
    for (collection, kind, id) in
        [("Prepayments", "prepayments", "PrepaymentID"), ("Overpayments", "overpayments", "OverpaymentID")]
    {
        let credit = record(&town, &caller, kind, |each| each["Status"] == "AUTHORISED").await;
        let line = json!({ "Description": "Work", "Quantity": "1", "UnitAmount": "40.00", "AccountCode": "200", "TaxType": "NONE" });
        let fields = json!({
            "Type": "ACCREC", "Status": "AUTHORISED", "LineAmountTypes": "NoTax", "LineItems": [line],
            "Contact": { "ContactID": credit["Contact"]["ContactID"] }, "DueDate": "2031-01-31",
        });
        let invoice = text(&town.xero.edit(town.tenant, "Invoices", None, &fields).unwrap()["InvoiceID"]);
        other.allocate(collection, &text(&credit[id]), &invoice, "15.00").await;
        used.push((kind, text(&credit[id]), invoice));
    }
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
    for (kind, credit, invoice) in used {
        let path = town.path(&format!("/records/{kind}/{credit}"));
        let allocation = caller.expect("GET", &path, None).await.unwrap()["record"]["Allocations"][0].clone();
        assert_eq!((&allocation["Amount"], &allocation["Invoice"]["InvoiceID"]), (&json!("15.00"), &json!(invoice)));
        let due = record(&town, &caller, "invoices", |each| each["InvoiceID"] == invoice.as_str()).await;
        assert_eq!((due["AmountDue"].as_str(), due["Status"].as_str()), (Some("25.00"), Some("AUTHORISED")), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p16_a_payment_of_which_xero_tells_nothing_comes_with_the_next_sync() {
    let sale = Sale::start(XeroSettings { payment_events: false, ..XeroSettings::default() }).await;
    let (_, cursor) = sale.town.changes(&sale.caller, "").await;
    sale.pay(sale.due);
    assert!(sale.town.xero.take_deliveries(sale.town.app).is_empty(), "Xero has no event for it");
    let run = sale.town.sync(&sale.caller).await;
    assert_eq!(run["outcome"], "completed");
    assert!(sale.webhook_runs().await.is_empty());
    let (changes, _) = sale.town.changes(&sale.caller, &cursor).await;
    let told: Vec<(&str, &str)> =
        changes.iter().map(|change| (change["entity"].as_str().unwrap(), change["change"].as_str().unwrap())).collect();
    assert_eq!(told, [("invoices", "updated"), ("payments", "created")]);
    assert!(changes.iter().all(|change| change["run_id"] == run["run"]));
    assert_eq!((&changes[0]["record"]["Status"], sale.payments().await.len()), (&json!("PAID"), 1));
}
