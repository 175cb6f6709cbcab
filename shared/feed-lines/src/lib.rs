//! Bank statement lines as Xero has them, for apps that it lets read them: Finance API, BankStatementsPlus.
//!
//! Owns a copy of them by bank account and day, and what is known of each account: read up to when, or why not. Lines have
//! no time stamp in Xero and raise no webhook, so days are read anew; what did not change costs no write. Which line needs
//! what, others decide. Never writes to Xero.
//!
//! | module | what is in it |
//! |---|---|
//! | [`answer`] | the request, and what of its answer is kept |
//! | [`row`] | lines and accounts as they are stored |
//! | [`mod@pull`] | all bank accounts read, window by window, resumable |

pub mod answer;
pub mod pull;
pub mod row;

pub use pull::{FeedError, pull};
pub use row::{FeedAccount, FeedLine, LastPull, Trouble, list_accounts, list_lines};
