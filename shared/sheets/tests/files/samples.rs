//! Workbooks for the tests of this crate, built in memory, and seeded numbers.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook that is like Excel's until a test changes a part of it.
pub struct Book {
    pub parts: Vec<(String, Vec<u8>)>,
}

/// Name, attributes and `sheetData` with what follows, for each sheet.
pub fn sheets(sheets: &[(&str, &str, &str)]) -> Book {
    let numbered = || sheets.iter().enumerate().map(|(at, sheet)| (at + 1, sheet));
    let list: String = numbered()
        .map(|(at, (name, attributes, _))| {
            format!(r#"<sheet name="{name}" sheetId="{at}" r:id="rId{at}" {attributes}/>"#)
        })
        .collect();
    let links: String = numbered()
        .map(|(at, _)| link(&format!("rId{at}"), "worksheet", &format!("worksheets/sheet{at}.xml")))
        .collect();
    let links = format!(
        "{links}{}{}",
        link("rId91", "styles", "styles.xml"),
        link("rId92", "sharedStrings", "/xl/sharedStrings.xml")
    );
    let mut book = Book { parts: Vec::new() };
    book.set("[Content_Types].xml", "<Types/>");
    book.set("_rels/.rels", &relationships(&link("rId1", "officeDocument", "xl/workbook.xml")));
    book.set(
        "xl/workbook.xml",
        &format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{KINDS}"><sheets>{list}</sheets></workbook>"#),
    );
    book.set("xl/_rels/workbook.xml.rels", &relationships(&links));
    // Style 1 is a date everywhere, 2 by its code, 3 a time.
    book.set(
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\/mm\/yyyy"/></numFmts><cellStyleXfs><xf numFmtId="14"/>
        </cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/></cellXfs>
        </styleSheet>"#,
    );
    book.set("xl/sharedStrings.xml", "<sst/>");
    for (at, (_, _, content)) in numbered() {
        let xml =
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}"><cols/>{content}</worksheet>"#);
        book.set(&format!("xl/worksheets/sheet{at}.xml"), &xml);
    }
    book
}

/// One sheet with these rows.
pub fn book(rows: &str) -> Book {
    sheets(&[("Sheet1", "", &format!("<sheetData>{rows}</sheetData>"))])
}

pub fn link(id: &str, kind: &str, target: &str) -> String {
    format!(r#"<Relationship Id="{id}" Type="{KINDS}/{kind}" Target="{target}"/>"#)
}

pub fn relationships(links: &str) -> String {
    format!("<Relationships>{links}</Relationships>")
}

/// An inline text at the next place.
pub fn text(text: &str) -> String {
    format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)
}

impl Book {
    /// Adds a part, or puts it in another's place.
    pub fn set(&mut self, name: &str, content: &str) -> &mut Self {
        self.parts.retain(|(other, _)| other != name);
        self.parts.push((name.to_owned(), content.as_bytes().to_vec()));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.parts {
            zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

/// Numbers that a seed gives again: splitmix64.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// The same bytes with some changed, cut out or doubled.
    pub fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + self.below(6) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.extend_from_within(at..end),
                _ => bytes[at..end].iter_mut().for_each(|byte| *byte ^= self.0 as u8),
            }
        }
        bytes
    }
}
