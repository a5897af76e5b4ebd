//! How well names are told apart: precision, recall and F1 on labelled pairs, by category, for the half that the weights
//! were fitted to and the half that they were not: `cargo run -p screening --example screening_quality`.

use screening::{Kind, Scorer};
use std::collections::BTreeMap;
use std::path::Path;

/// From which score on two names are called the same.
const THRESHOLD: f64 = 0.5;

#[derive(Clone, Copy, Default)]
struct Count {
    hits: u32,
    false_hits: u32,
    missed: u32,
    told_apart: u32,
}

impl Count {
    fn add(&mut self, same: bool, found: bool) {
        match (same, found) {
            (true, true) => self.hits += 1,
            (false, true) => self.false_hits += 1,
            (true, false) => self.missed += 1,
            (false, false) => self.told_apart += 1,
        }
    }

    /// Precision, recall and F1; none where there is nothing to be had.
    fn measures(&self) -> [Option<f64>; 3] {
        let share = |of: u32, all: u32| (all > 0).then(|| f64::from(of) / f64::from(all));
        [
            share(self.hits, self.hits + self.false_hits),
            share(self.hits, self.hits + self.missed),
            share(2 * self.hits, 2 * self.hits + self.false_hits + self.missed),
        ]
    }

    fn line(&self, name: &str) -> String {
        let told = |share: Option<f64>| share.map_or_else(|| "    -".to_owned(), |share| format!("{share:.3}"));
        let all = self.hits + self.false_hits + self.missed + self.told_apart;
        let [precision, recall, f1] = self.measures().map(told);
        format!("{name:<32} {all:>5} {precision:>9} {recall:>7} {f1:>7}")
    }
}

fn main() -> anyhow::Result<()> {
    let scorer = Scorer::shipped()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/name_pairs/cases.csv");
    let mut categories: BTreeMap<String, Count> = BTreeMap::new();
    let mut halves = [Count::default(); 2];
    for (number, row) in csv::Reader::from_path(file)?.records().enumerate() {
        let row = row?;
        let kind = if &row[1] == "Person" { Kind::Person } else { Kind::Body };
        let [one, other] = [2, 3].map(|column| scorer.folded(&row[column], kind));
        let (same, found) = (&row[4] == "true", scorer.compare(&one, &other, kind).0 >= THRESHOLD);
        halves[number % 2].add(same, found);
        let category = if row[6].is_empty() { "(none)" } else { &row[6] };
        for name in [format!("{} {}", &row[0], &row[1]), format!("  {category}")] {
            categories.entry(name).or_default().add(same, found);
        }
        if std::env::args().any(|argument| argument == "mistakes") && same != found {
            println!("{}: {} | {}", if same { "missed" } else { "false hit" }, &row[2], &row[3]);
        }
    }
    let [fitted, held_out] = halves;
    let mut all = fitted;
    for (count, more) in [
        (&mut all.hits, held_out.hits),
        (&mut all.false_hits, held_out.false_hits),
        (&mut all.missed, held_out.missed),
        (&mut all.told_apart, held_out.told_apart),
    ] {
        *count += more;
    }
    println!("{:<32} {:>5} {:>9} {:>7} {:>7}", "pairs", "", "precision", "recall", "F1");
    for (name, count) in &categories {
        println!("{}", count.line(name));
        if let [Some(precision), Some(recall), _] = count.measures() {
            println!("figure precision {} {precision:.3}\nfigure recall {} {recall:.3}", name.trim(), name.trim());
        }
    }
    for (name, count) in [("f1_all", &all), ("f1_held_out", &held_out)] {
        println!("figure {name} {:.4}", count.measures()[2].unwrap_or_default());
    }
    println!("{}\n{}\n{}", fitted.line("fitted to"), held_out.line("held out"), all.line("all"));
    Ok(())
}
