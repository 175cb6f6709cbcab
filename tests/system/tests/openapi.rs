//! The API's answers, held against `infra/openapi.yaml`: every route, its status declared, its body of the schema.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jsonschema::Validator;
use local::caller::Caller;
use serde_json::{Value, json};
use system::town::Town;

/// The file, with validators made as they are needed.
struct Contract {
    file: Value,
}

impl Contract {
    fn read() -> Self {
        let text = std::fs::read_to_string(local::build::checkout().join("infra/openapi.yaml")).unwrap();
        Self { file: serde_norway::from_str(&text).unwrap() }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        whole["components"] = self.file["components"].clone();
        jsonschema::draft202012::new(&whole).unwrap()
    }

    /// Fails unless the answer is one the operation declares.
    fn check(&self, method: &str, template: &str, status: u16, body: &Value) {
        let operation = &self.file["paths"][template][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {template} is not declared");
        let declared = &operation["responses"][status.to_string()];
        assert!(declared.is_object(), "{method} {template} answered {status}, which is not declared: {body}");
        let json = |kind: &String| kind.ends_with("json");
        for (_, content) in declared["content"].as_object().into_iter().flatten().filter(|(kind, _)| json(kind)) {
            let validator = self.validator(&content["schema"]);
            let faults: Vec<String> =
                validator.iter_errors(body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert!(faults.is_empty(), "{method} {template} {status}: {faults:#?}\n{body}");
        }
    }
}

struct Checked<'a> {
    contract: &'a Contract,
    caller: &'a Caller,
    seen: BTreeMap<String, u16>,
}

impl Checked<'_> {
    async fn call(&mut self, method: &str, template: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.caller.call(method, path, body).await.unwrap();
        self.checked(method, template, status, answer)
    }

    /// Posts a file.
    async fn post_file(&mut self, template: &str, path: &str, file: &str) -> Value {
        let (status, answer) =
            self.caller.send("POST", path, &[("content-type", "text/csv")], file.to_owned()).await.unwrap();
        self.checked("POST", template, status, answer)
    }

    fn checked(&mut self, method: &str, template: &str, status: u16, answer: Value) -> Value {
        self.contract.check(method, template, status, &answer);
        self.seen.insert(format!("{} {template}", method.to_lowercase()), status);
        answer
    }
}

const O: &str = "/v1/organisations/{tenant_id}";

/// A journal taken in, refused, posted, tried again, parked and recorded.
async fn postings(api: &mut Checked<'_>, town: &Town) {
    let line = |account: &str, amount: &str| json!({ "account": account, "amount": amount });
    let lines = [line("463", "1.00"), line("801", "-1.00")];
    let journal = json!({ "id": "J-1", "date": "2026-10-31", "narration": "October", "lines": lines });
    let journals = format!("{O}/journals");
    let taken = api.call("POST", &journals, &town.path("/journals"), Some(journal.clone())).await;
    api.call("POST", &journals, &town.path("/journals"), Some(json!({ "id": "J-1" }))).await;
    let mut other = journal.clone();
    other["narration"] = json!("November");
    api.call("POST", &journals, &town.path("/journals"), Some(other.clone())).await;
    let path = town.path(&format!("/postings/{}", taken["posting_id"].as_str().unwrap()));
    api.call("GET", &format!("{O}/postings/{{posting_id}}"), &path, None).await;
    town.settle().await;
    api.call("GET", &format!("{O}/postings/{{posting_id}}"), &path, None).await;
    api.call("POST", &format!("{O}/postings/{{posting_id}}/retry"), &format!("{path}/retry"), None).await;
    town.xero.set_lock_dates(town.tenant, None, Some("2026-10-31".parse().unwrap()));
    other["id"] = json!("J-2");
    api.call("POST", &journals, &town.path("/journals"), Some(other)).await;
    town.settle().await;
    api.call("GET", &format!("{O}/postings"), &town.path("/postings"), None).await;
    let redate = format!("{O}/postings/{{posting_id}}/redate");
    let path = town.path("/postings/j-J-2/redate");
    api.call("POST", &redate, &path, None).await;
    api.call("POST", &redate, &path, Some(json!({ "date": "2026-10-30" }))).await;
    api.call("POST", &redate, &path, Some(json!({ "confirmed": true }))).await;
    town.settle().await;
    api.call("POST", &redate, &path, None).await;
    let recorded = json!({ "posting_ids": ["j-J-1", "j-J-2"], "reason": "by hand" });
    api.call("POST", &format!("{O}/postings/recorded"), &town.path("/postings/recorded"), Some(recorded)).await;
}

