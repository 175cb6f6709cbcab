//! Who did what to an organisation's connection and settings, append-only.

use kernel::{OrganisationRef, Timestamp};
use ports::{Direction, Guard, Query, Table, TableError, Write};
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::rows::{put, read_row};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// The acting user as the host application names them (the JWT's `sub`), or `counterfoil` for ourselves.
    pub actor: String,
    /// What was done, such as `settings.changed`.
    pub action: String,
    /// What it meant, in words.
    pub detail: String,
}

/// The write of an entry, for use in a transaction. `tail` tells entries of one instant apart.
pub fn record_audit(whose: &OrganisationRef, entry: &AuditEntry, tail: &str) -> Write {
    put(keys::audit(whose, entry.at, tail), Guard::Absent, entry, None)
}

/// The newest entries of an organisation.
pub async fn list_audit(
    table: &dyn Table,
    whose: &OrganisationRef,
    limit: usize,
) -> Result<Vec<AuditEntry>, TableError> {
    let (from, to) = keys::audit_range();
    let partition = keys::organisation(whose);
    let query = Query { partition, from, to, direction: Direction::Backward, limit };
    let page = table.query(&query).await?;
    page.rows.iter().map(|row| read_row(row).map(|stored| stored.value)).collect()
}
