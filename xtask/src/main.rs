//! The developer's verbs: up, down, test, bench, demo, docs.

mod demo;

fn main() {}
