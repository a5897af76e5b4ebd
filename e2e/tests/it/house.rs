//! The rules of the house that no compiler holds: who may depend on whom, and how large a room may grow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most lines a source file may have.
const MOST_LINES: usize = 400;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["common", "core", "utils", "util", "shared", "helpers"];
/// The crates that own vocabulary.
const SERVICES: [&str; 3] = ["accreditation", "consular", "gateway"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// The workspace's crates, each with its folder and the workspace crates it is built from (not those it is tested with).
fn workspace() -> BTreeMap<String, (PathBuf, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let mut crates = BTreeMap::new();
    for package in packages {
        let folder =
            Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder").to_owned();
        let dependencies = package["dependencies"].as_array().expect("a list");
        let own =
            dependencies.iter().filter(|dependency| dependency["path"].is_string() && dependency["kind"].is_null());
        crates.insert(text(&package["name"]), (folder, own.map(|dependency| text(&dependency["name"])).collect()));
    }
    crates
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn a_kit_depends_on_no_service_and_a_service_on_no_other() {
    let crates = workspace();
    for service in SERVICES {
        assert!(crates.contains_key(service), "{service} is in the workspace");
    }
    for (name, (folder, dependencies)) in &crates {
        let is_kit = folder.parent().is_some_and(|parent| parent.ends_with("crates")) || name == "proto";
        if !is_kit && !SERVICES.contains(&name.as_str()) {
            continue;
        }
        for dependency in dependencies {
            assert!(!SERVICES.contains(&dependency.as_str()), "{name} must not depend on the service {dependency}");
        }
    }
}

#[test]
fn no_source_file_outgrows_one_idea() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 50, "the sources were found");
    let lines = |path: &Path| fs::read_to_string(path).expect("a source is text").lines().count();
    let too_long: Vec<_> =
        files.iter().map(|path| (lines(path), path)).filter(|(count, _)| *count > MOST_LINES).collect();
    assert!(too_long.is_empty(), "over {MOST_LINES} lines: {too_long:#?}");
}

#[test]
fn names_say_what_is_inside() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    let stems = files.iter().filter_map(|path| path.file_stem()?.to_str());
    let crates = workspace();
    let empty: Vec<_> =
        stems.chain(crates.keys().map(String::as_str)).filter(|name| EMPTY_NAMES.contains(name)).collect();
    assert!(empty.is_empty(), "names without meaning: {empty:?}");
}

#[test]
fn every_module_begins_with_the_sentence_that_says_what_it_is_for() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    let silent: Vec<_> =
        files.iter().filter(|path| !fs::read_to_string(path).expect("a source is text").starts_with("//! ")).collect();
    assert!(silent.is_empty(), "no first line: {silent:#?}");
}
