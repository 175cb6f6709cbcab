//! Each rule, alone and against the ones before and behind it.

use crate::check;
use crate::world::World;

#[test]
fn m7_a_line_for_which_nothing_speaks_is_requested() {
    check("line L1 A 2026-10-05 -62.40 | FERN", &["L1 requested"]);
    check("line L1 A 2026-10-05 -62.40 finance | FERN", &["L1 requested"]);
    check("line E1 A 2026-10-05 -62.40 ledger links=e1 | FERN\nentry E1 A 2026-10-05 -62.40", &["E1 requested"]);
}

#[test]
fn x1_what_is_gone_at_the_bank_is_left_out_before_anything_else() {
    check("line L1 A 2026-10-05 -62.40 deleted needed | FERN", &["L1 gone_at_source"]);
    check("line L1 A 2026-10-05 -62.40 duplicate | FERN\nrule R1 | FERN", &["L1 gone_at_source"]);
}

#[test]
fn m10_a_person_decides_before_every_rule_and_a_document_before_the_person() {
    check("line L1 A 2026-10-05 -62.40 needed | FERN\nrule R1 | FERN", &["L1 requested by_hand"]);
    check("line L1 A 2026-10-05 -62.40 unneeded | FERN", &["L1 by_hand"]);
    let document = "document:07070707-0707-4707-8707-070707070707";
    check("line L1 A 2026-10-05 -62.40 needed document | FERN", &[&format!("L1 closed document_linked {document}")]);
    let world = World::new("line L1 A 2026-10-05 -62.40 unneeded | FERN");
    let verdict = serde_json::to_value(world.decide(None)).unwrap();
    assert_eq!(verdict["L1"]["evidence"]["words"], "A person decided that no document is needed: says Robin");
}

#[test]
fn x1_a_rule_of_the_workspace_leaves_out_and_says_which() {
    check(
        "line L1 A 2026-10-05 -62.40 | FÉRN Bank\nrule R0 | alder\nrule R1 | fern\nrule R2 | bank",
        &["L1 no_document_needed R1"],
    );
}

#[test]
fn x1_two_own_accounts_with_opposite_amounts_are_a_transfer() {
    check(
        "line L1 A 2026-10-05 -500.00\nline L2 B 2026-10-08 500.00",
        &["L1 transfer_pair line:L2", "L2 transfer_pair line:L1"],
    );
    check("line L1 A 2026-10-05 -500.00\nline L2 B 2026-10-09 500.00", &["L1 requested", "L2 money_in"]);
    check("line L1 A 2026-10-05 -500.00\nline L2 A 2026-10-05 500.00", &["L1 requested", "L2 money_in"]);
    check("line L1 A 2026-10-05 -500.00\nline L2 B 2026-10-05 -500.00", &["L1 requested", "L2 requested"]);
    check("line L1 A 2026-10-05 -500.00\nline L2 B 2026-10-05 500.00 eur", &["L1 requested", "L2 money_in"]);
    check("line L1 A 2026-10-05 -500.00\nline L2 B 2026-10-05 500.01", &["L1 requested", "L2 money_in"]);
}

#[test]
fn x1_each_line_of_a_pair_is_used_once_nearest_dates_first() {
    check(
        "line L1 A 2026-10-05 -9.00\nline L2 B 2026-10-07 9.00\nline L3 C 2026-10-06 9.00",
        &["L1 transfer_pair line:L3", "L2 money_in", "L3 transfer_pair line:L1"],
    );
    check(
        "line L1 A 2026-10-05 -9.00\nline L2 A 2026-10-05 -9.00\nline L3 B 2026-10-05 9.00",
        &["L1 transfer_pair line:L3", "L2 requested", "L3 transfer_pair line:L1"],
    );
}

