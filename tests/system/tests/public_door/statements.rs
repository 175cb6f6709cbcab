//! Bank statements from the upload to what a person confirms of them, through the API and the real functions.

use local::caller::Caller;
use serde_json::{Value, json};
use system::town::Town;

use super::documents::post;
use super::text;

const CSV: [(&str, &str); 1] = [("content-type", "text/csv")];

/// The demo organisation's bank account in pounds, by Xero's id.
pub(super) async fn bank(town: &Town, caller: &Caller) -> String {
    let accounts = caller.expect("GET", &town.path("/records/accounts?limit=250"), None).await.unwrap();
    let is_bank = |each: &&Value| each["record"]["Type"] == "BANK" && each["record"]["CurrencyCode"] == "GBP";
    text(&accounts["records"].as_array().unwrap().iter().find(is_bank).unwrap()["id"])
}

/// What Xero has on the account: date, signed amount and reference of each.
async fn booked(town: &Town, caller: &Caller, bank: &str) -> Vec<(String, String, String)> {
    let found = caller.expect("GET", &town.path("/records/bank_transactions?limit=250"), None).await.unwrap();
    let ours = found["records"].as_array().unwrap().iter().map(|each| &each["record"]);
    let ours = ours.filter(|each| each["BankAccount"]["AccountID"] == *bank && each["Status"] == "AUTHORISED");
    ours.map(|each| {
        let sign = if text(&each["Type"]).starts_with("SPEND") { "-" } else { "" };
        (
            text(&each["Date"]),
            format!("{sign}{}", text(&each["Total"])),
            each["Reference"].as_str().unwrap_or("").to_owned(),
        )
    })
    .collect()
}

/// A statement as a bank's site exports it, with a balance after each line.
fn csv(lines: &[(String, String, String)]) -> String {
    let mut out = String::from("Date,Description,Amount,Balance\n");
    let mut balance = 100_000_i64;
    for (date, amount, said) in lines {
        balance += amount.replace('.', "").parse::<i64>().unwrap();
        out += &format!("{date},{said},{amount},{}.{:02}\n", balance / 100, balance % 100);
    }
    out
}

pub(super) async fn uploaded(town: &Town, caller: &Caller, bank: &str, name: &str, file: &str) -> String {
    let path = town.path(&format!("/statements/file?account_id={bank}&file_name={name}"));
    let (status, answer) = caller.send("POST", &path, &CSV, file.to_owned()).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    text(&answer["statement_id"])
}

async fn shown(town: &Town, caller: &Caller, id: &str) -> Value {
    caller.expect("GET", &town.path(&format!("/statements/{id}")), None).await.unwrap()
}

/// Lets bank transactions be written, and asks for what is given.
async fn settings(town: &Town, caller: &Caller) {
    let body = json!({
        "sync_interval": "daily", "daily_hour": 3,
        "features": { "document_requests": true, "bank_reconciliation": true },
        "kinds": { "bank_transactions": { "direction": "both" } },
    });
    caller.expect("PUT", &town.path("/settings"), Some(body)).await.unwrap();
}

