//! The rows of the three sides and their JSON lines.
//!
//! Owns the ten fields of a row. A row says nothing of where it came from.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use kernel::{Currency, Date, Money};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

/// One line of a statement, of the feed or of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Row {
    /// Unique on its side.
    pub id: String,
    /// The bank account.
    pub account: Arc<str>,
    /// The day by this side's reckoning.
    pub date: Date,
    /// Money into the account is positive.
    pub money: Money,
    /// Free text; may be empty.
    pub description: String,
    /// An invoice number, an end-to-end id or whatever this side calls a reference.
    pub reference: Option<String>,
    /// The other party, where this side keeps it apart.
    pub payee: Option<String>,
    /// The bank's own id of the line.
    pub bank_id: Option<String>,
    /// This side's code for what kind of line it is.
    pub kind: Option<Cow<'static, str>>,
}

/// A row as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    account: String,
    date: Date,
    amount: String,
    currency: Currency,
    description: String,
    reference: Option<String>,
    payee: Option<String>,
    bank_id: Option<String>,
    r#type: Option<String>,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("Row", 10)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("account", &*self.account)?;
        fields.serialize_field("date", &self.date)?;
        fields.serialize_field("amount", &self.money.amount())?;
        fields.serialize_field("currency", self.money.currency.as_str())?;
        fields.serialize_field("description", &self.description)?;
        fields.serialize_field("reference", &self.reference)?;
        fields.serialize_field("payee", &self.payee)?;
        fields.serialize_field("bank_id", &self.bank_id)?;
        fields.serialize_field("type", &self.kind)?;
        fields.end()
    }
}

impl TryFrom<Written> for Row {
    type Error = kernel::MoneyError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Ok(Self {
            id: written.id,
            account: written.account.into(),
            date: written.date,
            money: Money::parse(&written.amount, written.currency)?,
            description: written.description,
            reference: written.reference,
            payee: written.payee,
            bank_id: written.bank_id,
            kind: written.r#type.map(Cow::Owned),
        })
    }
}

/// Writes values one a line, as JSON.
pub fn write_lines<T: Serialize>(to: &mut impl Write, values: &[T]) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(&mut *to, value)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads values one a line, as JSON; an error names the line.
pub fn read_lines<T: for<'a> Deserialize<'a>>(from: impl BufRead) -> io::Result<Vec<T>> {
    let mut values = Vec::new();
    for (at, line) in from.lines().enumerate() {
        let value = serde_json::from_str(&line?);
        values.push(value.map_err(|error| io::Error::other(format!("line {}: {error}", at + 1)))?);
    }
    Ok(values)
}
