//! `cargo xtask fuzz`: every parser of outside input is fed what was made to break it.
//!
//! A fuzzer needs the sanitizer, which the compiler has and offers to nightly builds alone; `RUSTC_BOOTSTRAP` lets this one have it.

use crate::check::{Tally, command};
use crate::local::{cargo, root};
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::process::ExitCode;

/// How long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many seconds for each target.
    #[arg(default_value_t = 60)]
    seconds: u32,
}

/// Runs all targets, from their seeds (`fuzz/seeds`) and what earlier runs kept (`fuzz/corpus`).
pub(crate) fn fuzz(options: &Options) -> Result<ExitCode> {
    if !cargo().args(["fuzz", "--version"]).output().is_ok_and(|output| output.status.success()) {
        let installed = cargo().args(["install", "--locked", "cargo-fuzz"]).status().context("install cargo-fuzz")?;
        ensure!(installed.success(), "cargo-fuzz could not be installed");
    }
    let mut tally = Tally::default();
    for target in targets()? {
        let corpus = root().join("fuzz/corpus").join(&target);
        fs::create_dir_all(&corpus).with_context(|| format!("make {}", corpus.display()))?;
        let mut run = cargo();
        run.env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", "--fuzz-dir", "fuzz", &target]);
        let seeds = root().join("fuzz/seeds").join(&target);
        run.arg(corpus).args(seeds.is_dir().then_some(seeds));
        run.args(["--", &format!("-max_total_time={}", options.seconds), "-timeout=10"]);
        tally += command::check(&format!("fuzz: {target}, {} seconds", options.seconds), &mut run);
    }
    println!("{tally}");
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The targets by name, in alphabetical order.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/targets");
    let files = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let mut targets: Vec<String> =
        files.flatten().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    targets.sort();
    Ok(targets)
}
