//! Files that are small outside and large inside, and every bound that stops them.

use sheets::{Limits, Part, SheetError};

use crate::samples::{Book, book, link, relationships, text};
use crate::{at, cell, check, refused, refused_by};

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn with_sheet(content: &str) -> Book {
    let mut book = book("");
    book.set(SHEET, content);
    book
}

/// Writes another size over the one that is declared for a part, in the file's directory and before the part.
fn lying(mut bytes: Vec<u8>, part: &str, declared: u32) -> Vec<u8> {
    for (head, name, size) in [(b"PK\x01\x02", 46, 24), (b"PK\x03\x04", 30, 22)] {
        let begins = |at: &usize| bytes[*at..].starts_with(head) && bytes[at + name..].starts_with(part.as_bytes());
        let entry = (0..bytes.len() - part.len() - name).find(begins).unwrap();
        bytes[entry + size..entry + size + 4].copy_from_slice(&declared.to_le_bytes());
    }
    bytes
}

#[test]
fn x6_a_bomb_is_refused_before_it_is_inflated() {
    let spaces = |count| with_sheet(&format!("<worksheet>{}</worksheet>", " ".repeat(count))).bytes();
    let bytes_max = 64 << 20;
    let bomb = spaces(bytes_max + 1);
    assert!(bomb.len() < 100_000);
    let too_large = SheetError::PartTooLarge { part: Part::Worksheet, bytes_max: bytes_max as u64 };
    refused(&bomb, too_large);
    let huge = lying(spaces(10), SHEET, u32::MAX - 1);
    refused(huge, too_large);
}

#[test]
fn x6_a_bomb_that_lies_about_its_size_is_refused() {
    for content in [" ".repeat(1 << 20), "<!-- -->".repeat(100_000)] {
        let honest = with_sheet(&format!("<worksheet>{content}</worksheet>")).bytes();
        refused(lying(honest, SHEET, 100), SheetError::ZipBroken);
    }
}

#[test]
fn x6_all_parts_together_have_a_bound() {
    let comments = format!("<worksheet>{}</worksheet>", "<!-- -->".repeat(100_000));
    let small = |limits: &mut Limits| limits.package_bytes_max = 100_000;
    refused_by(small, with_sheet(&comments).bytes(), SheetError::PackageTooLarge { bytes_max: 100_000 });
}

#[test]
fn x6_a_million_rows_are_refused() {
    let cell = r#"<row><c t="str"><v>x</v></c></row>"#;
    let rows = format!("<worksheet><sheetData>{}</sheetData></worksheet>", cell.repeat(1_000_000));
    refused(with_sheet(&rows).bytes(), SheetError::RowsTooMany { rows_max: 20_000 });
}

#[test]
fn x6_rows_that_are_only_formatted_do_not_count() {
    let row = r#"<row><c s="1"/></row>"#.repeat(30_000);
    check(book(&format!("<row>{}</row>{row}<row>{}</row>", text("a"), text("b"))).bytes(), "1: a\n30002: b");
}

#[test]
fn x6_pieces_depth_and_lists_have_bounds() {
    let deep = format!("<worksheet>{}", "<a>".repeat(100_000));
    refused(with_sheet(&deep).bytes(), SheetError::XmlTooDeep(Part::Worksheet));
    let runs = format!("<c t=\"inlineStr\"><is>{}", "<r>".repeat(100_000));
    refused(cell(&runs), SheetError::XmlTooDeep(Part::Worksheet));
    let attributes = format!("<worksheet {}/>", "a='' ".repeat(200_000));
    refused(with_sheet(&attributes).bytes(), SheetError::XmlPieceTooLong(Part::Worksheet));
    let long = format!("<c t=\"str\"><v>{}</v></c>", "x".repeat(1 << 20));
    refused(cell(&long), SheetError::XmlPieceTooLong(Part::Worksheet));
    let long = format!("<c t=\"str\"><v>{}</v></c>", "x".repeat(4_001));
    refused(cell(&long), SheetError::CellTooLong { cell: at("A2"), chars_max: 4_000 });
    let pieces = format!("<c t=\"str\"><v>{}</v></c>", "<![CDATA[xxxxxxxxxxxxxxxx]]>".repeat(100_000));
    refused(cell(&pieces), SheetError::CellTooLong { cell: at("A2"), chars_max: 4_000 });
    let wide = r#"<c r="AY2"><v>1</v></c>"#;
    refused(cell(wide), SheetError::ColumnsTooMany { cell: at("AY2"), columns_max: 50 });
}

