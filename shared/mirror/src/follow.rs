//! Reading on in the feed, each change once and none left out.
//!
//! Owns the place of each follower. It moves only once what lies before it was dealt with, so a follower that dies reads
//! the same changes again: what it does with a change must bear that.

use kernel::OrganisationRef;
use ports::Table;
use serde::{Deserialize, Serialize};
use state::{StoreError, edit, keys, load};

use crate::feed::{Change, Wanted, read_range};

/// Changes dealt with between two moves of the place.
const CHANGES_AT_ONCE: usize = 250;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    position: u64,
    /// Whether the end that was known then was reached once: from then on the follower is behind by news only.
    #[serde(default)]
    reached: bool,
}

/// Some changes, and the place behind them.
pub struct Next {
    /// The changes, oldest first.
    pub changes: Vec<Change>,
    behind: u64,
}

/// The next changes of some kinds before a position; `None` when everything before it was dealt with.
pub async fn next(
    table: &dyn Table,
    whose: &OrganisationRef,
    follower: &str,
    to: u64,
    entities: &[&str],
) -> Result<Option<Next>, StoreError> {
    let place = load::<Place>(table, &keys::follower(whose, follower)).await?.map_or(0, |place| place.value.position);
    if place >= to {
        return Ok(None);
    }
    let wanted = Wanted { run: None, entities };
    let page = read_range(table, whose, place..to, CHANGES_AT_ONCE, &wanted).await?;
    // A page that moves nowhere is the end of what is stored.
    let behind = if page.next.position() == place { to } else { page.next.position() };
    Ok(Some(Next { changes: page.changes, behind }))
}

/// Says that some changes were dealt with. The place never moves back.
pub async fn done(table: &dyn Table, whose: &OrganisationRef, follower: &str, next: &Next) -> Result<(), StoreError> {
    let behind = next.behind;
    edit(table, &keys::follower(whose, follower), None, |place: Option<&Place>| {
        let before = place.copied().unwrap_or_default();
        (before.position < behind).then_some(Place { position: behind, ..before })
    })
    .await?;
    Ok(())
}

/// Says that a follower has read to the end that was known when it was asked.
pub async fn reached(table: &dyn Table, whose: &OrganisationRef, follower: &str) -> Result<(), StoreError> {
    edit(table, &keys::follower(whose, follower), None, |place: Option<&Place>| {
        let before = place.copied().unwrap_or_default();
        (!before.reached).then_some(Place { reached: true, ..before })
    })
    .await?;
    Ok(())
}

/// Whether a follower has ever read to an end: before that, what it keeps is not whole.
pub async fn has_reached(table: &dyn Table, whose: &OrganisationRef, follower: &str) -> Result<bool, StoreError> {
    Ok(load::<Place>(table, &keys::follower(whose, follower)).await?.is_some_and(|place| place.value.reached))
}