#[test]
fn x1_what_is_something_else_already_is_no_side_of_a_transfer() {
    let came_in = "line L2 B 2026-10-05 9.00";
    for (line, told) in [
        ("deleted", "L1 gone_at_source"),
        ("needed", "L1 requested by_hand"),
        ("document", "L1 closed document_linked document:07070707-0707-4707-8707-070707070707"),
        ("finance links=x", "L1 requested record:x"),
        ("ledger overpayment links=l1", "L1 overpayment"),
        ("ledger links=l1", "L1 documented bank_transaction:l1"),
    ] {
        let entry = if told.contains("documented") { "entry L1 A 2026-10-05 -9.00 attached" } else { "" };
        check(&format!("line L1 A 2026-10-05 -9.00 {line}\n{came_in}\n{entry}"), &[told, "L2 money_in"]);
    }
    // Of two lines that need no other reason, neither uses the other up.
    check(
        "line L1 A 2026-10-05 -9.00 unneeded\nline L2 B 2026-10-05 9.00 unneeded\nline L3 B 2026-10-06 9.00",
        &["L1 by_hand", "L2 by_hand", "L3 transfer_pair line:L1"],
    );
    // A side that a rule left out is one all the same: the other side has no other reason.
    check(
        &format!("line L1 A 2026-10-05 -9.00 | SAVE\nrule R1 | save\n{came_in}"),
        &["L1 no_document_needed R1", "L2 transfer_pair line:L1"],
    );
}

#[test]
fn x1_a_transfer_in_xero_is_recognised_by_type_by_link_and_by_fit() {
    check(
        "line T1-out A 2026-10-05 -9.00 ledger transfer links=t1-out",
        &["T1-out recorded_transfer bank_transaction:t1-out"],
    );
    let transfer = "transfer T1 2026-10-05 9.00 A B";
    check(
        &format!("line L1 A 2026-10-29 -9.00 finance links=t1-out\n{transfer}"),
        &["L1 recorded_transfer transfer:t1 bank_transaction:t1-out"],
    );
    check(
        &format!("line L1 B 2026-10-08 9.00\n{transfer}"),
        &["L1 recorded_transfer transfer:t1 bank_transaction:t1-in"],
    );
    check(&format!("line L1 A 2026-10-09 -9.00\n{transfer}"), &["L1 requested"]);
    check(&format!("line L1 B 2026-10-05 -9.00\n{transfer}"), &["L1 requested"]);
    let linked = |id: &str| format!("line {id} A 2026-10-29 -9.00 finance links=t1-out\n");
    check(
        &format!("{}{}{transfer}", linked("L1"), linked("L2")),
        &["L1 recorded_transfer transfer:t1 bank_transaction:t1-out", "L2 requested taken:t1-out"],
    );
    check(&format!("line E2 A 2026-10-05 -9.00 ledger links=e2\n{transfer}"), &["E2 requested"]);
    // A transfer in Xero has its other side: what arrives elsewhere is none of it.
    check(
        &format!("line L1 A 2026-10-05 -9.00\nline L2 C 2026-10-05 9.00\n{transfer}"),
        &["L1 recorded_transfer transfer:t1 bank_transaction:t1-out", "L2 money_in"],
    );
    // One side speaks for one line.
    check(
        &format!("line L1 A 2026-10-06 -9.00\nline L2 A 2026-10-05 -9.00\n{transfer}"),
        &["L1 requested taken:t1-out", "L2 recorded_transfer transfer:t1 bank_transaction:t1-out"],
    );
    check(
        &format!("line L1 A 2026-10-05 -9.00 finance links=t1-out\nline L2 A 2026-10-05 -9.00\n{transfer}"),
        &["L1 recorded_transfer transfer:t1 bank_transaction:t1-out", "L2 requested taken:t1-out"],
    );
}

#[test]
fn m8_a_line_that_belongs_to_entries_with_documents_needs_none() {
    let line = "line L1 A 2026-10-05 -9.00 finance reconciled";
    check(
        &format!("{line} links=e1\nentry E1 A 2026-10-05 -9.00 attached reconciled"),
        &["L1 documented bank_transaction:e1"],
    );
    check(&format!("{line} links=e1\nentry E1 A 2026-10-05 -9.00 reconciled"), &["L1 requested attachment:e1"]);
    check(
        &format!("{line} links=p1,e1\nentry E1 A 2026-10-05 -4.00 attached\npayment P1 A 2026-10-05 -5.00 documented"),
        &["L1 documented payment:p1 bank_transaction:e1"],
    );
    check(
        &format!("{line} links=p1,e1\nentry E1 A 2026-10-05 -4.00 attached\npayment P1 A 2026-10-05 -5.00"),
        &["L1 requested attachment:p1"],
    );
    check(&format!("{line} links=e1,x9\nentry E1 A 2026-10-05 -9.00 attached"), &["L1 requested record:x9"]);
    check(&format!("{line} links=b1\nbill B1 9.00 due=2026-10-05 paid attached"), &["L1 documented bill:b1"]);
    check(
        "line E1 A 2026-10-05 -9.00 ledger links=e1\nentry E1 A 2026-10-05 -9.00 attached",
        &["E1 documented bank_transaction:e1"],
    );
}

