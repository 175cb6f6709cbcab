//! The trial balance: what a record puts on accounts, who may see it, and how it looks.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::collections::HashMap;

use ports::Method;
use rust_decimal::Decimal;
use scene::{Scene, all_scopes, body, first};
use serde_json::{Value, json};
use simulator::xero::{Consent, DemoSettings, Role, TrialBalanceLayout, XeroSettings};

const PATH: &str = "/Reports/TrialBalance";

/// A report as a careful reader takes it: columns by their titles, rows by the id of their account.
struct Report {
    titles: Vec<String>,
    /// Texts of each row, by the id of its account.
    rows: HashMap<String, Vec<String>>,
    totals: Vec<String>,
    raw: Value,
}

impl Report {
    fn of(answer: &Value) -> Self {
        let raw = answer["Reports"][0].clone();
        let mut report = Self { titles: Vec::new(), rows: HashMap::new(), totals: Vec::new(), raw: raw.clone() };
        report.take(&raw["Rows"]);
        report
    }

    fn take(&mut self, rows: &Value) {
        for row in rows.as_array().unwrap() {
            let cells = row["Cells"].as_array().cloned().unwrap_or_default();
            let texts: Vec<String> = cells.iter().map(|cell| cell["Value"].as_str().unwrap().to_owned()).collect();
            match row["RowType"].as_str().unwrap() {
                "Header" => self.titles = texts,
                "Section" => self.take(&row["Rows"]),
                "SummaryRow" => self.totals = texts,
                _ => {
                    let account = &cells[0]["Attributes"][0];
                    assert!(cells.iter().all(|cell| cell["Attributes"][0] == *account) && account["Id"] == "account");
                    let twice = self.rows.insert(account["Value"].as_str().unwrap().to_owned(), texts);
                    assert_eq!(twice, None);
                }
            }
        }
    }

    fn money(&self, texts: &[String], title: &str) -> Decimal {
        let text = &texts[self.titles.iter().position(|have| have == title).unwrap()];
        if text.is_empty() { Decimal::ZERO } else { text.parse().unwrap() }
    }

    /// Debits less credits of an account, in the columns that have these titles.
    fn figure(&self, account: &str, debit: &str, credit: &str) -> Decimal {
        let Some(row) = self.rows.get(account) else { return Decimal::ZERO };
        self.money(row, debit) - self.money(row, credit)
    }

    fn year(&self, account: &str) -> Decimal {
        self.figure(account, "YTD Debit", "YTD Credit")
    }

    fn month(&self, account: &str) -> Decimal {
        self.figure(account, "Debit", "Credit")
    }
}

async fn on(scene: &Scene, date: &str) -> Report {
    Report::of(&scene.get(&format!("{PATH}?date={date}")).await)
}

/// By how much the year's balance of each account moved, by its code; accounts that did not move are left out.
async fn moved(scene: &Scene, before: &Report, after: &Report) -> Vec<(String, String)> {
    let mut moved = Vec::new();
    for account in scene.get("/Accounts").await["Accounts"].as_array().unwrap() {
        let id = account["AccountID"].as_str().unwrap();
        let change = after.year(id) - before.year(id);
        if !change.is_zero() {
            let code = account["Code"].as_str().unwrap_or("foreign bank");
            moved.push((code.to_owned(), format!("{change:.2}")));
        }
    }
    moved.sort();
    moved
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = expected.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).collect();
    all.sort();
    all
}

/// An organisation that counts no calls.
async fn scene(demo: DemoSettings, trial_balance: TrialBalanceLayout) -> Scene {
    let mut scene = Scene::within(XeroSettings { limits: false, trial_balance, ..XeroSettings::default() }, demo);
    scene.tokens = scene.connect().await;
    scene
}

async fn small() -> Scene {
    scene(DemoSettings::sized(11, 5), TrialBalanceLayout::MonthAndYear).await
}

const TODAY: &str = "2026-10-05";

/// Does something, and compares the balances of today with those before.
async fn check(scene: &Scene, act: impl AsyncFnOnce() -> Value, expected: &[(&str, &str)]) -> Value {
    let before = on(scene, TODAY).await;
    let made = act().await;
    assert_eq!(moved(scene, &before, &on(scene, TODAY).await).await, pairs(expected), "{made}");
    made
}

