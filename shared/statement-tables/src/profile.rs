//! What the columns of an account's files mean.
//!
//! Owns the answer to every question that a table leaves open, in a form that can be kept: detection returns it with its
//! evidence, a person confirms it, and the next file of the account is read with it.

use std::borrow::Cow;

use kernel::Currency;
use serde::{Deserialize, Serialize};
use statement_lines::dates::DateOrder;
use statement_lines::numeral::Mark;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The day of booking.
    Date,
    /// The day from which interest counts.
    ValueDate,
    /// An amount with its sign, or whose sign another column has.
    Amount,
    /// Money out.
    Debit,
    /// Money in.
    Credit,
    /// A word for money in or out.
    Side,
    /// What is on the account after the row.
    Balance,
    /// A currency's code.
    Currency,
    /// Whose statement it is.
    Account,
    /// Who paid or was paid.
    Payee,
    /// Any other text of the entry.
    Text,
    /// The bank's id of the entry.
    Id,
    /// What kind of movement it is.
    Code,
    /// The number of a cheque.
    CheckNumber,
    /// Whether it is booked.
    Status,
    /// Nothing that is read.
    Ignored,
}

/// What a positive amount means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Money in, as on most accounts.
    AsWritten,
    /// Money out, as on many cards.
    Inverted,
    /// Amounts have no sign; the balances beside them say their side.
    ByBalance,
    /// Nothing says it.
    Open,
}

/// Why a profile says something, and how surely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Of what: `columns`, `date_order`, `decimal_mark`, `sign`, `delimiter`.
    pub of: Cow<'static, str>,
    /// A sentence for the person who confirms.
    pub words: Cow<'static, str>,
    /// How sure, in percent.
    pub percent: u8,
}

/// How the tables of one account are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What parts cells; none in a workbook.
    pub delimiter: Option<char>,
    /// The header, in small letters without accents; empty where there is none. A profile fits files with this header.
    pub header: Vec<String>,
    /// What each column holds.
    pub roles: Vec<Role>,
    /// Which of day and month comes first; none while it is open, or where no date needs it.
    pub date_order: Option<DateOrder>,
    /// The decimal mark; none while it is open.
    pub decimal_mark: Option<Mark>,
    /// What a positive amount means.
    pub sign: Sign,
    /// The currency of amounts that name none.
    pub currency: Option<Currency>,
    /// Why. A person who confirms needs it; the next reading does not.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

impl Profile {
    /// The first column with a role.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|found| *found == role)
    }

    /// Whether it was made for tables with this header and this many columns.
    pub fn fits(&self, header: &[String], columns: usize) -> bool {
        let same = self.header.len() == header.len() && self.header.iter().zip(header).all(|(one, two)| one == two);
        same && (self.roles.len() == columns || !header.is_empty())
    }

    pub(crate) fn because(&mut self, of: &'static str, words: impl Into<Cow<'static, str>>, percent: u8) {
        self.evidence.push(Evidence { of: of.into(), words: words.into(), percent });
    }
}
