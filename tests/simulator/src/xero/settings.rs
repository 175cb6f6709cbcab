//! What a test or the server chooses: apps, users, roles, and how the next consent goes.

use kernel::{TenantId, XeroUserId};
use serde::{Deserialize, Serialize};

/// Settings of the whole simulated Xero.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct XeroSettings {
    /// Ids, tokens and demo figures follow from it.
    pub seed: u64,
    /// `iss` of the tokens, and the base of the discovery document.
    pub issuer: String,
    /// Where events say their resources are.
    pub api: String,
    /// Whether the per-minute, per-day and concurrency limits are kept. Xero always keeps them.
    pub limits: bool,
    /// Whether payments and allocations raise an event for the document they change. Xero does not say; either way the
    /// document's `UpdatedDateUTC` moves.
    pub payment_events: bool,
    /// Whether the valid elements of a batch that is answered 400 are saved all the same. Xero does not say.
    pub keeps_valid_of_failed_batch: bool,
    /// Whether an app at its connection cap leaves the browser on Xero's own page, which never returns, in place of a
    /// callback with `error=access_denied`. Both are reported.
    pub cap_shows_error_page: bool,
    /// What Xero does not say about manual journals.
    #[serde(default)]
    pub journals: JournalSettings,
    /// How trial balances are laid out. Xero varies it by region and plan, and does not say how.
    #[serde(default)]
    pub trial_balance: TrialBalanceLayout,
    /// What Xero does not say about bank statement lines.
    #[serde(default)]
    pub statements: StatementSettings,
}

/// What Xero's specification leaves open about bank statement lines, or shows otherwise than it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSettings {
    /// Whether amounts have no sign and types no prefix, as in the specification's example. Live answers have both.
    pub as_in_the_example: bool,
    /// Whether lines come only once they are reconciled: what comes depends on the agreement with Xero.
    pub reconciled_only: bool,
}

/// A layout of the trial balance. Only the ids of the accounts are in all of them, and in each an amount is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrialBalanceLayout {
    /// That of Xero's own example: account with its code in brackets, the month, the year to date.
    #[default]
    MonthAndYear,
    /// The year to date alone, under other titles.
    YearAlone,
    /// Code and type of the account in columns of their own before the year to date, all accounts in one section.
    Coded,
    /// As Xero's example, but with sections inside sections, which its specification does not know.
    Nested,
}

/// What Xero's documentation leaves open about manual journals, each in the way that is usual here unless it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalSettings {
    /// Whether a posted journal loses an unknown account with a warning, as a draft does. Otherwise it is refused.
    pub posted_lose_accounts: bool,
    /// Whether unknown or archived tracking is refused. Otherwise it is dropped without a word.
    pub tracking_refused: bool,
    /// Whether a posted journal can only be voided. Otherwise it can be edited too: Xero's page says so, and Xero's own
    /// tools do not rely on it.
    pub posted_are_final: bool,
    /// Most lines of a journal; only the length of the request bounds them otherwise.
    pub lines_max: Option<usize>,
}

impl Default for XeroSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            issuer: "https://identity.xero.com".to_owned(),
            api: "https://api.xero.com".to_owned(),
            limits: true,
            payment_events: true,
            keeps_valid_of_failed_batch: false,
            cap_shows_error_page: false,
            journals: JournalSettings::default(),
            trial_balance: TrialBalanceLayout::default(),
            statements: StatementSettings::default(),
        }
    }
}

/// Number of a registered app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppId(pub usize);

/// One app of the developer portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppSettings {
    /// Shown as `ProviderName` in answers.
    pub name: String,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// Key of webhook signatures, used as the bytes of this very text.
    pub webhook_key: String,
    /// Exactly these redirect addresses are accepted.
    pub redirect_uris: Vec<String>,
    /// Scopes the app may ask for; one more in a request fails the consent.
    pub scopes: Vec<String>,
    /// Whether the app passed certification: an organisation takes at most two apps that did not.
    pub certified: bool,
    /// Calls a day per organisation: 1,000 on the Starter tier, 5,000 above.
    pub day_limit: u32,
    /// Connections the tier allows.
    pub connections_max: usize,
    /// Whether one consent may connect several organisations.
    pub bulk_connect: bool,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            name: "Ledger Lane".to_owned(),
            client_id: "5D1E0000000000000000000000000001".to_owned(),
            client_secret: "simulated-client-secret".to_owned(),
            webhook_key: "c2ltdWxhdGVkLXdlYmhvb2sta2V5LW5vdC1kZWNvZGVk".to_owned(),
            redirect_uris: vec!["http://localhost:3000/oauth/callback".to_owned()],
            scopes: GRANULAR_SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            certified: true,
            day_limit: 5_000,
            connections_max: 1_000,
            bulk_connect: false,
        }
    }
}

/// What an app made since March 2026 may ask for without further approval, with and without `.read`.
pub const GRANULAR_SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "accounting.invoices",
    "accounting.invoices.read",
    "accounting.payments",
    "accounting.payments.read",
    "accounting.banktransactions",
    "accounting.banktransactions.read",
    "accounting.manualjournals",
    "accounting.manualjournals.read",
    "accounting.contacts",
    "accounting.contacts.read",
    "accounting.settings",
    "accounting.settings.read",
    "accounting.attachments",
    "accounting.attachments.read",
    "accounting.reports.trialbalance.read",
    "accounting.reports.balancesheet.read",
    "accounting.reports.profitandloss.read",
];

/// What an app may ask for once Xero has agreed to it, and never before.
pub const STATEMENT_LINES_SCOPE: &str = "finance.bankstatementsplus.read";

/// One Xero user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserSettings {
    /// Also the preferred user name.
    pub email: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            email: "robin.ferris@ledgerlane.example".to_owned(),
            given_name: "Robin".to_owned(),
            family_name: "Ferris".to_owned(),
        }
    }
}

/// What a user may do in one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Everything.
    Adviser,
    /// Everyday work, with the permission to see reports, which manual journals need too.
    StandardWithReports,
    /// Everyday work without reports: these and manual journals are refused.
    Standard,
    /// Reads; every write is refused.
    ReadOnly,
}

impl Role {
    /// Since June 2026 manual journals need the permission to see reports.
    pub(super) fn sees_journals(self) -> bool {
        self.sees_reports()
    }

    pub(super) fn sees_reports(self) -> bool {
        !matches!(self, Role::Standard)
    }
}

/// How the person at Xero's consent page behaves, until told otherwise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Consent {
    /// Agrees.
    Allow {
        /// Who is signed in.
        user: XeroUserId,
        /// The chosen organisations. More than one needs an app with bulk connection.
        tenants: Vec<TenantId>,
        /// Grants these of the asked scopes only; all when empty.
        only_scopes: Vec<String>,
    },
    /// Presses "Cancel": the callback carries `error=access_denied`.
    Deny,
}
