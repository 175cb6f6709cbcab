//! Files of schedules: what they become, and what is said of each row that becomes nothing.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

use std::io::{Cursor, Write};

use imports::{Code, Column, DateOrder, DecimalMark, Finding, Preview, Refusal, Setting, preview};
use kernel::calendar::{Calendar, PeriodKind, YearEnd};
use kernel::{Date, Money};
use schedules::plan::plan;
use schedules::{Kind, Method, still_to_post};
use sheets::Limits;
use zip::write::{SimpleFileOptions, ZipWriter};

const HEADER: &str = "id,kind,amount,first,last,method,balance account,expense account,description";

fn pounds(amount: &str) -> Money {
    Money::parse(amount, "GBP".parse().unwrap()).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn read_as(bytes: &[u8], dates: Option<DateOrder>, decimals: Option<DecimalMark>) -> Preview {
    let sheet = sheets::read(bytes, &Limits::default()).unwrap();
    let calendar = Calendar::default();
    preview(&sheet, &Setting { calendar: &calendar, currency: "GBP".parse().unwrap(), dates, decimals })
}

fn read(text: &str) -> Preview {
    read_as(text.as_bytes(), None, None)
}

/// A good row, with more columns behind it.
fn with(columns: &str, values: &str) -> String {
    format!(
        "{HEADER},{columns}\nS-1,prepayment,1200.00,2026-01-01,2026-12-31,straight line,620,433,Insurance,{values}\n"
    )
}

/// A good row with another value in one of its columns.
fn changed(column: &str, value: &str) -> String {
    let good = "S-1,prepayment,1200.00,2026-01-01,2026-12-31,straight line,620,433,Insurance";
    let at = HEADER.split(',').position(|name| name == column).unwrap();
    let quoted = format!("\"{value}\"");
    let values: Vec<&str> = good.split(',').enumerate().map(|(i, old)| if i == at { &quoted } else { old }).collect();
    format!("{HEADER}\n{}\n", values.join(","))
}

/// Findings as `C2 amount_ambiguous`; those without a cell by their row.
fn show(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let place = finding.cell.map_or_else(|| finding.row.to_string(), |cell| cell.to_string());
        format!("{place} {}", serde_json::to_value(finding.code).unwrap().as_str().unwrap())
    };
    findings.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let preview = read(text);
    assert_eq!(show(&preview.errors.listed), expected, "{:?}", preview.errors);
    assert!(preview.accepted().is_none());
}

#[track_caller]
fn accepted(preview: &Preview) -> &imports::Imported {
    let schedules = preview.accepted().unwrap_or_else(|| panic!("{:?}", preview.errors));
    assert_eq!(schedules.len(), 1);
    &schedules[0]
}

#[test]
fn x6_a_csv_becomes_schedules_with_their_sums() {
    let text = format!(
        "{HEADER},source,tax type,Tracking Name 1,Tracking Option 1\n\
         S-1,Prepayment,1200.00,2026-01-01,2026-12-31,straight line,620,433,Insurance,https://a.example/1,NONE,Region,North\n\
         \n\
         S-2,accrual,\"1,000.50\",2026-01-07,2027-01-06,Part periods,821,433,\"Rent,\nhall\",,,,\n"
    );
    let preview = read(&text);
    let [first, second] = preview.accepted().unwrap() else { panic!("{preview:?}") };
    assert_eq!((first.row, second.row), (2, 4));
    let terms = first.schedule.terms();
    assert_eq!((terms.kind, &terms.method), (Kind::Prepayment, &Method::StraightLine));
    assert_eq!(terms.tracking.pairs()[0].option.as_str(), "North");
    assert_eq!(terms.tax_type.as_ref().unwrap().as_str(), "NONE");
    assert_eq!(terms.source.as_ref().unwrap().as_str(), "https://a.example/1");
    assert_eq!(second.schedule.terms().description.as_str(), "Rent, hall");
    assert_eq!(second.schedule.total(), Some(pounds("1000.50")));
    assert_eq!((first.released_until, first.remaining), (None, Some(pounds("1200.00"))));
    let [total] = preview.totals.as_slice() else { panic!("{preview:?}") };
    assert_eq!((total.schedules, total.amount, total.remaining), (2, pounds("2200.50"), pounds("2200.50")));
    assert!(preview.warnings.is_empty());
}

