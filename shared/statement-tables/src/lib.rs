//! Statements in tables that no standard describes: CSV of any bank, XLSX, and the text of PDFs.
//!
//! Owns what a column means, told from the table itself and with its evidence. Text goes in, statements come out: no I/O,
//! no clock. What the table leaves open is a question with a place, and never a guess; a profile that a person confirmed
//! answers it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`profile`] | what each column means, and why; kept per account once it is confirmed |
//! | `grid`, `dialect` | text parted into cells, and by which delimiter |
//! | `words` | what banks call their columns |
//! | `columns`, `roles` | what stands in a column, and what it is |
//! | `proof` | running balances held against amounts |
//! | `rows`, [`table`] | rows as entries; a whole table as statements |
//! | [`xlsx`], [`pdf`], `printed` | tables of workbooks and of printed pages |

mod columns;
mod dialect;
mod grid;
pub mod pdf;
mod printed;
pub mod profile;
mod proof;
mod roles;
mod rows;
pub mod table;
mod words;
pub mod xlsx;
