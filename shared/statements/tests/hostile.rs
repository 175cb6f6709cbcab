//! Files that are damaged, wrong or hostile: what could be read is shown, what could not is listed with its place.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

mod made;

use made::{file, show, shown};
use statements::{Expected, FILE_BYTES_MAX, ProblemCode, Profile, Refusal};

fn read(bytes: &[u8]) -> Result<statements::Parsed, Refusal> {
    statements::read(bytes, &Expected::default())
}

#[track_caller]
fn codes(bytes: &[u8]) -> Vec<ProblemCode> {
    let parsed = read(bytes).unwrap();
    parsed.problems().iter().map(|problem| problem.code).collect()
}

#[test]
fn a_gigabyte_is_refused_by_a_named_limit_before_it_is_looked_at() {
    // The pages of these zeros are never touched.
    let gigabyte = vec![0; 1 << 30];
    assert_eq!(read(&gigabyte), Err(Refusal::TooLarge { bytes_max: FILE_BYTES_MAX }));
    assert_eq!(read(b""), Err(Refusal::Empty));
    assert_eq!(read(b" \r\n\0"), Err(Refusal::Empty));
}

#[test]
fn what_is_known_and_no_statement_is_named() {
    let named = |bytes: &[u8]| show(bytes);
    assert_eq!(named(b"\x89PNG\r\n"), "The file is no statement: it is a picture.");
    assert_eq!(named(b"<html><body>Log in</body></html>"), "The file is no statement: it is a page of a website.");
    let order = b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'><CstmrCdtTrfInitn/></Document>";
    assert!(named(order).contains("payment order"));
    assert_eq!(read(br#"{"a":1}"#), Err(Refusal::NotAStatement("a file of JSON")));
    assert_eq!(read(b"just some words\nand more of them"), Err(Refusal::UnknownFormat));
    assert_eq!(read(b"Name,Phone\nExample,5\n"), Err(Refusal::UnknownFormat));
    assert!(matches!(read(b"PK\x03\x04rubbish"), Err(Refusal::Damaged(_))));
}

#[test]
fn passwords_are_said_to_be_there() {
    let mut office = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1].to_vec();
    office.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read(&office), Err(Refusal::PasswordProtected));
    let pdf = String::from_utf8(made::printed()).unwrap();
    let locked = pdf
        .replace("/Root 1 0 R", "/Root 1 0 R/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O(x)/U(y)>>/ID[(a)(a)]");
    assert_eq!(read(locked.as_bytes()), Err(Refusal::PasswordProtected));
    let empty = String::from_utf8(made::pdf(&[])).unwrap();
    assert_eq!(read(empty.as_bytes()), Err(Refusal::NoText));
}

#[test]
fn entity_bombs_are_refused_in_every_xml() {
    let lol = "<!DOCTYPE a [<!ENTITY b \"xxxxxxxx\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    for name in ["statement.xml", "card.ofx"] {
        let text = String::from_utf8(file(name)).unwrap();
        let (head, rest) = text.split_once("\n").unwrap();
        assert_eq!(read(format!("{head}{lol}{rest}").as_bytes()), Err(Refusal::Entities), "{name}");
    }
    let text = String::from_utf8(file("statement.xml")).unwrap();
    assert_eq!(read(text.replace("&amp;", "&c;").as_bytes()), Err(Refusal::Entities));
    assert_eq!(read(made::workbook(&format!("{lol}<row/>")).as_slice()), Err(Refusal::Entities));
}

#[test]
fn a_formula_in_a_table_is_text_and_in_a_workbook_is_refused_with_its_cell() {
    let text = b"Date,Text,Amount\n2026-01-13,=HYPERLINK(1),-5.00\n2026-01-14,@SUM(A1),=1+1\n2026-01-15,+x,6.00\n";
    let shown = show(text);
    assert!(shown.contains("| =HYPERLINK(1) @2:17\n2026-01-14 no amount |  | @SUM(A1) @3:48\n"), "{shown}");
    assert!(shown.contains("AmountUnreadable @3:48"), "{shown}");
    let formula = made::rows().replace("<c><v>1000</v>", "<c><f>A1</f><v>1000</v>");
    assert_eq!(
        show(&made::workbook(&formula)),
        "The file cannot be read: cell C3 holds a formula: replace it by its value."
    );
}

