//! What sealing costs: `cargo run --release -p vault --example cost`. Prints microseconds for each step.

use std::hint::black_box;
use std::time::Instant;
use vault::{Broken, DataKey, Vault};

/// How often each is done.
const TIMES: u32 = 200_000;
/// Bytes of what is sealed of a member with all its papers.
const PAPERS: usize = 500;

fn timed(what: &str, mut step: impl FnMut() -> Result<(), Broken>) -> Result<(), Broken> {
    let begun = Instant::now();
    for _ in 0..TIMES {
        step()?;
    }
    println!("{what}: {:.2} us", begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    Ok(())
}

fn main() -> Result<(), Broken> {
    let vault = Vault::parse(&vault::generate()?).expect("what was just made can be read");
    let (place, papers) = (["document", "members/a", "1-9f86d081"], vec![7; PAPERS]);
    let key = DataKey::random()?;
    let (wrapped, sealed) = (vault.wrap("members/a", &key)?, key.seal(&place, &papers)?);
    timed("a read: unwrap the key, open", || {
        let key = vault.unwrap("members/a", &wrapped.bytes)?;
        black_box(key.open(&place, &sealed)?);
        Ok(())
    })?;
    timed("a change: seal", || key.seal(&place, &papers).map(|sealed| drop(black_box(sealed))))?;
    timed("a new record: a key, wrapped", || {
        vault.wrap("members/a", &DataKey::random()?).map(|key| drop(black_box(key)))
    })?;
    timed("a blind value", || {
        black_box(vault.blind("members.passport_number", "L898902C3"));
        Ok(())
    })
}
