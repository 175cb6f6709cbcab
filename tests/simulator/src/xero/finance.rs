//! The Finance API: bank statements, and what their lines are reconciled with.
//!
//! Sources: Xero's Finance API specification; captured live answers, which sign amounts and prefix types where its example
//! does neither. Errors are problems with lower-case names. Where nothing is known, the answer is the stricter one: a user
//! who may not see reports is refused, a day that is not yet over everywhere is not in the future.

use jiff::ToSpan;
use jiff::civil::Date;
use kernel::Timestamp;
use ports::{HttpRequest, Method};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounting::Ticket;
use super::address::Address;
use super::books::Books;
use super::model::{Account, Target};
use super::reply::Reply;
use super::settings::{Role, STATEMENT_LINES_SCOPE};
use super::state::State;
use super::statements::{BankStatement, StatementLine, moved};
use super::wire::{id, instant, money, today};

fn problem(status: u16, kind: &str, title: &str, detail: &str) -> Reply {
    let body = json!({ "type": kind, "title": title, "status": status, "detail": detail });
    Reply::typed(status, "application/problem+json; charset=utf-8", body.to_string())
}

fn invalid(detail: &str) -> Reply {
    problem(400, "invalid-request", "InvalidRequest", detail)
}

/// Whether token and role allow the call, and whether it is one that exists here.
pub(super) fn permitted(state: &State, ticket: &Ticket, request: &HttpRequest, address: &Address) -> Result<(), Reply> {
    let path: Vec<&str> = address.segments.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["finance.xro", "1.0", "BankStatementsPlus", "statements"] if request.method == Method::Get => (),
        ["finance.xro", "1.0", "CashValidation" | "FinancialStatements" | "AccountingActivities", ..] => {
            return Err(problem(501, "invalid-request", "NotImplemented", "The simulator does not have this endpoint"));
        }
        _ => return Err(problem(404, "invalid-request", "NotFound", "There is no such resource")),
    }
    if !ticket.grant.scopes.iter().any(|scope| scope == STATEMENT_LINES_SCOPE) {
        let reply = problem(401, "unauthorized", "Unauthorized", "The access token has not the required scope");
        return Err(reply.with("WWW-Authenticate", "insufficient_scope"));
    }
    let role = state.role(ticket.grant.user, ticket.tenant).unwrap_or(Role::ReadOnly);
    if !role.sees_reports() {
        return Err(problem(403, "unauthorized", "Forbidden", "The user may not see this organisation's reports"));
    }
    Ok(())
}

/// What is asked for, once it can be.
struct Asked<'a> {
    account: &'a Account,
    from: Date,
    to: Date,
}

/// The statements of one bank account.
pub(super) fn answer(state: &mut State, ticket: &Ticket, address: &Address, now: Timestamp) -> Reply {
    let Some(books) = state.books_of(ticket.tenant) else {
        return problem(404, "organisation-not-found", "OrganisationNotFound", "The organisation was not found");
    };
    match asked(books, address, now) {
        Ok(asked) => Reply::json(200, &statements(books, &asked)),
        Err(reply) => reply,
    }
}

fn asked<'a>(books: &'a Books, address: &Address, now: Timestamp) -> Result<Asked<'a>, Reply> {
    let day = |name: &str| {
        let text = address.parameter(name).ok_or_else(|| invalid(&format!("{name} was not supplied")))?;
        // jiff takes more spellings of a day than Xero does.
        let plain = text.len() == 10 && text.as_bytes()[4] == b'-';
        let read: Option<Date> = text.parse().ok().filter(|_| plain);
        read.ok_or_else(|| invalid(&format!("{name} is not a date")))
    };
    let account = address.parameter("BankAccountID").ok_or_else(|| invalid("BankAccountID was not supplied"))?;
    let account: Uuid = account.parse().map_err(|_| invalid("BankAccountID is not valid"))?;
    let (from, to) = (day("FromDate")?, day("ToDate")?);
    if to < from {
        return Err(invalid("ToDate is before FromDate"));
    }
    if from.saturating_add(12.months()) <= to {
        return Err(invalid("The period between FromDate and ToDate is more than 12 months"));
    }
    if to > today(now, books.profile.country.figures().timezone).min(today(now, "UTC")) {
        return Err(invalid("ToDate is in the future"));
    }
    match address.parameter("SummaryOnly") {
        None | Some("true") => (),
        Some("false") => {
            return Err(problem(501, "invalid-request", "NotImplemented", "The simulator has no line items here"));
        }
        Some(_) => return Err(invalid("SummaryOnly is not valid")),
    }
    let found = books.accounts.find(account).filter(|account| account.is_bank());
    let account =
        found.ok_or_else(|| problem(400, "bank-account-not-found", "BankAccountNotFound", "Bank account not found"))?;
    Ok(Asked { account, from, to })
}