#[test]
fn a_quotation_mark_hides_no_row_over_a_million_lines() {
    let far = "\n".repeat(1_000_000);
    let text = format!("Date,Text,Amount\n2026-01-13,\"open,-5.00\n{far}2026-01-14,\"closed\",-6.00\n");
    let parsed = read(text.as_bytes()).unwrap();
    let lines: Vec<_> = parsed.statements()[0].entries.iter().map(|entry| entry.place.line).collect();
    assert_eq!(lines, [2, 1_000_003]);
    let codes: Vec<_> = parsed.problems().iter().map(|problem| (problem.code, problem.place.line)).collect();
    assert_eq!(codes, [(ProblemCode::QuoteOpen, 2)]);
    // A mark on every line costs no more: each is looked at within its own bound.
    let many = "2026-01-14,\"x,1.00\n".repeat(100_000);
    assert!(read(many.as_bytes()).is_ok());
}

#[test]
fn mixed_encodings_and_nul_bytes_are_read_and_said() {
    let mixed = ["Date,Text,Amount\n2026-01-13,Café,-5.00\n".as_bytes(), b"2026-01-14,Caf\xe9,-6.00\n"].concat();
    let shown = show(&mixed);
    assert!(shown.contains("-5.00 |  | Café @2:17\n2026-01-14 -6.00 |  | Café @3:40\nEncodingMixed @3:54"), "{shown}");
    let nul = b"Date,Text,Amount\n2026-01-13,a\0\0b,-5.00\n2026-01-14,c,-6.00\n";
    let shown = show(nul);
    assert!(shown.contains("-5.00 |  | ab @2:17\n2026-01-14 -6.00 |  | c @3:39\nNulBytes @2:29"), "{shown}");
}

#[test]
fn dates_of_two_kinds_leave_those_open_that_read_both_ways() {
    let text = b"Date,Text,Amount\n13/01/2026,a,-5.00\n01/14/2026,b,-6.00\n02/03/2026,c,-7.00\n2026-02-30,d,-8.00\n";
    let shown = show(text);
    assert!(shown.contains("2026-01-13 -5.00 |  | a"), "{shown}");
    assert!(shown.contains("2026-01-14 -6.00 |  | b"), "{shown}");
    assert!(shown.contains("no date -7.00 |  | c @4:55"), "{shown}");
    assert!(shown.ends_with("DateOrderMixed @4:55\nDateUnreadable @5:74\n"), "{shown}");
}

#[test]
fn an_order_that_only_the_sequence_suggests_is_asked_for() {
    let text = b"Date,Text,Amount\n01/02/2026,a,-5.00\n01/05/2026,b,-5.00\n01/07/2026,c,-5.00\n02/03/2026,d,-5.00\n";
    let parsed = read(text).unwrap();
    assert_eq!(codes(text), [ProblemCode::DateOrderOpen]);
    assert!(parsed.problems()[0].words.contains("only with the month first"));
    assert!(parsed.statements()[0].entries.iter().all(|entry| entry.date.is_none()));
}

