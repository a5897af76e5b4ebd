//! `legation`, the command line: every method of the contract as a command, read from the descriptors at run time.

mod apply;
mod audit;
mod catalogue;
mod client;
mod columns;
mod commands;
mod device;
mod documents;
mod events;
mod failure;
mod fields;
mod import;
mod login;
mod output;
mod profile;
mod request;
mod route;
mod run;
mod shape;

use catalogue::Catalogue;
use failure::Failure;
use proto::contract::contract;
use std::process::ExitCode;

fn main() -> ExitCode {
    let catalogue = Catalogue::of(contract());
    let matches = commands::tree(&catalogue).get_matches();
    rustls::crypto::ring::default_provider().install_default().expect("nothing has installed another before");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread needs nothing that could be missing");
    let outcome: Result<(), Failure> = runtime.block_on(async {
        tokio::select! {
            outcome = run::run(&catalogue, &matches) => outcome,
            _ = tokio::signal::ctrl_c() => std::process::exit(130),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