/// A schedule previewed, refused, approved, published and shown.
async fn schedules(api: &mut Checked<'_>, town: &Town) {
    let terms = json!({
        "id": "S-1", "kind": "accrual", "amount": { "amount": "30.00", "currency": "GBP" }, "first": "2026-10-01",
        "last": "2026-12-31", "method": { "kind": "by_day" }, "balance_account": "620", "expense_account": "433",
        "description": "Audit",
    });
    let (preview, schedules) = (format!("{O}/schedules/preview"), format!("{O}/schedules"));
    let body = json!({ "terms": terms });
    api.call("POST", &preview, &town.path("/schedules/preview"), Some(body.clone())).await;
    api.call("POST", &preview, &town.path("/schedules/preview"), Some(json!({ "terms": {} }))).await;
    api.call("POST", &schedules, &town.path("/schedules"), Some(body.clone())).await;
    let mut other = body;
    other["terms"]["kind"] = json!("prepayment");
    api.call("POST", &schedules, &town.path("/schedules"), Some(other)).await;
    town.settle().await;
    api.call("GET", &format!("{O}/releases/ready"), &town.path("/releases/ready"), None).await;
    api.call("POST", &format!("{O}/releases/publish"), &town.path("/releases/publish"), None).await;
    town.settle().await;
    api.call("GET", &schedules, &town.path("/schedules"), None).await;
    let (altered, path) = (format!("{O}/schedules/{{schedule_id}}/change"), town.path("/schedules/S-1/change"));
    api.call("POST", &altered, &path, Some(json!({}))).await;
    api.call("POST", &altered, &path, Some(json!({ "remove": true }))).await;
    api.call("POST", &altered, &path, Some(json!({ "remove": true, "confirmed": true }))).await;
    api.call("POST", &altered, &path, Some(json!({ "remove": true }))).await;
    town.settle().await;
    api.call("GET", &format!("{O}/schedules/{{schedule_id}}"), &town.path("/schedules/S-1"), None).await;
}

/// Documents announced, refused, uploaded, listed and shown.
async fn documents(api: &mut Checked<'_>, town: &Town) {
    let sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4fa5ab97b2ca4bcac6a8"; // Of the letter a.
    let file = json!({ "file_name": "a.pdf", "content_type": "application/pdf", "bytes": 1, "sha256": sha256 });
    let documents = format!("{O}/documents");
    let announced = api.call("POST", &documents, &town.path("/documents"), Some(json!({ "files": [file] }))).await;
    api.call("POST", &documents, &town.path("/documents"), Some(json!({ "files": [] }))).await;
    let stored = api.post_file(&format!("{documents}/file"), &town.path("/documents/file?file_name=a"), "<a/>").await;
    assert_eq!(stored["status"], 400, "a text file is none that is taken");
    api.call("GET", &documents, &town.path("/documents"), None).await;
    let path = town.path(&format!("/documents/{}", announced["documents"][0]["document_id"].as_str().unwrap()));
    api.call("GET", &format!("{documents}/{{document_id}}"), &path, None).await;
    publishing(api, town).await;
}

