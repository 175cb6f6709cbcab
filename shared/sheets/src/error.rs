//! Why a file is no sheet, each reason with its place.
//!
//! Owns stable codes and plain words. Never repeats what stands in a file: names and amounts must not reach a log.

use crate::table::{CellRange, CellRef};

/// A kind of part of an XLSX. Names of parts come from outside and are not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Which part belongs to which.
    Links,
    /// The list of sheets.
    Workbook,
    /// Number formats.
    Styles,
    /// Texts that cells share.
    SharedStrings,
    /// A sheet's cells.
    Worksheet,
}

/// Why a file is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Larger than is looked at.
    #[error("the file is larger than {bytes_max} bytes")]
    FileTooLarge {
        /// Bytes it may have.
        bytes_max: usize,
    },
    /// Neither text nor a workbook.
    #[error("the file is neither a CSV nor an XLSX")]
    NotASheet,
    /// Letters of UTF-8 and bytes that are none: cut off, or put together of two files.
    #[error("the file is in more than one encoding: save it as UTF-8")]
    EncodingsMixed,
    /// Two delimiters fit the header equally well.
    #[error("the header does not say whether cells are parted by commas, semicolons or tabs")]
    DelimiterUnclear,
    /// A quotation mark that is never closed hides the rest of the file.
    #[error("cell {cell} opens a quotation mark that is never closed")]
    QuoteUnclosed {
        /// Where it opens.
        cell: CellRef,
    },
    /// Text around a quoted cell, such as a space before it.
    #[error("cell {cell} has text outside its quotation marks")]
    QuoteStray {
        /// Where.
        cell: CellRef,
    },
    /// Excel's format until 2003.
    #[error("the file is in Excel's format of 1997 to 2003: save it as XLSX or CSV")]
    OldExcel,
    /// Under a password.
    #[error("the file is under a password: save it without one")]
    Encrypted,
    /// Macros inside.
    #[error("the file holds macros: save it as XLSX or CSV")]
    Macros,
    /// A ZIP file, but no workbook that XLSX describes: XLSB, ODS, or anything else.
    #[error("the file is no XLSX workbook")]
    NotAWorkbook,
    /// Cut off or altered.
    #[error("the file is damaged: its ZIP structure cannot be read")]
    ZipBroken,
    /// More parts than a workbook has.
    #[error("the workbook has more than {parts_max} parts")]
    PartsTooMany {
        /// Parts it may have.
        parts_max: usize,
    },
    /// A part that is larger than is looked at, as declared or as it came out.
    #[error("{part} inflates to more than {bytes_max} bytes")]
    PartTooLarge {
        /// Which.
        part: Part,
        /// Bytes it may have.
        bytes_max: u64,
    },
    /// All parts together.
    #[error("the workbook inflates to more than {bytes_max} bytes")]
    PackageTooLarge {
        /// Bytes all parts may have.
        bytes_max: u64,
    },
    /// Not XML, or not all of it.
    #[error("{0} cannot be read: the file is damaged")]
    XmlBroken(Part),
    /// XML of something else.
    #[error("{0} is not what it should be: the file is no XLSX workbook")]
    WrongRoot(Part),
    /// A document type or an entity of its own, which no spreadsheet program writes.
    #[error("{0} declares or uses XML entities")]
    Entities(Part),
    /// Deeper than any sheet is.
    #[error("{0} is nested too deeply")]
    XmlTooDeep(Part),
    /// One tag or text longer than any cell.
    #[error("{0} has a tag or a text that is too long")]
    XmlPieceTooLong(Part),
    /// Which sheet is meant is unclear.
    #[error("{0} visible sheets have content: keep one, or name one of them Schedules")]
    SheetsUnclear(usize),
    /// A formula. Its stored result may be stale or missing.
    #[error("cell {cell} holds a formula: replace it by its value")]
    Formula {
        /// Where.
        cell: CellRef,
    },
    /// `#REF!` and the like.
    #[error("cell {cell} holds an error such as #REF!")]
    ErrorCell {
        /// Where.
        cell: CellRef,
    },
    /// Merged cells over the table: which row they belong to is unclear.
    #[error("cells {range} are merged: split them")]
    Merged {
        /// Where.
        range: CellRange,
    },
    /// The 29th of February 1900, or a day beyond the year 9999.
    #[error("cell {cell} holds a date that does not exist")]
    NoSuchDate {
        /// Where.
        cell: CellRef,
    },
    /// Beyond 28 digits before or behind the point.
    #[error("cell {cell} holds a number that cannot be taken exactly")]
    NumberOutOfRange {
        /// Where.
        cell: CellRef,
    },
    /// A cell that contradicts itself.
    #[error("cell {cell} cannot be read: the file is damaged")]
    CellBroken {
        /// Where.
        cell: CellRef,
    },
    /// More rows than are looked at.
    #[error("the sheet has more than {rows_max} rows")]
    RowsTooMany {
        /// Rows it may have.
        rows_max: usize,
    },
    /// Content to the right of the last column looked at.
    #[error("cell {cell} lies beyond the {columns_max} columns that are read")]
    ColumnsTooMany {
        /// Where.
        cell: CellRef,
        /// Columns it may have.
        columns_max: usize,
    },
    /// More text than a cell may have.
    #[error("cell {cell} has more than {chars_max} characters")]
    CellTooLong {
        /// Where.
        cell: CellRef,
        /// Characters it may have.
        chars_max: usize,
    },
    /// More text than is kept.
    #[error("the cells hold more than {bytes_max} bytes of text")]
    TextTooLarge {
        /// Bytes they may have.
        bytes_max: usize,
    },
    /// More shared strings than rows can use.
    #[error("the workbook has more than {strings_max} shared strings")]
    StringsTooMany {
        /// Strings it may have.
        strings_max: usize,
    },
    /// More styles than Excel itself takes.
    #[error("the workbook has more than {styles_max} styles")]
    StylesTooMany {
        /// Styles it may have.
        styles_max: usize,
    },
}

