//! A workspace's right to act on one organisation, and the directory in which every connection is found.
//!
//! The connection lives with its workspace; the directory, split over a few partitions by tenant, says which
//! workspaces hold an organisation, for webhooks and schedules. Both rows are written in one transaction.

use kernel::{ClientId, Date, OrganisationRef, TenantId, Timestamp, WorkspaceId, XeroConnectionId, XeroUserId};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use state::{StoreError, Stored, edit, keys, load, read_range, read_row};

use settings::{PostsAs, Settings, Slots};

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Whose, and to what.
    pub whose: OrganisationRef,
    /// The organisation's name, for people.
    pub name: String,
    /// The app it was made with, by our name for it.
    pub app: String,
    /// The app it was made with.
    pub client: ClientId,
    /// Xero's id of the connection.
    pub xero_connection: XeroConnectionId,
    /// Whether it can be used.
    pub state: ConnectionState,
    /// Why it cannot, when it cannot.
    pub reason: Option<Reason>,
    /// Scopes granted at the last consent.
    pub granted: Vec<String>,
    /// Who consented; the last one acts for schedules.
    pub authorisations: Vec<Authorisation>,
    /// Counts connects; work that was asked for in an earlier generation is void.
    pub generation: u64,
    /// When it was last connected.
    pub connected_at: Timestamp,
    /// Whether the connection is deleted at Xero too.
    pub deleted_at_xero: bool,
    /// Connections that this one took the place of, still to be deleted at Xero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Superseded>,
    /// What the workspace decided.
    #[serde(default)]
    pub settings: Settings,
    /// What the organisation says of itself, once read.
    pub facts: Option<OrganisationFacts>,
}

/// A connection at Xero that another app's, or another Xero user's, took the place of. It keeps one of the organisation's
/// slots, and one of the app's, until it is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// The app it was made with.
    pub client: ClientId,
    /// Whose tokens can delete it.
    pub users: Vec<XeroUserId>,
    /// Xero's id of it.
    pub xero_connection: XeroConnectionId,
}

/// A person's consent to act on the organisation with their Xero role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// The person as the host application names them.
    pub actor: String,
    /// The Xero user who consented; owns the token set.
    pub user: XeroUserId,
    /// Xero's id of this user's connection; each Xero user who connects an organisation has one of their own.
    #[serde(default)]
    pub xero_connection: Option<XeroConnectionId>,
    /// When.
    pub at: Timestamp,
}

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Calls work.
    Connected,
    /// A person must consent again; work waits.
    NeedsReauthorisation,
    /// Given back, by us or inside Xero; data stays.
    Disconnected,
}

/// Why a connection cannot be used, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for programs: `refresh_token_expired`, `disconnected_in_xero`, `disconnected_here`, ….
    pub code: String,
    /// What happened, in words.
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// Since when.
    pub since: Timestamp,
}

/// What we need to know of an organisation at every turn; the whole record is in the mirror.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationFacts {
    /// For deep links; starts with `!`.
    pub short_code: String,
    /// ISO 4217.
    pub base_currency: String,
    /// ISO 3166.
    pub country: String,
    /// Xero's name of the time zone.
    pub time_zone: String,
    /// Day and month on which the financial year ends.
    pub financial_year_end: Option<(u8, u8)>,
    /// How often tax is returned, in Xero's word: `MONTHLY`, `QUARTERLY1`, …
    #[serde(default)]
    pub sales_tax_period: Option<String>,
    /// Nothing on or before this date may change, but for advisers.
    pub period_lock_date: Option<String>,
    /// Nothing on or before this date may change.
    pub end_of_year_lock_date: Option<String>,
}

impl Connection {
    /// The Xero user whose tokens act for schedules and webhooks.
    pub fn acting_user(&self) -> Option<XeroUserId> {
        self.authorisations.last().map(|given| given.user)
    }

    /// The Xero user of that person, where they authorised themselves, or the one who acts for schedules.
    pub fn user_for(&self, actor: Option<&str>) -> Option<XeroUserId> {
        let own = self.authorisations.iter().rev().find(|given| Some(given.actor.as_str()) == actor);
        own.map(|given| given.user).or_else(|| self.acting_user())
    }

    /// The Xero user with whose tokens something is posted that a person decided on.
    pub fn posting_user(&self, actor: &str) -> Option<XeroUserId> {
        let own = || self.authorisations.iter().rev().find(|given| given.actor == actor).map(|given| given.user);
        match self.settings.posts_as {
            PostsAs::Anyone => own().or_else(|| self.acting_user()),
            PostsAs::Own => own(),
            PostsAs::Service => self.acting_user(),
        }
    }

    /// The later of the organisation's lock dates, as it was last read: nothing on or before it may change.
    pub fn locked_until(&self) -> Option<Date> {
        let facts = self.facts.as_ref()?;
        let locks = [&facts.period_lock_date, &facts.end_of_year_lock_date];
        locks.into_iter().flatten().filter_map(|lock| lock.parse().ok()).max()
    }

    /// Everybody who consented, the one who acts first.
    pub fn users(&self) -> Vec<XeroUserId> {
        let mut users: Vec<XeroUserId> = Vec::new();
        for given in self.authorisations.iter().rev() {
            if !users.contains(&given.user) {
                users.push(given.user);
            }
        }
        users
    }

    /// Everybody's connection at Xero, with whose tokens can delete it.
    pub fn held_at_xero(&self) -> Vec<(XeroUserId, XeroConnectionId)> {
        let held = |given: &Authorisation| (given.user, given.xero_connection.unwrap_or(self.xero_connection));
        self.authorisations.iter().map(held).collect()
    }

