//! The tour's second half: a schedule approved, its journal in Xero, a locked period, what waited posted after all, and the
//! balance accounts tied out.
//!
//! Writes to our own simulated Xero and to no other. What must wait is approved after the period is locked, so that no
//! nightly run can be quicker.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use aws::SystemClock;
use kernel::Date;
use kernel::periods::days_after;
use local::caller::Caller;
use ports::Clock;
use serde_json::{Value, json};

use crate::screen::Screen;
use crate::tour;
use crate::world::Xero;

/// The demo organisation's currency and accounts.
const CURRENCY: &str = "GBP";
const PREPAYMENTS: &str = "620";
const ACCRUALS: &str = "801";
const INSURANCE: &str = "433";
const AUDIT_FEES: &str = "401";
/// How long a posting may take: Xero's minute, when its calls are spent, and the look that brings it back.
const POSTING_PATIENCE: Duration = Duration::from_secs(150);
/// How long what waits may take to go on by itself, before it is tried again by hand.
const RESUME_PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// The organisation as a front end sees it.
struct Books<'a> {
    caller: &'a Caller,
    tenant: &'a str,
    path: String,
    /// First and last day of the period that is being closed.
    first: Date,
    last: Date,
}

/// How what waits goes on when the lock date has moved.
#[derive(Clone, Copy)]
pub enum GoesOn {
    /// With the next sync, by itself.
    WithASync,
    /// When a person tries it again. For kept data, whose Xero remembers its minute's calls: the tour after this one
    /// would wait for them.
    TriedAgain,
}

/// Walks through it all.
pub async fn walk(
    screen: &mut Screen,
    xero: &Xero,
    caller: &Caller,
    tenant: &str,
    goes_on: GoesOn,
) -> anyhow::Result<()> {
    let books = Books::open(caller, tenant).await?;
    // Each run of kept data has schedules of its own.
    let stamp = SystemClock.now().strftime("%Y%m%d-%H%M%S").to_string();
    prepay(screen, &books, &format!("insurance-{stamp}")).await?;
    xero.lock_until(tenant, Some(books.last))?;
    screen.done("Locked in Xero", &format!("by a bookkeeper, up to {}", books.last));
    let waiting = arrive_late(screen, &books, &format!("audit-{stamp}")).await?;
    xero.lock_until(tenant, None)?;
    screen.done("Unlocked in Xero", "by the bookkeeper; the next sync reads it");
    let how = match goes_on {
        GoesOn::WithASync => books.sync(screen, &waiting).await?,
        GoesOn::TriedAgain => books.try_again(&waiting).await?,
    };
    show_posted(screen, &books, &waiting, how).await?;
    tie_out(screen, &books).await
}

/// What remains to be released, held against Xero's balances.
async fn tie_out(screen: &mut Screen, books: &Books<'_>) -> anyhow::Result<()> {
    let wish = json!({ "as_at": books.last });
    let asked = books.caller.expect("POST", &format!("{}/tie-outs", books.path), Some(wish)).await?;
    let began = Instant::now();
    let found = loop {
        let found = books.get(&format!("/tie-outs/{}", text(&asked["tie_out_id"]))).await?;
        if found["state"] != "running" {
            break found;
        }
        ensure!(began.elapsed() < POSTING_PATIENCE, "the tie-out has not ended");
        tokio::time::sleep(PAUSE).await;
    };
    ensure!(found["state"] == "done", "the tie-out cannot be done: {}", text(&found["problem"]["cause"]));
    screen.done("Tied out", &format!("as at {}: Xero's balances against what schedules have left", books.last));
    let accounts = found["accounts"].as_array().into_iter().flatten().map(|account| {
        let named = ["code", "name"].map(|name| text(&account["account"][name]));
        let amounts = ["ledger", "expected", "gap", "unexplained"].map(|name| text(&account[name]));
        [&named[..], &amounts].concat()
    });
    let columns = ["account", "name", "in Xero", "to release", "gap", "unexplained"];
    screen.table(&columns, &accounts.collect::<Vec<_>>());
    let all = found["accounts"].as_array().into_iter().flatten();
    let entries =
        all.flat_map(|account| account["entries"].as_array().into_iter().flatten().map(move |entry| (account, entry)));
    let rows = entries.map(|(account, entry)| {
        let shown = [&account["account"]["code"], &entry["date"], &entry["amount"], &entry["code"], &entry["number"]];
        shown.map(text).to_vec()
    });
    let rows: Vec<Vec<String>> = rows.take(ENTRIES_SHOWN_MAX).collect();
    if !rows.is_empty() {
        screen.line("  Between them lie:");
        screen.table(&["account", "date", "amount", "what", "record"], &rows);
    }
    Ok(())
}

