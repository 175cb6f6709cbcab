//! Lists and single records: filters, pages, order, and the shape each request gets.
//!
//! Source: "HTTP Requests and Responses": without `page` the lists of documents come without lines; `page` brings lines
//! and a lower-case `pagination`; sizes out of range are clamped; order is `UpdatedDateUTC`, then id.

use jiff::civil::Date;
use kernel::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::address::Address;
use super::books::Books;
use super::fields::{self, Fields, bank_field};
use super::filter::{Field, Test, parse_order};
use super::model::{Document, Status, Target};
use super::render::{self, ContactView};
use super::render_documents::{self, View};
use super::reply::{Reply, query_unreadable};
use super::shelf::{Record, Shelf};

const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1_000;
/// Reads that would return more are refused.
const UNPAGED_MAX: usize = 100_000;

/// What a list request asks for.
pub(super) struct Ask<'a> {
    pub(super) address: &'a Address,
    /// From `If-Modified-Since`, whole seconds.
    pub(super) since_ms: i64,
    pub(super) today: Date,
    pub(super) app: usize,
}

/// A list's elements and its pagination block, when paged.
pub(super) type Listed = (Vec<Value>, Option<Value>);

impl Ask<'_> {
    pub(super) fn places(&self) -> u32 {
        if self.address.parameter("unitdp") == Some("4") { 4 } else { 2 }
    }

    fn summary(&self) -> bool {
        self.address.is_true("summaryOnly")
    }

    /// Page number and size, when the request is paged.
    fn page(&self) -> Option<(usize, usize)> {
        let number = |name: &str| self.address.parameter(name).map(|text| text.parse::<i64>().unwrap_or(1));
        let paged = number("page").is_some() || number("pageSize").is_some() || self.summary();
        let clamp = |given: Option<i64>, usual: usize, most: usize| {
            given.map_or(usual, |given| usize::try_from(given.max(1)).unwrap_or(1).min(most))
        };
        paged.then(|| (clamp(number("page"), 1, usize::MAX), clamp(number("pageSize"), PAGE_DEFAULT, PAGE_MAX)))
    }

    /// Lines come with an explicit page only.
    fn view(&self) -> View {
        let lines = self.address.parameter("page").is_some() && !self.summary();
        View { lines, summary: self.summary(), places: self.places() }
    }
}

/// The rows a request selects, in its order.
struct Selection<'a, T> {
    rows: Vec<&'a T>,
    pagination: Option<Value>,
}

/// Everything that decides which rows of a shelf are shown.
struct Choose<'a, 'f, T> {
    known: &'static [&'static str],
    field: &'f dyn Fn(&'a T, usize) -> Field<'a>,
    /// Explicit filters, when the request has any.
    keep: Option<&'f dyn Fn(&T) -> bool>,
    /// PurchaseOrders come in pages even unasked.
    always_paged: bool,
    /// Some lists never page.
    pages: bool,
    /// PurchaseOrders know no `where`.
    wheres: bool,
}

fn select<'a, T: Record>(
    shelf: &'a Shelf<T>,
    ask: &Ask<'_>,
    how: &Choose<'a, '_, T>,
) -> Result<Selection<'a, T>, Reply> {
    let clause = ask.address.parameter("where").filter(|text| how.wheres && !text.trim().is_empty());
    let test = clause.map(|text| Test::parse(text, how.known)).transpose().map_err(|text| query_unreadable(&text))?;
    let order = ask.address.parameter("order").filter(|text| !text.trim().is_empty());
    let order = order.map(|text| parse_order(text, how.known)).transpose().map_err(|text| query_unreadable(&text))?;
    let page = ask.page().or(how.always_paged.then_some((1, PAGE_DEFAULT))).filter(|_| how.pages);
    let (number, size) = page.unwrap_or((1, usize::MAX));
    let skip = (number - 1).saturating_mul(size.min(PAGE_MAX));
    let (rows, total) = if test.is_none() && order.is_none() && how.keep.is_none() {
        shelf.page(ask.since_ms, skip, size)
    } else {
        let mut rows = Vec::new();
        for row in shelf.since(ask.since_ms) {
            let kept = how.keep.is_none_or(|keep| keep(row));
            let passes = |test: &Test| test.passes(&|at| (how.field)(row, at));
            if kept && test.as_ref().map_or(Ok(true), passes).map_err(|text| query_unreadable(&text))? {
                rows.push(row);
            }
        }
        for (at, descends) in order.unwrap_or_default().into_iter().rev() {
            rows.sort_by(|left, right| {
                let order = (how.field)(left, at).order(&(how.field)(right, at));
                if descends { order.reverse() } else { order }
            });
        }
        let total = rows.len();
        (rows.into_iter().skip(skip).take(size).collect(), total)
    };
    if page.is_none() && total > UNPAGED_MAX {
        return Err(query_unreadable("The request would return more than 100000 records. Use paging or filters."));
    }
    let pagination = page.map(|(number, size)| {
        json!({ "page": number, "pageSize": size, "pageCount": total.div_ceil(size), "itemCount": total })
    });
    Ok(Selection { rows, pagination })
}

