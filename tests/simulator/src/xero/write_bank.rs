//! Bank transactions and transfers: ledger entries, which never reconcile anything by themselves.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::accounting::Caller;
use super::books::Books;
use super::element::Element;
use super::endpoints::Endpoint;
use super::model::{Document, Kind, Status, Transfer};
use super::refusals::{Refusal, Remarks};
use super::wire::round;
use super::write_contacts::{self, Unknown};
use super::write_documents::{apply, blank};
use super::writing::{Outcome, Saved, Submitted};

/// Creates, updates or deletes one bank transaction.
pub(super) fn save(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    match sent.target.or(element.id("BankTransactionID")) {
        None => create(books, caller, sent),
        Some(_) if sent.creates_only => Err("A bank transaction with this id exists already".into()),
        Some(id) => match books.bank_transactions.find(id).cloned() {
            Some(old) => update(books, caller, sent, old),
            None => Err(format!("A bank transaction with BankTransactionID {id} could not be found").into()),
        },
    }
}

fn bank_account(books: &Books, named: Option<Element<'_>>) -> Result<Uuid, Refusal> {
    let by_id = named.and_then(|named| named.id("AccountID")).and_then(|id| books.accounts.find(id));
    let found = by_id.or_else(|| books.account_by_code(named?.text("Code")?));
    match found.filter(|account| account.is_bank() && account.status == Status::Active) {
        Some(account) => Ok(account.id),
        None => Err("Account must be valid.".into()),
    }
}

fn create(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    let kind = element.text("Type").and_then(Kind::parse).filter(|kind| {
        use Kind::{Receive, ReceiveOverpayment, ReceivePrepayment, Spend, SpendOverpayment, SpendPrepayment};
        let makeable = [Receive, Spend, ReceivePrepayment, SpendPrepayment, ReceiveOverpayment, SpendOverpayment];
        makeable.contains(kind)
    });
    let Some(kind) = kind else { return Err("Type is not valid for a bank transaction".into()) };
    if element.text("Status").is_some_and(|status| status != "AUTHORISED") {
        return Err("A new bank transaction can only be AUTHORISED".into());
    }
    let account = bank_account(books, element.object("BankAccount"))?;
    let contact = write_contacts::of_document(books, caller, element.object("Contact"), Unknown::Created)?;
    let mut document = blank(books, kind, contact, caller);
    (document.status, document.account) = (Status::Authorised, Some(account));
    document.reconciled = element.flag("IsReconciled").unwrap_or(false);
    follow_currency(books, &mut document, account);
    let mut remarks = Remarks::default();
    fill(books, sent, &mut document, &mut remarks);
    if element.list("LineItems").is_none_or(|lines| lines.is_empty()) {
        remarks.refuse("One or more line items must be specified".to_owned());
    }
    remarks.refuse_all(books.locked(document.date));
    let warnings = remarks.verdict()?;
    let id = document.id;
    let (advance, category) = match kind {
        Kind::ReceivePrepayment | Kind::SpendPrepayment => (true, "PREPAYMENT"),
        Kind::ReceiveOverpayment | Kind::SpendOverpayment => (true, "OVERPAYMENT"),
        _ => (false, ""),
    };
    if advance {
        let mut twin = document.clone();
        twin.id = books.dice.uuid();
        (twin.twin, document.twin) = (Some(id), Some(twin.id));
        let twin_id = twin.id;
        if category == "PREPAYMENT" {
            books.prepayments.add(twin)
        } else {
            books.overpayments.add(twin)
        }
        books.tell(category, true, twin_id, caller.now);
    }
    books.bank_transactions.add(document);
    books.note(id, "Created", String::new(), &caller.app_name, caller.now_ms());
    Ok(Saved { id: id.to_string(), warnings })
}

/// The currency is the bank account's.
fn follow_currency(books: &Books, document: &mut Document, account: Uuid) {
    if let Some(currency) = books.accounts.find(account).and_then(|account| account.currency.clone()) {
        let base = currency == books.base_currency();
        document.rate = if base { Decimal::ONE } else { Decimal::new(1_165_432, 6) };
        document.currency = currency;
    }
}

fn fill(books: &mut Books, sent: Submitted<'_>, document: &mut Document, remarks: &mut Remarks) {
    let currency = document.currency.clone();
    apply(books, sent, Endpoint::BankTransactions, document, remarks);
    if document.currency != currency {
        remarks.refuse("The currency must be that of the bank account".to_owned());
    }
    if document.total <= Decimal::ZERO && sent.element.has("LineItems") {
        remarks.refuse("The total of a bank transaction must be greater than zero".to_owned());
    }
}

