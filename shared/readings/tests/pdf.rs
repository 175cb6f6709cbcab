//! PDFs with an e-invoice inside, and bills that are text alone.

mod held;
#[path = "../../pages/tests/press/mod.rs"]
mod press;

use held::{check, reading};
use press::{Placed, attached, packed, page, pdf, plain};
use readings::problem::ProblemCode;
use readings::reading::{Kind, Method};
use readings::{Outcome, Reading, Refusal, is_encrypted, page_count, read, read_text_layer};

const XML: &str = r#"<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><b:ID>X-1</b:ID></Invoice>"#;

const ENGLISH: &[Placed<'static>] = &[
    (50, 800, "Northwind Stationery Ltd"),
    (400, 800, "INVOICE"),
    (50, 760, "Bill to"),
    (50, 748, "Example Buyer plc"),
    (350, 760, "Invoice number"),
    (450, 760, "INV-0042"),
    (350, 748, "Invoice date"),
    (450, 748, "3 March 2026"),
    (350, 736, "Due date"),
    (450, 736, "02/04/2026"),
    (50, 700, "Item"),
    (300, 700, "Qty"),
    (450, 700, "Total"),
    (50, 680, "Paper"),
    (300, 680, "4"),
    (450, 680, "25.00"),
    (350, 600, "Subtotal"),
    (450, 600, "£100.00"),
    (350, 588, "VAT 20%"),
    (450, 588, "£20.00"),
    (350, 576, "Total"),
    (450, 576, "£120.00"),
    (50, 500, "VAT Reg No: GB980780684"),
    (50, 488, "IBAN GB29 NWBK 6016 1331 9268 19"),
];

