//! An organisation's accounts, tax types and tracking, and what of a journal Xero would refuse because of them.
//!
//! Read from the mirror, which may be behind Xero: what is refused here is refused for certain only as long as nobody
//! has just changed it, so the words say what to do. An empty mirror refuses nothing; Xero decides.

use kernel::OrganisationRef;
use mirror::MirrorRow;
use mirror::read::all_rows;
use mirror::record::text_of;
use ports::{Table, TableError};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use state::read_row;

use schedules::journal::Line;
use schedules::texts::{AccountRef, TrackingPair};

/// Accounts read at most; Xero advises 699.
const ACCOUNTS_MAX: usize = 5_000;

/// What is known of an organisation's books.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    accounts: Vec<Map<String, Value>>,
    tax_rates: Vec<Map<String, Value>>,
    categories: Vec<Map<String, Value>>,
}

/// Why Xero would refuse a line. Lines are counted from 1, as people do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartFault {
    /// No such account.
    #[error("line {line}: there is no account {account}; sync if it was just made")]
    AccountUnknown {
        /// Which line.
        line: usize,
        /// As given.
        account: String,
    },
    /// Archived or deleted.
    #[error("line {line}: account {account} is archived; choose another or restore it in Xero")]
    AccountArchived {
        /// Which line.
        line: usize,
        /// As given.
        account: String,
    },
    /// Journals may not touch it.
    #[error(
        "line {line}: account {account} is a {kind} account, which nothing can be booked on here; choose a clearing account"
    )]
    AccountNotAllowed {
        /// Which line.
        line: usize,
        /// As given.
        account: String,
        /// What it is: bank, system, inventory.
        kind: &'static str,
    },
    /// No such tax type, or not in use.
    #[error("line {line}: there is no tax type {tax_type}; use Xero's code, not its name")]
    TaxTypeUnknown {
        /// Which line.
        line: usize,
        /// As given.
        tax_type: String,
    },
    /// No such category or option.
    #[error("line {line}: there is no tracking option of that category and name; sync if it was just made")]
    TrackingUnknown {
        /// Which line.
        line: usize,
    },
    /// Archived.
    #[error("line {line}: the tracking category or option is archived; choose another")]
    TrackingArchived {
        /// Which line.
        line: usize,
    },
}

/// Faults told of one journal.
const FAULTS_MAX: usize = 20;

impl Chart {
    /// Reads it from the mirror.
    pub async fn load(table: &dyn Table, whose: &OrganisationRef) -> Result<Self, TableError> {
        let read = async |entity: &str| -> Result<Vec<Map<String, Value>>, TableError> {
            let rows = all_rows(table, whose, entity, ACCOUNTS_MAX).await?;
            let rows = rows.iter().map(read_row::<MirrorRow>);
            let kept = rows.filter(|row| row.as_ref().map_or(true, |row| !row.value.gone));
            kept.map(|row| row.map(|row| row.value.fields)).collect()
        };
        Ok(Self {
            accounts: read("accounts").await?,
            tax_rates: read("tax_rates").await?,
            categories: read("tracking_categories").await?,
        })
    }

