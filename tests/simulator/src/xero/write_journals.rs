//! Manual journals: balance, forbidden accounts, lock dates, status moves.
//!
//! Source: the page Manual Journals. A journal has no number and no uniqueness: its narration is all there is to find it.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::accounting::Caller;
use super::books::Books;
use super::document_rules::account_archived;
use super::element::{Element, link_fault};
use super::lines::{AMOUNT_TOO_LARGE, amount_max, checked_tax, is_off_limits, tracking};
use super::model::{Journal, JournalLine, Status, Taxing};
use super::refusals::{Place, Refusal, Remarks};
use super::totals::tax_of;
use super::wire::round;
use super::writing::{Outcome, Saved, Submitted};

const NOT_MODIFIABLE: &str = "Document not of valid status for modification";

/// Creates or updates one journal.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let old = match sent.target.or(element.id("ManualJournalID")) {
        None => None,
        Some(_) if sent.creates_only => return Err("A journal with this id exists already".into()),
        Some(id) => match books.journals.find(id).cloned() {
            Some(found) => Some(found),
            None => return Err(format!("A journal with ManualJournalID {id} could not be found").into()),
        },
    };
    let created = old.is_none();
    let next = status(element, old.as_ref(), books.habits.journals.posted_are_final)?;
    let mut remarks = Remarks::default();
    let journal = draw(books, caller, element, old.as_ref(), next, &mut remarks);
    if next == Status::Posted && !element.has("JournalLines") {
        recheck(books, &journal, old.as_ref(), &mut remarks);
    }
    for day in old.iter().filter(|old| old.status == Status::Posted).map(|old| old.date).chain([journal.date]) {
        if next != Status::Draft && next != Status::Deleted && !remarks.is_refused() {
            remarks.refuse_all(books.locked(day));
        }
    }
    let warnings = remarks.verdict()?;
    let id = journal.id;
    if created {
        books.journals.add(journal);
    } else {
        books.journals.change(id, Some(caller.now_ms()), |each| *each = Journal { updated: each.updated, ..journal });
    }
    books.note(id, if created { "Created" } else { "Edited" }, String::new(), &caller.app_name, caller.now_ms());
    Ok(Saved { id: id.to_string(), warnings })
}

/// Posting a stored draft: each line needs an account, one that is still in use.
fn recheck(books: &Books, journal: &Journal, old: Option<&Journal>, remarks: &mut Remarks) {
    if old.is_none_or(|old| old.status == Status::Posted) {
        return;
    }
    for (at, line) in journal.lines.iter().enumerate() {
        remarks.turn_to(Place::Line(at));
        match line.account.and_then(|id| books.accounts.find(id)) {
            None => remarks.refuse("Account code must be specified for each line of a posted journal"),
            Some(account) if account.status != Status::Active => remarks.refuse(account_archived(&account.code)),
            Some(_) => (),
        }
    }
    remarks.turn_to(Place::Whole);
}

