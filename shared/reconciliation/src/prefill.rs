//! Contact, account and tax of a line that is not in the books, each with the reason.
//!
//! A workspace's rules speak first, then what people confirmed of the same payee, then how the same payee stands in the books,
//! then a contact of that name. Nothing is made up: what nobody knows is left for the person.

use std::collections::{BTreeMap, HashMap};

use coding::{Contact, Standing, SupplierClues, SupplierSearch, Verdict};
use kernel::{Date, Money, OrganisationRef};
use mirror::read::each_record;
use ports::{Table, TableError};
use publishing::proposal::CONTACTS_MAX;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::books::{BookEntry, EntryKind};
use crate::rules::{BankRules, Payee, Way};
use crate::suggestion::LineView;

/// Words by which a payee is known.
const KEY_WORDS: usize = 4;

/// Where a proposal comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ProposedBy {
    /// A rule.
    Rule {
        /// Which.
        id: String,
    },
    /// What people confirmed of the same payee.
    Payee,
    /// How the same payee stands in the books.
    History,
    /// A contact of that name.
    Name,
    /// Nobody.
    Nothing,
}

/// What would be entered in Xero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Money out or in.
    pub way: Way,
    /// The line's day.
    pub date: Date,
    /// The line's amount, above zero.
    pub amount: Money,
    /// The contact, where one is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<Uuid>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact_name: String,
    /// The account, by code or Xero id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Xero's code of the tax; the account's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<String>,
    /// What it says.
    pub description: String,
    /// Its reference.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// Where that comes from.
    pub by: ProposedBy,
    /// Why, in words.
    pub because: String,
}

/// The words by which lines of one payee are known: no numbers, no case.
pub fn payee_key(line: &LineView) -> String {
    let key = |text: &str| {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        let telling = words.filter(|word| word.chars().count() > 1 && word.chars().all(char::is_alphabetic));
        telling.take(KEY_WORDS).map(str::to_uppercase).collect::<Vec<_>>().join(" ")
    };
    let payee = key(&line.payee);
    if payee.is_empty() { key(&line.description) } else { payee }
}

/// Which way a line's money goes.
pub fn way_of(amount: Money) -> Way {
    if amount.minor < 0 { Way::Out } else { Way::In }
}

/// How often a payee was coded in one way, by contact, account and tax.
type Counts = BTreeMap<(String, String, Option<String>), u32>;

/// What is known of an organisation's payees.
#[derive(Default)]
pub struct Known {
    rules: BankRules,
    payees: HashMap<(String, Way), Payee>,
    /// How the same payee stands in the books.
    history: HashMap<(String, Way), Counts>,
    /// Names of contacts, by id, of those that can be used.
    contacts: BTreeMap<Uuid, String>,
}

impl Known {
    /// Reads what there is.
    pub async fn load(
        table: &dyn Table,
        whose: &OrganisationRef,
        rules: BankRules,
        payees: Vec<Payee>,
    ) -> Result<Self, TableError> {
        let mut contacts = BTreeMap::new();
        each_record(table, whose, "contacts", CONTACTS_MAX, |found| {
            let usable = Contact::read(&found.record).filter(|contact| contact.standing.is_usable());
            contacts.extend(usable.map(|contact| (contact.id, contact.name.to_owned())));
        })
        .await?;
        let payees = payees.into_iter().map(|payee| ((payee.key.clone(), payee.way), payee)).collect();
        Ok(Self { rules, payees, history: HashMap::new(), contacts })
    }

    /// Learns from a line that is in the books.
    pub fn learn(&mut self, line: &LineView, entry: &BookEntry) {
        let (Some(contact), Some((account, tax))) = (&entry.contact, &entry.coded) else { return };
        if entry.kind != EntryKind::BankTransaction {
            return;
        }
        let counts = self.history.entry((payee_key(line), way_of(line.amount))).or_default();
        *counts.entry((contact.clone(), account.clone(), tax.clone())).or_default() += 1;
    }

    /// What would be entered for a line.
    pub fn propose(&self, line: &LineView) -> Proposal {
        let way = way_of(line.amount);
        let amount = Money { minor: line.amount.minor.saturating_abs(), ..line.amount };
        let said = if line.description.is_empty() { &line.payee } else { &line.description };
        let bare = Proposal {
            way,
            date: line.date,
            amount,
            contact_id: None,
            contact_name: String::new(),
            account: None,
            tax_type: None,
            description: if said.is_empty() { "Bank statement line".to_owned() } else { said.clone() },
            reference: line.reference.clone(),
            by: ProposedBy::Nothing,
            because: "Nothing in the books is like it: choose contact and account.".to_owned(),
        };
        let key = (payee_key(line), way);
        self.by_rule(line, way, &bare)
            .or_else(|| self.by_payee(&key, &bare))
            .or_else(|| self.by_history(&key, &bare))
            .or_else(|| self.by_name(line, &bare))
            .unwrap_or(bare)
    }

    fn name(&self, contact: Uuid) -> String {
        self.contacts.get(&contact).cloned().unwrap_or_default()
    }

    fn by_rule(&self, line: &LineView, way: Way, bare: &Proposal) -> Option<Proposal> {
        let text = [&line.payee, &line.description, &line.reference].map(|text| text.to_lowercase()).join("\n");
        let fits = |rule: &&crate::rules::Rule| {
            rule.way.is_none_or(|wanted| wanted == way) && text.contains(&rule.contains.trim().to_lowercase())
        };
        let rule = self.rules.rules.iter().find(fits)?;
        Some(Proposal {
            contact_id: Some(rule.contact_id),
            contact_name: self.name(rule.contact_id),
            account: Some(rule.account.clone()),
            tax_type: rule.tax_type.clone(),
            by: ProposedBy::Rule { id: rule.id.clone() },
            because: format!("The rule {} says so of lines with “{}”.", rule.id, rule.contains.trim()),
            ..bare.clone()
        })
    }