/// A document proposed, refused, published, and published otherwise.
async fn publishing(api: &mut Checked<'_>, town: &Town) {
    let one = format!("{O}/documents/{{document_id}}");
    let file = system::paper::ubl("Harbour Supplies Ltd", "H-17", "100.00");
    let path = town.path("/documents/file?file_name=bill.xml");
    let (_, stored) = api.caller.send("POST", &path, &[("content-type", "application/xml")], file).await.unwrap();
    let path = town.path(&format!("/documents/{}", stored["document_id"].as_str().unwrap()));
    let (preview, publish) = (format!("{path}/preview"), format!("{path}/publish"));
    town.until("the reading", api.caller, &path, |shown| shown["state"] == "read").await;
    let proposed = api.call("POST", &format!("{one}/preview"), &preview, None).await;
    let mut terms = proposed["terms"].clone();
    terms["lines"][0]["account"] = json!("463");
    let body = json!({ "terms": terms });
    api.call("POST", &format!("{one}/preview"), &preview, Some(body.clone())).await;
    api.call("POST", &format!("{one}/preview"), &preview, Some(json!({ "terms": { "kind": "sale" } }))).await;
    api.call("POST", &format!("{one}/publish"), &publish, Some(body.clone())).await;
    let both = json!({ "direction": "both" });
    let kinds = json!({ "kinds": { "invoices": both, "contacts": both } });
    api.call("PUT", &format!("{O}/settings"), &town.path("/settings"), Some(kinds)).await;
    town.settle().await;
    api.call("POST", &format!("{one}/publish"), &publish, Some(body.clone())).await;
    api.call("GET", &one, &path, None).await;
    let mut other = body;
    other["terms"]["number"] = json!("H-18");
    api.call("POST", &format!("{one}/publish"), &publish, Some(other)).await;
    town.settle().await;
    let shown = api.call("GET", &one, &path, None).await;
    let posting = shown["publication"]["steps"]["bill"]["posting_id"].as_str().unwrap();
    let path = town.path(&format!("/postings/{posting}"));
    api.call("GET", &format!("{O}/postings/{{posting_id}}"), &path, None).await;
}

/// Requests evaluated, decided, answered and sent; their settings.
async fn requests(api: &mut Checked<'_>, town: &Town) {
    let on = json!({ "features": { "document_requests": true } });
    api.call("PUT", &format!("{O}/settings"), &town.path("/settings"), Some(on)).await;
    let (all, settings) = (format!("{O}/requests"), format!("{O}/requests/settings"));
    let path = town.path("/requests/settings");
    api.call("GET", &settings, &path, None).await;
    let wanted = json!({ "since": "2026-01-01", "policy": { "money_in_needs_documents": true },
        "rules": [{ "id": "r", "name": "Tolls", "reason": "Statement", "matches": [{ "payee_contains": "toll" }] }],
        "recurring": [{ "id": "s", "title": "Statement", "every": "month", "day": { "days_after_end": 3 },
            "starts": "2026-01-01", "note": "" }] });
    api.call("PUT", &settings, &path, Some(wanted)).await;
    api.call("PUT", &settings, &path, Some(json!({ "since": "soon" }))).await;
    let lines = format!("{O}/bank-lines");
    let line = json!({ "id": "stmt-1", "account_id": "a", "date": "2026-11-01", "payee": "Toll Road Co",
        "amount": { "amount": "-9.13", "currency": "GBP" } });
    api.call("POST", &lines, &town.path("/bank-lines"), Some(json!({ "lines": [line] }))).await;
    api.call("POST", &lines, &town.path("/bank-lines"), Some(json!({ "lines": [] }))).await;
    api.call("GET", &format!("{lines}/sources"), &town.path("/bank-lines/sources"), None).await;
    api.call("GET", &all, &town.path("/requests?limit=100"), None).await;
    api.call("POST", &format!("{all}/evaluation"), &town.path("/requests/evaluation"), None).await;
    town.settle().await;
    api.call("GET", &all, &town.path("/requests?limit=100"), None).await;
    api.call("GET", &all, &town.path("/requests?state=maybe"), None).await;
    api.call("GET", "/v1/requests/outstanding", "/v1/requests/outstanding?limit=1", None).await;
    api.call("GET", "/v1/requests/outstanding", "/v1/requests/outstanding?after=%20", None).await;
    api.call("GET", &format!("{all}/outstanding"), &town.path("/requests/outstanding"), None).await;
    let (route, path) = (format!("{all}/{{request_id}}"), town.path("/requests/stmt-1"));
    api.call("GET", &route, &path, None).await;
    for decision in ["needed", "not_needed", "automatic", "perhaps"] {
        let body = json!({ "decision": decision });
        api.call("PUT", &format!("{route}/decision"), &format!("{path}/decision"), Some(body)).await;
    }
    let unknown = json!({ "document_id": "0193f0c4-0000-7000-8000-000000000001" });
    api.call("PUT", &format!("{route}/document"), &format!("{path}/document"), Some(unknown)).await;
    let none = json!({ "document_id": null });
    api.call("PUT", &format!("{route}/document"), &format!("{path}/document"), Some(none)).await;
    api.call("GET", &route, &town.path("/requests/unknown"), None).await;
    town.settle().await;
}

