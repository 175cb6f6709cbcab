//! The bank account that a file is for, as the mirror knows it.

use kernel::{Currency, OrganisationRef};
use mirror::read::{is_bank_in_use, load_record};
use mirror::record::text_of;
use ports::{Table, TableError};

/// One bank account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// Xero's id, in lower case.
    pub id: String,
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
    let found = load_record(table, whose, "accounts", &id.to_ascii_lowercase()).await?;
    Ok(found.filter(is_bank_in_use).and_then(|view| {
        let number = text_of(&view.record, "BankAccountNumber");
        Some(BankAccount {
            id: view.id.to_ascii_lowercase(),
            currency: text_of(&view.record, "CurrencyCode").parse().ok()?,
            number: Some(number).filter(|number| !number.is_empty()).map(str::to_owned),
        })
    }))
}
