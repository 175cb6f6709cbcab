//! What a person confirmed of an account's tables, so that the next file is read with it.

use documents::{DocumentError, Doors};
use envelopes::{Envelope, Work};
use kernel::{OrganisationRef, StatementId, Timestamp};
use ports::{Table, TableError, Written};
use serde::{Deserialize, Serialize};
use state::{edit, keys, load, put};
use statements::Profile;

use crate::row::{FileState, Teller, load_file};

/// A confirmed profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// What its columns mean.
    pub profile: Profile,
    /// Who confirmed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The profile of an account's tables, if any was confirmed.
pub async fn load_profile(
    table: &dyn Table,
    whose: &OrganisationRef,
    account: &str,
    teller: Teller,
) -> Result<Option<Confirmed>, TableError> {
    Ok(load::<Confirmed>(table, &key(whose, account, teller)).await?.map(|found| found.value))
}

fn key(whose: &OrganisationRef, account: &str, teller: Teller) -> ports::Key {
    keys::statement_profile(whose, account, teller.as_str())
}

/// How a confirmation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Stored; the file is read anew.
    Taken,
    /// There is no such file.
    Unknown,
    /// It is not read, or was taken back.
    NotRead,
}

/// Confirms what the columns of an account's tables mean, and has the file read anew with that.
pub async fn confirm(
    doors: Doors<'_>,
    whose: &OrganisationRef,
    id: StatementId,
    profile: Profile,
    actor: &str,
) -> Result<Confirmation, DocumentError> {
    let (table, now) = (&*doors.access.ports.table, doors.access.ports.clock.now());
    let Some(mut found) = load_file(table, whose, id).await? else { return Ok(Confirmation::Unknown) };
    if !matches!(found.value.state, FileState::Read(_) | FileState::Refused { .. }) || found.value.version.is_none() {
        return Ok(Confirmation::NotRead);
    }
    let confirmed = Confirmed { profile, by: actor.to_owned(), at: now };
    let key = key(whose, &found.value.account, found.value.teller);
    edit(table, &key, None, |_: Option<&Confirmed>| Some(confirmed.clone())).await?;
    found.value.state = FileState::TakenIn;
    let round = found.version + 1;
    let write = put(keys::statement_file(whose, id), found.guard(), &found.value, None);
    let envelope = Envelope::new(Work::ReadStatement { organisation: whose.clone(), statement: id, round });
    let work = connections::parked(&envelope, now, "its profile was just confirmed");
    match table.transact(vec![write, state::parked_write(&work)]).await? {
        Written::Stored => (),
        Written::Conflict(_) => return Err(DocumentError::Overtaken),
    }
    doors.access.send_parked::<DocumentError>(&envelope, work).await?;
    Ok(Confirmation::Taken)
}