fn statements(books: &Books, asked: &Asked<'_>) -> Value {
    let mine = books.statements.iter().filter(|each| each.account == asked.account.id);
    let mut balance = Decimal::ZERO;
    let mut shown = Vec::new();
    for statement in mine {
        let before = balance;
        balance += statement.lines.iter().filter(|line| !line.deleted).map(|line| line.said.amount).sum::<Decimal>();
        shown.extend(one(books, asked, statement, before, balance));
    }
    let currency = asked.account.currency.clone().unwrap_or_else(|| books.base_currency());
    json!({
        "bankAccountId": id(asked.account.id), "bankAccountName": &*asked.account.name,
        "bankAccountCurrencyCode": &*currency, "statements": shown,
    })
}

/// A statement with its lines of the days that are asked for, if it has any.
fn one(books: &Books, asked: &Asked<'_>, statement: &BankStatement, before: Decimal, after: Decimal) -> Option<Value> {
    let within = |line: &&StatementLine| {
        let reconciled = !line.matched.is_empty() || !books.habits.statements.reconciled_only;
        (asked.from..=asked.to).contains(&line.said.date) && reconciled
    };
    let lines: Vec<Value> = statement.lines.iter().filter(within).map(|each| line(books, each)).collect();
    let days = || statement.lines.iter().map(|line| line.said.date);
    let (first, last) = (days().min()?, days().max()?);
    (!lines.is_empty()).then(|| {
        json!({
            "statementId": id(statement.id), "startDate": first.to_string(), "endDate": last.to_string(),
            "importedDateTimeUtc": instant(statement.imported).to_string(), "importSource": "STMTIMPORTSRC/MANUAL",
            // Not supplied with an import by hand, and 0 then.
            "startBalance": money(Decimal::ZERO), "endBalance": money(Decimal::ZERO),
            "indicativeStartBalance": money(before), "indicativeEndBalance": money(after), "statementLines": lines,
        })
    })
}

fn line(books: &Books, line: &StatementLine) -> Value {
    let out = line.said.amount.is_sign_negative();
    let word = if out { "Debit" } else { "Credit" };
    let example = books.habits.statements.as_in_the_example;
    let (kind, amount) = match example {
        true => (word.to_owned(), line.said.amount.abs()),
        false => (format!("STMTTRNTYPE/{}", word.to_uppercase()), line.said.amount),
    };
    let (payments, entries): (Vec<Uuid>, Vec<Uuid>) =
        line.matched.iter().partition(|id| moved(books, **id).is_some_and(|moved| moved.is_payment));
    json!({
        "statementLineId": id(line.id), "postedDate": line.said.date.to_string(), "payee": line.said.payee,
        "reference": line.said.reference, "notes": line.said.notes, "chequeNo": "", "amount": money(amount),
        "transactionDate": line.said.date.to_string(), "type": kind, "isReconciled": !line.matched.is_empty(),
        "isDuplicate": line.duplicate, "isDeleted": line.deleted,
        "payments": payments.iter().filter_map(|id| payment(books, *id)).collect::<Vec<_>>(),
        "bankTransactions": entries.iter().filter_map(|id| entry(books, *id)).collect::<Vec<_>>(),
    })
}

fn payment(books: &Books, of: Uuid) -> Option<Value> {
    let payment = books.payments.find(of)?;
    let document = books.target(payment.target, payment.document)?;
    let contact = books.contacts.find(document.contact).map_or("", |contact| &contact.name);
    let (holder, name) = match payment.target {
        Target::Invoice => ("invoice", "invoiceId"),
        Target::CreditNote => ("creditNote", "creditNoteId"),
        Target::Prepayment => ("prepayment", "prepaymentId"),
        Target::Overpayment => ("overpayment", "overpaymentId"),
    };
    let paid = json!({
        name: id(payment.document),
        "contact": { "contactId": id(document.contact), "contactName": contact },
    });
    Some(json!({
        "paymentId": id(payment.id), "date": payment.date.to_string(), "amount": money(payment.amount),
        "bankAmount": money(payment.bank_amount), "currencyRate": super::wire::decimals(payment.rate, 6), holder: paid,
    }))
}

fn entry(books: &Books, of: Uuid) -> Option<Value> {
    let entry = books.bank_transactions.find(of)?;
    let contact = books.contacts.find(entry.contact).map_or("", |contact| &contact.name);
    Some(json!({
        "bankTransactionId": id(entry.id),
        "contact": { "contactId": id(entry.contact), "contactName": contact },
        "date": entry.date.to_string(), "amount": money(entry.total),
    }))
}