    fn by_payee(&self, key: &(String, Way), bare: &Proposal) -> Option<Proposal> {
        let payee = self.payees.get(key).filter(|payee| self.contacts.contains_key(&payee.contact_id))?;
        let times = if payee.confirmed == 1 { "once".to_owned() } else { format!("{} times", payee.confirmed) };
        Some(Proposal {
            contact_id: Some(payee.contact_id),
            contact_name: self.name(payee.contact_id),
            account: Some(payee.account.clone()),
            tax_type: payee.tax_type.clone(),
            by: ProposedBy::Payee,
            because: format!("People confirmed lines of this payee so {times}."),
            ..bare.clone()
        })
    }

    fn by_history(&self, key: &(String, Way), bare: &Proposal) -> Option<Proposal> {
        if key.0.is_empty() {
            return None;
        }
        let counts = self.history.get(key)?;
        let all: u32 = counts.values().sum();
        let ((contact, account, tax), most) =
            counts.iter().max_by_key(|(coded, count)| (**count, std::cmp::Reverse(*coded)))?;
        let contact: Uuid = contact.parse().ok()?;
        if !self.contacts.contains_key(&contact) {
            return None;
        }
        Some(Proposal {
            contact_id: Some(contact),
            contact_name: self.name(contact),
            account: Some(account.clone()),
            tax_type: tax.clone(),
            by: ProposedBy::History,
            because: format!("{most} of {all} lines of this payee stand in the books so."),
            ..bare.clone()
        })
    }

    fn by_name(&self, line: &LineView, bare: &Proposal) -> Option<Proposal> {
        let name = if line.payee.is_empty() { payee_key(line) } else { line.payee.clone() };
        let clues = SupplierClues { name: Some(name).filter(|name| !name.is_empty()), ..SupplierClues::default() };
        clues.name.as_ref()?;
        let mut search = SupplierSearch::new(&clues);
        for (id, name) in &self.contacts {
            search.look_at(&named(*id, name));
        }
        let found = search.found();
        let first = found.candidates.first().filter(|_| found.verdict == Verdict::Certain)?;
        Some(Proposal {
            contact_id: Some(first.contact_id),
            contact_name: first.name.clone(),
            by: ProposedBy::Name,
            because: "A contact has this name; no line of it is in the books yet, so choose the account.".to_owned(),
            ..bare.clone()
        })
    }
}

fn named(id: Uuid, name: &str) -> Contact<'_> {
    Contact {
        id,
        name,
        standing: Standing::Active,
        tax_number: "",
        company_number: "",
        account_number: "",
        bank_account: "",
        email: "",
        is_supplier: None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::Timestamp;

    use super::*;

    fn line(payee: &str, description: &str, minor: i64) -> LineView {
        LineView {
            id: "s-1".to_owned(),
            date: "2026-11-02".parse().unwrap(),
            amount: Money::new(minor, "GBP".parse().unwrap()),
            payee: payee.to_owned(),
            description: description.to_owned(),
            reference: String::new(),
        }
    }

    #[test]
    fn a_payee_is_known_by_its_words_whatever_numbers_stand_between() {
        assert_eq!(payee_key(&line("", "CARD 1234 Ridgeway Bakery 02NOV", -1)), "CARD RIDGEWAY BAKERY");
        assert_eq!(payee_key(&line("Ridgeway  Bakery", "x", -1)), "RIDGEWAY BAKERY");
        assert_eq!(payee_key(&line("", "4711 0815", -1)), "");
    }

    #[test]
    fn m33_rules_speak_before_payees_and_both_before_the_books() {
        let (bakery, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let contacts = BTreeMap::from([(bakery, "Ridgeway Bakery".to_owned()), (other, "Other".to_owned())]);
        let mut known = Known { contacts, ..Known::default() };
        let said = line("Ridgeway Bakery", "", -450);
        let entry = BookEntry {
            id: "e".to_owned(),
            kind: EntryKind::BankTransaction,
            date: said.date,
            amount: said.amount,
            whom: String::new(),
            contact: Some(bakery.to_string()),
            reference: String::new(),
            description: String::new(),
            reconciled: true,
            coded: Some(("420".to_owned(), Some("INPUT2".to_owned()))),
        };
        assert_eq!(known.propose(&said).by, ProposedBy::Name);
        known.learn(&said, &entry);
        let by_history = known.propose(&said);
        assert_eq!((by_history.by, by_history.account.as_deref()), (ProposedBy::History, Some("420")));
        let key = payee_key(&said);
        let payee = Payee {
            key: key.clone(),
            way: Way::Out,
            contact_id: bakery,
            account: "421".to_owned(),
            tax_type: None,
            confirmed: 2,
            changed: 0,
            at: Timestamp::UNIX_EPOCH,
            by: "sam".to_owned(),
        };
        known.payees.insert((key, Way::Out), payee);
        let by_payee = known.propose(&said);
        assert_eq!((by_payee.by, by_payee.account.as_deref()), (ProposedBy::Payee, Some("421")));
        let rule = crate::rules::Rule {
            id: "bakery".to_owned(),
            contains: "ridgeway".to_owned(),
            way: None,
            contact_id: other,
            account: "430".to_owned(),
            tax_type: None,
        };
        known.rules.rules.push(rule);
        assert_eq!(known.propose(&said).contact_id, Some(other));
        // Money in is another matter than money out.
        assert_eq!(known.propose(&line("Somebody", "", 450)).by, ProposedBy::Nothing);
    }
}
