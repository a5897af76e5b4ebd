//! How many zones one core reads in a second: `cargo run --release -p mrz --example speed`.

use mrz::{Window, parse};
use std::hint::black_box;
use std::time::{Duration, Instant};

const ZONES: [&str; 5] = [
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<",
];

fn main() {
    let window = Window::on("2026-05-01".parse().expect("a day"));
    let rounds = (0..5).map(|_| {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < Duration::from_secs(1) {
            for _ in 0..1000 {
                for zone in ZONES {
                    black_box(parse(black_box(zone), &window)).expect("a specimen");
                    count += 1;
                }
            }
        }
        f64::from(count) / start.elapsed().as_secs_f64()
    });
    let mut rounds: Vec<_> = rounds.collect();
    rounds.sort_by(f64::total_cmp);
    println!("figure zones_per_second {:.0}", rounds[2]);
    println!("zones read a second on one core: median {:.0}, {:.0} to {:.0}", rounds[2], rounds[0], rounds[4]);
}