    /// What of these lines Xero would refuse.
    pub fn check(&self, lines: &[Line]) -> Vec<ChartFault> {
        let mut faults = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let number = at + 1;
            faults.extend(self.account_fault(number, &line.account));
            faults.extend(line.tax_type.as_ref().and_then(|tax| self.tax_fault(number, tax.as_str())));
            faults.extend(line.tracking.pairs().iter().filter_map(|pair| self.tracking_fault(number, pair)));
            if faults.len() >= FAULTS_MAX {
                break;
            }
        }
        faults.truncate(FAULTS_MAX);
        faults
    }

    /// Why an account cannot hold the balances of schedules: journals cannot use it, or its balance begins anew each year.
    pub fn balance_fault(&self, account: &AccountRef) -> Option<String> {
        if let Some(fault) = self.account_fault(1, account) {
            let words = fault.to_string();
            return Some(words.trim_start_matches("line 1: ").to_owned());
        }
        self.is_profit_and_loss(account).then(|| {
            format!("account {account} is of profit and loss, and its balance begins anew each year; choose a balance sheet account")
        })
    }

    /// The tax type that an account has by itself.
    pub fn tax_type_of(&self, account: &AccountRef) -> Option<&str> {
        self.account(account).map(|found| text_of(found, "TaxType")).filter(|tax| !tax.is_empty())
    }

    /// The effective rate of a tax type, in percent.
    pub fn percent_of(&self, tax_type: &str) -> Option<Decimal> {
        let rate = self.tax_rates.iter().find(|rate| text_of(rate, "TaxType") == tax_type)?;
        text_of(rate, "EffectiveRate").parse().ok()
    }

    /// Whether what is booked on an account is an expense or an income of its period. Of books without accounts, any may be.
    pub fn is_profit_and_loss(&self, account: &AccountRef) -> bool {
        let class = self.account(account).map(|found| text_of(found, "Class"));
        self.accounts.is_empty() || matches!(class, Some("EXPENSE" | "REVENUE"))
    }

    fn account(&self, account: &AccountRef) -> Option<&Map<String, Value>> {
        let name = account.to_string();
        self.accounts.iter().find(|found| match account.id() {
            Some(id) => text_of(found, "AccountID").parse() == Ok(id),
            None => text_of(found, "Code") == name,
        })
    }

    fn account_fault(&self, line: usize, account: &AccountRef) -> Option<ChartFault> {
        if self.accounts.is_empty() {
            return None;
        }
        let name = account.to_string();
        let Some(found) = self.account(account) else {
            return Some(ChartFault::AccountUnknown { line, account: name });
        };
        let kind = match (text_of(found, "Type"), text_of(found, "SystemAccount")) {
            ("BANK", _) => "bank",
            ("INVENTORY", _) => "tracked inventory",
            (_, "DEBTORS" | "CREDITORS" | "RETAINEDEARNINGS") => "system",
            _ if text_of(found, "Status") == "ACTIVE" => return None,
            _ => return Some(ChartFault::AccountArchived { line, account: name }),
        };
        Some(ChartFault::AccountNotAllowed { line, account: name, kind })
    }

    fn tax_fault(&self, line: usize, tax_type: &str) -> Option<ChartFault> {
        let known = |rate: &Map<String, Value>| {
            text_of(rate, "TaxType") == tax_type && !matches!(text_of(rate, "Status"), "DELETED" | "ARCHIVED")
        };
        let fits = self.tax_rates.is_empty() || self.tax_rates.iter().any(known);
        (!fits).then(|| ChartFault::TaxTypeUnknown { line, tax_type: tax_type.to_owned() })
    }

    fn tracking_fault(&self, line: usize, pair: &TrackingPair) -> Option<ChartFault> {
        let named = |found: &Map<String, Value>, id: &str, name: &str, wanted: &str| {
            text_of(found, id).eq_ignore_ascii_case(wanted) || text_of(found, name) == wanted
        };
        let category =
            self.categories.iter().find(|found| named(found, "TrackingCategoryID", "Name", pair.category.as_str()));
        let Some(category) = category else { return Some(ChartFault::TrackingUnknown { line }) };
        let options = category.get("Options").and_then(Value::as_array).into_iter().flatten();
        let mut options = options.filter_map(Value::as_object);
        let option = options.find(|found| named(found, "TrackingOptionID", "Name", pair.option.as_str()));
        let Some(option) = option else { return Some(ChartFault::TrackingUnknown { line }) };
        let active = |found: &Map<String, Value>| matches!(text_of(found, "Status"), "ACTIVE" | "");
        (!active(category) || !active(option)).then_some(ChartFault::TrackingArchived { line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Money;
    use schedules::texts::Tracking;
    use serde_json::json;

    const ID: &str = "6f0f0c4e-0000-4000-8000-000000000001";

    fn chart() -> Chart {
        let rows = |value: Value| -> Vec<Map<String, Value>> {
            value.as_array().unwrap().iter().map(|row| row.as_object().cloned().unwrap()).collect()
        };
        Chart {
            accounts: rows(json!([
                { "AccountID": ID, "Code": "433", "Status": "ACTIVE", "Type": "EXPENSE" },
                { "AccountID": "a", "Code": "434", "Status": "ARCHIVED", "Type": "EXPENSE" },
                { "AccountID": "b", "Code": "090", "Status": "ACTIVE", "Type": "BANK" },
                { "AccountID": "c", "Code": "610", "Status": "ACTIVE", "Type": "CURRENT", "SystemAccount": "DEBTORS" },
                { "AccountID": "d", "Code": "620", "Status": "ACTIVE", "Type": "CURRLIAB", "SystemAccount": "GST" },
            ])),
            tax_rates: rows(
                json!([{ "TaxType": "NONE", "Status": "ACTIVE" }, { "TaxType": "TAX001", "Status": "DELETED" }]),
            ),
            categories: rows(json!([{ "TrackingCategoryID": "t", "Name": "Region", "Status": "ACTIVE", "Options": [
                { "TrackingOptionID": "o", "Name": "North", "Status": "ACTIVE" },
                { "TrackingOptionID": "p", "Name": "South", "Status": "ARCHIVED" },
            ] }])),
        }
    }

    fn line(account: &str, tax: Option<&str>, tracking: Option<(&str, &str)>) -> Line {
        let pair = tracking.map(|(category, option)| TrackingPair {
            category: category.parse().unwrap(),
            option: option.parse().unwrap(),
        });
        Line {
            account: account.parse().unwrap(),
            amount: Money::new(1, "GBP".parse().unwrap()),
            description: String::new(),
            tax_type: tax.map(|tax| tax.parse().unwrap()),
            tracking: Tracking::try_new(pair.into_iter().collect()).unwrap(),
        }
    }

    #[track_caller]
    fn check(line: Line, expected: Option<&str>) {
        let faults: Vec<String> = chart().check(&[line]).iter().map(ToString::to_string).collect();
        match expected {
            None => assert!(faults.is_empty(), "{faults:?}"),
            Some(expected) => assert!(faults.len() == 1 && faults[0].contains(expected), "{faults:?}"),
        }
    }

    #[test]
    fn accounts_that_journals_cannot_use_are_refused_by_name() {
        check(line("433", None, None), None);
        check(line(ID, None, None), None);
        check(line("620", None, None), None);
        check(line("999", None, None), Some("there is no account 999"));
        check(line("434", None, None), Some("434 is archived"));
        check(line("090", None, None), Some("090 is a bank account"));
        check(line("610", None, None), Some("610 is a system account"));
    }

    #[test]
    fn tax_types_and_tracking_that_are_not_in_use_are_refused() {
        check(line("433", Some("NONE"), Some(("Region", "North"))), None);
        check(line("433", None, Some(("t", "o"))), None);
        check(line("433", Some("TAX001"), None), Some("no tax type TAX001"));
        check(line("433", Some("INPUT9"), None), Some("no tax type INPUT9"));
        check(line("433", None, Some(("Region", "East"))), Some("no tracking option"));
        check(line("433", None, Some(("Team", "North"))), Some("no tracking option"));
        check(line("433", None, Some(("Region", "South"))), Some("archived"));
    }

    #[test]
    fn an_empty_mirror_leaves_accounts_to_xero() {
        assert!(Chart::default().check(&[line("433", Some("NONE"), None)]).is_empty());
    }
}
