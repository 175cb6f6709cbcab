//! A file read, at the cost of nothing but itself.
//!
//! That a reader begins is stored before it sees a byte. One that crashes, hangs or eats all memory takes its process with
//! it; the message comes back, and after the last attempt the file is refused. Lines are stored before the file says that it
//! is read, under a key of their own, so that a crash in between costs a repetition.

use std::collections::HashSet;

use connections::parked;
use documents::kept::keep as keep_value;
use documents::{DocumentError, Doors};
use envelopes::{Envelope, Work};
use kernel::{Date, Money, OrganisationRef, StatementId};
use ports::{BlobError, Written};
use serde_json::{Value, json};
use state::{Stored, keys, parked_write, put};
use statements::{Balance, Expected, Parsed, Refusal, Statement};
use tracing::{info, warn};

use crate::account::{BankAccount, bank_account};
use crate::line::{BankLine, lines};
use crate::profile::load_profile;
use crate::row::{FileState, LeftOut, StatementFile, StatementSummary, Summary, file_key, lines_key, load_file};

/// Readers that may try: the second in case the first was stopped by something else.
const ATTEMPTS_MAX: u32 = 2;
/// Problems, and statements, that are kept beside a file.
const SHOWN_MAX: usize = 100;
/// Letters of an account's number that are shown.
const ENDING_CHARS: usize = 4;

