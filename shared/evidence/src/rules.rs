//! What a workspace says in advance: which lines need no document, from which amount on, and whether money in does.
//!
//! Owns the form of rules and their limits. A rule that would match every line by mistake cannot be built.

use kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, RuleId};
use crate::line::Line;
use crate::words::Folded;

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
    /// Its name, as a person gave it; [`TEXT_CHARS_MIN`] to [`NAME_CHARS_MAX`] characters.
    pub name: String,
    /// What must hold, all of it; 1 to [`MATCHES_MAX`].
    pub matches: Vec<Match>,
    /// Why such lines need no document, for whoever reads the list of excluded lines; [`TEXT_CHARS_MIN`] to
    /// [`REASON_CHARS_MAX`] characters.
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

/// What a workspace decides beside its rules. Without a word of it, money in and money paid ahead need no documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Smallest amounts for which documents are wanted, at most [`CURRENCIES_MAX`]; the first in a currency counts.
    pub smallest: Vec<Money>,
    /// Whether money that came in needs them.
    pub money_in_needs_documents: bool,
    /// Whether overpayments and prepayments do that are entered as such.
    pub advances_need_documents: bool,
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
    /// A text of a rule is too short or too long.
    #[error("the {part} of rule {rule} has fewer than {TEXT_CHARS_MIN} letters or more than {chars_max} characters")]
    Text {
        /// The rule.
        rule: RuleId,
        /// Which of its texts.
        part: &'static str,
        /// Characters it may have.
        chars_max: usize,
    },
    /// An amount of nothing, or less.
    #[error("an amount of rule {0} is not more than nothing")]
    Amount(RuleId),
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
            let fits = text.chars().take(chars_max + 1).count() <= chars_max;
            let telling = fits && Folded::new(text).chars() >= TEXT_CHARS_MIN;
            if telling { Ok(()) } else { Err(RuleError::Text { rule: self.id.clone(), part, chars_max }) }
        };
        text("name", &self.name, NAME_CHARS_MAX)?;
        text("reason", &self.reason, REASON_CHARS_MAX)?;
        if self.matches.is_empty() || self.matches.len() > MATCHES_MAX {
            return Err(RuleError::Matches(self.id.clone()));
        }
        for one in &self.matches {
            one.text().map_or(Ok(()), |sought| text("text", sought, TEXT_CHARS_MAX))?;
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
    /// The smallest amount for which a document is wanted, where one is set for the currency.
    pub fn smallest(&self, currency: Currency) -> Option<Money> {
        self.smallest.iter().find(|amount| amount.currency == currency).copied()
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