#[test]
fn x6_texts_and_styles_of_a_workbook_have_bounds() {
    let mut book = book(&format!("<row>{}</row>", text("one")));
    book.set("xl/sharedStrings.xml", "<sst><si><t>abcd</t></si><si><t>efgh</t></si></sst>");
    let one_string = |limits: &mut Limits| limits.shared_strings_max = 1;
    refused_by(one_string, book.bytes(), SheetError::StringsTooMany { strings_max: 1 });
    let five_bytes = |limits: &mut Limits| limits.text_bytes_max = 5;
    refused_by(five_bytes, book.bytes(), SheetError::TextTooLarge { bytes_max: 5 });
    let two_styles = |limits: &mut Limits| limits.styles_max = 2;
    refused_by(two_styles, book.bytes(), SheetError::StylesTooMany { styles_max: 2 });
    // One long text named by many cells is counted as often as it is named.
    let cells = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(3_000);
    book.set("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", "x".repeat(4_000)));
    book.set(SHEET, &format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"));
    refused(book.bytes(), SheetError::TextTooLarge { bytes_max: 8 << 20 });
}

#[test]
fn x6_parts_and_links_of_a_workbook_have_bounds() {
    let mut many = book(&format!("<row>{}</row>", text("one")));
    let too_many = SheetError::PartsTooMany { parts_max: 2_000 };
    many.set("xl/_rels/workbook.xml.rels", &relationships(&link("a", "worksheet", "b").repeat(2_001)));
    refused(many.bytes(), too_many);
    let sheets: String = "<sheet name='a' id='b'/>".repeat(2_001);
    many.set("xl/workbook.xml", &format!("<workbook><sheets>{sheets}</sheets></workbook>"));
    refused(many.bytes(), too_many);
    for at in 0..2_000 {
        many.parts.push((format!("xl/media/{at}"), Vec::new()));
    }
    refused(many.bytes(), too_many);
    let mut long = book("");
    let comments = "<!-- -->".repeat(600_000);
    long.set("xl/workbook.xml", &format!("<workbook>{comments}</workbook>"));
    refused(long.bytes(), SheetError::PartTooLarge { part: Part::Workbook, bytes_max: 4 << 20 });
}

#[test]
fn x6_an_unused_long_text_disturbs_nobody() {
    let mut book = book(&format!("<row>{}</row>", text("one")));
    book.set("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", "x".repeat(32_767)));
    check(book.bytes(), "1: one");
}

/// The same file with a directory's end in 64 bits that declares so many entries.
fn long_directory(bytes: &[u8], entries: u64) -> Vec<u8> {
    let (body, end) = bytes.split_at(bytes.len() - 22);
    let field = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let mut long = body.to_vec();
    long.extend(b"PK\x06\x06");
    long.extend(44_u64.to_le_bytes());
    long.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [entries, entries, field(12), field(16)] {
        long.extend(number.to_le_bytes());
    }
    long.extend(b"PK\x06\x07\0\0\0\0");
    long.extend((body.len() as u64).to_le_bytes());
    long.extend([1, 0, 0, 0]);
    long.extend(b"PK\x05\x06\0\0\0\0");
    long.extend([0xff; 12]);
    long.extend([0, 0]);
    long
}

#[test]
fn x6_a_directory_that_counts_in_64_bits_is_read_and_may_not_lie() {
    let book = book(&format!("<row>{}</row>", text("one")));
    let entries = book.parts.len() as u64;
    check(long_directory(&book.bytes(), entries), "1: one");
    for lie in [2_001, 5_000_000, u64::MAX] {
        refused(long_directory(&book.bytes(), lie), SheetError::PartsTooMany { parts_max: 2_000 });
    }
    refused(long_directory(&book.bytes(), entries + 1), SheetError::ZipBroken);
}
