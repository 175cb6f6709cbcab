//! What a workspace says in advance: which lines need no document, from which amount on, and whether money in does.
//!
//! Owns the form of rules and their limits. A rule that would match every line by mistake cannot be built.

use kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, RuleId};
use crate::line::Line;
use crate::words::{Folded, Words};

/// The rules of a workspace, in its order; the first that matches a line speaks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Rule>", into = "Vec<Rule>")]
pub struct Rules {
    rules: Vec<Rule>,
    /// Their texts, ready to compare: one for each match, empty where a match has none.
    folded: Vec<Vec<Folded>>,
}

/// A rule: lines for which all matches hold need no document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Its name, as a person gave it; 1 to [`NAME_CHARS_MAX`] characters.
    pub name: String,
    /// What must hold, all of it; 1 to [`MATCHES_MAX`].
    pub matches: Vec<Match>,
    /// Why such lines need no document, for whoever reads the list of excluded lines; 1 to [`REASON_CHARS_MAX`]
    /// characters.
    pub reason: String,
}

/// One thing that must hold of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The payee has this text, whatever its case and accents; it must begin where a word begins.
    PayeeContains(String),
    /// Description or reference has this text, in the same way.
    DescriptionContains(String),
    /// The amount is smaller, whichever way the money went. In that currency only.
    AmountBelow(Money),
    /// The amount is this one, whichever way the money went. In that currency only.
    AmountIs(Money),
    /// The bank account.
    Account(AccountId),
    /// Which way the money went.
    Direction(Direction),
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the organisation.
    In,
    /// Away from it.
    Out,
}

/// What a workspace decides beside its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedPolicy", into = "UncheckedPolicy")]
pub struct Policy {
    below: Vec<Money>,
    needs: Needs,
}

/// Lines that need a document only where a workspace says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// Money that came in.
    pub money_in: bool,
    /// Overpayments and prepayments entered as such.
    pub advances: bool,
}

/// Why rules cannot be. Carries no text of theirs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// More than anybody looks through.
    #[error("more than {RULES_MAX} rules")]
    TooManyRules,
    /// Two rules with one id.
    #[error("rule {0} stands twice")]
    Twice(RuleId),
    /// Too few or too many matches.
    #[error("rule {0} has no match or more than {MATCHES_MAX}")]
    Matches(RuleId),
    /// A text of a rule is empty or too long.
    #[error("the {part} of rule {rule} has no letter or more than {chars_max} characters")]
    Text {
        /// The rule.
        rule: RuleId,
        /// Which of its texts.
        part: &'static str,
        /// Characters it may have.
        chars_max: usize,
    },
    /// A text that stands in nearly every line.
    #[error("a text of rule {0} has fewer than {TEXT_CHARS_MIN} letters or digits")]
    TooShort(RuleId),
    /// An amount of nothing, or less.
    #[error("an amount of rule {0} is not more than nothing")]
    Amount(RuleId),
    /// A smallest amount that is not more than nothing.
    #[error("the smallest amount in {0} is not more than nothing")]
    Smallest(Currency),
    /// Two smallest amounts in one currency.
    #[error("two smallest amounts in {0}")]
    SmallestTwice(Currency),
    /// More currencies than an organisation has.
    #[error("more than {CURRENCIES_MAX} smallest amounts")]
    TooManySmallest,
}

/// Rules of one workspace.
pub const RULES_MAX: usize = 200;
/// Matches of one rule.
pub const MATCHES_MAX: usize = 6;
/// Characters of a rule's name.
pub const NAME_CHARS_MAX: usize = 80;
/// Characters of a rule's reason.
pub const REASON_CHARS_MAX: usize = 200;
/// Characters of a text that is looked for.
pub const TEXT_CHARS_MAX: usize = 80;
/// Letters and digits below which a text stands in nearly every line.
pub const TEXT_CHARS_MIN: usize = 2;
/// Currencies with a smallest amount of their own.
pub const CURRENCIES_MAX: usize = 50;

