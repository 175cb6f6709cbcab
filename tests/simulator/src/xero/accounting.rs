//! The Accounting API's front door: who may pass, what is counted, what is replayed, and which handler answers.

use jiff::civil::Date;
use kernel::{TenantId, Timestamp};
use ports::HttpRequest;
use serde_json::{Value, json};

use super::address::Address;
use super::books::Books;
use super::connections::{expired, unauthorized};
use super::endpoints::Endpoint;
use super::faults::Fault;
use super::identity::{Bearer, Grant, bearer};
use super::limits;
use super::model::{Status, Target};
use super::reading::{self, Ask, Listed};
use super::render::{self, ContactView};
use super::render_documents::{self, View};
use super::replay::{KEY_CHARS_MAX, Known, fingerprint};
use super::reply::{Reply, not_found, not_implemented, problem};
use super::reports::{TRIAL_BALANCE, trial_balance};
use super::settings::Role;
use super::state::State;
use super::wire::{bare_time, today};
use super::{attachments, fields, spelling, writing};

/// Longest body of JSON that is taken: the smaller of the two limits that Xero's page names. Files may be larger.
const BODY_BYTES_MAX: usize = 3_500_000;

/// A call that was let in and counted.
pub(super) struct Ticket {
    pub(super) grant: Grant,
    pub(super) tenant: TenantId,
    pub(super) day_limit: u32,
}

/// Checks token, organisation and limits, in Xero's order.
pub(super) fn admit(state: &mut State, request: &HttpRequest, now: Timestamp) -> Result<Ticket, Reply> {
    let grant = match bearer(state, request.header("authorization"), now) {
        Bearer::Valid(grant) => grant,
        Bearer::Expired(at) => return Err(expired(state, at)),
        Bearer::Unknown => return Err(unauthorized(state)),
    };
    let tenant = request.header("xero-tenant-id").and_then(|text| text.parse::<TenantId>().ok());
    let connected = |tenant: &TenantId| {
        state.connection(grant.app, grant.user, *tenant).is_some()
            && state.books.iter().any(|books| books.tenant == *tenant)
    };
    let Some(tenant) = tenant.filter(connected) else {
        return Err(problem(403, "AuthenticationUnsuccessful", state.dice.uuid()));
    };
    let day_limit = state.apps[grant.app.0].settings.day_limit;
    if state.settings.limits {
        let counted = state.limits.admit(grant.app, tenant, day_limit, now);
        counted.map_err(|met| state.limits.mark(limits::refuse(met), grant.app, tenant, day_limit))?;
    }
    Ok(Ticket { grant, tenant, day_limit })
}

/// Answers an admitted call, as far as the fault lets the true answer through.
pub(super) fn run(
    state: &mut State,
    ticket: &Ticket,
    permitted: Result<Endpoint, Reply>,
    request: &HttpRequest,
    address: &Address,
    fault: Option<Fault>,
    now: Timestamp,
) -> Reply {
    let reply = match permitted {
        Err(reply) => reply,
        Ok(_) if request.method == ports::Method::Get => handle(state, ticket, request, address, now),
        Ok(_) => once_per_key(state, ticket, request, address, fault, now),
    };
    state.publish(ticket.tenant);
    let reply = match fault.and_then(Fault::afterwards) {
        Some(instead) => instead,
        None => as_asked(reply, request).with("Xero-Correlation-Id", state.dice.uuid().to_string()),
    };
    state.limits.mark(reply, ticket.grant.app, ticket.tenant, ticket.day_limit)
}

