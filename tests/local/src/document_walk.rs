//! The tour's third part: a file uploaded by its form, as a browser does, what was read of it, and the bill that it becomes.
//!
//! Writes to our own simulated Xero and to no other.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use local::caller::{Caller, plain_client};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::screen::Screen;

/// How long the three steps may take: Xero's minute, when its calls are spent, and the look that brings them back.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(150);
/// How long intake and reading may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Uploads an invented supplier's e-invoice and shows what it says.
pub async fn walk(screen: &mut Screen, caller: &Caller, tenant: &str, stamp: &str, kept: bool) -> anyhow::Result<()> {
    let request = ask(screen, caller, tenant, stamp).await?;
    let path = format!("/v1/organisations/{tenant}/documents");
    // Each run of kept data has a supplier of its own: its mirror may know contacts of a Xero that is no more.
    let supplier = if kept { format!("Harbour Supplies {stamp} Ltd") } else { "Harbour Supplies Ltd".to_owned() };
    let file = invoice(&format!("HS-{stamp}"), &supplier);
    let sha256: String = digest(&SHA256, file.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let announced = json!({
        "file_name": "harbour-supplies.xml", "content_type": "application/xml", "bytes": file.len(), "sha256": sha256,
    });
    let answer = caller.expect("POST", &path, Some(json!({ "files": [announced] }))).await?;
    let document = &answer["documents"][0];
    upload(&document["upload"], &file).await?;
    screen.done("Uploaded", "harbour-supplies.xml, straight to storage by its signed form");
    let id = document["document_id"].as_str().context("no document_id")?;
    let began = Instant::now();
    let found = loop {
        let found = caller.expect("GET", &format!("{path}/{id}"), None).await?;
        if found["state"] != "awaiting_file" && found["state"] != "reading" {
            break found;
        }
        ensure!(began.elapsed() < PATIENCE, "the document is still {}", found["state"]);
        tokio::time::sleep(PAUSE).await;
    };
    ensure!(found["state"] == "read", "the document was not read: {}", found["attention"]["words"]);
    screen.done("Read", &format!("{}, by a function that reaches no token", found["file_name"].as_str().unwrap_or("")));
    let fields = &found["reading"]["fields"];
    let shown = [
        ("supplier", &fields["supplier"]["name"]),
        ("number", &fields["number"]),
        ("due", &fields["due_date"]),
        ("net", &fields["net_total"]),
        ("tax", &fields["tax_total"]),
        ("to pay", &fields["payable"]),
    ];
    let row = |(name, field): (&str, &Value)| vec![name.to_owned(), text(&field["value"]), text(&field["place"])];
    screen.table(&["field", "value", "found at"], &shown.map(row));
    publish(screen, caller, &format!("{path}/{id}")).await?;
    let answered = json!({ "document_id": id });
    let closed = caller.expect("PUT", &format!("{request}/document"), Some(answered)).await?;
    ensure!(closed["state"] == "closed", "the request is still {}", closed["state"]);
    screen.done("Request closed", &text(&closed["evidence"]["words"]));
    Ok(())
}

/// Takes a line of a bank statement that no document speaks for yet, and shows that it is asked about; answers the request's
/// path.
async fn ask(screen: &mut Screen, caller: &Caller, tenant: &str, stamp: &str) -> anyhow::Result<String> {
    let organisation = format!("/v1/organisations/{tenant}");
    let both = json!({ "direction": "both" });
    let settings = json!({
        "sync_interval": "daily", "daily_hour": 3, "features": { "document_requests": true },
        "kinds": { "invoices": both, "credit_notes": both, "contacts": both },
    });
    caller.expect("PUT", &format!("{organisation}/settings"), Some(settings)).await?;
    let accounts = caller.expect("GET", &format!("{organisation}/records/accounts?limit=250"), None).await?;
    let mut accounts = accounts["records"].as_array().into_iter().flatten();
    let bank = accounts.find(|each| each["record"]["Type"] == "BANK" && each["record"]["CurrencyCode"] == "GBP");
    let bank = bank.context("no bank account in pounds")?;
    let id = format!("statement-{stamp}");
    let line = json!({
        "id": id, "account_id": bank["id"], "date": local_today(), "payee": "HARBOUR SUPPLIES",
        "amount": { "amount": "-180.00", "currency": "GBP" },
    });
    caller.expect("POST", &format!("{organisation}/bank-lines"), Some(json!({ "lines": [line] }))).await?;
    let (path, began) = (format!("{organisation}/requests/{id}"), Instant::now());
    let found = loop {
        let found = caller.expect("GET", &path, None).await?;
        if found["state"] != "new" {
            break found;
        }
        ensure!(began.elapsed() < PATIENCE, "the bank line was not looked at");
        tokio::time::sleep(PAUSE).await;
    };
    let asked =
        format!("180.00 GBP to HARBOUR SUPPLIES, of an uploaded statement; its document: {}", text(&found["state"]));
    screen.done("Bank line", &asked);
    Ok(path)
}

/// Today, as far as a bank statement of this very moment needs it.
fn local_today() -> kernel::Date {
    kernel::local_date("UTC", ports::Clock::now(&aws::SystemClock))
}

/// Account and tax of the lines, where the supplier's own history does not know them.
const ACCOUNT: &str = "463";
const TAX_TYPE: &str = "INPUT2";

/// Publishes it as a bill awaiting payment, with its file attached, and shows each step.
async fn publish(screen: &mut Screen, caller: &Caller, path: &str) -> anyhow::Result<()> {
    let proposed = caller.expect("POST", &format!("{path}/preview"), None).await?;
    let mut terms = proposed["terms"].clone();
    for line in terms["lines"].as_array_mut().into_iter().flatten() {
        if line["account"].is_null() {
            line["account"] = json!(ACCOUNT);
            line["tax_type"] = json!(TAX_TYPE);
        }
    }
    let preview = caller.expect("POST", &format!("{path}/preview"), Some(json!({ "terms": terms }))).await?;
    let proposal = &preview["proposal"];
    let total = format!("{} {}", text(&proposal["totals"]["total"]), text(&terms["currency"]));
    screen.done("Previewed", &format!("{total} predicted, nothing in the way, nothing sent"));
    let seen: Vec<&Value> = proposal["alike"].as_array().into_iter().flatten().map(|alike| &alike["xero_id"]).collect();
    let began = Instant::now();
    let wish = json!({ "terms": terms, "seen": seen });
    loop {
        let (status, answer) = caller.call("POST", &format!("{path}/publish"), Some(wish.clone())).await?;
        // What looks alike is being looked through for the first time.
        let early = status == 409 && text(&answer["type"]).ends_with(":not-looked-through");
        ensure!(status == 202 || early, "the document was not published: {answer}");
        if status == 202 {
            break;
        }
        ensure!(began.elapsed() < PUBLISH_PATIENCE, "suppliers' documents were not looked through");
        tokio::time::sleep(PAUSE).await;
    }
    let publication = loop {
        let shown = caller.expect("GET", path, None).await?;
        let steps = &shown["publication"]["steps"];
        for step in ["supplier", "bill", "file"] {
            let attention = &steps[step]["attention"];
            ensure!(attention.is_null(), "the {step} needs somebody: {}", text(&attention["cause"]));
        }
        if steps["file"]["state"] == "posted" {
            break shown["publication"].clone();
        }
        ensure!(began.elapsed() < PUBLISH_PATIENCE, "the document is not in Xero: {steps}");
        tokio::time::sleep(PAUSE).await;
    };
    screen.done("Published", "a bill awaiting payment in Xero, with its file attached; it is edited there from now on");
    let rows = ["supplier", "bill", "file"].map(|step| {
        let found = &publication["steps"][step];
        let link = if step == "bill" { text(&publication["link"]) } else { String::new() };
        vec![step.to_owned(), text(&found["posting_id"]), text(&found["state"]), link]
    });
    screen.table(&["step", "posted as", "stands", "opens in Xero"], &rows);
    come_back(screen, caller, path, &publication).await
}

/// Xero tells of the bill and its supplier; both are in the mirror then, as anything that somebody enters there.
async fn come_back(screen: &mut Screen, caller: &Caller, path: &str, publication: &Value) -> anyhow::Result<()> {
    let organisation = path.split_once("/documents/").map_or(path, |(organisation, _)| organisation);
    let bill = record(caller, &format!("{organisation}/records/invoices/{}", text(&publication["xero_id"]))).await?;
    let contact = text(&bill["record"]["Contact"]["ContactID"]);
    record(caller, &format!("{organisation}/records/contacts/{contact}")).await?;
    screen.done("Back from Xero", "the bill and its supplier, by webhooks");
    Ok(())
}

/// A record of the mirror, once it is there.
async fn record(caller: &Caller, path: &str) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let (status, found) = caller.call("GET", path, None).await?;
        if status == 200 {
            return Ok(found);
        }
        ensure!(began.elapsed() < PUBLISH_PATIENCE, "Xero has not told of {path}");
        tokio::time::sleep(PAUSE).await;
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Object(amount) if amount.contains_key("number") => {
            format!("{} {}", text(&amount["number"]), text(&value["currency"]))
        }
        other => other.to_string(),
    }
}

