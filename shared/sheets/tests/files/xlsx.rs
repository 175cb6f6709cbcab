//! XLSX files, good and refused.

use sheets::{Part, SheetError};

use crate::samples::{Book, book, link, relationships, sheets, text};
use crate::{at, cell, check, read_all, refused};

/// Excel's mark in a file under a password, in UTF-16.
const ENCRYPTED_PACKAGE: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

#[test]
fn x6_an_xlsx_is_rows_of_text_cells() {
    let rows = r#"<row r="2" spans="1:3"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>
        <row r="3"/><row><c s="1"/><c r="B4"><v>83.330000000000013</v></c><c t="b"><v>1</v></c></row>
        <row r="9"><c r="A9" t="str"><v>plain</v></c><c s="2"><v>46053</v></c><c s="3"><v>0.5</v></c>
        <c t="inlineStr"><is><r><t>in</t></r><r><rPr><b/></rPr><t xml:space="preserve"> line</t></r></is></c>
        <c t="d"><v>2026-01-31T00:00:00</v></c></row>"#;
    let mut book = book(rows);
    book.set(
        "xl/sharedStrings.xml",
        r#"<sst count="2"><si><t>id</t></si><si><r><t>A&amp;</t></r><rPh sb="0" eb="1"><t>no</t></rPh><r><t>&#66;_x0041_</t></r>
        <phoneticPr fontId="1"/></si></sst>"#,
    );
    let expected = "2: id |  | A&BA\n4:  | (83.33) | {TRUE}\n9: plain | <2026-01-31> | (0.5) | in line | <2026-01-31>";
    check(book.bytes(), expected);
}

