//! Statements made by tests: workbooks and PDFs, and how a reading is shown.
//!
//! Owns the forms of a small sound workbook and a small sound PDF. Each test spoils its own.

#![allow(dead_code, reason = "each test uses some of it")]

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use statements::{Expected, Parsed, Place};
use zip::write::{SimpleFileOptions, ZipWriter};

/// The files of our own, hand-made: no bank wrote them, and nobody in them exists.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    let mut files: Vec<_> = paths.into_iter().map(named).collect();
    files.push(("workbook".to_owned(), workbook(&rows())));
    files.push(("printed".to_owned(), printed()));
    files
}

pub fn file(name: &str) -> Vec<u8> {
    files().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// A reading in a few lines.
pub fn show(bytes: &[u8]) -> String {
    match statements::read(bytes, &Expected::default()) {
        Ok(parsed) => shown(&parsed),
        Err(refusal) => refusal.to_string(),
    }
}

pub fn shown(parsed: &Parsed) -> String {
    let mut out = String::new();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for statement in parsed.statements() {
        let balance =
            |balance: &Option<statements::Balance>| balance.map(|is| is.amount.to_string()).unwrap_or_default();
        let currency = statement.currency.map(|currency| currency.to_string()).unwrap_or_default();
        out += &format!("{:?} {} {currency} [", parsed.format, text(&statement.account));
        out += &format!("{} > {}]\n", balance(&statement.opening), balance(&statement.closing));
        for entry in &statement.entries {
            let date = entry.date.map(|date| date.to_string()).unwrap_or("no date".into());
            let amount = entry.amount.map(|amount| amount.to_string()).unwrap_or("no amount".into());
            out += &format!("{date} {amount} | {} | {} @{}\n", text(&entry.id), entry.description, at(entry.place));
        }
    }
    for problem in parsed.problems() {
        out += &format!("{:?} @{}\n", problem.code, at(problem.place));
    }
    out
}

fn at(place: Place) -> String {
    match (place.page, place.byte) {
        (Some(page), _) => format!("p{page}:{}", place.line),
        (None, Some(byte)) => format!("{}:{byte}", place.line),
        (None, None) => place.line.to_string(),
    }
}

/// A workbook of one sheet; style 1 is a date.
pub fn workbook(rows: &str) -> Vec<u8> {
    let link = |id, kind, target| format!(r#"<Relationship Id="{id}" Type="x/{kind}" Target="{target}"/>"#);
    let links = |links: String| format!("<Relationships>{links}</Relationships>");
    let book = r#"<workbook xmlns:r="x"><sheets><sheet name="Sheet1" r:id="a"/></sheets></workbook>"#.to_owned();
    let parts = [
        ("_rels/.rels", links(link("a", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", book),
        (
            "xl/_rels/workbook.xml.rels",
            links(link("a", "worksheet", "sheet1.xml") + &link("b", "styles", "styles.xml")),
        ),
        ("xl/styles.xml", r#"<styleSheet><cellXfs><xf/><xf numFmtId="14"/></cellXfs></styleSheet>"#.to_owned()),
        ("xl/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A header, and rows of a date, a text, an amount and a balance.
pub fn rows() -> String {
    let texts = |cells: [&str; 4]| cells.map(|text| format!(r#"<c t="str"><v>{text}</v></c>"#)).concat();
    let row = |date: u32, text: &str, amount: &str, balance: &str| {
        format!(
            r#"<row><c s="1"><v>{date}</v></c><c t="str"><v>{text}</v></c><c><v>{amount}</v></c><c><v>{balance}</v></c></row>"#
        )
    };
    let header = texts(["Date", "Text", "Amount", "Balance"]);
    format!("<row>{header}</row>{}{}", row(46023, "Shop", "-12.5", "87.5"), row(46054, "Pay", "1000", "1087.5"))
}

/// A printed statement of one page.
pub fn printed() -> Vec<u8> {
    let page = [
        (40, 760, "Example Bank"),
        (40, 740, "Opening balance 01/01/2026"),
        (500, 740, "100.00"),
        (40, 700, "Date"),
        (120, 700, "Details"),
        (400, 700, "Amount"),
        (500, 700, "Balance"),
        (40, 680, "13 Jan"),
        (120, 680, "Shop"),
        (400, 680, "-12.50"),
        (500, 680, "87.50"),
        (120, 668, "Card 1"),
        (40, 650, "31 Jan"),
        (120, 650, "Pay"),
        (400, 650, "1,000.00"),
        (500, 650, "1,087.50"),
        (40, 620, "Closing balance 31/01/2026"),
        (500, 620, "1,087.50"),
    ];
    pdf(&page)
}

/// A PDF of one page of texts.
pub fn pdf(texts: &[(i64, i64, &str)]) -> Vec<u8> {
    let drawn = texts.iter().map(|(x, y, text)| format!("1 0 0 1 {x} {y} Tm ({text}) Tj "));
    let page = format!("BT /F 10 Tf {}ET", drawn.collect::<String>());
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Count 1/Kids[3 0 R]/Resources<</Font<</F 5 0 R>>>>>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>stream\n{page}\nendstream", page.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.7\n");
    for (index, object) in objects.iter().enumerate() {
        out += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    (out + "trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n").into_bytes()
}