#[test]
fn m8_what_is_linked_is_not_guessed_at_and_told_once() {
    let line = "line L1 A 2026-10-05 -9.00 finance reconciled";
    let bill = "bill B1 9.00 due=2026-10-05 attached";
    check(&format!("{line} links=e1\nentry E1 A 2026-10-05 -9.00\n{bill}"), &["L1 requested attachment:e1"]);
    check(&format!("{line} links=x9,x9"), &["L1 requested record:x9"]);
    check(&format!("{line} links=b1\n{bill}\ntaken bill b1 L0"), &["L1 documented bill:b1"]);
}

#[test]
fn m8_one_entry_speaks_for_one_line_and_a_bill_paid_twice_for_both_payments() {
    let lines = "line L1 A 2026-10-05 -9.00 finance links=E1\nline L2 A 2026-10-05 -9.00 finance links=E1";
    check(
        &format!("{lines}\nentry E1 A 2026-10-05 -9.00 attached"),
        &["L1 documented bank_transaction:e1", "L2 requested taken:e1"],
    );
    check(
        &format!("{lines}\nbill E1 9.00 due=2026-10-05 attached paid"),
        &["L1 documented bill:e1", "L2 documented bill:e1"],
    );
}

#[test]
fn m8_paid_ahead_has_the_document_it_is_used_on_unless_the_workspace_wants_more() {
    for kind in ["overpayment", "prepayment"] {
        let text = format!("line E1 A 2026-10-05 -9.00 ledger {kind} links=e1\nentry E1 A 2026-10-05 -9.00");
        check(&text, &[&format!("E1 {kind}")]);
        check(&format!("{text}\nneeds advances"), &["E1 requested"]);
        check(&format!("{text} attached"), &["E1 documented bank_transaction:e1"]);
    }
}

#[test]
fn m8_an_entry_with_a_document_that_fits_speaks_for_a_line() {
    let line = "line L1 A 2026-10-08 -9.00 finance | FERN";
    check(&format!("{line}\nentry E1 A 2026-10-01 -9.00 attached"), &["L1 entry_fits bank_transaction:e1"]);
    check(&format!("{line}\nentry E1 A 2026-10-15 -9.00 attached"), &["L1 entry_fits bank_transaction:e1"]);
    check(&format!("{line}\npayment P1 A 2026-10-08 -9.00 documented"), &["L1 entry_fits payment:p1"]);
    for (entry, told) in [
        ("entry E1 A 2026-09-30 -9.00 attached", "L1 requested"),
        ("entry E1 A 2026-10-16 -9.00 attached", "L1 requested"),
        ("entry E1 B 2026-10-08 -9.00 attached", "L1 requested"),
        ("entry E1 A 2026-10-08 9.00 attached", "L1 requested"),
        ("entry E1 A 2026-10-08 -9.00 attached eur", "L1 requested"),
        ("entry E1 A 2026-10-08 -9.01 attached", "L1 requested"),
        ("entry E1 A 2026-10-08 -9.00", "L1 requested attachment:e1"),
        ("payment P1 A 2026-10-08 -9.00", "L1 requested attachment:p1"),
    ] {
        check(&format!("{line}\n{entry}"), &[told]);
    }
}

#[test]
fn m8_a_reconciled_entry_fits_only_where_the_source_cannot_tell_whose_it_is() {
    let entry = "entry E1 A 2026-10-08 -9.00 attached reconciled";
    check(&format!("line L1 A 2026-10-08 -9.00 finance\n{entry}"), &["L1 requested"]);
    check(&format!("line L1 A 2026-10-08 -9.00\n{entry}"), &["L1 entry_fits bank_transaction:e1"]);
    // Money that is an entry of its own is not another entry's.
    check(
        &format!("line E2 A 2026-10-08 -9.00 ledger links=e2\nentry E2 A 2026-10-08 -9.00\n{entry}"),
        &["E2 requested"],
    );
}