/// The collection, when token and role allow the call; 401 when they do not, 403 for reports that the user may not see.
pub(super) fn permitted(
    state: &mut State,
    ticket: &Ticket,
    request: &HttpRequest,
    address: &Address,
) -> Result<Endpoint, Reply> {
    let segment = address.segments.get(2).map(String::as_str).unwrap_or_default();
    let endpoint = match Endpoint::of(segment) {
        Some(endpoint) => endpoint,
        None if Endpoint::is_absent(segment) => return Err(not_implemented()),
        None => return Err(not_found()),
    };
    if endpoint == Endpoint::Reports && address.segments.get(3).is_none_or(|name| name != TRIAL_BALANCE) {
        return Err(not_implemented());
    }
    let writes = request.method != ports::Method::Get;
    let role = state.role(ticket.grant.user, ticket.tenant).unwrap_or(Role::ReadOnly);
    let role_fits =
        (endpoint != Endpoint::ManualJournals || role.sees_journals()) && (!writes || role != Role::ReadOnly);
    let files = address.segments.get(4).is_some_and(|segment| segment == "Attachments");
    if !endpoint.allowed(&ticket.grant.scopes, writes, files) || !role_fits {
        let reply = problem(401, "AuthorizationUnsuccessful", state.dice.uuid());
        return Err(reply.with("WWW-Authenticate", "insufficient_scope"));
    }
    if endpoint == Endpoint::Reports && !role.sees_reports() {
        return Err(problem(403, "AuthorizationUnsuccessful", state.dice.uuid()));
    }
    Ok(endpoint)
}

/// Writes with an Idempotency-Key are answered once; the same call within six minutes gets the same answer.
fn once_per_key(
    state: &mut State,
    ticket: &Ticket,
    request: &HttpRequest,
    address: &Address,
    fault: Option<Fault>,
    now: Timestamp,
) -> Reply {
    let app = ticket.grant.app.0;
    let keyed = request.method != ports::Method::Delete;
    let Some(key) = request.header("idempotency-key").filter(|key| keyed && !key.is_empty()).map(str::to_owned) else {
        return handle(state, ticket, request, address, now);
    };
    if key.chars().count() > KEY_CHARS_MAX {
        return super::reply::post_data_invalid("Idempotency Key must be 128 characters or fewer.");
    }
    let url = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
    let print = fingerprint(request.method.as_str(), url, &ticket.tenant.to_string(), &request.body);
    match state.apps[app].replays.look_up(&key, &print, now) {
        Known::Same(reply) => return reply,
        Known::Different => {
            return super::reply::post_data_invalid(&format!(
                "Idempotency Key '{key}' is used with a different request."
            ));
        }
        Known::Nothing => (),
    }
    let reply = handle(state, ticket, request, address, now);
    // A gateway's page is not Xero's answer and is not kept; Xero's own 500 is.
    let reply =
        if fault == Some(Fault::InternalAfterWrite) { Fault::Internal.outage().unwrap_or(reply) } else { reply };
    state.apps[app].replays.keep(&key, print, &reply, now);
    reply
}

/// What handlers know of the caller.
pub(super) struct Caller {
    pub(super) app: usize,
    pub(super) app_name: String,
    pub(super) now: Timestamp,
    pub(super) today: Date,
    pub(super) role: Role,
}

impl Caller {
    pub(super) fn now_ms(&self) -> i64 {
        self.now.as_millisecond()
    }
}

fn handle(state: &mut State, ticket: &Ticket, request: &HttpRequest, address: &Address, now: Timestamp) -> Reply {
    let app = ticket.grant.app.0;
    let app_name = state.apps[app].settings.name.clone();
    let role = state.role(ticket.grant.user, ticket.tenant).unwrap_or(Role::ReadOnly);
    let Some(books) = state.books_of(ticket.tenant) else { return not_found() };
    let today = today(now, books.profile.country.figures().timezone);
    let caller = Caller { app, app_name, now, today, role };
    let rest: Vec<&str> = address.segments.iter().skip(3).map(String::as_str).collect();
    let Some(endpoint) = address.segments.get(2).and_then(|segment| Endpoint::of(segment)) else { return not_found() };
    if let [key, "Attachments", file @ ..] = rest.as_slice() {
        return attachments::answer(books, &caller, endpoint, key, file.first().copied(), request, address);
    }
    if request.method == ports::Method::Get {
        let since_ms = match reading::modified_since(request.header("if-modified-since")) {
            Ok(since_ms) => since_ms,
            Err(reply) => return reply,
        };
        let ask = Ask { address, since_ms, today, app };
        return read(books, endpoint, &rest, &ask, &caller);
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Reply::text(413, "Request Entity Too Large");
    }
    let kind = request.header("content-type").unwrap_or_default();
    if request.method != ports::Method::Delete && !kind.starts_with("application/json") {
        return super::reply::api_error(415, 18, "UnsupportedMediaTypeException", "Unsupported media type");
    }
    writing::write(books, &caller, endpoint, request, &rest, address)
}

