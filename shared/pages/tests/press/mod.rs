//! PDFs for tests, written by hand: objects, streams, and pages of placed text.
//!
//! Owns the form of a small sound PDF. Each test spoils its own.

#![allow(dead_code)]

use std::io::Write as _;

/// A text at a place of a page, in points from the lower left.
pub type Placed<'t> = (i64, i64, &'t str);

/// A PDF of objects numbered from one; the first is the catalog.
pub fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    for (index, object) in objects.iter().enumerate() {
        out.extend(format!("{} 0 obj\n", index + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    out.extend(b"trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    out
}

/// An object in words.
pub fn plain(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A stream with more entries in its dictionary.
pub fn stream(entries: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("<<{entries}/Length {}>>stream\n", bytes.len()).into_bytes();
    out.extend(bytes);
    out.extend(b"\nendstream");
    out
}

/// A stream that is packed.
pub fn packed(entries: &str, bytes: &[u8]) -> Vec<u8> {
    stream(&format!("{entries}/Filter/FlateDecode"), &deflated(bytes))
}

/// Bytes as Flate packs them.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// The description of a page of texts in ten points.
pub fn description(texts: &[Placed<'_>]) -> Vec<u8> {
    let mut out = b"BT /F 10 Tf ".to_vec();
    for (x, y, text) in texts {
        out.extend(format!("1 0 0 1 {x} {y} Tm (").bytes());
        for letter in text.chars() {
            match letter {
                '(' | ')' | '\\' => out.extend([b'\\', letter as u8]),
                '€' => out.push(0x80),
                '–' => out.push(0x96),
                _ => out.push(u8::try_from(u32::from(letter)).unwrap_or(b'?')),
            }
        }
        out.extend(b") Tj ");
    }
    out.extend(b"ET");
    out
}

/// The objects of a document of one page.
pub fn page(texts: &[Placed<'_>]) -> Vec<Vec<u8>> {
    vec![
        plain("<</Type/Catalog/Pages 2 0 R>>"),
        plain("<</Type/Pages/Count 1/Kids[3 0 R]/Resources<</Font<</F 5 0 R>>>>>>"),
        plain("<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"),
        packed("", &description(texts)),
        plain("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"),
    ]
}

/// A document of one page with a file attached.
pub fn attached(texts: &[Placed<'_>], name: &str, content: &[u8]) -> Vec<u8> {
    let mut objects = page(texts);
    objects[0] = plain("<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(x) 6 0 R]>>>>/AF[6 0 R]>>");
    objects.push(plain(&format!("<</Type/Filespec/F({name})/UF({name})/AFRelationship/Data/EF<</F 7 0 R>>>>")));
    objects.push(packed("/Type/EmbeddedFile/Subtype/text#2fxml", content));
    pdf(&objects)
}
