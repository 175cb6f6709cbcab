//! Rules of a workspace, and lines they match.

use crate::samples::{line, pounds};
use evidence::rules::*;
use evidence::*;
use kernel::Money;

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
    assert_eq!(one(vec![Match::AmountBelow(pounds("0.00"))]), Some(RuleError::Amount(id.clone())));
    let long = one(vec![Match::PayeeContains("a".repeat(TEXT_CHARS_MAX + 1))]);
    let too_long = |part, chars_max| Some(RuleError::Text { rule: id.clone(), part, chars_max });
    assert_eq!(long, too_long("text", TEXT_CHARS_MAX));
    for short in ["", "a", "-- -", "a-"] {
        assert_eq!(one(vec![Match::PayeeContains(short.into())]), too_long("text", TEXT_CHARS_MAX), "{short}");
    }
    let named = |name: &str, reason: &str| {
        Rules::try_new(vec![Rule { name: name.into(), reason: reason.into(), ..rule("R", any()) }]).err()
    };
    assert_eq!(named(&"a".repeat(NAME_CHARS_MAX), &"a".repeat(REASON_CHARS_MAX)), None);
    assert_eq!(named(&"a".repeat(NAME_CHARS_MAX + 1), "a"), too_long("name", NAME_CHARS_MAX));
    assert_eq!(named("ab", &"a".repeat(REASON_CHARS_MAX + 1)), too_long("reason", REASON_CHARS_MAX));
    assert_eq!(named(" ", "ab"), too_long("name", NAME_CHARS_MAX));
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
fn x1_a_smallest_amount_is_one_a_currency() {
    let policy = Policy { smallest: vec![pounds("5.00"), pounds("6.00")], ..Policy::default() };
    assert_eq!(policy.smallest(pounds("0").currency), Some(pounds("5.00")));
    assert_eq!(policy.smallest("EUR".parse().unwrap()), None);
    let stored = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&stored).unwrap(), policy);
    assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
}