#[track_caller]
fn text(texts: &[Placed<'_>]) -> Reading {
    reading(read(&pdf(&page(texts))))
}

#[track_caller]
fn refused(bytes: &[u8]) -> Refusal {
    held::refusal(read(bytes)).code
}

#[test]
fn the_e_invoice_inside_comes_before_the_text() {
    for name in ["factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml"] {
        let found = reading(read(&attached(ENGLISH, name, XML.as_bytes())));
        assert_eq!((found.method, found.fields.number.as_ref().unwrap().value.as_str()), (Method::FacturX, "X-1"));
        assert_eq!(found.fields.number.unwrap().place, format!("{name}: Invoice/cbc:ID"));
    }
    let order = reading(read(&attached(ENGLISH, "order-x.xml", XML.as_bytes())));
    assert_eq!(order.method, Method::PdfText);
    let layer = reading(read_text_layer(&attached(ENGLISH, "factur-x.xml", XML.as_bytes())));
    assert_eq!(layer.fields.number.unwrap().value, "INV-0042");
}

#[test]
fn an_attached_e_invoice_that_cannot_be_read_is_named_and_the_text_is_read() {
    let found = reading(read(&attached(ENGLISH, "factur-x.xml", b"<!DOCTYPE a><a/>")));
    assert_eq!((found.method, found.problems[0].code), (Method::PdfText, ProblemCode::AttachmentUnreadable));
    check(&found, &[("/fields/number", "INV-0042")]);
}

#[test]
fn a_bill_of_text_is_read_by_words_and_places() {
    let found = text(ENGLISH);
    assert_eq!((found.kind, found.method), (Kind::Invoice, Method::PdfText));
    check(
        &found,
        &[
            ("/fields/number", "INV-0042"),
            ("/fields/issue_date", "2026-03-03"),
            ("/fields/due_date", "2026-04-02"),
            ("/fields/currency", "GBP"),
            ("/fields/supplier/name", "Northwind Stationery Ltd"),
            ("/fields/supplier/tax_id", "GB980780684"),
            ("/fields/buyer_name", "Example Buyer plc"),
            ("/fields/net_total", "100.00"),
            ("/fields/tax_total", "20.00"),
            ("/fields/gross_total", "120.00"),
            ("/taxes/0/percent", "20"),
            ("/fields/accounts/0", "GB29NWBK60161331926819"),
        ],
    );
    assert_eq!(found.problems, []);
    let gross = found.fields.gross_total.unwrap();
    assert!((gross.confidence, gross.place.contains("beside “Total”; net and tax make")) == (920, true), "{gross:?}");
}

#[test]
fn each_language_is_read() {
    let bills: [(&[&str], [&str; 5]); 5] = [
        (
            &[
                "Rechnung Nr. R-77",
                "Rechnungsdatum: 03.04.2026",
                "Nettobetrag 1.000,00 €",
                "zzgl. 19 % MwSt. 190,00 €",
                "Gesamtbetrag 1.190,00 €",
            ],
            ["R-77", "2026-04-03", "1000.00", "190.00", "1190.00"],
        ),
        (
            &[
                "Facture N° : F-9",
                "Date : 03/04/2026",
                "Total HT 1 000,00 €",
                "TVA 20 % 200,00 €",
                "Total TTC 1 200,00 €",
            ],
            ["F-9", "2026-04-03", "1000.00", "200.00", "1200.00"],
        ),
        (
            &[
                "Factura nº 2026/7",
                "Fecha: 3 de abril de 2026",
                "Base imponible 100,00 €",
                "IVA 21% 21,00 €",
                "Total factura 121,00 €",
            ],
            ["2026/7", "2026-04-03", "100.00", "21.00", "121.00"],
        ),
        (
            &[
                "Factuurnummer 20260012",
                "Factuurdatum 03-04-2026",
                "Subtotaal € 100,00",
                "BTW 21% € 21,00",
                "Totaal € 121,00",
            ],
            ["20260012", "2026-04-03", "100.00", "21.00", "121.00"],
        ),
        (
            &[
                "Fattura n. 12/A",
                "Data fattura 03/04/2026",
                "Imponibile € 100,00",
                "IVA 22% € 22,00",
                "Totale fattura € 122,00",
            ],
            ["12/A", "2026-04-03", "100.00", "22.00", "122.00"],
        ),
    ];
    for (lines, [number, date, net, tax, gross]) in bills {
        let placed: Vec<Placed<'_>> = (0..).zip(lines).map(|(row, line)| (50, 800 - 12 * row, *line)).collect();
        let found = text(&placed);
        let fields = [
            ("/fields/number", number),
            ("/fields/issue_date", date),
            ("/fields/net_total", net),
            ("/fields/tax_total", tax),
            ("/fields/gross_total", gross),
            ("/fields/currency", "EUR"),
        ];
        check(&found, &fields);
    }
}

#[test]
fn a_date_that_nothing_settles_is_a_problem_and_stays_doubtful() {
    let bill = |date: &'static str, more: &'static str| {
        text(&[(50, 800, "Invoice no. 7"), (50, 788, date), (50, 776, "Amount due $ 12.00"), (50, 764, more)])
    };
    let open = bill("Invoice date 03/04/2026", "Thank you for your business");
    let codes: Vec<ProblemCode> = open.problems.iter().map(|problem| problem.code).collect();
    assert!(codes.contains(&ProblemCode::DateAmbiguous), "{codes:?}");
    assert_eq!(open.fields.issue_date.unwrap().confidence, 400);
    for (date, more, expected) in [
        ("Invoice date 03/04/2026", "Due date 31/04/2026 or 28/04/2026", "2026-04-03"),
        ("Invoice date 03/04/2026", "Delivered on 03/28/2026", "2026-03-04"),
        ("Invoice date 03/04/2026", "VAT number to follow", "2026-04-03"),
    ] {
        let found = bill(date, more);
        check(&found, &[("/fields/issue_date", expected)]);
        assert!(found.problems.iter().all(|problem| problem.code != ProblemCode::DateAmbiguous), "{more}");
    }
}

#[test]
fn sums_that_disagree_are_named_and_none_is_made_up() {
    let wrong: Vec<Placed<'_>> =
        ENGLISH.iter().map(|(x, y, text)| (*x, *y, if *text == "£120.00" { "£130.00" } else { *text })).collect();
    let found = text(&wrong);
    check(&found, &[("/fields/gross_total", "130.00"), ("/fields/net_total", "100.00")]);
    let problem = found.problems.iter().find(|problem| problem.code == ProblemCode::NetPlusTaxNotGross).unwrap();
    assert_eq!(problem.words, "Net 100.00 and tax 20.00 make 120, but the document says 130.00: 10 more.");
    assert!(found.fields.gross_total.unwrap().confidence < 800);
}

#[test]
fn an_iban_whose_digits_do_not_fit_is_left_out_and_named() {
    let texts = [
        (50, 800, "Invoice no. 7 of Example"),
        (50, 788, "Total due 12.00 EUR"),
        (50, 776, "IBAN DE88 3704 0044 0532 0130 00"),
    ];
    let found = text(&texts);
    assert_eq!(found.fields.accounts, []);
    assert!(found.problems.iter().any(|problem| problem.code == ProblemCode::CheckDigits));
}

#[test]
fn values_below_the_heads_of_columns_are_found() {
    let found = text(&[
        (50, 800, "Waldmann Holzbau GmbH – Am Forst 3 – 79100 Freiburg"),
        (50, 760, "Rechnung-Nr."),
        (200, 760, "Rechnungsdatum"),
        (350, 760, "Fällig am"),
        (50, 746, "R-17"),
        (200, 746, "02.06.2026"),
        (350, 746, "16.06.2026"),
        (50, 700, "Nettobetrag"),
        (200, 700, "MwSt. 19 %"),
        (350, 700, "Gesamtbetrag"),
        (50, 686, "100,00 €"),
        (200, 686, "19,00 €"),
        (350, 686, "119,00 €"),
    ]);
    let fields = [
        ("/fields/supplier/name", "Waldmann Holzbau GmbH"),
        ("/fields/number", "R-17"),
        ("/fields/issue_date", "2026-06-02"),
        ("/fields/due_date", "2026-06-16"),
        ("/fields/net_total", "100.00"),
        ("/fields/tax_total", "19.00"),
        ("/fields/gross_total", "119.00"),
    ];
    check(&found, &fields);
    assert_eq!(found.problems, []);
}

#[test]
fn the_only_date_of_a_receipt_is_its_date_but_little_sure() {
    let found = text(&[
        (50, 800, "GREEN GROCER"),
        (50, 788, "RECEIPT"),
        (50, 776, "12 Jan 2026 10:42"),
        (50, 764, "TOTAL GBP 7.40"),
    ]);
    check(&found, &[("/fields/issue_date", "2026-01-12"), ("/fields/gross_total", "7.40")]);
    assert_eq!(found.fields.issue_date.unwrap().confidence, 400);
}

#[test]
fn credit_notes_and_receipts_are_told_from_invoices() {
    let kind = |title: &'static str| {
        text(&[(50, 800, title), (50, 788, "for Invoice 17"), (50, 776, "Total EUR 12.00 paid in cash")]).kind
    };
    assert_eq!(kind("CREDIT NOTE"), Kind::CreditNote);
    assert_eq!(kind("Gutschrift"), Kind::CreditNote);
    assert_eq!(kind("Receipt"), Kind::Receipt);
    assert_eq!(kind("Invoice"), Kind::Invoice);
}