#[test]
fn x6_headers_are_found_by_their_common_names() {
    let text = "*Reference;TYPE;Total Amount;Start_Date;End date;Prepayment Account;P&L account;Details;colour\n\
        S-1;prepaid;1200,00;31.01.2026;31.12.2026;620;433;Insurance;red\n";
    let preview = read(text);
    assert_eq!(accepted(&preview).schedule.total(), Some(pounds("1200.00")));
    assert_eq!(show(&preview.warnings.listed), "I1 column_unknown, 1 method_assumed");
}

#[test]
fn x6_a_file_without_what_it_must_say_is_refused() {
    refused("id,kind\nS-1,accrual\n", &["1 column_missing"; 5].join(", "));
    refused(&format!("{HEADER},Start date\n"), "J1 column_twice");
    refused(&format!("{HEADER}\n"), "1 no_rows");
    let message = &read("id,kind\n").errors.listed[0].message;
    assert_eq!(message, "there is no column for: amount or amount per period");
}

#[test]
fn x6_every_fault_of_a_row_is_told_at_once() {
    let row = "a b,loan,1.234.5,2026-02-30,soon,magic,12345678901,,";
    let expected = "A2 text_invalid, B2 word_unknown, F2 word_unknown, D2 date_unreadable, E2 date_unreadable, \
        C2 amount_unreadable, G2 text_invalid, H2 value_missing, I2 value_missing";
    refused(&format!("{HEADER}\n{row}\n"), expected);
}

#[test]
fn x6_a_good_row_beside_a_bad_one_is_shown_and_not_accepted() {
    let preview = read(&format!("{}S-2,accrual,x,2026-01-01,2026-01-31,by day,620,433,Rent\n", changed("id", "S-1")));
    assert_eq!((preview.schedules.len(), show(&preview.errors.listed).as_str()), (1, "C3 amount_unreadable"));
    assert!(preview.accepted().is_none());
}

#[test]
fn x6_an_id_stands_once_in_a_file() {
    let twice = changed("id", "S-1");
    let (_, row) = twice.split_once('\n').unwrap();
    refused(&format!("{twice}{row}"), "A3 id_twice");
    // Also beside a row that has another fault.
    refused(&format!("{}{row}", changed("amount", "x")), "C2 amount_unreadable, A3 id_twice");
    assert_eq!(read(&format!("{twice}{row}")).errors.listed[0].message, "row 2 has the same id");
}

#[test]
fn x6_a_date_is_never_guessed() {
    let first = |text: &str, order| {
        let preview = read_as(changed("first", text).as_bytes(), order, None);
        match preview.accepted() {
            Some(schedules) => schedules[0].schedule.first().to_string(),
            None => show(&preview.errors.listed),
        }
    };
    use DateOrder::{DayFirst, MonthFirst};
    for (text, order, expected) in [
        ("2026-03-04", None, "2026-03-04"),
        ("2026/3/4", Some(MonthFirst), "2026-03-04"),
        ("03/04/2026", None, "D2 date_ambiguous"),
        ("03/04/2026", Some(DayFirst), "2026-04-03"),
        ("03/04/2026", Some(MonthFirst), "2026-03-04"),
        ("3.4.2026", Some(DayFirst), "2026-04-03"),
        ("31-01-2026", None, "2026-01-31"),
        ("01/31/2026", None, "2026-01-31"),
        ("05/05/2026", None, "2026-05-05"),
        ("01/31/2026", Some(DayFirst), "D2 date_unreadable"),
        ("31/01/26", Some(DayFirst), "D2 year_too_short"),
        ("2026-02-29", None, "D2 date_unreadable"),
        ("2026-01/31", None, "D2 date_unreadable"),
        ("46053", None, "D2 date_unreadable"),
        ("today", None, "D2 date_unreadable"),
    ] {
        assert_eq!(first(text, order), expected, "{text} {order:?}");
    }
}

