//! What is suggested for a new line, how sure it is, and why.
//!
//! Owns the count of what past lines say. Account, tax type and tracking are each suggested with their own confidence: tax
//! and tracking are those that went with the suggested account, and as sure as all lines together are of them. Never says
//! more than the history does: where it is split, the alternatives stand beside the first with their counts.

use kernel::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::counted::Counted;
use crate::descriptions::telling_words;
use crate::history::{History, Kept};
use crate::past::Tracked;
use crate::reason;
use crate::resemblance::Wanted;
use crate::tally::{Tallies, Tally, tally};
use crate::weights::{AccountKey, Weighed, weigh};

/// What is offered beside the first at most.
pub const ALTERNATIVES_MAX: usize = 3;

/// What a document says of one of its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineClues<'a> {
    /// What was bought.
    pub description: Option<&'a str>,
    /// Without tax.
    pub net: Option<Money>,
}

/// An account of the chart, as past lines name it. Whether it still takes postings, the chart says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The code it had on the newest line that gives one.
    pub code: Option<String>,
    /// Its id, where any line tells it.
    pub id: Option<Uuid>,
}

/// The first choice, and what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice<T> {
    /// What is suggested.
    pub value: T,
    /// Per mille, up to [`CONFIDENCE_MAX`](crate::CONFIDENCE_MAX): its share of what counts, less what so few documents leave open.
    pub confidence: u16,
    /// Documents of the history that have it.
    pub documents: u32,
    /// Documents of the history that have any.
    pub of: u32,
    /// What else they have, what counts most first; at most [`ALTERNATIVES_MAX`].
    pub alternatives: Vec<Alternative<T>>,
}

/// What else may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative<T> {
    /// What it is.
    pub value: T,
    /// Per mille, as for the first.
    pub confidence: u16,
    /// Documents of the history that have it.
    pub documents: u32,
}

/// How a line may be coded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodingSuggestion {
    /// The account.
    pub account: Choice<Account>,
    /// The tax type; `None` where no line has one.
    pub tax_type: Option<Choice<String>>,
    /// Tracking, where any line has some; an empty list means: without.
    pub tracking: Option<Choice<Vec<Tracked>>>,
    /// Per mille: the lesser of the account's and the tax type's.
    pub confidence: u16,
    /// In words, such as "8 of the last 9 bills of this supplier were coded to 429 with INPUT2".
    pub reason: String,
}

impl History {
    /// What past lines suggest for a new one; `None` without history.
    pub fn suggest(&self, wanted: &LineClues<'_>) -> Option<CodingSuggestion> {
        let words = telling_words(wanted.description.unwrap_or_default());
        let amount = wanted.net.map(|net| (net.currency, net.minor));
        let lines: Vec<&Kept> = self.newest_first().collect();
        suggest(&lines, Wanted { words: &words, amount })
    }
}

/// What lines suggest that come the newest first.
pub(crate) fn suggest(lines: &[&Kept], wanted: Wanted<'_>) -> Option<CodingSuggestion> {
    let weighed = weigh(lines, wanted);
    let accounts = tally(&weighed, account_of);
    let chosen = accounts.options.first()?.key;
    let within: Vec<Weighed<'_>> = weighed.iter().copied().filter(|line| line.account == chosen).collect();
    let account = choice(&accounts, chosen)?.map(|key| account(&weighed, key));
    let tax = best_within(&weighed, &within, tax_of);
    let tracked = weighed.iter().any(|line| !line.kept.tracking.is_empty());
    let tracking = best_within(&weighed, &within, tracking_of).filter(|_| tracked);
    let confidence = tax.as_ref().map_or(account.confidence, |tax| tax.confidence.min(account.confidence));
    let reason = reason::words(&Counted::of(&weighed, chosen), chosen, &account.value, tax.as_ref());
    let tax_type = tax.map(|tax| tax.map(str::to_owned));
    let tracking = tracking.map(|tracking| tracking.map(|key| pairs(&weighed, key)));
    Some(CodingSuggestion { account, tax_type, tracking, confidence, reason })
}

fn account_of<'a>(line: &Weighed<'a>) -> Option<AccountKey<'a>> {
    Some(line.account)
}

fn tax_of<'a>(line: &Weighed<'a>) -> Option<&'a str> {
    line.kept.tax_type.as_deref()
}

fn tracking_of<'a>(line: &Weighed<'a>) -> Option<&'a [String]> {
    Some(&line.kept.tracking_key)
}

