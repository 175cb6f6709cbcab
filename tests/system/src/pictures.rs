//! Bills as pictures: lines of text drawn letter by letter, as a PNG or as a scan in a PDF; and files that are only begun.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

/// Pixels from the edge to the text, and between lines.
const MARGIN: usize = 24;
const GAP: usize = 10;

/// A sheet of paper, in grey.
pub struct Picture {
    width: usize,
    height: usize,
    luma: Vec<u8>,
}

impl Picture {
    /// Blank paper of a size in pixels.
    pub fn blank(width: usize, height: usize) -> Self {
        Self { width, height, luma: vec![u8::MAX; width * height] }
    }

    /// Lines in black, two pixels a dot.
    pub fn of(lines: &[&str]) -> Self {
        let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        let mut picture = Self::blank(2 * MARGIN + longest * 16, 2 * MARGIN + lines.len() * (16 + GAP));
        for (at, line) in lines.iter().enumerate() {
            picture.write(MARGIN, MARGIN + at * (16 + GAP), 2, 0, line);
        }
        picture
    }

    /// Draws a text: its upper left corner, pixels a dot, and how light the ink is.
    pub fn write(&mut self, left: usize, top: usize, scale: usize, ink: u8, text: &str) {
        for (at, letter) in text.chars().enumerate() {
            let shape = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter)).expect("a letter of the font");
            for (y, row) in shape.iter().enumerate() {
                for x in (0..8).filter(|x| row & (1 << x) != 0) {
                    self.dot(left + (at * 8 + x) * scale, top + y * scale, scale, ink);
                }
            }
        }
    }

    fn dot(&mut self, left: usize, top: usize, scale: usize, ink: u8) {
        for y in top..top + scale {
            self.luma[y * self.width + left..][..scale].fill(ink);
        }
    }

    /// As a PNG.
    pub fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let size = |pixels: usize| u32::try_from(pixels).unwrap();
        let mut encoder = png::Encoder::new(&mut file, size(self.width), size(self.height));
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&self.luma).unwrap();
        file
    }

    /// As so many pages of a PDF that hold nothing but the picture.
    pub fn pdf(&self, pages: usize) -> Vec<u8> {
        let pages: Vec<&Self> = (0..pages).map(|_| self).collect();
        scanned_pdf(&pages)
    }

    fn packed(&self) -> Vec<u8> {
        let (width, height) = (self.width, self.height);
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&self.luma).unwrap();
        let packed = packed.finish().unwrap();
        let head = format!(
            "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 /Filter /FlateDecode /Length {} >>\nstream\n",
            packed.len()
        );
        [head.as_bytes(), &packed, b"\nendstream"].concat()
    }
}

/// A PDF whose pages are pictures and nothing else.
pub fn scanned_pdf(pages: &[&Picture]) -> Vec<u8> {
    let count = pages.len();
    let kids: String = (0..count).map(|page| format!("{} 0 R ", 3 + 3 * page)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {count} /Kids [{kids}] >>").into_bytes(),
    ];
    for (at, picture) in pages.iter().enumerate() {
        let (width, height, drawing, image) = (picture.width, picture.height, 4 + 3 * at, 5 + 3 * at);
        let draw = format!("q {width} 0 0 {height} 0 0 cm /I Do Q");
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {drawing} 0 R \
             /Resources << /XObject << /I {image} 0 R >> >> >>"
        );
        let drawing = format!("<< /Length {} >>\nstream\n{draw}\nendstream", draw.len());
        objects.extend([page.into_bytes(), drawing.into_bytes(), picture.packed()]);
    }
    whole(&objects)
}

/// A PDF of its objects.
fn whole(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (at, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend([format!("{} 0 obj\n", at + 1).as_bytes(), object, b"\nendobj\n"].concat());
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let end = format!("xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(end.as_bytes());
    file
}

/// A bill for 100.00 and 20 % tax, as a supplier prints it.
pub const BILL: [&str; 12] = [
    "HARBOUR SUPPLIES LTD",
    "INVOICE",
    "Invoice no: H-77",
    "Date                  14 Nov 2026",
    "Due                   14/12/2026",
    "VAT no                GB123456789",
    "Item          Qty   Unit price   Amount",
    "Rope          2     £40.00       £80.00",
    "Shackle       1     £20.00       £20.00",
    "Subtotal                         £100.00",
    "VAT 20%                          £20.00",
    "Total                            £120.00",
];

/// The same under another number.
pub fn bill(number: &str) -> Picture {
    let line = format!("Invoice no: {number}");
    let lines: Vec<&str> = BILL.iter().map(|each| if each.starts_with("Invoice no") { &line } else { *each }).collect();
    Picture::of(&lines)
}

/// The beginning of a PNG of a size, which is all that is measured of it.
pub fn png_head(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend_from_slice(&width.to_be_bytes());
    file.extend_from_slice(&height.to_be_bytes());
    file.extend_from_slice(&[8, 2, 0, 0, 0, 0, 0, 0, 0]);
    file
}

/// The beginning of a GIF of a size.
pub fn gif_head(width: u16, height: u16) -> Vec<u8> {
    [&b"GIF89a"[..], &width.to_le_bytes(), &height.to_le_bytes(), &[0, 0, 0, 0x3b]].concat()
}

/// The directories of a TIFF of so many pages of a size, without any pixels.
pub fn tiff_head(pages: u32, width: u16, height: u16) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for page in 1..=pages {
        file.extend(2_u16.to_le_bytes());
        for (tag, value) in [(0x100_u16, width), (0x101, height)] {
            file.extend([&tag.to_le_bytes()[..], &[3, 0, 1, 0, 0, 0], &value.to_le_bytes(), &[0, 0]].concat());
        }
        let next = if page == pages { 0 } else { u32::try_from(file.len()).unwrap() + 4 };
        file.extend(next.to_le_bytes());
    }
    file
}
