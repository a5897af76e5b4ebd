//! Whether a search finds what comparing with every name would find: `cargo run --release -p screening --example
//! screening_recall`, with the number of names and of queries if others than these are meant.
//!
//! Names are found by two words, by one that is rare, or whole. A name that has one frequent word alone in common is a possible
//! hit by its score, and is not looked for: whoever is called Muhammad is not everyone's hit. The scores show where that ends.

mod everyone;
mod varied;

use everyone::{Alike, Everyone};
use screening::{Index, Scorer, Subject};
use std::thread;

/// How many names there are, if the first argument does not say otherwise.
const NAMES: usize = 50_000;
/// How many queries, if the second does not.
const QUERIES: usize = 400;
/// From which score on names are so alike that a date of birth makes the hit a strong one.
const ALIKE: f64 = 0.85;
/// The scores that are told apart: from half on, twenty to one.
const FROM: f64 = 0.5;
const STEPS: f64 = 20.0;

fn main() -> anyhow::Result<()> {
    let number = |which: usize| std::env::args().nth(which).and_then(|text| text.parse().ok());
    let (names, many) = (number(1).unwrap_or(NAMES), number(2).unwrap_or(QUERIES));
    let scorer = Scorer::shipped()?;
    let listed = varied::listed()?;
    let entries = varied::varied(&listed, names);
    let (index, everyone) = (Index::of(entries.clone(), &scorer), Everyone::new(&entries, &scorer));
    let queries = varied::queries(&listed, many);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let alike: Vec<Alike> = thread::scope(|scope| {
        let (entries, index, everyone, scorer) = (&entries, &index, &everyone, &scorer);
        let part = move |queries: &[Subject]| -> Vec<Alike> {
            queries.iter().flat_map(|query| everyone.alike(entries, index, scorer, query, FROM)).collect()
        };
        let parts: Vec<_> =
            queries.chunks(many.div_ceil(threads)).map(|queries| scope.spawn(move || part(queries))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("a comparison does not panic")).collect()
    });
    println!("{many} queries among {} names, by the index and by comparing with everyone", index.names());
    println!("score of the names alone    entries   found");
    let mut from = FROM;
    while from < 1.0 {
        let to = from + 1.0 / STEPS;
        let (all, found) = count(&alike, |score| score >= from && score < to);
        println!("{from:>10.2} to {to:<10.2} {all:>11} {found:>7}");
        from = to;
    }
    let (all, found) = count(&alike, |score| score >= ALIKE);
    println!("of {all} entries that score {ALIKE} or more, {found} are found");
    println!("figure recall_alike {:.4}", f64::from(found) / f64::from(all.max(1)));
    Ok(())
}

/// How many entries have such a score, and how many of these are found.
fn count(alike: &[Alike], of: impl Fn(f64) -> bool) -> (u32, u32) {
    let such = || alike.iter().filter(|one| of(one.score));
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (number(such().count()), number(such().filter(|one| one.found).count()))
}