#[test]
fn what_no_reader_can_read_has_its_own_answer() {
    assert_eq!(refused(&pdf(&page(&[]))), Refusal::ImageOnly);
    assert_eq!(refused(&pdf(&page(&[(50, 50, "Page 1 of 1")]))), Refusal::ImageOnly);
    let mut drawn = page(&[]);
    drawn[3] = packed("", format!("BT /F 10 Tf <{}> Tj ET", "0001".repeat(60)).as_bytes());
    drawn[4] = plain("<</Type/Font/Subtype/Type0/DescendantFonts[<<>>]>>");
    assert_eq!(refused(&pdf(&drawn)), Refusal::ImageOnly);
    let letter = [(50, 800, "Dear Sir or Madam,"), (50, 788, "thank you for your kind letter of last week.")];
    assert_eq!(refused(&pdf(&page(&letter))), Refusal::NotAnInvoice);
    let encrypted = [pdf(&page(ENGLISH)), b"trailer<</Root 1 0 R/Encrypt<<>>>>".to_vec()].concat();
    assert_eq!((refused(&encrypted), is_encrypted(&encrypted)), (Refusal::Encrypted, Ok(true)));
    assert_eq!(refused(b"%PDF-1.7 and nothing"), Refusal::Damaged);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n"), Refusal::ImageOnly);
    let mut many = page(ENGLISH);
    many[1] = plain(&format!("<</Kids[{}]>>", "<<>>".repeat(10_000)));
    assert_eq!((refused(&pdf(&many)), page_count(&pdf(&many))), (Refusal::TooLarge, Ok(10_000)));
    assert_eq!(page_count(b"<a/>").unwrap_err().code, Refusal::UnknownFormat);
    let mut bomb = page(ENGLISH);
    bomb[3] = packed("", &vec![b' '; 17 << 20]);
    assert_eq!(refused(&pdf(&bomb)), Refusal::TooLarge);
}

