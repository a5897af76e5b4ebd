//! `cargo xtask bench`: what the house costs, each figure beside what it is held against, in one run on this machine.
//!
//! Absolute figures depend on the machine and on who else uses it; the ratios are what counts. Load comes from h2load
//! and wrk on the same machine, a few seconds at a time.

mod cases;
mod consular;
mod copies;
mod load;
mod peers;
mod rig;
mod scale;
mod table;

use crate::local::cargo;
use anyhow::{Context as _, Result, ensure};
use rig::Rig;
use std::sync::LazyLock;
use table::Table;
use tokio::runtime::Runtime;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these: engines, screening, area, mrz, booking, get, list, determine, create, scale, peers, standalone.
    only: Vec<String>,
    /// How many names and registrations `screening` and `area` have, where a million is too much for this machine.
    #[arg(long)]
    size: Option<u32>,
    /// For how many seconds each round of `booking` runs.
    #[arg(long)]
    seconds: Option<u32>,
}

/// Messages compared with dynamic messages in each direction.
const COMPARED: &str = "300000";

/// Measures, and prints what it measured against what.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let wanted = |case: &str| options.only.is_empty() || options.only.iter().any(|only| only == case);
    let mut table = Table::default();
    if wanted("engines") {
        engine("transcode", "differential", &[COMPARED])?;
        engine("transcode", "speed", &[])?;
        engine("accreditation", "immunity_speed", &[])?;
    }
    if wanted("screening") {
        consular::screening(options.size, &mut table)?;
    }
    if wanted("area") {
        consular::area(options.size, &mut table)?;
    }
    if wanted("mrz") {
        consular::mrz(&mut table)?;
    }
    if wanted("booking") {
        consular::booking(options.seconds, &mut table)?;
    }
    if ["get", "list", "determine", "create", "scale"].into_iter().any(wanted) {
        load::tools()?;
        let rig = Rig::start()?;
        if wanted("get") {
            cases::get(&rig, &mut table)?;
        }
        if wanted("determine") {
            cases::determine(&rig, &mut table)?;
        }
        if wanted("create") {
            cases::create(&rig, &mut table)?;
        }
        if wanted("list") {
            // After the creates there is a page to read.
            cases::list(&rig, &mut table)?;
        }
        if wanted("scale") {
            scale::scale(&rig, &mut table)?;
        }
        table.figure("resident after all this: gateway and accreditation", rig.resident()?, "MB");
    }
    if wanted("peers") {
        load::tools()?;
        peers::peers(&mut table)?;
    }
    if wanted("standalone") {
        rig::standalone(&mut table)?;
    }
    table.print();
    Ok(())
}

/// Runs an example that measures an engine alone and prints its own figures.
fn engine(package: &str, example: &str, arguments: &[&str]) -> Result<()> {
    println!("\n{package}: {example} {}", arguments.join(" "));
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "-p", package, "--example", example, "--"]).args(arguments);
    let status = command.status().context("run cargo")?;
    ensure!(status.success(), "{package}'s example {example} found something wrong");
    Ok(())
}

/// The runtime on which the bench talks to what it measures, between measurements.
fn client() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("the system gives threads"));
    &RUNTIME
}