fn ids_of(ask: &Ask<'_>, name: &str) -> Option<Vec<Uuid>> {
    Some(ask.address.list(name)?.iter().filter_map(|text| fields::as_id(text)).collect())
}

pub(super) fn invoices(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let (ids, contacts) = (ids_of(ask, "IDs"), ids_of(ask, "ContactIDs"));
    let (numbers, statuses) = (ask.address.list("InvoiceNumbers"), ask.address.list("Statuses"));
    let mine = ask.address.is_true("createdByMyApp");
    let term = ask.address.parameter("searchTerm").map(str::to_lowercase);
    let filtered = ids.is_some() || contacts.is_some() || numbers.is_some() || statuses.is_some();
    let keep = |each: &Document| {
        ids.as_ref().is_none_or(|ids| ids.contains(&each.id))
            && contacts.as_ref().is_none_or(|ids| ids.contains(&each.contact))
            && numbers.as_ref().is_none_or(|all| all.iter().any(|number| **number == *each.number))
            && statuses.as_ref().is_none_or(|all| all.iter().any(|status| *status == each.status.as_str()))
            && (!mine || each.made_by == Some(ask.app))
            && term.as_ref().is_none_or(|term| {
                each.number.to_lowercase().contains(term) || each.reference.to_lowercase().contains(term)
            })
    };
    let how = Choose {
        known: fields::INVOICE,
        field: &|each, at| Document::field(each, books, at),
        keep: if filtered || mine || term.is_some() { Some(&keep) } else { None },
        always_paged: false,
        pages: true,
        wheres: true,
    };
    let found = select(&books.invoices, ask, &how)?;
    let view = ask.view();
    Ok((found.rows.iter().map(|each| render_documents::invoice(books, each, view)).collect(), found.pagination))
}

/// Credit notes, bank transactions, prepayments, overpayments: documents without filters of their own.
pub(super) fn documents(
    books: &Books,
    ask: &Ask<'_>,
    shelf: &Shelf<Document>,
    known: &'static [&'static str],
    render: &dyn Fn(&Document, View) -> Value,
) -> Result<Listed, Reply> {
    let bank = known == fields::BANK_TRANSACTION;
    let references = ask.address.list("References").or_else(|| ask.address.list("InvoiceNumbers"));
    let keep = |each: &Document| references.as_ref().is_none_or(|all| all.iter().any(|text| **text == *each.reference));
    let how = Choose {
        known,
        field: &|each, at| if bank { bank_field(books, each, at) } else { each.field(books, at) },
        keep: if references.is_some() { Some(&keep) } else { None },
        always_paged: false,
        pages: true,
        wheres: true,
    };
    let found = select(shelf, ask, &how)?;
    let view = ask.view();
    Ok((found.rows.iter().map(|each| render(each, view)).collect(), found.pagination))
}

pub(super) fn purchase_orders(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let status = ask.address.parameter("Status").map(str::to_owned);
    let day = |name: &str| ask.address.parameter(name).and_then(super::wire::read_date);
    let (from, to) = (day("DateFrom"), day("DateTo"));
    let keep = |each: &Document| {
        status.as_ref().is_none_or(|status| status == each.status.as_str())
            && from.is_none_or(|from| each.date >= from)
            && to.is_none_or(|to| each.date <= to)
    };
    let how = Choose {
        known: fields::ORDER,
        field: &|each, at| Document::field(each, books, at),
        keep: if status.is_some() || from.is_some() || to.is_some() { Some(&keep) } else { None },
        always_paged: true,
        pages: true,
        wheres: false,
    };
    let found = select(&books.orders, ask, &how)?;
    let view = View { lines: true, ..ask.view() };
    Ok((found.rows.iter().map(|each| render_documents::purchase_order(books, each, view)).collect(), found.pagination))
}