#[test]
fn x6_an_amount_is_never_guessed() {
    let amount = |text: &str, mark| {
        let preview = read_as(changed("amount", text).as_bytes(), None, mark);
        match preview.accepted() {
            Some(schedules) => schedules[0].schedule.total().unwrap().amount(),
            None => show(&preview.errors.listed),
        }
    };
    use DecimalMark::{Comma, Point};
    for (text, mark, expected) in [
        ("1234.56", None, "1234.56"),
        ("1234,56", None, "1234.56"),
        ("1,234.56", None, "1234.56"),
        ("1.234,56", None, "1234.56"),
        ("1 234,56", None, "1234.56"),
        ("1'234.56", None, "1234.56"),
        ("1,234,567", None, "1234567.00"),
        ("83.3300", None, "83.33"),
        ("1,234", None, "C2 amount_ambiguous"),
        ("1.234", None, "C2 amount_ambiguous"),
        ("1,234", Some(Point), "1234.00"),
        ("1.234", Some(Comma), "1234.00"),
        ("1,234", Some(Comma), "C2 amount_too_fine"),
        ("1.234,56", Some(Point), "C2 amount_unreadable"),
        ("0.125", None, "C2 amount_too_fine"),
        ("12,34,567", None, "C2 amount_unreadable"),
        ("1,23.45", None, "C2 amount_unreadable"),
        ("£5", None, "C2 amount_unreadable"),
        ("1e3", None, "C2 amount_unreadable"),
        ("-5.00", None, "C2 amount_not_positive"),
        ("0", None, "C2 amount_not_positive"),
        ("10000000000.00", None, "C2 amount_too_large"),
        ("99999999999999999999.00", None, "C2 amount_too_large"),
    ] {
        assert_eq!(amount(text, mark), expected, "{text} {mark:?}");
    }
}

#[test]
fn x6_what_no_schedule_can_be_is_shown_at_its_column() {
    refused(&changed("last", "2025-12-31"), "E2 dates_reversed");
    refused(&changed("last", ""), "E2 value_missing");
    refused(&changed("amount", ""), "C2 value_missing");
    refused(&changed("last", "2076-01-01"), "E2 periods_too_many");
    refused(&changed("last", "2199-01-01"), "E2 periods_too_many");
    refused(&changed("expense account", "620"), "H2 accounts_same");
    refused(&changed("description", &"x".repeat(1_001)), "I2 text_invalid");
    refused(&with("tax type", "20% VAT"), "J2 text_invalid");
    refused(&with("source", "javascript:x"), "J2 text_invalid");
    refused(&with("currency", "EUR"), "J2 currency_not_of_books");
    refused(&with("currency", "pound"), "J2 currency_unknown");
    accepted(&read(&with("currency", "gbp")));
    refused(&with("tracking category 1,tracking option 1", "Region,"), "K2 tracking_incomplete");
    refused(&with("tracking category 1,tracking option 1", ",North"), "J2 tracking_incomplete");
    let both = "tracking category 1,tracking option 1,tracking category 2,tracking option 2";
    refused(&with(both, "Region,North,Region,South"), "L2 tracking_twice");
}

#[test]
fn x6_a_cell_without_a_header_stops_its_row() {
    // An amount whose comma was not quoted moves every cell behind it.
    refused(&with("", "x"), "J2 cell_without_header");
    let moved = format!("{HEADER}\nS-1,prepayment,1,200.00,2026-01-01,2026-12-31,by day,620,433,Insurance\n");
    assert!(show(&read(&moved).errors.listed).starts_with("J2 cell_without_header"));
}