/// The envelope around every list.
pub(super) fn envelope(
    books: &mut Books,
    caller: &Caller,
    plural: &str,
    mut elements: Vec<Value>,
    pagination: Option<Value>,
) -> Reply {
    if let Some(seed) = books.amounts_as_text {
        spelling::loosen(&mut elements, seed);
    }
    let mut body = json!({
        "Id": books.dice.uuid().to_string(), "Status": "OK", "ProviderName": caller.app_name,
        "DateTimeUTC": bare_time(caller.now_ms()),
    });
    body[plural] = Value::Array(elements);
    if let Some(pagination) = pagination {
        body["pagination"] = pagination;
    }
    Reply::json(200, &body)
}

fn read(books: &mut Books, endpoint: Endpoint, rest: &[&str], ask: &Ask<'_>, caller: &Caller) -> Reply {
    let found = match rest {
        [] => list(books, endpoint, ask).map(|listed| (endpoint.plural(), listed)),
        ["Actions"] if endpoint == Endpoint::Organisation => Ok(("Actions", (actions(caller.role), None))),
        [TRIAL_BALANCE] if endpoint == Endpoint::Reports => {
            trial_balance(books, caller, ask.address).map(|report| (endpoint.plural(), (vec![report], None)))
        }
        [key] => {
            single(books, endpoint, key, ask).map(|one| (endpoint.plural(), (vec![one], None))).ok_or_else(not_found)
        }
        [key, "History"] => {
            writing::history(books, endpoint, key).map(|all| ("HistoryRecords", (all, None))).ok_or_else(not_found)
        }
        [_, "OnlineInvoice" | "CISSettings" | "pdf", ..] => Err(not_implemented()),
        _ => Err(not_found()),
    };
    match found {
        Ok((plural, (elements, pagination))) => envelope(books, caller, plural, elements, pagination),
        Err(reply) => reply,
    }
}

fn list(books: &Books, endpoint: Endpoint, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let plain = |rows: Vec<Value>| Ok((rows, None));
    let small = matches!(endpoint, Endpoint::TaxRates | Endpoint::Currencies | Endpoint::TrackingCategories);
    if small && (ask.address.parameter("where").is_some() || ask.address.parameter("order").is_some()) {
        return Err(not_implemented()); // Better than an answer to another question.
    }
    match endpoint {
        Endpoint::Organisation => plain(vec![render::organisation(books)]),
        Endpoint::Accounts => reading::accounts(books, ask),
        Endpoint::TaxRates => plain(books.tax_rates.iter().map(render::tax_rate).collect()),
        Endpoint::Currencies => {
            plain(books.currencies.iter().map(|(code, name)| json!({ "Code": &**code, "Description": name })).collect())
        }
        Endpoint::TrackingCategories => {
            let archived = ask.address.is_true("includeArchived");
            let shown = books
                .tracking
                .iter()
                .filter(|each| each.status == Status::Active || (archived && each.status == Status::Archived));
            plain(shown.map(|each| render::tracking(each, archived)).collect())
        }
        Endpoint::Contacts => reading::contacts(books, ask),
        Endpoint::Items => reading::items(books, ask),
        Endpoint::Invoices => reading::invoices(books, ask),
        Endpoint::CreditNotes => {
            let render = |each: &_, view| render_documents::credit_note(books, each, view);
            reading::documents(books, ask, &books.credit_notes, fields::CREDIT_NOTE, &render)
        }
        Endpoint::PurchaseOrders => reading::purchase_orders(books, ask),
        Endpoint::Payments => reading::payments(books, ask),
        Endpoint::Prepayments => reading::advances(books, ask, Target::Prepayment),
        Endpoint::Overpayments => reading::advances(books, ask, Target::Overpayment),
        Endpoint::BankTransactions => {
            let render = |each: &_, view| render_documents::bank_transaction(books, each, view);
            reading::documents(books, ask, &books.bank_transactions, fields::BANK_TRANSACTION, &render)
        }
        Endpoint::BankTransfers => reading::transfers(books, ask),
        Endpoint::ManualJournals => reading::manual_journals(books, ask),
        Endpoint::Reports => Err(not_implemented()),
    }
}

