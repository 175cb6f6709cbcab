//! What speaks for one contact being the supplier of a document, and what against.
//!
//! Owns the comparison of one document with one contact, its score and its reasons in words. Looks at one contact alone;
//! whether another is as good, `supplier` says.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::names::{ALIKE_MIN, Name, NameMatch};
use crate::numbers::{BankAccount, CompanyNumber, TaxNumber, email};
use crate::words::quote;

/// Accounts of a document that are compared; a bill seldom names more than three.
pub const ACCOUNTS_MAX: usize = 10;

/// Scores by the strongest evidence, per mille. What supports it adds up to [`SUPPORT_MAX`], so that no support makes up
/// for a stronger kind of evidence.
const SAME_TAX_NUMBER: u16 = 950;
const SAME_ACCOUNT: u16 = 900;
const SAME_NAME: u16 = 850;
const EMAIL_AND_NAME: u16 = 800;
const COMPANY_NUMBER_ALONE: u16 = 750;
const ACCOUNT_ALONE: u16 = 700;
const EMAIL_ALONE: u16 = 700;
/// The most that hints come to where a number contradicts.
const CONTRADICTED_MAX: u16 = 700;
/// An alike name adds a fortieth of its likeness, an e-mail address and bills in the books these.
const SUPPORT_MAX: u16 = 50;
const NAME_SHARE: u16 = 40;
const EMAIL_SUPPORT: u16 = 15;
const SUPPLIER_SUPPORT: u16 = 10;

/// What a document says of its supplier, as it was read. What is not known stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupplierClues {
    /// Its name.
    pub name: Option<String>,
    /// Its VAT id or tax number.
    pub tax_id: Option<String>,
    /// Its number in a register of companies.
    pub company_id: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Where to pay: IBANs or account numbers. The first [`ACCOUNTS_MAX`] are compared.
    pub accounts: Vec<String>,
}

/// The strongest evidence for a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Nothing strong: an alike name, an e-mail address, a number whose holder has another name.
    Hints,
    /// The same name, and no number that contradicts.
    SameName,
    /// The same bank account or number in a register, and an alike name, and no number that contradicts.
    SameAccount,
    /// The same VAT id or tax number.
    SameTaxNumber,
}

/// The clues, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Clues {
    name: Option<Name>,
    tax: Option<(TaxNumber, String)>,
    company: Option<(CompanyNumber, String)>,
    email: Option<String>,
    accounts: Vec<BankAccount>,
}

/// A document held against a contact.
pub(crate) struct Comparison {
    name: Option<NameMatch>,
    tax: Compared,
    company: Compared,
    /// The end of the common bank account.
    account: Option<String>,
    email: bool,
    is_supplier: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Compared {
    /// One of both has none, or they cannot be compared.
    Unknown,
    /// As the document writes it.
    Same(String),
    /// The contact's.
    Other(String),
}

impl Clues {
    pub(crate) fn new(clues: &SupplierClues) -> Self {
        let tax = |text: &String| TaxNumber::parse(text).map(|number| (number, quote(text)));
        let company = |text: &String| CompanyNumber::parse(text).map(|number| (number, quote(text)));
        Self {
            name: clues.name.as_deref().and_then(Name::parse),
            tax: clues.tax_id.as_ref().and_then(tax),
            company: clues.company_id.as_ref().and_then(company),
            email: clues.email.as_deref().and_then(email),
            accounts: clues.accounts.iter().take(ACCOUNTS_MAX).filter_map(|text| BankAccount::parse(text)).collect(),
        }
    }

    pub(crate) fn compare(&self, contact: &Contact<'_>) -> Comparison {
        let name = self.name.as_ref().and_then(|name| Some(name.against(&Name::parse(contact.name)?)));
        Comparison {
            name,
            tax: self.compare_tax(contact.tax_number),
            company: self.compare_company(contact.company_number),
            account: self.common_account(contact),
            email: self.email.is_some() && self.email == email(contact.email),
            is_supplier: contact.is_supplier == Some(true),
        }
    }

    fn compare_tax(&self, theirs: &str) -> Compared {
        match (&self.tax, TaxNumber::parse(theirs)) {
            (Some((ours, written)), Some(number)) if ours.is_same(&number) => Compared::Same(written.clone()),
            // A company may be registered in several countries, and be one company all the same.
            (Some((ours, _)), Some(number)) if !ours.is_of_another_country(&number) => Compared::Other(quote(theirs)),
            _ => Compared::Unknown,
        }
    }

