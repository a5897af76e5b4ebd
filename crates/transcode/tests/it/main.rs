//! The crate from outside.

mod differ;
mod random;

use transcode::Tables;

/// Five thousand here; `cargo run -p transcode --example differential --release -- 300000` for more.
#[test]
fn the_tables_agree_with_dynamic_messages() {
    let pool = random::pool();
    let tables = Tables::of(&pool);
    let types: Vec<_> =
        pool.all_messages().filter(|found| found.package_name() == "kinds" && !found.is_map_entry()).collect();
    let mut count = differ::Count::default();
    for seed in 0..5_000 {
        if let Err(difference) = differ::compare(&mut random::Random::new(seed), &tables, &types, &mut count) {
            panic!("seed {seed}: {difference}");
        }
    }
    assert_eq!(count.messages, 5_000);
    assert!(count.damaged > 500, "{count:?}");
}
