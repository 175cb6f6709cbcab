//! The job: one envelope's worth of a tie-out, from where its row says it is.
//!
//! Xero's balances are read first, so that whatever comes into the books meanwhile is known by its time. What is found stays
//! in memory until the envelope's share is done, and is then stored at once: a worker that is cut off before has done
//! nothing, and one that comes too late stores nothing.

use std::time::Duration;

use connections::{Access, CallError, Connection, Meter, Session, Usage, load_connection};
use kernel::{Money, OrganisationRef, TieOutId, Timestamp};
use ledger::{TrialBalance, trial_balance};
use ports::{Guard, random_16};
use schedules::AccountRef;
use state::{Stored, edit, keys, load};
use tracing::{info, warn};
use xero::budget::Urgency;

use crate::TieOutError;
use crate::accounts::Accounts;
use crate::own_postings::read_postings;
use crate::records::read_records;
use crate::row::{Fault, Stage, TieOut, load_sheets, load_tie_out, store, store_part, store_sheets};
use crate::schedule_pages::read_schedules;
use crate::sheet::{Finding, FindingKind, Sheet};

/// How much one envelope does.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Records of the mirror read at once.
    pub records: usize,
    /// Pages of any stage read for one envelope.
    pub pages_max: u32,
}

impl Default for Pace {
    /// A page of 250 documents with lines is a megabyte; forty of them leave time for the organisation's postings.
    fn default() -> Self {
        Self { records: 250, pages_max: 40 }
    }
}

/// Time left for a last page or call and for storing what was found.
const PAGE_MARGIN: Duration = Duration::from_secs(45);
/// A tie-out that has not reached Xero for so long is given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3600);
/// The operator corrects a secret in minutes, not in seconds.
const SETUP_WAIT: Duration = Duration::from_secs(600);
/// Balance accounts of one tie-out: their sheets are in memory together.
const ACCOUNTS_MAX: usize = 100;
/// The scope of the trial balance.
const SCOPE: &str = "accounting.reports.trialbalance.read";

/// What a page did.
pub(crate) enum Turn {
    /// There is more.
    On,
    /// The tie-out cannot be done.
    Failed(Fault),
    /// Nothing before then.
    Later { until: Timestamp, reason: String },
}

/// A tie-out in a worker's hands.
pub(crate) struct Work<'a> {
    pub access: &'a Access,
    pub whose: &'a OrganisationRef,
    pub connection: &'a Connection,
    pub pace: Pace,
    pub row: TieOut,
    pub accounts: Accounts,
    pub balances: TrialBalance,
    pub sheets: Vec<Sheet>,
    dirty: bool,
}

/// Carries a tie-out on. An envelope that is not the next one does nothing, nor does one of a tie-out that is over.
pub async fn carry(
    access: &Access,
    whose: &OrganisationRef,
    id: &TieOutId,
    step: u64,
    pace: Pace,
    deadline: Timestamp,
) -> Result<(), TieOutError> {
    let table = &*access.ports.table;
    let found = load_tie_out(table, whose, id, access.ports.clock.now()).await?;
    let Some(Stored { value: row, version }) = found else { return Ok(()) };
    let Some(connection) = load_connection(table, whose).await? else { return Ok(()) };
    if row.is_over() || row.step != step {
        return Ok(());
    }
    let mut work = Work::open(access, whose, &connection.value, pace, row).await?;
    let last_start = deadline.saturating_sub(PAGE_MARGIN).unwrap_or(deadline);
    let turn = match work.pages(last_start).await {
        // A repetition would come to the same sums.
        Err(TieOutError::Money(error)) => {
            let fix = "Correct the amounts in Xero, then tie out again.";
            Ok(Turn::Failed(fault("amounts_too_large", &error.to_string(), fix)))
        }
        turn => turn,
    };
    work.save(turn?, version).await
}

