//! Reminders, their figures and their text.

use crate::samples::{day, line};
use evidence::*;
use kernel::periods::days_after;
use kernel::{Money, MoneyError};
use reminders::digest::*;

fn request(text: &str) -> OpenRequest {
    let line = line(text);
    let account_name = Words::new(&format!("Account {}", line.account));
    OpenRequest {
        line: line.id,
        account: line.account,
        account_name,
        date: line.date,
        amount: line.amount,
        payee: line.payee,
    }
}

fn of(lines: &[&str], rows: usize) -> Digest {
    let requests: Vec<OpenRequest> = lines.iter().map(|text| request(text)).collect();
    digest(&requests, day("2026-10-31"), rows).unwrap()
}

#[track_caller]
fn check(lines: &[&str], rows: usize, expected: &str) {
    assert_eq!(of(lines, rows).text(), expected);
}

#[test]
fn x2_the_oldest_and_largest_stand_first_in_columns() {
    check(
        &[
            "L1 A 2026-10-30 -5.00 | Fern Rail",
            "L2 A 2026-07-01 -62.40 | Kestrel Botanics",
            "L3 B 2026-10-30 -1250.00 | Alder & Finch",
            "L4 A 2026-10-30 12.00 |",
        ],
        3,
        "4 documents are missing, the oldest since 122 days.\n\
         \n\
         Total       Out     In\n  \
         GBP  -1317.40  12.00\n\
         \n\
         Days        Date        Amount  Payee\n \
         122  2026-07-01    -62.40 GBP  Kestrel Botanics\n   \
         1  2026-10-30  -1250.00 GBP  Alder & Finch\n   \
         1  2026-10-30     12.00 GBP  (no name)\n\
         and 1 more\n\
         \n\
         Count  Oldest days  Account\n    \
         3          122  Account A\n    \
         1            1  Account B\n",
    );
    check(&[], 3, "No documents are missing.\n");
    let one = of(&["L1 A 2026-10-31 -5.00 | Fern"], 0).text();
    assert!(one.starts_with("1 document is missing, since today.\n") && !one.contains("Payee"), "{one}");
}

#[test]
fn x2_no_payee_breaks_the_columns() {
    let lines = [
        "L1 A 2026-10-01 -5.00 | \u{202e}gnp.exe\u{200f}\u{7}\r\n\u{1b}[31mred",
        "L2 A 2026-10-02 -5.00 | חברת החשמל",
        "L3 A 2026-10-03 -5.00 | 東京電力株式会社",
        &format!("L4 A 2026-10-04 -5.00 | {}", "x".repeat(400)),
        "L5 A 2026-10-05 -5.00 | e\u{301}\u{301}\u{301}\t\ttab",
    ];
    let text = of(&lines, 5).text();
    assert!(!text.contains(|letter: char| letter != '\n' && letter.is_control()), "{text:?}");
    assert!(!text.contains(['\u{202e}', '\u{200f}']));
    let rows: Vec<&str> = text.lines().skip(5).take(6).collect();
    for row in &rows {
        let head: String = row.chars().take("Days  2026-10-01  -5.00 GBP  ".len()).collect();
        assert!(head.is_ascii() && head.ends_with("  "), "{row}");
        assert!(row.chars().count() <= 70, "{row}");
    }
    assert!(rows[1].ends_with("gnp.exe [31mred"), "{}", rows[1]);
    assert!(rows[4].ends_with("x…"), "{}", rows[4]);
}

#[test]
fn x2_a_reminder_is_bounded_and_the_same_however_it_is_fed() {
    let many = |count: usize| {
        let date = |at: usize| days_after(day("2026-10-31"), -((at % 7) as i64));
        (0..count)
            .map(|at| request(&format!("L{at} A{} {} -{}.00 | Fern", at % 40, date(at), at % 5)))
            .collect::<Vec<_>>()
    };
    let today = day("2026-10-31");
    let mut requests = many(1_000);
    let found = digest(&requests, today, usize::MAX).unwrap();
    assert_eq!((found.rows.len(), found.rows_left_out), (ROWS_MAX, 1_000 - ROWS_MAX));
    assert_eq!((found.accounts.len(), found.accounts_left_out), (ACCOUNTS_MAX, 10));
    requests.reverse();
    assert_eq!(digest(&requests, today, usize::MAX).unwrap(), found);
    assert!(digest(&vec![requests[0].clone(); REQUESTS_MAX], today, 1).is_ok());
    assert_eq!(digest(&vec![requests[0].clone(); REQUESTS_MAX + 1], today, 1), Err(DigestError::TooMany));
    let stored = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Digest>(&stored).unwrap(), found);
}

#[test]
fn x2_currencies_are_not_mixed_a_future_line_is_of_today_and_sums_do_not_wrap() {
    let mut requests = vec![request("L1 A 2026-11-05 -5.00"), request("L2 A 2026-11-05 -7.00")];
    requests[1].amount.currency = "EUR".parse().unwrap();
    let found = digest(&requests, day("2026-10-31"), 9).unwrap();
    assert_eq!(found.totals.iter().map(|total| total.out.to_string()).collect::<Vec<_>>(), ["-7.00 EUR", "-5.00 GBP"]);
    assert_eq!(found.oldest_days, Some(0));
    requests[1].amount = Money::new(i64::MIN, requests[0].amount.currency);
    assert_eq!(digest(&requests, day("2026-10-31"), 9), Err(DigestError::Money(MoneyError::TooLarge)));
}
