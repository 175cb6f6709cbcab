//! What a document says: the contract between readers and everyone who shows, checks or publishes a document.
//!
//! Owns the fields and, for each, how sure the reader is and where it stood. Names follow EN 16931, whose business terms
//! (BT) and groups (BG) are given. Amounts carry the document's own signs: a credit note states positive amounts, as both
//! UBL and CII do, and its kind says the direction. Never holds a value that was not in the document.

use kernel::{Currency, Date};
use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Exact};
use crate::problem::Problem;

/// Full confidence: structured fields state the value.
pub const STATED: u16 = 1000;

/// A value and where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found<T> {
    /// The value as the document has it.
    pub value: T,
    /// Per mille; [`STATED`] for structured fields, less for what was made out of running text.
    pub confidence: u16,
    /// In words a person can follow: a path in the XML, page and line of a PDF, or a part of a picture.
    pub place: String,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It asks for money.
    Invoice,
    /// It gives money back.
    CreditNote,
    /// It says that money was paid.
    Receipt,
    /// Nothing in it says.
    Unknown,
}

/// How a document was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// OASIS UBL 2.1, as Peppol BIS 3 and XRechnung use it.
    Ubl,
    /// UN/CEFACT Cross Industry Invoice D16B, as XRechnung uses it.
    Cii,
    /// ZUGFeRD 1.0, the forerunner of Factur-X.
    Zugferd1,
    /// An XML invoice that lies in a PDF: Factur-X, ZUGFeRD, XRechnung.
    FacturX,
    /// The text layer of a PDF, by words and their places.
    PdfText,
    /// A picture, by a reader of pictures.
    Scan,
}

/// One document, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is.
    pub kind: Kind,
    /// How it was read.
    pub method: Method,
    /// What it says as a whole.
    pub fields: Fields,
    /// Its lines in their order (BG-25); empty for profiles without lines, and for running text.
    pub lines: Vec<Line>,
    /// Allowances (BG-20) and charges (BG-21) on the whole document.
    pub adjustments: Vec<Adjustment>,
    /// Tax by category and rate (BG-23).
    pub taxes: Vec<TaxShare>,
    /// What does not add up, and what could not be read.
    pub problems: Vec<Problem>,
}

/// What a document says as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// The rules the document claims to follow (BT-24).
    pub specification: Option<Found<String>>,
    /// The supplier's number for it (BT-1).
    pub number: Option<Found<String>>,
    /// BT-2.
    pub issue_date: Option<Found<Date>>,
    /// BT-9.
    pub due_date: Option<Found<Date>>,
    /// What it is for (BG-14), where that has both ends.
    pub period: Option<Found<Period>>,
    /// BT-5. As written, since a text that is no currency must be seen too.
    pub currency: Option<Found<String>>,
    /// Who sent it (BG-4).
    pub supplier: Supplier,
    /// BT-44.
    pub buyer_name: Option<Found<String>>,
    /// The buyer's order (BT-13).
    pub order_reference: Option<Found<String>>,
    /// What the buyer asked to be stated, such as a Leitweg-ID (BT-10).
    pub buyer_reference: Option<Found<String>>,
    /// The document that this one corrects or credits (BT-25).
    pub preceding: Option<Found<String>>,
    /// Without tax (BT-109).
    pub net_total: Option<Found<Amount>>,
    /// BT-110, in the document's currency.
    pub tax_total: Option<Found<Amount>>,
    /// With tax (BT-112).
    pub gross_total: Option<Found<Amount>>,
    /// Paid before (BT-113).
    pub prepaid: Option<Found<Amount>>,
    /// Added to the gross total so that a round amount is paid (BT-114).
    pub rounding: Option<Found<Amount>>,
    /// What is still to pay (BT-115).
    pub payable: Option<Found<Amount>>,
    /// Where to pay: IBANs or account numbers (BT-84), in their order.
    pub accounts: Vec<Found<String>>,
    /// What to state with the payment (BT-83).
    pub payment_reference: Option<Found<String>>,
}

/// A stretch of time that something is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first day (BT-73, BT-134).
    pub first: Date,
    /// Its last day (BT-74, BT-135).
    pub last: Date,
}

/// Who sent a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supplier {
    /// BT-27, else the trading name (BT-28).
    pub name: Option<Found<String>>,
    /// The VAT id (BT-31), else the local tax number (BT-32).
    pub tax_id: Option<Found<String>>,
    /// Its number in a register (BT-30).
    pub company_id: Option<Found<String>>,
    /// ISO 3166 code (BT-40).
    pub country: Option<Found<String>>,
}

/// One line (BG-25).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// BT-126.
    pub id: Option<Found<String>>,
    /// The item's name (BT-153), else its description (BT-154).
    pub description: Option<Found<String>>,
    /// BT-129.
    pub quantity: Option<Found<Exact>>,
    /// UN/ECE code of the unit (BT-130).
    pub unit: Option<Found<String>>,
    /// Net price (BT-146) of so many units as `price_base` says.
    pub unit_price: Option<Found<Amount>>,
    /// Units that the price is for (BT-149); one where it is not stated.
    pub price_base: Option<Found<Exact>>,
    /// What the line is for (BG-26), where that has both ends.
    pub period: Option<Found<Period>>,
    /// Net amount of the line (BT-131).
    pub net: Option<Found<Amount>>,
    /// UNCL 5305 code of the tax (BT-151): S, Z, E, AE, …
    pub tax_category: Option<Found<String>>,
    /// Rate of the tax in percent (BT-152).
    pub tax_percent: Option<Found<Exact>>,
    /// The seller's code of the item (BT-155), else the standard one (BT-157).
    pub item_code: Option<Found<String>>,
    /// Line of the buyer's order (BT-132).
    pub order_line: Option<Found<String>>,
    /// Allowances (BG-27) and charges (BG-28) that the net amount already has in it.
    pub adjustments: Vec<Adjustment>,
}

/// Which way an adjustment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Taken off.
    Allowance,
    /// Added.
    Charge,
}

/// An allowance or a charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Which of both.
    pub direction: Direction,
    /// Without sign of the direction (BT-92, BT-99, BT-136, BT-141).
    pub amount: Found<Amount>,
    /// BT-97, BT-104, BT-139, BT-144.
    pub reason: Option<Found<String>>,
    /// BT-95, BT-102.
    pub tax_category: Option<Found<String>>,
    /// BT-96, BT-103.
    pub tax_percent: Option<Found<Exact>>,
}

/// One row of the tax breakdown (BG-23).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaxShare {
    /// BT-118.
    pub category: Option<Found<String>>,
    /// BT-119.
    pub percent: Option<Found<Exact>>,
    /// What is taxed (BT-116).
    pub net: Option<Found<Amount>>,
    /// The tax (BT-117).
    pub tax: Option<Found<Amount>>,
    /// Why there is none (BT-120, else the code BT-121).
    pub exemption: Option<Found<String>>,
}

impl Reading {
    /// A reading with nothing in it yet.
    pub fn empty(kind: Kind, method: Method) -> Self {
        Self {
            kind,
            method,
            fields: Fields::default(),
            lines: Vec::new(),
            adjustments: Vec::new(),
            taxes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The document's currency; none where it names none, or no code that looks like one.
    pub fn currency(&self) -> Option<Currency> {
        self.fields.currency.as_ref()?.value.parse().ok()
    }
}