impl<'a> Work<'a> {
    async fn open(
        access: &'a Access,
        whose: &'a OrganisationRef,
        connection: &'a Connection,
        pace: Pace,
        row: TieOut,
    ) -> Result<Work<'a>, TieOutError> {
        let table = &*access.ports.table;
        let accounts = Accounts::load(table, whose).await?;
        let sheets = load_sheets(table, whose, &row).await?;
        let mut balances = TrialBalance::default();
        if let Some(part) = &row.balances {
            let found = load::<TrialBalance>(table, &keys::tie_out_part(whose, &row.id, part)).await?;
            balances = found.map(|found| found.value).unwrap_or_default();
        }
        Ok(Self { access, whose, connection, pace, row, accounts, balances, sheets, dirty: false })
    }

    pub fn now(&self) -> Timestamp {
        self.access.ports.clock.now()
    }

    /// A name that nobody else has.
    fn name(&self) -> String {
        random_16(&*self.access.ports.random)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// As many pages as this envelope does.
    async fn pages(&mut self, last_start: Timestamp) -> Result<Turn, TieOutError> {
        for _ in 0..self.pace.pages_max {
            if self.now() >= last_start || self.row.is_over() {
                break;
            }
            let turn = match self.row.stage.clone() {
                Stage::TrialBalance => self.read_trial_balance().await?,
                Stage::Schedules { after } => read_schedules(self, after).await?,
                Stage::Postings { after } => read_postings(self, after).await?,
                Stage::Records { kind, after } => read_records(self, kind, after).await?,
                Stage::Done | Stage::Failed(_) => break,
            };
            self.dirty = true;
            let Turn::On = turn else { return Ok(turn) };
            if self.row.stage == Stage::Done {
                self.close()?;
            }
        }
        Ok(Turn::On)
    }

    /// One call to Xero.
    async fn read_trial_balance(&mut self) -> Result<Turn, TieOutError> {
        let asked = trial_balance::request(self.row.as_at);
        let answer = match Session::open_as(self.access, self.whose, Urgency::Person, Some(&self.row.asked_by)).await {
            Ok(mut session) => {
                let answer = session.read(&asked).await;
                self.book(session.meter()).await;
                answer
            }
            Err(error) => Err(error),
        };
        let at = self.now();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.not_read(error),
        };
        match TrialBalance::read(&answer.body, self.row.currency) {
            Ok(balances) => {
                let part = format!("balances#{}", self.name());
                store_part(&*self.access.ports.table, self.whose, &self.row, &part, &balances).await?;
                (self.balances, self.row.balances, self.row.trial_balance_at) = (balances, Some(part), Some(at));
                self.row.stage = Stage::Schedules { after: None };
                Ok(Turn::On)
            }
            Err(error) => Ok(Turn::Failed(unreadable(&error.to_string()))),
        }
    }

    /// Adds what the call came to. Never in the way of what it brought: a table that fails is told, and no more.
    async fn book(&self, meter: Meter) {
        let (now, key) = (self.now(), keys::postings_usage(self.whose));
        let booked = edit(&*self.access.ports.table, &key, None, |found: Option<&Usage>| {
            let mut usage = found.cloned().unwrap_or_default();
            usage.add(now, meter);
            (meter.calls > 0).then_some(usage)
        });
        if let Err(error) = booked.await {
            warn!(error = %error, "The call of a tie-out was not counted");
        }
    }

    fn not_read(&self, error: CallError) -> Result<Turn, TieOutError> {
        let later = |span: Duration| self.now().saturating_add(span).unwrap_or(Timestamp::MAX);
        Ok(match error {
            CallError::Later { until, reason, .. } => self.wait(until, reason),
            CallError::Setup(reason) => self.wait(later(SETUP_WAIT), reason),
            error @ (CallError::Store(_) | CallError::Vault(_)) => return Err(error.into()),
            CallError::NotConnected(_) => Turn::Failed(fault(
                "not_connected",
                "The organisation is not connected; its status says why.",
                "Connect it again, then tie out again.",
            )),
            CallError::NotAllowed => Turn::Failed(self.not_allowed()),
            error => Turn::Failed(unreadable(&error.to_string())),
        })
    }

    fn wait(&self, until: Timestamp, reason: String) -> Turn {
        let given_up = self.row.asked_at.saturating_add(GIVE_UP_AFTER).unwrap_or(Timestamp::MAX);
        match until < given_up {
            true => Turn::Later { until, reason },
            false => Turn::Failed(fault(
                "not_reached",
                &format!("Xero could not be asked for a day: {reason}."),
                "Tie out again once Xero answers.",
            )),
        }
    }

    fn not_allowed(&self) -> Fault {
        match self.connection.granted.iter().any(|granted| granted == SCOPE) {
            false => fault(
                "scope_missing",
                "The app was not allowed to read the trial balance.",
                "Connect again and allow everything that is asked for, then tie out again.",
            ),
            true => fault(
                "role_missing",
                "The role of the Xero user who connected does not include reports.",
                "Let a user with the Standard role with reports or the Adviser role connect, then tie out again.",
            ),
        }
    }

    /// The sheet of an account, new where there is none yet; an error says that there are too many.
    pub fn sheet(&mut self, account: &AccountRef) -> Result<&mut Sheet, Fault> {
        let known = self.accounts.find(account);
        let id = known.map(|known| known.id);
        if let Some(at) = self.sheets.iter().position(|sheet| sheet.is(account, id)) {
            return Ok(&mut self.sheets[at]);
        }
        if self.sheets.len() == ACCOUNTS_MAX {
            return Err(fault(
                "too_many_accounts",
                &format!("Schedules use more than {ACCOUNTS_MAX} balance accounts."),
                "Tell the operator.",
            ));
        }
        let code = known.map(|known| known.code.clone()).filter(|code| !code.is_empty());
        let name = known.map(|known| known.name.clone()).unwrap_or_default();
        let code = code.unwrap_or_else(|| account.to_string());
        let mut sheet = Sheet::new(id, code, name, self.row.currency);
        sheet.starts_afresh = !self.accounts.may_hold(account);
        sheet.ledger = id.and_then(|id| self.balances.balance(id)).unwrap_or(sheet.ledger);
        self.sheets.push(sheet);
        let last = self.sheets.len() - 1;
        Ok(&mut self.sheets[last])
    }

    /// Which sheet an account has, if it has one.
    pub fn position(&self, account: &AccountRef) -> Option<usize> {
        let id = self.accounts.find(account).map(|known| known.id);
        self.sheets.iter().position(|sheet| sheet.is(account, id))
    }

    /// What journals of schedules put on an account must be what schedules expect less what no journal accounts for.
    fn close(&mut self) -> Result<(), TieOutError> {
        for sheet in &mut self.sheets {
            let differ: Money = sheet.journals.try_sub(sheet.expected)?.try_sub(sheet.accounted)?;
            sheet.add(Finding::new(FindingKind::SchedulesDiffer, differ))?;
        }
        Ok(())
    }

    /// Stores how far this envelope came, and sends the next where one follows.
    async fn save(mut self, turn: Turn, version: u64) -> Result<(), TieOutError> {
        let (table, now) = (&*self.access.ports.table, self.now());
        let follows_at = match turn {
            Turn::On => (!self.row.is_over()).then_some(now),
            Turn::Later { until, .. } => Some(until.max(now)),
            Turn::Failed(_) => None,
        };
        self.row.waiting = None;
        match turn {
            Turn::Failed(fault) => {
                warn!(tenant.id = %self.whose.tenant, tie_out.id = %self.row.id, code = %fault.code, "A tie-out cannot be done");
                self.row.stage = Stage::Failed(fault);
            }
            Turn::Later { until, reason } => self.row.waiting = Some((until, reason)),
            Turn::On => (),
        }
        self.row.moved_at = now;
        self.row.step += 1;
        if self.row.is_over() {
            self.row.finished_at = Some(now);
        }
        if self.dirty && !self.sheets.is_empty() {
            let name = self.name();
            store_sheets(table, self.whose, &self.row, &name, &self.sheets).await?;
            (self.row.sheets, self.row.accounts) = (Some(name), self.sheets.len());
        }
        // Overtaken: the other worker's row says how it goes on.
        let stored = store(self.access, self.whose, &self.row, Guard::Version(version), follows_at).await?;
        if stored && self.row.stage == Stage::Done {
            info!(tenant.id = %self.whose.tenant, tie_out.id = %self.row.id, accounts = self.sheets.len(), "Tied out");
        }
        Ok(())
    }
}

pub(crate) fn fault(code: &str, cause: &str, fix: &str) -> Fault {
    Fault { code: code.to_owned(), cause: cause.to_owned(), fix: fix.to_owned() }
}

fn unreadable(cause: &str) -> Fault {
    let fix = "Tie out again; if it stays, tell the operator.";
    fault("trial_balance_unreadable", cause, fix)
}