/// A statement announced, uploaded, read, confirmed, reconciled and taken back; suggestions decided; rules and payees.
async fn bank(api: &mut Checked<'_>, town: &Town) {
    let accounts = api.call("GET", &format!("{O}/records/{{entity}}"), &town.path("/records/accounts"), None).await;
    let is_bank = |each: &&Value| each["record"]["Type"] == "BANK" && each["record"]["CurrencyCode"] == "GBP";
    let bank = accounts["records"].as_array().unwrap().iter().find(is_bank).unwrap()["id"].as_str().unwrap().to_owned();
    let all = format!("{O}/statements");
    let announced = json!({ "account_id": bank, "file_name": "a.csv", "content_type": "text/csv", "bytes": 7,
        "sha256": "ab".repeat(32) });
    api.call("POST", &all, &town.path("/statements"), Some(announced)).await;
    api.call("POST", &all, &town.path("/statements"), Some(json!({ "bytes": 1 }))).await;
    let file = "Date,Description,Amount,Balance\n2026-11-03,HILLTOP STATIONERS,-18.40,81.60\n\
        2026-11-04,BUS,-3.20,78.40\n2026-11-04,BUS,-3.20,75.20\n";
    let path = town.path(&format!("/statements/file?account_id={bank}&file_name=a.csv"));
    let stored = api.post_file(&format!("{all}/file"), &path, file).await;
    api.post_file(&format!("{all}/file"), &town.path("/statements/file?account_id=none"), file).await;
    town.settle().await;
    api.call("GET", &all, &town.path("/statements"), None).await;
    api.call("GET", &all, &town.path("/statements?before=now"), None).await;
    let (route, one) =
        (format!("{all}/{{statement_id}}"), format!("/statements/{}", stored["statement_id"].as_str().unwrap()));
    api.call("GET", &route, &town.path(&one), None).await;
    api.call("GET", &route, &town.path("/statements/unknown"), None).await;
    api.call("GET", &format!("{route}/lines"), &town.path(&format!("{one}/lines?limit=2")), None).await;
    api.call("POST", &format!("{route}/profile"), &town.path(&format!("{one}/profile")), None).await;
    town.settle().await;
    api.call("GET", &route, &town.path(&one), None).await;
    let (books, path) = (format!("{O}/reconciliations"), town.path(&format!("/reconciliations/{bank}")));
    api.call("POST", &format!("{books}/{{account_id}}"), &path, None).await;
    town.settle().await;
    api.call("GET", &books, &town.path("/reconciliations"), None).await;
    api.call("GET", &format!("{books}/{{account_id}}"), &path, None).await;
    api.call("GET", &format!("{books}/{{account_id}}"), &town.path("/reconciliations/none"), None).await;
    for part in ["matches", "findings", "quality"] {
        api.call("GET", &format!("{books}/{{account_id}}/{part}"), &format!("{path}/{part}"), None).await;
    }
    let found = api.call("GET", &format!("{O}/bank-suggestions"), &town.path("/bank-suggestions"), None).await;
    api.call("GET", &format!("{O}/bank-suggestions"), &town.path("/bank-suggestions?state=maybe"), None).await;
    let open = found["suggestions"].as_array().unwrap();
    let post = open.iter().find(|each| each["lines"][0]["amount"] == "-18.40").unwrap_or_else(|| panic!("{found}"));
    let (route, path) = (
        format!("{O}/bank-suggestions/{{suggestion_id}}"),
        town.path(&format!("/bank-suggestions/{}", post["suggestion_id"].as_str().unwrap())),
    );
    api.call("GET", &route, &path, None).await;
    api.call("POST", &format!("{route}/accept"), &format!("{path}/accept"), None).await;
    let why = json!({ "reason": "paid in private" });
    api.call("POST", &format!("{route}/dismiss"), &format!("{path}/dismiss"), Some(why)).await;
    api.call("POST", &format!("{route}/reopen"), &format!("{path}/reopen"), None).await;
    let on = json!({ "features": { "bank_reconciliation": true }, "kinds": { "bank_transactions": { "direction": "both" } } });
    api.call("PUT", &format!("{O}/settings"), &town.path("/settings"), Some(on)).await;
    let contacts = api.call("GET", &format!("{O}/records/{{entity}}"), &town.path("/records/contacts"), None).await;
    let contact = &contacts["records"][0]["id"];
    let terms = json!({ "contact_id": contact, "account": "463", "tax_type": "NONE" });
    api.call("POST", &format!("{route}/accept"), &format!("{path}/accept"), Some(terms)).await;
    api.call("POST", &format!("{route}/dismiss"), &format!("{path}/dismiss"), None).await;
    town.settle().await;
    api.call("GET", &route, &path, None).await;
    let rules = json!({ "rules": [{ "id": "bus", "contains": "bus", "contact_id": contact, "account": "463" }] });
    api.call("PUT", &format!("{O}/bank-rules"), &town.path("/bank-rules"), Some(rules)).await;
    api.call("PUT", &format!("{O}/bank-rules"), &town.path("/bank-rules"), Some(json!({ "accept_links_from": 1 })))
        .await;
    api.call("GET", &format!("{O}/bank-rules"), &town.path("/bank-rules"), None).await;
    let payees = api.call("GET", &format!("{O}/bank-payees"), &town.path("/bank-payees"), None).await;
    assert_eq!(payees["payees"][0]["payee"], "HILLTOP STATIONERS", "{payees}");
    for query in ["payee=HILLTOP%20STATIONERS&way=out", "payee=nobody&way=in", "payee=nobody"] {
        api.call("DELETE", &format!("{O}/bank-payees"), &town.path(&format!("/bank-payees?{query}")), None).await;
    }
    let route = format!("{all}/{{statement_id}}");
    api.call("DELETE", &route, &town.path(&one), None).await;
    town.settle().await;
}

