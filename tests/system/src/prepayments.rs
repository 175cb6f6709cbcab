//! A desk with prepayments: approved, published, changed, and what they come to in Xero.

use std::collections::BTreeMap;
use std::time::Duration;

use connections::{Connection, load_connection};
use envelopes::{Envelope, Work};
use kernel::Applied;
use releases::store::{list_due, list_released};
use releases::{Asked, Change, CorrectBy, Wanted, approve, change, propose};
use schedules::Terms;
use serde_json::{Value, json};
use sync::head::Trigger;

use crate::desk::Desk;

/// Journals by their day: narration and lines.
pub type Journals = BTreeMap<String, Vec<(String, Vec<Value>)>>;

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A desk on 24 November 2026 at 03:10 UTC: October is being closed.
pub async fn ready() -> Desk {
    begun(Desk::sized(10)).await
}

/// The same of any desk.
pub async fn begun(desk: Desk) -> Desk {
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.work().await;
    desk
}

/// Terms of a straight line from day to day on accounts that every demo organisation has.
pub fn terms(id: &str, kind: &str, amount: &str, first: &str, last: &str) -> Terms {
    serde_json::from_value(json!({
        "id": id, "kind": kind, "amount": { "amount": amount, "currency": "GBP" }, "first": first, "last": last,
        "method": { "kind": "straight_line" }, "balance_account": "620", "expense_account": "433",
        "description": format!("Insurance {id}"), "source": "https://app.example/schedules",
    }))
    .unwrap()
}

/// The connection as it is stored.
pub async fn connection(desk: &Desk) -> Connection {
    load_connection(&*desk.access.ports.table, &desk.whose).await.unwrap().unwrap().value
}

/// Approves terms as sam.
pub async fn decide(desk: &Desk, terms: Terms) -> Result<Applied, String> {
    let connection =
        load_connection(&*desk.access.ports.table, &desk.whose).await.map_err(|error| error.to_string())?;
    let connection = connection.unwrap().value;
    let proposal = propose(&desk.access, &connection, terms, None).await.map_err(|error| error.to_string())?;
    approve(&desk.access, &connection, proposal, "sam").await.map_err(|error| error.to_string())
}

/// Asks for every release until a day; answers whether the message was taken.
pub async fn publish_now(desk: &Desk, until: &str, wish: &str) -> bool {
    let envelope = Envelope::new(Work::PostReleases {
        organisation: desk.whose.clone(),
        until: Some(until.parse().unwrap()),
        actor: Some("sam".into()),
        wish: wish.into(),
        round: 0,
    });
    let message = ports::Message {
        queue: envelope.queue(),
        body: envelope.to_json(),
        group: envelope.group(),
        dedupe: envelope.dedupe(),
    };
    desk.access.ports.queue.send(vec![message]).await.is_ok()
}

/// Every live journal of ours in Xero by its day, as a sync finds them: narration and lines.
pub async fn in_xero(desk: &Desk) -> Journals {
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let mut found: Journals = BTreeMap::new();
    for view in desk.mirror("manual_journals").await {
        let text = |name: &str| view.record[name].as_str().unwrap().to_owned();
        if text("Narration").contains("[cf:") && text("Status") == "POSTED" {
            let lines = view.record["JournalLines"].as_array().unwrap().clone();
            found.entry(text("Date")).or_default().push((text("Narration"), lines));
        }
    }
    found
}

/// Lets days pass, an hour at a time, with all that the schedule does meanwhile.
pub async fn days(desk: &Desk, count: u32) {
    for _ in 0..count * 24 {
        desk.tick(Duration::from_secs(3600)).await;
        desk.work().await;
    }
}

