//! How long one query takes among a million names: `cargo run --release -p screening --example screening_speed`.
//!
//! The names are those of the real lists and variants made from them: given names and surnames of several entries joined
//! anew, with slips, changed order and dropped parts. Queries are made the same way, half of them from listed names. One
//! thread asks; another rebuilds the index meanwhile in the last part.

mod varied;

use screening::{Index, Live, Scorer, Subject, retire};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many names the index has, if the first argument does not say otherwise.
const NAMES: usize = 1_000_000;
const QUERIES: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let names = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(NAMES);
    let scorer = Arc::new(Scorer::shipped()?);
    let listed = varied::listed()?;
    let before = resident();
    let entries = varied::varied(&listed, names);
    let start = Instant::now();
    let live = Arc::new(Live::new(Index::of(entries.clone(), &scorer)));
    let built = start.elapsed();
    let count = live.now().names();
    println!("{} entries of real lists; {count} names indexed in {built:.1?}", listed.len());
    let queries = varied::queries(&listed, QUERIES);
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
                retire(live.replace(Index::of(entries.clone(), &scorer)));
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
