//! The Table port: guards, versions, ranges, pages, limits, transactions.

use std::sync::Arc;

use aws::DynamoTable;
use kernel::Timestamp;
use ports::{Direction, Guard, Key, Query, Row, Table, TableError, Write, Written};

use crate::adapters::{Services, TABLE, services, world};
use crate::on_both;

/// A table of its own, empty.
pub struct Scene {
    table: Arc<dyn Table>,
    _services: Option<Services>,
}

impl Scene {
    fn in_memory() -> Self {
        Self { table: world().table, _services: None }
    }

    async fn on_aws() -> Self {
        let services = services().await;
        Self { table: Arc::new(DynamoTable::new(&services.settings, TABLE.into())), _services: Some(services) }
    }
}

on_both!(
    a_guard_decides_every_put_and_delete_and_a_conflict_carries_the_row,
    versions_count_from_one_and_start_anew_after_a_deletion,
    a_row_comes_back_as_it_was_stored,
    a_stamp_keeps_its_seconds_and_goes_when_a_write_has_none,
    reading_many_leaves_absent_ones_out,
    reading_many_takes_more_than_one_call_holds,
    reading_many_refuses_two_keys_alike,
    a_range_has_both_ends_and_both_directions,
    sort_keys_are_ordered_by_their_bytes,
    a_limit_cuts_and_says_so_and_pages_bring_every_row_once,
    a_page_ends_at_a_megabyte_and_the_next_goes_on,
    what_makes_no_sense_is_refused_for_good,
    a_row_of_390_kb_fits_and_one_beyond_400_kb_is_refused,
    a_transaction_stores_everything_or_nothing,
    a_transaction_holds_a_hundred_rows_and_not_one_more,
    a_transaction_refuses_none_two_on_one_key_and_too_much,
    of_many_writers_of_one_version_one_succeeds,
);

fn key(partition: &str, sort: &str) -> Key {
    Key { partition: partition.into(), sort: sort.into() }
}

fn put(at: &Key, guard: Guard, body: impl Into<String>) -> Write {
    Write::Put { key: at.clone(), guard, body: body.into(), expires_at: None }
}

fn delete(at: &Key, guard: Guard) -> Write {
    Write::Delete { key: at.clone(), guard }
}

fn row(at: &Key, version: u64, body: &str) -> Row {
    Row { key: at.clone(), version, body: body.into(), expires_at: None }
}

fn range(partition: &str, from: &str, to: &str) -> Query {
    let direction = Direction::Forward;
    Query { partition: partition.into(), from: from.into(), to: to.into(), direction, limit: 1_000 }
}

fn sorts(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.key.sort.as_str()).collect()
}

