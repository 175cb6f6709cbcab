//! Connected organisations: status with reasons, settings, tests, disconnecting.

use std::collections::BTreeMap;

use connections::{
    Connection, ConnectionState, Direction, DisconnectError, FEATURES, Interval, KindSettings, PostsAs, PublishAs,
    ScheduleAccounts, Settings, Usage, change_connection, connections_of, disconnect as disconnect_here,
    load_connection, load_test, request_test, token_age,
};
use envelopes::{Envelope, FeedPull, Work};
use journals::chart::Chart;
use kernel::OrganisationRef;
use kernel::calendar::PeriodKind;
use lambda_kit::{ApiReply, ApiRequest, Caller, Problem};
use mirror::entities::{ENTITIES, entity};
use ports::random_16;
use postings::list_waiting;
use schedules::{AccountRef, TextError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use state::{AuditEntry, keys, list_audit, load, record_audit};
use sync::head::SyncHead;
use sync::problems::list_problems;
use sync::{load_head, newly_wanted, next_pull, wants_lines};
use xero::scopes;

use crate::answers::{body, failed, limit};
use crate::config::Api;

/// The caller's own connection; anything else is unknown, whoever owns it.
pub async fn known(api: &Api, whose: &OrganisationRef) -> Result<Connection, Problem> {
    let found = load_connection(&*api.access.ports.table, whose).await.map_err(failed)?;
    found.map(|stored| stored.value).ok_or_else(Problem::not_found)
}

/// Every organisation of the workspace, with its state.
pub async fn list(api: &Api, caller: &Caller) -> Result<ApiReply, Problem> {
    let all = connections_of(&*api.access.ports.table, &caller.workspace).await.map_err(failed)?;
    let show = |connection: &Connection| {
        json!({
            "tenant_id": connection.whose.tenant,
            "name": connection.name,
            "state": connection.state,
            "reason": connection.reason,
            "app": connection.app,
            "connected_at": connection.connected_at,
        })
    };
    Ok(ApiReply::json(200, &json!({ "organisations": all.iter().map(show).collect::<Vec<_>>() })))
}

/// One organisation's whole status.
pub async fn show(api: &Api, connection: &Connection) -> Result<ApiReply, Problem> {
    let table = &*api.access.ports.table;
    let head = load_head(table, &connection.whose).await.map_err(failed)?;
    let open = list_problems(table, &connection.whose, false).await.map_err(failed)?;
    let token = match connection.acting_user() {
        Some(user) => token_age(&api.access, &connection.client, user).await.map_err(failed)?,
        None => None,
    };
    let (waiting, _) = list_waiting(table, &connection.whose, None, WAITING_COUNTED_MAX).await.map_err(failed)?;
    let attention = open.iter().filter(|problem| problem.needs_attention).count() + waiting.len();
    let missing = scopes::missing(&connection.granted);
    let answer = json!({
        "tenant_id": connection.whose.tenant,
        "name": connection.name,
        "state": connection.state,
        "reason": connection.reason,
        "app": { "name": connection.app, "client_id": connection.client },
        "connected_at": connection.connected_at,
        "authorised_by": connection.authorisations.iter().map(|given| json!({ "actor": given.actor, "at": given.at })).collect::<Vec<_>>(),
        "token": token.map(|(renewed_at, ended_at)| json!({ "renewed_at": renewed_at, "ended_at": ended_at })),
        "scopes": { "granted": connection.granted, "missing": missing },
        "last_good_call": head.last_good_call,
        "calls_left_today": calls_left(api, &head),
        "sync": sync_status(api, connection, &head),
        "setup": setup_steps(connection, &head, &missing),
        "open_problems": open.len(),
        "waiting_postings": waiting.len(),
        "needs_attention": attention,
        "settings": settings_answer(&connection.settings),
        "organisation": connection.facts,
        "link": connection.facts.as_ref().and_then(|facts| xero::links::deep_link(&facts.short_code, "organisation", "", "")),
    });
    Ok(ApiReply::json(200, &answer))
}

/// Waiting postings counted in a status.
const WAITING_COUNTED_MAX: usize = 100;

/// Calls left today, as long as Xero said so within the last day.
fn calls_left(api: &Api, head: &SyncHead) -> Option<u32> {
    let said_at = head.day_left_at?;
    let now = api.access.ports.clock.now();
    head.day_left.filter(|_| now.duration_since(said_at).as_hours() < 24)
}

fn sync_status(api: &Api, connection: &Connection, head: &SyncHead) -> Value {
    let running = head
        .active
        .as_ref()
        .map(|active| json!({ "run_id": active.run, "since": active.requested_at, "waiting": active.waiting }));
    json!({
        "loaded": head.loaded,
        "running": running,
        "last": head.last,
        "interval": connection.settings.sync_interval,
        "next_at": next_pull(connection, api.access.ports.clock.now()),
    })
}

/// What is done and what is next, from the first click to the running sync; each unfinished step says why and what to do.
fn setup_steps(connection: &Connection, head: &SyncHead, missing: &[&str]) -> Vec<Value> {
    let connected = connection.state == ConnectionState::Connected;
    let facts = connection.facts.as_ref();
    let step = |name: &str, done: bool, cause: &str, fix: &str| {
        let (cause, fix) = if done { ("", "") } else { (cause, fix) };
        json!({ "step": name, "done": done, "cause": cause, "fix": fix })
    };
    vec![
        step("connect", connected, "The organisation is not connected.", "Start a connect and allow access in Xero."),
        step("scopes", missing.is_empty(), "Some access was not allowed.", "Connect again and allow everything."),
        step("organisation_read", facts.is_some(), "The organisation was not read yet.", "Wait for the first sync."),
        step(
            "financial_year_end",
            facts.is_some_and(|facts| facts.financial_year_end.is_some()),
            "The financial year end is not set.",
            "Set it in Xero under Financial settings, then sync.",
        ),
        step("first_sync", head.loaded, "The first sync is not done.", "Wait for it, or ask for a sync."),
        step(
            "automatic_sync",
            connection.settings.sync_interval != Interval::Off,
            "Automatic sync is off.",
            "Choose an interval in the settings.",
        ),
    ]
}

fn settings_answer(settings: &Settings) -> Value {
    let features: Vec<Value> = FEATURES
        .iter()
        .map(|(name, stage)| json!({ "name": name, "stage": stage, "on": settings.has(name) }))
        .collect();
    let kinds: Vec<Value> = ENTITIES
        .iter()
        .map(|entity| {
            let direction = settings.direction_of(entity.name);
            json!({ "name": entity.name, "direction": direction, "sync_interval": settings.interval_of(entity.name) })
        })
        .collect();
    json!({
        "sync_interval": settings.sync_interval,
        "daily_hour": settings.daily_hour,
        "features": features,
        "posts_as": settings.posts_as,
        "publish_as": settings.publish_as,
        "periods": settings.periods,
        "schedule_accounts": {
            "prepayment": settings.schedule_accounts.prepayment, "accrual": settings.schedule_accounts.accrual,
        },
        "kinds": kinds,
    })
}

/// Settings as a caller sends them: nothing that is not known.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SettingsBody {
    sync_interval: Interval,
    daily_hour: u8,
    features: BTreeMap<String, bool>,
    posts_as: PostsAs,
    publish_as: PublishAs,
    periods: Option<PeriodKind>,
    schedule_accounts: ScheduleAccounts,
    kinds: BTreeMap<String, Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct KindBody {
    direction: Option<Direction>,
    sync_interval: Option<Interval>,
}

impl SettingsBody {
    fn settings(self) -> Result<Settings, Problem> {
        if let Some(name) = self.kinds.keys().find(|name| entity(name).is_none()) {
            let known: Vec<&str> = ENTITIES.iter().map(|entity| entity.name).collect();
            let name: String = name.chars().take(40).collect();
            let detail = format!("There is no kind of record named {name}; kinds are: {}.", known.join(", "));
            return Err(Problem::bad_request("bad-settings", detail));
        }
        let mut kinds = BTreeMap::new();
        for (name, body) in self.kinds {
            let read: Result<KindBody, _> = serde_json::from_value(Value::Object(body));
            let read =
                read.map_err(|error| Problem::bad_request("malformed-json", format!("kinds.{name}: {error}.")))?;
            let kind = KindSettings { direction: read.direction, sync_interval: read.sync_interval };
            kinds.insert(name, kind);
        }
        let settings = Settings {
            sync_interval: self.sync_interval,
            daily_hour: self.daily_hour,
            features: self.features,
            posts_as: self.posts_as,
            publish_as: self.publish_as,
            periods: self.periods,
            schedule_accounts: self.schedule_accounts,
            kinds,
        };
        settings.check().map_err(|error| Problem::bad_request("bad-settings", format!("{error}.")))?;
        Ok(settings)
    }
}

/// Refuses accounts that cannot hold the balances of schedules.
async fn check_accounts(api: &Api, whose: &OrganisationRef, accounts: &ScheduleAccounts) -> Result<(), Problem> {
    let named = [("prepayment", &accounts.prepayment), ("accrual", &accounts.accrual)];
    let named: Vec<(&str, &String)> =
        named.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))).collect();
    if named.is_empty() {
        return Ok(());
    }
    let bad =
        |name: &str, words: String| Problem::bad_request("bad-settings", format!("schedule_accounts.{name}: {words}."));
    let chart = Chart::load(&*api.access.ports.table, whose).await.map_err(failed)?;
    for (name, text) in named {
        let account: AccountRef = text.parse().map_err(|error: TextError| bad(name, error.to_string()))?;
        if let Some(words) = chart.balance_fault(&account) {
            return Err(bad(name, words));
        }
    }
    Ok(())
}

