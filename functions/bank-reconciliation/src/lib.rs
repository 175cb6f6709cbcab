//! What bank-reconciliation carries out; its main joins this to a queue, and tests join it to one in memory.

use bank_statements::BankLine;
use bank_statements::lines::file_lines;
use bank_statements::read::read_statement;
use bank_statements::row::{Teller, load_file};
use connections::{Connection, load_connection};
use documents::{DocumentError, Doors};
use envelopes::{Envelope, Follower, Work};
use evidence::{AccountId, Line, LineKind, LineSource, Presence, Words};
use kernel::{OrganisationRef, StatementId};
use lambda_kit::QueueMessage;
use reconciliation::report::list_reconciliations;
use reconciliation::run::reconcile_account;
use requests::hand_over;

/// Why a message comes back.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// See [`DocumentError`].
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A message for another function.
    #[error("not a message that bank-reconciliation can carry out")]
    Foreign,
}

/// Carries out one message.
pub async fn carry_out(doors: Doors<'_>, message: QueueMessage) -> Result<(), WorkError> {
    match &message.envelope.work {
        Work::ReadStatement { organisation, statement, .. } => {
            Ok(read_statement(doors, organisation, *statement).await?)
        }
        Work::Reconcile { organisation, account, statement, wish } => {
            let Some(connection) = connected(doors, organisation).await? else { return Ok(()) };
            if let Some(statement) = statement {
                ask_for_documents(doors, &connection, *statement, wish).await?;
            }
            reconcile(doors, &connection, account.as_deref()).await
        }
        // What changed does not matter: everything follows from what is stored.
        Work::FollowFeed { organisation, follower: Follower::Reconciliations, .. } => {
            match connected(doors, organisation).await? {
                Some(connection) => reconcile(doors, &connection, None).await,
                None => Ok(()),
            }
        }
        _ => Err(WorkError::Foreign),
    }
}

async fn connected(doors: Doors<'_>, whose: &OrganisationRef) -> Result<Option<Connection>, DocumentError> {
    Ok(load_connection(&*doors.access.ports.table, whose).await?.map(|found| found.value))
}

/// Reconciles one account, or all that were ever reconciled.
async fn reconcile(doors: Doors<'_>, connection: &Connection, account: Option<&str>) -> Result<(), WorkError> {
    let accounts = match account {
        Some(account) => vec![account.to_owned()],
        None => {
            let found = list_reconciliations(&*doors.access.ports.table, &connection.whose).await;
            found.map_err(DocumentError::from)?.into_iter().map(|found| found.account).collect()
        }
    };
    for account in accounts {
        reconcile_account(doors, connection, &account).await?;
    }
    Ok(())
}

/// Hands the lines of a statement to the requests for documents, where a workspace wants those.
async fn ask_for_documents(
    doors: Doors<'_>,
    connection: &Connection,
    statement: StatementId,
    wish: &str,
) -> Result<(), DocumentError> {
    let whose = &connection.whose;
    let file = load_file(&*doors.access.ports.table, whose, statement).await?;
    let Some(file) = file.map(|file| file.value).filter(|file| file.teller == Teller::Bank) else { return Ok(()) };
    if !connection.settings.has(requests::FEATURE) {
        return Ok(());
    }
    let Ok(account) = file.account.parse::<AccountId>() else { return Ok(()) };
    let lines = file_lines(doors, whose, statement).await?;
    let lines: Vec<Line> = lines.iter().filter_map(|line| told(line, &account)).collect();
    hand_over(doors.access, connection, &lines).await?;
    let work = Work::EvaluateRequests { organisation: whose.clone(), wish: wish.to_owned() };
    Ok(doors.access.send(&Envelope::new(work)).await?)
}

fn told(line: &BankLine, account: &AccountId) -> Option<Line> {
    Some(Line {
        id: line.id.parse().ok()?,
        source: LineSource::UploadedStatement,
        account: account.clone(),
        date: line.date,
        amount: line.amount,
        payee: Words::new(&line.payee),
        description: Words::new(&line.description),
        reference: Words::new(&line.reference),
        kind: LineKind::Ordinary,
        presence: Presence::Present,
        reconciled: None,
        links: Vec::new(),
    })
}
