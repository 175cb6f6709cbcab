//! What an organisation says of itself, copied from its record to its connection, where every capability finds it.

use connections::{OrganisationFacts, change_connection};

use crate::SyncError;
use crate::work::Worker;
use mirror::record::Record;

/// Keeps the facts of the organisation's own record. Writes only when one differs.
pub(crate) async fn keep_facts(worker: &Worker<'_>, records: &[Record]) -> Result<(), SyncError> {
    let Some(record) = records.first() else { return Ok(()) };
    let facts = facts(record);
    let name = record.text("Name").to_owned();
    change_connection(worker.table(), &worker.whose, |connection| {
        let renamed = !name.is_empty() && connection.name != name;
        if connection.facts.as_ref() == Some(&facts) && !renamed {
            return false;
        }
        connection.facts = Some(facts.clone());
        if renamed {
            connection.name.clone_from(&name);
        }
        true
    })
    .await?;
    Ok(())
}

fn facts(record: &Record) -> OrganisationFacts {
    let part =
        |name: &str| record.fields.get(name).and_then(serde_json::Value::as_u64).and_then(|part| part.try_into().ok());
    let given = |name: &str| Some(record.text(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    OrganisationFacts {
        short_code: record.text("ShortCode").to_owned(),
        base_currency: record.text("BaseCurrency").to_owned(),
        country: record.text("CountryCode").to_owned(),
        time_zone: record.text("Timezone").to_owned(),
        financial_year_end: part("FinancialYearEndDay").zip(part("FinancialYearEndMonth")),
        sales_tax_period: given("SalesTaxPeriod"),
        period_lock_date: given("PeriodLockDate"),
        end_of_year_lock_date: given("EndOfYearLockDate"),
    }
}
