//! What journals cost: write units and calls of a posting, of an approved schedule and of a large period, under virtual
//! time; and the peak memory of the real journal-posting while it posts such a period.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use aws::{AwsSettings, DynamoTable, SystemClock};
use connections::{Access, Connection, load_connection};
use envelopes::{Envelope, Work};
use futures::stream::{self, StreamExt, TryStreamExt};
use journals::closing::calendar;
use journals::post_plain;
use kernel::{OrganisationRef, ScheduleId};
use ports::{Message, Ports};
use releases::{Proposal, approve, propose};
use schedules::{Schedule, Terms};
use serde_json::{Value, json};
use simulator::xero::XeroSettings;
use system::desk::Desk;
use system::town::{Town, WORKSPACE};

use crate::Figure;
use crate::worker::peak_of;

/// Two lines each, at the 1,000 lines a journal may have.
const RELEASES_PER_JOURNAL: usize = 500;
const PEAK_KIB_MAX: u64 = 64 * 1024;
/// Decided: posting, content and envelope in one transaction, and a delete once the message is sent. Sent: the posting,
/// Xero's budget before and after, and the count of calls. Settled: the posting with the row that leads back from
/// Xero's id.
const POSTING_UNITS_MAX: u64 = 15;
/// A row for each release, the schedule's row with the first posting, and that posting.
const SCHEDULE_UNITS_MAX: u64 = 31;
/// In thousandths: one write under its schedule, one delete among what is due.
const RELEASE_ROW_UNITS_MAX: u64 = 2_000;
/// In thousandths: the rows of the journals themselves, shared by all their releases.
const RELEASE_SHARE_MAX: u64 = 600;
/// Schedules stored at once.
const AT_ONCE: usize = 16;
/// A long description, as people paste them.
const LONG: usize = 400;

/// Measures single decisions and a period of so many releases.
pub async fn measure(releases: usize) -> anyhow::Result<Vec<Figure>> {
    let mut figures = single().await?;
    figures.extend(period(releases).await?);
    figures.extend(peak(releases).await?);
    Ok(figures)
}

/// A desk in November 2026, when October is being closed.
async fn desk() -> Desk {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.work().await;
    desk.xero.forget_calls();
    desk
}

async fn connection(access: &Access, whose: &OrganisationRef) -> anyhow::Result<Connection> {
    Ok(load_connection(&*access.ports.table, whose).await?.context("not connected")?.value)
}

