//! Each format on a file of our own: what it says, where it stands, and what is wrong with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

mod made;

use made::{file, show};

#[track_caller]
fn check(name: &str, expected: &str) {
    assert_eq!(show(&file(name)).trim_end(), expected, "{name}");
}

#[test]
fn ofx_in_sgml_and_in_xml() {
    check(
        "checking.ofx",
        "Ofx 000-111 EUR [ > 1187.50]\n\
         2026-01-02 -12.50 | A1 | Tea & Cake Table 4 @9:260\n\
         2026-01-31 1200.00 | A2 | Example Ltd @11:383",
    );
    check(
        "card.ofx",
        "Ofx 4 JPY [ > -500]\n\
         2026-01-05 -500 | B1 | Café @4:255",
    );
}

#[test]
fn qif_by_the_order_that_one_date_decides() {
    check(
        "ledger.qif",
        "Qif   [ > ]\n\
         2026-01-13 -1250.00 |  | Rent Example @2:11\n\
         2026-02-02 20.00 |  | Refund @7:55",
    );
}

#[test]
fn messages_of_swift_with_their_reversed_details() {
    check(
        "german.sta",
        "Mt940 10000000/0000000001 EUR [100.00 > 127.50]\n\
         2026-01-02 -12.50 | B-1 | BASISLASTSCHRIFT Verein Beispiel e.V. EREF+E-77 SVWZ+Beitrag Januar @6:152\n\
         2026-01-03 40.00 |  | GUTSCHRIFT Erika Beispiel SVWZ+Danke @9:287",
    );
    check(
        "interim.sta",
        "Mt942 10000000/0000000001 EUR [ > ]\n\
         2026-01-05 9.50 |  | free text @6:74",
    );
}

#[test]
fn camt_with_three_decimals_and_a_notification_that_moves_nothing() {
    check(
        "statement.xml",
        "Camt XX00TEST0001 KWD [1.000 > -0.250]\n\
         2026-01-15 -1.250 | N-1 | Invoice 1 @6:577",
    );
    check(
        "notification.xml",
        "Camt 1 EUR [ > ]\n\
         2026-01-15 5.00 |  |  @2:97\n\
         NotBooked @1:33",
    );
}

#[test]
fn bai2_with_commas_in_its_text() {
    check(
        "cash.bai",
        "Bai2 00011 USD [100.00 > 92.50]\n\
         2026-01-30 -10.00 | B1 | CHECK, NUMBER 1001 @4:99\n\
         2026-01-30 2.50 | B2 | WIRE FROM EXAMPLE INC @5:141",
    );
}

#[test]
fn tables_with_and_without_a_header_in_any_encoding() {
    check(
        "semicolons.csv",
        "Csv 000111  [100.00 > ]\n\
         2026-01-13 -1250.00 |  | Miete; Januar @4:99\n\
         2026-01-14 2000.50 |  | Gehälter Zeile zwei @6:159\n\
         EncodingGuessed @6:184\n\
         Passed @8:223",
    );
    check(
        "headerless.csv",
        "Csv   [ > ]\n\
         2026-01-13 -20.00 |  | Shop @1:0\n\
         2026-01-14 -5.00 |  | Shop @2:29\n\
         2026-01-15 100.00 |  | Pay @3:57",
    );
    check(
        "utf16.tsv",
        "Csv  GBP [ > ]\n\
         2026-01-31 -3.20 |  | Café € @2:60\n\
         2026-02-01 1000.00 |  | Example @3:112",
    );
}

#[test]
fn what_a_table_leaves_open_is_a_question() {
    check(
        "open_questions.csv",
        "Csv   [ > ]\n\
         no date 12.00 |  | Shop @2:24\n\
         no date 7.50 |  | Shop @3:46\n\
         DateOrderOpen @2:24\n\
         SignOpen @1:0",
    );
}

#[test]
fn workbooks_and_printed_pages() {
    check(
        "workbook",
        "Xlsx   [ > ]\n\
         2026-01-01 -12.50 |  | Shop @2\n\
         2026-02-01 1000.00 |  | Pay @3",
    );
    check(
        "printed",
        "Pdf   [100.00 > 1087.50]\n\
         2026-01-13 -12.50 |  | Shop Card 1 @p1:4\n\
         2026-01-31 1000.00 |  | Pay @p1:6",
    );
}

#[test]
fn printed_columns_of_money_in_and_out_and_rows_that_nothing_proves() {
    let rows = |closing| {
        [
            (40, 740, "Statement period 01/12/2025 to 31/01/2026"),
            (40, 700, "Date"),
            (120, 700, "Details"),
            (300, 700, "Paid out"),
            (400, 700, "Paid in"),
            (40, 680, "31 Dec"),
            (120, 680, "Shop"),
            (300, 680, "12.50"),
            (40, 650, "02 Jan"),
            (120, 650, "Pay"),
            (400, 650, "1,000.00"),
            (40, 630, "Balance brought forward"),
            (400, 630, "100.00"),
            (40, 610, "Closing balance"),
            (400, 610, closing),
        ]
    };
    let entries = "2025-12-31 -12.50 |  | Shop @p1:3\n2026-01-02 1000.00 |  | Pay @p1:4\n";
    assert_eq!(show(&made::pdf(&rows("1,087.50"))), format!("Pdf   [100.00 > 1087.50]\n{entries}"));
    let unproven = format!("Pdf   [100.00 > 1087.51]\n{entries}Unproven @p1:1\nBalanceDiffers @p1:1\n");
    assert_eq!(show(&made::pdf(&rows("1,087.51"))), unproven);
}
