//! From which bank account money was spent, held against the books.
//!
//! Read from the mirror; Xero has the last word. Xero takes the currency of a bank transaction from its bank account, so that
//! a document in another would become another amount without a word.
//!
//! Source: the page Bank Transactions.

use kernel::OrganisationRef;
use mirror::MirrorRow;
use mirror::read::all_rows;
use mirror::record::text_of;
use ports::{Table, TableError};
use schedules::AccountRef;
use serde_json::{Map, Value};
use state::read_row;

use crate::proposal::Fault;
use crate::terms::{BillTerms, Kind};

/// Accounts looked through; Xero advises 699.
const ACCOUNTS_MAX: usize = 5_000;

/// The bank account of the terms by its id, which is all that the mirror keeps of it in bank transactions; or why money
/// cannot be spent from it. That there is one where there must be, and none elsewhere, the draft's own check says.
pub(crate) async fn paid_from(
    table: &dyn Table,
    whose: &OrganisationRef,
    terms: &BillTerms,
) -> Result<Result<Option<bills::AccountRef>, Fault>, TableError> {
    let Some(wanted) = terms.bank_account.as_ref().filter(|_| terms.kind == Kind::SpendMoney) else {
        return Ok(Ok(None));
    };
    let rows = all_rows(table, whose, "accounts", ACCOUNTS_MAX).await?;
    for row in &rows {
        let account = read_row::<MirrorRow>(row)?.value;
        if !account.gone && is_named(&account.fields, wanted) {
            let fault = fault_of(&account.fields, wanted, terms.currency.as_str());
            return Ok(fault.map_or_else(|| Ok(id_of(&account.fields)), Err));
        }
    }
    // Without accounts in the mirror an id may be any; what a code stands for nobody knows.
    let unread = rows.is_empty() && wanted.id().is_some();
    Ok(if unread { Ok(None) } else { Err(Fault::BankAccountUnknown(wanted.to_string())) })
}

fn id_of(account: &Map<String, Value>) -> Option<bills::AccountRef> {
    text_of(account, "AccountID").parse().ok().map(bills::AccountRef::Id)
}

fn is_named(account: &Map<String, Value>, wanted: &AccountRef) -> bool {
    match wanted.id() {
        Some(id) => text_of(account, "AccountID").parse() == Ok(id),
        None => text_of(account, "Code") == wanted.as_str(),
    }
}

fn fault_of(account: &Map<String, Value>, wanted: &AccountRef, stated: &str) -> Option<Fault> {
    let (name, currency) = (wanted.to_string(), text_of(account, "CurrencyCode"));
    if text_of(account, "Type") != "BANK" {
        return Some(Fault::NotABankAccount(name));
    }
    if text_of(account, "Status") != "ACTIVE" {
        return Some(Fault::BankAccountArchived(name));
    }
    // Where Xero does not say, its answer will.
    (!currency.is_empty() && currency != stated).then(|| Fault::BankAccountCurrency {
        account: name,
        currency: currency.to_owned(),
        stated: stated.to_owned(),
    })
}