fn journal(date: &str, status: &str) -> Value {
    json!({ "ManualJournals": [{
        "Narration": "Accrual [ref J-771]", "Date": date, "Status": status, "LineAmountTypes": "NoTax",
        "JournalLines": [
            { "LineAmount": 250.00, "AccountCode": "463", "TaxType": "NONE" },
            { "LineAmount": -250.00, "AccountCode": "801", "TaxType": "NONE" },
        ],
    }] })
}

async fn bank_money(scene: &Scene, kind: &str, code: &str, amount: &str, tax: &str) -> Value {
    let account = scene.account("090").await;
    let money = json!({
        "Type": kind, "Contact": { "ContactID": scene.contact().await }, "BankAccount": { "AccountID": account },
        "Date": "2026-10-03", "LineAmountTypes": "Inclusive",
        "LineItems": [{ "Description": "Fare", "Quantity": 1, "UnitAmount": amount, "AccountCode": code, "TaxType": tax }],
    });
    scene.made("/BankTransactions", json!({ "BankTransactions": [money] })).await
}

async fn pay(scene: &Scene, target: Value, amount: &str, rate: Option<&str>) -> Value {
    let mut payment = json!({ "Account": { "Code": "090" }, "Date": TODAY, "Amount": amount });
    payment.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
    if let Some(rate) = rate {
        payment["CurrencyRate"] = json!(rate);
    }
    scene.made("/Payments", json!({ "Payments": [payment] })).await
}

#[tokio::test]
async fn it_has_the_shape_of_xeros_example() {
    for (demo, name, ended) in [
        (DemoSettings::sized(11, 300), "Demo Company (UK)", "31/03/2026"),
        (DemoSettings::sized_au(5, 300), "Demo Company (AU)", "30/06/2026"),
    ] {
        let scene = scene(demo, TrialBalanceLayout::MonthAndYear).await;
        let answer = scene.get(&format!("{PATH}?date=2026-09-30")).await;
        let report = Report::of(&answer);
        assert_eq!(report.raw["ReportTitles"], json!(["Trial Balance", name, "As at 30 September 2026"]));
        assert_eq!(report.raw["ReportDate"], "5 October 2026");
        assert_eq!((&report.raw["ReportID"], &answer["Status"]), (&json!("TrialBalance"), &json!("OK")));
        assert_eq!(report.titles, ["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"]);
        let rows = report.raw["Rows"].as_array().unwrap();
        let sections: Vec<&str> = rows[1..].iter().map(|row| row["Title"].as_str().unwrap()).collect();
        assert_eq!(sections, ["Revenue", "Expenses", "Assets", "Liabilities", "Equity", ""]);
        let sales = &report.rows[&scene.account("200").await];
        assert_eq!((sales[0].as_str(), sales[1].as_str(), sales[3].as_str()), ("Sales (200)", "", ""));
        assert!(sales[2].parse::<Decimal>().unwrap() < sales[4].parse().unwrap());
        assert!(report.rows.values().any(|row| row[0] == "Euro Account"), "an account without a code has no brackets");
        let archived = report.rows.values().any(|row| row[0] == "Equipment Hire (456)");
        assert!(archived, "an archived account that has a balance is shown");
        assert!(report.rows.values().all(|row| row[1..].iter().any(|text| !text.is_empty() && text != "0.00")));
        let retained = json!([
            { "Value": scene.account("960").await, "Id": "account" }, { "Value": "", "Id": "fromDate" },
            { "Value": ended, "Id": "toDate" },
        ]);
        assert_eq!(rows[5]["Rows"][0]["Cells"][4]["Attributes"], retained);
        assert_eq!((&report.totals[0], &report.totals[1]), (&"Total".to_owned(), &report.totals[2]));
        assert_eq!(report.totals[3], report.totals[4]);
        assert!(report.totals[1].parse::<Decimal>().unwrap() > Decimal::ONE_HUNDRED);
    }
}

#[tokio::test]
async fn empty_books_have_an_empty_report() {
    let scene = scene(DemoSettings::sized(2, 0), TrialBalanceLayout::MonthAndYear).await;
    let report = Report::of(&scene.get(PATH).await);
    assert_eq!((report.rows.len(), report.totals.join(" ").as_str()), (0, "Total 0.00 0.00 0.00 0.00"));
}

