//! Lists, names, evidence and the index.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../../examples/everyone/mod.rs"]
mod everyone;
mod index;
mod lists;
mod names;
#[path = "../../examples/varied/mod.rs"]
mod varied;

use screening::Scorer;
use std::path::PathBuf;

fn scorer() -> Scorer {
    Scorer::shipped().unwrap()
}

fn data(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    std::fs::read_to_string(path).unwrap()
}