/// Posts the form as a browser does.
async fn upload(form: &Value, file: &str) -> anyhow::Result<()> {
    let mut body = String::new();
    for field in form["fields"].as_array().into_iter().flatten() {
        let (name, value) = (text(&field["name"]), text(&field["value"]));
        body += &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"harbour-supplies.xml\"\r\n\r\n";
    body += file;
    body += "\r\n--edge--\r\n";
    let request = plain_client()?.post(form["url"].as_str().context("no address of the form")?);
    let answer = request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await?;
    ensure!(answer.status().is_success(), "the storage did not take the form: {}", answer.status());
    Ok(())
}

/// A bill as it is sent by Peppol: two lines, 20 % VAT. The number differs, so that each tour's file is another.
fn invoice(number: &str, supplier: &str) -> String {
    let line = |id: u32, name: &str, amount: &str| {
        format!(
            "<cac:InvoiceLine><cbc:ID>{id}</cbc:ID><cbc:InvoicedQuantity unitCode=\"C62\">1</cbc:InvoicedQuantity>\
             <cbc:LineExtensionAmount currencyID=\"GBP\">{amount}</cbc:LineExtensionAmount><cac:Item>\
             <cbc:Name>{name}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent>\
             <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item><cac:Price>\
             <cbc:PriceAmount currencyID=\"GBP\">{amount}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>"
        )
    };
    let party = |name: &str| {
        format!(
            "<cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName>\
             </cac:PartyLegalEntity></cac:Party>"
        )
    };
    let amount = |name: &str, amount: &str| format!("<cbc:{name} currencyID=\"GBP\">{amount}</cbc:{name}>");
    [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
        "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\" \
         xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
         xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">"
            .to_owned(),
        format!(
            "<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate><cbc:DueDate>2026-12-02</cbc:DueDate>"
        ),
        "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>GBP</cbc:DocumentCurrencyCode>"
            .to_owned(),
        format!("<cac:AccountingSupplierParty>{}</cac:AccountingSupplierParty>", party(supplier)),
        format!("<cac:AccountingCustomerParty>{}</cac:AccountingCustomerParty>", party("Demo Company (UK)")),
        format!("<cac:TaxTotal>{}<cac:TaxSubtotal>", amount("TaxAmount", "30.00")),
        amount("TaxableAmount", "150.00") + &amount("TaxAmount", "30.00"),
        "<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID>\
         </cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal><cac:LegalMonetaryTotal>"
            .to_owned(),
        amount("LineExtensionAmount", "150.00") + &amount("TaxExclusiveAmount", "150.00"),
        amount("TaxInclusiveAmount", "180.00") + &amount("PayableAmount", "180.00"),
        "</cac:LegalMonetaryTotal>".to_owned(),
        line(1, "Rope, 20 m", "100.00"),
        line(2, "Shackles", "50.00"),
        "</Invoice>\n".to_owned(),
    ]
    .concat()
}
