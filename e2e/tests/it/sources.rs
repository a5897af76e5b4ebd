//! Every crate we build from has a licence and a source that `deny.toml` allows.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The licences of an expression (SPDX 2.1, annex D) that must all be allowed, as lists of which one is enough.
fn demands(expression: &str) -> Vec<Vec<String>> {
    // The old way of saying OR.
    let text = expression.replace('/', " OR ").replace(['(', ')'], " ");
    let all = text.split(" AND ");
    all.map(|part| part.split(" OR ").map(|one| one.trim().to_owned()).collect()).collect()
}

fn texts(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().expect("it is a list").iter();
    list.map(|text| text.as_str().expect("it is text").to_owned()).collect()
}

#[test]
fn every_dependency_has_a_licence_and_a_source_that_are_allowed() {
    let policy = fs::read_to_string(root().join("deny.toml")).expect("the policy is there");
    let policy: Value = toml::from_str(&policy).expect("it is TOML");
    let (licences, registries) = (texts(&policy["licenses"]["allow"]), texts(&policy["sources"]["allow-registry"]));
    // Not offline: what other systems alone build from is fetched by this, where nothing has needed it yet.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    assert!(packages.len() > 100, "the whole tree is seen");
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| !package["source"].is_null()) {
        let (name, version) = (package["name"].as_str().unwrap_or("?"), package["version"].as_str().unwrap_or("?"));
        let source = package["source"].as_str().unwrap_or_default();
        if !source.strip_prefix("registry+").is_some_and(|source| registries.contains(source)) {
            wrong.push(format!("{name} {version} comes from {source}"));
        }
        let expression = package["license"].as_str().unwrap_or_default();
        let allowed = |choice: &Vec<String>| choice.iter().any(|licence| licences.contains(licence));
        if expression.is_empty() || !demands(expression).iter().all(allowed) {
            wrong.push(format!("{name} {version} is under {expression:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_expression_demands_all_of_its_parts_and_one_of_each() {
    let of = |text| demands(text).iter().map(|choice| choice.join("|")).collect::<Vec<_>>().join("&");
    assert_eq!(of("MIT/Apache-2.0"), "MIT|Apache-2.0");
    assert_eq!(of("(MIT OR Apache-2.0) AND Unicode-3.0"), "MIT|Apache-2.0&Unicode-3.0");
    assert_eq!(of("GPL-3.0"), "GPL-3.0");
}
