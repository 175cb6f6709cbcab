//! Schedules of a file, held against the books and approved.
//!
//! Owns what only the organisation knows of a row: its accounts, tax types and tracking, and which ids were approved
//! before. A preview stores nothing. An import approves schedule by schedule, each in a transaction of its own: whoever
//! is cut off sends the same file again, and what was approved before stays as it is.

use std::collections::BTreeMap;

use connections::{Access, Connection};
use futures::future::join_all;
use imports::{Code, Column, DateOrder, DecimalMark, Imported, Preview, Refusal, Setting};
use kernel::calendar::Calendar;
use kernel::periods::Period;
use kernel::{Applied, Currency, Date, IntentId, Money, OrganisationRef, ScheduleId, Timestamp, local_date};
use ports::{Table, TableError};
use schedules::journal::Line;
use schedules::schedule::Schedule;
use schedules::texts::Tracking;
use state::{keys, read_row};

use crate::approve::{ApproveError, Proposal, approve, initial_intent};
use crate::store::ScheduleRow;
use journals::chart::{Chart, ChartFault};
use journals::closing::{calendar, closing_period};

/// What an organisation's books say to a file.
pub struct Books {
    chart: Chart,
    calendar: Calendar,
    currency: Currency,
    today: Date,
    closing: Period,
}

/// A file held against the books: what would be approved, and what stands in the way.
pub struct ImportPreview {
    /// What the rows became, with every error.
    pub preview: Preview,
    /// The period that is being closed.
    pub closing: Period,
    /// One for each of the preview's schedules, in their order.
    pub rows: Vec<ImportRow>,
}

/// What approving one row would do.
pub struct ImportRow {
    /// Its row in the file.
    pub row: u32,
    /// What is approved.
    pub proposal: Proposal,
    /// Whether the same was approved before; then nothing is done.
    pub approved_before: bool,
}

/// A schedule that is approved now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedRow {
    /// Its row in the file.
    pub row: u32,
    /// Its id.
    pub id: ScheduleId,
    /// The posting of its first journal.
    pub initial: Option<IntentId>,
    /// Whether it was approved by this import or before.
    pub applied: Applied,
}

/// How far an import came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// What is approved, in the file's order.
    pub approved: Vec<ApprovedRow>,
    /// How many schedules are left: the time was up.
    pub left: usize,
}

/// Why an import ended before its time.
#[derive(Debug, thiserror::Error)]
#[error("row {row}: {source}")]
pub struct ImportError {
    /// The row that was not approved.
    pub row: u32,
    /// Why not.
    pub source: ApproveError,
}

/// Schedules of one file: they are approved within the time of one request.
pub const SCHEDULES_MAX: usize = 500;
/// Schedules approved at once, each with up to sixteen writes of its own.
const APPROVALS_AT_ONCE: usize = 8;

impl Books {
    /// Reads what is known of an organisation.
    pub async fn read(access: &Access, connection: &Connection) -> Result<Self, ApproveError> {
        let facts = connection.facts.as_ref().ok_or(ApproveError::NotRead)?;
        let currency = facts.base_currency.parse().map_err(|_| ApproveError::NotRead)?;
        let calendar = calendar(connection);
        let today = local_date(connection.zone(), access.ports.clock.now());
        let closing = closing_period(&calendar, today, connection.locked_until())?;
        if today < closing.first {
            return Err(ApproveError::NotBegun(closing.last));
        }
        let chart = Chart::load(&*access.ports.table, &connection.whose).await?;
        Ok(Self { chart, calendar, currency, today, closing })
    }

    /// How a file is to be read for these books.
    pub fn setting(&self, dates: Option<DateOrder>, decimals: Option<DecimalMark>) -> Setting<'_> {
        Setting { calendar: &self.calendar, currency: self.currency, dates, decimals }
    }

    /// Holds the rows of a file against the books and against what was approved before.
    pub async fn check(
        &self,
        table: &dyn Table,
        whose: &OrganisationRef,
        mut preview: Preview,
    ) -> Result<ImportPreview, TableError> {
        let before = approved_before(table, whose, &preview.schedules).await?;
        let (mut rows, mut refusals) = (Vec::new(), Vec::new());
        for imported in &preview.schedules {
            match self.row(imported, before.get(imported.schedule.id())) {
                Ok(row) => rows.push(row),
                Err(refused) => refusals.extend(refused),
            }
        }
        preview.refuse(refusals);
        Ok(ImportPreview { preview, closing: self.closing, rows })
    }

    fn row(&self, imported: &Imported, before: Option<&ScheduleRow>) -> Result<ImportRow, Vec<Refusal>> {
        let refusal = |(column, code, message): Said| Refusal { row: imported.row, column, code, message };
        let one = |column, code, message: String| vec![refusal((column, code, message))];
        let schedule = &imported.schedule;
        if initial_intent(schedule.id()).is_none() {
            return Err(one(Column::Id, Code::TextInvalid, ApproveError::Id.to_string()));
        }
        let proposal =
            Proposal::of(schedule.clone(), imported.released_until, &self.calendar, self.today, self.closing)
                // The plan was made once already; what is left is a calendar that ends, or a sum beyond all bounds.
                .map_err(|error| one(Column::First, Code::DateOutsideCalendar, error.to_string()))?;
        if let Some(before) = before {
            let message =
                "a schedule of this id was approved before, with other terms, from another day on, or removed since";
            let same = before.says(&proposal) && !before.removed;
            let row = ImportRow { row: imported.row, proposal, approved_before: true };
            return if same { Ok(row) } else { Err(one(Column::Id, Code::IdTaken, message.to_owned())) };
        }
        let faults = self.chart.check(&lines(schedule));
        match faults.is_empty() {
            true => Ok(ImportRow { row: imported.row, proposal, approved_before: false }),
            false => Err(faults.iter().map(said).map(refusal).collect()),
        }
    }
}

