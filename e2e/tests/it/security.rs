//! SECURITY.md promises only what a test holds: every file and every test that its table names is there.

use std::fs;
use std::path::Path;

/// The words in backquotes of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a page's table says that is not so.
fn mistakes(page: &str, root: &Path) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut mistakes = Vec::new();
    for row in rows.skip(1) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [threat, _, tests] = cells[..] else {
            mistakes.push(format!("{row}: is no threat, lock and test"));
            continue;
        };
        let mut sources = String::new();
        for file in quoted(tests).filter(|word| word.contains('/')) {
            match fs::read_to_string(root.join(file)) {
                Ok(text) => sources += &text,
                Err(error) => mistakes.push(format!("{threat}: {file}: {error}")),
            }
        }
        if sources.is_empty() {
            mistakes.push(format!("{threat}: names no file with a test"));
        }
        for test in quoted(tests).filter(|word| !word.contains(['/', ' '])) {
            if !sources.contains(&format!("fn {test}(")) {
                mistakes.push(format!("{threat}: there is no test {test}"));
            }
        }
    }
    mistakes
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let page = fs::read_to_string(root.join("SECURITY.md")).expect("the page can be read");
    assert!(page.lines().filter(|line| line.starts_with("| ")).count() > 20, "the table was found");
    let mistakes = mistakes(&page, root);
    assert!(mistakes.is_empty(), "SECURITY.md promises what is not there:\n{}", mistakes.join("\n"));
    for broken in [
        "| threat | lock | test |\n| a | b | `e2e/tests/it/nowhere.rs` |\n",
        "| threat | lock | test |\n| a | b | `e2e/tests/it/security.rs`: `nobody_wrote_this` |\n",
        "| threat | lock | test |\n| a | b | some tests |\n",
    ] {
        assert!(!self::mistakes(broken, root).is_empty(), "{broken}");
    }
}
