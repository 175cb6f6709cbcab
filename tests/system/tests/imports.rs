//! Imports that are cut off, run out of time or roll on. Virtual time.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use connections::{Connection, load_connection};
use kernel::Date;
use releases::import::{Books, ImportPreview, ImportProgress, approve_rows};
use releases::roll;
use releases::store::{ScheduleRow, list_due, list_released, load_schedule};
use releases::{Asked, CorrectBy, Wanted, change};
use serde_json::{Map, Value};
use sheets::Limits;
use simulator::world::Cut;
use sync::head::Trigger;
use system::desk::Desk;

/// New from October on, and running since January with nine of twelve months in the books.
const FILE: &str = "\
id,kind,amount,first,last,method,balance account,expense account,description,released until
N-1,prepayment,90.00,2026-10-01,2026-12-31,straight line,620,433,Insurance,
R-1,accrual,1200.00,2026-01-01,2026-12-31,straight line,620,433,Audit,2026-09-30
";

/// A desk on 24 November 2026: October is being closed.
async fn ready() -> Desk {
    let desk = Desk::sized(10);
    desk.connect().await;
    desk.world.clock.advance(Duration::from_secs(600));
    desk.work().await;
    desk
}

async fn connection(desk: &Desk) -> Result<Connection, String> {
    let found = load_connection(&*desk.access.ports.table, &desk.whose).await.map_err(|error| error.to_string())?;
    Ok(found.unwrap().value)
}

/// A file held against the books.
async fn checked(desk: &Desk, connection: &Connection, file: &str) -> Result<ImportPreview, String> {
    let sheet = sheets::read(file.as_bytes(), &Limits::default()).unwrap();
    let books = Books::read(&desk.access, connection).await.map_err(|error| error.to_string())?;
    let preview = imports::preview(&sheet, &books.setting(None, None));
    let checked = books.check(&*desk.access.ports.table, &desk.whose, preview).await;
    checked.map_err(|error| error.to_string())
}

/// Imports a file with so much time.
async fn import(desk: &Desk, file: &str, time: Duration) -> Result<ImportProgress, String> {
    let connection = connection(desk).await?;
    let checked = checked(desk, &connection, file).await?;
    assert!(checked.preview.accepted().is_some(), "{:?}", checked.preview.errors);
    let last_start = desk.now().saturating_add(time).unwrap();
    approve_rows(&desk.access, &connection, checked.rows, "sam", last_start).await.map_err(|error| error.to_string())
}

async fn schedule(desk: &Desk, id: &str) -> Option<ScheduleRow> {
    let found = load_schedule(&*desk.access.ports.table, &desk.whose, &id.parse().unwrap()).await.unwrap();
    found.map(|found| found.value)
}

fn ends(row: &ScheduleRow) -> Vec<String> {
    let ours = row.releases.iter().filter(|release| row.posts(release));
    ours.map(|release| format!("{} {}", release.period.last, release.amount.amount())).collect()
}

/// Every live journal of ours in Xero, by its narration.
async fn narrations(desk: &Desk) -> Vec<String> {
    desk.world.clock.advance(Duration::from_secs(61));
    desk.sync(Trigger::Person).await;
    let views = desk.mirror("manual_journals").await;
    let text = |record: &Map<String, Value>, name: &str| record[name].as_str().unwrap().to_owned();
    let all = views.iter().map(|view| (text(&view.record, "Narration"), text(&view.record, "Status")));
    all.filter(|(narration, status)| narration.contains("[cf:") && status == "POSTED").map(|all| all.0).collect()
}

