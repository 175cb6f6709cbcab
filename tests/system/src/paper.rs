//! A desk that takes bills and receipts: an e-invoice taken in and read, published, and what of it is in Xero.

use std::collections::BTreeMap;

use bills::BillId;
use connections::{Connection, Direction, KindSettings, change_connection, load_connection};
use documents::intake::{Arrived, Scan, take_in};
use documents::row::{Document, file_key, load_document};
use documents::upload::{Announcement, announce};
use envelopes::{Envelope, Follower, Work};
use kernel::{Applied, DocumentId, IntentId};
use postings::{IntentView, load_view};
use publishing::proposal::Proposal;
use publishing::{BillTerms, PublishError, publish};
use serde_json::{Value, json};
use sync::head::Trigger;

use crate::desk::Desk;

/// Where the host application shows what it sends.
pub const SOURCE: &str = "https://app.example/d/1";

/// A desk whose workspace lets bills, credit notes and contacts be written.
pub async fn desk() -> Desk {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.world.clock.advance(std::time::Duration::from_secs(600));
    desk.work().await;
    may_write(&desk, &["invoices", "credit_notes", "contacts"]).await;
    desk
}

/// Lets kinds of records go both ways, as the settings' own route does: whoever follows them now looks through what is there.
pub async fn may_write(desk: &Desk, kinds: &[&str]) {
    let followers = let_write(desk, kinds).await;
    let to = sync::load_head(&*desk.access.ports.table, &desk.whose).await.unwrap().feed_head;
    for follower in followers {
        let work = Work::FollowFeed { organisation: desk.whose.clone(), follower, to, round: 0 };
        desk.carry_out(&Envelope::new(work)).await.unwrap();
    }
}

/// The same before anybody has looked anything through; answers who is to.
pub async fn let_write(desk: &Desk, kinds: &[&str]) -> Vec<Follower> {
    let both = KindSettings { direction: Some(Direction::Both), ..KindSettings::default() };
    let before = connection(desk).await.settings;
    let changed = change_connection(&*desk.access.ports.table, &desk.whose, |connection| {
        connection.settings.kinds = kinds.iter().map(|kind| ((*kind).to_owned(), both)).collect::<BTreeMap<_, _>>();
        true
    });
    let after = changed.await.unwrap().unwrap().value.settings;
    sync::newly_wanted(&before, &after)
}

/// An e-invoice in UBL of one line of so much, at 20 %.
pub fn ubl(supplier: &str, number: &str, net: &str) -> Vec<u8> {
    let amount: rust_decimal::Decimal = net.parse().unwrap();
    let tax = (amount * rust_decimal::Decimal::new(20, 2)).round_dp(2);
    let gross = amount + tax;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<b:ID>{number}</b:ID><b:IssueDate>2026-11-02</b:IssueDate><b:DueDate>2026-12-02</b:DueDate>
<b:InvoiceTypeCode>380</b:InvoiceTypeCode><b:DocumentCurrencyCode>GBP</b:DocumentCurrencyCode>
<a:AccountingSupplierParty><a:Party><a:PartyLegalEntity><b:RegistrationName>{supplier}</b:RegistrationName>
</a:PartyLegalEntity></a:Party></a:AccountingSupplierParty>
<a:TaxTotal><b:TaxAmount currencyID="GBP">{tax}</b:TaxAmount><a:TaxSubtotal>
<b:TaxableAmount currencyID="GBP">{net}</b:TaxableAmount><b:TaxAmount currencyID="GBP">{tax}</b:TaxAmount>
<a:TaxCategory><b:ID>S</b:ID><b:Percent>20</b:Percent></a:TaxCategory></a:TaxSubtotal></a:TaxTotal>
<a:LegalMonetaryTotal><b:LineExtensionAmount currencyID="GBP">{net}</b:LineExtensionAmount>
<b:TaxExclusiveAmount currencyID="GBP">{net}</b:TaxExclusiveAmount>
<b:TaxInclusiveAmount currencyID="GBP">{gross}</b:TaxInclusiveAmount>
<b:PayableAmount currencyID="GBP">{gross}</b:PayableAmount></a:LegalMonetaryTotal>
<a:InvoiceLine><b:ID>1</b:ID><b:InvoicedQuantity unitCode="C62">1</b:InvoicedQuantity>
<b:LineExtensionAmount currencyID="GBP">{net}</b:LineExtensionAmount><a:Item><b:Name>Cloud hosting</b:Name>
<a:ClassifiedTaxCategory><b:ID>S</b:ID><b:Percent>20</b:Percent></a:ClassifiedTaxCategory></a:Item>
<a:Price><b:PriceAmount currencyID="GBP">{net}</b:PriceAmount></a:Price></a:InvoiceLine></Invoice>"#
    )
    .into_bytes()
}

