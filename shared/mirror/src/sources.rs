//! Which record of the host application each record of Xero's belongs to: the links both ways, and the loop guard.
//!
//! A link is two rows written together, one under each side's id, so that either side finds the other in one read and
//! neither has two partners. A link may be made before the record has been seen here.

use std::collections::HashMap;
use std::str::FromStr;

use kernel::{OrganisationRef, Timestamp};
use ports::{Guard, Table, TableError, Write, Written};
use serde::{Deserialize, Serialize};
use state::{Stored, keys, load, put, read_row};

/// The host application's own id of a record: 1 to 100 printable ASCII characters without spaces and `#`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(String);

/// A text that is no [`SourceId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of the host application has 1 to 100 printable ASCII characters, no space and no #")]
pub struct NotASourceId;

const SOURCE_ID_CHARS_MAX: usize = 100;

impl FromStr for SourceId {
    type Err = NotASourceId;

    fn from_str(text: &str) -> Result<Self, NotASourceId> {
        let good = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let good = good && (1..=SOURCE_ID_CHARS_MAX).contains(&text.len());
        good.then(|| Self(text.to_owned())).ok_or(NotASourceId)
    }
}

impl TryFrom<String> for SourceId {
    type Error = NotASourceId;

    fn try_from(text: String) -> Result<Self, NotASourceId> {
        text.parse()
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0
    }
}

impl std::fmt::Display for SourceId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Which side made a record first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It began in Xero.
    Xero,
    /// It began in the host application and was sent to Xero: what comes back of it is an echo.
    Source,
}

/// The host application's side of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its own id.
    pub id: SourceId,
    /// Opens it there.
    pub url: Option<String>,
    /// Which side made it.
    pub origin: Origin,
    /// When the link was made.
    pub linked_at: Timestamp,
}

/// What is found under the host application's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Partner {
    xero_id: String,
}

/// Why a link was not made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The host application's id is linked to another record.
    #[error("this id of the host application is linked to {xero_id} already")]
    Taken {
        /// That record's Xero id.
        xero_id: String,
    },
    /// Somebody else changed the same link at the same moment.
    #[error("the link was changed by somebody else at the same moment")]
    Overtaken,
    /// Table trouble.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Links a record of Xero's to one of the host application; an earlier link of the record ends. The same link again
/// changes nothing.
pub async fn link(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    xero_id: &str,
    source: Source,
) -> Result<Source, LinkError> {
    let (forward, back) = (keys::source(whose, entity, xero_id), partner_key(whose, entity, &source.id));
    let before = load::<Source>(table, &forward).await?;
    let partner = load::<Partner>(table, &back).await?;
    if let Some(taken) = partner.as_ref().filter(|partner| partner.value.xero_id != xero_id) {
        return Err(LinkError::Taken { xero_id: taken.value.xero_id.clone() });
    }
    let source = match &before {
        Some(Stored { value, .. }) if value.id == source.id => Source { linked_at: value.linked_at, ..source },
        _ => source,
    };
    if before.as_ref().is_some_and(|before| before.value == source) {
        return Ok(source);
    }
    let mut writes = vec![put(forward, guard_of(before.as_ref()), &source, None)];
    if partner.is_none() {
        writes.push(put(back, Guard::Absent, &Partner { xero_id: xero_id.to_owned() }, None));
    }
    if let Some(old) = before.filter(|before| before.value.id != source.id) {
        writes.extend(partner_removal(table, whose, entity, &old.value.id).await?);
    }
    together(table, writes).await?;
    Ok(source)
}

/// Ends a record's link; answers whether there was one.
pub async fn unlink(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    xero_id: &str,
) -> Result<bool, LinkError> {
    let key = keys::source(whose, entity, xero_id);
    let Some(before) = load::<Source>(table, &key).await? else { return Ok(false) };
    let mut writes = vec![Write::Delete { key, guard: before.guard() }];
    writes.extend(partner_removal(table, whose, entity, &before.value.id).await?);
    together(table, writes).await?;
    Ok(true)
}

fn partner_key(whose: &OrganisationRef, entity: &str, id: &SourceId) -> ports::Key {
    keys::source_partner(whose, entity, &id.0)
}

fn guard_of<T>(before: Option<&Stored<T>>) -> Guard {
    before.map_or(Guard::Absent, Stored::guard)
}

async fn partner_removal(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    id: &SourceId,
) -> Result<Option<Write>, TableError> {
    let key = partner_key(whose, entity, id);
    let found = load::<Partner>(table, &key).await?;
    Ok(found.map(|found| Write::Delete { key, guard: found.guard() }))
}

async fn together(table: &dyn Table, writes: Vec<Write>) -> Result<(), LinkError> {
    match table.transact(writes).await? {
        Written::Stored => Ok(()),
        Written::Conflict(_) => Err(LinkError::Overtaken),
    }
}

/// The Xero id that an id of the host application is linked to.
pub async fn xero_id_of(
    table: &dyn Table,
    whose: &OrganisationRef,
    entity: &str,
    id: &SourceId,
) -> Result<Option<String>, TableError> {
    let found = load::<Partner>(table, &partner_key(whose, entity, id)).await?;
    Ok(found.map(|found| found.value.xero_id))
}

/// The links of many records: by kind and Xero id.
pub type Sources = HashMap<(String, String), Source>;

/// Reads the links of records, named by kind and Xero id.
pub async fn sources_of<'a>(
    table: &dyn Table,
    whose: &OrganisationRef,
    records: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Sources, TableError> {
    let named: HashMap<ports::Key, (String, String)> =
        records.map(|(kind, id)| (keys::source(whose, kind, id), (kind.to_owned(), id.to_owned()))).collect();
    let wanted: Vec<ports::Key> = named.keys().cloned().collect();
    let rows = table.get_many(&wanted).await?;
    let found = rows.iter().filter_map(|row| named.get(&row.key).map(|name| (name, row)));
    found.map(|(name, row)| Ok((name.clone(), read_row::<Source>(row)?.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_host_application_cannot_reach_into_another_key() {
        assert!("SO-1001/2".parse::<SourceId>().is_ok() && "x".repeat(100).parse::<SourceId>().is_ok());
        for bad in ["", "a b", "a#b", "é", "tab\t", &"x".repeat(101)] {
            assert_eq!(bad.parse::<SourceId>(), Err(NotASourceId), "{bad}");
        }
    }
}