async fn suggestions(town: &Town, caller: &Caller, query: &str) -> Vec<Value> {
    let found = caller.expect("GET", &town.path(&format!("/bank-suggestions?limit=100{query}")), None).await.unwrap();
    found["suggestions"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn m31_m32_m33_m34_a_statement_is_read_reconciled_and_one_line_confirmed_into_xero() {
    let mut town = Town::start(40).await;
    let caller = town.connect().await;
    settings(&town, &caller).await;
    let bank = bank(&town, &caller).await;
    let mut lines = booked(&town, &caller, &bank).await;
    assert!(lines.len() > 1, "{lines:?}");
    let known = lines.len();
    lines.sort();
    let last = lines.last().unwrap().0.clone();
    lines.push((last, "-18.40".to_owned(), "CARD 4711 HILLTOP STATIONERS".to_owned()));
    let id = uploaded(&town, &caller, &bank, "november.csv", &csv(&lines)).await;
    town.settle().await;
    let found = shown(&town, &caller, &id).await;
    assert_eq!(found["state"], "read", "{found}");
    assert_eq!((&found["read"]["format"], &found["read"]["lines"]), (&json!("csv"), &json!(known + 1)), "{found}");
    let report = caller.expect("GET", &town.path(&format!("/reconciliations/{bank}")), None).await.unwrap();
    assert_eq!((&report["matched"], &report["rows"]["statement"]), (&json!(known), &json!(known + 1)), "{report}");
    assert_eq!(report["residual"], "0.00", "{report}");
    assert_eq!(report["feed_source"], "none");
    assert!(report["unproven"].to_string().contains("feed"), "{report}");
    let open = suggestions(&town, &caller, "").await;
    let posts: Vec<&Value> = open.iter().filter(|each| each["kind"] == "post").collect();
    let [post] = posts[..] else { panic!("{open:#?}") };
    assert_eq!(post["proposal"]["amount"], "18.40", "{post}");
    let path = town.path(&format!("/bank-suggestions/{}", text(&post["suggestion_id"])));
    // Nobody knows the payee: contact and account are missing, and the answer says both.
    let (status, refused) = caller.call("POST", &format!("{path}/accept"), None).await.unwrap();
    assert_eq!(status, 400, "{refused}");
    let codes: Vec<String> = refused["faults"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert_eq!(codes, ["contact_missing", "account_missing"]);
    let contacts = caller.expect("GET", &town.path("/records/contacts?limit=1"), None).await.unwrap();
    let contact = text(&contacts["records"][0]["id"]);
    let terms = json!({ "contact_id": contact, "account": "463", "tax_type": "NONE" });
    let accepted = caller.expect("POST", &format!("{path}/accept"), Some(terms.clone())).await.unwrap();
    assert_eq!(accepted["state"], "accepted");
    // The same again changes nothing.
    caller.expect("POST", &format!("{path}/accept"), Some(terms)).await.unwrap();
    town.settle().await;
    let done = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!(done["posting"]["state"], "posted", "{done}");
    caller.expect("POST", &town.path("/syncs"), None).await.unwrap();
    town.settle().await;
    let written = booked(&town, &caller, &bank).await;
    assert_eq!(written.iter().filter(|(_, amount, _)| amount == "-18.40").count(), 1, "{written:?}");
    let confirmed = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!(confirmed["state"], "confirmed", "{confirmed}");
    let left = suggestions(&town, &caller, "").await;
    assert!(left.iter().all(|each| each["suggestion_id"] != post["suggestion_id"]), "{left:?}");
    // What was confirmed taught: the next line of the payee is proposed so.
    lines.push((text(&post["lines"][0]["date"]), "-7.25".to_owned(), "CARD 9900 HILLTOP STATIONERS".to_owned()));
    uploaded(&town, &caller, &bank, "again.csv", &csv(&lines)).await;
    town.settle().await;
    let next = suggestions(&town, &caller, "").await;
    let next = next.iter().find(|each| each["kind"] == "post").unwrap();
    assert_eq!((&next["proposal"]["from"], &next["proposal"]["account"]), (&json!("payee"), &json!("463")), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m32_a_link_names_its_entry_by_kind_and_id_and_opens_it_in_xero() {
    let mut town = Town::start(40).await;
    let caller = town.connect().await;
    settings(&town, &caller).await;
    let bank = bank(&town, &caller).await;
    let payments = caller.expect("GET", &town.path("/records/payments?limit=250"), None).await.unwrap();
    let on_bank = |each: &&Value| each["Account"]["AccountID"] == *bank && each["Status"] == "AUTHORISED";
    let paid = payments["records"].as_array().unwrap().iter().map(|each| &each["record"]).filter(on_bank);
    let mut lines = booked(&town, &caller, &bank).await;
    lines.extend(paid.map(|each| {
        let out = text(&each["PaymentType"]).starts_with("ACCPAY");
        let said = each["Invoice"]["InvoiceNumber"].as_str().unwrap_or("").to_owned();
        (text(&each["Date"]), format!("{}{}", if out { "-" } else { "" }, text(&each["Amount"])), said)
    }));
    lines.sort();
    uploaded(&town, &caller, &bank, "all.csv", &csv(&lines)).await;
    town.settle().await;
    let links = suggestions(&town, &caller, "").await;
    let links: Vec<&Value> = links.iter().filter(|each| each["kind"] == "link").collect();
    let mut kinds = std::collections::BTreeSet::new();
    for entry in links.iter().flat_map(|each| each["entries"].as_array().unwrap()) {
        let (id, link) = (text(&entry["xero_id"]), text(&entry["link"]));
        assert!(link.contains("ViewTransaction") && link.contains(&id), "{entry}");
        kinds.insert(text(&entry["kind"]));
    }
    assert!(kinds.contains("payment"), "{kinds:?} in {} links", links.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_x1_lines_of_an_uploaded_statement_are_asked_about() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    settings(&town, &caller).await;
    let bank = bank(&town, &caller).await;
    let today = kernel::local_date("UTC", ports::Clock::now(&aws::SystemClock));
    let line = |amount: &str, said: &str| (today.to_string(), amount.to_owned(), said.to_owned());
    let lines = [line("-18.40", "CARD 4711 HILLTOP STATIONERS"), line("-3.20", "BUS"), line("-3.20", "BUS")];
    let id = uploaded(&town, &caller, &bank, "today.csv", &csv(&lines)).await;
    town.settle().await;
    let requests = caller.expect("GET", &town.path("/requests?state=requested&limit=100"), None).await.unwrap();
    let of_lines = |answer: &Value| -> usize {
        let all = answer["requests"].as_array().unwrap();
        all.iter().filter(|each| each["line"]["source"] == "uploaded_statement").count()
    };
    // Two journeys of one price are two lines.
    assert_eq!(of_lines(&requests), 3, "{requests}");
    // The same days in another file, one line longer: three of the four are known.
    let more = [lines.as_slice(), &[line("-99.00", "ROPE")]].concat();
    uploaded(&town, &caller, &bank, "today-2.csv", &csv(&more)).await;
    town.settle().await;
    let requests = caller.expect("GET", &town.path("/requests?state=requested&limit=100"), None).await.unwrap();
    assert_eq!(of_lines(&requests), 4, "{requests}");
    let sources = caller.expect("GET", &town.path("/bank-lines/sources"), None).await.unwrap();
    let ours = sources["accounts"].as_array().unwrap().iter().find(|each| each["account_id"] == *bank).unwrap();
    assert_eq!(ours["source"], "uploaded_statement");
    let lines = caller.expect("GET", &town.path(&format!("/statements/{id}/lines")), None).await.unwrap();
    assert_eq!(lines["lines"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_uploads_a_statement_and_each_bad_file_says_what_to_do() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let bank = bank(&town, &caller).await;
    let file = csv(&[("2026-11-02".to_owned(), "-5.00".to_owned(), "BUS".to_owned())]);
    let digest = ring::digest::digest(&ring::digest::SHA256, file.as_bytes());
    let sha256: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let announced = json!({
        "account_id": bank, "file_name": "bank.csv", "content_type": "text/csv", "bytes": file.len(), "sha256": sha256,
    });
    let answer = caller.expect("POST", &town.path("/statements"), Some(announced.clone())).await.unwrap();
    let upload = &answer["upload"];
    assert_eq!(post(upload, file.as_bytes()).await, 201);
    town.settle().await;
    let first = text(&answer["statement_id"]);
    assert_eq!(shown(&town, &caller, &first).await["state"], "read");
    // The same file again is the first one.
    let again = uploaded(&town, &caller, &bank, "bank.csv", &file).await;
    town.settle().await;
    let found = shown(&town, &caller, &again).await;
    assert_eq!((&found["state"], &found["duplicate_of"]), (&json!("duplicate"), &json!(first)));
    for (name, body, code) in [
        ("letter.txt", "Dear customer, we write to you about your account.", "unknown_format"),
        ("bomb.xml", "<!DOCTYPE a [<!ENTITY x \"y\">]><Document>&x;</Document>", "entities"),
    ] {
        let id = uploaded(&town, &caller, &bank, name, body).await;
        town.settle().await;
        let found = shown(&town, &caller, &id).await;
        assert_eq!(
            (&found["state"], &found["attention"]["code"]),
            (&json!("refused"), &json!(code)),
            "{name}: {found}"
        );
    }
    for (wrong, value) in [
        ("account_id", json!("6f0f0c4e-0000-4000-8000-000000000009")),
        ("sha256", json!("no")),
        ("bytes", json!(0)),
        ("bytes", json!(70_000_000)),
        ("content_type", json!("nothing")),
    ] {
        let mut body = announced.clone();
        body[wrong] = value;
        let (status, answer) = caller.call("POST", &town.path("/statements"), Some(body)).await.unwrap();
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
    // Taken back, it speaks for nothing, and may be uploaded again.
    let path = town.path(&format!("/statements/{first}"));
    caller.expect("DELETE", &path, None).await.unwrap();
    assert_eq!(shown(&town, &caller, &first).await["state"], "withdrawn");
    let anew = uploaded(&town, &caller, &bank, "bank.csv", &file).await;
    town.settle().await;
    assert_eq!(shown(&town, &caller, &anew).await["state"], "read");
}
