//! The developer's verbs: up, down, test, bench, demo, docs.

fn main() {}
