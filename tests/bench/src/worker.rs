//! Peak memory of the real sync-worker during a first load, at two sizes of the organisation.

use anyhow::Context;
use simulator::xero::XeroSettings;
use system::town::Town;

use crate::Figure;

const BUDGET_KIB: u64 = 64 * 1024;

/// Measures a large organisation and one a tenth its size.
pub async fn measure(invoices: usize) -> anyhow::Result<Vec<Figure>> {
    let small = peak(invoices / 10).await?;
    let large = peak(invoices).await?;
    Ok(vec![
        Figure::beside("sync-worker: peak memory at a tenth of the size", format!("{small} KiB")),
        Figure::at_most("sync-worker: peak memory, whole first load", large, BUDGET_KIB, "KiB"),
        Figure::at_most(
            "sync-worker: growth of the peak over ten times the records, percent",
            large * 100 / small,
            150,
            "",
        ),
    ])
}

async fn peak(invoices: usize) -> anyhow::Result<u64> {
    // Waiting out Xero's minutes measures nothing; the limits are kept elsewhere.
    let settings = XeroSettings { limits: false, ..XeroSettings::default() };
    let mut town = Town::start_with(invoices, None, settings).await;
    town.connect_within(std::time::Duration::from_secs(1_800)).await;
    let peak = peak_of(&town, "sync-worker")?;
    town.stack.stop()?;
    Ok(peak)
}

/// The largest memory any living process of a function has had, in KiB.
pub(crate) fn peak_of(town: &Town, function: &str) -> anyhow::Result<u64> {
    let function = town.stack.function(function).context("no such function")?;
    let mut peak = 0;
    for id in function.process_ids() {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).context("no number")?;
        peak = peak.max(kib);
    }
    anyhow::ensure!(peak > 0, "no process is alive to be measured");
    Ok(peak)
}
