//! A zone is read or refused; what was read can be written, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let window = mrz::Window::on("2026-05-01".parse().expect("a day"));
    let Ok(zone) = mrz::parse(text, &window) else { return };
    let lines = mrz::generate(&zone).expect("what was read can be written");
    assert_eq!(mrz::parse(&lines, &window).expect("what was written can be read"), zone);
});
