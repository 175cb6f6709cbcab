//! From one decision to the next: what closes a request, what brings it back, what a person's word survives.

use crate::world::{World, all_told};

/// Decides once with the books as they were, and again as they are.
#[track_caller]
fn check(before: &str, after: &str, expected: &[&str]) {
    let first = World::new(before).decide(None);
    let second = World::new(after).decide(Some(&first));
    assert_eq!(all_told(&second), expected, "{before} -> {after}");
    let third = World::new(after).decide(Some(&second));
    assert_eq!(all_told(&third), expected, "and again: {after}");
}

const LINE: &str = "line L1 A 2026-10-10 -9.00 finance | FERN";
const BILL: &str = "bill B1 9.00 due=2026-10-10 number=SUP-9912 contact=Fern";

#[test]
fn m7_a_request_closes_when_a_document_is_linked() {
    let document = "document:07070707-0707-4707-8707-070707070707";
    check(
        LINE,
        "line L1 A 2026-10-10 -9.00 finance document | FERN",
        &[&format!("L1 closed document_linked {document}")],
    );
}

#[test]
fn m7_a_request_closes_when_the_entry_has_a_document_or_the_line_is_reconciled_with_one() {
    let entry = "entry E1 A 2026-10-10 -9.00";
    check(
        &format!("{LINE}\n{entry}"),
        &format!("{LINE}\n{entry} attached"),
        &["L1 closed entry_documented bank_transaction:e1"],
    );
    let reconciled =
        "line L1 A 2026-10-10 -9.00 finance reconciled links=p1 | FERN\npayment P1 A 2026-10-10 -9.00 of=B1";
    check(LINE, &format!("{reconciled} documented"), &["L1 closed reconciled payment:p1"]);
    check(LINE, reconciled, &["L1 requested attachment:p1"]);
    let own = "line E1 A 2026-10-10 -9.00 ledger links=e1\nentry E1 A 2026-10-10 -9.00";
    check(own, &format!("{own} attached"), &["E1 closed entry_documented bank_transaction:e1"]);
}

#[test]
fn m7_a_request_closes_when_its_line_is_gone() {
    check(LINE, "line L1 A 2026-10-10 -9.00 finance deleted", &["L1 closed line_gone"]);
    check(LINE, "line L1 A 2026-10-10 -9.00 finance duplicate", &["L1 closed line_gone"]);
    check("line L1 A 2026-10-10 -9.00 needed", "line L1 A 2026-10-10 -9.00 deleted needed", &["L1 closed line_gone"]);
}

#[test]
fn m8_what_only_fits_leaves_a_request_out_and_does_not_close_it() {
    check(LINE, &format!("{LINE}\n{BILL}"), &["L1 bill_fits bill:b1"]);
    check(LINE, &format!("{LINE}\nrule R1 | fern"), &["L1 no_document_needed R1"]);
    check(
        LINE,
        &format!("{LINE}\nline L2 B 2026-10-10 9.00"),
        &["L1 transfer_pair line:L2", "L2 transfer_pair line:L1"],
    );
}

#[test]
fn m8_a_request_comes_back_with_the_reason_when_its_evidence_is_gone() {
    let with = |rest: &str| format!("{LINE}\n{rest}");
    for (before, after, words) in [
        (BILL.to_owned(), format!("{BILL} voided"), "The bill SUP-9912 of Fern is VOIDED now."),
        (
            BILL.to_owned(),
            format!("{BILL} paid"),
            "The bill SUP-9912 of Fern is paid now, and this line is not known to have paid it.",
        ),
        (BILL.to_owned(), String::new(), "What spoke for the line is no longer in the books."),
        (
            BILL.to_owned(),
            "bill B1 8.00 due=2026-10-10 number=SUP-9912".to_owned(),
            "The bill SUP-9912 over 8.00 GBP, due 2026-10-10 no longer fits the line.",
        ),
        (
            "entry E1 A 2026-10-10 -9.00 attached".to_owned(),
            String::new(),
            "What spoke for the line is no longer in the books.",
        ),
        (
            "payment P1 A 2026-10-10 -9.00 documented".to_owned(),
            String::new(),
            "What spoke for the line is no longer in the books.",
        ),
        ("transfer T1 2026-10-10 9.00 A B".to_owned(), String::new(), "Xero has no transfer for the line any more."),
        ("rule R1 | fern".to_owned(), String::new(), "No rule leaves the line out any more."),
        ("smallest 10.00".to_owned(), String::new(), "By the settings of today the line needs a document."),
    ] {
        check(&with(&before), &with(&after), &[&format!("L1 requested again: {words}")]);
    }
    check(
        &with("entry E1 A 2026-10-10 -9.00 attached"),
        &with("entry E1 A 2026-10-10 -9.00"),
        &["L1 requested attachment:e1 again: The bank transaction of -9.00 GBP on 2026-10-10 no longer has a file."],
    );
    check(
        &with("payment P1 A 2026-10-10 -9.00 documented of=B1\nbill B1 9.00 due=2026-10-10 attached paid"),
        &with("payment P1 A 2026-10-10 -9.00 of=B1\nbill B1 9.00 due=2026-10-10 paid"),
        &["L1 requested attachment:b1 again: The payment of -9.00 GBP on 2026-10-10 no longer has a file."],
    );
    check(
        &with("line L2 B 2026-10-10 9.00"),
        LINE,
        &["L1 requested again: The other side of the transfer is no longer free for it."],
    );
    check(
        "line L1 A 2026-10-10 9.00",
        "line L1 A 2026-10-10 9.00\nneeds money_in",
        &["L1 requested again: By the settings of today the line needs a document."],
    );
    check(
        "line L1 A 2026-10-10 -9.00 deleted",
        "line L1 A 2026-10-10 -9.00",
        &["L1 requested again: The line is there again."],
    );
}

