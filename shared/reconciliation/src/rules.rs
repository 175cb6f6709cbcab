//! What a workspace says in advance about lines that are not in the books, and what decisions taught. Both are the
//! organisation's own data: shown, edited, and counted each time they speak.

use std::collections::BTreeSet;

use kernel::{OrganisationRef, Timestamp};
use ports::{Table, TableError};
use serde::{Deserialize, Serialize};
use state::{StoreError, edit, keys, load, read_range, read_row};
use uuid::Uuid;

/// Rules of one organisation.
pub const RULES_MAX: usize = 200;
/// Letters of what a rule looks for.
const CONTAINS_CHARS: std::ops::RangeInclusive<usize> = 3..=100;
/// Payees of one organisation that are remembered.
pub const PAYEES_MAX: usize = 10_000;
/// The least that a threshold may be.
const THRESHOLD_MIN: u16 = 900;

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Money out.
    Out,
    /// Money in.
    In,
}

/// One rule: lines that say this are coded so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, chosen by the workspace.
    pub id: String,
    /// What payee, description or reference hold, whatever the case of letters.
    pub contains: String,
    /// Money in or out; both where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// The contact.
    pub contact_id: Uuid,
    /// The account, by code or Xero id.
    pub account: String,
    /// Xero's code of the tax; the account's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<String>,
}

/// What a workspace has decided for an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BankRules {
    /// In their order: the first that fits speaks.
    pub rules: Vec<Rule>,
    /// Links for which at least so much speaks, in thousandths, and that are certain, are taken as accepted without a
    /// person; none where absent. Nothing is ever posted so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_links_from: Option<u16>,
}

/// What is wrong with rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// Too many.
    #[error("there may be at most {RULES_MAX} rules")]
    TooMany,
    /// Two of one id, or one without.
    #[error("rules[{0}]: its id must be 1 to 64 of A-Z a-z 0-9 - _ . and its own")]
    Id(usize),
    /// Too short to mean anything, or too long.
    #[error("rules[{0}]: contains must have 3 to 100 letters")]
    Contains(usize),
    /// No account.
    #[error("rules[{0}]: account must be a code or a Xero id")]
    Account(usize),
    /// Out of bounds.
    #[error("accept_links_from must be {THRESHOLD_MIN} to 1000")]
    Threshold,
}

impl BankRules {
    /// Finds what is wrong.
    pub fn check(&self) -> Result<(), RuleFault> {
        if self.rules.len() > RULES_MAX {
            return Err(RuleFault::TooMany);
        }
        if self.accept_links_from.is_some_and(|from| !(THRESHOLD_MIN..=1000).contains(&from)) {
            return Err(RuleFault::Threshold);
        }
        let mut seen = BTreeSet::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !(1..=64).contains(&rule.id.len()) || !rule.id.bytes().all(plain) || !seen.insert(&rule.id) {
                return Err(RuleFault::Id(at));
            }
            if !CONTAINS_CHARS.contains(&rule.contains.trim().chars().count()) {
                return Err(RuleFault::Contains(at));
            }
            if rule.account.parse::<schedules::AccountRef>().is_err() {
                return Err(RuleFault::Account(at));
            }
        }
        Ok(())
    }
}

/// The rules of an organisation.
pub async fn load_rules(table: &dyn Table, whose: &OrganisationRef) -> Result<BankRules, TableError> {
    Ok(load::<BankRules>(table, &keys::bank_rules(whose)).await?.map(|found| found.value).unwrap_or_default())
}

/// Replaces them; they were checked.
pub async fn store_rules(table: &dyn Table, whose: &OrganisationRef, rules: &BankRules) -> Result<(), StoreError> {
    edit(table, &keys::bank_rules(whose), None, |_: Option<&BankRules>| Some(rules.clone())).await.map(|_| ())
}

/// How one payee was coded when a person last confirmed a line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// The words by which its lines are known.
    pub key: String,
    /// Money in or out.
    pub way: Way,
    /// The contact.
    pub contact_id: Uuid,
    /// The account, by code or Xero id.
    pub account: String,
    /// Xero's code of the tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<String>,
    /// How often a person confirmed a line coded so.
    pub confirmed: u32,
    /// How often a person chose something else instead.
    #[serde(default)]
    pub changed: u32,
    /// When it last spoke or was changed.
    pub at: Timestamp,
    /// Who confirmed it last.
    pub by: String,
}

/// How often a rule spoke for lines that were confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHits {
    /// Confirmed as the rule said.
    pub confirmed: u32,
    /// Confirmed otherwise.
    pub changed: u32,
    /// When it last spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

fn payee_id(key: &str, way: Way) -> String {
    let way = if way == Way::Out { "out" } else { "in" };
    format!("{way}#{key}")
}

/// Every payee that is remembered, by key.
pub async fn list_payees(table: &dyn Table, whose: &OrganisationRef) -> Result<Vec<Payee>, TableError> {
    let (partition, from, to) = keys::bank_payees_range(whose);
    let rows = read_range(table, partition, from, to, PAYEES_MAX).await?;
    rows.iter().map(|row| Ok(read_row::<Payee>(row)?.value)).collect()
}

/// Forgets a payee; whether it was known.
pub async fn forget_payee(table: &dyn Table, whose: &OrganisationRef, key: &str, way: Way) -> Result<bool, TableError> {
    let key = keys::bank_payee(whose, &payee_id(key, way));
    let Some(found) = load::<Payee>(table, &key).await? else { return Ok(false) };
    let guard = found.guard();
    table.write(ports::Write::Delete { key, guard }).await?;
    Ok(true)
}

/// Remembers how a payee was coded.
pub(crate) async fn remember(table: &dyn Table, whose: &OrganisationRef, said: &Payee) -> Result<(), StoreError> {
    let key = keys::bank_payee(whose, &payee_id(&said.key, said.way));
    edit(table, &key, None, |before: Option<&Payee>| {
        let same = before.is_some_and(|before| {
            (before.contact_id, &before.account, &before.tax_type) == (said.contact_id, &said.account, &said.tax_type)
        });
        let (confirmed, changed) = before.map_or((0, 0), |before| (before.confirmed, before.changed));
        Some(match same {
            true => Payee { confirmed: confirmed + 1, changed, ..said.clone() },
            false => Payee { confirmed: 1, changed: changed + u32::from(before.is_some()), ..said.clone() },
        })
    })
    .await
    .map(|_| ())
}

/// Counts that a rule spoke.
pub(crate) async fn count_rule(
    table: &dyn Table,
    whose: &OrganisationRef,
    rule: &str,
    as_said: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    edit(table, &keys::bank_rule_hits(whose, rule), None, |before: Option<&RuleHits>| {
        let before = before.cloned().unwrap_or_default();
        Some(RuleHits {
            confirmed: before.confirmed + u32::from(as_said),
            changed: before.changed + u32::from(!as_said),
            last: Some(now),
        })
    })
    .await
    .map(|_| ())
}

/// How often a rule spoke.
pub async fn rule_hits(table: &dyn Table, whose: &OrganisationRef, rule: &str) -> Result<RuleHits, TableError> {
    Ok(load::<RuleHits>(table, &keys::bank_rule_hits(whose, rule)).await?.map(|found| found.value).unwrap_or_default())
}
