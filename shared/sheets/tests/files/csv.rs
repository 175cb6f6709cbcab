//! CSV files.

use sheets::{Limits, SheetError};

use crate::{at, check, read_all, refused, refused_by};

#[test]
fn x6_a_csv_is_rows_of_text_cells() {
    check("id,amount\nS-1,83.33\n", "1: id | amount\n2: S-1 | 83.33");
    check("id,amount\r\nS-1,\"1,000.00\"\r\n", "1: id | amount\n2: S-1 | 1,000.00");
    check("id\rS-1\rS-2", "1: id\n2: S-1\n3: S-2");
    check("id,b\n\"say \"\"hi\"\"\",", "1: id | b\n2: say \"hi\"");
    check("id,b\n5\" pipe,x", "1: id | b\n2: 5\" pipe | x");
}

#[test]
fn x6_rows_are_numbered_as_a_spreadsheet_numbers_them() {
    check("\nid,b\n\n\"two\nlines\",x\n,,\nS-2,y", "2: id | b\n4: two\nlines | x\n6: S-2 | y");
}

#[test]
fn x6_the_header_says_the_delimiter() {
    check("id;amount\nS-1;83,33", "1: id | amount\n2: S-1 | 83,33");
    check("id\tamount, net\ttax\nS-1\t83\tx", "1: id | amount, net | tax\n2: S-1 | 83 | x");
    check("id;\"a,b,c,d\"\nS-1;x", "1: id | a,b,c,d\n2: S-1 | x");
    check("sep=;\r\nid,a;b\r\nx;y", "2: id,a | b\n3: x | y");
    check("id\nS-1", "1: id\n2: S-1");
    refused("id;amount,net\nS-1;x,y", SheetError::DelimiterUnclear);
}

#[test]
fn x6_any_encoding_that_spreadsheets_save_is_read() {
    let expected = "1: id | Büro €\n2: S-1 | x";
    let text = "id,Büro €\nS-1,x";
    check(text, expected);
    check(["\u{feff}", text].concat(), expected);
    let units: Vec<u16> = ["\u{feff}", text].concat().encode_utf16().collect();
    check(units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>(), expected);
    check(units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>(), expected);
    check(b"id,B\xfcro \x80\nS-1,x", expected);
}

#[test]
fn x6_a_quotation_mark_out_of_place_is_refused_with_its_cell() {
    refused("id,b\nx,\"open\nS-2,y\n", SheetError::QuoteUnclosed { cell: at("B2") });
    refused("id,b\nx,\"a\"b\n", SheetError::QuoteStray { cell: at("B2") });
    refused("id,b\nx, \"a,b\"\n", SheetError::QuoteStray { cell: at("B2") });
}

#[test]
fn x6_what_is_no_text_is_refused() {
    refused("", SheetError::Empty);
    refused("\n , \n\n", SheetError::Empty);
    refused(b"id,b\n\0\x01\x02", SheetError::NotASheet);
    refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", SheetError::NotASheet);
    refused(b"id,\x81", SheetError::NotASheet);
    refused(b"id,B\xc3\xbcro,\xfc", SheetError::EncodingsMixed);
    refused(b"\xff\xfea", SheetError::NotASheet);
    refused(b"\xff\xfe\x00\xd8", SheetError::NotASheet);
    refused(b"\xef\xbb\xbf\xff", SheetError::NotASheet);
}

#[test]
fn x6_every_limit_of_a_csv_is_held() {
    let bytes_max = Limits::default().file_bytes_max;
    assert!(read_all(&vec![b'a'; bytes_max + 1]) == Err(SheetError::FileTooLarge { bytes_max }));
    assert!(read_all("id\n".repeat(20_001).as_bytes()).is_ok());
    refused("x\n".repeat(20_002), SheetError::RowsTooMany { rows_max: 20_000 });
    refused("x\n".repeat(1_000_000), SheetError::RowsTooMany { rows_max: 20_000 });
    refused("\n".repeat(1_048_577), SheetError::RowsTooMany { rows_max: 20_000 });
    check(format!("id{}\n", ",".repeat(70)), "1: id");
    let columns_max = 50;
    refused(format!("id{}x\n", ",".repeat(50)), SheetError::ColumnsTooMany { cell: at("AY1"), columns_max });
    let long = SheetError::CellTooLong { cell: at("A2"), chars_max: 4_000 };
    assert!(read_all(format!("id\n{}", "é".repeat(4_000)).as_bytes()).is_ok());
    refused(format!("id\n{}", "é".repeat(4_001)), long);
    refused(format!("id\n\"{}\"", "é".repeat(4_001)), long);
    refused(format!("id\n\"{}\"", "\"\"".repeat(100_000)), long);
    let small = |limits: &mut Limits| limits.text_bytes_max = 5;
    refused_by(small, "id\nabcd", SheetError::TextTooLarge { bytes_max: 5 });
}