/// Replaces the settings; every change is audited.
pub async fn change_settings(
    api: &Api,
    caller: &Caller,
    whose: &OrganisationRef,
    request: &ApiRequest,
) -> Result<ApiReply, Problem> {
    let wanted = body::<SettingsBody>(request)?.settings()?;
    check_accounts(api, whose, &wanted.schedule_accounts).await?;
    let table = &*api.access.ports.table;
    let mut before = Settings::default();
    let stored = change_connection(table, whose, |connection| {
        before = connection.settings.clone();
        connection.settings = wanted.clone();
        before != wanted
    });
    let stored = stored.await.map_err(failed)?.ok_or_else(Problem::not_found)?;
    if before != wanted {
        let detail = format!("{before:?} became {wanted:?}");
        let at = api.access.ports.clock.now();
        let entry = AuditEntry { at, actor: caller.actor.clone(), action: "settings.changed".into(), detail };
        table.write(record_audit(whose, &entry, &format!("{:020}", stored.version))).await.map_err(failed)?;
    }
    for follower in newly_wanted(&before, &wanted) {
        let to = load_head(table, whose).await.map_err(failed)?.feed_head;
        send(api, Envelope::new(Work::FollowFeed { organisation: whose.clone(), follower, to, round: 0 })).await?;
    }
    let granted = &stored.value.granted;
    if wants_lines(&wanted, granted) && !wants_lines(&before, granted) {
        let (organisation, wish) = (whose.clone(), api.access.ports.clock.now().to_string());
        send(api, Envelope::new(Work::PullFeedLines(FeedPull { organisation, wish, urgent: true, round: 0 }))).await?;
    }
    Ok(ApiReply::json(200, &settings_answer(&wanted)))
}

