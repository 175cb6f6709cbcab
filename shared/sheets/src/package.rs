//! The parts of an XLSX, which is a ZIP file.
//!
//! Owns which parts may be opened and what they may inflate to. Sizes are checked as declared, before anything is
//! inflated, and counted as it is.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::Limits;
use crate::error::{Part, SheetError};
use crate::xml::{Metered, Xml};

/// An opened workbook file.
pub(crate) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    limits: Limits,
    /// Bytes that may still be inflated.
    left: u64,
}

/// Every entry of a ZIP file's directory begins so.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// What begins the end of a directory that counts its entries in 64 bits. Some writers always make one.
const LONG_DIRECTORY_END: &[u8] = b"PK\x06\x06";

impl<'b> Package<'b> {
    pub fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, SheetError> {
        // Counted before the directory is read, since each entry takes far more memory than bytes.
        let entries = bytes.windows(DIRECTORY_ENTRY.len()).filter(|window| *window == DIRECTORY_ENTRY).count();
        if entries > limits.parts_max || declared_entries(bytes).any(|declared| declared > limits.parts_max as u64) {
            return Err(SheetError::PartsTooMany { parts_max: limits.parts_max });
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(refusal)?;
        if archive.has_duplicate_names() {
            return Err(SheetError::ZipBroken);
        }
        if archive.file_names_raw().any(holds_macros) {
            return Err(SheetError::Macros);
        }
        Ok(Self { archive, limits: *limits, left: limits.package_bytes_max })
    }

    /// A part by its name, with the root element it must have; none when there is no such part.
    pub fn part(&mut self, part: Part, name: &str, root: &str) -> Result<Option<Xml<'_, impl Read>>, SheetError> {
        let Some(at) = self.index_of(name) else { return Ok(None) };
        let inner = self.archive.by_index(at).map_err(refusal)?;
        let Limits { package_bytes_max, .. } = self.limits;
        let part_bytes_max = match part {
            Part::Links | Part::Workbook => self.limits.list_bytes_max.min(self.limits.part_bytes_max),
            _ => self.limits.part_bytes_max,
        };
        if inner.size() > part_bytes_max {
            return Err(SheetError::PartTooLarge { part, bytes_max: part_bytes_max });
        }
        let metered = Metered {
            inner,
            part,
            part_left: part_bytes_max,
            part_bytes_max,
            package_left: &mut self.left,
            package_bytes_max,
            piece_left: 0,
        };
        Xml::open(metered, root).map(Some)
    }

    /// Names of parts do not tell upper case from lower.
    fn index_of(&self, name: &str) -> Option<usize> {
        let same = |raw: &[u8]| raw.eq_ignore_ascii_case(name.as_bytes());
        self.archive.index_for_name_raw(name.as_bytes()).or_else(|| self.archive.file_names_raw().position(same))
    }
}

/// Entries that an end of a directory declares. Room is made for as many, so a lie must not pass.
fn declared_entries(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let number = |window: &[u8], at: usize| {
        let chunk = window.get(at..).and_then(|rest| rest.first_chunk());
        chunk.map_or(0, |eight| u64::from_le_bytes(*eight))
    };
    let ends = bytes.windows(40).filter(|window| window.starts_with(LONG_DIRECTORY_END));
    // The same four bytes inside compressed data have no size that fits the file behind them.
    let real = ends.filter(move |window| number(window, 4) <= bytes.len() as u64);
    real.map(move |window| number(window, 32))
}

fn holds_macros(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(b"vbaproject.bin") || name.starts_with(b"xl/macrosheets/")
}

fn refusal(error: ZipError) -> SheetError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => SheetError::Encrypted,
        _ => SheetError::ZipBroken,
    }
}
