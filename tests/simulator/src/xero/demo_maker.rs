//! Makes single lines and documents of a demo organisation, with their totals.

use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;
use super::chart::Figures;
use super::demo::DemoSettings;
use super::demo_words as words;
use super::dice::Dice;
use super::model::{Document, Kind, Line, Status, Taxing};
use super::totals;
use super::wire::midnight_ms;

/// What every maker of documents needs.
pub(super) struct Maker<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) figures: &'static Figures,
    pub(super) today: Date,
    pub(super) now_ms: i64,
    pub(super) people: Vec<Uuid>,
    pub(super) accounts: Vec<(Box<str>, Uuid)>,
    /// Bank accounts in the base currency.
    pub(super) banks: Vec<Uuid>,
    /// The bank account in another currency.
    pub(super) foreign_bank: Option<Uuid>,
    pub(super) taxes: Vec<(Arc<str>, Decimal)>,
    /// Options in use.
    pub(super) tracking: Vec<(Uuid, Uuid)>,
    /// An option that was in use once.
    pub(super) old_tracking: Option<(Uuid, Uuid)>,
    pub(super) currencies: Vec<Arc<str>>,
}

impl<'a> Maker<'a> {
    /// A maker for books that have their accounts, tax rates, tracking and contacts already.
    pub(super) fn new(books: &Books, dice: &'a mut Dice, settings: &DemoSettings, today: Date, now_ms: i64) -> Self {
        let base = books.base_currency();
        let is_base = |each: &&super::model::Account| each.currency.as_ref() == Some(&base);
        let (home, abroad): (Vec<_>, Vec<_>) = books.accounts.all().filter(|each| each.is_bank()).partition(is_base);
        let options = |wanted: Status| {
            let all = books.tracking.iter().flat_map(|each| each.options.iter().map(|one| (each.id, one)));
            all.filter(move |(_, one)| one.status == wanted).map(|(category, one)| (category, one.id))
        };
        Self {
            dice,
            figures: settings.country.figures(),
            today,
            now_ms,
            people: books.contacts.all().filter(|each| each.status == Status::Active).map(|each| each.id).collect(),
            accounts: books.accounts.all().map(|each| (each.code.clone(), each.id)).collect(),
            banks: home.iter().map(|each| each.id).collect(),
            foreign_bank: abroad.first().map(|each| each.id),
            taxes: books.tax_rates.iter().map(|rate| (rate.tax_type.clone(), rate.rate)).collect(),
            tracking: options(Status::Active).collect(),
            old_tracking: options(Status::Archived).next(),
            currencies: books.currencies.iter().map(|(code, _)| code.clone()).collect(),
        }
    }

    pub(super) fn account(&self, code: &str) -> Option<Uuid> {
        self.accounts.iter().find(|(have, _)| &**have == code).map(|(_, id)| *id)
    }

    pub(super) fn tax(&self, name: &str) -> (Arc<str>, Decimal) {
        self.taxes.iter().find(|(have, _)| &**have == name).cloned().unwrap_or_else(|| self.taxes[0].clone())
    }

    /// A price near the typical one, to the penny.
    pub(super) fn near(&mut self, pence: i64) -> Decimal {
        Decimal::new((pence * self.dice.between(70, 160) / 100).max(1), 2)
    }

    pub(super) fn line(&mut self, goods: &(&'static str, &'static str, i64), tax: &str) -> Line {
        let (description, account, pence) = *goods;
        let tracking: Box<[(Uuid, Uuid)]> =
            if self.dice.chance(30) { Box::new([*self.dice.pick(&self.tracking.clone())]) } else { Box::new([]) };
        let (tax_type, _) = self.tax(tax);
        let quantity = if pence < 10_000 { self.dice.between(1, 6) } else { 1 };
        Line {
            id: self.dice.uuid(),
            description: description.into(),
            quantity: quantity.into(),
            unit: self.near(pence),
            item: None,
            account: self.account(account),
            tax_type,
            tax: Decimal::ZERO,
            amount: Decimal::ZERO,
            tracking,
            discount: None,
        }
    }

    /// A document of lines, with its totals worked out.
    pub(super) fn document(&mut self, kind: Kind, date: Date, lines: Vec<Line>) -> Document {
        let mut document = Document {
            id: self.dice.uuid(),
            kind,
            status: Status::Authorised,
            contact: *self.dice.pick(&self.people.clone()),
            date,
            due: None,
            expected: None,
            number: Box::from(""),
            reference: Box::from(""),
            taxing: Taxing::Exclusive,
            lines,
            currency: self.currencies[0].clone(),
            rate: Decimal::ONE,
            sub_total: Decimal::ZERO,
            tax: Decimal::ZERO,
            total: Decimal::ZERO,
            paid: Decimal::ZERO,
            credited: Decimal::ZERO,
            fully_paid_on: None,
            url: Box::from(""),
            sent: false,
            account: None,
            reconciled: false,
            payments: Vec::new(),
            uses: Vec::new(),
            credits: Vec::new(),
            twin: None,
            made_by: None,
            updated: (midnight_ms(date) + self.dice.between(8 * 3_600_000, 18 * 3_600_000)).min(self.now_ms),
        };
        self.total(&mut document);
        document
    }

    /// Works out a document's lines and totals again after a change.
    pub(super) fn total(&self, document: &mut Document) {
        let rates = &self.taxes;
        totals::work_out(document, &|name| {
            rates.iter().find(|(have, _)| **have == *name).map_or(Decimal::ZERO, |(_, rate)| *rate)
        });
    }

    /// Puts a document into the second currency.
    pub(super) fn make_foreign(&self, document: &mut Document) {
        document.currency = self.currencies[1].clone();
        document.rate = Decimal::new(1_165_432, 6);
    }

    pub(super) fn goods(&mut self, sales: bool) -> Vec<Line> {
        let count = self.dice.between(1, 4);
        (0..count)
            .map(|_| {
                let goods = if sales { *self.dice.pick(words::SOLD) } else { *self.dice.pick(words::BOUGHT) };
                let free = matches!(goods.1, "433");
                let tax = match (sales, free) {
                    (true, _) => self.figures.sales_tax,
                    (false, true) => self.figures.free_purchase_tax,
                    (false, false) => self.figures.purchase_tax,
                };
                self.line(&goods, tax)
            })
            .collect()
    }
}