/// One record in full.
pub(super) fn single(books: &Books, endpoint: Endpoint, key: &str, ask: &Ask<'_>) -> Option<Value> {
    let id = fields::as_id(key);
    let view = View { places: ask.places(), ..View::FULL };
    match endpoint {
        Endpoint::Organisation | Endpoint::Currencies | Endpoint::Reports => None,
        Endpoint::Accounts => books.accounts.find(id?).map(render::account),
        Endpoint::TaxRates => books.tax_rates.iter().find(|each| &*each.tax_type == key).map(render::tax_rate),
        Endpoint::TrackingCategories => {
            books.tracking.iter().find(|each| Some(each.id) == id).map(|each| render::tracking(each, true))
        }
        Endpoint::Contacts => {
            let found = id.map_or_else(|| books.contact_by_number(key), |id| books.contacts.find(id));
            found.map(|each| render::contact(books, each, ContactView::Full, ask.today))
        }
        Endpoint::Items => {
            let by_code = || books.items.all().find(|each| &*each.code == key);
            let found = id.map_or_else(by_code, |id| books.items.find(id));
            found.filter(|each| !each.deleted).map(|each| render::item(each, ask.places()))
        }
        Endpoint::Invoices => {
            reading::by_id_or_number(&books.invoices, key).map(|each| render_documents::invoice(books, each, view))
        }
        Endpoint::CreditNotes => reading::by_id_or_number(&books.credit_notes, key)
            .map(|each| render_documents::credit_note(books, each, view)),
        Endpoint::PurchaseOrders => {
            reading::by_id_or_number(&books.orders, key).map(|each| render_documents::purchase_order(books, each, view))
        }
        Endpoint::Payments => books.payments.find(id?).map(|each| render_documents::payment(books, each)),
        Endpoint::Prepayments => {
            books.prepayments.find(id?).map(|each| render_documents::advance(books, each, Target::Prepayment, view))
        }
        Endpoint::Overpayments => {
            books.overpayments.find(id?).map(|each| render_documents::advance(books, each, Target::Overpayment, view))
        }
        Endpoint::BankTransactions => {
            books.bank_transactions.find(id?).map(|each| render_documents::bank_transaction(books, each, view))
        }
        Endpoint::BankTransfers => books.transfers.find(id?).map(|each| render::transfer(books, each)),
        Endpoint::ManualJournals => {
            books.journals.find(id?).map(|each| render_documents::manual_journal(books, each, true))
        }
    }
}

/// What the connecting user may do. Manual journals need the permission to see reports, and only an adviser may be let
/// behind the period lock date.
fn actions(role: Role) -> Vec<Value> {
    let everyday = [
        "UseMulticurrency",
        "CreateDraftInvoice",
        "CreateApprovedInvoice",
        "CreateDraftBill",
        "CreateApprovedBill",
        "CreateDraftPurchaseOrder",
        "CreateApprovedPurchaseOrder",
        "CreateInvoicePayment",
        "CreateRepeatingInvoice",
        "CreateRepeatingBill",
        "AttachFilesIntoInvoice",
    ];
    let writes = role != Role::ReadOnly;
    let others = [
        ("CreateManualJournal", writes && role.sees_journals()),
        ("ApproveTransactionsBeforePeriodLockDate", role == Role::Adviser),
    ];
    let status = |allowed: bool| if allowed { "ALLOWED" } else { "NOT-ALLOWED" };
    let all = everyday.into_iter().map(|name| (name, writes)).chain(others);
    all.map(|(name, allowed)| json!({ "Name": name, "Status": status(allowed) })).collect()
}

/// XML unless JSON was asked for, on errors as well; text and HTML stay what they are.
fn as_asked(reply: Reply, request: &HttpRequest) -> Reply {
    let wants_json = request.header("accept").is_some_and(|accept| accept.contains("json"));
    if wants_json || !reply.is_json() || matches!(reply.status, 401 | 403) {
        return reply;
    }
    let root = if reply.status < 300 { "Response" } else { "ApiException" };
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(body) => Reply::typed(reply.status, "text/xml; charset=utf-8", super::wire::to_xml(&body, root)),
        Err(_) => reply,
    }
}