#[tokio::test]
async fn a_bill_its_payment_and_its_end_show_on_their_accounts() {
    let scene = small().await;
    let owed = [("463", "100.00"), ("820", "20.00"), ("800", "-120.00")];
    check(&scene, async || scene.made("/Invoices", scene.bill("DRAFT").await).await, &[]).await;
    let bill = async || {
        let mut bill = scene.bill("AUTHORISED").await;
        bill["InvoiceNumber"] = json!("SUP-9913");
        scene.made("/Invoices", bill).await
    };
    let bill = check(&scene, bill, &owed).await;
    let named = json!({ "Invoice": { "InvoiceID": bill["InvoiceID"] } });
    let paid = [("800", "120.00"), ("090", "-120.00")];
    let payment = check(&scene, async || pay(&scene, named.clone(), "120", None).await, &paid).await;
    let path = format!("/Payments/{}", payment["PaymentID"].as_str().unwrap());
    let back = [("800", "-120.00"), ("090", "120.00")];
    check(&scene, async || first(&scene.post(&path, json!({ "Status": "DELETED" })).await), &back).await;
    let path = format!("/Invoices/{}", bill["InvoiceID"].as_str().unwrap());
    let gone = [("463", "-100.00"), ("820", "-20.00"), ("800", "120.00")];
    check(&scene, async || first(&scene.post(&path, json!({ "Status": "VOIDED" })).await), &gone).await;
}

#[tokio::test]
async fn bank_money_and_transfers_show_on_their_accounts() {
    let scene = small().await;
    let spent = [("090", "-42.50"), ("493", "35.42"), ("820", "7.08")];
    let made = check(&scene, async || bank_money(&scene, "SPEND", "493", "42.50", "INPUT2").await, &spent).await;
    let received = [("090", "60.00"), ("260", "-50.00"), ("820", "-10.00")];
    check(&scene, async || bank_money(&scene, "RECEIVE", "260", "60.00", "OUTPUT2").await, &received).await;
    let path = format!("/BankTransactions/{}", made["BankTransactionID"].as_str().unwrap());
    let back = [("090", "42.50"), ("493", "-35.42"), ("820", "-7.08")];
    check(&scene, async || first(&scene.post(&path, json!({ "Status": "DELETED" })).await), &back).await;
    let transfer = async || scene.xero.transfer(scene.tenant, "090", "091", "20".parse().unwrap()).unwrap();
    let transfer = check(&scene, transfer, &[("090", "-20.00"), ("091", "20.00")]).await;
    let path = format!("/BankTransfers/{}", transfer["BankTransferID"].as_str().unwrap());
    let gone = json!({ "Status": "DELETED" });
    check(&scene, async || first(&scene.post(&path, gone).await), &[("090", "20.00"), ("091", "-20.00")]).await;
}

#[tokio::test]
async fn a_posted_journal_shows_and_a_draft_or_voided_one_does_not() {
    let scene = small().await;
    check(&scene, async || scene.made("/ManualJournals", journal("2026-09-30", "DRAFT")).await, &[]).await;
    let posted = [("463", "250.00"), ("801", "-250.00")];
    let made = async || scene.made("/ManualJournals", journal("2026-09-30", "POSTED")).await;
    let made = check(&scene, made, &posted).await;
    let path = format!("/ManualJournals/{}", made["ManualJournalID"].as_str().unwrap());
    let gone = json!({ "Narration": "Accrual", "Status": "VOIDED" });
    check(&scene, async || first(&scene.post(&path, gone).await), &[("463", "-250.00"), ("801", "250.00")]).await;
    for (taxing, second, net) in [("Exclusive", "-120", "100.00"), ("Inclusive", "-100", "83.33")] {
        let mut journal = journal("2026-09-30", "POSTED");
        journal["ManualJournals"][0]["LineAmountTypes"] = json!(taxing);
        journal["ManualJournals"][0]["JournalLines"][0]["LineAmount"] = json!(100);
        journal["ManualJournals"][0]["JournalLines"][0]["TaxType"] = json!("INPUT2");
        journal["ManualJournals"][0]["JournalLines"][1]["LineAmount"] = json!(second);
        let tax = if taxing == "Exclusive" { "20.00" } else { "16.67" };
        let expected = [("463", net), ("820", tax), ("801", &format!("{second}.00"))];
        check(&scene, async || scene.made("/ManualJournals", journal).await, &expected).await;
    }
}