/// What weighs most among the lines of the chosen account, and as sure as all lines are of it.
fn best_within<'a, K: Ord + Copy>(
    all: &[Weighed<'a>],
    within: &[Weighed<'a>],
    key: fn(&Weighed<'a>) -> Option<K>,
) -> Option<Choice<K>> {
    choice(&tally(all, key), tally(within, key).options.first()?.key)
}

fn choice<K: Ord + Copy>(tallies: &Tallies<K>, chosen: K) -> Option<Choice<K>> {
    let first = tallies.options.iter().find(|option| option.key == chosen)?;
    let beside = |option: &Tally<K>| Alternative {
        value: option.key,
        confidence: tallies.confidence(option),
        documents: option.documents,
    };
    let others = tallies.options.iter().filter(|option| option.key != chosen);
    let told = others.map(beside).filter(|beside| beside.confidence > 0);
    Some(Choice {
        value: chosen,
        confidence: tallies.confidence(first),
        documents: first.documents,
        of: tallies.documents,
        alternatives: told.take(ALTERNATIVES_MAX).collect(),
    })
}

/// An account by the code that the newest line has for it.
fn account(newest_first: &[Weighed<'_>], key: AccountKey<'_>) -> Account {
    let mut its = newest_first.iter().filter(|line| line.account == key);
    let code = its.find_map(|line| line.kept.account_code.clone());
    match key {
        AccountKey::Id(id) => Account { code, id: Some(id) },
        AccountKey::Code(_) => Account { code, id: None },
    }
}

/// Tracking by the names that the newest line has for it.
fn pairs(newest_first: &[Weighed<'_>], key: &[String]) -> Vec<Tracked> {
    let newest = newest_first.iter().find(|line| line.kept.tracking_key == key);
    newest.map(|line| line.kept.tracking.clone()).unwrap_or_default()
}

impl<T> Choice<T> {
    fn map<U>(self, with: impl Fn(T) -> U) -> Choice<U> {
        let beside = |beside: Alternative<T>| Alternative {
            value: with(beside.value),
            confidence: beside.confidence,
            documents: beside.documents,
        };
        let alternatives = self.alternatives.into_iter().map(beside).collect();
        let Self { value, confidence, documents, of, .. } = self;
        Choice { value: with(value), confidence, documents, of, alternatives }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use kernel::Date;
    use uuid::Uuid;

    use super::*;
    use crate::counted::COUNTED_DOCUMENTS_MAX;
    use crate::past::{PastKind, PastLine};

    /// "day account tax description", the day also being the document; "day account tax/option description=amount".
    pub(crate) fn line(text: &str) -> PastLine {
        let mut parts = text.splitn(4, ' ');
        let mut part = || parts.next().unwrap_or_default();
        let (day, account, tax, rest) = (part(), part(), part(), part());
        let day: i64 = day.parse().unwrap();
        let (tax, option) = tax.split_once('/').unwrap_or((tax, ""));
        let (description, amount) = rest.split_once('=').unwrap_or((rest, ""));
        let region = |option: &str| Tracked { category: "Region".into(), option: option.into(), ..Tracked::default() };
        PastLine {
            document_id: Uuid::from_u128(u128::try_from(day).unwrap()),
            kind: PastKind::Bill,
            date: Date::constant(2026, 1, 1).checked_add(jiff_days(day)).unwrap(),
            description: description.to_owned(),
            account_code: Some(account.to_owned()),
            account_id: None,
            tax_type: (tax != "-").then(|| tax.to_owned()),
            tracking: Some(option).filter(|option| !option.is_empty()).map(region).into_iter().collect(),
            amount: Money::parse(amount, "GBP".parse().unwrap()).ok(),
            status_gone: false,
        }
    }

    fn jiff_days(days: i64) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(days).unwrap() * 86_400)
    }

    fn history(lines: &[PastLine]) -> History {
        let mut history = History::of(Uuid::nil());
        lines.iter().cloned().for_each(|line| history.add(line));
        history
    }

    /// Some other order, the same for the same seed.
    fn shuffled(lines: &[PastLine], mut seed: u64) -> Vec<PastLine> {
        let mut lines = lines.to_vec();
        for at in (1..lines.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lines.swap(at, usize::try_from(seed >> 33).unwrap() % (at + 1));
        }
        lines
    }

    fn told<T>(choice: &Choice<T>, name: impl Fn(&T) -> String) -> String {
        let beside = choice.alternatives.iter().map(|each| format!(" or {}@{}", name(&each.value), each.confidence));
        format!("{}@{}{}", name(&choice.value), choice.confidence, beside.collect::<String>())
    }

    /// "account, tax, tracking" with confidences and alternatives, then the reason; the same in whatever order lines come.
    #[track_caller]
    fn check_lines(lines: &[PastLine], wanted: &str, expected: &str, reason: &str) -> Option<CodingSuggestion> {
        let (description, amount) = wanted.split_once('=').unwrap_or((wanted, ""));
        let net = Money::parse(amount, "GBP".parse().unwrap()).ok();
        let wanted = LineClues { description: Some(description).filter(|text| !text.is_empty()), net };
        let suggested = history(lines).suggest(&wanted);
        let told = suggested.as_ref().map(|coding| {
            let account = told(&coding.account, |account| account.code.clone().unwrap_or("?".to_owned()));
            let tax = coding.tax_type.as_ref().map(|tax| format!(", {}", told(tax, String::clone)));
            let options =
                |pairs: &Vec<Tracked>| pairs.iter().map(|pair| pair.option.clone()).collect::<Vec<_>>().join("+");
            let tracking = coding.tracking.as_ref().map(|tracking| format!(", {}", told(tracking, options)));
            format!("{account}{}{}", tax.unwrap_or_default(), tracking.unwrap_or_default())
        });
        assert_eq!(
            (
                told.unwrap_or_default().as_str(),
                suggested.as_ref().map(|coding| coding.reason.as_str()).unwrap_or_default()
            ),
            (expected, reason)
        );
        for seed in 1..6 {
            assert_eq!(history(&shuffled(lines, seed)).suggest(&wanted), suggested, "another order, seed {seed}");
        }
        suggested
    }

    #[track_caller]
    fn check(lines: &[&str], wanted: &str, expected: &str, reason: &str) -> Option<CodingSuggestion> {
        let lines: Vec<PastLine> = lines.iter().map(|text| line(text)).collect();
        check_lines(&lines, wanted, expected, reason)
    }

    fn days(days: std::ops::Range<u32>, rest: &str) -> Vec<PastLine> {
        days.map(|day| line(&format!("{day} {rest}"))).collect()
    }

    #[test]
    fn x4_the_usual_coding_is_suggested_and_more_bills_are_surer() {
        let one = ["1 429 INPUT2 Paper"];
        check(&one, "Ink", "429@666, INPUT2@666", "The only bill of this supplier was coded to 429 with INPUT2");
        let two = ["1 429 INPUT2 Paper", "2 429 INPUT2 Ink"];
        let words = "2 of the last 2 bills of this supplier were coded to 429 with INPUT2";
        check(&two, "", "429@786, INPUT2@786", words);
        check_lines(
            &days(1..10, "429 INPUT2 Paper"),
            "Ink",
            "429@908, INPUT2@908",
            "9 of the last 9 bills of this supplier were coded to 429 with INPUT2",
        );
        check(&[], "Ink", "", "");
    }

    #[test]
    fn x4_newer_documents_count_more_and_a_change_is_told() {
        let mut lines = days(1..10, "429 INPUT2 Paper");
        lines[3] = line("4 433 INPUT2 Paper");
        check_lines(
            &lines,
            "Ink",
            "429@824 or 433@38, INPUT2@908",
            "8 of the last 9 bills of this supplier were coded to 429 with INPUT2, each of the newest 5 among them",
        );
        let changed = [days(1..31, "429 INPUT2 Paper"), days(31..37, "463 INPUT2 Paper")].concat();
        check_lines(
            &changed,
            "Ink",
            "463@576 or 429@285, INPUT2@926",
            "6 of the last 12 bills of this supplier were coded to 463 with INPUT2, each of the newest 6 among them",
        );
    }

    #[test]
    fn x4_a_line_that_reads_like_one_before_is_coded_like_it() {
        let mut lines = days(1..9, "429 INPUT2 Printer paper");
        lines.push(line("2 463 ZERORATEDINPUT Cloud hosting February 2026"));
        check_lines(
            &lines,
            "Cloud hosting March 2026",
            "463@696 or 429@115, ZERORATEDINPUT@696 or INPUT2@115",
            "The only bill of this supplier with a line that reads like “Cloud hosting February 2026” was coded to 463 with \
             ZERORATEDINPUT",
        );
        check_lines(
            &lines,
            "Printer paper A4",
            "429@946, INPUT2@946",
            "8 of the last 8 bills of this supplier with a line that reads like “Printer paper” were coded to 429 with INPUT2",
        );
        check_lines(
            &lines,
            "Garden chairs",
            "429@840 or 463@28, INPUT2@840 or ZERORATEDINPUT@28",
            "8 of the last 8 bills of this supplier were coded to 429 with INPUT2",
        );
        let units = [days(1..7, "469 INPUT2/North Rent unit 12"), days(1..7, "470 INPUT2/South Rent unit 21")].concat();
        check_lines(
            &units,
            "Rent unit 12, March",
            "469@836 or 470@104, INPUT2@942, North@836 or South@104",
            "6 of the last 6 bills of this supplier with a line that reads like “Rent unit 12” were coded to 469 with INPUT2",
        );
        check_lines(
            &units,
            "Rent unit 21, March",
            "470@836 or 469@104, INPUT2@942, South@836 or North@104",
            "6 of the last 6 bills of this supplier with a line that reads like “Rent unit 21” were coded to 470 with INPUT2",
        );
    }

    #[test]
    fn x4_where_history_is_split_the_alternatives_stand_beside_and_the_confidence_says_so() {
        let accounts = ["400", "401", "402", "403", "404"];
        let lines: Vec<PastLine> =
            (1..21).map(|day| line(&format!("{day} {} INPUT2 Services", accounts[day % accounts.len()]))).collect();
        let coding = check_lines(
            &lines,
            "Services",
            "400@238 or 404@195 or 403@160 or 402@130, INPUT2@960",
            "3 of the last 12 bills of this supplier with a line that reads like “Services” were coded to 400 with INPUT2",
        );
        let account = coding.unwrap().account;
        assert_eq!((account.alternatives.len(), account.documents, account.of), (ALTERNATIVES_MAX, 4, 20));
    }

    #[test]
    fn x4_account_and_tax_are_suggested_each_as_sure_as_it_is() {
        let by_tax = |day: u32| ["INPUT2", "ZERORATEDINPUT"][day as usize % 2];
        let lines: Vec<PastLine> = (1..9).map(|day| line(&format!("{day} 429 {} Food", by_tax(day)))).collect();
        check_lines(
            &lines,
            "Food",
            "429@949, INPUT2@494 or ZERORATEDINPUT@408",
            "8 of the last 8 bills of this supplier with a line that reads like “Food” were coded to 429; the tax type is \
             INPUT2 in 4, ZERORATEDINPUT in 4 of them all",
        );
        let by_account = |day: u32| ["429", "433"][day as usize % 2];
        let lines: Vec<PastLine> = (1..9).map(|day| line(&format!("{day} {} INPUT2 Food", by_account(day)))).collect();
        check_lines(
            &lines,
            "Food",
            "429@494 or 433@408, INPUT2@949",
            "4 of the last 8 bills of this supplier with a line that reads like “Food” were coded to 429 with INPUT2",
        );
        // The tax type that goes with the account, though another is more usual.
        let mixed = ["1 400 T1 A", "2 401 T2 A", "3 402 T2 A", "4 401 T2 A", "5 402 T2 A", "6 400 T1 A", "7 400 T1 A"];
        check(
            &mixed,
            "",
            "400@403 or 402@193 or 401@153, T1@403 or T2@410",
            "3 of the last 7 bills of this supplier were coded to 400 with T1, each of the newest 2 among them",
        );
        check(&["1 429 - Paper"], "", "429@666", "The only bill of this supplier was coded to 429");
    }

    #[test]
    fn x4_nothing_is_suggested_that_only_gone_documents_have() {
        let mut gone = line("9 433 ZERORATEDINPUT Paper");
        gone.status_gone = true;
        check_lines(&[gone.clone()], "Paper", "", "");
        check_lines(
            &[gone, line("1 429 INPUT2 Paper")],
            "Ink",
            "429@666, INPUT2@666",
            "The only bill of this supplier was coded to 429 with INPUT2",
        );
    }

    #[test]
    fn x4_the_same_amount_counts_where_no_description_does() {
        let mut lines = days(1..9, "429 INPUT2 Paper=10.00");
        lines.extend([line("1 463 INPUT2 Hosting=99.00"), line("2 463 INPUT2 Hosting=99.00")]);
        check_lines(
            &lines,
            "Webspace=99.00",
            "463@478 or 429@352, INPUT2@921",
            "2 of the last 2 bills of this supplier with a line of the same amount were coded to 463 with INPUT2",
        );
        check_lines(
            &lines,
            "Paper=99.00",
            "429@944 or 463@2, INPUT2@949",
            "8 of the last 8 bills of this supplier with a line that reads like “Paper” were coded to 429 with INPUT2",
        );
        check_lines(
            &lines,
            "=0.00",
            "429@793 or 463@68, INPUT2@904",
            "8 of the last 8 bills of this supplier were coded to 429 with INPUT2",
        );
    }

    #[test]
    fn x4_an_account_is_known_by_its_id_whatever_its_code_was() {
        let id = Some(Uuid::from_u128(77));
        let with_id = |text: &str| PastLine { account_id: id, ..line(text) };
        let mut nameless = with_id("3 x INPUT2 Paper");
        nameless.account_code = None;
        let lines =
            [with_id("1 428 INPUT2 Paper"), with_id("2 429 INPUT2 Paper"), nameless, line("4 429 INPUT2 Paper")];
        let words = "4 of the last 4 bills of this supplier were coded to 429 with INPUT2";
        let coding = check_lines(&lines, "Ink", "429@862, INPUT2@862", words).unwrap();
        assert_eq!(coding.account.value, Account { code: Some("429".into()), id });
    }

    #[test]
    fn x4_tracking_is_known_by_its_ids_whatever_its_names_were() {
        let pair = |category: u128, option: &str| Tracked {
            category_id: Some(Uuid::from_u128(category)),
            option_id: Some(Uuid::from_u128(category + 1)),
            category: "Region".to_owned(),
            option: option.to_owned(),
        };
        let tracked = |text: &str, tracking: Vec<Tracked>| PastLine { tracking, ..line(text) };
        let lines = [
            tracked("1 429 T Paper", vec![pair(1, "North"), pair(3, "Shop")]),
            tracked("2 429 T Paper", vec![pair(3, "Shop"), pair(1, "Northern")]),
            line("3 429 T Paper"),
        ];
        let words = "3 of the last 3 bills of this supplier were coded to 429 with T";
        check_lines(&lines, "", "429@835, T@835, Northern+Shop@458 or @261", words);
    }

    #[test]
    fn a_long_bill_is_one_witness_and_documents_of_one_date_count_the_same() {
        let mut lines: Vec<PastLine> = (0..20).map(|at| line(&format!("3 433 INPUT2 Part {at}"))).collect();
        lines.extend([line("1 429 INPUT2 Paper"), line("2 429 INPUT2 Paper")]);
        check_lines(
            &lines,
            "",
            "429@458 or 433@261, INPUT2@835",
            "2 of the last 3 bills of this supplier were coded to 429 with INPUT2",
        );
        let mut same_day = days(1..4, "429 INPUT2 Paper");
        same_day[2] = line("3 433 INPUT2 Paper");
        same_day.iter_mut().for_each(|line| line.date = Date::constant(2026, 1, 9));
        check_lines(
            &same_day,
            "",
            "429@532 or 433@222, INPUT2@857",
            "2 of the last 3 bills of this supplier were coded to 429 with INPUT2",
        );
    }

    #[test]
    fn a_reason_speaks_of_the_newest_documents_and_of_what_they_are() {
        let most = u32::try_from(COUNTED_DOCUMENTS_MAX).unwrap();
        let coding = check_lines(
            &days(1..most + 2, "429 INPUT2 Paper"),
            "",
            "429@918, INPUT2@918",
            "12 of the last 12 bills of this supplier were coded to 429 with INPUT2",
        );
        assert_eq!(coding.unwrap().account.of, most + 1);
        let mut lines = days(1..4, "429 INPUT2 Paper");
        lines[1].kind = PastKind::CreditNote;
        check_lines(
            &lines,
            "",
            "429@835, INPUT2@835",
            "3 of the last 3 documents of this supplier were coded to 429 with INPUT2",
        );
        lines.iter_mut().for_each(|line| line.kind = PastKind::Payment);
        check_lines(
            &lines,
            "",
            "429@835, INPUT2@835",
            "3 of the last 3 payments of this supplier were coded to 429 with INPUT2",
        );
        // Twelve accounts once each on one day, and one account ever before.
        let mut old = days(1..400, "429 INPUT2 Paper");
        old.extend((0..most).map(|at| line(&format!("{} {} INPUT2 Other", 500 + at, 600 + at))));
        check_lines(
            &old,
            "",
            "429@161 or 611@94 or 610@74 or 609@58, INPUT2@933",
            "399 of the last 411 bills of this supplier were coded to 429 with INPUT2",
        );
    }

    #[test]
    fn history_is_never_taken_for_a_proof() {
        let mut lines = days(1..400, "429 INPUT2 Paper");
        lines.iter_mut().for_each(|line| line.date = Date::constant(2026, 1, 9));
        let coding = history(&lines).suggest(&LineClues { description: Some("Paper"), net: None }).unwrap();
        assert_eq!(coding.confidence, crate::CONFIDENCE_MAX);
    }
}
