//! How names compare: the labelled pairs, and what users of other matchers complained of.

use super::{data, scorer};
use screening::{Band, Kind, Scorer, fold};

fn score(scorer: &Scorer, one: &str, other: &str, kind: Kind) -> f64 {
    scorer.compare(&scorer.folded(one, kind), &scorer.folded(other, kind), kind).0
}

#[test]
fn labelled_pairs_are_told_apart() {
    let (scorer, pairs) = (scorer(), data("name_pairs/cases.csv"));
    // Both halves: those the weights were fitted to, and those that were never looked at.
    let mut counts = [[0_u32; 3]; 2];
    for (number, row) in csv::Reader::from_reader(pairs.as_bytes()).records().enumerate() {
        let row = row.unwrap();
        let kind = if &row[1] == "Person" { Kind::Person } else { Kind::Body };
        let [hits, false_hits, missed] = &mut counts[number % 2];
        match (&row[4] == "true", score(&scorer, &row[2], &row[3], kind) >= 0.5) {
            (true, true) => *hits += 1,
            (false, true) => *false_hits += 1,
            (true, false) => *missed += 1,
            (false, false) => {}
        }
    }
    let f1 = |[hits, false_hits, missed]: [u32; 3]| f64::from(2 * hits) / f64::from(2 * hits + false_hits + missed);
    let [fitted, held_out] = counts;
    let all = std::array::from_fn(|index| fitted[index] + held_out[index]);
    assert!(f1(held_out) >= 0.85 && f1(all) >= 0.85, "held out {}, all {}: {counts:?}", f1(held_out), f1(all));
}

#[test]
fn one_name_in_many_scripts_is_one_name() {
    let scorer = scorer();
    for name in [
        "Владимир Путин",
        "PUTIN, Vladimir",
        "Vladimir Poutine",
        "Wladimir Putin",
        "Володимир Путін",
        "ვლადიმერ პუტინი",
    ] {
        let found = score(&scorer, name, "Vladimir Putin", Kind::Person);
        assert!(found >= 0.5, "{name} ({}) scores {found}", fold(name));
    }
}

#[test]
fn a_word_in_common_is_no_match() {
    let scorer = scorer();
    for (one, other) in [
        ("Example Trading Corp", "Sample Shipping Corp"),
        ("First Bank of Example", "First Bank of Anywhere"),
        ("EMMA", "EMMA MARITIME SERVICES AND TRADING COMPANY"),
    ] {
        let (same, less) = (score(&scorer, one, one, Kind::Body), score(&scorer, one, other, Kind::Body));
        assert!(same >= 0.85 && less < same - 0.1, "{one} and {other}: {less}, itself {same}");
    }
    assert!(score(&scorer, "Example Trading Corp", "Sample Shipping Corp", Kind::Body) < 0.5);
    assert!(score(&scorer, "Hafez Example", "Rami Example", Kind::Person) < 0.5);
}

#[test]
fn a_score_says_what_makes_it() {
    let scorer = scorer();
    let folded = |name| scorer.folded(name, Kind::Person);
    let (score, features) = scorer.compare(&folded("Ana Example"), &folded("Ana Otherwise"), Kind::Person);
    let odds: f64 = features.iter().map(|feature| feature.contribution).sum();
    assert!((score - 1.0 / (1.0 + (-odds).exp())).abs() < 1e-12);
    assert!(features.iter().any(|feature| feature.name == "conflict" && feature.contribution < -2.0), "{features:?}");
}

#[test]
fn a_name_alone_is_never_a_strong_hit() {
    let scorer = scorer();
    assert_eq!(scorer.band(0.99, false), Some(Band::Possible));
    assert_eq!(scorer.band(0.99, true), Some(Band::Strong));
    assert_eq!(scorer.band(scorer.least() - 0.01, true), None);
}