#[test]
fn amounts_with_two_decimal_marks_are_listed_and_never_rounded() {
    let text = b"Date;Text;Amount;Cur\n2026-01-13;a;-1.234,50;EUR\n2026-01-14;b;1.2.3,4;EUR\n2026-01-15;c;12.50;EUR\n\
        2026-01-16;d;1,005;EUR\n2026-01-17;e;2,5;JPY\n";
    let shown = show(text);
    assert!(shown.contains("-1234.50 |"), "{shown}");
    assert!(shown.contains("2026-01-14 no amount |  | b"), "{shown}");
    assert!(shown.contains("2026-01-15 no amount |  | c"), "{shown}");
    assert!(shown.contains("2026-01-16 1.005 |") && shown.contains("2026-01-17 2.5 |"), "{shown}");
    use ProblemCode::*;
    let mut found = codes(text);
    found.sort();
    assert_eq!(found, [AmountUnreadable, AmountUnreadable, AmountTooFine, AmountTooFine]);
    assert_eq!(codes(b"Date,Amount,Text\n2026-01-13,\"-1,234\",a\n2026-01-14,\"2,500\",b\n"), [DecimalMarkOpen; 3]);
}

#[test]
fn balances_that_do_not_add_up_are_told_where_they_break() {
    let text =
        b"Date,Text,Amount,Balance\n2026-01-13,a,-5.00,95.00\n2026-01-14,b,-5.00,90.00\n2026-01-15,c,-5.00,80.00\n";
    assert!(show(text).ends_with("RunningBalanceDiffers @4:75\n"), "{}", show(text));
    let german = String::from_utf8(file("german.sta")).unwrap();
    assert_eq!(codes(german.replace("EUR127,50", "EUR127,51").as_bytes()), [ProblemCode::BalanceDiffers]);
}

#[test]
fn repeated_and_overlapping_statements_are_told() {
    let german = String::from_utf8(file("german.sta")).unwrap();
    assert_eq!(codes(format!("{german}{german}").as_bytes()), [ProblemCode::StatementRepeated]);
    let next = german.replace("C260101EUR100,00", "C260103EUR127,50").replace("EUR127,50\r\n-}", "EUR155,00\r\n-}");
    let next = next.replace("EUR127,50\n-}", "EUR155,00\n-}");
    assert_eq!(codes(format!("{german}{next}").as_bytes()), [ProblemCode::EntriesRepeated]);
    let first = read(german.as_bytes()).unwrap();
    let entries = &first.statements()[0].entries;
    assert_eq!(statements::overlap::repeated(entries, entries), [Some(0), Some(1)]);
}

#[test]
fn another_accounts_or_currencys_statement_is_told() {
    let bytes = file("german.sta");
    let codes = |account, currency: &str| -> Vec<ProblemCode> {
        let expected = Expected { account: Some(account), currency: currency.parse().ok(), profile: None };
        let parsed = statements::read(&bytes, &expected).unwrap();
        parsed.problems().iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes("0000 000 001", "EUR"), []);
    assert_eq!(codes("0000 000 002", "USD"), [ProblemCode::AccountDiffers, ProblemCode::CurrencyDiffers]);
}

#[test]
fn accounts_of_one_table_are_kept_apart() {
    let text = b"Account,Date,Text,Amount\n001,2026-01-13,a,-5.00\n002,2026-01-13,b,6.00\n001,2026-01-14,c,-7.00\n";
    let parsed = read(text).unwrap();
    let counts: Vec<_> = parsed.statements().iter().map(|one| (one.account.as_deref(), one.entries.len())).collect();
    assert_eq!(counts, [(Some("001"), 2), (Some("002"), 1)]);
}

#[test]
fn what_stands_above_a_table_is_taken_or_listed() {
    let text = "\"Kontonummer:\";\"000111\"\n\"Von:\";\"01.01.2026\"\nKontostand vom 31.01.2026:;1.187,50 EUR\n\n\
        Buchungstag;Verwendungszweck;Kontonummer;Betrag (EUR)\n13.01.2026;a;7;-12,50\n14.01.2026;b;8;1.200,00\n";
    let shown = show(text.as_bytes());
    assert!(shown.starts_with("Csv 000111 EUR [ > 1187.50]\n2026-01-13 -12.50 |  | a 7 @6:"), "{shown}");
    assert!(shown.ends_with("b 8 @7:161\nPassed @2:24\n"), "{shown}");
}

