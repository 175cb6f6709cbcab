//! The bank account that a file is for, as the mirror knows it.

use kernel::{Currency, OrganisationRef};
use mirror::read::bank_accounts;
use mirror::record::text_of;
use ports::{Table, TableError};

/// One bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// Xero's id, in lower case.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its code, where it has one.
    pub code: String,
    /// Its currency.
    pub currency: Currency,
    /// Its number at the bank, where Xero knows it.
    pub number: Option<String>,
}

/// A bank account that is in use; none where there is no such account, or its currency is not known.
pub async fn bank_account(
    table: &dyn Table,
    whose: &OrganisationRef,
    id: &str,
) -> Result<Option<BankAccount>, TableError> {
    let found = bank_accounts(table, whose).await?;
    let view = found.iter().find(|view| view.id.eq_ignore_ascii_case(id));
    Ok(view.and_then(|view| {
        let number = text_of(&view.record, "BankAccountNumber");
        Some(BankAccount {
            id: view.id.to_ascii_lowercase(),
            name: text_of(&view.record, "Name").to_owned(),
            code: text_of(&view.record, "Code").to_owned(),
            currency: text_of(&view.record, "CurrencyCode").parse().ok()?,
            number: Some(number).filter(|number| !number.is_empty()).map(str::to_owned),
        })
    }))
}
