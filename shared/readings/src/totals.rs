//! The sums of a bill out of its running text.
//!
//! Owns which amounts are the net, tax and gross total: those that stand by their words, and among several, those that
//! agree with each other. Agreement raises confidence; it never makes up an amount.

use kernel::Currency;
use rust_decimal::Decimal;

use crate::amount::{Amount, Exact};
use crate::reading::{Found, Reading, TaxShare};
use clues::figures::{Figure, figures, percent};
use clues::labels::{Label, Strength};
use clues::sheet::{Mark, Place, Sheet, Side};

/// Amounts of one field that are weighed against those of others; the last ones, since sums stand at the end.
const CANDIDATES_MAX: usize = 12;
/// Confidence of an amount by how it was found, per mille.
const AGREES: u16 = 920;
const STRONG_BESIDE: u16 = 750;
const STRONG_BELOW: u16 = 600;
const WEAK_BESIDE: u16 = 500;
const WEAK_BELOW: u16 = 450;

/// An amount that may be a field's.
#[derive(Clone)]
struct Candidate {
    figure: Figure,
    confidence: u16,
    mark: Mark,
    spot: usize,
    percent: Option<Decimal>,
}

/// Sums that agree.
struct Agreement {
    net: Candidate,
    taxes: Vec<Candidate>,
    gross: Candidate,
}

/// How candidates become values.
struct Writer<'s> {
    sheet: &'s Sheet<'s>,
    currency: Option<Currency>,
    agrees: bool,
}

/// Puts the sums into a reading.
pub(crate) fn read(sheet: &Sheet<'_>, reading: &mut Reading) {
    let of = |label| candidates(sheet, label);
    let (nets, taxes, payables) = (of(Label::Net), of(Label::Tax), of(Label::Payable));
    // Many bills have no other gross total than what is to be paid.
    let stated = of(Label::Gross);
    let grosses = if stated.is_empty() { payables.clone() } else { stated };
    let agreement = agreement(&nets, &taxes, &[grosses.clone(), payables.clone()].concat());
    let writer = Writer { sheet, currency: reading.currency(), agrees: agreement.is_some() };
    let (net, taxes, gross) = match agreement {
        Some(Agreement { net, taxes, gross }) => (Some(net), taxes, Some(gross)),
        None => (best(&nets), distinct(&taxes), best(&grosses)),
    };
    let fields = &mut reading.fields;
    fields.net_total = net.map(|net| writer.amount(&net));
    if let [tax] = taxes.as_slice() {
        fields.tax_total = Some(writer.amount(tax));
    }
    fields.gross_total = gross.map(|gross| writer.amount(&gross));
    let plainly = Writer { agrees: false, ..writer };
    fields.payable = best(&payables).map(|payable| plainly.amount(&payable));
    fields.prepaid = best(&of(Label::Prepaid)).map(|prepaid| plainly.amount(&prepaid));
    reading.taxes = taxes.iter().filter_map(|tax| writer.share(tax)).collect();
}

impl Writer<'_> {
    fn found<T>(&self, candidate: &Candidate, value: T) -> Found<T> {
        let place = self.sheet.words(candidate.spot, Some(candidate.mark));
        if self.agrees {
            Found { value, confidence: AGREES, place: format!("{place}; net and tax make the gross total") }
        } else {
            Found { value, confidence: candidate.confidence, place }
        }
    }

    fn amount(&self, candidate: &Candidate) -> Found<Amount> {
        let marked = candidate.figure.mark.as_deref().and_then(|mark| mark.parse().ok());
        let number = Exact(candidate.figure.number);
        self.found(candidate, Amount { number, currency: marked.or(self.currency) })
    }

    fn share(&self, candidate: &Candidate) -> Option<TaxShare> {
        let percent = self.found(candidate, Exact(candidate.percent?));
        Some(TaxShare { percent: Some(percent), tax: Some(self.amount(candidate)), ..TaxShare::default() })
    }
}

