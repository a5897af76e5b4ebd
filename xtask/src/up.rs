//! `cargo xtask up`: the whole foreign service, until Ctrl-C.

use crate::local::Local;
use crate::progress::seconds;
use crate::stack::{Instance, Keys, Stack};
use anyhow::{Result, bail};
use std::process::ExitCode;
use std::time::Instant;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How to run it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build with optimisations: minutes more at the first build, several times the requests a second.
    #[arg(long)]
    release: bool,
}

/// Starts everything, says how to call it, and stops everything on Ctrl-C.
pub(crate) async fn up(options: Options) -> Result<ExitCode> {
    let begun = Instant::now();
    let local = Local::open()?;
    let instance = match Instance::claim(&local)? {
        Ok(instance) => instance,
        Err(running) if running.address.is_empty() => {
            bail!("another `cargo xtask up` is starting (process {})", running.pid)
        }
        Err(running) => {
            eprintln!("It runs already (process {}); `cargo xtask down` stops it.", running.pid);
            introduce(&running.address, &Keys::read(&local)?);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut end = End::new()?;
    let mut stack = tokio::select! {
        stack = Stack::start(&local, options.release) => stack?,
        () = end.asked() => {
            eprintln!("Given up.");
            return Ok(ExitCode::from(130));
        }
    };
    instance.publish(&stack.address)?;
    eprintln!("Ready after {}.", seconds(begun.elapsed()));
    introduce(&stack.address, &stack.keys);
    eprintln!("Warnings and errors follow; the whole log is .local/standalone.log. Ctrl-C stops everything.");
    let outcome = attend(&mut stack, &mut end).await;
    stack.stop().await?;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Shows the log until somebody asks for the end, or it comes unasked.
async fn attend(stack: &mut Stack, end: &mut End) -> Result<()> {
    let log = stack.log();
    tokio::select! {
        () = end.asked() => Ok(()),
        status = stack.ended() => bail!("standalone ended by itself ({}); its log is .local/standalone.log", status?),
        outcome = log.follow() => outcome,
    }
}

/// Says where it is, with which keys it is called, and one call that works.
fn introduce(address: &str, keys: &Keys) {
    println!("\n{address}\n");
    for (role, key) in keys.iter() {
        println!("  {role:18} {key}");
    }
    let key = keys.of("protocol-officer").unwrap_or_default();
    println!("\ncurl -s '{address}/v1/accreditation/missions?pageSize=3' -H 'Authorization: Bearer {key}'\n");
}

/// The signals that ask us to end.
struct End([Signal; 3]);

impl End {
    fn new() -> Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
