//! XML that attacks: each is refused by name, at once, within limits.

mod held;

use readings::{Outcome, Refusal, read};

const OPEN: &str = r#"<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">"#;

#[track_caller]
fn check(text: &str, expected: Refusal) {
    assert_eq!(held::refusal(read(text.as_bytes())).code, expected);
}

#[test]
fn a_document_type_an_entity_and_a_billion_laughs_are_refused_by_name() {
    let mut laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\">".to_owned();
    for level in 1..10 {
        laughs.push_str(&format!("<!ENTITY l{level} \"{}\">", "&lol;".repeat(10)));
    }
    check(&format!("{laughs}]>{OPEN}<cbc:ID>&l9;</cbc:ID></Invoice>"), Refusal::DtdRefused);
    check(&format!("<!DOCTYPE Invoice SYSTEM 'file:///etc/passwd'>{OPEN}</Invoice>"), Refusal::DtdRefused);
    check(&format!("{OPEN}<cbc:ID>&undefined;</cbc:ID></Invoice>"), Refusal::DtdRefused);
    check(&format!("{OPEN}<cbc:ID a='&undefined;'>1</cbc:ID></Invoice>"), Refusal::DtdRefused);
}

#[test]
fn depth_elements_attributes_namespaces_and_text_are_bounded() {
    let deep = |levels: usize| format!("{OPEN}{}{}</Invoice>", "<a>".repeat(levels), "</a>".repeat(levels));
    check(&deep(64), Refusal::TooLarge);
    assert!(matches!(read(deep(63).as_bytes()), Outcome::Read(_)));
    check(&format!("{OPEN}{}</Invoice>", "<a/>".repeat(200_000)), Refusal::TooLarge);
    let attributes: String = (0..65).map(|index| format!(" a{index}='1'")).collect();
    check(&format!("{OPEN}<a{attributes}/></Invoice>"), Refusal::TooLarge);
    check(&format!("{OPEN}<a b='{}'/></Invoice>", "x".repeat(65_537)), Refusal::TooLarge);
    check(&format!("{OPEN}<cbc:Note>{}</cbc:Note></Invoice>", "x".repeat(65_537)), Refusal::TooLarge);
    check(&format!("{OPEN}<{}/></Invoice>", "x".repeat(65_537)), Refusal::TooLarge);
    let declared = |of: usize| (0..60).map(|index| format!(" xmlns:n{of}_{index}='urn:{index}'")).collect::<String>();
    let open: String = (0..5).map(|level| format!("<a{}>", declared(level))).collect();
    check(&format!("{OPEN}{open}{}</Invoice>", "</a>".repeat(5)), Refusal::TooLarge);
    check(&format!("{OPEN}{}</Invoice>", " ".repeat(readings::XML_BYTES_MAX)), Refusal::TooLarge);
}

#[test]
fn an_attached_file_is_passed_over_however_long() {
    let file = "QUJD".repeat(1 << 20);
    let text = format!("{OPEN}<cbc:EmbeddedDocumentBinaryObject>{file}</cbc:EmbeddedDocumentBinaryObject></Invoice>");
    assert!(matches!(read(text.as_bytes()), Outcome::Read(_)));
}

#[test]
fn what_is_no_document_has_its_own_answer() {
    check("", Refusal::Empty);
    check(" \n", Refusal::Empty);
    check("hello", Refusal::UnknownFormat);
    check("PK\u{3}\u{4}", Refusal::UnknownFormat);
    check("<html><body>Invoice</body></html>", Refusal::NotAnInvoice);
    check("<Invoice>", Refusal::Damaged);
    check(OPEN, Refusal::Damaged);
    check("<", Refusal::Damaged);
    check("<a></b>", Refusal::Damaged);
    check("<a/><a/>", Refusal::Damaged);
    check("<?xml version='1.0' encoding='EBCDIC'?><a/>", Refusal::Damaged);
    let large = vec![b'<'; readings::FILE_BYTES_MAX + 1];
    assert_eq!(held::refusal(read(&large)).code, Refusal::TooLarge);
}

#[test]
fn every_prefix_and_a_flip_of_any_byte_end_in_an_outcome() {
    let line = "<cbc:ID>INV-1</cbc:ID><cbc:IssueDate>2026-03-01</cbc:IssueDate><cbc:Note>&amp;&#x41;é</cbc:Note>";
    let whole = format!("<?xml version='1.0' encoding='UTF-8'?>{OPEN}{line}<a b='c'/><![CDATA[x]]></Invoice>");
    for end in 0..whole.len() {
        assert!(matches!(read(&whole.as_bytes()[..end]), Outcome::NotReadable(_)), "{end}");
    }
    let mut state = 7_u32;
    for turn in 0..20_000 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..=turn % 3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = state as usize % bytes.len();
            bytes[at] ^= (state >> 24) as u8 | 1;
        }
        read(&bytes);
    }
}
