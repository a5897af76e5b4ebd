//! The OpenAPI document in the hands of others: linters, generated clients, a fuzzer.
//!
//! spectral and redocly lint it, openapi-generator makes a Python and a TypeScript client of it, which call the live
//! gateway, and a browser, if there is one, tries the page at `/docs`: so much is a level of `cargo xtask test`, on a house of
//! its own. `cargo xtask clients` does the same with the
//! gateway that runs; and schemathesis calls every operation with what it thinks up, and holds each answer to what the
//! document says.

mod browser;
mod fuzz;
mod tools;
mod trial;

use crate::check::Tally;
use crate::local::Local;
use crate::stack::{Instance, Keys, Stack, stop_leftover};
use anyhow::{Context as _, Result, anyhow, bail};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use tools::Tools;

/// Where in `.local` the house of the tests lies.
pub(crate) const HOUSE: &str = "clients/house";

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the gateway is; the one that `cargo xtask up` runs if not given, or one for the time it takes.
    #[arg(long)]
    url: Option<String>,
    /// A file with a key for each role, as `cargo xtask up` writes it.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// How many requests the fuzzer thinks up for each operation, besides those at the bounds of each field.
    #[arg(long, default_value_t = 20)]
    examples: u32,
    /// Only operations whose paths match this regular expression are fuzzed.
    #[arg(long, default_value = "^/v1/")]
    paths: String,
    /// Only lint and generate, without the fuzzer.
    #[arg(long)]
    no_fuzz: bool,
}

/// Runs it all against the gateway that runs, or one started for the time it takes.
pub(crate) async fn clients(options: Options) -> Result<ExitCode> {
    let local = Local::open()?;
    if let Some(url) = &options.url {
        let path = options.keys.clone().unwrap_or_else(|| local.path("keys.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        return run(&local, &options, url, &Keys::from_text(&text)?).await;
    }
    match Instance::claim(&local)? {
        Err(running) if running.address.is_empty() => bail!("`cargo xtask up` is starting; try again when it is ready"),
        Err(running) => run(&local, &options, &running.address, &Keys::read(&local)?).await,
        Ok(instance) => {
            let stack = Stack::start(&local, false).await?;
            instance.publish(&stack.address)?;
            let outcome = run(&local, &options, &stack.address, &stack.keys).await;
            stack.stop().await?;
            outcome
        }
    }
}

async fn run(local: &Local, options: &Options, address: &str, keys: &Keys) -> Result<ExitCode> {
    let tools = Tools::provide(local)?;
    let mut tally = trial::trial(&tools, address, key(keys, "protocol-officer")?).await?;
    if !options.no_fuzz {
        tally += fuzz::fuzz(&tools, address, key(keys, "tenant-admin")?, options).await?;
    }
    println!("{tally}");
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The level of `cargo xtask test`. Left out, and counted so, where the tools cannot be had.
pub(crate) fn level(local: &Local) -> Tally {
    let tools = match Tools::provide(local) {
        Ok(tools) => tools,
        Err(error) => {
            eprintln!("      clients: the level is left out, since its tools cannot be had: {error:#}");
            return Tally::SKIPPED;
        }
    };
    crate::with_runtime(on_a_house_of_its_own(local, &tools)).unwrap_or_else(|error| {
        println!("{error:#}");
        Tally::FAILED
    })
}

/// Nothing of it is kept, and nothing that the developer keeps is touched.
async fn on_a_house_of_its_own(local: &Local, tools: &Tools) -> Result<Tally> {
    let house = local.apart(HOUSE)?;
    let claimed = Instance::claim(&house)?;
    let _instance = claimed.map_err(|running| anyhow!("process {} tries the clients already", running.pid))?;
    stop_leftover(&house)?;
    cluster::purge(&house.path("cluster"))?;
    house.delete("keys.json")?;
    let stack = Stack::start(&house, false).await?;
    let key = key(&stack.keys, "protocol-officer")?.to_owned();
    let tried = tokio::select! {
        tried = trial::trial(tools, &stack.address, &key) => tried,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("given up")),
    };
    stack.stop().await?;
    cluster::purge(&house.path("cluster"))?;
    tried
}

fn key<'k>(keys: &'k Keys, role: &str) -> Result<&'k str> {
    keys.of(role).with_context(|| format!("there is no key for {role}"))
}