fn update(books: &mut Books, caller: &Caller, sent: Submitted<'_>, old: Document) -> Outcome {
    let element = sent.element;
    if old.status != Status::Authorised || matches!(old.kind, Kind::ReceiveTransfer | Kind::SpendTransfer) {
        return Err("Document not of valid status for modification".into());
    }
    let locked = books.locked(old.date);
    if !locked.is_empty() {
        return Err(locked.into());
    }
    let next = match element.text("Status") {
        None | Some("AUTHORISED") => Status::Authorised,
        Some("DELETED") => Status::Deleted,
        Some(text) => return Err(format!("The status '{text}' cannot be applied to the document").into()),
    };
    if next == Status::Deleted && (old.reconciled || old.twin.is_some()) {
        let text = "This Bank Transaction cannot be edited as it has been reconciled with a Bank Statement.";
        return Err(text.to_owned().into());
    }
    let mut document = old.clone();
    document.status = next;
    let mut remarks = Remarks::default();
    if next != Status::Deleted {
        if element.has("Contact") {
            document.contact = write_contacts::of_document(books, caller, element.object("Contact"), Unknown::Created)?;
        }
        if old.reconciled && element.has("LineItems") {
            let before = old.total;
            fill(books, sent, &mut document, &mut remarks);
            if document.total != before {
                let text = "This Bank Transaction cannot be edited as it has been reconciled with a Bank Statement.";
                remarks.refuse(text.to_owned());
            }
        } else {
            fill(books, sent, &mut document, &mut remarks);
        }
        remarks.refuse_all(books.locked(document.date));
    }
    let warnings = remarks.verdict()?;
    let id = document.id;
    books
        .bank_transactions
        .change(id, Some(caller.now_ms()), |each| *each = Document { updated: each.updated, ..document });
    books.note(id, "Edited", String::new(), &caller.app_name, caller.now_ms());
    Ok(Saved { id: id.to_string(), warnings })
}

/// Creates or deletes one transfer; it is two bank transactions.
pub(super) fn save_transfer(books: &mut Books, caller: &Caller, sent: Submitted<'_>) -> Outcome {
    let element = sent.element;
    if let Some(id) = sent.target.or(element.id("BankTransferID")) {
        if element.text("Status") != Some("DELETED") {
            return Err("Bank transfers cannot be updated; only Status DELETED may be sent".into());
        }
        return delete_transfer(books, caller, id);
    }
    let from = bank_account(books, element.object("FromBankAccount"))?;
    let to = bank_account(books, element.object("ToBankAccount"))?;
    let currency = |id: Uuid| books.accounts.find(id).and_then(|account| account.currency.clone());
    if from == to || currency(from) != currency(to) {
        return Err("Transfers are only possible between two bank accounts of the same currency".into());
    }
    let Some(amount) =
        element.decimal("Amount").map(|amount| round(amount, 2)).filter(|amount| *amount > Decimal::ZERO)
    else {
        return Err("The amount must be greater than zero".into());
    };
    let date = element.date("Date").unwrap_or(caller.today);
    let locked = books.locked(date);
    if !locked.is_empty() {
        return Err(locked.into());
    }
    let mut side = |kind: Kind, account: Uuid, reconciled: Option<bool>| {
        let mut document = blank(books, kind, Uuid::nil(), caller);
        (document.status, document.account, document.date) = (Status::Authorised, Some(account), date);
        (document.sub_total, document.total) = (amount, amount);
        document.reconciled = reconciled.unwrap_or(false);
        follow_currency(books, &mut document, account);
        let id = document.id;
        books.bank_transactions.add(document);
        id
    };
    let from_transaction = side(Kind::SpendTransfer, from, element.flag("FromIsReconciled"));
    let to_transaction = side(Kind::ReceiveTransfer, to, element.flag("ToIsReconciled"));
    let transfer = Transfer {
        id: books.dice.uuid(),
        from,
        to,
        from_transaction,
        to_transaction,
        amount,
        date,
        reference: element.text("Reference").unwrap_or_default().into(),
        status: Status::Authorised,
        created: caller.now_ms(),
        updated: caller.now_ms(),
    };
    let id = transfer.id;
    books.transfers.add(transfer);
    Ok(Saved::plainly(id))
}

fn delete_transfer(books: &mut Books, caller: &Caller, id: Uuid) -> Outcome {
    let Some(found) = books.transfers.find(id).cloned() else {
        return Err("Bank transfer could not be found".into());
    };
    let reconciled = |id| books.bank_transactions.find(id).is_some_and(|each| each.reconciled);
    if found.status != Status::Deleted && [found.from_transaction, found.to_transaction].into_iter().any(reconciled) {
        return Err("This Bank Transfer cannot be deleted as it has been reconciled with a Bank Statement.".into());
    }
    let locked = books.locked(found.date);
    if found.status == Status::Deleted || !locked.is_empty() {
        let deleted = || vec!["Bank transfer has already been deleted".to_owned()];
        return Err(if locked.is_empty() { deleted().into() } else { locked.into() });
    }
    let now = Some(caller.now_ms());
    books.transfers.change(id, now, |each| each.status = Status::Deleted);
    for transaction in [found.from_transaction, found.to_transaction] {
        books.bank_transactions.change(transaction, now, |each| each.status = Status::Deleted);
    }
    Ok(Saved::plainly(id))
}
