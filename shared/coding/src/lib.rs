//! Whose bill it is and where it goes in the books, told with reasons from an organisation's own records.
//!
//! Owns the likeness of names and numbers, and what past documents of a supplier say of the next one. Records and what was
//! read of a document go in, suggestions come out: no I/O, no clock, no floats. Knows nothing but this organisation's own
//! history, and decides nothing: whatever it says is a suggestion for a person to confirm.
//!
//! | module | what is in it |
//! |---|---|
//! | [`supplier`], [`evidence`], [`contact`] | which contact a document's supplier is |
//! | `names`, `forms`, `numbers` | whether two names or numbers are one |
//! | [`past`], [`history`] | past lines of one supplier |
//! | [`suggestion`] | account, tax type and tracking of a new line |
//! | `resemblance`, `weights`, `tally` | which past lines it reads like, what each counts, and what they say together |
//! | `counted`, `reason` | why, in words |
//! | [`quality`] | how often that is right |
//! | `words`, `descriptions` | text as words that compare |

pub mod contact;
mod counted;
mod descriptions;
pub mod evidence;
mod forms;
pub mod history;
mod names;
mod numbers;
pub mod past;
pub mod quality;
mod reason;
mod resemblance;
pub mod suggestion;
pub mod supplier;
mod tally;
mod weights;
mod words;

pub use contact::{Contact, Standing};
pub use counted::COUNTED_DOCUMENTS_MAX;
pub use evidence::{Evidence, SupplierClues};
pub use history::{HISTORY_LINES_MAX, History};
pub use past::{PastKind, PastLine, Tracked, contact_of, past_lines};
pub use quality::{CodedBy, Hits, Quality};
pub use suggestion::{Account, Alternative, Choice, CodingSuggestion, LineClues};
pub use supplier::{CANDIDATES_MAX, Candidate, SupplierMatch, SupplierSearch, Verdict};
pub use tally::CONFIDENCE_MAX;
