//! Files of schedules through the API: previewed, imported whole or not at all, refused with their own codes.

use std::io::{Cursor, Write};
use std::time::Duration;

use kernel::Date;
use kernel::periods::days_between;
use local::caller::Caller;
use serde_json::{Value, json};
use system::holdings::Holdings;
use system::town::Town;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::{calls, kind, text};

const HEADER: &str = "id,kind,amount,first,last,method,balance account,expense account,description";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The first day of the month so many months from today.
fn month(months: i32) -> Date {
    let today = kernel::local_date("GMTSTANDARDTIME", ports::Clock::now(&aws::SystemClock));
    // From the middle of a month, months of mean length lead into the wanted one.
    let middle = today.first_of_month().saturating_add(Duration::from_secs(14 * 24 * 3600));
    let away = Duration::from_secs(u64::from(months.unsigned_abs()) * 2_630_000);
    let there = if months < 0 { middle.saturating_sub(away) } else { middle.saturating_add(away) };
    there.first_of_month()
}

/// A new schedule from this month on, and one that has run for three of its twelve months.
fn rows() -> [Vec<String>; 2] {
    let row = |id: &str, first: i32, until: &str, released: &str| {
        let (first, last) = (month(first).to_string(), month(first + 11).last_of_month().to_string());
        let ends = ["straight line", "620", "433", "Insurance", until, released];
        let begins = [id, "prepayment", "1200.00", &first, &last];
        begins.iter().chain(&ends).map(|text| (*text).to_owned()).collect()
    };
    [row("N-1", 0, "", ""), row("R-1", -4, &month(-2).last_of_month().to_string(), "300.00")]
}

fn header() -> Vec<String> {
    format!("{HEADER},released until,already released").split(',').map(str::to_owned).collect()
}

fn csv() -> String {
    let lines = [header()].into_iter().chain(rows()).map(|cells| cells.join(","));
    lines.collect::<Vec<_>>().join("\r\n")
}

