//! Which contact of the books a document's supplier is.
//!
//! Owns the search through any number of contacts, in memory for [`CANDIDATES_MAX`] of them, and the verdict. Answers the
//! same whatever the order of the contacts. Never takes an archived or merged contact for certain, nor one of two that are
//! equally good: then a person chooses, and has the reasons.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contact::{Contact, Standing};
use crate::evidence::{Clues, Evidence, SupplierClues};
use crate::words::TEXT_CHARS_MAX;

/// Contacts that are offered at most.
pub const CANDIDATES_MAX: usize = 5;
/// Score from which a contact is offered, per mille: that of the weakest hint.
pub const SCORE_MIN: u16 = 700;
/// A hint is better than another by so much, or a person chooses.
const CLEAR_LEAD: u16 = 50;

/// A contact that may be the supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Xero's id of it.
    pub contact_id: Uuid,
    /// Its name in the books, cut at 255 letters.
    pub name: String,
    /// How much speaks for it, [`SCORE_MIN`] to 1000 per mille: 950 and more for the same tax number, 900 for the same bank
    /// account or company number and an alike name, 850 for the same name, less for hints. It ranks, and is no probability.
    pub score: u16,
    /// The strongest of it.
    pub evidence: Evidence,
    /// What speaks for it and what against, in words.
    pub reasons: Vec<String>,
    /// Whether a bill can be entered for it.
    pub standing: Standing,
}

/// How sure the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first candidate, and no other, has strong evidence; it is active.
    Certain,
    /// The first candidate is clearly ahead, by hints, or cannot be used as it stands.
    Likely,
    /// Several are equally good.
    Several,
    /// Nobody.
    None,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierMatch {
    /// How sure it is.
    pub verdict: Verdict,
    /// The best first; at most [`CANDIDATES_MAX`].
    pub candidates: Vec<Candidate>,
}

/// The search for one document's supplier.
#[derive(Clone, Debug)]
pub struct SupplierSearch {
    clues: Clues,
    best: Vec<Candidate>,
}

impl SupplierSearch {
    /// A search by what a document says.
    pub fn new(clues: &SupplierClues) -> Self {
        Self { clues: Clues::new(clues), best: Vec::new() }
    }

    /// Looks at one contact more. A contact seen twice counts once.
    pub fn look_at(&mut self, contact: &Contact<'_>) {
        let comparison = self.clues.compare(contact);
        let score = comparison.score();
        if score < SCORE_MIN {
            return;
        }
        let mut reasons = comparison.reasons();
        reasons.extend(contact.standing.words().map(str::to_owned));
        self.keep(Candidate {
            contact_id: contact.id,
            name: contact.name.chars().take(TEXT_CHARS_MAX).collect(),
            score,
            evidence: comparison.evidence(),
            reasons,
            standing: contact.standing,
        });
    }

    /// What was found.
    pub fn found(self) -> SupplierMatch {
        SupplierMatch { verdict: verdict(&self.best), candidates: self.best }
    }

    fn keep(&mut self, candidate: Candidate) {
        if let Some(at) = self.best.iter().position(|kept| kept.contact_id == candidate.contact_id) {
            let kept = self.best.remove(at);
            let better = if rank(&candidate) < rank(&kept) { candidate } else { kept };
            self.best.push(better);
        } else {
            self.best.push(candidate);
        }
        self.best.sort_by(|one, other| rank(one).cmp(&rank(other)));
        self.best.truncate(CANDIDATES_MAX);
    }
}

/// The best is the least. What decides the verdict ranks before what only scores: twins that can be used, then what is
/// strong and cannot.
fn rank(candidate: &Candidate) -> impl Ord {
    let group = match (is_strong(candidate), candidate.standing.is_usable()) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    (group, Reverse(candidate.score), &candidate.name, candidate.contact_id, candidate.standing, &candidate.reasons)
}

fn is_strong(candidate: &Candidate) -> bool {
    candidate.evidence > Evidence::Hints
}