#[test]
fn signs_that_a_card_may_have_turned_are_a_question() {
    let card = b"Date,Text,Amount\n2026-01-13,Shop,5.00\n2026-01-14,Payment - Thank you,-20.00\n";
    assert_eq!(codes(card), [ProblemCode::SignOpen]);
    let proved =
        b"Date,Text,Amount,Balance\n2026-01-13,a,5.00,95.00\n2026-01-14,b,-20.00,115.00\n2026-01-15,c,1.00,114.00\n";
    assert!(show(proved).contains("2026-01-14 20.00"), "{}", show(proved));
    assert_eq!(codes(proved), []);
}

#[test]
fn a_cut_file_shows_what_is_left_of_it() {
    for name in ["checking.ofx", "german.sta", "statement.xml", "cash.bai"] {
        let bytes = file(name);
        let whole = read(&bytes).unwrap();
        let cut = &bytes[..bytes.len() - 100];
        let parsed = read(cut).unwrap();
        assert!(!parsed.statements().is_empty(), "{name}");
        assert!(parsed.problems().len() > whole.problems().len(), "{name}: {}", shown(&parsed));
    }
}

#[test]
fn a_wrong_extension_is_no_hint_since_no_name_is_asked_for() {
    // What a person renamed is read as what it is: nothing but bytes comes in.
    assert!(show(&file("workbook")).starts_with("Xlsx"));
    assert!(show(&file("statement.xml")).starts_with("Camt"));
}

#[test]
fn a_confirmed_profile_answers_what_a_table_left_open() {
    let bytes = file("open_questions.csv");
    let mut profile: Profile = read(&bytes).unwrap().profile.unwrap();
    profile.date_order = Some(statements::DateOrder::DayFirst);
    profile.sign = statements::Sign::Inverted;
    let kept = serde_json::to_string(&profile).unwrap();
    let profile: Profile = serde_json::from_str(&kept).unwrap();
    let expected = Expected { profile: Some(&profile), currency: "GBP".parse().ok(), account: None };
    let parsed = statements::read(&bytes, &expected).unwrap();
    let shown = shown(&parsed);
    assert!(shown.contains("2026-04-03 -12.00") && shown.contains("2026-06-05 -7.50"), "{shown}");
    assert_eq!(parsed.problems(), []);
    let other = b"Date,Text,Money out\n13/01/2026,a,5.00\n";
    let parsed = statements::read(other, &expected).unwrap();
    assert_eq!(parsed.problems()[0].code, ProblemCode::ProfileDoesNotFit);
}

#[test]
fn a_table_read_with_its_own_profile_says_the_same() {
    let unsigned =
        b"Date,Text,Amount,Balance\n2026-01-13,a,2.50,97.50\n2026-01-14,b,10.00,107.50\n2026-01-15,c,7.50,100.00\n";
    let mut tables: Vec<_> = ["semicolons.csv", "headerless.csv", "utf16.tsv", "workbook"].map(file).into();
    tables.push(unsigned.to_vec());
    for bytes in tables {
        let first = read(&bytes).unwrap();
        let expected = Expected { profile: first.profile.as_ref(), ..Expected::default() };
        let again = statements::read(&bytes, &expected).unwrap();
        assert_eq!(again.statements(), first.statements());
        assert_eq!(again.problems(), first.problems());
    }
    assert!(show(unsigned).contains("2026-01-15 -7.50 |"), "{}", show(unsigned));
}

#[test]
fn the_json_has_amounts_as_texts_and_a_place_for_every_problem() {
    let json = serde_json::to_value(read(&file("open_questions.csv")).unwrap()).unwrap();
    let entry = &json["statements"][0]["entries"][0];
    assert_eq!((&entry["amount"], &entry["date"], &entry["type"]), (&"12.00".into(), &().into(), &().into()));
    assert_eq!(json["problems"][0]["code"], "date_order_open");
    assert_eq!((&json["problems"][0]["place"]["line"], &json["problems"][0]["place"]["byte"]), (&2.into(), &24.into()));
}
