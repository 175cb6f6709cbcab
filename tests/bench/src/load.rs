//! Calls and write units of a first load and of quiet days, under virtual time with Xero's limits kept.

use std::time::Duration;

use simulator::xero::DemoSettings;
use sync::head::Trigger;
use system::desk::Desk;

use crate::Figure;

/// Lists that come in pages of 1,000.
const PAGED: &[&str] = &[
    "contacts",
    "invoices",
    "credit_notes",
    "purchase_orders",
    "payments",
    "prepayments",
    "overpayments",
    "bank_transactions",
    "manual_journals",
];
const PAGE: usize = 1_000;

/// Measures an organisation of so many invoices, in the proportions of the issue: 5:1 contacts, 2:1 bank transactions.
pub async fn measure(invoices: usize) -> anyhow::Result<Vec<Figure>> {
    let desk = Desk::with(&DemoSettings::sized(7, invoices));
    desk.consent().await;
    let before = desk.world.table.used();
    desk.sync(Trigger::Connected).await;
    let after = desk.world.table.used();
    let made = desk.accounting_calls();
    let (mut forced, mut records) = (0, 0);
    for entity in mirror::entities::ENTITIES {
        let count = desk.mirror(entity.name).await.len();
        records += count;
        forced += if PAGED.contains(&entity.name) { count.div_ceil(PAGE).max(1) } else { 1 };
    }
    let units = after.write_units - before.write_units;
    let sizes = desk.world.table.dump();
    let whole: usize = sizes
        .iter()
        .filter(|row| row.key.partition.starts_with("mirror#"))
        .map(|row| (row.body.len() + row.key.partition.len() + row.key.sort.len() + 20).div_ceil(1024))
        .sum();
    let mut figures = vec![
        Figure::beside("first load: records", records.to_string()),
        Figure::beside("first load: calls made / forced by Xero's limits", format!("{made} / {forced}")),
        Figure::at_least_thousandths("first load: call efficiency", (forced * 1000 / made) as u64, 950),
        Figure::beside("first load: write units / units of the records alone", format!("{units} / {whole}")),
    ];
    figures.extend(quiet_and_changed(&desk).await?);
    Ok(figures)
}

/// A quiet day's calls, and what one more changed small record costs.
async fn quiet_and_changed(desk: &Desk) -> anyhow::Result<Vec<Figure>> {
    day(desk, 0).await?;
    let quiet = day(desk, 0).await?;
    let changed = day(desk, CHANGED).await?;
    let per_change = |units: u64| units * 1000 / CHANGED as u64;
    let beside_rows = per_change((changed.units - changed.row_units).saturating_sub(quiet.units - quiet.row_units));
    Ok(vec![
        Figure::at_most("quiet day: calls, token refresh included", quiet.calls, 15, "calls"),
        Figure::beside("quiet day: records read again unchanged", quiet.read.to_string()),
        Figure::at_most("quiet day: write units on records", quiet.row_units, 0, ""),
        Figure::beside("quiet day: write units of the run itself", quiet.units.to_string()),
        Figure::at_most("a small changed record: write units in thousandths", per_change(changed.row_units), 1_000, ""),
        Figure::at_most("a small changed record: its share of the feed's units, likewise", beside_rows, 250, ""),
    ])
}

/// Small records changed on a busy day.
const CHANGED: usize = 100;

/// What one day took.
struct Day {
    calls: u64,
    read: u64,
    units: u64,
    row_units: u64,
}

/// Lets a day pass, changes so many contacts, syncs.
async fn day(desk: &Desk, changes: usize) -> anyhow::Result<Day> {
    desk.world.clock.advance(Duration::from_secs(24 * 3600));
    let contacts = desk.mirror("contacts").await;
    anyhow::ensure!(contacts.len() >= changes, "too few contacts to change");
    for (at, contact) in contacts.iter().take(changes).enumerate() {
        let renamed = desk.xero.rename_contact(desk.whose.tenant, contact.id.parse()?, &format!("Renamed {at}"));
        anyhow::ensure!(renamed.is_ok(), "a contact could not be renamed");
    }
    desk.xero.forget_calls();
    let table = &desk.world.table;
    let (units, row_units) = (table.used().write_units, table.write_units_of("mirror"));
    desk.sync(Trigger::Schedule).await;
    let (runs, _) = sync::list_runs(&**table, &desk.whose, None, 1).await?;
    Ok(Day {
        calls: desk.xero.calls().len() as u64,
        read: runs.iter().flat_map(|run| run.counts.values()).map(|count| count.read).sum(),
        units: table.used().write_units - units,
        row_units: table.write_units_of("mirror") - row_units,
    })
}
