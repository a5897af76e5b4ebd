//! The developer's verbs: up, down, test, fuzz, demo, bench, docs, clients.

mod bench;
mod check;
mod clients;
mod demo;
mod docs;
mod down;
mod fuzz;
mod local;
mod progress;
mod reference;
mod stack;
mod up;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The developer's verbs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs the whole foreign service here: finds or installs PostgreSQL and Redis, starts, builds, migrates, serves.
    Up(up::Options),
    /// Stops what `up` started.
    Down(down::Options),
    /// Checks everything that CI checks.
    Test(check::Options),
    /// Feeds every parser of outside input what was made to break it.
    Fuzz(fuzz::Options),
    /// Measures what the house costs, against what it is held to.
    Bench(bench::Options),
    /// Writes the reference that comes from the contract: errors, states, OpenAPI.
    Docs(docs::Options),
    /// Lints the OpenAPI document, generates clients from it that call the gateway, and fuzzes every operation.
    Clients(clients::Options),
    /// Takes in every foreign mission of the data file, staffs a few, and plays a traffic stop; all through the gateway.
    Demo(demo::Options),
}

fn main() -> ExitCode {
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().expect("nothing has installed another before the first verb");
    let outcome = match Arguments::parse().verb {
        Verb::Up(options) => with_runtime(up::up(options)),
        Verb::Down(options) => down::down(&options).map(|()| ExitCode::SUCCESS),
        Verb::Test(options) => check::check(&options),
        Verb::Fuzz(options) => fuzz::fuzz(&options),
        Verb::Bench(options) => bench::bench(&options).map(|()| ExitCode::SUCCESS),
        Verb::Docs(options) => docs::docs(&options).map(|()| ExitCode::SUCCESS),
        Verb::Clients(options) => with_runtime(clients::clients(options)),
        Verb::Demo(options) => with_runtime(demo::demo(options)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn with_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(work);
    // What still blocks a thread, such as an installation given up by Ctrl-C, does not hold us.
    runtime.shutdown_background();
    outcome
}