#[tokio::test]
async fn credits_and_advances_move_to_what_they_are_used_on() {
    let scene = small().await;
    let contact = json!({ "ContactID": scene.contact().await });
    let sale = |kind: &str, amount: &str| {
        json!({
            "Type": kind, "Status": "AUTHORISED", "Contact": contact, "Date": "2026-10-01", "DueDate": "2026-10-31",
            "LineItems": [{ "Description": "Work", "UnitAmount": amount, "AccountCode": "200", "TaxType": "OUTPUT2" }],
        })
    };
    let sold = [("610", "360.00"), ("200", "-300.00"), ("820", "-60.00")];
    let invoice = check(&scene, async || scene.made("/Invoices", sale("ACCREC", "300")).await, &sold).await;
    let back = [("610", "-12.00"), ("200", "10.00"), ("820", "2.00")];
    let note = check(&scene, async || scene.made("/CreditNotes", sale("ACCRECCREDIT", "10")).await, &back).await;
    let allocate = async |plural: &str, id: &Value, amount: &str| {
        let part = json!({ "Amount": amount, "Invoice": { "InvoiceID": invoice["InvoiceID"] } });
        let path = format!("/{plural}/{}/Allocations", id.as_str().unwrap());
        first(&scene.put(&path, json!({ "Allocations": [part] })).await)
    };
    check(&scene, async || allocate("CreditNotes", &note["CreditNoteID"], "6").await, &[]).await;
    let refund = json!({ "CreditNote": { "CreditNoteID": note["CreditNoteID"] } });
    let refunded = [("610", "5.00"), ("090", "-5.00")];
    check(&scene, async || pay(&scene, refund, "5", None).await, &refunded).await;

    let ahead = [("090", "120.00"), ("810", "-100.00"), ("820", "-20.00")];
    let made = async || bank_money(&scene, "RECEIVE-PREPAYMENT", "810", "120", "OUTPUT2").await;
    let made = check(&scene, made, &ahead).await;
    let used = [("810", "50.00"), ("820", "10.00"), ("610", "-60.00")];
    check(&scene, async || allocate("Prepayments", &made["PrepaymentID"], "60").await, &used).await;
    let refund = json!({ "Prepayment": { "PrepaymentID": made["PrepaymentID"] } });
    let refunded = [("810", "50.00"), ("820", "10.00"), ("090", "-60.00")];
    check(&scene, async || pay(&scene, refund, "60", None).await, &refunded).await;

    let over = [("090", "70.00"), ("610", "-70.00")];
    let made = async || bank_money(&scene, "RECEIVE-OVERPAYMENT", "610", "70", "NONE").await;
    let made = check(&scene, made, &over).await;
    check(&scene, async || allocate("Overpayments", &made["OverpaymentID"], "70").await, &[]).await;
}

#[tokio::test]
async fn foreign_amounts_are_converted_and_the_rest_is_rounding_or_a_gain() {
    let scene = small().await;
    let mut bill = scene.bill("AUTHORISED").await;
    bill["CurrencyCode"] = json!("EUR");
    bill["CurrencyRate"] = json!("1.5");
    bill["LineAmountTypes"] = json!("NoTax");
    let line = |amount: &str, code: &str| json!({ "Description": "Part", "UnitAmount": amount, "AccountCode": code, "TaxType": "NONE" });
    bill["LineItems"] = json!([line("10", "463"), line("10", "469"), line("10", "429")]);
    // Three times 6.67 is a penny more than the whole.
    let bought = [("463", "6.67"), ("469", "6.67"), ("429", "6.67"), ("800", "-20.00"), ("860", "-0.01")];
    let bill = check(&scene, async || scene.made("/Invoices", bill).await, &bought).await;
    let mut named = json!({ "Invoice": { "InvoiceID": bill["InvoiceID"] } });
    let paid = [("800", "10.00"), ("090", "-12.00"), ("499", "2.00")];
    check(&scene, async || pay(&scene, named.clone(), "15", Some("1.25")).await, &paid).await;
    let accounts = scene.get("/Accounts").await;
    let euro = accounts["Accounts"].as_array().unwrap().iter().find(|each| each["Name"] == "Euro Account").unwrap();
    named["Account"] = json!({ "AccountID": euro["AccountID"] });
    named["BankAmount"] = json!("15");
    let paid = [("800", "10.00"), ("foreign bank", "-12.50"), ("499", "2.50")];
    check(&scene, async || pay(&scene, named, "15", Some("1.2")).await, &paid).await;
}