#[test]
fn x6_dates_count_from_1904_where_the_workbook_says_so() {
    let mut book = book(&format!(r#"<row>{}</row><row><c s="1"><v>44591</v></c></row>"#, text("h")));
    let links =
        r#"<workbook xmlns:r="x"><workbookPr date1904="1"/><sheets><sheet name="a" r:id="rId1"/></sheets></workbook>"#;
    book.set("xl/workbook.xml", links);
    check(book.bytes(), "1: h\n2: <2026-01-31>");
}

#[test]
fn x6_prefixes_byte_order_marks_and_cdata_change_nothing() {
    let mut book = book("");
    book.set(
        "xl/worksheets/sheet1.xml",
        "\u{feff}<?xml version=\"1.0\"?><!-- c --><x:worksheet xmlns:x=\"y\"><x:sheetData><x:row><x:c t=\"str\">\
         <x:v><![CDATA[a<b]]>&gt;</x:v></x:c></x:row></x:sheetData></x:worksheet>",
    );
    check(book.bytes(), "1: a<b>");
}

#[test]
fn x6_a_formula_is_refused_with_its_cell() {
    let formula = SheetError::Formula { cell: at("B2") };
    refused(cell(r#"<c r="B2"><f>SUM(A1:A9)</f><v>3</v></c>"#), formula);
    refused(cell(r#"<c r="B2"><f t="shared" si="0"/><v>3</v></c>"#), formula);
    refused(cell(r#"<c r="B2" t="str"><f>A1</f></c>"#), formula);
    assert_eq!(formula.to_string(), "cell B2 holds a formula: replace it by its value");
}

#[test]
fn x6_a_cell_that_cannot_be_taken_exactly_is_refused_with_its_place() {
    refused(cell(r#"<c r="B2" t="e"><v>#REF!</v></c>"#), SheetError::ErrorCell { cell: at("B2") });
    refused(cell(r#"<c r="B2" s="1"><v>60</v></c>"#), SheetError::NoSuchDate { cell: at("B2") });
    refused(cell(r#"<c r="B2"><v>1E+300</v></c>"#), SheetError::NumberOutOfRange { cell: at("B2") });
    for broken in [
        r#"<c r="B2"><v>12,5</v></c>"#,
        r#"<c r="B2" t="s"><v>7</v></c>"#,
        r#"<c r="B2" t="s"><v>-1</v></c>"#,
        r#"<c r="B2" t="b"><v>2</v></c>"#,
        r#"<c r="B2" t="d"><v>soon</v></c>"#,
        r#"<c r="B2" t="odd"><v>1</v></c>"#,
    ] {
        refused(cell(broken), SheetError::CellBroken { cell: at("B2") });
    }
}

#[test]
fn x6_places_that_go_backwards_are_refused() {
    for rows in [
        r#"<row r="2"/><row r="2"/>"#,
        r#"<row r="2"/><row r="1"/>"#,
        r#"<row r="2"/><row r="1048577"/>"#,
        r#"<row r="3"><c r="B3"/><c r="A3"/></row>"#,
        r#"<row r="3"><c r="B3"/><c r="B3"/></row>"#,
        r#"<row r="3"><c r="A4"/></row>"#,
        r#"<row r="3"><c r="XFE3"/></row>"#,
        r#"<row r="3"><c r="3"/></row>"#,
    ] {
        let error = read_all(&book(rows).bytes()).unwrap_err();
        assert!(matches!(error, SheetError::CellBroken { .. }), "{rows}: {error}");
    }
}

#[test]
fn x6_merged_cells_over_the_table_are_refused_and_others_are_not() {
    let merged = |range: &str| {
        let row = |number| format!(r#"<row r="{number}"><c r="B{number}" t="str"><v>x</v></c></row>"#);
        let merges = format!(r#"<mergeCells count="1"><mergeCell ref="{range}"/></mergeCells>"#);
        sheets(&[("a", "", &format!("<sheetData>{}{}</sheetData>{merges}", row(2), row(4)))]).bytes()
    };
    for range in ["A3:B3", "B1:B9", "B4:D7", "A1:Z99"] {
        refused(merged(range), SheetError::Merged { range: range.parse().unwrap() });
    }
    for beside in ["A1:Z1", "C2:D4", "A5:B6", "A2:A4"] {
        check(merged(beside), "2:  | x\n4:  | x");
    }
    refused(merged("B?"), SheetError::XmlBroken(Part::Worksheet));
    let early = r#"<mergeCells><mergeCell ref="A1:B1"/></mergeCells><sheetData><row><c><v>1</v></c></row></sheetData>"#;
    refused(sheets(&[("a", "", early)]).bytes(), SheetError::XmlBroken(Part::Worksheet));
}

#[test]
fn x6_one_sheet_is_meant() {
    let sheet = |word: &str| format!("<sheetData><row>{}</row></sheetData>", text(word));
    let (one, two) = (sheet("one"), sheet("two"));
    refused(sheets(&[("a", "", &one), ("b", "", &two)]).bytes(), SheetError::SheetsUnclear(2));
    check(sheets(&[("a", "", &one), ("b", "", "<sheetData/>")]).bytes(), "1: one");
    check(sheets(&[("a", "", &one), ("schedules", "", &two)]).bytes(), "1: two");
    check(sheets(&[("a", r#"state="hidden""#, &one), ("b", "", &two)]).bytes(), "1: two");
    check(sheets(&[("Schedules", r#"state="veryHidden""#, &one), ("b", "", &two)]).bytes(), "1: two");
    refused(sheets(&[("a", r#"state="hidden""#, &one)]).bytes(), SheetError::Empty);
    refused(sheets(&[("a", "", "<sheetData/>")]).bytes(), SheetError::Empty);
    refused(sheets(&[]).bytes(), SheetError::Empty);
    let formula = "<sheetData><row><c><f>1</f></c></row></sheetData>";
    refused(sheets(&[("a", "", &one), ("b", "", formula)]).bytes(), SheetError::SheetsUnclear(2));
}

#[test]
fn x6_charts_and_links_to_other_files_are_passed_over() {
    let mut book = book(&format!("<row>{}</row>", text("one")));
    let outside =
        r#"<Relationship Id="rId1" Type="x/worksheet" Target="https://example.com/x" TargetMode="External"/>"#;
    let links = [
        outside,
        &link("rId2", "worksheet", "./../xl/worksheets/sheet1.xml"),
        &link("rId3", "chartsheet", "chartsheets/sheet1.xml"),
        &link("rId4", "externalLink", "externalLinks/externalLink1.xml"),
    ];
    book.set("xl/_rels/workbook.xml.rels", &relationships(&links.concat()));
    let sheet = |at| format!(r#"<sheet name="{at}" r:id="rId{at}"/>"#);
    let list = format!("<workbook><sheets>{}{}{}</sheets></workbook>", sheet(1), sheet(2), sheet(3));
    book.set("xl/workbook.xml", &list);
    check(book.bytes(), "1: one");
}

#[test]
fn x6_other_formats_are_refused_by_their_names() {
    let ole = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    refused([&ole[..], &[0; 600]].concat(), SheetError::OldExcel);
    refused([&ole[..], &[0; 600], ENCRYPTED_PACKAGE, &[0; 9]].concat(), SheetError::Encrypted);
    let one = || book(&format!("<row>{}</row>", text("one")));
    refused(one().set("xl/vbaProject.bin", "x").bytes(), SheetError::Macros);
    refused(one().set("xl/macrosheets/sheet1.xml", "x").bytes(), SheetError::Macros);
    let ods = |name: &str| Book { parts: vec![(name.to_owned(), b"<x/>".to_vec())] };
    refused(ods("content.xml").bytes(), SheetError::NotAWorkbook);
    let mut binary = one();
    binary.set("_rels/.rels", &relationships(&link("rId1", "officeDocument", "xl/workbook.bin")));
    refused(binary.bytes(), SheetError::NotAWorkbook);
    refused(one().set("_rels/.rels", &relationships("")).bytes(), SheetError::NotAWorkbook);
}

#[test]
fn x6_an_encrypted_part_is_refused() {
    let mut bytes = book(&format!("<row>{}</row>", text("one"))).bytes();
    for (head, flags) in [(b"PK\x01\x02", 8), (b"PK\x03\x04", 6)] {
        let starts: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(head)).collect();
        starts.into_iter().for_each(|at| bytes[at + flags] |= 1);
    }
    refused(bytes, SheetError::Encrypted);
}

#[test]
fn x6_a_part_of_the_wrong_kind_is_refused() {
    let one = || book(&format!("<row>{}</row>", text("one")));
    for (name, part) in [
        ("_rels/.rels", Part::Links),
        ("xl/workbook.xml", Part::Workbook),
        ("xl/_rels/workbook.xml.rels", Part::Links),
        ("xl/styles.xml", Part::Styles),
        ("xl/sharedStrings.xml", Part::SharedStrings),
        ("xl/worksheets/sheet1.xml", Part::Worksheet),
    ] {
        refused(one().set(name, "<html/>").bytes(), SheetError::WrongRoot(part));
        refused(one().set(name, "").bytes(), SheetError::XmlBroken(part));
        refused(one().set(name, "\0\u{1}junk").bytes(), SheetError::XmlBroken(part));
        refused(one().set(name, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").bytes(), SheetError::Entities(part));
    }
    for cut in ["<worksheet>", "<worksheet><sheetData><row><c><v>1", "<worksheet></worksheets>", "<worksheet><a b=c"] {
        refused(one().set("xl/worksheets/sheet1.xml", cut).bytes(), SheetError::XmlBroken(Part::Worksheet));
    }
    refused(cell("<c t=\"str\"><v>&bomb;</v></c>"), SheetError::Entities(Part::Worksheet));
    refused(cell("<c t=\"&bomb;\"><v>1</v></c>"), SheetError::Entities(Part::Worksheet));
    let mut missing = one();
    missing.parts.retain(|(name, _)| name != "xl/worksheets/sheet1.xml");
    refused(missing.bytes(), SheetError::ZipBroken);
}

#[test]
fn x6_a_damaged_file_is_refused() {
    let bytes = book(&format!("<row>{}</row>", text("one"))).bytes();
    for length in 4..bytes.len() {
        assert!(read_all(&bytes[..length]).is_err(), "cut after {length}");
    }
    refused(&bytes[..bytes.len() - 30], SheetError::ZipBroken);
}