#[test]
fn text_without_an_end_is_refused_and_a_paragraph_without_one_passed_over() {
    let lines = |count: i64| {
        let lines =
            (0..count).map(|row| format!("1 0 0 1 0 {} Tm (Total 1.00 Total due Invoice no 1 VAT AB12) Tj ", row * 7));
        let mut objects = page(&[]);
        objects[3] = packed("", format!("BT /F 10 Tf {} ET", lines.collect::<String>()).as_bytes());
        read(&pdf(&objects))
    };
    assert!(matches!(lines(10_000), Outcome::Read(_)));
    assert_eq!(held::refusal(lines(60_000)).code, Refusal::TooLarge);
    // One line of words without an end: were each held against all others, this would not end either.
    let mut objects = page(&[]);
    let wide: String = (0..60_000).map(|column| format!("1 0 0 1 {} 0 Tm (Total) Tj ", column * 90)).collect();
    objects[3] = packed("", format!("BT /F 10 Tf {wide} ET").as_bytes());
    assert!(matches!(read(&pdf(&objects)), Outcome::NotReadable(_)));
    let long = "IBAN VAT Total 03/04/2026 ".repeat(50_000);
    let found = text(&[(50, 800, long.as_str()), (50, 700, "Invoice no. 7"), (50, 688, "Total due EUR 12.00")]);
    check(&found, &[("/fields/number", "7"), ("/fields/payable", "12.00")]);
}

#[test]
fn every_prefix_and_flips_of_any_byte_end_in_an_outcome() {
    let whole = attached(ENGLISH, "factur-x.xml", XML.as_bytes());
    for end in 0..whole.len() {
        let (outcome, layer) = (read(&whole[..end]), read_text_layer(&whole[..end]));
        for outcome in [outcome, layer] {
            if let Outcome::NotReadable(refusal) = outcome {
                assert_ne!(refusal.code, Refusal::ReaderFailed, "{end}");
            }
        }
    }
    let mut state = 5_u32;
    for turn in 0..500 {
        let mut bytes = whole.clone();
        for _ in 0..=turn % 4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = state as usize % bytes.len();
            bytes[at] ^= (state >> 24) as u8 | 1;
        }
        if let Outcome::NotReadable(refusal) = read_text_layer(&bytes) {
            assert_ne!(refusal.code, Refusal::ReaderFailed, "turn {turn}");
        }
    }
}

#[test]
fn x5_the_longest_stretch_that_a_line_of_the_text_speaks_of_is_what_the_bill_is_for() {
    let mut texts = ENGLISH.to_vec();
    texts.extend([
        (50, 660, "Payment window 1 Mar 2026 - 15 Mar 2026"),
        (50, 640, "Cloud hosting"),
        (200, 640, "1 Nov 2026 - 31 Oct 2027"),
    ]);
    let found = text(&texts).fields.period.unwrap();
    assert_eq!(
        (found.value.first.to_string(), found.value.last.to_string()),
        ("2026-11-01".into(), "2027-10-31".into())
    );
    assert!(found.place.contains("line"), "{}", found.place);
    assert_eq!(text(ENGLISH).fields.period, None);
}
