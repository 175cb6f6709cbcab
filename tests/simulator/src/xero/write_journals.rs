//! Manual journals: balance, forbidden accounts, lock dates, status moves.
//!
//! Source: the page Manual Journals. A journal has no number and no uniqueness: its narration is all there is to find it.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::lines::{Remarks, checked_tax, is_off_limits, tracking};
use super::model::{Journal, JournalLine, Status, Taxing};
use super::totals::tax_of;
use super::wire::round;
use super::writing::{Outcome, Saved, Submitted};

/// Creates or updates one journal.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let old = match sent.target.or(element.id("ManualJournalID")) {
        None => None,
        Some(_) if sent.creates_only => return Err(vec!["A journal with this id exists already".to_owned()]),
        Some(id) => match books.journals.find(id).cloned() {
            Some(found) => Some(found),
            None => return Err(vec![format!("A journal with ManualJournalID {id} could not be found")]),
        },
    };
    let created = old.is_none();
    let next = status(element, old.as_ref())?;
    let mut errors = Remarks::default();
    let journal = draw(books, caller, element, old.as_ref(), next, &mut errors);
    for day in old.iter().filter(|old| old.status == Status::Posted).map(|old| old.date).chain([journal.date]) {
        if next != Status::Draft && next != Status::Deleted && errors.errors.is_empty() {
            errors.errors.extend(books.locked(day));
        }
    }
    if !errors.errors.is_empty() {
        return Err(errors.errors);
    }
    let id = journal.id;
    if created {
        books.journals.add(journal);
    } else {
        books.journals.change(id, Some(caller.now_ms()), |each| *each = Journal { updated: each.updated, ..journal });
    }
    books.note(id, if created { "Created" } else { "Edited" }, String::new(), &caller.app_name, caller.now_ms());
    Ok(Saved::plainly(id))
}

/// The status after the write: DRAFT unless said otherwise; a draft is deleted, a posted journal voided.
fn status(element: Element<'_>, old: Option<&Journal>) -> Result<Status, Vec<String>> {
    use Status::{Deleted, Draft, Posted, Voided};
    let refused = |text: &str| Err(vec![format!("The status '{text}' cannot be applied to the document")]);
    let now = old.map(|old| old.status);
    if now.is_some_and(|now| !matches!(now, Draft | Posted)) {
        return Err(vec!["Document not of valid status for modification".to_owned()]);
    }
    let Some(text) = element.text("Status") else { return Ok(now.unwrap_or(Draft)) };
    let Some(next) = Status::parse(text) else { return refused(text) };
    match (now, next) {
        (None, Draft | Posted) | (Some(Draft), Draft | Posted | Deleted) | (Some(Posted), Posted | Voided) => Ok(next),
        _ => refused(text),
    }
}

fn draw(
    books: &mut Books,
    caller: &Caller,
    element: Element<'_>,
    old: Option<&Journal>,
    next: Status,
    remarks: &mut Remarks,
) -> Journal {
    let narration = element.text("Narration").or(old.map(|old| &*old.narration)).unwrap_or_default();
    if narration.is_empty() {
        remarks.errors.push("Narration is a mandatory field".to_owned());
    }
    let taxing = element.taxing().or(old.map(|old| old.taxing)).unwrap_or(Taxing::NoTax);
    let url = element.text("Url").or(old.map(|old| &*old.url)).unwrap_or_default();
    if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") {
        remarks.errors.push("Url must be a valid absolute URL".to_owned());
    }
    let lines = match element.list("JournalLines") {
        Some(given) => {
            let lines: Vec<JournalLine> = given.iter().filter_map(|each| line(books, *each, taxing, remarks)).collect();
            balance(&lines, given.len(), taxing, remarks);
            lines
        }
        None => old.map(|old| old.lines.clone()).unwrap_or_default(),
    };
    if lines.len() < 2 && remarks.errors.is_empty() {
        remarks.errors.push("At least two journal lines must be specified".to_owned());
    }
    Journal {
        id: old.map_or_else(|| books.dice.uuid(), |old| old.id),
        narration: narration.into(),
        date: element.date("Date").or(old.map(|old| old.date)).unwrap_or(caller.today),
        status: next,
        taxing,
        lines,
        url: url.into(),
        cash_basis: element.flag("ShowOnCashBasisReports").or(old.map(|old| old.cash_basis)).unwrap_or(true),
        updated: caller.now_ms(),
    }
}

fn line(books: &Books, sent: Element<'_>, taxing: Taxing, remarks: &mut Remarks) -> Option<JournalLine> {
    let amount = round(sent.decimal("LineAmount").unwrap_or_default(), 2);
    let code = sent.text("AccountCode").unwrap_or_default();
    let found = books.account_by_code(code).or_else(|| books.accounts.find(sent.id("AccountID")?));
    let named = if code.is_empty() { sent.text("AccountID").unwrap_or_default() } else { code };
    let Some(account) = found else {
        remarks.errors.push(format!("Account code '{named}' is not a valid code for this document."));
        return None;
    };
    if account.status != Status::Active {
        remarks.errors.push(format!(
            "Account code '{named}' has been archived, or has been deleted. Each line item must reference a valid account."
        ));
    }
    if is_off_limits(account) || &*account.kind == "INVENTORY" {
        remarks.errors.push(format!("Account code '{named}' is not a valid code for this document."));
    }
    let name = sent.text("TaxType").filter(|name| !name.is_empty());
    let tax_type = match name.map(|name| checked_tax(books, name, Some(account))) {
        Some(Err(text)) => {
            remarks.errors.push(text);
            return None;
        }
        Some(Ok(tax_type)) => tax_type,
        None if taxing == Taxing::NoTax => Arc::from("NONE"),
        None => account.tax_type.clone(),
    };
    let percent = books.tax_rate(&tax_type).map_or(Decimal::ZERO, |rate| rate.rate);
    Some(JournalLine {
        amount,
        account: account.id,
        description: sent.text("Description").unwrap_or_default().into(),
        tax: tax_of(amount, percent, taxing),
        tax_type,
        tracking: tracking(books, sent, remarks).unwrap_or_default(),
    })
}

/// Debits must equal credits, with the tax that each line makes.
fn balance(lines: &[JournalLine], given: usize, taxing: Taxing, remarks: &mut Remarks) {
    if given < 2 {
        remarks.errors.push("At least two journal lines must be specified".to_owned());
        return;
    }
    let gross = |line: &JournalLine| line.amount + if taxing == Taxing::Exclusive { line.tax } else { Decimal::ZERO };
    let debits: Decimal = lines.iter().map(gross).filter(|amount| *amount > Decimal::ZERO).sum();
    let credits: Decimal = lines.iter().map(gross).filter(|amount| *amount < Decimal::ZERO).sum();
    if debits + credits != Decimal::ZERO && lines.len() == given {
        let text = format!("The total debits ({debits:.2}) must equal total credits ({credits:.2})");
        remarks.errors.push(text);
    }
}
