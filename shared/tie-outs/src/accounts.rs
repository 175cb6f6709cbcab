//! The chart as a tie-out needs it: which account a code or an id is, and whether it stands in the balance sheet.

use kernel::OrganisationRef;
use mirror::MirrorRow;
use mirror::read::all_rows;
use mirror::record::text_of;
use ports::{Table, TableError};
use schedules::AccountRef;
use state::read_row;
use uuid::Uuid;

/// Accounts read at most; Xero advises 699.
const ACCOUNTS_MAX: usize = 5_000;

/// One account of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub class: String,
}

/// The accounts of the books.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts(Vec<Account>);

impl Accounts {
    /// Reads them from the mirror; archived ones are among them, since they have balances too.
    pub async fn load(table: &dyn Table, whose: &OrganisationRef) -> Result<Self, TableError> {
        let mut accounts = Vec::new();
        for row in &all_rows(table, whose, "accounts", ACCOUNTS_MAX).await? {
            let fields = read_row::<MirrorRow>(row)?.value.fields;
            let text = |name: &str| text_of(&fields, name).to_owned();
            if let Ok(id) = Uuid::try_parse(&text("AccountID")) {
                accounts.push(Account { id, code: text("Code"), name: text("Name"), class: text("Class") });
            }
        }
        Ok(Self(accounts))
    }

    pub fn find(&self, account: &AccountRef) -> Option<&Account> {
        match account.id() {
            Some(id) => self.0.iter().find(|known| known.id == id),
            None => self.0.iter().find(|known| known.code == account.as_str()),
        }
    }

    /// Whether an account stands in the balance sheet; one that is not known may.
    pub fn may_hold(&self, account: &AccountRef) -> bool {
        self.find(account).is_none_or(|known| !matches!(known.class.as_str(), "EXPENSE" | "REVENUE"))
    }
}
