//! The fields of CAMT while their parts come one by one.
//!
//! Owns which path below a balance, an entry or a transaction is which field, and who is on the other side.

use kernel::{Currency, Date};
use statement_lines::model::{Detail, Entry, Status, append_folded, folded};
use statement_lines::numeral::{Mark, Numeral, NumeralError};
use statement_lines::{Exact, Place, dates};

use crate::camt_tags::Tag;

/// Words that say that there is no reference.
const NO_REFERENCE: &[&str] = &["NOTPROVIDED", "NONREF", ""];

/// An amount while its parts come one by one.
#[derive(Default)]
pub(crate) struct Draft {
    pub amount: Option<Result<Exact, NumeralError>>,
    pub currency: Option<Currency>,
    /// Whether money came in.
    pub credit: Option<bool>,
}

#[derive(Default)]
pub(crate) struct BalanceDraft {
    pub draft: Draft,
    pub code: String,
    pub date: Option<Date>,
    pub place: Place,
}

#[derive(Default)]
pub(crate) struct DetailDraft {
    pub draft: Draft,
    pub detail: Detail,
    pub debtor: Option<String>,
    pub creditor: Option<String>,
}

#[derive(Default)]
pub(crate) struct EntryDraft {
    pub entry: Entry,
    pub draft: Draft,
    pub domain: String,
    pub proprietary: Option<String>,
    pub more: Option<String>,
    pub details: Vec<DetailDraft>,
}

impl Draft {
    /// The amount with its side's sign; none where either is missing.
    pub fn signed(self) -> Option<Result<Exact, NumeralError>> {
        let (amount, credit) = (self.amount?, self.credit?);
        Some(amount.and_then(|amount| if credit { Ok(amount) } else { amount.try_neg().ok_or(NumeralError::TooLong) }))
    }

    fn take(&mut self, text: &str, currency: Option<Currency>) {
        self.amount = Some(Numeral::parse(text).and_then(|numeral| numeral.value(Mark::Point)));
        self.currency = currency;
    }
}

/// The transactions of an entry, and what they say of it as a whole.
pub(crate) fn add_details(entry: &mut Entry, details: Vec<DetailDraft>, credit: Option<bool>) {
    let single = details.len() == 1;
    for DetailDraft { mut draft, mut detail, debtor, creditor } in details {
        draft.credit = draft.credit.or(credit);
        // Who is on the other side depends on the side that the money came from.
        detail.payee = if draft.credit == Some(true) { debtor.or(creditor) } else { creditor.or(debtor) };
        detail.currency = draft.currency;
        let currency = detail.currency;
        detail.amount = draft.signed().and_then(Result::ok).map(|amount| amount.fitted(currency).0);
        append_folded(&mut entry.description, &detail.description);
        if single {
            entry.payee.clone_from(&detail.payee);
            entry.reference.clone_from(&detail.reference);
        }
        entry.details.push(detail);
    }
}

pub(crate) fn balance_leaf(stack: &[Tag], text: &str, currency: Option<Currency>, balance: &mut BalanceDraft) {
    use Tag::*;
    match stack {
        [.., Bal, Tp, CdOrPrtry, Cd] => balance.code = text.to_owned(),
        [.., Bal, Amt] => balance.draft.take(text, currency),
        [.., Bal, CdtDbtInd] => balance.draft.credit = side(text),
        [.., Bal, Dt, Dt | DtTm] => balance.date = day(text),
        _ => (),
    }
}

pub(crate) fn entry_leaf(stack: &[Tag], text: &str, currency: Option<Currency>, draft: &mut EntryDraft) {
    use Tag::*;
    let entry = &mut draft.entry;
    match stack {
        [.., Ntry, Amt] => draft.draft.take(text, currency),
        [.., Ntry, CdtDbtInd] => draft.draft.credit = side(text),
        [.., Ntry, Sts] | [.., Ntry, Sts, Cd] => {
            entry.status = match text {
                "BOOK" => Status::Booked,
                "INFO" => Status::Information,
                _ => Status::Pending,
            };
        }
        [.., Ntry, BookgDt, Dt | DtTm] => entry.date = day(text),
        [.., Ntry, ValDt, Dt | DtTm] => entry.value_date = day(text),
        [.., Ntry, AcctSvcrRef] => entry.id = reference(text),
        [.., Ntry, AddtlNtryInf] => draft.more = folded(text),
        [.., Ntry, BkTxCd, Domn, Cd] => draft.domain = text.to_owned(),
        [.., Ntry, BkTxCd, Domn, Fmly, Cd | SubFmlyCd] => {
            draft.domain.push('/');
            draft.domain.push_str(text);
        }
        [.., Ntry, BkTxCd, Prtry, Cd] => draft.proprietary = folded(text),
        _ => {
            if let Some(detail) = draft.details.last_mut() {
                detail_leaf(stack, text, currency, detail, &mut entry.check_number);
            }
        }
    }
}

fn detail_leaf(
    stack: &[Tag],
    text: &str,
    currency: Option<Currency>,
    draft: &mut DetailDraft,
    check_number: &mut Option<String>,
) {
    use Tag::*;
    let detail = &mut draft.detail;
    match stack {
        [.., TxDtls, Amt] => draft.draft.take(text, currency),
        [.., TxDtls, AmtDtls, TxAmt, Amt] if draft.draft.amount.is_none() => draft.draft.take(text, currency),
        [.., TxDtls, CdtDbtInd] => draft.draft.credit = side(text),
        [.., TxDtls, Refs, EndToEndId] => detail.reference = reference(text),
        [.., TxDtls, Refs, ChqNb] => *check_number = folded(text),
        [.., RltdPties, Dbtr, Nm] | [.., RltdPties, Dbtr, Pty, Nm] => draft.debtor = folded(text),
        [.., RltdPties, Cdtr, Nm] | [.., RltdPties, Cdtr, Pty, Nm] => draft.creditor = folded(text),
        [.., RmtInf, Ustrd] | [.., TxDtls, AddtlTxInf] => append_folded(&mut detail.description, text),
        [.., RmtInf, Strd, CdtrRefInf, Ref] => {
            append_folded(&mut detail.description, text);
            detail.reference = detail.reference.take().or_else(|| reference(text));
        }
        _ => (),
    }
}

fn side(text: &str) -> Option<bool> {
    match text {
        "CRDT" => Some(true),
        "DBIT" => Some(false),
        _ => None,
    }
}

/// The day that is written, whatever time and zone follow.
pub(crate) fn day(text: &str) -> Option<Date> {
    dates::parse(text.get(..10)?)?.date(None)
}

fn reference(text: &str) -> Option<String> {
    folded(text).filter(|text| !NO_REFERENCE.contains(&text.as_str()))
}