#[tokio::test]
async fn a_day_a_month_and_a_financial_year_have_their_ends() {
    let scene = small().await;
    let [expense, accrual, retained] =
        [scene.account("463").await, scene.account("801").await, scene.account("960").await];
    let days = ["2026-09-29", "2026-09-30", "2026-10-01", "2026-03-30", "2026-03-31", "2026-04-01"];
    let figures = async || {
        let mut all = HashMap::new();
        for day in days {
            let report = on(&scene, day).await;
            let year = [&expense, &accrual, &retained].map(|account| report.year(account));
            all.insert(day, (year, report.month(&expense)));
        }
        all
    };
    let post = async |date: &str, expected: [(&str, [i64; 4]); 6]| {
        let before = figures().await;
        scene.made("/ManualJournals", journal(date, "POSTED")).await;
        let after = figures().await;
        for (day, [spent, accrued, earlier, month]) in expected {
            let ((new, new_month), (old, old_month)) = (after[day], before[day]);
            let change = [new[0] - old[0], new[1] - old[1], new[2] - old[2], new_month - old_month];
            assert_eq!(change, [spent, accrued, earlier, month].map(Decimal::from), "{date} seen on {day}");
        }
    };
    let none = [0, 0, 0, 0];
    let september = [
        ("2026-09-29", none),
        ("2026-09-30", [250, -250, 0, 250]),
        ("2026-10-01", [250, -250, 0, 0]),
        ("2026-03-30", none),
        ("2026-03-31", none),
        ("2026-04-01", none),
    ];
    post("2026-09-30", september).await;
    let march = [
        ("2026-03-30", none),
        ("2026-03-31", [250, -250, 0, 250]),
        ("2026-04-01", [0, -250, 250, 0]),
        ("2026-09-29", [0, -250, 250, 0]),
        ("2026-09-30", [0, -250, 250, 0]),
        ("2026-10-01", [0, -250, 250, 0]),
    ];
    post("2026-03-31", march).await;
}

