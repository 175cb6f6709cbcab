//! Files with bytes changed, cut out and doubled.

use sheets::SheetError;

use crate::samples::{Book, Seeded, sheets};
use crate::{check, read_all};

#[test]
fn x6_changed_bytes_never_panic() {
    let csv = "id;amount\r\n\"S-1\";\"1,000.00\"\r\n\r\nS-2;\"two\nlines\"\r\nBüro;€\r\n".as_bytes();
    let book = samples_book();
    let workbook = book.bytes();
    for seed in 0..3_000 {
        let mut seeded = Seeded(seed);
        let _ = read_all(&seeded.mutate(csv));
        let _ = read_all(&seeded.mutate(&workbook));
    }
}

#[test]
fn x6_changed_xml_never_panics() {
    let book = samples_book();
    for seed in 0..2_000 {
        let mut seeded = Seeded(seed);
        let mut changed = Book { parts: book.parts.clone() };
        let at = seeded.below(changed.parts.len());
        changed.parts[at].1 = seeded.mutate(&book.parts[at].1);
        let _ = read_all(&changed.bytes());
    }
}

fn samples_book() -> Book {
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>amount</t></r></is></c></row>
        <row r="2"><c r="A2" s="1"><v>46053.25</v></c><c r="B2"><v>1.5E+2</v></c><c r="C2" t="b"><v>0</v></c></row>"#;
    let content = format!("<sheetData>{rows}</sheetData><mergeCells><mergeCell ref=\"A9:B9\"/></mergeCells>");
    let mut book = sheets(&[("Schedules", "", &content), ("b", "", "<sheetData/>")]);
    book.set("xl/sharedStrings.xml", "<sst><si><t>i_x0064_</t></si></sst>");
    book
}

#[test]
fn x6_what_is_mutated_is_good_before() {
    check(samples_book().bytes(), "1: id | amount\n2: <2026-01-31T06:00:00> | (150) | {FALSE}");
}

#[test]
fn x6_junk_behind_the_mark_of_a_zip_file_is_refused() {
    for seed in 0..500 {
        let mut seeded = Seeded(seed);
        let junk: Vec<u8> = (0..seeded.below(4_000)).map(|_| seeded.below(256) as u8).collect();
        assert_eq!(read_all(&[b"PK\x03\x04", junk.as_slice()].concat()), Err(SheetError::ZipBroken), "seed {seed}");
        let ended = [b"PK\x03\x04", junk.as_slice(), b"PK\x05\x06", &[0; 18]].concat();
        assert!(read_all(&ended).is_err(), "seed {seed}");
    }
}
