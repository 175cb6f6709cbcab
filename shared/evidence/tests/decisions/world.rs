//! Lines and books written as text, and verdicts read back as text.

use std::collections::BTreeMap;

use evidence::{
    Bill, Books, ByHand, Decision, Entry, Line, LineId, LineKind, LineSource, Match, Part, Policy, Presence, Question,
    RecordId, RecordKind, RecordRef, Rule, Rules, Verdict, Words, decide,
};
use kernel::{Date, DocumentId, Money};

pub type Verdicts = BTreeMap<LineId, Verdict>;

/// One statement a line: `line`, `bill`, `entry`, `payment`, `transfer`, `taken`, `rule`, `smallest`, `needs`.
#[derive(Default)]
pub struct World {
    pub lines: Vec<(Line, Option<ByHand>, Option<DocumentId>)>,
    pub books: Books,
    pub rules: Vec<Rule>,
    pub policy: Policy,
}

/// The words of a statement: those without a name in order, and those with one.
struct Said<'a> {
    plain: Vec<&'a str>,
    texts: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn new(text: &'a str) -> Self {
        let mut parts = text.split('|').map(str::trim);
        let plain = parts.next().unwrap().split_whitespace().collect();
        Self { plain, texts: parts.collect() }
    }

    fn has(&self, word: &str) -> bool {
        self.plain.contains(&word)
    }

    fn named(&self, name: &str) -> Option<&'a str> {
        self.plain.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn words(&self, name: &str) -> Words {
        Words::new(&self.named(name).unwrap_or_default().replace('_', " "))
    }

    fn text(&self, at: usize) -> Words {
        Words::new(self.texts.get(at).copied().unwrap_or_default())
    }

    fn date(&self, at: usize) -> Date {
        self.plain[at].parse().unwrap()
    }

    fn money(&self, at: usize) -> Money {
        Money::parse(self.plain[at], if self.has("eur") { "EUR" } else { "GBP" }.parse().unwrap()).unwrap()
    }
}

impl World {
    pub fn new(text: &str) -> Self {
        let mut world = Self::default();
        for statement in text.lines().map(str::trim).filter(|statement| !statement.is_empty()) {
            let (kind, rest) = statement.split_once(' ').unwrap();
            world.state(kind, &Said::new(rest));
        }
        world
    }

    fn state(&mut self, kind: &str, said: &Said<'_>) {
        match kind {
            "line" => self.lines.push(line(said)),
            "bill" => self.books.bills.push(bill(said)),
            "entry" => self.books.entries.push(entry(said, RecordKind::BankTransaction, Part::Alone)),
            "payment" => {
                let part = Part::PaymentOf(said.named("of").map(record));
                self.books.entries.push(entry(said, RecordKind::Payment, part));
            }
            "transfer" => self.books.entries.extend(transfer(said)),
            "taken" => {
                let record = serde_json::from_value(serde_json::json!({"kind": said.plain[0], "id": said.plain[1]}));
                self.books.taken.insert(record.unwrap(), said.plain[2].parse().unwrap());
            }
            "rule" => self.rules.push(Rule {
                id: said.plain[0].parse().unwrap(),
                name: "A rule".into(),
                matches: vec![Match::PayeeContains(said.text(0).as_str().into())],
                reason: "because".into(),
            }),
            "smallest" => self.policy.smallest.push(said.money(0)),
            "needs" => {
                self.policy.money_in_needs_documents = said.has("money_in");
                self.policy.advances_need_documents = said.has("advances");
            }
            other => panic!("no statement {other}"),
        }
    }

    pub fn decide(&self, before: Option<&Verdicts>) -> Verdicts {
        let questions: Vec<Question<'_>> = self
            .lines
            .iter()
            .map(|(line, by_hand, document)| Question {
                line,
                by_hand: by_hand.as_ref(),
                document: *document,
                before: before.and_then(|before| before.get(&line.id)),
            })
            .collect();
        let rules = Rules::try_new(self.rules.clone()).unwrap();
        decide(&questions, &self.books, &rules, &self.policy).unwrap()
    }
}

/// Xero's ids in lower case, as they are read.
fn record(id: &str) -> RecordId {
    id.to_lowercase().parse().unwrap()
}