#[tokio::test]
async fn without_a_date_it_is_about_today_where_the_organisation_is() {
    let mut scene = scene(DemoSettings::sized_au(5, 5), TrialBalanceLayout::MonthAndYear).await;
    for (title, reason) in
        [("As at 5 October 2026", "as in London"), ("As at 6 October 2026", "past midnight in Sydney")]
    {
        assert_eq!(scene.get(PATH).await["Reports"][0]["ReportTitles"][2], title, "{reason}");
        scene.clock.pass(5 * 3_600);
        scene.tokens = scene.connect().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_cash_basis_is_not_here() {
    let scene = small().await;
    for date in ["30/09/2026", "2026-9-30", "2026-02-30", "", "2026-09-30T00:00:00"] {
        let refused = scene.call(Method::Get, &format!("{PATH}?date={date}"), &[], "").await;
        let expected = json!({
            "ErrorNumber": 10, "Type": "ValidationException", "Elements": [],
            "Message": "Report Parameter date could not be parsed as a DateTime",
        });
        assert_eq!((refused.status, body(&refused)), (400, expected), "{date}");
    }
    for (path, status) in [
        ("/Reports/TrialBalance?paymentsOnly=true", 501),
        ("/Reports/TrialBalance?paymentsOnly=false", 200),
        ("/Reports/TrialBalance?paymentsOnly=cash", 400),
        ("/Reports", 501),
        ("/Reports/BalanceSheet", 501),
        ("/Reports/TrialBalance/1", 404),
        ("/Reports/TrialBalance/History", 404),
    ] {
        assert_eq!(scene.call(Method::Get, path, &[], "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn it_needs_one_of_two_scopes() {
    let broad = "accounting.reports.read";
    for (scope, status) in [
        ("accounting.reports.trialbalance.read", 200),
        (broad, 200),
        ("accounting.reports.balancesheet.read", 401),
        ("accounting.manualjournals", 401),
    ] {
        let mut scene = Scene::unconnected(DemoSettings::sized(11, 5));
        scene.xero.change_app(scene.app, |app| app.scopes.push(broad.to_owned()));
        let only_scopes = vec!["offline_access".to_owned(), scope.to_owned()];
        scene.xero.set_consent(Consent::Allow { user: scene.user, tenants: vec![scene.tenant], only_scopes });
        let back = scene.authorize(&format!("{} {broad}", all_scopes()), "").await.unwrap();
        scene.tokens = body(&scene.redeem(&scene::parameter(&back, "code").unwrap(), "").await);
        let answer = scene.call(Method::Get, PATH, &[], "").await;
        assert_eq!(answer.status, status, "{scope}");
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("insufficient_scope"));
            assert_eq!(body(&answer)["Detail"], "AuthorizationUnsuccessful");
        } else {
            let written = scene.post(PATH, json!({ "Reports": [{}] })).await;
            assert_eq!(written.status, 401, "no scope lets reports be written");
        }
    }
}

#[tokio::test]
async fn it_needs_the_permission_to_see_reports() {
    let scene = small().await;
    for (role, status) in
        [(Role::Adviser, 200), (Role::StandardWithReports, 200), (Role::Standard, 403), (Role::ReadOnly, 200)]
    {
        scene.xero.set_role(scene.user, scene.tenant, role);
        let answer = scene.call(Method::Get, PATH, &[], "").await;
        assert_eq!(answer.status, status, "{role:?}");
        if status == 403 {
            // Not that of an organisation that is not connected.
            assert_eq!(body(&answer)["Detail"], "AuthorizationUnsuccessful");
        }
    }
}

#[tokio::test]
async fn it_counts_as_a_call() {
    let scene = Scene::with(5).await;
    let left = async || {
        let answer = scene.call(Method::Get, PATH, &[], "").await;
        answer.header("x-minlimit-remaining").unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(left().await, left().await + 1);
    scene.xero.spend_calls(scene.app, scene.tenant, 60, 0);
    assert_eq!(scene.call(Method::Get, PATH, &[], "").await.status, 429);
}

#[tokio::test]
async fn every_layout_says_the_same_of_each_account() {
    use TrialBalanceLayout::{Coded, MonthAndYear, Nested, YearAlone};
    let demo = DemoSettings::sized(11, 120);
    let usual = Report::of(&scene(demo.clone(), MonthAndYear).await.get(PATH).await);
    let in_year = usual.rows.keys().filter(|account| !usual.year(account).is_zero());
    let expected: HashMap<&String, Decimal> = in_year.map(|account| (account, usual.year(account))).collect();
    for (layout, columns, titles, debit, credit) in [
        (YearAlone, 3, vec!["Income", "Less Costs", "Assets", "Liabilities and Equity", ""], "YTD Debit", "YTD Credit"),
        (Coded, 5, vec!["", ""], "Debit - Year to date", "Credit - Year to date"),
        (Nested, 5, vec!["Profit and Loss", "Balance Sheet", ""], "YTD Debit", "YTD Credit"),
    ] {
        let scene = scene(demo.clone(), layout).await;
        let report = Report::of(&scene.get(PATH).await);
        assert_eq!(report.titles.len(), columns, "{layout:?}");
        let rows = report.raw["Rows"].as_array().unwrap();
        assert_eq!(rows[1..].iter().map(|row| row["Title"].as_str().unwrap()).collect::<Vec<_>>(), titles);
        for (account, amount) in &expected {
            assert_eq!(report.figure(account, debit, credit), *amount, "{layout:?}");
        }
        let sides = [debit, credit].map(|title| report.money(&report.totals, title));
        assert!(sides[0] == sides[1] && sides[0] > Decimal::ZERO, "{layout:?}");
    }
}