/// A prepayment suggested, dismissed, taken up again and accepted.
async fn suggestions(api: &mut Checked<'_>, town: &Town) {
    let on = json!({ "features": { "prepayment_suggestions": true } });
    api.call("PUT", &format!("{O}/settings"), &town.path("/settings"), Some(on)).await;
    let contacts = api.call("GET", &format!("{O}/records/{{entity}}"), &town.path("/records/contacts"), None).await;
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": { "ContactID": contacts["records"][0]["id"] },
        "Date": "2030-01-01", "DueDate": "2030-01-02", "LineItems": [{ "Description": "Rent Jan 2030 - Dec 2030",
        "Quantity": 1, "UnitAmount": "12.00", "AccountCode": "469", "TaxType": "INPUT2" }] });
    town.xero.edit(town.tenant, "Invoices", None, &bill).unwrap();
    let (all, path) = (format!("{O}/suggestions"), town.path("/suggestions?limit=100"));
    let of_2030 = |each: &Value| each["terms"]["last"] == "2030-12-31";
    let found = |listed: &Value| listed["suggestions"].as_array().unwrap().iter().any(of_2030);
    town.until("the suggestion", api.caller, &path, found).await;
    let listed = api.call("GET", &all, &path, None).await;
    api.call("GET", &all, &town.path("/suggestions?state=maybe"), None).await;
    let one = listed["suggestions"].as_array().unwrap().iter().find(|each| of_2030(each)).unwrap();
    let path = town.path(&format!("/suggestions/{}", one["suggestion_id"].as_str().unwrap()));
    let route = format!("{all}/{{suggestion_id}}");
    api.call("GET", &route, &path, None).await;
    api.call("GET", &route, &town.path("/suggestions/unknown"), None).await;
    api.call("POST", &format!("{route}/dismiss"), &format!("{path}/dismiss"), None).await;
    api.call("POST", &format!("{route}/reopen"), &format!("{path}/reopen"), None).await;
    api.call("POST", &format!("{route}/accept"), &format!("{path}/accept"), None).await;
    let terms = json!({ "terms": { "balance_account": "620" } });
    api.call("POST", &format!("{route}/accept"), &format!("{path}/accept"), Some(terms)).await;
    api.call("GET", &route, &path, None).await;
    api.call("POST", &format!("{route}/dismiss"), &format!("{path}/dismiss"), None).await;
    api.call("POST", &format!("{route}/reopen"), &format!("{path}/reopen"), None).await;
}