async fn store(table: &dyn Table, partition: &str, sorts: &[&str], body: &str) {
    for sort in sorts {
        let written = table.write(put(&key(partition, sort), Guard::Absent, body)).await.unwrap();
        assert_eq!(written, Written::Stored);
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(what: &str, outcome: Result<T, TableError>) {
    assert!(matches!(outcome, Err(TableError::Refused(_))), "{what}: {outcome:?}");
}

async fn a_guard_decides_every_put_and_delete_and_a_conflict_carries_the_row(scene: Scene) {
    let table = &*scene.table;
    let guards =
        [(Guard::Absent, false), (Guard::Version(1), false), (Guard::Version(2), true), (Guard::Version(3), false)];
    for alone in [true, false] {
        for (guard, holds_on_two) in guards {
            for present in [true, false] {
                for removing in [true, false] {
                    let case = format!("alone {alone}, {guard:?}, present {present}, removing {removing}");
                    let at = key(&case, "row");
                    if present {
                        store(table, &case, &["row"], "\"first\"").await;
                        table.write(put(&at, Guard::Version(1), "\"second\"")).await.unwrap();
                    }
                    let before = table.get(&at).await.unwrap();
                    let holds = if present { holds_on_two } else { guard == Guard::Absent };
                    let write = if removing { delete(&at, guard) } else { put(&at, guard, "\"new\"") };
                    let written = if alone { table.write(write).await } else { table.transact(vec![write]).await };
                    let after = table.get(&at).await.unwrap();
                    if holds {
                        let expected = (!removing).then(|| row(&at, guard.next_version(), "\"new\""));
                        assert_eq!((written.unwrap(), after), (Written::Stored, expected), "{case}");
                    } else {
                        let seen = present.then(|| row(&at, 2, "\"second\""));
                        assert_eq!((written.unwrap(), &after), (Written::Conflict(seen), &before), "{case}");
                    }
                }
            }
        }
    }
}

async fn versions_count_from_one_and_start_anew_after_a_deletion(scene: Scene) {
    let (table, at) = (&*scene.table, key("p", "s"));
    let mut guard = Guard::Absent;
    for version in 1..=12 {
        assert_eq!(table.write(put(&at, guard, "{}")).await.unwrap(), Written::Stored);
        assert_eq!(table.get(&at).await.unwrap().unwrap().version, version);
        guard = Guard::Version(version);
    }
    assert_eq!(table.write(delete(&at, guard)).await.unwrap(), Written::Stored);
    assert_eq!(table.get(&at).await.unwrap(), None);
    assert_eq!(table.write(put(&at, Guard::Absent, "{}")).await.unwrap(), Written::Stored);
    assert_eq!(table.get(&at).await.unwrap(), Some(row(&at, 1, "{}")));
}

async fn a_row_comes_back_as_it_was_stored(scene: Scene) {
    let table = &*scene.table;
    let bodies = [
        "{}",
        r#"{"name":"Zoë & Søn — 北京 🚚","quote":"\"'\\/","line":"a\nb\tc\u0000"}"#,
        "{\"nul\":\"\u{0}\",\"last\":\"\u{10FFFF}\"}",
        r#"{"amount":1234567890123456789012345678.90,"none":null}"#,
    ];
    for (at, body) in bodies.iter().enumerate() {
        let at = key("workspace#ä/🚚", &format!("row #{at} \u{0} é"));
        table.write(put(&at, Guard::Absent, *body)).await.unwrap();
        assert_eq!(table.get(&at).await.unwrap(), Some(row(&at, 1, body)));
        assert_eq!(table.get_many(std::slice::from_ref(&at)).await.unwrap(), [row(&at, 1, body)]);
        let page = table.query(&range(&at.partition, &at.sort, &at.sort)).await.unwrap();
        assert_eq!(page.rows, [row(&at, 1, body)]);
    }
}

async fn a_stamp_keeps_its_seconds_and_goes_when_a_write_has_none(scene: Scene) {
    let (table, at) = (&*scene.table, key("p", "s"));
    let stamp: Timestamp = "2026-12-31T23:59:58.75Z".parse().unwrap();
    let seconds: Timestamp = "2026-12-31T23:59:58Z".parse().unwrap();
    let stamped = |guard| Write::Put { key: at.clone(), guard, body: "{}".into(), expires_at: Some(stamp) };
    let expected = |version| Row { expires_at: Some(seconds), ..row(&at, version, "{}") };
    table.write(stamped(Guard::Absent)).await.unwrap();
    assert_eq!(table.get(&at).await.unwrap(), Some(expected(1)));
    table.transact(vec![stamped(Guard::Version(1))]).await.unwrap();
    assert_eq!(table.get(&at).await.unwrap(), Some(expected(2)));
    let conflict = table.write(put(&at, Guard::Absent, "{}")).await.unwrap();
    assert_eq!(conflict, Written::Conflict(Some(expected(2))));
    table.write(put(&at, Guard::Version(2), "{}")).await.unwrap();
    assert_eq!(table.get(&at).await.unwrap(), Some(row(&at, 3, "{}")));
}

async fn reading_many_leaves_absent_ones_out(scene: Scene) {
    let table = &*scene.table;
    store(table, "p", &["a", "c"], "{}").await;
    store(table, "q", &["b"], "{}").await;
    let wanted = [key("p", "c"), key("p", "b"), key("q", "b"), key("p", "a"), key("none", "a")];
    let mut rows = table.get_many(&wanted).await.unwrap();
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(rows, [key("p", "a"), key("p", "c"), key("q", "b")].map(|at| row(&at, 1, "{}")));
    assert_eq!(table.get_many(&[]).await.unwrap(), []);
    assert_eq!(table.get_many(&[key("none", "a")]).await.unwrap(), []);
}

async fn reading_many_takes_more_than_one_call_holds(scene: Scene) {
    let table = &*scene.table;
    let names: Vec<String> = (0..230).map(|number| format!("{number:03}")).collect();
    let keys: Vec<Key> = names.iter().map(|name| key("p", name)).collect();
    for some in keys.chunks(100) {
        table.transact(some.iter().map(|at| put(at, Guard::Absent, "{}")).collect()).await.unwrap();
    }
    let mut rows = table.get_many(&keys).await.unwrap();
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(sorts(&rows), names.iter().map(String::as_str).collect::<Vec<_>>());
}

async fn reading_many_refuses_two_keys_alike(scene: Scene) {
    let table = &*scene.table;
    store(table, "p", &["a", "b"], "{}").await;
    refused("beside each other", table.get_many(&[key("p", "a"), key("p", "a")]).await);
    let mut far: Vec<Key> = (0..150).map(|number| key("p", &number.to_string())).collect();
    far.push(key("p", "3"));
    refused("in calls apart", table.get_many(&far).await);
    assert_eq!(table.get_many(&[key("p", "a"), key("p", "b")]).await.unwrap().len(), 2);
}

async fn a_range_has_both_ends_and_both_directions(scene: Scene) {
    let table = &*scene.table;
    store(table, "p", &["b", "d", "a", "c", "e"], "{}").await;
    store(table, "p2", &["c"], "{}").await;
    store(table, "o", &["c"], "{}").await;
    let cases: [(&str, &str, &[&str]); 6] = [
        ("b", "d", &["b", "c", "d"]),
        ("a", "e", &["a", "b", "c", "d", "e"]),
        ("!", "~", &["a", "b", "c", "d", "e"]),
        ("c", "c", &["c"]),
        ("ba", "cz", &["c"]),
        ("f", "g", &[]),
    ];
    for (from, to, expected) in cases {
        let mut query = range("p", from, to);
        let page = table.query(&query).await.unwrap();
        assert_eq!((sorts(&page.rows), page.more), (expected.to_vec(), false), "{from}..={to}");
        query.direction = Direction::Backward;
        let page = table.query(&query).await.unwrap();
        let backward: Vec<&str> = expected.iter().rev().copied().collect();
        assert_eq!((sorts(&page.rows), page.more), (backward, false), "{to}..={from}");
    }
    assert_eq!(table.query(&range("nobody", "a", "z")).await.unwrap().rows, []);
}

async fn sort_keys_are_ordered_by_their_bytes(scene: Scene) {
    let table = &*scene.table;
    let ordered = ["A", "A\u{0}", "Aa", "B", "a", "b", "z", "é", "\u{FFFD}", "🚚"];
    let mut stored = ordered;
    stored.reverse();
    store(table, "p", &stored, "{}").await;
    let page = table.query(&range("p", "!", "\u{10FFFF}")).await.unwrap();
    assert_eq!(sorts(&page.rows), ordered);
    // The smallest text behind a key is the key and a NUL: whoever goes on there misses nothing.
    let page = table.query(&range("p", "Aa\u{0}", "b")).await.unwrap();
    assert_eq!(sorts(&page.rows), ["B", "a", "b"]);
}

/// Reads a range page by page, going on from behind the last row as callers do.
async fn pages(table: &dyn Table, direction: Direction, limit: usize) -> Vec<Vec<String>> {
    let mut query = Query { direction, limit, ..range("p", "!", "~") };
    let mut pages = Vec::new();
    loop {
        let page = table.query(&query).await.unwrap();
        pages.push(page.rows.iter().map(|row| row.key.sort.clone()).collect());
        let Some(last) = page.rows.last().filter(|_| page.more) else { return pages };
        assert!(pages.len() < 50, "it never ends");
        match direction {
            Direction::Forward => query.from = format!("{}\u{0}", last.key.sort),
            // Keys here are digits: the end before one is the one below it.
            Direction::Backward => query.to = format!("{:02}~", last.key.sort.parse::<u32>().unwrap() - 1),
        }
    }
}

async fn a_limit_cuts_and_says_so_and_pages_bring_every_row_once(scene: Scene) {
    let table = &*scene.table;
    let names = ["10", "11", "12", "13", "14", "15", "16"];
    store(table, "p", &names, "{}").await;
    for limit in [1, 3, 6, 7, 8] {
        let forward = pages(table, Direction::Forward, limit).await;
        assert_eq!(forward.concat(), names, "limit {limit}");
        let backward = pages(table, Direction::Backward, limit).await.concat();
        assert_eq!(backward.iter().rev().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>(), "limit {limit}");
        assert!(forward[0].len() == limit.min(7));
        // At the limit nobody has looked behind it: there may be more, even when there is not.
        let page = table.query(&Query { limit, ..range("p", "!", "~") }).await.unwrap();
        assert_eq!(page.more, limit <= 7, "limit {limit}");
    }
}

async fn a_page_ends_at_a_megabyte_and_the_next_goes_on(scene: Scene) {
    let table = &*scene.table;
    let names = ["11", "12", "13", "14", "15", "16", "17"];
    store(table, "p", &names, &format!("\"{}\"", "x".repeat(300 * 1024))).await;
    for direction in [Direction::Forward, Direction::Backward] {
        let pages = pages(table, direction, 1_000).await;
        assert!(pages.len() >= 3, "seven rows of 300 KB lie in {} pages", pages.len());
        assert!(pages.iter().all(|page| page.len() <= 4), "{pages:?}");
        let mut all = pages.concat();
        all.sort_unstable();
        assert_eq!(all, names);
    }
    let keys: Vec<Key> = names.iter().map(|name| key("p", name)).collect();
    assert_eq!(table.get_many(&keys).await.unwrap().len(), 7);
}

async fn what_makes_no_sense_is_refused_for_good(scene: Scene) {
    let table = &*scene.table;
    store(table, "p", &["a"], "{}").await;
    refused("bounds out of order", table.query(&range("p", "b", "a")).await);
    refused("no limit", table.query(&Query { limit: 0, ..range("p", "a", "b") }).await);
    for bad in [key("", "a"), key("p", ""), key(&"p".repeat(2049), "a"), key("p", &"s".repeat(1025))] {
        let name = format!("{} and {} bytes", bad.partition.len(), bad.sort.len());
        refused(&name, table.get(&bad).await);
        refused(&name, table.get_many(&[key("p", "a"), bad.clone()]).await);
        refused(&name, table.write(put(&bad, Guard::Absent, "{}")).await);
        refused(&name, table.write(delete(&bad, Guard::Absent)).await);
        refused(
            &name,
            table.transact(vec![put(&key("p", "b"), Guard::Absent, "{}"), put(&bad, Guard::Absent, "{}")]).await,
        );
    }
    let longest = key(&"p".repeat(2048), &"s".repeat(1024));
    assert_eq!(table.write(put(&longest, Guard::Absent, "{}")).await.unwrap(), Written::Stored);
    assert_eq!(table.get(&key("p", "b")).await.unwrap(), None, "nothing of a refused transaction is stored");
}

async fn a_row_of_390_kb_fits_and_one_beyond_400_kb_is_refused(scene: Scene) {
    let table = &*scene.table;
    let (large, too_large) = (format!("\"{}\"", "ü".repeat(195 * 1024)), "ü".repeat(205 * 1024));
    let at = key("p", "large");
    assert_eq!(table.write(put(&at, Guard::Absent, large.clone())).await.unwrap(), Written::Stored);
    assert_eq!(table.get(&at).await.unwrap(), Some(row(&at, 1, &large)));
    refused("a put", table.write(put(&at, Guard::Version(1), too_large.clone())).await);
    refused("a transaction", table.transact(vec![put(&at, Guard::Version(1), too_large)]).await);
    assert_eq!(table.get(&at).await.unwrap().unwrap().version, 1);
}

async fn a_transaction_stores_everything_or_nothing(scene: Scene) {
    let table = &*scene.table;
    store(table, "p", &["kept", "gone", "changed"], "\"old\"").await;
    let at = |sort: &str| key("p", sort);
    let writes = |middle: Guard| {
        vec![
            put(&at("new"), Guard::Absent, "\"new\""),
            delete(&at("gone"), Guard::Version(1)),
            put(&at("kept"), middle, "\"new\""),
            put(&at("changed"), Guard::Version(1), "\"new\""),
            delete(&key("q", "never there"), Guard::Absent),
        ]
    };
    let all = async || table.query(&range("p", "!", "~")).await.unwrap().rows;
    let before = all().await;
    assert_eq!(sorts(&before), ["changed", "gone", "kept"]);
    for wrong in [Guard::Absent, Guard::Version(2)] {
        let written = table.transact(writes(wrong)).await.unwrap();
        assert_eq!(written, Written::Conflict(Some(row(&at("kept"), 1, "\"old\""))), "{wrong:?}");
        assert_eq!(all().await, before, "{wrong:?}");
    }
    assert_eq!(table.transact(writes(Guard::Version(1))).await.unwrap(), Written::Stored);
    let after = [("changed", 2), ("kept", 2), ("new", 1)].map(|(sort, version)| row(&at(sort), version, "\"new\""));
    assert_eq!(all().await, after);
    let absent = table.transact(vec![put(&at("nobody"), Guard::Version(1), "{}")]).await.unwrap();
    assert_eq!(absent, Written::Conflict(None));
}

async fn a_transaction_holds_a_hundred_rows_and_not_one_more(scene: Scene) {
    let table = &*scene.table;
    let writes = |partition: &str, count: u32| -> Vec<Write> {
        (0..count).map(|number| put(&key(partition, &format!("{number:03}")), Guard::Absent, "{}")).collect()
    };
    refused("101 rows", table.transact(writes("p", 101)).await);
    assert_eq!(table.query(&range("p", "!", "~")).await.unwrap().rows, []);
    assert_eq!(table.transact(writes("p", 100)).await.unwrap(), Written::Stored);
    assert_eq!(table.query(&range("p", "!", "~")).await.unwrap().rows.len(), 100);
}

async fn a_transaction_refuses_none_two_on_one_key_and_too_much(scene: Scene) {
    let (table, at) = (&*scene.table, key("p", "a"));
    refused("nothing", table.transact(Vec::new()).await);
    refused("two puts", table.transact(vec![put(&at, Guard::Absent, "1"), put(&at, Guard::Absent, "2")]).await);
    let both =
        vec![put(&at, Guard::Absent, "1"), put(&key("p", "b"), Guard::Absent, "1"), delete(&at, Guard::Version(1))];
    refused("a put and a deletion", table.transact(both).await);
    let body = "x".repeat(380 * 1024);
    let many = (0..12).map(|number| put(&key("p", &number.to_string()), Guard::Absent, body.clone())).collect();
    refused("more than 4 MB", table.transact(many).await);
    assert_eq!(table.query(&range("p", "!", "~")).await.unwrap().rows, []);
}

async fn of_many_writers_of_one_version_one_succeeds(scene: Scene) {
    let at = key("p", "s");
    for version in 0..5 {
        let guard = if version == 0 { Guard::Absent } else { Guard::Version(version) };
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let (table, write) = (scene.table.clone(), put(&at, guard, writer.to_string()));
            writers.spawn(async move { (writer, table.write(write).await.unwrap()) });
        }
        let outcomes = writers.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, written)| *written == Written::Stored).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        let stored = row(&at, version + 1, &winners[0].0.to_string());
        assert_eq!(scene.table.get(&at).await.unwrap(), Some(stored.clone()));
        let told = |written: &Written| matches!(written, Written::Conflict(Some(seen)) if *seen == stored);
        assert_eq!(outcomes.iter().filter(|(_, written)| told(written)).count(), 7);
    }
}
