//! The index finds what comparing with everyone would find, weighs evidence, and is replaced without a pause.

use super::everyone::Everyone;
use super::{data, scorer, varied};
use chrono::NaiveDate;
use screening::lists::read_un;
use screening::{Band, Birth, Entry, Index, Kind, Live, Sex, Subject, retire};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

fn council() -> Vec<Entry> {
    read_un("un-sc", &data("sanctions/UN_consolidated.xml")).unwrap().entries
}

fn born(day: &str) -> Option<Birth> {
    Some(Birth::on(day.parse::<NaiveDate>().unwrap()))
}

#[test]
fn every_listed_name_finds_its_entry() {
    let (entries, scorer) = (council(), scorer());
    let index = Index::of(entries.clone(), &scorer);
    assert_eq!(index.entries(), 1_003);
    let (mut asked, mut missed) = (0, Vec::new());
    // Every third, since a test is not optimised.
    for entry in entries.iter().step_by(3) {
        for name in &entry.names {
            let folded = scorer.folded(name, entry.kind);
            if scorer.compare(&folded, &folded, entry.kind).0 < 0.5 {
                continue;
            }
            asked += 1;
            let hits = index.search(&scorer, &Subject::named(entry.kind, name.as_str()), 50);
            if !hits.iter().any(|hit| hit.entry.reference == entry.reference) {
                missed.push(name);
            }
        }
    }
    assert!(asked > 1_200 && missed.is_empty(), "{asked} asked, not found: {missed:?}");
}

#[test]
fn a_search_finds_whoever_comparing_with_everyone_finds_alike() {
    let scorer = scorer();
    let listed = varied::listed().unwrap();
    let entries = varied::varied(&listed, 30_000);
    let (index, everyone) = (Index::of(entries.clone(), &scorer), Everyone::new(&entries, &scorer));
    let queries = varied::queries(&listed, 60);
    // So alike that a date of birth makes the hit a strong one.
    let all: Vec<_> = queries.iter().flat_map(|query| everyone.alike(&entries, &index, &scorer, query, 0.85)).collect();
    let missed: Vec<f64> = all.iter().filter(|alike| !alike.found).map(|alike| alike.score).collect();
    assert!(all.len() >= 30 && missed.is_empty(), "{} are alike, not found: {missed:?}", all.len());
}

#[test]
fn slips_and_order_do_not_hide_an_entry() {
    let scorer = scorer();
    let entry = Entry::new("own", "1", Kind::Person, "Alexander Lukashenko");
    let others = (0..500).map(|n| Entry::new("own", format!("x{n}"), Kind::Person, format!("Person Example{n}")));
    let index = Index::of(others.chain([entry]).collect(), &scorer);
    for name in [
        "Alexander Luakshenko",
        "LUKASHENKO, Alexander",
        "Aleksandr Lukashenka",
        "AlexanderLukashenko",
        "Александр Лукашенко",
        "Alex Lukashenko",
    ] {
        let hits = index.search(&scorer, &Subject::named(Kind::Person, name), 5);
        assert_eq!(hits.first().map(|hit| hit.entry.reference.as_str()), Some("1"), "{name}");
    }
    let none = index.search(&scorer, &Subject::named(Kind::Body, "Alexander Lukashenko"), 5);
    assert!(none.is_empty(), "a body is not a person of its name");
}

