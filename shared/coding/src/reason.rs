//! Why a coding is suggested, in words for the person who confirms it.
//!
//! Owns the sentences. Says only what was counted, and quotes past descriptions in one short line.

use crate::counted::Counted;
use crate::past::PastKind;
use crate::resemblance::Resemblance;
use crate::suggestion::{Account, Choice};
use crate::weights::{AccountKey, Weighed};
use crate::words::quote;

/// Documents in a row from which it is worth saying: one is no row.
const ROW_MIN: u32 = 2;

/// "8 of the last 9 bills of this supplier were coded to 429 with INPUT2".
pub(crate) fn words<'a>(
    counted: &Counted<'a>,
    chosen: AccountKey<'a>,
    account: &Account,
    tax: Option<&Choice<&'a str>>,
) -> String {
    let has_account = |line: &Weighed<'a>| line.account == chosen;
    let documents = counted.documents_where(has_account);
    let told = format!("{} coded to {}", subject(counted, chosen, documents), code(account));
    let row = row(counted, chosen, documents);
    match tax {
        Some(tax) if counted.documents_where(|line| has_account(line) && is_tax(line, tax.value)) == documents => {
            format!("{told} with {}{row}", quote(tax.value))
        }
        Some(tax) => format!("{told}{row}; {}", taxes(counted, tax)),
        None => format!("{told}{row}"),
    }
}

/// "8 of the last 9 bills of this supplier were".
fn subject<'a>(counted: &Counted<'a>, chosen: AccountKey<'a>, documents: u32) -> String {
    let of = counted.documents_where(|_| true);
    let what = match counted.kind() {
        Some(PastKind::Bill) => "bill",
        Some(PastKind::CreditNote) => "credit note",
        Some(PastKind::Payment) => "payment",
        None => "document",
    };
    let like = like(counted, chosen);
    match (documents, of) {
        (_, 1) => format!("The only {what} of this supplier{like} was"),
        (1, of) => format!("1 of the last {of} {what}s of this supplier{like} was"),
        (documents, of) => format!("{documents} of the last {of} {what}s of this supplier{like} were"),
    }
}

fn like<'a>(counted: &Counted<'a>, chosen: AccountKey<'a>) -> String {
    let description = counted.newest_of(chosen).map(|line| quote(&line.kept.description)).unwrap_or_default();
    match counted.resemblance {
        Resemblance::Closest | Resemblance::Text => format!(" with a line that reads like “{description}”"),
        Resemblance::Amount => " with a line of the same amount".to_owned(),
        Resemblance::None => String::new(),
    }
}

/// That the coding changed, where the newest all have it and the older do not.
fn row<'a>(counted: &Counted<'a>, chosen: AccountKey<'a>, documents: u32) -> String {
    let row = counted.newest_in_a_row(|line| line.account == chosen);
    let worth = row >= ROW_MIN && documents < counted.documents_where(|_| true);
    if worth { format!(", each of the newest {row} among them") } else { String::new() }
}

/// Where the account is clearer than the tax: "the tax type is INPUT2 in 5, ZERORATEDINPUT in 4 of them".
fn taxes<'a>(counted: &Counted<'a>, tax: &Choice<&'a str>) -> String {
    let documents = |value: &str| counted.documents_where(|line| is_tax(line, value));
    let others = tax.alternatives.iter().map(|other| (other.value, documents(other.value)));
    let others = others
        .filter(|(_, documents)| *documents > 0)
        .map(|(value, in_many)| format!(", {} in {in_many}", quote(value)));
    let first = (quote(tax.value), documents(tax.value));
    format!("the tax type is {} in {}{} of them all", first.0, first.1, others.collect::<String>())
}

fn is_tax(line: &Weighed<'_>, tax: &str) -> bool {
    line.kept.tax_type.as_deref() == Some(tax)
}

fn code(account: &Account) -> String {
    match (&account.code, account.id) {
        (Some(code), _) => quote(code),
        (None, Some(id)) => format!("the account {id}"),
        (None, None) => "an account without code".to_owned(),
    }
}