/// What all journals come to on an account.
pub fn balance(journals: &Journals, account: &str) -> rust_decimal::Decimal {
    let lines = journals.values().flatten().flat_map(|(_, lines)| lines);
    let of = lines.filter(|line| line["AccountCode"] == account);
    of.map(|line| line["LineAmount"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap()).sum()
}

/// Carries out what waits until a worker dies over it.
pub async fn until_cut(desk: &Desk) {
    while let Some(taken) = desk.world.queue.take() {
        if desk.carry_out(&Envelope::parse(&taken.message.body).unwrap()).await.is_err() {
            desk.world.queue.give_back(taken);
            return;
        }
    }
}

/// October is posted of a prepayment of 300.00 over October to December.
pub async fn with_october_posted() -> Desk {
    october_posted(ready().await).await
}

/// The same of any desk.
pub async fn october_posted(desk: Desk) -> Desk {
    decide(&desk, terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31")).await.unwrap();
    assert!(publish_now(&desk, "2026-10-31", "october").await);
    desk.work().await;
    desk
}

/// Changes S-1 by one journal that makes the difference.
pub async fn alter(desk: &Desk, wanted: &Wanted) -> Result<Change, String> {
    alter_by(desk, wanted, CorrectBy::Journal).await
}

/// Changes S-1.
pub async fn alter_by(desk: &Desk, wanted: &Wanted, correct_by: CorrectBy) -> Result<Change, String> {
    let connection =
        load_connection(&*desk.access.ports.table, &desk.whose).await.map_err(|error| error.to_string())?;
    let id = "S-1".parse().unwrap();
    let asked = Asked { wanted: wanted.clone(), closing: None, correct_by };
    let done = change(&desk.access, &connection.unwrap().value, &id, &asked, "sam").await;
    done.map(|(change, _)| change).map_err(|error| error.to_string())
}

/// The terms of S-1 with an edit.
pub fn to_terms(edit: impl FnOnce(&mut Terms)) -> Wanted {
    let mut changed = terms("S-1", "prepayment", "300.00", "2026-10-01", "2026-12-31");
    edit(&mut changed);
    Wanted::Terms(Box::new(changed))
}

/// Once everything has passed, the books are as if the terms had been these from the start.
pub async fn ends_with(desk: &Desk, expected: &[(&str, i64)], name: &str) {
    // Tokens live sixty days unused.
    for _ in 0..7 {
        desk.world.clock.advance(28 * DAY);
        days(desk, 1).await;
        desk.sync(Trigger::Schedule).await;
    }
    let journals = in_xero(desk).await;
    let posted = journals.values().flatten().count();
    assert!(posted >= 4, "{name}: {posted} journals, so that the sums say something");
    for (account, amount) in expected {
        let sum = balance(&journals, account);
        assert_eq!(sum, rust_decimal::Decimal::from(*amount), "{name}: {account} in {journals:#?}");
    }
    let table = &*desk.access.ports.table;
    let (due, _) = list_due(table, &desk.whose, None, "2100-01-01".parse().unwrap(), 100).await.unwrap();
    assert!(due.is_empty(), "{name}: {due:?}");
}

/// Everything that must hold of those two once October is posted, whatever was cut: one live journal each, and one of
/// releases for both.
pub async fn all_accounted_for(desk: &Desk, name: &str) {
    let journals = in_xero(desk).await;
    let all: Vec<&(String, Vec<Value>)> = journals.values().flatten().collect();
    for id in ["[S-1]", "[S-2]"] {
        let lines = |beginning: &str| {
            let journals = all.iter().filter(|(narration, _)| narration.starts_with(beginning));
            let lines = journals.flat_map(|(_, lines)| lines);
            lines.filter(|line| line["Description"].as_str().unwrap().ends_with(id)).count()
        };
        // A night between the two approvals may have posted the first one's release already.
        assert_eq!((lines("Prepayment"), lines("Releases")), (2, 2), "{name}: {id} {all:#?}");
    }
    let table = &*desk.access.ports.table;
    for id in ["S-1", "S-2"] {
        let rows = list_released(table, &desk.whose, &id.parse().unwrap()).await.unwrap();
        assert_eq!(rows.len(), 1, "{name}: {id}");
    }
    assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
}

/// Approves two schedules of 90.00 over three months; answers whether both answers came.
pub async fn approve_both(desk: &Desk) -> bool {
    let mut all = true;
    for id in ["S-1", "S-2"] {
        all &= decide(desk, terms(id, "prepayment", "90.00", "2026-10-01", "2026-12-31")).await.is_ok();
    }
    all
}
