//! The zones of the standard and of others, and what must hold for every zone.

mod cases;
mod failures;
mod names;
mod properties;
mod specimens;
mod transliteration;

use mrz::{Refusal, Window, Zone};

/// A day on which the cases were looked at.
fn window() -> Window {
    Window::on("2026-11-22".parse().expect("a day"))
}

fn read(lines: &str) -> Result<Zone, Refusal> {
    mrz::parse(lines, &window())
}
