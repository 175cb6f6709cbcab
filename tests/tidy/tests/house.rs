//! The house rules, held.

use std::collections::BTreeSet;
use std::path::Path;

use tidy::*;

fn dependencies(manifest: &Path, table: &str) -> BTreeSet<String> {
    let parsed: toml::Table = text(manifest).parse().expect("a manifest is TOML");
    let table = parsed.get(table).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn ours() -> BTreeSet<String> {
    ["functions", "shared", "tests"].iter().flat_map(|of| members(of)).map(|path| name(&path)).collect()
}

#[track_caller]
fn no_finding(rule: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn a_shared_crate_uses_only_what_its_arrows_allow() {
    let mut found = Vec::new();
    for member in members("shared") {
        let crate_name = name(&member);
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == crate_name) else {
            found.push(format!("{crate_name} has no row in ARROWS"));
            continue;
        };
        let used = dependencies(&member.join("Cargo.toml"), "dependencies");
        let ours = ours();
        let extra = used.intersection(&ours).filter(|used| !allowed.contains(&used.as_str()));
        found.extend(extra.map(|used| format!("{crate_name} → {used}")));
    }
    no_finding("arrows that do not exist", found);
}

#[test]
fn nothing_that_ships_uses_a_test_crate() {
    let tests: BTreeSet<String> = members("tests").iter().map(|path| name(path)).collect();
    let mut found = Vec::new();
    for member in members("functions").into_iter().chain(members("shared")) {
        let used = dependencies(&member.join("Cargo.toml"), "dependencies");
        found.extend(used.intersection(&tests).map(|used| format!("{} → {used}", name(&member))));
    }
    no_finding("shipped code on test crates", found);
}

#[test]
fn a_folder_is_a_package_of_its_name_and_a_function_has_its_events_and_its_place_in_the_template() {
    let template = text(&root().join("infra/template.yaml"));
    let mut found = Vec::new();
    for member in ["functions", "shared", "tests"].iter().flat_map(|of| members(of)) {
        let manifest: toml::Table = text(&member.join("Cargo.toml")).parse().expect("a manifest is TOML");
        let package = manifest["package"]["name"].as_str().unwrap_or_default();
        if package != name(&member) {
            found.push(format!("{} is package {package}", member.display()));
        }
    }
    for function in members("functions").iter().map(|path| name(path)) {
        if entries(&root().join("events").join(&function)).is_empty() {
            found.push(format!("events/{function} holds no sample event"));
        }
        if !template.contains(&format!("functions/{function}")) {
            found.push(format!("infra/template.yaml does not deploy {function}"));
        }
    }
    no_finding("names that disagree", found);
}

#[test]
fn files_and_crates_can_be_read_in_one_sitting() {
    let mut found = Vec::new();
    for member in ["functions", "shared", "tests"].iter().flat_map(|of| members(of)) {
        let mut whole = 0;
        for file in rust_files(&member.join("src")) {
            let lines = shipped(&file).lines().count();
            whole += lines;
            if lines > FILE_LINES_MAX {
                found.push(format!("{} has {lines} lines", file.display()));
            }
        }
        if member.starts_with(root().join("shared")) && whole > CRATE_LINES_MAX {
            found.push(format!("{} has {whole} lines", member.display()));
        }
    }
    no_finding("too long", found);
}

#[test]
fn a_main_reads_config_connects_and_runs() {
    let too_long = |path: &Path| (path.display().to_string(), shipped(path).lines().count());
    let mains = members("functions").into_iter().map(|member| member.join("src/main.rs"));
    let found = mains.map(|main| too_long(&main)).filter(|(_, lines)| *lines > 50);
    no_finding("mains that do more", found.map(|(path, lines)| format!("{path}: {lines} lines")).collect());
}

#[test]
fn only_adapters_read_clocks_and_randomness_and_no_float_holds_money() {
    let banned = [
        ("Timestamp::now", "shared/aws"),
        ("SystemTime::now", "shared/aws"),
        ("Instant::now", "shared/aws"),
        ("tokio::time::sleep", ""),
        ("thread::sleep", ""),
        (": f64", ""),
        (": f32", ""),
        ("as f64", ""),
        ("<f64>", ""),
    ];
    let mut found = Vec::new();
    for file in rust_files(&root().join("shared")).into_iter().chain(rust_files(&root().join("functions"))) {
        let shipped = shipped(&file);
        for (word, allowed_in) in banned {
            let allowed = !allowed_in.is_empty() && file.starts_with(root().join(allowed_in));
            if shipped.contains(word) && !allowed {
                found.push(format!("{} says {word}", file.display()));
            }
        }
    }
    no_finding("effects and floats out of place", found);
}

#[test]
fn aws_types_stay_in_their_adapter() {
    let mut found = Vec::new();
    for member in members("shared").into_iter().filter(|member| !["aws", "lambda-kit"].contains(&name(member).as_str()))
    {
        for used in dependencies(&member.join("Cargo.toml"), "dependencies") {
            if used.starts_with("aws") && used != "aws" || used == "reqwest" || used == "lambda_runtime" {
                found.push(format!("{} → {used}", name(&member)));
            }
        }
    }
    no_finding("capabilities that know the cloud", found);
}

#[test]
fn every_module_opens_with_what_it_owns_and_no_name_is_empty() {
    let mut found = Vec::new();
    for file in ["functions", "shared", "tests"].iter().flat_map(|of| rust_files(&root().join(of))) {
        if !text(&file).starts_with("//!") {
            found.push(format!("{} does not say what it is", file.display()));
        }
        let stem = name(&file).trim_end_matches(".rs").to_owned();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            found.push(format!("{} has a name that says nothing", file.display()));
        }
    }
    no_finding("modules", found);
}

#[test]
fn the_top_holds_only_what_belongs_there() {
    let allowed = |name: &String| name.starts_with('.') || TOP.contains(&name.as_str());
    let found = entries(&root()).iter().map(|path| name(path)).filter(|name| !allowed(name)).collect();
    no_finding("top-level entries", found);
}

#[test]
fn every_dependency_has_its_reason_in_the_readme() {
    let manifest: toml::Table = text(&root().join("Cargo.toml")).parse().expect("a manifest is TOML");
    let all = manifest["workspace"]["dependencies"].as_table().expect("a table").keys();
    let readme = text(&root().join("README.md"));
    let theirs = all.filter(|name| !ours().contains(*name));
    let found = theirs.filter(|name| !readme.contains(&format!("`{name}`"))).cloned().collect();
    no_finding("dependencies without a reason", found);
}

#[test]
fn the_projects_files_speak_of_the_project_alone() {
    // Spelt in two halves, so that this file does not find itself.
    let words = [
        ["/work", "/"].concat(),
        ["/ro", "ot/"].concat(),
        [".libr", "ary"].concat(),
        ["FIX", "ME"].concat(),
        ["TO", "DO:"].concat(),
    ];
    let mut files: Vec<_> =
        ["functions", "shared", "tests"].iter().flat_map(|of| rust_files(&root().join(of))).collect();
    files.extend([root().join("README.md"), root().join("infra/template.yaml"), root().join("infra/openapi.yaml")]);
    let mut found = Vec::new();
    for file in files {
        let text = text(&file);
        found
            .extend(words.iter().filter(|word| text.contains(*word)).map(|word| format!("{}: {word}", file.display())));
    }
    no_finding("words out of place", found);
}
