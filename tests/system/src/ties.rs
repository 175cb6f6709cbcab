//! Tie-outs at a desk: asked for, worked through, and told line by line.

use connections::load_connection;
use kernel::{Date, Money, TieOutId};
use state::Stored;
use tie_outs::{Finding, Sheet, TieOut, Wanted, load_sheets, load_tie_out, request_tie_out};

use crate::desk::Desk;

/// Asks for a tie-out of a day, as the API does.
pub async fn ask(desk: &Desk, as_at: &str) -> Result<TieOutId, String> {
    let connection = load_connection(&*desk.access.ports.table, &desk.whose).await;
    let connection = connection.map_err(|error| error.to_string())?.unwrap().value;
    let currency = connection.facts.as_ref().unwrap().base_currency.parse().unwrap();
    let wanted = Wanted { as_at: as_at.parse::<Date>().unwrap(), currency, actor: "sam", mirror_synced_at: None };
    request_tie_out(&desk.access, &connection, &wanted).await.map_err(|error| error.to_string())
}

/// A tie-out as it is stored, with its sheets.
pub async fn stored(desk: &Desk, id: &TieOutId) -> (TieOut, Vec<Sheet>) {
    let table = &*desk.access.ports.table;
    let Stored { value, .. } = load_tie_out(table, &desk.whose, id, desk.now()).await.unwrap().unwrap();
    let sheets = load_sheets(table, &desk.whose, &value).await.unwrap();
    (value, sheets)
}

/// Ties a day out from the first envelope to the last.
pub async fn tied(desk: &Desk, as_at: &str) -> (TieOut, Vec<Sheet>) {
    let id = ask(desk, as_at).await.unwrap();
    desk.work().await;
    stored(desk, &id).await
}

/// An account in a line: `620 ledger 200.00 expected 200.00 unexplained 0.00`, and a line for each entry.
pub fn told(sheet: &Sheet) -> Vec<String> {
    let unexplained = sheet.unexplained().unwrap();
    let head = format!(
        "{} ledger {} expected {} unexplained {}",
        sheet.code,
        sheet.ledger.amount(),
        sheet.expected.amount(),
        unexplained.amount()
    );
    let gap = sheet.attributed().unwrap().try_add(unexplained).unwrap();
    assert_eq!(gap, sheet.gap().unwrap(), "{sheet:#?}");
    std::iter::once(head).chain(sheet.kept.iter().map(|finding| line(sheet, finding))).collect()
}

fn line(sheet: &Sheet, finding: &Finding) -> String {
    let kind = serde_json::to_value(finding.kind).unwrap();
    let amount = Money::new(finding.minor, sheet.ledger.currency).amount();
    let whose = finding.posting.as_ref().map(ToString::to_string);
    let whose = whose.or(finding.schedule.as_ref().map(ToString::to_string));
    let whose = whose.or(finding.record.as_ref().map(|record| record.entity.clone()));
    format!("{} {amount} {}", kind.as_str().unwrap(), whose.unwrap_or_default())
}