/// Approves the rows that are not approved yet, some at a time, until the time is up or one cannot be.
pub async fn approve_rows(
    access: &Access,
    connection: &Connection,
    rows: Vec<ImportRow>,
    actor: &str,
    last_start: Timestamp,
) -> Result<ImportProgress, ImportError> {
    let mut progress = ImportProgress { left: rows.len(), ..ImportProgress::default() };
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() && access.ports.clock.now() < last_start {
        let together: Vec<ImportRow> = rows.by_ref().take(APPROVALS_AT_ONCE).collect();
        let outcomes = together.into_iter().map(|row| approve_row(access, connection, row, actor));
        // All of them come to their end before the first that failed is told.
        for outcome in join_all(outcomes).await {
            progress.approved.push(outcome?);
            progress.left -= 1;
        }
    }
    Ok(progress)
}

async fn approve_row(
    access: &Access,
    connection: &Connection,
    ImportRow { row, proposal, approved_before }: ImportRow,
    actor: &str,
) -> Result<ApprovedRow, ImportError> {
    let id = proposal.schedule.id().clone();
    let initial = proposal.initial.as_ref().and_then(|_| initial_intent(&id));
    let applied = match approved_before {
        true => Applied::Before,
        false => approve(access, connection, proposal, actor).await.map_err(|source| ImportError { row, source })?,
    };
    Ok(ApprovedRow { row, id, initial, applied })
}

async fn approved_before(
    table: &dyn Table,
    whose: &OrganisationRef,
    schedules: &[Imported],
) -> Result<BTreeMap<ScheduleId, ScheduleRow>, TableError> {
    let wanted: Vec<_> = schedules.iter().map(|imported| keys::schedule(whose, imported.schedule.id())).collect();
    let mut found = BTreeMap::new();
    for row in &table.get_many(&wanted).await? {
        let row = read_row::<ScheduleRow>(row)?.value;
        found.insert(row.schedule.id().clone(), row);
    }
    Ok(found)
}

/// Two lines that have everything of a schedule once, so that a fault tells its column: the first has the balance
/// account, the tax type and the first tracking pair, the second the expense account and the second pair.
fn lines(schedule: &Schedule) -> [Line; 2] {
    let terms = schedule.terms();
    let line = |account: &schedules::AccountRef, pair: usize| Line {
        account: account.clone(),
        amount: Money::zero(schedule.currency()),
        description: String::new(),
        tax_type: terms.tax_type.clone().filter(|_| pair == 0),
        tracking: Tracking::try_new(terms.tracking.pairs().get(pair).cloned().into_iter().collect())
            .expect("one pair of two that go together"),
    };
    [line(&terms.balance_account, 0), line(&terms.expense_account, 1)]
}

type Said = (Column, Code, String);

/// A fault of one of these lines as a finding: it says nothing of lines, and repeats nothing that stands in a cell.
fn said(fault: &ChartFault) -> Said {
    let account = |line| if line == 1 { Column::BalanceAccount } else { Column::ExpenseAccount };
    let option = |line| if line == 1 { Column::TrackingOption1 } else { Column::TrackingOption2 };
    match fault {
        ChartFault::AccountUnknown { line, .. } => {
            (account(*line), Code::AccountUnknown, "there is no such account; sync if it was just made".to_owned())
        }
        ChartFault::AccountArchived { line, .. } => {
            let words = "the account is archived; choose another or restore it in Xero";
            (account(*line), Code::AccountArchived, words.to_owned())
        }
        ChartFault::AccountNotAllowed { line, kind, .. } => {
            let words = format!("this is a {kind} account, which journals cannot use; choose a clearing account");
            (account(*line), Code::AccountNotAllowed, words)
        }
        ChartFault::TaxTypeUnknown { .. } => {
            let words = "there is no such tax type; use Xero's code, not its name";
            (Column::TaxType, Code::TaxTypeUnknown, words.to_owned())
        }
        ChartFault::TrackingUnknown { line } => {
            let words = "there is no tracking option of that category and name; sync if it was just made";
            (option(*line), Code::TrackingUnknown, words.to_owned())
        }
        ChartFault::TrackingArchived { line } => {
            let words = "the tracking category or option is archived; choose another";
            (option(*line), Code::TrackingArchived, words.to_owned())
        }
    }
}