#[test]
fn x5_each_method_is_read_from_its_columns() {
    let header =
        "id,kind,amount,first,last,method,balance account,expense account,description,amount per period,ahead,parts";
    let method = |amount: &str, last: &str, method: &str, more: &str| {
        let text = format!("{header}\nS-1,accrual,{amount},2026-01-08,{last},{method},620,433,Rent,{more}\n");
        let preview = read(&text);
        match preview.accepted() {
            Some(schedules) => {
                let schedule = &schedules[0].schedule;
                let releases = plan(schedule, &Calendar::default(), schedule.first()).unwrap();
                releases.iter().map(|release| release.amount.amount()).collect::<Vec<_>>().join(" ")
            }
            None => show(&preview.errors.listed),
        }
    };
    let march = "2026-03-15";
    assert_eq!(method("", march, "per period", "1000.00,,"), "774.19 1000.00 483.87");
    assert_eq!(method("2258.06", march, "Per-Period", "1000.00,,"), "774.19 1000.00 483.87");
    assert_eq!(method("2258.06", march, "part periods", ",,"), "774.19 1000.00 483.87");
    assert_eq!(method("67.00", march, "by day", ",,"), "24.00 28.00 15.00");
    assert_eq!(method("", "", "rolling", "10.00,2,"), "7.74 10.00 10.00");
    assert_eq!(method("", "", "rolling", "10.00,,").split(' ').count(), 13);
    let parts = "2026-01-31 = 30.00; 28/02/2026 70,00";
    assert_eq!(method("100.00", march, "custom", &format!(",,\"{parts}\"")), "30.00 70.00");
    assert_eq!(method("100.01", march, "custom", &format!(",,\"{parts}\"")), "C2 amount_differs");
    assert_eq!(method("", march, "custom", &format!(",,\"{parts}\"")), "C2 value_missing");
    assert_eq!(method("100.00", march, "custom", ",,"), "L2 value_missing");
    assert_eq!(method("100.00", march, "custom", ",,;"), "L2 part_unreadable");
    assert_eq!(method("100.00", march, "custom", ",,100.00"), "L2 part_unreadable");
    assert_eq!(method("100.00", march, "custom", ",,2026-01-31=x"), "L2 amount_unreadable");
    assert_eq!(method("100.00", march, "custom", ",,2026-04-30=100"), "L2 date_outside_schedule");
    assert_eq!(method("100.00", march, "rolling", "10.00,,"), "C2 value_not_wanted");
    assert_eq!(method("", "", "rolling", ",,"), "J2 value_missing");
    assert_eq!(method("", "", "rolling", "10.00,121,"), "K2 periods_too_many");
    assert_eq!(method("", "", "rolling", "10.00,0,"), "K2 number_unreadable");
    assert_eq!(method("", march, "per period", "-1.00,,"), "J2 amount_not_positive");
    assert_eq!(
        method("5.00", march, "by day", "1.00,2,x"),
        "J2 value_not_wanted, K2 value_not_wanted, L2 value_not_wanted"
    );
}

#[test]
fn x5_a_number_of_periods_says_the_last_day_where_it_can() {
    let header = "id,kind,amount,first,method,balance account,expense account,description,periods,last";
    let last = |first: &str, method: &str, more: &str| {
        let text = format!("{header}\nS-1,accrual,100.00,{first},{method},620,433,Rent,{more}\n");
        let preview = read(&text);
        match preview.accepted() {
            Some(schedules) => schedules[0].schedule.last().unwrap().to_string(),
            None => show(&preview.errors.listed),
        }
    };
    assert_eq!(last("2026-01-01", "by day", "12,"), "2026-12-31");
    assert_eq!(last("2026-01-20", "straight line", "12,"), "2026-12-31");
    assert_eq!(last("2026-01-20", "by day", "12,"), "I2 periods_unclear");
    assert_eq!(last("2026-01-20", "by day", "12,2026-12-20"), "2026-12-20");
    assert_eq!(last("2026-01-20", "by day", "12,2027-01-19"), "I2 periods_differ");
    assert_eq!(last("2026-01-01", "by day", "601,"), "I2 periods_too_many");
    assert_eq!(last("2026-01-01", "by day", "1.5,2026-02-01"), "I2 number_unreadable");
    assert_eq!(last("2190-01-01", "by day", "500,"), "I2 date_outside_calendar");
}

#[test]
fn x6_a_running_schedule_does_not_post_old_periods_again() {
    let running = |until: &str, already: &str| {
        let preview = read(&with("released until,already released", &format!("{until},{already}")));
        match preview.accepted() {
            Some([imported]) => {
                let until = imported.released_until.unwrap();
                let releases = plan(&imported.schedule, &Calendar::default(), imported.schedule.first()).unwrap();
                let left = still_to_post(&releases, until);
                let sum = Money::try_sum(left.iter().map(|release| release.amount), imported.released.currency);
                assert_eq!(Some(sum.unwrap()), imported.remaining);
                assert_eq!(preview.totals[0].remaining, sum.unwrap());
                format!("{until} {} {}", imported.released.amount(), left.len())
            }
            _ => show(&preview.errors.listed),
        }
    };
    assert_eq!(running("2026-03-31", ""), "2026-03-31 300.00 9");
    assert_eq!(running("2026-03-30", ""), "2026-03-30 200.00 10");
    assert_eq!(running("2026-03-31", "300.00"), "2026-03-31 300.00 9");
    assert_eq!(running("", "300.00"), "2026-03-31 300.00 9");
    assert_eq!(running("", "0.00"), "2025-12-31 0.00 12");
    assert_eq!(running("2025-12-31", ""), "2025-12-31 0.00 12");
    assert_eq!(running("2026-03-31", "299.99"), "K2 released_differs");
    assert_eq!(running("", "250.00"), "K2 released_differs");
    assert_eq!(running("", "1300.00"), "K2 released_differs");
    assert_eq!(running("", "-100.00"), "K2 released_differs");
    assert_eq!(running("soon", "1.234"), "J2 date_unreadable, K2 amount_ambiguous");
    assert_eq!(running("soon", ""), "J2 date_unreadable");
    let message = &read(&with("released until,already released", "2026-03-31,299.99")).errors.listed[0].message;
    assert_eq!(message, "until 2026-03-31 the plan releases 300.00 GBP, not 299.99 GBP");
}