impl SheetError {
    /// A stable code for programs. Where it happened stands beside it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::NotASheet => "file_not_a_sheet",
            Self::EncodingsMixed => "encodings_mixed",
            Self::DelimiterUnclear => "delimiter_unclear",
            Self::QuoteUnclosed { .. } => "quote_unclosed",
            Self::QuoteStray { .. } => "quote_stray",
            Self::OldExcel => "file_old_excel",
            Self::Encrypted => "file_encrypted",
            Self::Macros => "file_with_macros",
            Self::NotAWorkbook | Self::WrongRoot(_) => "file_not_a_workbook",
            Self::ZipBroken | Self::XmlBroken(_) | Self::CellBroken { .. } => "file_damaged",
            Self::PartsTooMany { .. } | Self::PartTooLarge { .. } | Self::PackageTooLarge { .. } => "file_inflates",
            Self::Entities(_) => "file_with_entities",
            Self::XmlTooDeep(_) | Self::XmlPieceTooLong(_) => "file_too_complex",
            Self::StringsTooMany { .. } | Self::StylesTooMany { .. } => "file_too_complex",
            Self::SheetsUnclear(_) => "sheets_unclear",
            Self::Formula { .. } => "cell_formula",
            Self::ErrorCell { .. } => "cell_error",
            Self::Merged { .. } => "cells_merged",
            Self::NoSuchDate { .. } => "cell_no_such_date",
            Self::NumberOutOfRange { .. } => "cell_number_out_of_range",
            Self::RowsTooMany { .. } => "rows_too_many",
            Self::ColumnsTooMany { .. } => "columns_too_many",
            Self::CellTooLong { .. } => "cell_too_long",
            Self::TextTooLarge { .. } => "text_too_large",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Links => "the list of parts",
            Self::Workbook => "the list of sheets",
            Self::Styles => "the list of styles",
            Self::SharedStrings => "the list of texts",
            Self::Worksheet => "the sheet",
        })
    }
}