/// A workbook whose only sheet is this XML below its root.
fn workbook(sheet: &str) -> Vec<u8> {
    let kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let link = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{kinds}/{kind}" Target="{target}"/>"#)
    };
    let links = |links: String| format!("<Relationships>{links}</Relationships>");
    zipped(&[
        ("_rels/.rels", links(link("a", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns:r="x"><sheets><sheet name="Sheet1" r:id="a"/></sheets></workbook>"#.to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            links(link("a", "worksheet", "sheet1.xml") + &link("b", "styles", "styles.xml")),
        ),
        ("xl/styles.xml", r#"<styleSheet><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>"#.to_owned()),
        ("xl/sheet1.xml", format!("<worksheet>{sheet}</worksheet>")),
    ])
}

fn zipped(parts: &[(&str, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A cell as a spreadsheet program writes it: dates and amounts as numbers.
fn cell(text: &str) -> String {
    if let Ok(date) = text.parse::<Date>() {
        // Both ends are counted.
        let serial = days_between("1899-12-30".parse().unwrap(), date) - 1;
        return format!(r#"<c s="1"><v>{serial}</v></c>"#);
    }
    match text {
        amount if amount.ends_with(".00") => format!("<c><v>{}</v></c>", amount.trim_end_matches(".00")),
        text => format!(r#"<c t="str"><v>{text}</v></c>"#),
    }
}

fn row(cells: &[String]) -> String {
    format!("<row>{}</row>", cells.iter().map(|text| cell(text)).collect::<String>())
}

fn xlsx() -> Vec<u8> {
    let rows: String = [header()].iter().chain(&rows()).map(|cells| row(cells)).collect();
    workbook(&format!("<sheetData>{rows}</sheetData>"))
}

async fn post(town: &Town, caller: &Caller, path: &str, content_type: &str, file: impl Into<Vec<u8>>) -> (u16, Value) {
    let headers = [("content-type", content_type)];
    caller.send("POST", &town.path(&format!("/schedules/import{path}")), &headers, file.into()).await.unwrap()
}

fn journals(town: &Town) -> usize {
    calls(town, "PUT", "/api.xro/2.0/ManualJournals", 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn x6_a_csv_and_an_xlsx_are_previewed_and_imported_once_and_running_schedules_only_go_on() {
    let mut town = Town::start(10).await;
    let caller = town.connect().await;
    let before = Holdings::of(&town, &caller).await;
    let (code, of_csv) = post(&town, &caller, "/preview", "text/csv", csv()).await;
    assert_eq!((code, &of_csv["errors"]["listed"]), (200, &json!([])), "{of_csv}");
    let (_, of_xlsx) = post(&town, &caller, "/preview", XLSX, xlsx()).await;
    assert_eq!(of_xlsx, of_csv, "one content, one meaning");
    Holdings::of(&town, &caller).await.assert_same(&before);
    let gbp = |amount: &str| json!({ "amount": amount, "currency": "GBP" });
    assert_eq!(of_csv["totals"], json!([{ "schedules": 2, "amount": gbp("2400.00"), "remaining": gbp("2100.00") }]));
    let (new, running) = (&of_csv["schedules"][0], &of_csv["schedules"][1]);
    assert_eq!(
        (&new["initial"], &new["releases"], &new["released_until"]),
        (&json!("to_post"), &json!(12), &Value::Null)
    );
    assert_eq!(
        (&running["row"], &running["initial"], &running["releases"]),
        (&json!(3), &json!("in_books"), &json!(9))
    );
    assert_eq!((&running["released"], &running["remaining"]), (&gbp("300.00"), &gbp("900.00")));
    assert_eq!(running["next_release"]["period"]["first"], json!(month(-1)));

    let (code, imported) = post(&town, &caller, "", "application/octet-stream", xlsx()).await;
    assert_eq!((code, &imported["approved"]), (202, &json!(2)), "{imported}");
    assert_eq!(imported["schedules"][1]["posting_id"], Value::Null);
    let posting = town.path(&format!("/postings/{}", text(&imported["schedules"][0]["posting_id"])));
    town.until("the first journal", &caller, &posting, |posting| posting["state"] == "posted").await;
    let (code, again) = post(&town, &caller, "", "text/csv", csv()).await;
    assert_eq!((code, &again["approved"], &again["approved_before"]), (202, &json!(0), &json!(2)), "{again}");
    let (_, again) = post(&town, &caller, "/preview", "text/csv", csv()).await;
    assert!(again["schedules"].as_array().unwrap().iter().all(|row| row["approved_before"] == true), "{again}");
    town.settle().await;
    assert_eq!(journals(&town), 1, "of the new one alone");

    let path = town.path("/schedules/R-1");
    let shown = caller.expect("GET", &path, None).await.unwrap();
    assert_eq!((&shown["initial"], &shown["released_until"]), (&Value::Null, &json!(month(-2).last_of_month())));
    assert_eq!(shown["releases"].as_array().unwrap().len(), 9, "what is in the books is not planned: {shown}");
    let published = caller.expect("POST", &town.path("/releases/publish"), None).await.unwrap();
    assert_eq!(
        (&published["periods"][0]["releases"], &published["periods"][0]["total"]),
        (&json!(1), &json!("100.00"))
    );
    town.until("the release", &caller, &path, |shown| shown["releases"][0]["state"] == "posted").await;
    assert_eq!(journals(&town), 2);
}

/// Files that are none, each with its code and words of its detail.
fn bad_files() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let good = row(&header());
    let sheet = |rows: &str| workbook(&format!("<sheetData>{good}{rows}</sheetData>"));
    let formula = r#"<row><c t="str"><v>S-1</v></c><c t="str"><v>accrual</v></c><c><f>1+1</f><v>2</v></c></row>"#;
    let merged = format!(r#"<sheetData>{good}</sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>"#);
    let spaces = " ".repeat((64 << 20) + 1);
    let many: String = (0..501).map(|at| format!("S-{at}\n")).collect();
    let whole = xlsx();
    vec![
        (Vec::new(), "file_empty", "empty"),
        (sheet(formula), "cell_formula", "C2"),
        (workbook(&merged), "cells_merged", "A1:B2"),
        (sheet(&r#"<row><c t="str"><v>x</v></c></row>"#.repeat(1_000_000)), "rows_too_many", "split"),
        (workbook(&spaces), "file_inflates", "inflates"),
        (format!("{HEADER}\n{many}").into(), "rows_too_many", "500"),
        (whole[..whole.len() / 2].to_vec(), "file_damaged", "damaged"),
        (zipped(&[("a.txt", "a".to_owned())]), "file_not_a_workbook", "no XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "file_old_excel", "1997"),
        (b"\x89PNG\r\n\x1a\n\0\0\0".to_vec(), "file_not_a_sheet", "neither"),
        (format!("{HEADER}\n\"S-1,accrual\n").into(), "quote_unclosed", "A2"),
        (format!("{HEADER}\nCaf\u{fffd}\n").into(), "letters_lost", "lost"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn x6_a_file_that_cannot_be_read_is_refused_with_its_own_code_and_nothing_is_stored() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let before = Holdings::of(&town, &caller).await;
    town.xero.forget_calls();
    for (file, expected, words) in bad_files() {
        for (path, content_type) in [("/preview", "application/octet-stream"), ("", "text/csv")] {
            let (code, problem) = post(&town, &caller, path, content_type, file.clone()).await;
            assert_eq!((code, kind(&problem), &problem["code"]), (400, "bad-file", &json!(expected)), "{problem}");
            assert!(text(&problem["detail"]).contains(words), "{words}: {problem}");
        }
    }
    for path in ["/preview", ""] {
        let (code, problem) = post(&town, &caller, path, "application/octet-stream", vec![b'x'; (4 << 20) + 1]).await;
        assert_eq!((code, kind(&problem)), (413, "body-too-large"), "{problem}");
        let (code, _) = post(&town, &caller, path, "application/octet-stream", vec![b'x'; 6 << 20]).await;
        assert_eq!(code, 413, "the gateway's own limit");
        for (query, expected) in [
            ("dates=iso", "bad-dates"),
            ("dates=", "bad-dates"),
            ("dates=dmy&dates=mdy", "bad-dates"),
            ("decimals=dot", "bad-decimals"),
        ] {
            let (code, problem) = post(&town, &caller, &format!("{path}?{query}"), "text/csv", csv()).await;
            assert_eq!((code, kind(&problem)), (400, expected), "{query}");
        }
    }
    town.settle().await;
    assert_eq!(town.xero.calls().len(), 0, "nothing reached Xero");
    Holdings::of(&town, &caller).await.assert_same(&before);
}

/// Findings as `H2 account_unknown`.
fn show(findings: &Value) -> Vec<String> {
    let place = |finding: &Value| finding["cell"].as_str().unwrap_or("-").to_owned();
    let listed = findings["listed"].as_array().unwrap();
    listed.iter().map(|finding| format!("{} {}", place(finding), text(&finding["code"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn x6_a_row_that_cannot_be_is_named_by_row_and_column_and_then_no_row_is_imported() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let row = "N-1,prepayment,1200.00,2026-01-13,2026-12-31,straight line,620,433,Insurance";
    let taken = json!({ "terms": {
        "id": "T-1", "kind": "accrual", "amount": { "amount": "5.00", "currency": "GBP" }, "first": "2026-01-13",
        "last": "2026-12-31", "method": { "kind": "straight_line" }, "balance_account": "620",
        "expense_account": "433", "description": "Taken",
    } });
    caller.expect("POST", &town.path("/schedules"), Some(taken)).await.unwrap();
    town.settle().await;
    let before = Holdings::of(&town, &caller).await;
    town.xero.forget_calls();
    let lines = [
        format!("{HEADER},tax type,tracking category 1,tracking option 1"),
        format!("{row},,,"),
        format!("{},,,", row.replace("N-1", "A-1").replace("620", "999")),
        format!("{},,,", row.replace("N-1", "A-2").replace("433", "090")),
        format!("{},OUTPUT9,,", row.replace("N-1", "A-3")),
        format!("{},,Moon,Dark side", row.replace("N-1", "A-4")),
        format!("{},,,", row.replace("N-1", "A-5").replace("1200.00", "12 pounds").replace("2026-01-13", "03/04/2026")),
        format!("{row},,,"),
        format!("{},,,", row.replace("N-1", "T-1")),
        format!("{},,,", row.replace("N-1", &"x".repeat(61))),
    ];
    let expected = [
        "G3 account_unknown",
        "H4 account_not_allowed",
        "J5 tax_type_unknown",
        "L6 tracking_unknown",
        "D7 date_ambiguous",
        "C7 amount_unreadable",
        "A8 id_twice",
        "A9 id_taken",
        "A10 text_invalid",
    ];
    let file = lines.join("\n");
    let (code, preview) = post(&town, &caller, "/preview", "text/csv", file.clone()).await;
    assert_eq!((code, show(&preview["errors"])), (200, expected.map(str::to_owned).to_vec()), "{preview}");
    let first = &preview["errors"]["listed"][0];
    assert_eq!((&first["row"], &first["column"]), (&json!(3), &json!("balance_account")));
    assert_eq!(preview["schedules"].as_array().unwrap().len(), 1, "the good row is shown beside the others");
    let (code, problem) = post(&town, &caller, "", "text/csv", file.clone()).await;
    assert_eq!((code, kind(&problem)), (400, "import-has-errors"));
    assert_eq!(problem["errors"], preview["errors"]);
    assert!(text(&problem["detail"]).contains("9 errors"), "{problem}");
    let (_, stated) = post(&town, &caller, "/preview?dates=dmy&decimals=point", "text/csv", file).await;
    assert!(!show(&stated["errors"]).contains(&"D7 date_ambiguous".to_owned()));
    let (_, without) = post(&town, &caller, "/preview", "text/csv", "id,kind,amount\nN-1,accrual,5.00\n").await;
    assert_eq!(show(&without["errors"]), ["- column_missing"; 4]);
    town.settle().await;
    assert_eq!(town.xero.calls().len(), 0, "nothing reached Xero");
    Holdings::of(&town, &caller).await.assert_same(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn x6_five_hundred_schedules_are_imported_at_once_and_a_key_stands_for_one_file_read_one_way() {
    let mut town = Town::start(5).await;
    let caller = town.connect().await;
    let ends = format!("{},{},straight line,620,433", month(-3), month(2).last_of_month());
    let until = month(-2).last_of_month();
    let rows = (0..500).map(|at| format!("\nS-{at},prepayment,600.00,{ends},Insurance {at},{until}"));
    let file = format!("{HEADER},released until{}", rows.collect::<String>());
    let path = town.path("/schedules/import");
    let headers = [("content-type", "text/csv"), ("idempotency-key", "file-1")];
    let (code, imported) = caller.send("POST", &path, &headers, file.clone()).await.unwrap();
    assert_eq!((code, &imported["approved"]), (202, &json!(500)), "{imported}");
    let again = caller.send("POST", &path, &headers, file.clone()).await.unwrap();
    assert_eq!(again, (202, imported), "the same key, the same answer");
    let (code, problem) = caller.send("POST", &format!("{path}?dates=dmy"), &headers, file).await.unwrap();
    assert_eq!((code, kind(&problem)), (422, "idempotency-key-reused"));
    let published = caller.expect("GET", &town.path("/releases/ready"), None).await.unwrap();
    assert_eq!(
        (&published["periods"][0]["releases"], &published["periods"][0]["total"]),
        (&json!(500), &json!("50000.00"))
    );
    assert_eq!(journals(&town), 0, "all of them were running");

    // Two hundred amounts a row: such a preview is larger than a function may answer.
    let parts = vec![format!("{}=1", month(0)); 200].join("|");
    let custom = (0..400)
        .map(|at| format!("\nC-{at},prepayment,200.00,{},{},custom,620,433,Custom,{parts}", month(0), month(1)));
    let file = format!("{HEADER},parts{}", custom.collect::<String>());
    let (code, problem) = post(&town, &caller, "/preview", "text/csv", file).await;
    assert_eq!((code, &problem["code"]), (400, &json!("preview_too_large")), "{}", problem["detail"]);
}
