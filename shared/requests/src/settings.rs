//! What a workspace decides about the requests of one organisation.

use evidence::{Policy, RuleError, Rules};
use kernel::{Date, OrganisationRef};
use ports::{Table, TableError};
use reminders::{Recurring, RecurringError};
use serde::{Deserialize, Serialize};
use state::{StoreError, edit, keys, load};

/// Recurring requests of one organisation.
pub const RECURRING_MAX: usize = 50;
/// Bytes that all of it may take as JSON; a row takes 390 KB.
pub const SETTINGS_BYTES_MAX: usize = 200 * 1024;

/// Rules, policy and recurring requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestSettings {
    /// Lines before this day are not asked about; 90 days before today where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// Which lines need no document.
    pub rules: Rules,
    /// From which amount on, and whether money in needs documents.
    pub policy: Policy,
    /// Requests that come back.
    pub recurring: Vec<Recurring>,
}

/// Why settings cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestSettingsError {
    /// See [`RuleError`].
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A recurring request that cannot be met.
    #[error("recurring request {at}: {error}")]
    Recurring {
        /// Counted from 1.
        at: usize,
        /// Why.
        error: RecurringError,
    },
    /// Too many of them.
    #[error("more than {RECURRING_MAX} recurring requests")]
    TooManyRecurring,
    /// Two of one id.
    #[error("recurring request {0} has the id of an earlier one")]
    RecurringTwice(usize),
    /// Longer than a row takes.
    #[error("the rules and recurring requests have more than {SETTINGS_BYTES_MAX} bytes together")]
    TooLong,
}

impl RequestSettings {
    /// Refuses what cannot be.
    pub fn check(&self) -> Result<(), RequestSettingsError> {
        if self.recurring.len() > RECURRING_MAX {
            return Err(RequestSettingsError::TooManyRecurring);
        }
        for (index, recurring) in self.recurring.iter().enumerate() {
            recurring.check().map_err(|error| RequestSettingsError::Recurring { at: index + 1, error })?;
            if self.recurring[..index].iter().any(|before| before.id == recurring.id) {
                return Err(RequestSettingsError::RecurringTwice(index + 1));
            }
        }
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if bytes > SETTINGS_BYTES_MAX { Err(RequestSettingsError::TooLong) } else { Ok(()) }
    }
}

/// Reads them; nothing said is nothing wanted.
pub async fn load_settings(table: &dyn Table, whose: &OrganisationRef) -> Result<RequestSettings, TableError> {
    let found = load::<RequestSettings>(table, &keys::request_settings(whose)).await?;
    Ok(found.map(|found| found.value).unwrap_or_default())
}

/// Stores them as they were checked.
pub async fn store_settings(
    table: &dyn Table,
    whose: &OrganisationRef,
    wanted: &RequestSettings,
) -> Result<(), StoreError> {
    let key = keys::request_settings(whose);
    edit(table, &key, None, |found: Option<&RequestSettings>| (found != Some(wanted)).then(|| wanted.clone())).await?;
    Ok(())
}
