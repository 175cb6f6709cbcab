//! How long a newcomer waits: the first `cargo run`, one after a change in a capability, and the tour by itself.
//!
//! Seconds of this machine, so only asked for by `--builds`, beside the figures an issue names for two cores. Builds into a
//! folder of its own and leaves the checkout as it was, but for one file's time stamp.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

use anyhow::{Context, ensure};
use local::build::{checkout, forget_own_package};

use crate::Figure;

const COLD_SECS_MAX: u64 = 15 * 60;
const REBUILD_SECS_MAX: u64 = 30;
const TOUR_SECS_MAX: u64 = 30;
/// Changed by nothing but its time stamp, which is what cargo looks at.
const CHANGED: &str = "shared/sync/src/plan.rs";

/// Measures the three.
pub fn measure() -> anyhow::Result<Vec<Figure>> {
    let folder = std::env::temp_dir().join(format!("counterfoil-builds-{}", std::process::id()));
    let outcome = measure_in(&folder);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("the measured builds cannot be removed")?;
    }
    outcome
}

fn measure_in(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let cold = tour(folder)?;
    let warm = tour(folder)?;
    let changed = std::fs::File::options().append(true).open(checkout().join(CHANGED)).context(CHANGED)?;
    changed.set_modified(SystemTime::now()).context(CHANGED)?;
    let after = tour(folder)?;
    Ok(vec![
        Figure::at_most("cargo run -- --once from nothing", cold, COLD_SECS_MAX, "s"),
        Figure::at_most("cargo run -- --once, built: start to the end of the tour", warm, TOUR_SECS_MAX, "s"),
        Figure::at_most("rebuild after a change in one capability", after.saturating_sub(warm), REBUILD_SECS_MAX, "s"),
    ])
}

/// Runs the tour as a newcomer does; answers the seconds it took.
fn tour(folder: &Path) -> anyhow::Result<u64> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let began = Instant::now();
    let mut command = Command::new(cargo);
    // A newcomer's shell is not cargo's.
    forget_own_package(&mut command);
    let status = command
        .args(["run", "--locked", "--quiet", "--target-dir"])
        .arg(folder)
        .args(["--", "--once", "--port", "0"])
        .current_dir(checkout())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the tour failed");
    Ok(began.elapsed().as_secs())
}
