//! Xero's general ledger as far as an app can see it: balances from the trial balance, entries from the records.
//!
//! Owns what an answer or a record says of accounts. Calls nothing, stores nothing, and rather says that something cannot
//! be read than that it is nothing.
//!
//! | module | what is in it |
//! |---|---|
//! | [`trial_balance`] | the balance of every account on a day, from Xero's report |
//! | [`entries`] | what one record puts on which accounts |

pub mod entries;
pub mod trial_balance;

pub use entries::{AccountKey, Booked, Entry, RecordFault, booked};
pub use trial_balance::{TrialBalance, TrialBalanceFault};