impl Rules {
    /// Rules within their limits.
    pub fn try_new(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.len() > RULES_MAX {
            return Err(RuleError::TooManyRules);
        }
        for (at, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules[..at].iter().any(|before| before.id == rule.id) {
                return Err(RuleError::Twice(rule.id.clone()));
            }
        }
        let folded = |rule: &Rule| rule.matches.iter().map(|one| Folded::new(one.text().unwrap_or_default())).collect();
        let folded = rules.iter().map(folded).collect();
        Ok(Self { rules, folded })
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The first rule that speaks for a line.
    pub fn matching(&self, line: &Line) -> Option<&Rule> {
        self.matching_texts(line, &LineTexts::new(line))
    }

    pub(crate) fn matching_texts(&self, line: &Line, texts: &LineTexts) -> Option<&Rule> {
        let holds = |(rule, folded): &(&Rule, &Vec<Folded>)| {
            rule.matches.iter().zip(*folded).all(|(one, sought)| one.holds(line, texts, sought))
        };
        self.rules.iter().zip(&self.folded).find(holds).map(|(rule, _)| rule)
    }
}

impl Rule {
    fn check(&self) -> Result<(), RuleError> {
        let text = |part, text: &str, chars_max| {
            let fits = !Words::new(text).is_empty() && text.chars().take(chars_max + 1).count() <= chars_max;
            if fits { Ok(()) } else { Err(RuleError::Text { rule: self.id.clone(), part, chars_max }) }
        };
        text("name", &self.name, NAME_CHARS_MAX)?;
        text("reason", &self.reason, REASON_CHARS_MAX)?;
        if self.matches.is_empty() || self.matches.len() > MATCHES_MAX {
            return Err(RuleError::Matches(self.id.clone()));
        }
        for one in &self.matches {
            if let Some(sought) = one.text() {
                text("text", sought, TEXT_CHARS_MAX)?;
                if Folded::new(sought).chars() < TEXT_CHARS_MIN {
                    return Err(RuleError::TooShort(self.id.clone()));
                }
            }
            if matches!(one, Match::AmountBelow(amount) | Match::AmountIs(amount) if !amount.is_positive()) {
                return Err(RuleError::Amount(self.id.clone()));
            }
        }
        Ok(())
    }
}

impl Match {
    fn text(&self) -> Option<&str> {
        match self {
            Self::PayeeContains(text) | Self::DescriptionContains(text) => Some(text),
            _ => None,
        }
    }

    fn holds(&self, line: &Line, texts: &LineTexts, sought: &Folded) -> bool {
        let same = |amount: &Money| amount.currency == line.amount.currency;
        match self {
            Self::PayeeContains(_) => texts.payee.contains(sought),
            Self::DescriptionContains(_) => texts.description.contains(sought) || texts.reference.contains(sought),
            Self::AmountBelow(amount) => same(amount) && line.magnitude() < amount.minor.unsigned_abs(),
            Self::AmountIs(amount) => same(amount) && line.magnitude() == amount.minor.unsigned_abs(),
            Self::Account(account) => line.account == *account,
            Self::Direction(Direction::Out) => line.is_out(),
            Self::Direction(Direction::In) => line.amount.is_positive(),
        }
    }
}

/// A line's texts, folded once for all that looks for something in them.
pub(crate) struct LineTexts {
    payee: Folded,
    description: Folded,
    reference: Folded,
}

impl LineTexts {
    pub(crate) fn new(line: &Line) -> Self {
        let [payee, description, reference] =
            [&line.payee, &line.description, &line.reference].map(|text| Folded::new(text.as_str()));
        Self { payee, description, reference }
    }

    /// Whether a document's number stands in one of them.
    pub(crate) fn hold_number(&self, number: &Folded) -> bool {
        [&self.payee, &self.description, &self.reference].iter().any(|text| text.holds_number(number))
    }