/// Reads a file that waits for it, and has what follows from its lines decided anew.
pub async fn read_statement(doors: Doors<'_>, whose: &OrganisationRef, id: StatementId) -> Result<(), DocumentError> {
    let table = &*doors.access.ports.table;
    let Some(mut found) = load_file(table, whose, id).await? else { return Ok(()) };
    let attempt = match found.value.state {
        FileState::TakenIn => 1,
        FileState::Reading { attempt } => attempt + 1,
        _ => return Ok(()),
    };
    if attempt > ATTEMPTS_MAX {
        warn!(tenant.id = %whose.tenant, statement.id = %id, "A reader failed on a bank statement twice");
        return end(doors, whose, found, refused(&Refusal::ReaderFailed)).await;
    }
    found.value.state = FileState::Reading { attempt };
    if table.write(put(keys::statement_file(whose, id), found.guard(), &found.value, None)).await? != Written::Stored {
        // Another reader is at it, and its message comes back if it dies.
        return Ok(());
    }
    found.version += 1;
    let Some(account) = bank_account(table, whose, &found.value.account).await? else {
        let words =
            "The bank account is not in Xero any more, or archived there. Choose another and upload the file again.";
        return end(doors, whose, found, refusal("account_gone", words)).await;
    };
    let version = found.value.version.clone();
    let body = match doors.blobs.read(&file_key(whose, id), version.as_deref(), statements::FILE_BYTES_MAX).await {
        Ok(body) => body,
        Err(BlobError::Missing | BlobError::TooLong { .. }) => {
            let words = "The file is not in the storage any more. Upload it again.";
            return end(doors, whose, found, refusal("file_gone", words)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let confirmed = load_profile(table, whose, &account.id, found.value.teller).await?;
    let profile = confirmed.as_ref().map(|confirmed| &confirmed.profile);
    let expected = Expected { account: account.number.as_deref(), currency: Some(account.currency), profile };
    match statements::read(&body, &expected) {
        Err(refusal) => end(doors, whose, found, refused(&refusal)).await,
        Ok(parsed) => keep(doors, whose, found, &account, &expected, &parsed).await,
    }
}

fn refused(reason: &Refusal) -> FileState {
    let named = serde_json::to_value(reason).unwrap_or_default();
    let code = match &named {
        Value::String(code) => code.clone(),
        Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    FileState::Refused { code, words: reason.to_string() }
}

fn refusal(code: &str, words: &str) -> FileState {
    FileState::Refused { code: code.to_owned(), words: words.to_owned() }
}

/// Keeps the lines of an account, and says what of the file they are not.
async fn keep(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    found: Stored<StatementFile>,
    account: &BankAccount,
    expected: &Expected<'_>,
    parsed: &Parsed,
) -> Result<(), DocumentError> {
    let mut left_out = LeftOut::default();
    let ours = match ours(account, expected, parsed) {
        Ok(ours) => ours,
        Err(state) => return end(doors, whose, found, state).await,
    };
    for (statement, taken) in parsed.statements().iter().zip(&ours) {
        if !taken && expected.is_other_account(statement) {
            left_out.other_account += statement.entries.len();
        } else if !taken {
            left_out.other_currency += statement.entries.len();
        }
    }
    let taken = parsed.statements().iter().zip(&ours).filter(|(_, taken)| **taken);
    let entries = taken.flat_map(|(statement, _)| &statement.entries);
    let lines = lines(&account.id, account.currency, entries, &mut left_out);
    let id = found.value.id;
    keep_value(doors, &lines_key(whose, id), &lines).await?;
    let state = FileState::Read(Box::new(summary(doors, account, expected, parsed, &ours, &lines, left_out)));
    info!(tenant.id = %whose.tenant, statement.id = %id, lines = lines.len(), "A bank statement was read");
    end(doors, whose, found, state).await
}

/// Which statements of a file are of the account; or why none can be told to be.
fn ours(account: &BankAccount, expected: &Expected<'_>, parsed: &Parsed) -> Result<Vec<bool>, FileState> {
    let all = parsed.statements();
    let fits = |statement: &Statement| {
        let other_currency = statement.currency.is_some_and(|found| found != account.currency);
        !other_currency && !expected.is_other_account(statement)
    };
    let ours: Vec<bool> = all.iter().map(fits).collect();
    let taken = || all.iter().zip(&ours).filter(|(_, taken)| **taken).map(|(statement, _)| statement);
    let numbers: HashSet<&str> = taken().filter_map(|statement| statement.account.as_deref()).collect();
    if !all.is_empty() && taken().next().is_none() {
        let words = "The file has no statement of this account in this currency. Check the account's number in Xero, or choose the account that the file is of.";
        return Err(refusal("other_account", words));
    }
    if account.number.is_none() && numbers.len() > 1 {
        let words = "The file has statements of several accounts, and Xero does not know this account's number. Enter it in Xero, sync, and upload the file again.";
        return Err(refusal("several_accounts", words));
    }
    Ok(ours)
}

fn summary(
    doors: Doors<'_>,
    account: &BankAccount,
    expected: &Expected<'_>,
    parsed: &Parsed,
    ours: &[bool],
    lines: &[BankLine],
    left_out: LeftOut,
) -> Summary {
    let all = parsed.statements();
    let money = |balance: &Option<Balance>| -> Option<Money> {
        balance.and_then(|balance| balance.amount.money(balance.currency.unwrap_or(account.currency)))
    };
    let one = |(statement, taken): (&Statement, &bool)| StatementSummary {
        account_ending: statement.account.as_deref().map(ending),
        taken: *taken,
        opening: money(&statement.opening),
        closing: money(&statement.closing),
        closing_date: statement.closing.and_then(|balance| balance.date),
        days: days(statement),
        entries: statement.entries.len(),
    };
    let problems = parsed.problems();
    let shown = problems.iter().take(SHOWN_MAX).map(|problem| json!(problem)).collect();
    let more = problems.len().saturating_sub(SHOWN_MAX) as u64;
    Summary {
        format: json!(parsed.format),
        statements: all.iter().zip(ours).take(SHOWN_MAX).map(one).collect(),
        statements_more: all.len().saturating_sub(SHOWN_MAX),
        lines: lines.len(),
        left_out,
        problems: shown,
        problems_more: more + parsed.reading.findings.more,
        profile: parsed.profile.as_ref().map(|profile| json!(profile)),
        profile_confirmed: expected.profile.is_some(),
        at: doors.access.ports.clock.now(),
    }
}

fn ending(number: &str) -> String {
    let letters: Vec<char> = number.chars().filter(|letter| letter.is_alphanumeric()).collect();
    letters[letters.len().saturating_sub(ENDING_CHARS)..].iter().collect()
}

fn days(statement: &Statement) -> Option<(Date, Date)> {
    let dates = || statement.entries.iter().filter_map(|entry| entry.date);
    Some((dates().min()?, dates().max()?))
}

/// Stores the end of a reading, and with it the message that has the account reconciled anew.
async fn end(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    mut found: Stored<StatementFile>,
    state: FileState,
) -> Result<(), DocumentError> {
    let access = doors.access;
    let (id, is_read) = (found.value.id, matches!(state, FileState::Read(_)));
    found.value.state = state;
    let mut writes = vec![put(keys::statement_file(whose, id), found.guard(), &found.value, None)];
    let account = Some(found.value.account.clone());
    let wish = format!("{id}-{}", found.version);
    let envelope = Envelope::new(Work::Reconcile { organisation: whose.clone(), account, statement: Some(id), wish });
    let work = is_read.then(|| parked(&envelope, access.ports.clock.now(), "a statement was just read"));
    writes.extend(work.as_ref().map(parked_write));
    // Where somebody else ended it meanwhile, there is nothing to follow.
    if access.ports.table.transact(writes).await? == Written::Stored
        && let Some(work) = work
    {
        access.send_parked::<DocumentError>(&envelope, work).await?;
    }
    Ok(())
}