#[test]
fn m8_a_line_is_not_excused_by_its_neighbours_entry() {
    let entries = "entry E1 A 2026-10-05 -9.00\nentry E2 A 2026-10-08 -9.00 attached";
    check(
        &format!("line L1 A 2026-10-05 -9.00\nline L2 A 2026-10-08 -9.00\n{entries}"),
        &["L1 requested attachment:e1", "L2 entry_fits bank_transaction:e2"],
    );
    // A name outweighs a nearer date.
    check(
        "line L1 A 2026-10-05 -9.00 | ALDER RAIL\nentry E1 A 2026-10-05 -9.00 attached contact=Fern\n\
         entry E2 A 2026-10-09 -9.00 attached contact=Alder_Rail_Ltd",
        &["L1 entry_fits bank_transaction:e2"],
    );
    check(
        "line L1 A 2026-10-05 -9.00\nline L2 A 2026-10-06 -9.00\nentry E1 A 2026-10-06 -9.00 attached",
        &["L1 requested taken:e1", "L2 entry_fits bank_transaction:e1"],
    );
}

#[test]
fn m8_an_unpaid_bill_that_fits_speaks_for_a_line_with_or_without_a_file() {
    let line = "line L1 A 2026-10-10 -62.40 | FERN SUPPLIES LTD | | sup 9912";
    for bill in ["due=2026-10-20", "due=2026-10-20 attached", "due=2026-10-20 contact=Fern_Supplies number=SUP-9912"] {
        check(&format!("{line}\nbill B1 62.40 {bill}"), &["L1 bill_fits bill:b1"]);
    }
    for (bill, told) in [
        ("bill B1 62.40 due=2026-10-20 paid", "L1 requested"),
        ("bill B1 62.40 due=2026-10-20 voided", "L1 requested"),
        ("bill B1 62.41 due=2026-10-20", "L1 requested"),
        ("bill B1 62.40 due=2026-10-20 eur", "L1 requested"),
        ("bill B1 62.40 due=2026-10-20 credit", "L1 requested"),
    ] {
        check(&format!("{line}\n{bill}"), &[told]);
    }
    check(
        "line L1 A 2026-10-10 20.00 | FERN\nbill C1 20.00 due=2026-10-10 credit contact=Fern",
        &["L1 bill_fits credit_note:c1"],
    );
    check(
        "line E1 A 2026-10-10 -20.00 ledger links=e1 | FERN\nentry E1 A 2026-10-10 -20.00\nbill B1 20.00 due=2026-10-10",
        &["E1 bill_fits bill:b1"],
    );
}

#[test]
fn m8_a_bill_fits_from_sixty_days_before_its_due_date_to_ten_after_by_number_to_a_hundred_and_twenty() {
    let told = |line: &str, expected: &str| {
        check(&format!("line L1 A {line}\nbill B1 9.00 due=2026-06-30 contact=Fern number=SUP-9912"), &[expected]);
    };
    told("2026-05-01 -9.00 | X", "L1 bill_fits bill:b1");
    told("2026-04-30 -9.00 | X", "L1 requested");
    told("2026-04-30 -9.00 | X | SUP-9912", "L1 requested");
    told("2026-07-10 -9.00 | X", "L1 bill_fits bill:b1");
    told("2026-07-11 -9.00 | X", "L1 requested date:b1");
    told("2026-07-11 -9.00 | FERN", "L1 requested date:b1");
    told("2026-10-28 -9.00 | X | SUP-9912", "L1 bill_fits bill:b1");
    told("2026-10-29 -9.00 | X | SUP-9912", "L1 requested");
}

#[test]
fn m8_a_credit_note_is_paid_back_from_ten_days_before_its_date_to_sixty_after() {
    let told = |line: &str, expected: &str| {
        check(
            &format!("line L1 A {line} 9.00 | X | CN-0042\nbill C1 9.00 due=2026-06-30 credit contact=Fern"),
            &[expected],
        );
    };
    told("2026-06-20", "L1 bill_fits credit_note:c1");
    told("2026-06-19", "L1 money_in");
    told("2026-08-29", "L1 bill_fits credit_note:c1");
    told("2026-08-30", "L1 money_in");
    check(
        "line L1 A 2026-10-28 9.00 | X | CN-0042\nbill C1 9.00 due=2026-06-30 credit number=CN-0042",
        &["L1 bill_fits credit_note:c1"],
    );
}