/// The status after the write: DRAFT unless said otherwise; a draft is deleted, a posted journal voided.
fn status(element: Element<'_>, old: Option<&Journal>, posted_are_final: bool) -> Result<Status, Refusal> {
    use Status::{Deleted, Draft, Posted, Voided};
    let refused = |text: &str| Err(format!("The status '{text}' cannot be applied to the document").into());
    let now = old.map(|old| old.status);
    let text = element.text("Status");
    let stays = now == Some(Posted) && text.is_none_or(|text| text == Posted.as_str());
    if now.is_some_and(|now| !matches!(now, Draft | Posted)) || (stays && posted_are_final) {
        return Err(NOT_MODIFIABLE.into());
    }
    let Some(text) = text else { return Ok(now.unwrap_or(Draft)) };
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
    if narration.trim().is_empty() {
        remarks.refuse("Narration is a mandatory field".to_owned());
    }
    let taxing = element.taxing().or(old.map(|old| old.taxing)).unwrap_or(Taxing::NoTax);
    let url = element.text("Url").or(old.map(|old| &*old.url)).unwrap_or_default();
    element.text("Url").and_then(link_fault).into_iter().for_each(|text| remarks.refuse(text));
    let lines = match element.list("JournalLines") {
        Some(given) => {
            if let Some(most) = books.habits.journals.lines_max.filter(|most| given.len() > *most) {
                remarks.refuse(format!("A maximum of {most} journal lines is allowed"));
            }
            let mut lines = Vec::with_capacity(given.len());
            for (at, each) in given.iter().enumerate() {
                remarks.turn_to(Place::Line(at));
                lines.extend(line(books, *each, taxing, next, remarks));
            }
            remarks.turn_to(Place::Whole);
            balance(&lines, given.len(), taxing, remarks);
            lines
        }
        None => old.map(|old| old.lines.clone()).unwrap_or_default(),
    };
    if lines.len() < 2 && !remarks.is_refused() {
        remarks.refuse("At least two journal lines must be specified".to_owned());
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

/// One line. On a draft an unknown account is removed with a warning: HTTP 200, and the line has no account. The settings
/// say whether a posted journal loses it too.
fn line(books: &Books, sent: Element<'_>, taxing: Taxing, next: Status, remarks: &mut Remarks) -> Option<JournalLine> {
    let given = sent.decimal("LineAmount").unwrap_or_default();
    if given.abs() > amount_max() {
        remarks.refuse(AMOUNT_TOO_LARGE);
        return None;
    }
    let code = sent.text("AccountCode").unwrap_or_default();
    let found = books.account_by_code(code).or_else(|| books.accounts.find(sent.id("AccountID")?));
    let habits = books.habits.journals;
    let loses = next == Status::Draft || habits.posted_lose_accounts;
    let named = if code.is_empty() { sent.text("AccountID").unwrap_or_default() } else { code };
    match found {
        None if loses && !named.is_empty() => {
            remarks.warn(format!("Account code '{named}' has been removed as it does not match a recognised account."));
        }
        None => {
            remarks.refuse(format!("Account code '{named}' is not a valid code for this document."));
            return None;
        }
        Some(account) if account.status != Status::Active => remarks.refuse(account_archived(named)),
        Some(account) if is_off_limits(account) || &*account.kind == "INVENTORY" => {
            remarks.refuse(format!("Account code '{named}' is not a valid code for this document."));
        }
        Some(_) => (),
    }
    let name = sent.text("TaxType").filter(|name| !name.is_empty());
    let tax_type = match (name.map(|name| checked_tax(books, name, found)), found) {
        (Some(Err(text)), _) => {
            remarks.refuse(text);
            return None;
        }
        (Some(Ok(tax_type)), _) => tax_type,
        (None, Some(account)) if taxing != Taxing::NoTax => account.tax_type.clone(),
        (None, _) => Arc::from("NONE"),
    };
    let percent = books.tax_rate(&tax_type).map_or(Decimal::ZERO, |rate| rate.rate);
    let amount = round(given, 2);
    Some(JournalLine {
        amount,
        account: found.map(|account| account.id),
        description: sent.text("Description").unwrap_or_default().into(),
        tax: tax_of(amount, percent, taxing),
        tax_type,
        tracking: tracking(books, sent, !habits.tracking_refused, remarks).unwrap_or_default(),
    })
}

/// Debits must equal credits, with the tax that each line makes.
fn balance(lines: &[JournalLine], given: usize, taxing: Taxing, remarks: &mut Remarks) {
    if given < 2 {
        remarks.refuse("At least two journal lines must be specified".to_owned());
        return;
    }
    let gross = |line: &JournalLine| line.amount + if taxing == Taxing::Exclusive { line.tax } else { Decimal::ZERO };
    let debits: Decimal = lines.iter().map(gross).filter(|amount| *amount > Decimal::ZERO).sum();
    let credits: Decimal = lines.iter().map(gross).filter(|amount| *amount < Decimal::ZERO).sum();
    if debits + credits != Decimal::ZERO && lines.len() == given {
        let text = format!("The total debits ({debits:.2}) must equal total credits ({credits:.2})");
        remarks.refuse(text);
    }
}