    fn compare_company(&self, theirs: &str) -> Compared {
        match (&self.company, CompanyNumber::parse(theirs)) {
            (Some((ours, written)), Some(number)) if ours.is_same(&number) => Compared::Same(written.clone()),
            (Some(_), Some(_)) => Compared::Other(quote(theirs)),
            _ => Compared::Unknown,
        }
    }

    fn common_account(&self, contact: &Contact<'_>) -> Option<String> {
        let theirs = [contact.bank_account, contact.account_number].into_iter().filter_map(BankAccount::parse);
        let theirs: Vec<BankAccount> = theirs.collect();
        let common = self.accounts.iter().find(|account| theirs.iter().any(|other| account.is_same(other)))?;
        Some(common.end().to_owned())
    }
}

impl Comparison {
    /// The strongest evidence there is.
    pub(crate) fn evidence(&self) -> Evidence {
        let numbered = self.account.is_some() || self.has_company();
        match () {
            () if self.has_tax() => Evidence::SameTaxNumber,
            () if self.is_contradicted() => Evidence::Hints,
            () if numbered && self.name_likeness() >= ALIKE_MIN => Evidence::SameAccount,
            () if self.name.is_some_and(NameMatch::is_same) => Evidence::SameName,
            () => Evidence::Hints,
        }
    }

    /// Per mille; 0 where nothing speaks for the contact.
    pub(crate) fn score(&self) -> u16 {
        match self.evidence() {
            Evidence::SameTaxNumber => SAME_TAX_NUMBER + self.support(self.name_likeness()),
            Evidence::SameAccount => SAME_ACCOUNT + self.support(self.name_likeness()),
            Evidence::SameName => SAME_NAME + self.support(self.name_likeness()),
            Evidence::Hints => self.hints(),
        }
    }

    fn hints(&self) -> u16 {
        let when = |holds: bool, score: u16| if holds { score } else { 0 };
        let named = self.name_likeness();
        let best = [
            named.min(EMAIL_AND_NAME),
            when(self.email && named >= ALIKE_MIN, EMAIL_AND_NAME),
            when(self.email, EMAIL_ALONE),
            when(self.has_company(), COMPANY_NUMBER_ALONE),
            when(self.account.is_some(), ACCOUNT_ALONE),
        ];
        let best = best.into_iter().max().unwrap_or(0);
        match (best, self.is_contradicted()) {
            (0, _) => 0,
            (_, true) => best.min(CONTRADICTED_MAX),
            (_, false) => best + self.support(0),
        }
    }

    /// At most [`SUPPORT_MAX`].
    fn support(&self, name_likeness: u16) -> u16 {
        let email = if self.email { EMAIL_SUPPORT } else { 0 };
        let supplier = if self.is_supplier { SUPPLIER_SUPPORT } else { 0 };
        (name_likeness / NAME_SHARE + email + supplier).min(SUPPORT_MAX)
    }

    /// What speaks for the contact and what against, the strongest first.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        match &self.tax {
            Compared::Same(number) => reasons.push(format!("The {} is the contact's", tax_words(number))),
            Compared::Other(number) => reasons.push(format!("The contact has another tax number: {number}")),
            Compared::Unknown => (),
        }
        match &self.company {
            Compared::Same(number) => reasons.push(format!("The company number {number} is the contact's")),
            Compared::Other(number) => reasons.push(format!("The contact has another company number: {number}")),
            Compared::Unknown => (),
        }
        reasons.extend(self.account.iter().map(|end| format!("The bank account that ends in {end} is the contact's")));
        reasons.extend(self.name.map(NameMatch::words));
        reasons.extend(self.email.then(|| "The e-mail address is the contact's".to_owned()));
        reasons.extend(self.is_supplier.then(|| "The books have bills of this contact".to_owned()));
        reasons
    }

    fn has_tax(&self) -> bool {
        matches!(self.tax, Compared::Same(_))
    }

    fn has_company(&self) -> bool {
        matches!(self.company, Compared::Same(_))
    }

    fn is_contradicted(&self) -> bool {
        [&self.tax, &self.company].into_iter().any(|compared| matches!(compared, Compared::Other(_)))
    }

    fn name_likeness(&self) -> u16 {
        self.name.map_or(0, NameMatch::likeness)
    }
}

fn tax_words(number: &str) -> String {
    let is_vat_id = TaxNumber::parse(number).is_some_and(|number| number.names_country());
    format!("{} {number}", if is_vat_id { "VAT id" } else { "tax number" })
}