pub(super) fn contacts(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let ids = ids_of(ask, "IDs");
    let archived = ask.address.is_true("includeArchived");
    let term = ask.address.parameter("searchTerm").map(str::to_lowercase);
    let keep = |each: &super::model::Contact| {
        let texts = [&each.name, &each.first, &each.last, &each.number, &each.company_number, &each.email];
        (archived || each.status != Status::Archived)
            && ids.as_ref().is_none_or(|ids| ids.contains(&each.id))
            && term.as_ref().is_none_or(|term| texts.iter().any(|text| text.to_lowercase().contains(term)))
    };
    let all = archived && ids.is_none() && term.is_none();
    let how = Choose {
        known: fields::CONTACT,
        field: &|each, at| super::model::Contact::field(each, books, at),
        keep: if all { None } else { Some(&keep) },
        always_paged: false,
        pages: true,
        wheres: true,
    };
    let found = select(&books.contacts, ask, &how)?;
    let view = match (ask.summary(), found.pagination.is_some()) {
        (true, _) => ContactView::Summary,
        (false, true) => ContactView::Full,
        (false, false) => ContactView::List,
    };
    Ok((found.rows.iter().map(|each| render::contact(books, each, view, ask.today)).collect(), found.pagination))
}

pub(super) fn payments(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    simple(books, ask, &books.payments, fields::PAYMENT, true, None, &|each| render_documents::payment(books, each))
}

pub(super) fn manual_journals(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let lines = ask.view().lines;
    let render = |each: &super::model::Journal| render_documents::manual_journal(books, each, lines);
    simple(books, ask, &books.journals, fields::JOURNAL, true, None, &render)
}

pub(super) fn accounts(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let keep = |each: &super::model::Account| each.status != Status::Deleted;
    simple(books, ask, &books.accounts, fields::ACCOUNT, false, Some(&keep), &render::account)
}

pub(super) fn items(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let keep = |each: &super::model::Item| !each.deleted;
    let places = ask.places();
    simple(books, ask, &books.items, fields::ITEM, false, Some(&keep), &|each| render::item(each, places))
}

pub(super) fn transfers(books: &Books, ask: &Ask<'_>) -> Result<Listed, Reply> {
    let deleted = ask.address.is_true("includeDeleted");
    let keep = |each: &super::model::Transfer| deleted || each.status != Status::Deleted;
    simple(books, ask, &books.transfers, fields::TRANSFER, false, Some(&keep), &|each| render::transfer(books, each))
}

fn simple<T: Record + Fields>(
    books: &Books,
    ask: &Ask<'_>,
    shelf: &Shelf<T>,
    known: &'static [&'static str],
    pages: bool,
    keep: Option<&dyn Fn(&T) -> bool>,
    render: &dyn Fn(&T) -> Value,
) -> Result<Listed, Reply> {
    let how =
        Choose { known, field: &|each, at| T::field(each, books, at), keep, always_paged: false, pages, wheres: true };
    let found = select(shelf, ask, &how)?;
    Ok((found.rows.iter().map(|each| render(each)).collect(), found.pagination))
}

/// One document of a kind by id or number.
pub(super) fn by_id_or_number<'a>(shelf: &'a Shelf<Document>, key: &str) -> Option<&'a Document> {
    match fields::as_id(key) {
        Some(id) => shelf.find(id),
        None => shelf.all().find(|each| *each.number == *key).filter(|_| !key.is_empty()),
    }
}

/// The shelf, field list and renderer of prepayments or overpayments.
pub(super) fn advances(books: &Books, ask: &Ask<'_>, target: Target) -> Result<Listed, Reply> {
    let shelf = if target == Target::Prepayment { &books.prepayments } else { &books.overpayments };
    documents(books, ask, shelf, fields::ADVANCE, &|each, view| render_documents::advance(books, each, target, view))
}

/// Reads `If-Modified-Since`: ISO without a zone means UTC; an HTTP date works as well. Accuracy is a second. What cannot
/// be read is a bad precondition.
pub(super) fn modified_since(text: Option<&str>) -> Result<i64, Reply> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(i64::MIN) };
    let bare = text.trim_end_matches('Z');
    let civil = bare.replacen(' ', "T", usize::from(!text.ends_with("GMT"))).parse::<jiff::civil::DateTime>().ok();
    let civil = civil.or_else(|| jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok());
    let at: Option<Timestamp> = text.parse().ok();
    let at = at.or_else(|| civil?.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()));
    let unreadable = || Reply::text(412, "One or more conditions given in the request header fields were invalid.");
    at.map(|at| at.as_second() * 1_000).ok_or_else(unreadable)
}