/// Gives the connection back here and, by a worker, at Xero. Data stays.
pub async fn disconnect(api: &Api, caller: &Caller, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let (connection, _) = disconnect_here(&api.access, whose, &caller.actor).await.map_err(|error| match error {
        DisconnectError::Unknown => Problem::not_found(),
        error => failed(error),
    })?;
    if !connection.deleted_at_xero {
        let work = Work::Disconnect { organisation: whose.clone(), generation: connection.generation };
        send(api, Envelope::new(work)).await?;
    }
    Ok(ApiReply::json(202, &json!({ "state": connection.state, "reason": connection.reason })))
}

async fn send(api: &Api, envelope: Envelope) -> Result<(), Problem> {
    api.access.send(&envelope).await.map_err(failed)
}

/// Asks for a test of the connection, with the caller's own authorisation where they gave one.
pub async fn start_test(api: &Api, caller: &Caller, whose: &OrganisationRef) -> Result<ApiReply, Problem> {
    let id = kernel::ConnectId::from_random(random_16(&*api.access.ports.random)).to_string();
    request_test(&api.access, whose, &id, &caller.actor).await.map_err(failed)?;
    send(api, Envelope::new(Work::TestConnection { organisation: whose.clone(), test: id.clone() })).await?;
    Ok(ApiReply::json(202, &json!({ "test_id": id })))
}