#[test]
fn evidence_beside_the_name_weighs() {
    let scorer = scorer();
    let mut entry = Entry::new("own", "1", Kind::Person, "Person Example");
    entry.births = vec![born("1954-08-12").unwrap()];
    entry.nationalities = vec!["IR".into()];
    entry.documents = vec!["A123456".into()];
    entry.sex = Some(Sex::Male);
    let index = Index::of(vec![entry], &scorer);
    let by = |change: &dyn Fn(&mut Subject)| {
        let mut subject = Subject::named(Kind::Person, "Person Example");
        change(&mut subject);
        let hits = index.search(&scorer, &subject, 5);
        hits.first().map(|hit| (hit.score, hit.band))
    };
    let (alone, band) = by(&|_| {}).unwrap();
    assert_eq!(band, Band::Possible, "a name alone");
    let score = |found: Option<(f64, Band)>| found.map_or(0.0, |(score, _)| score);
    let exact = by(&|subject| subject.birth = born("1954-08-12"));
    assert!(score(exact) > alone && exact.unwrap().1 == Band::Strong);
    let swapped = by(&|subject| subject.birth = born("1954-12-08"));
    let near = by(&|subject| subject.birth = born("1955-03-01"));
    let other = by(&|subject| subject.birth = born("1990-01-01"));
    assert!(
        score(exact) > score(swapped) && score(swapped) > score(near) && score(near) > alone && alone > score(other)
    );
    assert!(score(by(&|subject| subject.nationalities = vec!["SY".into()])) < alone);
    assert!(score(by(&|subject| subject.sex = Some(Sex::Female))) < alone);
    let document = |subject: &mut Subject| {
        subject.names = vec!["Somebody Else Entirely".into()];
        subject.documents = vec!["a 123-456".into()];
    };
    assert_eq!(by(&document), Some((1.0, Band::Strong)), "a document is beyond doubt");
    assert_eq!(by(&|subject| subject.names = vec!["Somebody Else Entirely".into()]), None);
}

#[test]
fn a_search_ends_on_the_index_it_began_with() {
    let scorer = Arc::new(scorer());
    let version = |n: usize| {
        let entries = (0..20).map(|of| Entry::new(format!("v{n}"), of.to_string(), Kind::Person, "Person Example"));
        Index::of(entries.collect(), &scorer)
    };
    let live = Arc::new(Live::new(version(0)));
    let done = Arc::new(AtomicBool::new(false));
    let searcher = {
        let (live, scorer, done) = (Arc::clone(&live), Arc::clone(&scorer), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut searches = 0;
            while !done.load(Ordering::Relaxed) || searches == 0 {
                let index = live.now();
                let hits = index.search(&scorer, &Subject::named(Kind::Person, "Person Example"), 50);
                assert_eq!(hits.len(), 20);
                assert!(hits.iter().all(|hit| hit.entry.list == hits[0].entry.list), "two versions in one answer");
                searches += 1;
            }
        })
    };
    for n in 1..200 {
        live.replace(version(n));
    }
    done.store(true, Ordering::Relaxed);
    searcher.join().unwrap();
}

#[test]
fn an_index_is_taken_apart_when_the_last_search_has_ended_and_by_whoever_replaced_it() {
    let scorer = scorer();
    let version = |list: &str| Index::of(vec![Entry::new(list, "1", Kind::Person, "Person Example")], &scorer);
    let live = Live::new(version("first"));
    let (held, before) = (live.now(), live.replace(version("second")));
    let (retired, ends) = mpsc::channel();
    let retiring = std::thread::spawn(move || {
        retire(before);
        retired.send(()).unwrap();
    });
    let hits = held.search(&scorer, &Subject::named(Kind::Person, "Person Example"), 5);
    assert_eq!(hits.first().map(|hit| hit.entry.list.as_str()), Some("first"), "it is whole as long as it is held");
    assert!(ends.try_recv().is_err(), "it is waited for");
    drop(hits);
    drop(held);
    ends.recv().unwrap();
    retiring.join().unwrap();
}

#[test]
fn of_many_of_one_name_the_one_of_the_same_birth_is_found() {
    let scorer = scorer();
    let birth = |number: u32| born(&format!("{}-{:02}-12", 1950 + number / 12, number % 12 + 1));
    let entry = |number: u32| Entry {
        births: vec![birth(number).unwrap()],
        ..Entry::new("own", number.to_string(), Kind::Person, "Ahmed Ali")
    };
    let index = Index::of((0..150).map(entry).collect(), &scorer);
    for number in 0..150 {
        let subject = Subject { birth: birth(number), ..Subject::named(Kind::Person, "Ahmed Ali") };
        let hits = index.search(&scorer, &subject, 50);
        let first = hits.first().map(|hit| (hit.entry.reference.as_str(), hit.band));
        assert_eq!(first, Some((number.to_string().as_str(), Band::Strong)));
    }
}
