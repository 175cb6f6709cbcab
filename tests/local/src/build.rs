//! Builds the functions' binaries with the cargo that started us, into the same folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The checkout this binary was built from.
pub fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The functions of the checkout, by folder.
pub fn functions() -> anyhow::Result<Vec<String>> {
    let folder = checkout().join("functions");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("{} is missing; run from a checkout", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Builds every function in our own profile; answers the folder of the binaries.
pub fn build_functions(quiet: bool) -> anyhow::Result<PathBuf> {
    let functions = functions()?;
    let arguments: Vec<&str> = functions.iter().flat_map(|function| ["--package", function]).collect();
    build(quiet, &arguments)
}

/// What cargo sets for the package it runs.
const OWN_VARIABLES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];

/// Cargo tells us of our own package. Passed on to a build, it would make build scripts that watch it run again each time.
pub fn forget_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if OWN_VARIABLES.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
}

/// Builds what cargo's arguments name in our own profile; answers the folder of the binaries.
pub fn build(quiet: bool, arguments: &[&str]) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program's own path is unknown")?;
    // A test binary lies one folder deeper, in `deps`.
    let folder = own.parent().context("this program lies in no folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.arg("build").current_dir(checkout()).stdin(Stdio::null());
    forget_own_package(&mut command);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    command.args(arguments);
    if quiet {
        command.arg("--quiet");
    }
    let status = command.status().context("cargo cannot be started; run with `cargo run`")?;
    if !status.success() {
        bail!("the functions do not build; mend the errors above");
    }
    Ok(folder.to_path_buf())
}