#[test]
fn m8_what_a_line_belongs_to_is_no_other_lines_even_without_a_document() {
    let entries = "entry E1 A 2026-10-05 -9.00\nentry E2 A 2026-10-08 -9.00 attached";
    check(
        &format!("line L1 A 2026-10-05 -9.00 finance links=e1\nline L2 A 2026-10-05 -9.00 finance\n{entries}"),
        &["L1 requested attachment:e1", "L2 entry_fits bank_transaction:e2"],
    );
    // An entry that is a line of its own still speaks for the bank's line of the same money.
    let line = "line L1 B 2026-10-08 -9.00 finance links=e2";
    check(
        &format!("line E2 A 2026-10-08 -9.00 ledger links=e2\n{line}\n{entries}"),
        &["E2 documented bank_transaction:e2", "L1 documented bank_transaction:e2"],
    );
}

#[test]
fn m8_a_file_is_missed_where_it_belongs_at_what_a_payment_pays() {
    let bill = "bill B1 9.00 due=2026-10-05 paid";
    let line = "line L1 A 2026-10-05 -9.00 finance";
    let payment = "payment P1 A 2026-10-05 -9.00 of=B1";
    check(&format!("{line} links=p1\n{payment}\n{bill}"), &["L1 requested attachment:b1"]);
    check(&format!("{line}\n{payment}\n{bill}"), &["L1 requested attachment:b1"]);
    check(&format!("{line} links=p1\n{payment} documented\n{bill} attached"), &["L1 documented payment:p1 bill:b1"]);
    check(&format!("{line}\n{payment} documented\n{bill} attached"), &["L1 entry_fits payment:p1 bill:b1"]);
}

#[test]
fn m8_an_amount_alone_is_not_enough_where_several_have_it() {
    let bills = "bill B1 9.00 due=2026-10-10 contact=Fern\nbill B2 9.00 due=2026-10-12 contact=Alder number=INV-0042";
    check(&format!("line L1 A 2026-10-10 -9.00 | X\n{bills}"), &["L1 requested certainty:b1 certainty:b2"]);
    check(&format!("line L1 A 2026-10-10 -9.00 | ALDER\n{bills}"), &["L1 bill_fits bill:b2"]);
    check(&format!("line L1 A 2026-10-10 -9.00 | FERN | inv 0042\n{bills}"), &["L1 bill_fits bill:b2"]);
    // Two lines and one bill: nobody can tell which of them it is.
    check(
        "line L1 A 2026-10-10 -9.00\nline L2 A 2026-10-10 -9.00\nbill B1 9.00 due=2026-10-10",
        &["L1 requested certainty:b1", "L2 requested certainty:b1"],
    );
    // What a better line has taken leaves the others their own.
    check(
        &format!("line L1 A 2026-10-10 -9.00 | X\nline L2 A 2026-10-10 -9.00 | ALDER\n{bills}"),
        &["L1 bill_fits bill:b1", "L2 bill_fits bill:b2"],
    );
    check(
        "line L1 A 2026-10-10 -9.00 | X\nline L2 A 2026-10-10 -9.00 | FERN\nbill B1 9.00 due=2026-10-10 contact=Fern",
        &["L1 requested taken:b1", "L2 bill_fits bill:b1"],
    );
}

#[test]
fn m8_one_bill_speaks_for_one_line_the_stronger_then_the_nearer() {
    let bill = "bill B1 9.00 due=2026-10-10 contact=Fern number=INV-0042";
    check(
        &format!("line L1 A 2026-10-10 -9.00 | FERN\nline L2 A 2026-09-10 -9.00 | X | INV-0042\n{bill}"),
        &["L1 requested taken:b1", "L2 bill_fits bill:b1"],
    );
    check(
        &format!("line L1 A 2026-10-08 -9.00 | FERN\nline L2 A 2026-10-09 -9.00 | FERN\n{bill}"),
        &["L1 requested taken:b1", "L2 bill_fits bill:b1"],
    );
    check(&format!("line L1 A 2026-10-10 -9.00 | FERN\n{bill}\ntaken bill b1 L0"), &["L1 requested taken:b1"]);
    check(&format!("line L1 A 2026-10-10 -9.00 | X\n{bill}\ntaken bill b1 L0"), &["L1 requested taken:b1"]);
    check(&format!("line L1 A 2026-10-10 -9.00 | FERN\n{bill}\ntaken bill b1 L1"), &["L1 bill_fits bill:b1"]);
}