/// Tie-outs refused, asked for, listed and shown, running and done.
async fn tie_outs(api: &mut Checked<'_>, town: &Town) {
    let (all, path) = (format!("{O}/tie-outs"), town.path("/tie-outs"));
    for bad in [json!({ "as_at": "2999-01-01" }), json!({ "as_at": "soon" }), json!({ "day": "2026-10-31" })] {
        api.call("POST", &all, &path, Some(bad)).await;
    }
    let started = api.call("POST", &all, &path, None).await;
    let path = town.path(&format!("/tie-outs/{}", started["tie_out_id"].as_str().unwrap()));
    let one = format!("{O}/tie-outs/{{tie_out_id}}");
    api.call("GET", &one, &path, None).await;
    town.settle().await;
    let done = api.call("GET", &one, &path, None).await;
    assert!(done["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty()), "{done}");
    town.xero.set_role(town.user, town.tenant, simulator::xero::Role::Standard);
    let started = api.call("POST", &all, &town.path("/tie-outs"), Some(json!({ "as_at": "2026-10-31" }))).await;
    town.settle().await;
    let path = town.path(&format!("/tie-outs/{}", started["tie_out_id"].as_str().unwrap()));
    let failed = api.call("GET", &one, &path, None).await;
    assert_eq!(failed["problem"]["code"], "role_missing", "{failed}");
    town.xero.set_role(town.user, town.tenant, simulator::xero::Role::Adviser);
    api.call("GET", &all, &town.path("/tie-outs"), None).await;
    api.call("GET", &one, &town.path("/tie-outs/unknown"), None).await;
}

/// A file of schedules previewed, refused and imported: new, running and rolling ones.
async fn imports(api: &mut Checked<'_>, town: &Town) {
    let header = "id,kind,amount,amount per period,first,last,method,balance account,expense account,description,\
                  released until,unknown";
    let good = format!(
        "{header}\nF-1,prepayment,30.00,,2026-10-01,2026-12-31,by day,620,433,New,,\n\
         F-2,prepayment,90.00,,2026-09-01,2026-11-30,straight line,620,433,Running,2026-09-30,\n\
         F-3,accrual,,10.00,2026-09-01,,rolling,620,433,Rolling,,\n"
    );
    let bad = format!("{header}\nF-4,gift,30.00,,2026-10-01,2026-12-31,by day,999,433,Bad,,\n");
    for (template, path) in [
        (format!("{O}/schedules/import/preview"), town.path("/schedules/import/preview")),
        (format!("{O}/schedules/import"), town.path("/schedules/import")),
    ] {
        for file in ["", "id", &bad, &good, &good.replace("30.00", "31.00"), &good] {
            api.post_file(&template, &path, file).await;
        }
        api.post_file(&template, &format!("{path}?dates=iso"), &good).await;
        api.post_file(&template, &format!("{path}?decimals=dot"), &good).await;
    }
    town.settle().await;
    for id in ["F-1", "F-2", "F-3"] {
        let path = town.path(&format!("/schedules/{id}"));
        api.call("GET", &format!("{O}/schedules/{{schedule_id}}"), &path, None).await;
    }
}

/// A link made, refused, shown and ended; order events.
async fn sources(api: &mut Checked<'_>, town: &Town) {
    let contacts = api.call("GET", &format!("{O}/records/{{entity}}"), &town.path("/records/contacts"), None).await;
    let path = town.path(&format!("/records/contacts/{}", contacts["records"][0]["id"].as_str().unwrap()));
    let source = json!({ "id": "client-7", "url": "https://app.example/clients/7", "origin": "source" });
    let linked = format!("{O}/records/{{entity}}/{{record_id}}/source");
    api.call("PUT", &linked, &format!("{path}/source"), Some(source.clone())).await;
    let other = town.path(&format!("/records/contacts/{}/source", contacts["records"][1]["id"].as_str().unwrap()));
    api.call("PUT", &linked, &other, Some(source)).await;
    api.call("PUT", &linked, &other, Some(json!({ "id": "no spaces" , "origin": "xero" }))).await;
    api.call("GET", &format!("{O}/records/{{entity}}/{{record_id}}"), &path, None).await;
    api.call("GET", &format!("{O}/sources/{{entity}}/{{source_id}}"), &town.path("/sources/contacts/client-7"), None)
        .await;
    api.call("GET", &format!("{O}/changes"), &town.path("/changes?limit=250"), None).await;
    api.call("GET", &format!("{O}/orders/events"), &town.path("/orders/events?limit=250&origin=all"), None).await;
    api.call("DELETE", &linked, &format!("{path}/source"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_every_answer_is_as_the_openapi_file_declares() {
    let contract = Contract::read();
    let mut town = Town::start(30).await;
    let caller = town.connect().await;
    let mut api = Checked { contract: &contract, caller: &caller, seen: BTreeMap::new() };
    api.call("GET", "/v1/apps", "/v1/apps", None).await;
    let body = json!({ "return_url": town.stack.host.return_url() });
    let started = api.call("POST", "/v1/connects", "/v1/connects", Some(body)).await;
    let connect = started["connect_id"].as_str().unwrap().to_owned();
    api.call("GET", "/v1/connects/{connect_id}", &format!("/v1/connects/{connect}"), None).await;
    let choice = json!({ "ticket": "x", "tenant_ids": [town.tenant] });
    let path = format!("/v1/connects/{connect}/choice");
    api.call("POST", "/v1/connects/{connect_id}/choice", &path, Some(choice)).await;
    api.call("GET", "/v1/organisations", "/v1/organisations", None).await;
    api.call("GET", O, &town.path(""), None).await;
    let settings = json!({ "sync_interval": "daily", "daily_hour": 3 });
    api.call("PUT", &format!("{O}/settings"), &town.path("/settings"), Some(settings)).await;
    let test = api.call("POST", &format!("{O}/tests"), &town.path("/tests"), None).await;
    let path = town.path(&format!("/tests/{}", test["test_id"].as_str().unwrap()));
    api.call("GET", &format!("{O}/tests/{{test_id}}"), &path, None).await;
    town.settle().await;
    api.call("GET", &format!("{O}/tests/{{test_id}}"), &path, None).await;
    let run = api.call("POST", &format!("{O}/syncs"), &town.path("/syncs"), None).await;
    let run = run["run_id"].as_str().unwrap().to_owned();
    api.call("GET", &format!("{O}/syncs/{{run_id}}"), &town.path(&format!("/syncs/{run}")), None).await;
    town.settle().await;
    api.call("GET", &format!("{O}/syncs/{{run_id}}"), &town.path(&format!("/syncs/{run}")), None).await;
    let all = api.call("GET", &format!("{O}/syncs"), &town.path("/syncs"), None).await;
    let first = all["syncs"].as_array().unwrap().last().unwrap()["run"].as_str().unwrap().to_owned();
    api.call("GET", &format!("{O}/syncs/{{run_id}}/items"), &town.path(&format!("/syncs/{first}/items")), None).await;
    api.call("GET", &format!("{O}/changes"), &town.path("/changes?limit=250"), None).await;
    for entity in mirror::entities::ENTITIES {
        let path = town.path(&format!("/records/{}", entity.name));
        let page = api.call("GET", &format!("{O}/records/{{entity}}"), &path, None).await;
        // A small organisation has no record of some kinds; an unknown one is answered too.
        let id = page["records"][0]["id"].as_str().unwrap_or("none");
        api.call("GET", &format!("{O}/records/{{entity}}/{{record_id}}"), &format!("{path}/{id}"), None).await;
    }
    postings(&mut api, &town).await;
    schedules(&mut api, &town).await;
    imports(&mut api, &town).await;
    documents(&mut api, &town).await;
    suggestions(&mut api, &town).await;
    requests(&mut api, &town).await;
    bank(&mut api, &town).await;
    tie_outs(&mut api, &town).await;
    sources(&mut api, &town).await;
    api.call("GET", &format!("{O}/problems"), &town.path("/problems?state=all"), None).await;
    api.call("GET", &format!("{O}/usage"), &town.path("/usage"), None).await;
    api.call("GET", &format!("{O}/audit"), &town.path("/audit"), None).await;
    api.call("GET", O, &town.path(""), None).await;
    api.call("DELETE", O, &town.path(""), None).await;
    town.settle().await;
    api.call("GET", O, &town.path(""), None).await;
    api.call("POST", &format!("{O}/syncs"), &town.path("/syncs"), None).await;
    let seen = api.seen;
    for (path, operations) in contract.file["paths"].as_object().unwrap() {
        for verb in operations.as_object().unwrap().keys().filter(|_| path.starts_with("/v1/")) {
            assert!(seen.contains_key(&format!("{verb} {path}")), "{verb} {path} was not tried");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_setup_steps_lead_from_the_first_click_to_the_running_sync() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let names = |status: &Value| {
        let open = status["setup"].as_array().unwrap().iter().filter(|step| step["done"] == false);
        open.map(|step| step["step"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let status = caller.expect("GET", &town.path(""), None).await.unwrap();
    assert_eq!(names(&status), ["automatic_sync"]);
    caller.expect("PUT", &town.path("/settings"), Some(json!({ "sync_interval": "1_hour" }))).await.unwrap();
    let status = caller.expect("GET", &town.path(""), None).await.unwrap();
    assert!(names(&status).is_empty());
    caller.expect("DELETE", &town.path(""), None).await.unwrap();
    let status = caller.expect("GET", &town.path(""), None).await.unwrap();
    assert_eq!(names(&status), ["connect"]);
    let public = town.stack.plan.routes.iter().filter(|route| !route.authorized).count();
    assert_eq!(public, 2, "callback and webhook");
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_test_of_a_connection_without_the_role_says_what_is_missing() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    assert!(town.xero.disconnect(town.app, town.user, town.tenant));
    let test = caller.expect("POST", &town.path("/tests"), None).await.unwrap();
    let path = town.path(&format!("/tests/{}", test["test_id"].as_str().unwrap()));
    let result = town.until("the test", &caller, &path, |result| !result["finished_at"].is_null()).await;
    assert_eq!(result["passed"], false);
    let failed = result["checks"].as_array().unwrap().last().unwrap();
    assert!(failed["fix"].as_str().unwrap().contains("Connect"), "{result}");
}

/// Codes of problems as the functions' sources spell them.
fn problem_codes(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for start in ["bad_request(", "Problem::new(", "Self::new("] {
        for (at, _) in text.match_indices(start) {
            let quoted = text[at..].split('"').nth(1).unwrap_or_default();
            codes.push(quoted.to_owned());
        }
    }
    let is_code = |code: &String| !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    codes.retain(is_code);
    codes
}

#[test]
fn every_problem_a_function_can_answer_is_listed_by_its_type_and_no_other() {
    let contract = Contract::read();
    let listed = contract.file["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].as_array().unwrap();
    let listed: std::collections::BTreeSet<String> = listed
        .iter()
        .map(|kind| kind.as_str().unwrap().trim_start_matches("urn:counterfoil:problem:").to_owned())
        .collect();
    let mut found = std::collections::BTreeSet::new();
    let root = local::build::checkout();
    for folder in ["functions/api/src", "shared/lambda-kit/src"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            found.extend(problem_codes(&std::fs::read_to_string(entry.unwrap().path()).unwrap()));
        }
    }
    assert!(found.len() > 15, "{found:?}");
    assert_eq!(found, listed);
}