/// Carries out what is on the queue while time stands still, so that nothing else is done.
async fn drain(desk: &Desk) -> anyhow::Result<()> {
    while let Some(taken) = desk.world.queue.take() {
        let done = desk.carry_out(&Envelope::parse(&taken.message.body)?).await;
        done.map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    ensure!(desk.parked() == 0, "something was parked");
    Ok(())
}

/// Manual journals written to Xero.
fn written(desk: &Desk) -> usize {
    let wrote = |call: &&simulator::xero::Call| call.path.ends_with("/ManualJournals") && call.method != "GET";
    desk.xero.calls().iter().filter(wrote).count()
}

fn terms(id: &str, method: &Value, amount: Option<&str>, last: &str, description: &str) -> anyhow::Result<Terms> {
    let amount = amount.map(|amount| json!({ "amount": amount, "currency": "GBP" }));
    Ok(serde_json::from_value(json!({
        "id": id, "kind": "prepayment", "amount": amount, "first": null, "last": last, "method": method,
        "balance_account": "620", "expense_account": "433", "description": description,
    }))?)
}

async fn single() -> anyhow::Result<Vec<Figure>> {
    let desk = desk().await;
    let connection = connection(&desk.access, &desk.whose).await?;
    let units = || desk.world.table.used().write_units;
    let before = units();
    let plain = serde_json::from_value(json!({
        "id": "J-1", "date": "2026-10-31", "narration": "Hosting, October",
        "lines": [{ "account": "463", "amount": "250.00" }, { "account": "801", "amount": "-250.00" }],
    }))?;
    post_plain(&desk.access, &connection, "sam", &plain).await?;
    let decided = units() - before;
    drain(&desk).await?;
    let (posting, calls) = (units() - before, desk.xero.calls().len() as u64);
    ensure!(written(&desk) == 1, "the journal was not posted");

    let before = units();
    let straight = json!({ "kind": "straight_line" });
    let wanted = terms("S-1", &straight, Some("1000.00"), "2027-09-30", "Insurance")?;
    let wanted = Terms { first: Some("2026-10-01".parse()?), ..wanted };
    let proposal = propose(&desk.access, &connection, wanted, None).await?;
    ensure!(proposal.releases.len() == 12, "{} releases", proposal.releases.len());
    approve(&desk.access, &connection, proposal, "sam").await?;
    drain(&desk).await?;
    ensure!(written(&desk) == 2, "the schedule's first journal was not posted");
    Ok(vec![
        Figure::at_most("a posting: calls to Xero", calls, 1, "calls"),
        Figure::at_most("a posting: write units, decided, sent and settled", posting, POSTING_UNITS_MAX, ""),
        Figure::beside("a posting: write units of deciding alone", decided.to_string()),
        Figure::at_most(
            "an approved schedule of 12 releases, first journal posted: write units",
            units() - before,
            SCHEDULE_UNITS_MAX,
            "",
        ),
    ])
}

/// Stores schedules of one release each in the closing period. Rolling ones, since those have no first journal.
async fn agree(
    access: &Access,
    connection: &Connection,
    count: usize,
    description: &str,
) -> anyhow::Result<kernel::periods::Period> {
    let rolling = json!({ "kind": "rolling", "amount": { "amount": "83.33", "currency": "GBP" }, "ahead": 1 });
    let today = kernel::local_date(connection.zone(), access.ports.clock.now());
    let calendar = calendar(connection);
    let closing = calendar.previous(&calendar.period_of(today)?)?;
    let wanted = terms("R-0", &rolling, None, &closing.last.to_string(), description)?;
    let model = propose(access, connection, Terms { first: Some(closing.first), ..wanted }, None).await?;
    ensure!(model.initial.is_none() && model.releases.len() == 1, "one release and no first journal");
    let proposals = (0..count).map(|at| {
        let id: ScheduleId = format!("R-{at:05}").parse()?;
        let schedule = Schedule::try_new(Terms { id, ..model.schedule.terms().clone() }, &calendar)?;
        anyhow::Ok(Proposal { schedule, ..model.clone() })
    });
    let stored = stream::iter(proposals).map(|proposal| async {
        approve(access, connection, proposal?, "sam").await?;
        anyhow::Ok(())
    });
    stored.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(closing)
}

/// A month of so many releases, with short descriptions and with long ones.
async fn period(releases: usize) -> anyhow::Result<Vec<Figure>> {
    let short = published(releases, "Insurance, head office").await?;
    let long = published(releases, &"Insurance, as agreed ".repeat(LONG / 20)).await?;
    let each = |units: u64| units * 1_000 / releases as u64;
    let fewest = releases.div_ceil(RELEASES_PER_JOURNAL) as u64;
    Ok(vec![
        Figure::beside("a period: releases", releases.to_string()),
        Figure::at_most("a period: journals, calls to Xero", short.journals, fewest, ""),
        Figure::at_most(
            "a period: write units on release rows, a release, in thousandths",
            each(short.row_units),
            RELEASE_ROW_UNITS_MAX,
            "",
        ),
        Figure::at_most(
            "a period: write units of its journals' own rows, a release, likewise",
            each(short.units - short.row_units),
            RELEASE_SHARE_MAX,
            "",
        ),
        Figure::beside("a period, descriptions of 400 characters: journals", long.journals.to_string()),
    ])
}

/// What a published period took.
struct Publishing {
    journals: u64,
    units: u64,
    row_units: u64,
}

async fn published(releases: usize, description: &str) -> anyhow::Result<Publishing> {
    let desk = desk().await;
    let connection = connection(&desk.access, &desk.whose).await?;
    let closing = agree(&desk.access, &connection, releases, description).await?;
    let table = &desk.world.table;
    let row_units = || table.write_units_of("releases") + table.write_units_of("released");
    let (units_before, rows_before) = (table.used().write_units, row_units());
    let envelope = Envelope::new(Work::PostReleases {
        organisation: desk.whose.clone(),
        until: Some(closing.last),
        actor: Some("sam".to_owned()),
        wish: "measured".to_owned(),
        round: 0,
    });
    let (queue, body) = (envelope.queue(), envelope.to_json());
    let message = Message { queue, body, group: envelope.group(), dedupe: envelope.dedupe() };
    desk.access.ports.queue.send(vec![message]).await?;
    drain(&desk).await?;
    let (units, row_units) = (table.used().write_units - units_before, row_units() - rows_before);
    let moved = table.dump().iter().filter(|row| row.key.partition.starts_with("released#")).count();
    ensure!(moved == releases, "{moved} of {releases} releases are in journals");
    Ok(Publishing { journals: written(&desk) as u64, units, row_units })
}

/// Posts such a period with the real function and looks at its process.
async fn peak(releases: usize) -> anyhow::Result<Vec<Figure>> {
    // Waiting out Xero's minutes measures nothing; the limits are kept elsewhere.
    let settings = XeroSettings { limits: false, ..XeroSettings::default() };
    let mut town = Town::start_with(10, None, settings).await;
    let caller = town.connect().await;
    let whose = OrganisationRef { workspace: WORKSPACE.parse()?, tenant: town.tenant };
    let access = access(&town)?;
    let connection = connection(&access, &whose).await?;
    let closing = agree(&access, &connection, releases, "Insurance, head office").await?;
    let wish = json!({ "closing_period": closing.last });
    caller.expect("POST", &town.path("/releases/publish"), Some(wish)).await?;
    town.stack.settle(Duration::from_secs(600)).await?;
    let left = caller.expect("GET", &town.path("/releases/ready"), None).await?;
    ensure!(left["periods"] == json!([]), "releases are left: {left}");
    let peak = peak_of(&town, "journal-posting")?;
    town.stack.stop()?;
    Ok(vec![Figure::at_most("journal-posting: peak memory, the same period", peak, PEAK_KIB_MAX, "KiB")])
}

/// The town's table for this process; nothing else of it is used.
fn access(town: &Town) -> anyhow::Result<Access> {
    let variables = town.stack.embedded.environment();
    let settings = AwsSettings::with(move |name| variables.get(name).cloned())?;
    let name = town.stack.plan.tables.first().context("no table")?.name.clone();
    let desk = Desk::sized(0);
    let ports = Ports {
        clock: Arc::new(SystemClock),
        table: Arc::new(DynamoTable::new(&settings, name)),
        ..desk.world.ports()
    };
    Ok(Access { ports, addresses: desk.access.addresses })
}
