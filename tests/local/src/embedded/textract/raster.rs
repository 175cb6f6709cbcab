//! A file as ink on paper.

use std::io::{Cursor, Read};

use memchr::memmem::{find, find_iter};
use png::{ColorType, Decoder, Transformations};

/// Pixels of each side ("Set Quotas": "less than or equal to 10000 pixels on all sides").
const SIDE_PIXELS_MAX: u32 = 10_000;
/// Pixels that are looked at in all.
const PIXELS_MAX: usize = 75_000_000;

/// Brightness of each pixel, row by row.
#[derive(Default)]
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    luma: Vec<u8>,
}

/// Why a file is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// None of the kinds Textract takes.
    Unsupported,
    /// It cannot be opened.
    Bad,
    /// Too many pixels.
    TooLarge,
}

impl Raster {
    /// The pages of a file.
    pub(super) fn pages_of(file: &[u8]) -> Result<Vec<Self>, Unseen> {
        match file {
            [0x89, b'P', b'N', b'G', ..] => of_png(file).map(|page| vec![page]),
            [b'%', b'P', b'D', b'F', ..] => of_pdf(file),
            [0xff, 0xd8, 0xff, ..] | [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Ok(vec![Self::default()]),
            _ => Err(Unseen::Unsupported),
        }
    }

    fn checked(width: usize, height: usize, luma: Vec<u8>) -> Result<Self, Unseen> {
        if luma.len() == width * height { Ok(Self { width, height, luma }) } else { Err(Unseen::Bad) }
    }

    /// How dark a pixel is; paper lies around the picture.
    pub(super) fn darkness(&self, x: usize, y: usize) -> u8 {
        let inside = x < self.width && y < self.height;
        if inside { 255 - self.luma[y * self.width + x] } else { 0 }
    }
}

fn of_png(file: &[u8]) -> Result<Raster, Unseen> {
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| Unseen::Bad)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > SIDE_PIXELS_MAX || height > SIDE_PIXELS_MAX {
        return Err(Unseen::TooLarge);
    }
    let bytes = reader.output_buffer_size().filter(|bytes| *bytes <= PIXELS_MAX * 4).ok_or(Unseen::TooLarge)?;
    let mut pixels = vec![0; bytes];
    let frame = reader.next_frame(&mut pixels).map_err(|_| Unseen::Bad)?;
    let luma = match frame.color_type {
        ColorType::Grayscale => pixels,
        ColorType::GrayscaleAlpha => pixels.chunks_exact(2).map(|pixel| pixel[0]).collect(),
        ColorType::Rgb => pixels.chunks_exact(3).map(gray).collect(),
        ColorType::Rgba => pixels.chunks_exact(4).map(gray).collect(),
        ColorType::Indexed => return Err(Unseen::Bad),
    };
    Raster::checked(frame.width as usize, frame.height as usize, luma)
}

fn gray(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    u8::try_from((red * 299 + green * 587 + blue * 114) / 1000).unwrap_or(u8::MAX)
}

/// The pages of a PDF, each of which is one grey picture; they lie in the file in their order.
fn of_pdf(file: &[u8]) -> Result<Vec<Raster>, Unseen> {
    let pages = find_iter(file, b"/Type /Page").filter(|at| file.get(at + 11) != Some(&b's')).count();
    let mut found =
        find_iter(file, b"/Subtype /Image").map(|start| of_image(&file[start..])).collect::<Result<Vec<_>, _>>()?;
    found.resize_with(pages.max(1), Raster::default);
    Ok(found)
}

fn of_image(rest: &[u8]) -> Result<Raster, Unseen> {
    let stream = find(rest, b"stream\n").ok_or(Unseen::Bad)?;
    let end = find(&rest[stream..], b"\nendstream").ok_or(Unseen::Bad)?;
    let head = String::from_utf8_lossy(&rest[..stream]).into_owned();
    let number = |name: &str| {
        let digits = head.split(name).nth(1)?.trim_start();
        digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<usize>().ok()
    };
    let (width, height) = number("/Width").zip(number("/Height")).ok_or(Unseen::Bad)?;
    let packed = &rest[stream + 7..stream + end];
    let mut luma = Vec::new();
    let most = u64::try_from(PIXELS_MAX).unwrap_or(u64::MAX);
    flate2::read::ZlibDecoder::new(packed).take(most).read_to_end(&mut luma).map_err(|_| Unseen::Bad)?;
    Raster::checked(width, height, luma)
}