#[test]
fn x6_a_schedule_with_nothing_left_is_told() {
    let preview = read(&with("released until", "2026-12-31"));
    assert_eq!(accepted(&preview).remaining, Some(pounds("0.00")));
    assert_eq!(show(&preview.warnings.listed), "J2 nothing_left");
}

#[test]
fn x6_a_rolling_schedule_runs_on_from_a_day() {
    let header = "id,kind,first,method,balance account,expense account,description,amount per period,released until,already released";
    let text = |more: &str| format!("{header}\nS-1,accrual,2026-01-01,rolling,620,433,Rent,10.00,{more}\n");
    let preview = read(&text("2026-03-31,30.00"));
    let imported = accepted(&preview);
    assert_eq!((imported.released, imported.remaining), (pounds("30.00"), None));
    refused(&text(",30.00"), "J2 released_unclear");
    refused(&text("2026-03-31,20.00"), "J2 released_differs");
    refused(&text("2400-03-31,"), "I2 date_outside_calendar");
}

#[test]
fn x6_the_organisations_own_periods_count() {
    let calendar = Calendar::try_new(PeriodKind::MonthDay { ends_on: 5 }, YearEnd::try_new(4, 5).unwrap()).unwrap();
    let text = with("released until", "2026-04-05").replace("2026-01-01,2026-12-31", "2026-01-06,2027-01-05");
    let sheet = sheets::read(text.as_bytes(), &Limits::default()).unwrap();
    let setting = Setting { calendar: &calendar, currency: "GBP".parse().unwrap(), dates: None, decimals: None };
    let preview = preview(&sheet, &setting);
    assert_eq!(accepted(&preview).released, pounds("300.00"));
    assert_eq!(accepted(&preview).released_until, Some(day("2026-04-05")));
}

#[test]
fn x6_findings_are_counted_beyond_a_thousand() {
    let rows = "S-1,prepayment,x,2026-01-01,2026-12-31,by day,620,433,Insurance\n".repeat(1_000);
    let preview = read(&format!("{HEADER}\n{rows}"));
    assert_eq!((preview.errors.listed.len(), preview.errors.left_off), (1_000, 999));
}

#[test]
fn x6_what_stands_in_a_cell_is_never_repeated() {
    for (column, _) in HEADER.split(',').zip(0..) {
        let preview = read(&changed(column, "Secret-Word §"));
        let told = serde_json::to_string(&preview.errors).unwrap();
        assert!(!told.contains("Secret"), "{told}");
    }
    let error = read(&changed("amount", "1,234")).errors.listed.remove(0);
    assert_eq!(
        serde_json::to_string(&error).unwrap(),
        r#"{"row":2,"column":"amount","cell":"C2","code":"amount_ambiguous","message":"is the sign a decimal mark or does it group thousands? State it, or write 1234.56"}"#
    );
    assert_eq!(error.code, Code::AmountAmbiguous);
}