    /// Whether something is still to be deleted at Xero.
    pub fn owes_a_deletion(&self) -> bool {
        let own = self.state == ConnectionState::Disconnected && !self.deleted_at_xero;
        own || !self.superseded.is_empty()
    }

    /// The organisation's time zone as Xero names it; UTC until it is known.
    pub fn zone(&self) -> &str {
        self.facts.as_ref().map_or("UTC", |facts| facts.time_zone.as_str())
    }
}

/// One line of the directory: what the schedule must know each minute, so that it reads nothing else.
///
/// A copy; the connection wins. It is rewritten whenever the connection changes, and checked against it once a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The connection.
    pub whose: OrganisationRef,
    /// The app it was made with.
    pub app: String,
    /// Whether it can be used.
    pub state: ConnectionState,
    /// Whether the connection still has to be deleted at Xero.
    pub delete_at_xero: bool,
    /// How often to pull, and when.
    pub settings: Settings,
    /// Xero's name of the organisation's time zone.
    pub zone: String,
    /// The last slot of each interval for which a run was made.
    #[serde(default)]
    pub slots: Slots,
    /// The last local day on which releases were looked for.
    #[serde(default)]
    pub night: Option<Date>,
}

impl Directory {
    /// The line of a connection.
    pub fn of(connection: &Connection, slots: Slots) -> Self {
        Self {
            whose: connection.whose.clone(),
            app: connection.app.clone(),
            state: connection.state,
            delete_at_xero: connection.owes_a_deletion(),
            settings: connection.settings.clone(),
            zone: connection.zone().to_owned(),
            slots,
            night: None,
        }
    }
}

/// Brings the directory's line of a connection up to date. Writes only when something differs.
pub async fn refresh_directory(table: &dyn Table, connection: &Connection) -> Result<(), StoreError> {
    edit(table, &keys::directory_entry(&connection.whose), None, |found: Option<&Directory>| {
        let line = Directory::of(connection, found.map(|line| line.slots.clone()).unwrap_or_default());
        let line = Directory { night: found.and_then(|line| line.night), ..line };
        (found != Some(&line)).then_some(line)
    })
    .await?;
    Ok(())
}

/// Notes that the run of these slots was made. `false` when it was noted before: the schedule fired twice.
pub async fn claim_slots(table: &dyn Table, whose: &OrganisationRef, turned: &Slots) -> Result<bool, StoreError> {
    let mut claimed = false;
    edit(table, &keys::directory_entry(whose), None, |found: Option<&Directory>| {
        let mut line = found?.clone();
        line.slots.extend(turned.clone());
        claimed = found != Some(&line);
        claimed.then_some(line)
    })
    .await?;
    Ok(claimed)
}

/// Notes that releases are looked for on a local day.
pub async fn claim_night(table: &dyn Table, whose: &OrganisationRef, day: Date) -> Result<(), StoreError> {
    edit(table, &keys::directory_entry(whose), None, |found: Option<&Directory>| {
        let line = Directory { night: Some(day), ..found?.clone() };
        (found != Some(&line)).then_some(line)
    })
    .await?;
    Ok(())
}

/// Reads one connection.
pub async fn load_connection(
    table: &dyn Table,
    whose: &OrganisationRef,
) -> Result<Option<Stored<Connection>>, TableError> {
    load(table, &keys::connection(whose)).await
}

/// Changes a connection that exists; `change` may run several times and answers whether to write.
pub async fn change_connection(
    table: &dyn Table,
    whose: &OrganisationRef,
    mut change: impl FnMut(&mut Connection) -> bool,
) -> Result<Option<Stored<Connection>>, StoreError> {
    let step = |found: Option<&Connection>| {
        let mut connection = found?.clone();
        change(&mut connection).then_some(connection)
    };
    let stored = edit(table, &keys::connection(whose), None, step).await?;
    if let Some(stored) = &stored {
        refresh_directory(table, &stored.value).await?;
    }
    Ok(stored)
}

/// Most connections listed for one workspace.
const CONNECTIONS_MAX: usize = 1_000;

/// A workspace's connections, in any state, ordered by tenant.
pub async fn connections_of(table: &dyn Table, workspace: &WorkspaceId) -> Result<Vec<Connection>, TableError> {
    let (from, to) = keys::connections_range();
    let rows = read_range(table, keys::workspace(workspace), from, to, CONNECTIONS_MAX).await?;
    rows.iter().map(|row| read_row(row).map(|stored| stored.value)).collect()
}

/// The workspaces that hold an organisation, for a webhook. Usually one, none for a tenant we do not know.
pub async fn workspaces_of(table: &dyn Table, tenant: TenantId) -> Result<Vec<OrganisationRef>, TableError> {
    let (from, to) = keys::directory_range(tenant);
    let rows = read_range(table, keys::directory(keys::tenant_shard(tenant)), from, to, 100).await?;
    rows.iter().map(|row| read_row::<Directory>(row).map(|stored| stored.value.whose)).collect()
}

/// The directory's lines of one shard.
#[derive(Debug, Default)]
pub struct Shard {
    /// The lines.
    pub readable: Vec<Directory>,
    /// How many lines this version cannot read; they are left alone.
    pub unreadable: usize,
}

/// Every connection whose tenant falls into one shard, for the schedule.
pub async fn directory_shard(table: &dyn Table, shard: u8) -> Result<Shard, TableError> {
    let rows = read_range(table, keys::directory(shard), "0".to_owned(), keys::LAST.to_owned(), 100_000).await?;
    let mut found = Shard::default();
    for row in &rows {
        match read_row::<Directory>(row) {
            Ok(stored) => found.readable.push(stored.value),
            Err(error) => {
                tracing::error!(error = %error, "A line of the directory cannot be read; its organisation is not pulled");
                found.unreadable += 1;
            }
        }
    }
    Ok(found)
}