/// Uploads a file, takes it in and reads it.
pub async fn taken_in(desk: &Desk, file: Vec<u8>) -> DocumentId {
    let announced =
        Announcement::of("bill.xml".into(), "application/xml".into(), Some(SOURCE.to_owned()), file.as_slice());
    let done = announce(desk.doors(), &desk.whose, "sam", &[announced]).await.unwrap();
    let id = done[0].0.id;
    let key = file_key(&desk.whose, id);
    let bytes = file.len() as u64;
    let version = Some(desk.world.blobs.upload(&key, file));
    take_in(desk.doors(), Scan::NotAwaited, &Arrived { key, version, bytes }).await.unwrap();
    desk.work().await;
    id
}

/// The document as it is stored.
pub async fn document(desk: &Desk, id: DocumentId) -> Document {
    load_document(&*desk.access.ports.table, &desk.whose, id).await.unwrap().unwrap().value
}

/// The connection as it is stored.
pub async fn connection(desk: &Desk) -> Connection {
    load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value
}

/// Terms of a bill of one line, as a person completes them; `supplier` as in the terms.
pub fn terms(supplier: &Value, number: &str, net: &str) -> BillTerms {
    serde_json::from_value(json!({
        "kind": "bill", "supplier": supplier, "number": number, "date": "2026-11-02", "due_date": "2026-12-02",
        "currency": "GBP", "lines": [{ "description": "Cloud hosting", "unit_amount": net, "account": "463",
        "tax_type": "INPUT2" }],
    }))
    .unwrap()
}

/// Terms of spend money of one line with its tax inside, paid from an account in pounds.
pub fn spend_terms(contact: &str, reference: &str, gross: &str, bank_account: &str) -> BillTerms {
    serde_json::from_value(json!({
        "kind": "spend_money", "supplier": { "contact_id": contact }, "number": reference, "date": "2026-11-02",
        "bank_account": bank_account, "currency": "GBP", "amounts": "inclusive", "lines": [{
            "description": "Train fare", "unit_amount": gross, "account": "493", "tax_type": "INPUT2" }],
    }))
    .unwrap()
}

/// The first active contact of the mirror.
pub async fn a_contact(desk: &Desk) -> String {
    let contacts = desk.mirror("contacts").await;
    contacts.iter().find(|each| each.record["ContactStatus"] == "ACTIVE").unwrap().id.clone()
}

/// Publishes as sam.
pub async fn published(
    desk: &Desk,
    id: DocumentId,
    terms: &BillTerms,
    seen: &[BillId],
) -> Result<(Applied, Proposal), PublishError> {
    let (document, connection) = (document(desk, id).await, connection(desk).await);
    publish(&desk.access, &connection, &document, terms, seen, "sam").await
}

/// Documents of a kind in Xero with that number or reference, as a sync finds them.
pub async fn in_xero(desk: &Desk, entity: &str, number: &str) -> Vec<Value> {
    desk.world.clock.advance(std::time::Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let of = |record: &serde_json::Map<String, Value>| {
        let own = ["InvoiceNumber", "CreditNoteNumber", "Reference"].iter().find_map(|name| record.get(*name));
        own == Some(&json!(number))
    };
    let all = desk.mirror(entity).await;
    all.into_iter().filter(|view| of(&view.record)).map(|view| Value::Object(view.record)).collect()
}

/// A posting as the API shows it.
pub async fn view(desk: &Desk, id: &IntentId) -> IntentView {
    load_view(&*desk.access.ports.table, &desk.whose, id, desk.now()).await.unwrap().unwrap()
}

/// Writes that reached Xero, by their path below the API.
pub fn writes(desk: &Desk, collection: &str) -> usize {
    let path = format!("/api.xro/2.0/{collection}");
    desk.xero.calls().iter().filter(|call| call.method != "GET" && call.path == path).count()
}

/// Files that came to Xero.
pub fn files_written(desk: &Desk) -> usize {
    desk.xero.calls().iter().filter(|call| call.path.contains("/Attachments/") && call.status == 200).count()
}

/// Carries out what waits until a worker dies over it; with a second worker at each message where that is the trouble.
pub async fn until_cut(desk: &Desk, workers: usize) {
    while let Some(taken) = desk.world.queue.take() {
        let envelope = Envelope::parse(&taken.message.body).unwrap();
        let failed = if workers == 2 {
            let (one, two) = tokio::join!(desk.carry_out(&envelope), desk.carry_out(&envelope));
            one.is_err() || two.is_err()
        } else {
            desk.carry_out(&envelope).await.is_err()
        };
        if failed {
            desk.world.queue.give_back(taken);
            return;
        }
    }
}