#[test]
fn m8_a_bill_that_another_line_paid_no_longer_speaks_for_this_one() {
    check(
        &format!("{LINE}\n{BILL}"),
        &format!("{LINE}\nline L2 A 2026-10-10 -9.00 finance | FERN | SUP-9912\n{BILL}"),
        &["L1 requested taken:b1 again: What spoke for the line speaks for line L2 now.", "L2 bill_fits bill:b1"],
    );
    check(
        &format!("{LINE}\n{BILL}"),
        &format!(
            "line L1 A 2026-10-10 -9.00 finance links=p1 | FERN\npayment P1 A 2026-10-10 -9.00 of=B1\n{BILL} paid"
        ),
        &["L1 requested attachment:b1 again: The bill SUP-9912 of Fern is paid by this line, and has no file."],
    );
}

#[test]
fn m8_a_bill_that_fits_another_line_now_is_told_also_where_only_the_amount_agrees() {
    let bill = "bill B1 9.00 due=2026-10-10";
    check(
        &format!("line L1 A 2026-10-10 -9.00\n{bill}"),
        &format!("line L1 A 2026-10-10 -8.00\nline L2 A 2026-10-10 -9.00\n{bill}"),
        &["L1 requested again: What spoke for the line speaks for line L2 now.", "L2 bill_fits bill:b1"],
    );
}

#[test]
fn m8_of_two_equal_lines_the_one_that_had_the_bill_keeps_it() {
    let far = "line L2 A 2026-10-08 -9.00 finance | FERN";
    check(
        &format!("{far}\n{BILL}"),
        &format!("{LINE}\n{far}\n{BILL}"),
        &["L1 requested taken:b1", "L2 bill_fits bill:b1"],
    );
    let pair = "line L3 B 2026-10-08 9.00";
    check(
        &format!("{far}\n{pair}"),
        &format!("line L1 A 2026-10-08 -9.00 finance | FERN\n{far}\n{pair}"),
        &["L1 requested", "L2 transfer_pair line:L3", "L3 transfer_pair line:L2"],
    );
}

#[test]
fn m7_what_was_closed_comes_back_when_its_proof_is_gone() {
    let entry = "entry E1 A 2026-10-10 -9.00";
    let bare = World::new(&format!("{LINE}\n{entry}"));
    let full = World::new(&format!("{LINE}\n{entry} attached"));
    let closed = full.decide(Some(&bare.decide(None)));
    let told = all_told(&bare.decide(Some(&closed)));
    assert_eq!(
        told,
        ["L1 requested attachment:e1 again: The bank transaction of -9.00 GBP on 2026-10-10 no longer has a file."]
    );
    let linked = World::new("line L1 A 2026-10-10 -9.00 finance document").decide(None);
    let told = all_told(&World::new(LINE).decide(Some(&linked)));
    assert_eq!(told, ["L1 requested again: The document is no longer linked."]);
    let gone = World::new("line L1 A 2026-10-10 -9.00 deleted").decide(Some(&World::new(LINE).decide(None)));
    assert_eq!(all_told(&World::new(LINE).decide(Some(&gone))), ["L1 requested again: The line is there again."]);
}

#[test]
fn m10_a_request_by_hand_stays_through_every_later_decision() {
    let needed = "line L1 A 2026-10-10 -9.00 finance needed | FERN";
    let excluded = format!("{LINE}\n{BILL}");
    let asked = "L1 requested by_hand again: A person asked for the document.";
    check(&excluded, &format!("{needed}\n{BILL}"), &[asked]);
    let first = World::new(&excluded).decide(None);
    let mut last = World::new(&format!("{needed}\n{BILL}")).decide(Some(&first));
    for world in [
        format!("{needed}\n{BILL}\nentry E1 A 2026-10-10 -9.00 attached"),
        format!("{needed}\nrule R1 | fern"),
        "line L1 A 2026-10-10 -9.00 finance reconciled links=e1 needed\nentry E1 A 2026-10-10 -9.00 attached"
            .to_owned(),
        format!("{needed}\ntransfer T1 2026-10-10 9.00 A B\nsmallest 100.00"),
    ] {
        last = World::new(&world).decide(Some(&last));
        assert_eq!(all_told(&last), [asked], "{world}");
    }
    let taken_back = World::new(LINE).decide(Some(&last));
    assert_eq!(all_told(&taken_back), ["L1 requested"], "the reason goes with what it was the reason for");
    let linked = World::new("line L1 A 2026-10-10 -9.00 finance needed document").decide(Some(&last));
    assert!(all_told(&linked)[0].starts_with("L1 closed document_linked"), "until a document is there");
}

#[test]
fn m10_what_a_person_excluded_stays_and_comes_back_when_taken_back() {
    let unneeded = "line L1 A 2026-10-10 -9.00 finance unneeded | FERN";
    check(LINE, unneeded, &["L1 by_hand"]);
    check(unneeded, &format!("{unneeded}\n{BILL}\nneeds money_in"), &["L1 by_hand"]);
    check(unneeded, LINE, &["L1 requested again: The decision that no document is needed was taken back."]);
}
