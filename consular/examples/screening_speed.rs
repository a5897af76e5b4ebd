//! How long one query takes among a million names: `cargo run --release -p consular --example screening_speed`.
//!
//! The names are those of the real lists and variants made from them: given names and surnames of several entries joined
//! anew, with slips, changed order and dropped parts. Queries are made the same way, half of them from listed names. One
//! thread asks; another rebuilds the index meanwhile in the last part.

use consular::screening::lists::{OfacFiles, read_ofac, read_un};
use consular::screening::{Entry, Index, Kind, Live, Scorer, Subject};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many names the index has, if the first argument does not say otherwise.
const NAMES: usize = 1_000_000;
const QUERIES: usize = 10_000;

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }
}

fn main() -> anyhow::Result<()> {
    let names = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(NAMES);
    let scorer = Arc::new(Scorer::shipped()?);
    let listed = listed()?;
    let before = resident();
    let entries = varied(&listed, names);
    let start = Instant::now();
    let live = Arc::new(Live::new(Index::of(entries.clone(), &scorer)));
    let built = start.elapsed();
    let count = live.now().names();
    println!("{} entries of real lists; {count} names indexed in {built:.1?}", listed.len());
    let queries = queries(&listed);
    let alone = ask(&live, &scorer, &queries);
    report("queries", &alone);
    let after = resident();
    println!("resident: {after} MB with the index and its entries, {before} MB before");
    println!("figure names {count}");
    println!("figure query_p99_ms {:.4}", milliseconds(alone[alone.len() * 99 / 100]));
    println!("figure index_mb {}", after.saturating_sub(before));

    let done = Arc::new(AtomicBool::new(false));
    let rebuilding = {
        let (live, scorer, done) = (Arc::clone(&live), Arc::clone(&scorer), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut rebuilt = 0;
            while !done.load(Ordering::Relaxed) || rebuilt == 0 {
                live.replace(Index::of(entries.clone(), &scorer));
                rebuilt += 1;
            }
            rebuilt
        })
    };
    let times = ask(&live, &scorer, &queries);
    done.store(true, Ordering::Relaxed);
    report("queries while the index is rebuilt", &times);
    println!("figure rebuilding_p99_ms {:.4}", milliseconds(times[times.len() * 99 / 100]));
    println!("figure rebuilding_most_ms {:.4}", milliseconds(times[times.len() - 1]));
    println!("rebuilt {} times meanwhile", rebuilding.join().map_err(|_| anyhow::anyhow!("the rebuild broke off"))?);
    Ok(())
}

fn listed() -> anyhow::Result<Vec<Entry>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sanctions");
    let [sdn, alt, add] = ["sdn.csv", "alt.csv", "add.csv"].map(|file| std::fs::read(folder.join(file)));
    let mut entries = read_ofac("ofac-sdn", OfacFiles { sdn: &sdn?, alt: &alt?, add: &add? })?;
    entries.extend(read_un("un-sc", &std::fs::read_to_string(folder.join("UN_consolidated.xml"))?)?.entries);
    Ok(entries)
}

/// The listed entries, and entries with one varied name each until there are so many names.
fn varied(listed: &[Entry], names: usize) -> Vec<Entry> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut entries = listed.to_vec();
    let have: usize = entries.iter().map(|entry| entry.names.len()).sum();
    let persons: Vec<&Entry> = listed.iter().filter(|entry| entry.kind == Kind::Person).collect();
    let bodies: Vec<&Entry> = listed.iter().filter(|entry| entry.kind != Kind::Person).collect();
    for number in have..names {
        // Four of five are persons, as travellers are.
        let (kind, from) = if dice.below(5) > 0 { (Kind::Person, &persons) } else { (Kind::Body, &bodies) };
        let name = variant(&mut dice, from);
        entries.push(Entry::new("generated", number.to_string(), kind, name));
    }
    entries
}

/// Parts of two names joined, with up to two slips.
fn variant(dice: &mut Dice, from: &[&Entry]) -> String {
    let name = |dice: &mut Dice| {
        let entry = from[dice.below(from.len())];
        entry.names[dice.below(entry.names.len())].replace(',', "")
    };
    let (one, other) = (name(dice), name(dice));
    let half = |text: &str, first: bool| -> Vec<String> {
        let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        let middle = words.len().div_ceil(2);
        if first { words[..middle].to_vec() } else { words[middle.min(words.len() - 1)..].to_vec() }
    };
    let mut words = half(&one, true);
    words.extend(half(&other, false));
    for _ in 0..dice.below(3) {
        let which = dice.below(words.len());
        slip(dice, &mut words[which]);
    }
    words.join(" ")
}

/// A letter changed, dropped, doubled, or changed places with its neighbour.
fn slip(dice: &mut Dice, word: &mut String) {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 {
        return;
    }
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => letters[at] = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0)),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters.swap(at, at + 1),
    }
    *word = letters.into_iter().collect();
}

fn queries(listed: &[Entry]) -> Vec<Subject> {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let all: Vec<&Entry> = listed.iter().filter(|entry| entry.kind == Kind::Person).collect();
    let query = |number: usize| {
        let name = if number.is_multiple_of(2) {
            let entry = all[dice.below(all.len())];
            let mut words: Vec<String> = entry.names[0].split_whitespace().map(str::to_owned).collect();
            let which = dice.below(words.len());
            slip(&mut dice, &mut words[which]);
            words.join(" ")
        } else {
            variant(&mut dice, &all)
        };
        Subject::named(Kind::Person, name)
    };
    (0..QUERIES).map(query).collect()
}

fn ask(live: &Live, scorer: &Scorer, queries: &[Subject]) -> Vec<Duration> {
    let time = |query: &Subject| {
        let start = Instant::now();
        let index = live.now();
        black_box(index.search(scorer, query, 20));
        start.elapsed()
    };
    let mut times: Vec<_> = queries.iter().map(time).collect();
    times.sort_unstable();
    times
}

fn report(what: &str, times: &[Duration]) {
    let at = |share: usize| times[(times.len() * share / 1000).min(times.len() - 1)];
    let total: Duration = times.iter().sum();
    println!(
        "{} {what}: p50 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, most {:.2?}; mean {:.2?}",
        times.len(),
        at(500),
        at(990),
        at(999),
        times[times.len() - 1],
        total / u32::try_from(times.len()).unwrap_or(1),
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Resident memory in megabytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
