//! Books in which anything may have happened, by a seed: whatever it was, every day's gap is told to the penny. Virtual
//! time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use journals::post_plain;
use kernel::{IntentId, Money};
use postings::{list_waiting, load_view, record_by_hand, resume_by_hand};
use releases::store::list_schedules;
use releases::{Asked, CorrectBy, Wanted, change};
use serde_json::json;
use sync::head::Trigger;
use system::desk::Desk;
use system::prepayments::{connection, decide, publish_now, ready, terms};
use system::ties::{tied, told};
use tie_outs::{FindingKind, Stage};

/// Numbers that a seed gives again: splitmix64.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn amount(&mut self) -> String {
        format!("{}.{:02}", 10 + self.below(900), self.below(100))
    }
}

/// How many stories are told; `COUNTERFOIL_SEEDS` asks for more.
fn seeds() -> u64 {
    std::env::var("COUNTERFOIL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40)
}

const DAYS: &[&str] = &["2026-09-30", "2026-10-05", "2026-10-31", "2026-11-10", "2026-11-24"];
const ACCOUNTS: &[&str] = &["620", "801"];

async fn happens(desk: &Desk, numbers: &mut Seeded, at: usize) -> String {
    let tenant = desk.whose.tenant;
    match numbers.below(11) {
        0 | 1 => {
            let (kind, first) = (numbers.one(&["prepayment", "accrual"]), numbers.one(&["2026-08-10", "2026-10-01"]));
            let mut terms = terms(&format!("S-{at}"), kind, &numbers.amount(), first, "2027-02-15");
            terms.balance_account = numbers.one(ACCOUNTS).parse().unwrap();
            format!("approve {:?}", decide(desk, terms).await)
        }
        2 => {
            format!("publish {}", publish_now(desk, numbers.one(&["2026-10-31", "2026-11-30"]), &at.to_string()).await)
        }
        3 => {
            let (code, amount) = (numbers.one(ACCOUNTS), numbers.amount());
            let line = |code: &str, amount: String| json!({ "AccountCode": code, "LineAmount": amount });
            let fields = json!({ "Narration": "By hand", "Date": numbers.one(DAYS), "Status": "POSTED",
                "JournalLines": [line(code, amount.clone()), line("469", format!("-{amount}"))] });
            format!("by hand {}", desk.xero.edit(tenant, "ManualJournals", None, &fields).is_ok())
        }
        4 => {
            let contact = desk.mirror("contacts").await[0].id.clone();
            let fields = json!({ "Type": numbers.one(&["ACCPAY", "ACCREC"]), "Status": "AUTHORISED",
                "Contact": { "ContactID": contact }, "Date": numbers.one(DAYS), "DueDate": "2026-12-01",
                "LineAmountTypes": numbers.one(&["NoTax", "Exclusive", "Inclusive"]),
                "LineItems": [{ "Description": "Cover", "Quantity": 1, "UnitAmount": numbers.amount(),
                    "AccountCode": numbers.one(ACCOUNTS) }] });
            format!("document {}", desk.xero.edit(tenant, "Invoices", None, &fields).is_ok())
        }
        5 => {
            let wanted = json!({ "id": format!("J-{at}"), "date": numbers.one(DAYS), "narration": "Own", "lines": [
                { "account": "620", "amount": numbers.amount() }, { "account": "801", "amount": "0.00" }] });
            let mut wanted = wanted;
            wanted["lines"][1]["amount"] = json!(format!("-{}", wanted["lines"][0]["amount"].as_str().unwrap()));
            let wanted = serde_json::from_value(wanted).unwrap();
            format!("plain {}", post_plain(&desk.access, &connection(desk).await, "sam", &wanted).await.is_ok())
        }
        6 => change_one(desk, numbers).await,
        7 => spoil_one(desk, numbers).await,
        8 => {
            let lock = numbers.one(&["", "2026-10-31"]).parse().ok();
            desk.xero.set_lock_dates(tenant, None, lock);
            format!("lock {lock:?}")
        }
        9 => {
            let (waiting, _) = list_waiting(&*desk.access.ports.table, &desk.whose, None, 10).await.unwrap();
            let Some(id) = waiting.first() else { return "nothing waits".into() };
            let again = numbers.below(2) == 0;
            let done = match again {
                true => resume_by_hand(&desk.access, &desk.whose, id, "sam").await,
                false => record_by_hand(&desk.access, &desk.whose, id, "sam", "by hand").await,
            };
            format!("{id} again {again}: {done:?}")
        }
        _ => {
            desk.tick(Duration::from_secs(24 * 3600)).await;
            "a day".into()
        }
    }
}

/// Another amount, another end, another account, or the end of a schedule.
async fn change_one(desk: &Desk, numbers: &mut Seeded) -> String {
    let (rows, _) = list_schedules(&*desk.access.ports.table, &desk.whose, None, 50).await.unwrap();
    if rows.is_empty() {
        return "nothing to change".into();
    }
    let mut wanted = rows[numbers.below(rows.len())].schedule.terms().clone();
    let id = wanted.id.clone();
    match numbers.below(3) {
        0 => wanted.amount = Some(Money::parse(&numbers.amount(), "GBP".parse().unwrap()).unwrap()),
        1 => wanted.last = "2026-12-10".parse().ok(),
        _ => wanted.balance_account = numbers.one(ACCOUNTS).parse().unwrap(),
    }
    let wanted = if numbers.below(4) == 0 { Wanted::Removed } else { Wanted::Terms(Box::new(wanted)) };
    let correct_by = [CorrectBy::Auto, CorrectBy::Edit, CorrectBy::Journal][numbers.below(3)];
    let asked = Asked { wanted, closing: None, correct_by };
    let done = change(&desk.access, &connection(desk).await, &id, &asked, "sam").await;
    format!("change {id} {asked:?} {}", done.is_ok())
}

/// Voids or edits one of our journals in Xero.
async fn spoil_one(desk: &Desk, numbers: &mut Seeded) -> String {
    let (rows, _) = list_schedules(&*desk.access.ports.table, &desk.whose, None, 50).await.unwrap();
    let ids: Vec<IntentId> = rows.iter().filter_map(|row| row.initial.clone()).collect();
    if ids.is_empty() {
        return "nothing to spoil".into();
    }
    let id = &ids[numbers.below(ids.len())];
    let view = load_view(&*desk.access.ports.table, &desk.whose, id, desk.now()).await.unwrap().unwrap();
    let Some(xero_id) = view.xero_id else { return "not posted".into() };
    let line = |code: &str, amount: String| json!({ "AccountCode": code, "LineAmount": amount });
    let amount = numbers.amount();
    let fields = match numbers.below(2) {
        0 => json!({ "Status": "VOIDED" }),
        _ => json!({ "JournalLines": [line("620", amount.clone()), line("469", format!("-{amount}"))] }),
    };
    let done = desk.xero.edit(desk.whose.tenant, "ManualJournals", Some(xero_id.parse().unwrap()), &fields);
    format!("spoil {id} {fields} {}", done.is_ok())
}

#[tokio::test]
async fn tie_out_explains_every_gap_to_the_penny_whatever_happened() {
    let (mut kinds, mut changes) = (BTreeSet::new(), 0);
    for seed in 0..seeds() {
        let mut numbers = Seeded(seed);
        let desk = ready().await;
        let mut story = Vec::new();
        for at in 0..14 {
            story.push(happens(&desk, &mut numbers, at).await);
            desk.work().await;
            if numbers.below(2) == 0 {
                desk.world.clock.advance(Duration::from_secs(61));
                desk.sync(Trigger::Person).await;
            }
        }
        desk.world.clock.advance(Duration::from_secs(61));
        desk.sync(Trigger::Person).await;
        desk.work().await;
        changes += story.iter().filter(|told| told.starts_with("change") && told.ends_with("true")).count();
        for day in DAYS {
            let (row, sheets) = tied(&desk, day).await;
            assert_eq!((&row.stage, row.unread), (&Stage::Done, 0), "seed {seed}");
            for sheet in &sheets {
                let told = told(sheet);
                assert!(told[0].ends_with("unexplained 0.00"), "seed {seed} {day}: {told:#?} after {story:#?}");
                kinds.extend(sheet.kept.iter().map(|finding| finding.kind));
                let differ = told.iter().any(|line| line.starts_with("schedules_differ"));
                assert!(!differ, "seed {seed} {day}: {told:#?} after {story:#?}");
            }
        }
    }
    assert!(changes > 10, "{changes} changes");
    use FindingKind::*;
    for kind in [ForeignEntry, HostJournal, NotPublished, Waiting, RecordedByHand, VoidedInXero, EditedInXero] {
        assert!(kinds.contains(&kind), "{kind:?} never happened: {kinds:?}");
    }
}
