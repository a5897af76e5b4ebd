//! What the README says shows what is asked of the house: every row has its tests, and they exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const README: &str = include_str!("../../README.md");
/// The rows of what is asked of a foreign ministry that fall to accreditation, alone or with others.
const ROWS: [&str; 17] = [
    "2.1a", "2.1b", "2.2a", "2.2b", "2.5a", "2.6a", "2.6b", "2.7a", "2.7b", "2.8a", "2.8b", "2.9a", "2.9b", "2.10b",
    "2.14a", "2.16a", "2.16b",
];

/// The tests named for each row.
fn named() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = README.lines().filter_map(|line| line.strip_prefix("| 2.").map(|_| line));
    let cells = |line: &'static str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0], cells[2].split(", ").map(|test| test.trim_matches('`')).collect())
    };
    rows.map(cells).collect()
}

#[test]
fn every_row_that_falls_to_us_has_tests() {
    let named = named();
    assert!(ROWS.iter().all(|row| named.get(row).is_some_and(|tests| !tests.is_empty())), "{named:#?}");
    assert_eq!(named.len(), ROWS.len(), "a row is of no use if nobody asks for it");
}

#[test]
fn every_test_that_is_named_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let exists = |test: &str| {
        let Some((module, name)) = test.split_once("::") else { return false };
        let text = fs::read_to_string(folder.join(format!("{module}.rs"))).unwrap_or_default();
        let at = text.find(&format!("fn {name}("));
        // The attribute stands in the lines before it.
        at.is_some_and(|at| {
            text[..at].lines().rev().take(3).any(|line| line.contains("test]") || line.contains("test("))
        })
    };
    let missing: Vec<_> = named().into_values().flatten().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}