/// Entries of gaps that fit a screen.
const ENTRIES_SHOWN_MAX: usize = 8;

/// A prepayment over six periods: its first journal is in Xero at once, the rest is laid out.
async fn prepay(screen: &mut Screen, books: &Books<'_>, id: &str) -> anyhow::Result<()> {
    let last = days_after(books.first.checked_add(jiff::ToSpan::months(6))?, -1);
    let terms = books.terms(id, "prepayment", "1000.00", last);
    let initial = books.approve(terms).await?;
    screen.done("Approved", &format!("1000.00 {CURRENCY} of insurance, prepaid from {} to {last}", books.first));
    let schedule = books.get(&format!("/schedules/{id}")).await?;
    let rows = schedule["releases"].as_array().into_iter().flatten().map(|release| {
        let period = &release["period"];
        [&period["name"], &period["last"], &release["amount"], &release["state"]].map(text).to_vec()
    });
    screen.table(&["period", "posts on", "amount", "release"], &rows.collect::<Vec<_>>());
    let posted = books.expect(&initial, "posted").await?;
    screen.done("Journal in Xero", &format!("dated {}, {}", text(&posted["journal"]["date"]), text(&posted["link"])));
    let rows = posted["journal"]["lines"].as_array().into_iter().flatten();
    let rows = rows.map(|line| [&line["account"], &line["amount"], &line["description"]].map(text).to_vec());
    screen.table(&["account", "amount", "line"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// A bill for the locked period comes late and is approved, and the period's releases are published; answers the
/// postings that wait.
async fn arrive_late(screen: &mut Screen, books: &Books<'_>, id: &str) -> anyhow::Result<Vec<String>> {
    let initial = books.approve(books.terms(id, "accrual", "240.00", books.last)).await?;
    screen.done("Approved late", &format!("240.00 {CURRENCY} of audit fees, accrued for the locked period"));
    let wish = json!({ "closing_period": books.last });
    let ready = books.caller.expect("POST", &format!("{}/releases/publish", books.path), Some(wish)).await?;
    let releases = ready["periods"].as_array().into_iter().flatten().filter_map(|one| one["releases"].as_u64());
    screen.done("Published now", &format!("{} releases, put into one journal a period", releases.sum::<u64>()));
    let release = books.release(id).await?;
    let mut rows = Vec::new();
    let mut attention = Value::Null;
    for posting in [&initial, &release] {
        let found = books.expect(posting, "waiting").await?;
        attention = found["attention"].clone();
        let (journal, why) = (&found["journal"], &found["attention"]);
        rows.push(
            [&found["id"], &journal["date"], &found["state"], &why["code"], &why["locked_until"]].map(text).to_vec(),
        );
    }
    screen.done("Parked", &text(&attention["cause"]));
    screen.table(&["posting", "dated", "state", "why", "locked until"], &rows);
    Ok(vec![initial, release])
}

async fn show_posted(screen: &mut Screen, books: &Books<'_>, waiting: &[String], how: &str) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for id in waiting {
        let posted = books.expect(id, "posted").await?;
        let journal = &posted["journal"];
        rows.push([&posted["id"], &journal["date"], &posted["state"], &posted["link"]].map(text).to_vec());
    }
    screen.done("Resumed", how);
    screen.table(&["posting", "dated", "state", "link"], &rows);
    Ok(())
}

impl<'a> Books<'a> {
    async fn open(caller: &'a Caller, tenant: &'a str) -> anyhow::Result<Self> {
        let path = format!("/v1/organisations/{tenant}");
        let ready = caller.expect("GET", &format!("{path}/releases/ready"), None).await?;
        let day = |name: &str| text(&ready["closing_period"][name]).parse().context("no closing period");
        let (first, last) = (day("first")?, day("last")?);
        Ok(Self { caller, tenant, path, first, last })
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.caller.expect("GET", &format!("{}{path}", self.path), None).await
    }

    fn terms(&self, id: &str, kind: &str, amount: &str, last: Date) -> Value {
        let (balance, expense, what) = match kind {
            "prepayment" => (PREPAYMENTS, INSURANCE, "Insurance"),
            _ => (ACCRUALS, AUDIT_FEES, "Audit fees"),
        };
        json!({
            "id": id, "kind": kind, "amount": { "amount": amount, "currency": CURRENCY },
            "first": self.first, "last": last, "method": { "kind": "straight_line" },
            "balance_account": balance, "expense_account": expense, "tax_type": "NONE",
            "description": what, "source": format!("https://app.example/schedules/{id}"),
        })
    }

    /// Approves a schedule; answers the posting of its first journal.
    async fn approve(&self, terms: Value) -> anyhow::Result<String> {
        let body = json!({ "terms": terms, "closing_period": self.last });
        let approved = self.caller.expect("POST", &format!("{}/schedules", self.path), Some(body)).await?;
        approved["posting_id"].as_str().map(str::to_owned).context("no posting_id")
    }

    /// The posting that carries a schedule's first release, once there is one.
    async fn release(&self, schedule: &str) -> anyhow::Result<String> {
        let began = Instant::now();
        loop {
            let found = self.get(&format!("/schedules/{schedule}")).await?;
            if let Some(posting) = found["releases"][0]["posting_id"].as_str() {
                return Ok(posting.to_owned());
            }
            ensure!(began.elapsed() < POSTING_PATIENCE, "the release of {schedule} is in no journal yet");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Lets a sync read the new lock date.
    async fn sync(&self, screen: &mut Screen, waiting: &[String]) -> anyhow::Result<&'static str> {
        tour::run_sync(screen, self.caller, self.tenant).await?;
        for id in waiting {
            if self.until(id, &["posted"], RESUME_PATIENCE).await?["state"] != "posted" {
                // A sync that was under way before had read the old date.
                return self.try_again(waiting).await;
            }
        }
        Ok("by itself: the sync has read that the lock date moved")
    }

    async fn try_again(&self, waiting: &[String]) -> anyhow::Result<&'static str> {
        for id in waiting {
            self.caller.expect("POST", &format!("{}/postings/{id}/retry", self.path), None).await?;
        }
        Ok("tried again by a person; the next sync would have done the same")
    }

    /// A posting that must come to stand there.
    async fn expect(&self, posting: &str, state: &str) -> anyhow::Result<Value> {
        let found = self.until(posting, &["posted", "waiting"], POSTING_PATIENCE).await?;
        if found["state"] == state {
            return Ok(found);
        }
        let last = found["history"].as_array().and_then(|history| history.last()).map(|line| text(&line["what"]));
        let (now, last) = (text(&found["state"]), last.unwrap_or_default());
        bail!("the posting {posting} is {now}, not {state}; it says last: {last}")
    }

    /// A posting as soon as it stands in one of these states, or after so long where it stands then.
    async fn until(&self, posting: &str, states: &[&str], at_most: Duration) -> anyhow::Result<Value> {
        let began = Instant::now();
        loop {
            let found = self.get(&format!("/postings/{posting}")).await?;
            if states.iter().any(|state| found["state"] == *state) || began.elapsed() >= at_most {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}
