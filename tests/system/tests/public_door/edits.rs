//! Edits in Xero come back through `/changes`, field by field; quiet ones with the next sync a person asks for.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use system::town::Town;

use crate::{record, records, text};

fn difference<'a>(change: &'a Value, field: &str) -> &'a Value {
    let all = change["differences"].as_array().unwrap();
    all.iter().find(|each| each["field"] == field).unwrap_or_else(|| panic!("no difference in {field}: {change:#?}"))
}

/// A sale of which nothing is paid; bills carry no reference.
fn is_open(invoice: &Value) -> bool {
    let sale = invoice["Type"] == "ACCREC";
    sale && invoice["Status"] == "AUTHORISED" && invoice["AmountPaid"] == "0.00" && invoice["AmountCredited"] == "0.00"
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_edits_of_heads_and_lines_and_voids_are_told_field_by_field() {
    let mut town = Town::start(24).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    // Demo lines may lack an account or be tracked by an archived option; such lines cannot be sent back.
    let sound = |line: &Value| line["Tracking"].is_null() && line["AccountCode"].is_string();
    let plain = |sale: &Value| sale["LineItems"].as_array().unwrap().iter().all(sound);
    let all = records(&town, &caller, "invoices").await.into_iter();
    let open: Vec<Value> = all.filter(|sale| is_open(sale) && plain(sale)).take(2).collect();
    let [edited, voided] = open.as_slice() else { panic!("two open invoices") };
    let line = &edited["LineItems"][0];
    let mut lines = edited["LineItems"].clone();
    lines[0]["Description"] = json!("Oak shelving, fitted");
    let fields = json!({ "Reference": "Order 77-B", "LineItems": lines });
    town.xero.edit(town.tenant, "Invoices", Some(text(&edited["InvoiceID"]).parse().unwrap()), &fields).unwrap();
    town.xero.void_invoice(town.tenant, text(&voided["InvoiceID"]).parse().unwrap()).unwrap();
    let path = town.path(&format!("/changes?cursor={cursor}"));
    let both = |page: &Value| page["changes"].as_array().is_some_and(|changes| changes.len() >= 2);
    let page = town.until("both edits", &caller, &path, both).await;
    let of = |invoice: &Value| {
        let changes = page["changes"].as_array().unwrap();
        changes.iter().find(|change| change["id"] == invoice["InvoiceID"]).unwrap()
    };
    let (change, before) = (of(edited), edited.get("Reference").cloned().unwrap_or_default());
    assert_eq!(change["change"], "updated");
    let reference = difference(change, "Reference");
    assert_eq!((&reference["from"], &reference["to"]), (&before, &json!("Order 77-B")));
    let described = difference(change, &format!("LineItems[{}].Description", text(&line["LineItemID"])));
    assert_eq!((&described["from"], &described["to"]), (&line["Description"], &json!("Oak shelving, fitted")));
    let told: Vec<&str> =
        change["differences"].as_array().unwrap().iter().map(|each| each["field"].as_str().unwrap()).collect();
    assert!(!told.contains(&"Total") && !told.contains(&"DueDate"), "what did not change is not told: {told:?}");
    let change = of(voided);
    assert_eq!(change["change"], "voided", "m15 p11: voided and deleted are kept apart");
    let status = difference(change, "Status");
    assert_eq!((&status["from"], &status["to"]), (&json!("AUTHORISED"), &json!("VOIDED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_quiet_edit_of_a_due_date_is_seen_after_a_persons_sync() {
    let mut town = Town::start(24).await;
    let caller = town.connect().await;
    let bank = record(&town, &caller, "accounts", |a| a["Type"] == "BANK" && a["Code"].is_string()).await;
    let invoice = record(&town, &caller, "invoices", is_open).await;
    let id = text(&invoice["InvoiceID"]);
    town.xero.pay_invoice(town.tenant, id.parse().unwrap(), &text(&bank["Code"]), Decimal::ONE).unwrap();
    let path = town.path(&format!("/records/invoices/{id}"));
    let paid = town.until("the part payment", &caller, &path, |shown| shown["record"]["AmountPaid"] == "1.00").await;
    town.settle().await;
    let (_, cursor) = town.changes(&caller, "").await;
    // Xero moves no time stamp for this; its event, where one comes, may be lost.
    let fields = json!({ "DueDate": "2031-05-06" });
    town.xero.edit(town.tenant, "Invoices", Some(id.parse().unwrap()), &fields).unwrap();
    town.xero.lose_deliveries(town.app);
    assert_eq!(town.sync(&caller).await["outcome"], "completed");
    let (changes, _) = town.changes(&caller, &cursor).await;
    assert_eq!(changes.len(), 1, "{changes:#?}");
    let due = difference(&changes[0], "DueDate");
    assert_eq!((&due["from"], &due["to"]), (&paid["record"]["DueDate"], &json!("2031-05-06")));
    assert_eq!(changes[0]["record"]["UpdatedDateUTC"], paid["record"]["UpdatedDateUTC"], "it moved no time stamp");
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_m15_deleted_drafts_archived_and_merged_contacts_are_told_apart() {
    let mut town = Town::start(40).await;
    let caller = town.connect().await;
    let (_, cursor) = town.changes(&caller, "").await;
    let draft = text(&record(&town, &caller, "invoices", |i| i["Status"] == "DRAFT").await["InvoiceID"]);
    let active = |contact: &Value| contact["ContactStatus"] == "ACTIVE";
    let contacts: Vec<String> =
        records(&town, &caller, "contacts").await.iter().filter(|c| active(c)).map(|c| text(&c["ContactID"])).collect();
    let id = |text: &str| text.parse::<uuid::Uuid>().unwrap();
    town.xero.delete_draft(town.tenant, id(&draft)).unwrap();
    town.xero.archive_contact(town.tenant, id(&contacts[0])).unwrap();
    town.xero.merge_contacts(town.tenant, id(&contacts[1]), id(&contacts[2])).unwrap();
    town.sync(&caller).await;
    let (changes, _) = town.changes(&caller, &cursor).await;
    for (id, told) in [(&draft, "deleted"), (&contacts[0], "archived"), (&contacts[1], "merged")] {
        let change = changes.iter().find(|change| change["id"] == id.as_str()).unwrap();
        assert_eq!(change["change"], told, "{change}");
    }
    let merged = caller.expect("GET", &town.path(&format!("/records/contacts/{}", contacts[1])), None).await.unwrap();
    assert_eq!(merged["record"]["MergedToContactID"], contacts[2].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn x13_tracking_categories_and_new_options_come_with_their_ids() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let categories = records(&town, &caller, "tracking_categories").await;
    let active = categories.iter().filter(|category| category["Status"] == "ACTIVE").count();
    assert!((1..=2).contains(&active), "{categories:#?}");
    let (_, cursor) = town.changes(&caller, "").await;
    let name = text(&categories[0]["Name"]);
    let option = town.xero.add_tracking_option(town.tenant, &name, "Job 4711").unwrap().to_string();
    town.sync(&caller).await;
    let category = record(&town, &caller, "tracking_categories", |category| category["Name"] == name.as_str()).await;
    let options = category["Options"].as_array().unwrap();
    let found = options.iter().find(|each| each["TrackingOptionID"] == option.as_str()).unwrap();
    assert_eq!(found["Name"], "Job 4711");
    let (changes, _) = town.changes(&caller, &cursor).await;
    assert_eq!(changes.len(), 1);
    let field = difference(&changes[0], &format!("Options[{option}]"));
    assert_eq!((&field["from"], &field["to"]["Name"]), (&Value::Null, &json!("Job 4711")));
}