    /// Whether a contact's name stands in one of them, or the payee is the beginning of it.
    pub(crate) fn hold_name(&self, name: &Folded) -> bool {
        let whole = [&self.payee, &self.description, &self.reference].iter().any(|text| text.holds_name(name));
        whole || self.payee.is_cut_of(name)
    }
}

impl Policy {
    /// Smallest amounts for which documents are wanted, one a currency, and what needs one at all.
    pub fn try_new(mut below: Vec<Money>, needs: Needs) -> Result<Self, RuleError> {
        if below.len() > CURRENCIES_MAX {
            return Err(RuleError::TooManySmallest);
        }
        below.sort_by_key(|amount| amount.currency);
        if let Some(pair) = below.windows(2).find(|pair| pair[0].currency == pair[1].currency) {
            return Err(RuleError::SmallestTwice(pair[0].currency));
        }
        match below.iter().find(|amount| !amount.is_positive()) {
            Some(amount) => Err(RuleError::Smallest(amount.currency)),
            None => Ok(Self { below, needs }),
        }
    }

    /// The smallest amount for which a document is wanted, where one is set for the currency.
    pub fn smallest(&self, currency: Currency) -> Option<Money> {
        self.below.iter().find(|amount| amount.currency == currency).copied()
    }

    /// What needs a document only because the workspace says so.
    pub fn needs(&self) -> Needs {
        self.needs
    }
}

impl TryFrom<Vec<Rule>> for Rules {
    type Error = RuleError;
    fn try_from(rules: Vec<Rule>) -> Result<Self, RuleError> {
        Self::try_new(rules)
    }
}

impl From<Rules> for Vec<Rule> {
    fn from(rules: Rules) -> Self {
        rules.rules
    }
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct UncheckedPolicy {
    smallest: Vec<Money>,
    needs: Needs,
}

impl TryFrom<UncheckedPolicy> for Policy {
    type Error = RuleError;
    fn try_from(unchecked: UncheckedPolicy) -> Result<Self, RuleError> {
        Self::try_new(unchecked.smallest, unchecked.needs)
    }
}

impl From<Policy> for UncheckedPolicy {
    fn from(policy: Policy) -> Self {
        Self { smallest: policy.below, needs: policy.needs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{line, pounds};

    fn rule(id: &str, matches: Vec<Match>) -> Rule {
        Rule { id: id.parse().unwrap(), name: "Bank fees".into(), matches, reason: "The statement is enough".into() }
    }

    /// Whether a rule matches the line `L1 A 2026-10-05 -62.40 | KESTREL BANK | monthly fees | ref 9`.
    #[track_caller]
    fn check(matches: Vec<Match>, expected: bool) {
        let rules = Rules::try_new(vec![rule("R1", matches.clone())]).unwrap();
        let line = line("L1 A 2026-10-05 -62.40 | KÉSTREL BANK | monthly fees | ref 9");
        assert_eq!(rules.matching(&line).is_some(), expected, "{matches:?}");
    }

    #[test]
    fn x1_a_rule_matches_when_all_of_it_holds() {
        let text = str::to_owned;
        check(vec![Match::PayeeContains(text("kestrel"))], true);
        check(vec![Match::PayeeContains(text("fees"))], false);
        check(vec![Match::DescriptionContains(text("FEE"))], true);
        check(vec![Match::DescriptionContains(text("Réf 9"))], true);
        check(vec![Match::DescriptionContains(text("ees"))], false);
        check(vec![Match::AmountBelow(pounds("62.41"))], true);
        check(vec![Match::AmountBelow(pounds("62.40"))], false);
        check(vec![Match::AmountIs(pounds("62.40"))], true);
        check(vec![Match::AmountIs(Money::new(6240, "EUR".parse().unwrap()))], false);
        check(vec![Match::Account("A".parse().unwrap())], true);
        check(vec![Match::Account("B".parse().unwrap())], false);
        check(vec![Match::Direction(Direction::Out)], true);
        check(vec![Match::Direction(Direction::In)], false);
        check(vec![Match::PayeeContains(text("kestrel")), Match::Direction(Direction::In)], false);
    }

    #[test]
    fn x1_rules_are_bounded_and_say_which_is_wrong() {
        let any = || vec![Match::Direction(Direction::Out)];
        let many = |count: usize| (0..count).map(|at| rule(&format!("R{at}"), any())).collect();
        assert!(Rules::try_new(many(RULES_MAX)).is_ok());
        assert_eq!(Rules::try_new(many(RULES_MAX + 1)), Err(RuleError::TooManyRules));
        let one = |matches| Rules::try_new(vec![rule("R", matches)]).err();
        let id: RuleId = "R".parse().unwrap();
        assert_eq!(one(vec![Match::Direction(Direction::In); MATCHES_MAX]), None);
        assert_eq!(one(vec![Match::Direction(Direction::In); MATCHES_MAX + 1]), Some(RuleError::Matches(id.clone())));
        assert_eq!(one(vec![]), Some(RuleError::Matches(id.clone())));
        assert_eq!(one(vec![Match::PayeeContains("a".into())]), Some(RuleError::TooShort(id.clone())));
        assert_eq!(one(vec![Match::PayeeContains("-- -".into())]), Some(RuleError::TooShort(id.clone())));
        assert_eq!(one(vec![Match::AmountBelow(pounds("0.00"))]), Some(RuleError::Amount(id.clone())));
        let long = one(vec![Match::PayeeContains("a".repeat(TEXT_CHARS_MAX + 1))]);
        let too_long = |part, chars_max| Some(RuleError::Text { rule: id.clone(), part, chars_max });
        assert_eq!(long, too_long("text", TEXT_CHARS_MAX));
        let named = |name: &str, reason: &str| {
            Rules::try_new(vec![Rule { name: name.into(), reason: reason.into(), ..rule("R", any()) }]).err()
        };
        assert_eq!(named(&"a".repeat(NAME_CHARS_MAX), &"a".repeat(REASON_CHARS_MAX)), None);
        assert_eq!(named(&"a".repeat(NAME_CHARS_MAX + 1), "a"), too_long("name", NAME_CHARS_MAX));
        assert_eq!(named("a", &"a".repeat(REASON_CHARS_MAX + 1)), too_long("reason", REASON_CHARS_MAX));
        assert_eq!(named(" ", "a"), too_long("name", NAME_CHARS_MAX));
        assert_eq!(Rules::try_new(vec![rule("R", any()), rule("R", any())]), Err(RuleError::Twice(id.clone())));
    }

    #[test]
    fn x1_rules_are_data_and_broken_data_is_refused() {
        let written = r#"[{"id":"R1","name":"Fees","matches":[{"payee_contains":"kestrel"},{"direction":"out"},
            {"amount_below":{"amount":"5.00","currency":"GBP"}}],"reason":"The statement is enough"}]"#;
        let rules: Rules = serde_json::from_str(written).unwrap();
        assert_eq!(rules.rules()[0].matches.len(), 3);
        let again: Rules = serde_json::from_str(&serde_json::to_string(&rules).unwrap()).unwrap();
        assert_eq!(again, rules);
        assert!(serde_json::from_str::<Rules>(&written.replace("kestrel", "k")).is_err());
    }

    #[test]
    fn x1_smallest_amounts_are_one_a_currency_and_more_than_nothing() {
        let policy = |below| Policy::try_new(below, Needs::default());
        let known = policy(vec![pounds("5.00")]).unwrap();
        assert_eq!(known.smallest(pounds("0").currency), Some(pounds("5.00")));
        assert_eq!(known.smallest("EUR".parse().unwrap()), None);
        let gbp = pounds("0").currency;
        assert_eq!(policy(vec![pounds("5.00"), pounds("6.00")]), Err(RuleError::SmallestTwice(gbp)));
        assert_eq!(policy(vec![pounds("0.00")]), Err(RuleError::Smallest(gbp)));
        let currency = |at: usize| {
            let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap());
            Money::new(1, format!("X{}{}", letter(at / 26), letter(at)).parse().unwrap())
        };
        assert!(policy((0..CURRENCIES_MAX).map(currency).collect()).is_ok());
        assert_eq!(policy((0..=CURRENCIES_MAX).map(currency).collect()), Err(RuleError::TooManySmallest));
        let stored = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&stored).unwrap(), known);
        assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
    }
}
