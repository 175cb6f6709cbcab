//! The right to act on an organisation: getting it, keeping it, using it, giving it back.
//!
//! Owns the connect flow, token sets and their rotation under a lease, connections with their settings, and the
//! session through which every other capability calls Xero. Tokens leave the vault only inside a [`Session`] and never
//! reach a log, an error or a row in the clear.

mod apps;
mod call_error;
mod callback;
mod choose;
mod connect;
mod connection;
mod connection_test;
mod disconnect;
mod lost_access;
mod session;
mod tokens;
mod usage;

pub use apps::{APPS_SECRET, App, Apps, AppsError};
pub use call_error::CallError;
pub use callback::{CallbackQuery, Outcome, finish};
pub use choose::{ChooseError, Chosen, choose};
pub use connect::{Candidate, Connect, ConnectError, ConnectSettings, NewConnect, Stage, Started, load_connect, start};
pub use connection::{
    Authorisation, Connection, ConnectionState, Directory, OrganisationFacts, Reason, Shard, Superseded,
    change_connection, claim_night, claim_slots, connections_of, directory_shard, load_connection, refresh_directory,
    workspaces_of,
};
pub use connection_test::{Check, ConnectionTest, load_test, request_test, run_test};
pub use disconnect::{DisconnectError, delete_at_xero, disconnect};
pub use lost_access::{Remaining, authorisation_ended};
pub use session::{Answer, Meter, Session};
pub use settings::{
    Direction, FEATURES, Interval, KindSettings, PostsAs, PublishAs, ScheduleAccounts, Settings, SettingsError, Slots,
};
pub use tokens::{TokenError, TokenSet, TokensToKeep, keep_alive, token_age, tokens_to_keep, try_again};
pub use usage::Usage;

use envelopes::Envelope;
use kernel::Timestamp;
use ports::{Message, Ports, QueueError, TableError};
use state::{ParkedWork, Stored, unpark};
use xero::XeroAddresses;

/// An envelope that comes back at a time.
pub fn parked(envelope: &Envelope, until: Timestamp, reason: &str) -> ParkedWork {
    ParkedWork { until, reason: reason.to_owned(), envelope: envelope.to_json(), tail: envelope.dedupe() }
}

/// What every step towards Xero needs: the ports and where Xero is.
#[derive(Clone)]
pub struct Access {
    /// The doors to the world.
    pub ports: Ports,
    /// Xero's addresses.
    pub addresses: XeroAddresses,
}

impl Access {
    /// Puts an envelope on its queue.
    pub async fn send(&self, envelope: &Envelope) -> Result<(), QueueError> {
        let (queue, body) = (envelope.queue(), envelope.to_json());
        let message = Message { queue, body, group: envelope.group(), dedupe: envelope.dedupe() };
        self.ports.queue.send(vec![message]).await
    }

    /// Sends an envelope that was parked a moment ago as the net under this very message, and takes the net away.
    pub async fn send_parked<E>(&self, envelope: &Envelope, work: ParkedWork) -> Result<(), E>
    where
        E: From<QueueError> + From<TableError>,
    {
        self.send(envelope).await?;
        unpark(&*self.ports.table, &Stored { value: work, version: 1 }).await?;
        Ok(())
    }
}