/// A workbook of one sheet; style 1 is a date.
fn workbook(rows: &str) -> Vec<u8> {
    let link = |id, kind, target| format!(r#"<Relationship Id="{id}" Type="x/{kind}" Target="{target}"/>"#);
    let links = |links: String| format!("<Relationships>{links}</Relationships>");
    let parts = [
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
        ("xl/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn cells(texts: &str) -> String {
    texts.split(',').map(|text| format!(r#"<c t="str"><v>{text}</v></c>"#)).collect()
}

/// The row below the header, as XML of its third to fifth cell: amount, first, last.
fn xlsx(amount_and_dates: &str) -> Vec<u8> {
    let (before, behind) = (cells("S-1,prepayment"), cells("straight line,620"));
    let rest = format!("{before}{amount_and_dates}{behind}<c><v>433</v></c>{}", cells("Insurance"));
    workbook(&format!("<row>{}</row><row>{rest}</row>", cells(HEADER)))
}

#[test]
fn x6_numbers_and_dates_of_an_xlsx_mean_one_thing_whatever_is_stated() {
    let file = xlsx(r#"<c><v>1234.5600000000002</v></c><c s="1"><v>46023</v></c><c s="1"><v>46387</v></c>"#);
    for (dates, decimals) in [(None, None), (Some(DateOrder::MonthFirst), Some(DecimalMark::Comma))] {
        let preview = read_as(&file, dates, decimals);
        let schedule = &accepted(&preview).schedule;
        assert_eq!(schedule.total(), Some(pounds("1234.56")));
        assert_eq!((schedule.first(), schedule.last()), (day("2026-01-01"), Some(day("2026-12-31"))));
        assert_eq!(schedule.terms().expense_account.as_str(), "433");
    }
    let wrong = xlsx(r#"<c s="1"><v>46023</v></c><c><v>46023</v></c><c s="1"><v>46387.5</v></c>"#);
    let preview = read_as(&wrong, None, None);
    assert_eq!(show(&preview.errors.listed), "D2 date_is_number, E2 date_with_time, C2 amount_unreadable");
}

#[test]
fn x6_dates_with_the_year_first_are_the_only_ones_when_that_is_stated() {
    let file = |date| changed("first", date);
    let read = |date| read_as(file(date).as_bytes(), Some(DateOrder::YearFirst), None);
    assert_eq!(accepted(&read("2026-01-13")).schedule.first(), day("2026-01-13"));
    assert_eq!(show(&read("13/01/2026").errors.listed), "D2 date_unreadable");
}

#[test]
fn x6_a_row_that_the_books_refuse_is_taken_back_with_its_place() {
    let row = "S-1,prepayment,1200.00,2026-01-01,2026-12-31,straight line,620,433,Insurance";
    let rows = [row.to_owned(), row.replace("S-1", "S-2"), row.replace("S-1", "S-3").replace("prepayment", "gift")];
    let mut preview = read(&format!("{HEADER}\n{}\n", rows.join("\n")));
    let (column, code, message) = (Column::ExpenseAccount, Code::AccountUnknown, "there is none".to_owned());
    preview.refuse(vec![Refusal { row: 2, column, code, message }]);
    assert_eq!(show(&preview.errors.listed), "H2 account_unknown, B4 word_unknown");
    let left: Vec<u32> = preview.schedules.iter().map(|imported| imported.row).collect();
    assert_eq!((left, preview.totals[0].schedules, preview.errors.count()), (vec![3], 1, 2));
}

#[test]
fn x6_a_code_that_excel_made_a_date_is_refused() {
    let rows = format!("<row>{}</row><row><c s=\"1\"><v>46023</v></c></row>", cells(HEADER));
    let preview = read_as(&workbook(&rows), None, None);
    assert!(show(&preview.errors.listed).starts_with("A2 text_invalid"));
}

#[test]
fn x6_an_xlsx_with_formulas_gives_no_preview() {
    let formula = xlsx("<c><f>SUM(A1:A9)</f><v>1234.56</v></c>");
    let error = sheets::read(&formula, &Limits::default()).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("cell_formula", "cell C2 holds a formula: replace it by its value")
    );
}

#[test]
fn x6_changed_files_never_panic() {
    let text = format!(
        "{}S-2,accrual,\"1.000,50\",03/04/2026,31.12.2026,custom,620,433,Rent,2026-04-30,5\n",
        with("released until,already released", "2026-03-31,300.00")
    );
    let mut state = 7_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..5_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + below(5) {
            let at = below(bytes.len());
            bytes[at] = b"0123456789-/.,;=\"\n xX"[below(21)];
        }
        if let Ok(sheet) = sheets::read(&bytes, &Limits::default()) {
            let calendar = Calendar::default();
            let setting =
                Setting { calendar: &calendar, currency: "GBP".parse().unwrap(), dates: None, decimals: None };
            let preview = preview(&sheet, &setting);
            assert!(preview.schedules.len() + preview.errors.listed.len() >= 1);
        }
    }
}
