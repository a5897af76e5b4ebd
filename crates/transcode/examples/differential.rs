//! Compares the tables with dynamic messages on as many random messages as are asked for; exits with 1 on a difference.
//!
//! `cargo run -p transcode --example differential --release -- 300000`

#[path = "../tests/it/differ.rs"]
mod differ;
#[path = "../tests/it/random.rs"]
mod random;

use std::process::ExitCode;
use transcode::Tables;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(300_000);
    let pool = random::pool();
    let tables = Tables::of(&pool);
    let types = random::types(&pool);
    let mut count = differ::Count::default();
    let mut differences = 0;
    // The seeds the tests do not use.
    for seed in 1_000_000..1_000_000 + wanted {
        if let Err(difference) = differ::compare(&mut random::Random::new(seed), &tables, &types, &mut count) {
            eprintln!("seed {seed}: {difference}");
            differences += 1;
        }
    }
    println!(
        "{} messages, {} bytes on the wire, {} damaged inputs read alike, {differences} differences",
        count.messages, count.bytes, count.damaged
    );
    ExitCode::from(u8::from(differences > 0))
}