/// Of candidates in their rank.
fn verdict(best: &[Candidate]) -> Verdict {
    let Some((first, others)) = best.split_first() else { return Verdict::None };
    let strong = best.iter().filter(|candidate| is_strong(candidate) && candidate.standing.is_usable()).count();
    let outdone = others.iter().any(|other| other.evidence > first.evidence && !is_merged_into(other, first));
    match strong {
        0 if others.iter().any(|other| is_rival(other, first)) => Verdict::Several,
        0 => Verdict::Likely,
        // An archived contact has the tax number, and this one the name alone.
        1 if outdone => Verdict::Likely,
        1 => Verdict::Certain,
        _ => Verdict::Several,
    }
}

fn is_rival(other: &Candidate, first: &Candidate) -> bool {
    other.score + CLEAR_LEAD > first.score && !is_merged_into(first, other) && !is_merged_into(other, first)
}

fn is_merged_into(one: &Candidate, other: &Candidate) -> bool {
    one.standing == Standing::Merged { into: other.contact_id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::ACCOUNTS_MAX;

    /// Clues or a contact as "name; field=value; …".
    fn fields(text: &str) -> impl Fn(&str) -> String {
        let parts: Vec<String> = text.split(';').map(|part| part.trim().to_owned()).collect();
        move |field| match field {
            "name" => parts[0].clone(),
            _ => parts.iter().find_map(|part| part.strip_prefix(&format!("{field}="))).unwrap_or_default().to_owned(),
        }
    }

    fn clues(text: &str) -> SupplierClues {
        let field = fields(text);
        let stated = |name: &str| Some(field(name)).filter(|text| !text.is_empty());
        SupplierClues {
            name: stated("name"),
            tax_id: stated("tax"),
            company_id: stated("company"),
            email: stated("email"),
            accounts: stated("bank").into_iter().collect(),
        }
    }

    /// The ids count up from 1 in the order of the contacts.
    fn search(document: &SupplierClues, contacts: &[&str], turned: bool) -> SupplierMatch {
        let mut search = SupplierSearch::new(document);
        let mut order: Vec<usize> = (0..contacts.len()).collect();
        if turned {
            order.reverse();
        }
        for at in order {
            let field = fields(contacts[at]);
            let standing = match field("is").as_str() {
                "" => Standing::Active,
                "archived" => Standing::Archived,
                "erased" => Standing::Erased,
                merged => Standing::Merged { into: Uuid::from_u128(merged.parse().unwrap()) },
            };
            search.look_at(&Contact {
                id: Uuid::from_u128(at as u128 + 1),
                name: &field("name"),
                standing,
                tax_number: &field("tax"),
                company_number: &field("company"),
                account_number: &field("account"),
                bank_account: &field("bank"),
                email: &field("email"),
                is_supplier: (field("bills") == "yes").then_some(true),
            });
        }
        search.found()
    }

    /// The verdict, then the candidates as "number:score", the best first; the same whatever the order.
    #[track_caller]
    fn check(document: &str, contacts: &[&str], expected: &str) -> SupplierMatch {
        let found = search(&clues(document), contacts, false);
        let told = found.candidates.iter().map(|each| format!(" {}:{}", each.contact_id.as_u128(), each.score));
        assert_eq!(
            format!("{:?}{}", found.verdict, told.collect::<String>()),
            expected,
            "{document} among {contacts:?}"
        );
        assert_eq!(search(&clues(document), contacts, true), found, "another order of {contacts:?}");
        found
    }

    #[test]
    fn x4_one_contact_with_strong_evidence_is_certain() {
        let others = ["Tannenrain GmbH; tax=DE123456789", "Oakfield Dairy"];
        let among = |contact: &'static str| [others[0], contact, others[1]];
        check("Brightwater Ltd; tax=GB 123 4567 82", &among("Brightwater; tax=123456782"), "Certain 2:974");
        check("Somebody Else; tax=GB 123 4567 82", &among("Brightwater; tax=123456782"), "Certain 2:950");
        check("BRIGHTWATER LIMITED", &among("Brightwater Ltd"), "Certain 2:875");
        let bank = "Brightwater Suplies; bank=GB29NWBK60161331926819";
        check(bank, &among("Brightwater Supplies; bank=60-16-13 31926819"), "Certain 2:920");
        check(bank, &among("Brightwater Supplies; account=60161331926819"), "Certain 2:920");
        check(
            "Brightwater Suplies; company=01234567",
            &among("Brightwater Supplies; company=1234567"),
            "Certain 2:920",
        );
        let most = "Brightwater; tax=GB123456782; email=a@brightwater.example; bills=yes";
        check(most, &[most], "Certain 1:1000");
    }

    #[test]
    fn x4_hints_are_likely_at_most() {
        check("Brightwater Suplies", &["Brightwater Supplies", "Oakfield"], "Likely 1:800");
        check("Brightwater", &["Brightwater Trading Europe"], "Likely 1:700");
        check("Brightwater Ltd", &["Brightwater GmbH"], "Likely 1:800");
        check("Factoring Bank; bank=60161331926819", &["Brightwater; bank=60161331926819"], "Likely 1:700");
        check("Other; company=01234567", &["Brightwater; company=01234567"], "Likely 1:750");
        check("; email=a@brightwater.example", &["Brightwater; email=A@brightwater.example"], "Likely 1:715");
        check("Shop 12", &["Shop 21"], "None");
        check("Shop 12", &["Shop 21", "Shop 12"], "Certain 2:875");
    }

    #[test]
    fn x4_a_number_that_contradicts_takes_the_certainty() {
        check("Brightwater; tax=GB123456782", &["Brightwater; tax=GB999999973"], "Likely 1:700");
        check("Brightwater; company=1234567", &["Brightwater; company=7654321"], "Likely 1:700");
        check("Brightwater; tax=GB123456782", &["Brightwater; tax=DE123456789"], "Certain 1:875");
        let bank = "Brightwater; tax=GB123456782; bank=60161331926819";
        check(bank, &["Brightwater; tax=GB999999973; bank=60161331926819"], "Likely 1:700");
        check(
            "Brightwater; tax=GB123456782",
            &["Brightwater; tax=GB999999973", "Old Name; tax=123456782"],
            "Certain 2:950 1:700",
        );
    }

    #[test]
    fn x4_twins_are_several_whatever_makes_them_so() {
        check("Brightwater", &["Brightwater Ltd", "Brightwater GmbH"], "Several 2:874 1:874");
        check("Brightwater Ltd", &["Brightwater Ltd", "Brightwater GmbH"], "Certain 1:875 2:800");
        check("Brightwater", &["Brightwater", "Old Name; tax=123456782"], "Certain 1:875");
        let tax = "Brightwater; tax=GB123456782";
        check(tax, &["Brightwater", "Old Name; tax=123456782"], "Several 2:950 1:875");
        check(tax, &["Group North; tax=GB123456782", "Group South; tax=123456782"], "Several 1:950 2:950");
        check("Brightwater Suplies", &["Brightwater Supplies", "Brightwater Supplier"], "Several 2:800 1:800");
    }

    #[test]
    fn x4_an_archived_or_merged_contact_is_named_as_such_and_never_certain() {
        let tax = "Brightwater; tax=GB123456782";
        let archived = "Brightwater; tax=GB123456782; is=archived";
        let found = check(tax, &[archived], "Likely 1:975");
        assert!(found.candidates[0].reasons.iter().any(|reason| reason.contains("archived")), "{found:?}");
        check(tax, &["Brightwater; tax=GB123456782; is=erased"], "Likely 1:975");
        check("Brightwater", &["Brightwater; is=archived", "Brightwater"], "Certain 2:875 1:875");
        check(tax, &[archived, "Brightwater"], "Likely 2:875 1:975");
        check(tax, &[archived, "Brightwater Supplies"], "Likely 1:975 2:733");
        check(tax, &[archived, archived], "Several 1:975 2:975");
        // What was merged into the one that is found takes nothing from it.
        let merged = check(tax, &["Brightwater; tax=GB123456782; is=2", "Brightwater"], "Certain 2:875 1:975");
        assert!(merged.candidates[1].reasons.iter().any(|reason| reason.contains("merged")), "{merged:?}");
        check(tax, &["Brightwater; tax=GB123456782; is=3", "Brightwater"], "Likely 2:875 1:975");
    }

    #[test]
    fn x4_reasons_are_in_words_and_show_no_whole_bank_account() {
        let document = clues("Brightwater Ltd; tax=GB 123 4567 82; bank=GB29NWBK60161331926819; email=a@b.example");
        let contact = "BRIGHTWATER; tax=123456782; bank=60161331926819; email=a@b.example; bills=yes; company=1";
        let found = search(&document, &[contact], false);
        let expected = [
            "The VAT id GB 123 4567 82 is the contact's",
            "The bank account that ends in 6819 is the contact's",
            "The name is the same but for the company's form",
            "The e-mail address is the contact's",
            "The books have bills of this contact",
        ];
        assert_eq!(found.candidates[0].reasons, expected);
        let other =
            search(&clues("Brightwater; tax=12/345/67890"), &["Brightwater; tax=DE123456789; is=archived"], false);
        let expected = [
            "The contact has another tax number: DE123456789",
            "The name is the same",
            "The contact is archived: it takes no bill until it is un-archived in Xero",
        ];
        assert_eq!(other.candidates[0].reasons, expected);
    }

    #[test]
    fn x4_the_best_are_kept_of_any_number_and_a_contact_counts_once() {
        let alike: Vec<String> =
            (0..3 * CANDIDATES_MAX).map(|at| format!("Brightwater Supplie{}", "s".repeat(at % 2))).collect();
        let mut contacts: Vec<&str> = alike.iter().map(String::as_str).collect();
        contacts.push("Brightwater Suplies");
        let found = search(&clues("Brightwater Suplies"), &contacts, false);
        assert_eq!((found.verdict, found.candidates.len()), (Verdict::Certain, CANDIDATES_MAX));
        assert_eq!(search(&clues("Brightwater Suplies"), &contacts, true), found);
        let mut twice = SupplierSearch::new(&clues("Brightwater"));
        for standing in [Standing::Archived, Standing::Active, Standing::Archived] {
            let (id, name) = (Uuid::from_u128(1), "Brightwater");
            let empty = Contact {
                id,
                name,
                standing,
                tax_number: "",
                company_number: "",
                account_number: "",
                bank_account: "",
                email: "",
                is_supplier: None,
            };
            twice.look_at(&empty);
        }
        assert_eq!((twice.best.len(), twice.found().verdict), (1, Verdict::Certain));
    }

    #[test]
    fn hostile_clues_and_contacts_are_cut_and_nothing_is_found_by_nothing() {
        check("", &["Brightwater"], "None");
        check("—; tax=n/a; bank=-; email=@", &["—; tax=n/a; bank=-; email=@"], "None");
        let long = "Brightwater ".repeat(100_000);
        let found = search(&clues(&long), &[&long], false);
        assert_eq!(found.candidates[0].name.chars().count(), TEXT_CHARS_MAX);
        let accounts = |count: usize| SupplierClues {
            accounts: (0..count).map(|at| format!("6016133192{at:04}")).collect(),
            ..SupplierClues::default()
        };
        let last = format!("Brightwater; bank=6016133192{:04}", ACCOUNTS_MAX - 1);
        assert_eq!(search(&accounts(ACCOUNTS_MAX), &[&last], false).verdict, Verdict::Likely);
        let beyond = format!("Brightwater; bank=6016133192{ACCOUNTS_MAX:04}");
        assert_eq!(search(&accounts(ACCOUNTS_MAX + 1), &[&beyond], false).verdict, Verdict::None);
    }
}
