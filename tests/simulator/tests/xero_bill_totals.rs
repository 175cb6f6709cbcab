//! Totals as they are predicted, against what the simulated Xero works out of the very same drafts.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

mod scene;

use std::collections::HashMap;

use bills::{
    AccountRef, BillDraft, BillKind, BillLine, BillMark, ContactId, DraftFault, LineAmounts, NewStatus, WriteOutcome,
    create, predict, read_created, read_list,
};
use ports::Transport;
use rust_decimal::Decimal;
use scene::{Scene, first};
use secrecy::SecretString;
use serde_json::json;
use simulator::xero::{DemoSettings, XeroSettings};
use xero::{IdempotencyKey, XeroAddresses, write_request};

const DRAFTS: u64 = 3_000;
/// Besides the country's own: a rate with a third place, one with thirds, one without any.
const RATES: [&str; 6] = ["15", "17.5", "8.875", "33.3333", "0.0001", "12.5"];

/// A plain generator of figures; the seed of a draft makes it again.
struct Figures(u64);

impl Figures {
    fn below(&mut self, bound: u64) -> u64 {
        // The constants of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn decimal(&mut self, places: u32) -> Decimal {
        let magnitude = [100, 10_000, 1_000_000, 100_000_000][usize::try_from(self.below(4)).unwrap()];
        let places = u32::try_from(self.below(u64::from(places) + 1)).unwrap();
        Decimal::new(i64::try_from(self.below(magnitude)).unwrap(), places)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

fn line(figures: &mut Figures, taxed: LineAmounts, tax_types: &[String]) -> BillLine {
    let stated = taxed != LineAmounts::NoTax && figures.below(12) == 0;
    let unit = figures.decimal(4);
    BillLine {
        description: "Any".to_owned(),
        quantity: if figures.below(3) == 0 { Decimal::ONE } else { figures.decimal(4) },
        unit_amount: if figures.below(5) == 0 { -unit } else { unit },
        account: AccountRef::Code("463".to_owned()),
        tax_type: Some(figures.one_of(tax_types).clone()),
        tax_amount: stated.then(|| figures.decimal(2)),
        tracking: Vec::new(),
    }
}

fn draft(seed: u64, contact: ContactId, tax_types: &[String]) -> BillDraft {
    let mut figures = Figures(seed);
    figures.below(1);
    let taxed = *figures.one_of(&[LineAmounts::Exclusive, LineAmounts::Inclusive, LineAmounts::NoTax]);
    let kind = *figures.one_of(&[BillKind::Bill, BillKind::CreditNote]);
    let lines = 1 + figures.below(8);
    BillDraft {
        mark: BillMark::from_bytes(u128::from(seed).to_be_bytes()),
        kind,
        contact,
        number: format!("T-{seed}"),
        date: "2026-10-01".parse().unwrap(),
        due_date: None,
        currency: "GBP".to_owned(),
        currency_rate: None,
        line_amounts: taxed,
        status: NewStatus::Draft,
        url: (kind == BillKind::Bill).then(|| format!("https://app.example/d/{seed}")),
        bank_account: None,
        lines: (0..lines).map(|_| line(&mut figures, taxed, tax_types)).collect(),
        expected: None,
    }
}

/// A Xero without limits and the percentage of each tax type.
async fn ready() -> (Scene, HashMap<String, Decimal>) {
    let settings = XeroSettings { limits: false, ..XeroSettings::default() };
    let mut scene = Scene::within(settings, DemoSettings::sized(11, 5));
    scene.tokens = scene.connect().await;
    let own = ["20", "5", "0", "0"].map(|rate| rate.parse().unwrap());
    let names = ["INPUT2", "RRINPUT", "ZERORATEDINPUT", "NONE"].map(str::to_owned);
    let mut rates: HashMap<String, Decimal> = names.into_iter().zip(own).collect();
    for rate in RATES {
        let components = json!([{ "Name": "Tax", "Rate": rate.parse::<Decimal>().unwrap().to_string() }]);
        let made =
            first(&scene.put("/TaxRates", json!({ "Name": format!("At {rate}"), "TaxComponents": components })).await);
        rates.insert(made["TaxType"].as_str().unwrap().to_owned(), rate.parse().unwrap());
    }
    (scene, rates)
}

#[tokio::test]
async fn thousands_of_drafts_come_back_with_the_predicted_totals_on_every_line() {
    let (scene, rates) = ready().await;
    let contact = ContactId(scene.contact().await.parse().unwrap());
    let mut tax_types: Vec<String> = rates.keys().cloned().collect();
    tax_types.sort();
    let (token, addresses) = (SecretString::from(scene.access()), XeroAddresses::default());
    let (mut between_cents, mut compared) = (0, 0);
    for seed in 0..DRAFTS {
        let mut sent = draft(seed, contact, &tax_types);
        let expected = predict(&sent, |line| rates.get(line.tax_type.as_ref()?).copied()).unwrap();
        sent.expected = Some(expected.clone());
        let write = match create(&sent, IdempotencyKey::try_new(format!("t-{seed}")).unwrap()) {
            Ok(write) => write,
            Err(DraftFault::TooLarge(_)) => continue,
            Err(other) => panic!("seed {seed}: {other}"),
        };
        let answer = scene.xero.send(write_request(&addresses, &token, scene.tenant, &write)).await.unwrap();
        let outcome = read_created(Ok(answer.clone()), &sent);
        assert!(matches!(outcome, WriteOutcome::Written { .. }), "seed {seed}: {outcome:?} {sent:?}");
        let record = read_list(answer, sent.kind).unwrap().bills.remove(0);
        for (line, wanted) in record.line_items.iter().zip(&expected.lines) {
            let seen = (line.line_amount, line.tax_amount);
            assert_eq!(seen, (Some(wanted.amount), Some(wanted.tax)), "seed {seed}");
        }
        assert_eq!(expected.sub_total + expected.tax, expected.total, "seed {seed}");
        between_cents += usize::from(expected.on_half_cent);
        compared += 1;
    }
    assert!(between_cents > 50 && compared > 2_000, "half cents in {between_cents} of {compared}");
}

#[tokio::test]
async fn the_published_example_holds_through_xero() {
    let (scene, rates) = ready().await;
    let contact = ContactId(scene.contact().await.parse().unwrap());
    let fifteen = rates.iter().find(|(_, rate)| **rate == Decimal::from(15)).unwrap().0.clone();
    let lines = ["25.06", "25.61", "25.63"].map(|unit| BillLine {
        quantity: Decimal::ONE,
        unit_amount: unit.parse().unwrap(),
        tax_amount: None,
        ..line(&mut Figures(1), LineAmounts::Exclusive, std::slice::from_ref(&fifteen))
    });
    let sent =
        BillDraft { line_amounts: LineAmounts::Exclusive, lines: lines.to_vec(), ..draft(1, contact, &[fifteen]) };
    let write = create(&sent, IdempotencyKey::try_new("example").unwrap()).unwrap();
    let request = write_request(&XeroAddresses::default(), &SecretString::from(scene.access()), scene.tenant, &write);
    let record = read_list(scene.xero.send(request).await.unwrap(), sent.kind).unwrap().bills.remove(0);
    let seen = [record.sub_total, record.total_tax, record.total].map(|amount| amount.unwrap().to_string());
    assert_eq!(seen, ["76.30", "11.44", "87.74"]);
}
