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

impl<'b> Package<'b> {
    pub fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, SheetError> {
        // Counted before the directory is read, since each entry takes far more memory than bytes.
        let entries = bytes.windows(DIRECTORY_ENTRY.len()).filter(|window| *window == DIRECTORY_ENTRY).count();
        if entries > limits.parts_max {
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