/// One first journal, and every release that is left once: due, or in a journal.
async fn all_accounted_for(desk: &Desk, name: &str) {
    let table = &*desk.access.ports.table;
    let first: Vec<String> = narrations(desk).await.into_iter().filter(|text| !text.starts_with("Releases")).collect();
    assert_eq!(first.len(), 1, "{name}: {first:?}");
    assert!(first[0].starts_with("Prepayment: Insurance"), "{name}: {first:?}");
    let (due, _) = list_due(table, &desk.whose, None, "2100-01-01".parse().unwrap(), 100).await.unwrap();
    for id in ["N-1", "R-1"] {
        let released = list_released(table, &desk.whose, &id.parse().unwrap()).await.unwrap();
        let mut all: Vec<Date> = released.iter().map(|row| row.period.last).collect();
        all.extend(due.iter().filter(|due| due.schedule.as_str() == id).map(|due| due.last));
        all.sort_unstable();
        let expected: Vec<Date> = ["2026-10-31", "2026-11-30", "2026-12-31"].map(|day| day.parse().unwrap()).to_vec();
        assert_eq!(all, expected, "{name}: {id}");
    }
    assert!(desk.world.queue.is_empty() && desk.parked() == 0, "{name}: work left");
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn x6_an_import_cut_off_before_or_after_any_port_call_is_finished_by_the_same_file() {
    let whole = ready().await;
    whole.world.faults.heal();
    import(&whole, FILE, LONG).await.unwrap();
    let calls = whole.world.faults.calls();
    assert!(calls > 10, "{calls} calls");
    whole.work().await;
    all_accounted_for(&whole, "uncut").await;
    for at in 1..=calls {
        for cut in [Cut::Before(at), Cut::After(at)] {
            let desk = ready().await;
            desk.world.faults.cut(cut);
            drop(import(&desk, FILE, LONG).await);
            desk.world.faults.heal();
            desk.world.clock.advance(Duration::from_secs(720));
            desk.work().await;
            let progress = import(&desk, FILE, LONG).await.unwrap();
            assert_eq!((progress.approved.len(), progress.left), (2, 0), "{cut:?}");
            desk.work().await;
            all_accounted_for(&desk, &format!("{cut:?}")).await;
        }
    }
}

#[tokio::test]
async fn x6_an_import_out_of_time_says_what_is_left() {
    let desk = ready().await;
    let progress = import(&desk, FILE, Duration::ZERO).await.unwrap();
    assert_eq!(progress, ImportProgress { approved: Vec::new(), left: 2 });
    assert!(schedule(&desk, "N-1").await.is_none());
    assert_eq!(import(&desk, FILE, LONG).await.unwrap().left, 0);
}

#[tokio::test]
async fn x6_a_running_schedule_that_rolls_is_planned_on_from_where_it_stood_and_never_before() {
    let desk = ready().await;
    let header =
        "id,kind,amount per period,first,method,ahead,balance account,expense account,description,released until";
    let file = format!(
        "{header}\nL-1,prepayment,10.00,2026-01-01,rolling,1,620,433,Late,2026-08-31\n\
         L-2,prepayment,10.00,2026-01-01,rolling,1,620,433,Ahead,2027-02-28\n"
    );
    import(&desk, &file, LONG).await.unwrap();
    let late = ends(&schedule(&desk, "L-1").await.unwrap());
    assert_eq!(late, ["2026-10-31 20.00", "2026-11-30 10.00", "2026-12-31 10.00"], "September is closed");
    let ahead = ends(&schedule(&desk, "L-2").await.unwrap());
    assert_eq!(ahead, ["2027-03-31 10.00"], "planned on from where it is in the books");
    let connection = connection(&desk).await.unwrap();
    for (today, grown, late, ahead) in [("2026-11-25", 0, 3, 1), ("2027-01-15", 1, 5, 1), ("2027-03-15", 2, 7, 2)] {
        let count = roll(&desk.access, &connection, today.parse().unwrap()).await.unwrap();
        let (one, two) = (schedule(&desk, "L-1").await.unwrap(), schedule(&desk, "L-2").await.unwrap());
        assert_eq!((count, ends(&one).len(), ends(&two).len()), (grown, late, ahead), "{today}");
    }
}

#[tokio::test]
async fn x6_removing_a_running_schedule_takes_back_only_what_is_left_on_the_balance() {
    let desk = ready().await;
    import(&desk, FILE, LONG).await.unwrap();
    let connection = connection(&desk).await.unwrap();
    let id = "R-1".parse().unwrap();
    let removal = Asked { wanted: Wanted::Removed, closing: None, correct_by: CorrectBy::Auto };
    let (removal, _) = change(&desk.access, &connection, &id, &removal, "sam").await.unwrap();
    let journal = removal.correction.unwrap();
    let lines: Vec<String> =
        journal.lines().iter().map(|line| format!("{} {}", line.account, line.amount.amount())).collect();
    // 300.00 of 1200.00 still stood on the accrual's account, as a credit.
    assert_eq!(lines, ["433 -300.00", "620 300.00"]);
    let again = checked(&desk, &connection, FILE).await.unwrap().preview;
    let told: Vec<_> = again.errors.listed.iter().map(|finding| (finding.row, finding.code)).collect();
    assert_eq!(told, [(3, imports::Code::IdTaken)], "what was removed does not come back unasked");
}
