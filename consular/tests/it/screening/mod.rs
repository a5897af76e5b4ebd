//! Screening by itself: lists, names, evidence, the index.

mod index;
mod lists;
mod names;

use consular::screening::Scorer;
use std::path::PathBuf;

fn scorer() -> Scorer {
    Scorer::shipped().unwrap()
}

fn data(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    std::fs::read_to_string(path).unwrap()
}