#[test]
fn m8_a_monthly_supplier_is_served_month_by_month() {
    let bills = "bill B1 9.00 due=2026-08-31 contact=Fern\nbill B2 9.00 due=2026-09-30 contact=Fern";
    let lines =
        "line L1 A 2026-08-31 -9.00 | FERN\nline L2 A 2026-09-30 -9.00 | FERN\nline L3 A 2026-10-31 -9.00 | FERN";
    check(
        &format!("{lines}\n{bills}"),
        &["L1 bill_fits bill:b1", "L2 bill_fits bill:b2", "L3 requested date:b1 date:b2"],
    );
}

#[test]
fn m8_every_rule_comes_before_the_next() {
    let line = "line L1 A 2026-10-10 -9.00 | FERN";
    let rule = "rule R1 | fern";
    let transfer = "transfer T1 2026-10-10 9.00 A B";
    let pair = "line L2 B 2026-10-10 9.00 unneeded";
    let entry = "entry E1 A 2026-10-10 -9.00 attached";
    let bill = "bill B1 9.00 due=2026-10-10 contact=Fern";
    let smallest = "smallest 100.00";
    let all = [rule, transfer, pair, entry, bill, smallest];
    let first = [
        "no_document_needed R1",
        "recorded_transfer transfer:t1 bank_transaction:t1-out",
        "transfer_pair line:L2",
        "entry_fits bank_transaction:e1",
        "bill_fits bill:b1",
        "below_minimum",
    ];
    for (at, told) in first.iter().enumerate() {
        let text = format!("{line}\n{}", all[at..].join("\n"));
        let told = format!("L1 {told}");
        let other = if at <= 2 { vec![told.as_str(), "L2 by_hand"] } else { vec![told.as_str()] };
        check(&text, &other);
    }
}

#[test]
fn x1_small_amounts_money_in_and_nothing_at_all_are_the_last_reasons() {
    check("line L1 A 2026-10-10 -4.99\nsmallest 5.00", &["L1 below_minimum"]);
    check("line L1 A 2026-10-10 -5.00\nsmallest 5.00", &["L1 requested"]);
    check("line L1 A 2026-10-10 -4.99 eur\nsmallest 5.00", &["L1 requested"]);
    check("line L1 A 2026-10-10 4.99\nsmallest 5.00", &["L1 below_minimum"]);
    check("line L1 A 2026-10-10 5.00", &["L1 money_in"]);
    check("line L1 A 2026-10-10 5.00\nneeds money_in", &["L1 requested"]);
    check("line L1 A 2026-10-10 0.00\nneeds money_in", &["L1 moves_nothing"]);
    check("line L1 A 2026-10-10 0.00\nbill C1 0.00 due=2026-10-10 credit", &["L1 moves_nothing"]);
}

#[test]
fn m9_evidence_is_in_words_a_bookkeeper_reads() {
    let world = World::new(
        "line L1 A 2026-10-10 -62.40 | FERN SUPPLIES\nbill B1 62.40 due=2026-10-20 contact=Fern_Supplies number=SUP-9912",
    );
    let verdict = serde_json::to_value(world.decide(None)).unwrap();
    let expected = serde_json::json!({"L1": {
        "state": "excluded", "rule": "bill_fits", "evidence": {
            "records": [{"kind": "bill", "id": "b1"}],
            "words": "The bill SUP-9912 of Fern Supplies over 62.40 GBP, due 2026-10-20 is in Xero and unpaid, and has no file \
                yet. Its contact's name stands in the line.",
        },
    }});
    assert_eq!(verdict, expected);
    let world = World::new("line L1 A 2026-10-10 -9.00\nbill B1 9.00 due=2026-10-20\nbill B2 9.00 due=2026-10-20");
    let verdict = serde_json::to_value(world.decide(None)).unwrap();
    assert_eq!(
        verdict["L1"],
        serde_json::json!({
            "state": "requested", "why": "nothing_speaks_for_it", "near_left_out": 0, "near": [
                {"lacks": "certainty", "record": {"kind": "bill", "id": "b1"},
                 "words": "The bill over 9.00 GBP, due 2026-10-20 agrees in nothing but the amount, and 2 documents have it."},
                {"lacks": "certainty", "record": {"kind": "bill", "id": "b2"},
                 "words": "The bill over 9.00 GBP, due 2026-10-20 agrees in nothing but the amount, and 2 documents have it."},
            ],
        })
    );
}