/// A test's result.
pub async fn show_test(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let id: kernel::ConnectId = crate::answers::path_id(request, "test_id")?;
    let found = load_test(&api.access, whose, &id.to_string()).await.map_err(failed)?;
    let test = found.ok_or_else(Problem::not_found)?;
    let passed = test.finished_at.map(|_| test.checks.iter().all(|check| check.passed));
    Ok(ApiReply::json(
        200,
        &json!({
            "test_id": id, "requested_at": test.requested_at, "finished_at": test.finished_at,
            "passed": passed, "checks": test.checks,
        }),
    ))
}

/// Who did what.
pub async fn audit(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let wanted = limit(request, 100, 500)?;
    let entries = list_audit(&*api.access.ports.table, whose, wanted).await.map_err(failed)?;
    Ok(ApiReply::json(200, &json!({ "entries": entries })))
}

/// What is wrong.
pub async fn problems(api: &Api, whose: &OrganisationRef, request: &ApiRequest) -> Result<ApiReply, Problem> {
    let all = match request.query.get("state").map(String::as_str) {
        None | Some("open") => false,
        Some("all") => true,
        Some(_) => return Err(Problem::bad_request("bad-state", "state must be open or all.")),
    };
    let found = list_problems(&*api.access.ports.table, whose, all).await.map_err(failed)?;
    Ok(ApiReply::json(200, &json!({ "problems": found })))
}

/// What was read from Xero.
pub async fn usage(api: &Api, connection: &Connection) -> Result<ApiReply, Problem> {
    let head = load_head(&*api.access.ports.table, &connection.whose).await.map_err(failed)?;
    let posted = load::<Usage>(&*api.access.ports.table, &keys::postings_usage(&connection.whose)).await;
    let posted = posted.map_err(failed)?.map(|stored| stored.value).unwrap_or_default();
    // Reading and posting are booked apart, by whoever does them.
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for usage in [&head.usage, &posted] {
        let present = (usage.month.as_str(), usage.calls, usage.bytes);
        let before = usage.before.iter().map(|(month, calls, bytes)| (month.as_str(), *calls, *bytes));
        for (month, calls, bytes) in before.chain([present]).filter(|(month, ..)| !month.is_empty()) {
            let sum = sums.entry(month).or_default();
            *sum = (sum.0 + calls, sum.1 + bytes);
        }
    }
    let months: Vec<Value> = sums
        .iter()
        .rev()
        .map(|(month, (calls, bytes))| json!({ "month": month, "calls": calls, "bytes": bytes }))
        .collect();
    Ok(ApiReply::json(200, &json!({ "months": months, "calls_left_today": calls_left(api, &head) })))
}