fn line(said: &Said<'_>) -> (Line, Option<ByHand>, Option<DocumentId>) {
    let links = said.named("links").map(|ids| ids.split(',').map(record).collect());
    let line = Line {
        id: said.plain[0].parse().unwrap(),
        source: match (said.has("finance"), said.has("ledger")) {
            (true, _) => LineSource::FinanceStatement,
            (_, true) => LineSource::LedgerEntry,
            _ => LineSource::UploadedStatement,
        },
        account: said.plain[1].parse().unwrap(),
        date: said.date(2),
        amount: said.money(3),
        payee: said.text(0),
        description: said.text(1),
        reference: said.text(2),
        kind: match (said.has("overpayment"), said.has("prepayment"), said.has("transfer")) {
            (true, _, _) => LineKind::Overpayment,
            (_, true, _) => LineKind::Prepayment,
            (_, _, true) => LineKind::Transfer,
            _ => LineKind::Ordinary,
        },
        presence: match (said.has("deleted"), said.has("duplicate")) {
            (true, _) => Presence::Deleted,
            (_, true) => Presence::Duplicate,
            _ => Presence::Present,
        },
        reconciled: said.has("finance").then(|| said.has("reconciled")),
        links: links.unwrap_or_default(),
    };
    let by_hand = |decision| Some(ByHand { decision, note: Words::new("says Robin") });
    let by_hand = match (said.has("needed"), said.has("unneeded")) {
        (true, _) => by_hand(Decision::Needed),
        (_, true) => by_hand(Decision::NotNeeded),
        _ => None,
    };
    let document = said.has("document").then(|| DocumentId::from_random([7; 16]));
    (line, by_hand, document)
}

fn bill(said: &Said<'_>) -> Bill {
    let due: Date = said.named("due").unwrap().parse().unwrap();
    let kind = if said.has("credit") { RecordKind::CreditNote } else { RecordKind::Bill };
    Bill {
        record: RecordRef::new(kind, &record(said.plain[0])),
        contact: said.words("contact"),
        number: said.words("number"),
        date: due,
        due: Some(due),
        total: said.money(1),
        amount_due: said.money(1),
        status: match (said.has("paid"), said.has("voided")) {
            (true, _) => Words::new("PAID"),
            (_, true) => Words::new("VOIDED"),
            _ => Words::new("AUTHORISED"),
        },
        has_attachments: said.has("attached"),
    }
}

fn entry(said: &Said<'_>, kind: RecordKind, part: Part) -> Entry {
    Entry {
        record: RecordRef::new(kind, &record(said.plain[0])),
        part,
        account: said.plain[1].parse().unwrap(),
        date: said.date(2),
        amount: said.money(3),
        whom: if kind == RecordKind::Payment { said.words("number") } else { said.words("contact") },
        has_document: said.has("attached") || said.has("documented"),
        reconciled: said.has("reconciled"),
    }
}

fn transfer(said: &Said<'_>) -> [Entry; 2] {
    let side = |account: &str, way: &str, amount: Money| Entry {
        record: RecordRef::new(RecordKind::BankTransaction, &record(&format!("{}-{way}", said.plain[0]))),
        part: Part::TransferOf(record(said.plain[0])),
        account: account.parse().unwrap(),
        date: said.date(1),
        amount,
        whom: Words::default(),
        has_document: true,
        reconciled: false,
    };
    let amount = said.money(2);
    [side(said.plain[3], "out", amount.try_neg().unwrap()), side(said.plain[4], "in", amount)]
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn records(records: &[RecordRef]) -> String {
    records.iter().map(|record| format!(" {}:{}", word(record.kind), record.id)).collect()
}

/// A verdict in one line.
pub fn told(id: &LineId, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Requested { why, near, again, .. } => {
            let by_hand = if word(why) == "by_hand" { " by_hand" } else { "" };
            let near = near.iter().map(|near| format!(" {}:{}", word(near.lacks), near.record.id));
            let again = again.as_ref().map(|again| format!(" again: {}", again.words.as_str()));
            format!("{id} requested{by_hand}{}{}", near.collect::<String>(), again.unwrap_or_default())
        }
        Verdict::Excluded { rule, rule_id, evidence } => {
            let of = rule_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
            format!("{id} {}{of}{}", word(rule), records(&evidence.records))
        }
        Verdict::Closed { by, evidence } => format!("{id} closed {}{}", word(by), records(&evidence.records)),
    }
}

pub fn all_told(verdicts: &Verdicts) -> Vec<String> {
    verdicts.iter().map(|(id, verdict)| told(id, verdict)).collect()
}
