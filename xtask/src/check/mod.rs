//! `cargo xtask test`: everything CI checks, to the end, whatever fails on the way.

pub(crate) mod command;
mod contract;
mod dependencies;
mod results;

use crate::clients;
use crate::local::{Local, cargo};
use crate::progress::Step;
use anyhow::Result;
use clap::ValueEnum;
use cluster::Cluster;
pub(crate) use results::Tally;
use std::process::ExitCode;

/// Which checks to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run this alone; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Level>,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// The code's layout.
    Format,
    /// The compiler's and clippy's lints.
    Lints,
    /// Licences and sources of what we build from.
    Dependencies,
    /// The contract's lints, and that it breaks no client.
    Contract,
    /// All tests: engines, kits on real databases, the descriptor rules, services, stories.
    Tests,
    /// That the generated docs are what the contract says.
    Docs,
    /// The OpenAPI document: its linters, and clients generated from it that call a live gateway.
    Clients,
}

/// Runs the checks. The last line is `N passed, N failed`, and `, N skipped` if something could not be checked here.
pub(crate) fn check(options: &Options) -> Result<ExitCode> {
    let local = Local::open()?;
    let mut tally = Tally::default();
    for level in Level::value_variants() {
        if !options.only.is_empty() && !options.only.contains(level) {
            continue;
        }
        tally += match level {
            Level::Format => command::check("layout: cargo fmt", cargo().args(["fmt", "--all", "--check"])),
            Level::Lints => {
                let mut clippy = cargo();
                clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
                command::check("lints: cargo clippy", &mut clippy)
            }
            Level::Dependencies => dependencies::check(&local),
            Level::Contract => contract::check(&local),
            Level::Tests => tests(&local),
            Level::Docs => docs(),
            // Last: it takes Ctrl-C for itself.
            Level::Clients => clients::level(&local),
        };
    }
    println!("{tally}");
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All tests, on one PostgreSQL and one Redis that all test programs share.
fn tests(local: &Local) -> Tally {
    let step = Step::begin("PostgreSQL and Redis for the tests");
    let started = Cluster::start(&local.test_cluster(), &mut |words| step.say(words));
    let cluster = match step.done(started) {
        Ok(cluster) => cluster,
        Err(error) => {
            println!("{error:#}");
            return Tally::FAILED;
        }
    };
    let mut test = cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]);
    test.env("LEGATION_TEST_POSTGRES", cluster.postgres().superuser_url("postgres"));
    test.env("LEGATION_TEST_REDIS", cluster.redis().url(0));
    let step = Step::begin("tests: cargo test");
    let outcome = command::run(&mut test, &step);
    let tally = Tally::of_tests(&outcome.output, outcome.success);
    step.end(tally.mark());
    if tally.failed > 0 {
        println!("{}", results::worth_showing(&outcome.output));
    }
    if let Err(error) = cluster.stop() {
        println!("{error:#}");
        return tally + Tally::FAILED;
    }
    tally
}

/// That the generated docs are as they would be written now.
fn docs() -> Tally {
    let step = Step::begin("docs: what is generated is up to date");
    match step.done(crate::docs::check()) {
        Ok(()) => Tally::PASSED,
        Err(error) => {
            println!("{error:#}");
            Tally::FAILED
        }
    }
}