fn candidates(sheet: &Sheet<'_>, label: Label) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = sheet.marks(label).filter_map(|mark| candidate(sheet, mark)).collect();
    found.drain(..found.len().saturating_sub(CANDIDATES_MAX));
    found
}

/// The amount of a word: the last one of its line, since a rate and a base stand before it; else the first below.
fn candidate(sheet: &Sheet<'_>, mark: Mark) -> Option<Candidate> {
    let behind = Place { text: sheet.behind(mark), side: Side::Beside, spot: mark.spot };
    let line: Vec<Place<'_>> = std::iter::once(behind).chain(sheet.next_cells(mark)).collect();
    let percent = line.iter().find_map(|place| percent(place.text));
    let beside =
        line.iter().rev().find_map(|place| figures(place.text).pop().map(|figure| (figure, place.side, place.spot)));
    let (figure, side, spot) = beside.or_else(|| below(sheet, mark, &line))?;
    let confidence = match (mark.hit.strength, side) {
        (Strength::Strong, Side::Beside) => STRONG_BESIDE,
        (Strength::Strong, Side::Below) => STRONG_BELOW,
        (Strength::Weak, Side::Beside) => WEAK_BESIDE,
        (Strength::Weak, Side::Below) => WEAK_BELOW,
    };
    Some(Candidate { figure, confidence, mark, spot, percent })
}

/// The first amount right below a word that stands alone in its line; a cell in between that holds none ends the search.
fn below(sheet: &Sheet<'_>, mark: Mark, line: &[Place<'_>]) -> Option<(Figure, Side, usize)> {
    let alone = line.iter().all(|place| unit(place.text)) || sheet.is_heading(mark);
    let place = sheet.below(mark).next().filter(|_| alone)?;
    figures(place.text).pop().map(|figure| (figure, place.side, place.spot))
}

/// Whether a text only says in which unit amounts are: `(EUR)`, `in €:`.
fn unit(text: &str) -> bool {
    text.chars().filter(|letter| letter.is_alphabetic()).count() <= 5
        && !text.chars().any(|letter| letter.is_ascii_digit())
}

/// Of several, the surest, and of those the last.
fn best(candidates: &[Candidate]) -> Option<Candidate> {
    candidates.iter().max_by_key(|candidate| candidate.confidence).cloned()
}

/// The taxes of each rate once: many bills state them in a table and again in the sum.
fn distinct(taxes: &[Candidate]) -> Vec<Candidate> {
    let mut distinct = Vec::<Candidate>::new();
    for tax in taxes {
        let same = |known: &Candidate| (known.percent, known.figure.number) == (tax.percent, tax.figure.number);
        if !distinct.iter().any(same) {
            distinct.push(tax.clone());
        }
    }
    distinct
}

/// The surest net, tax and gross that agree; the tax may be the sum of those of all rates.
fn agreement(nets: &[Candidate], taxes: &[Candidate], grosses: &[Candidate]) -> Option<Agreement> {
    let mut found: Option<(u16, Agreement)> = None;
    let mut weigh = |net: &Candidate, taxes: &[Candidate], gross: &Candidate| {
        let tax = taxes.iter().try_fold(Decimal::ZERO, |sum, tax| sum.checked_add(tax.figure.number));
        let sum = tax.and_then(|tax| tax.checked_add(net.figure.number));
        let weight = net.confidence + gross.confidence + taxes.iter().map(|tax| tax.confidence).min().unwrap_or(0);
        let better = found.as_ref().is_none_or(|(known, _)| weight >= *known);
        if sum == Some(gross.figure.number) && !gross.figure.number.is_zero() && better {
            let (net, taxes, gross) = (net.clone(), taxes.to_vec(), gross.clone());
            found = Some((weight, Agreement { net, taxes, gross }));
        }
    };
    let all = distinct(taxes);
    for (net, gross) in nets.iter().flat_map(|net| grosses.iter().map(move |gross| (net, gross))) {
        if all.len() > 1 {
            weigh(net, &all, gross);
        }
        taxes.iter().for_each(|tax| weigh(net, std::slice::from_ref(tax), gross));
    }
    found.map(|(_, agreement)| agreement)
}
