//! `cargo xtask down`: stops what `up` started, and forgets it if asked to.

use crate::clients;
use crate::local::Local;
use crate::progress::Step;
use crate::stack::{Running, stop_leftover};
use anyhow::{Context as _, Result};
use std::fs;
use std::io::ErrorKind;

/// Folders that are forgotten besides the databases: what the demonstration printed, and the publications of watch lists.
const FOLDERS: [&str; 2] = ["demo", "lists"];
/// Files that are forgotten besides the databases.
const KEPT: [&str; 5] = ["secrets.json", "keys.json", "up.json", "standalone.log", "standalone.log.1"];

/// How far to go.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Delete all data too: databases, keys, secrets, logs, watch lists. Downloaded programs stay.
    #[arg(long)]
    purge: bool,
}

/// Stops a running `up`, or what a killed one left.
pub(crate) fn down(options: &Options) -> Result<()> {
    let local = Local::open()?;
    let step = Step::begin("stopping");
    let stopped = stop(&local);
    let stopped = step.done(stopped)?;
    if !stopped {
        eprintln!("Nothing was running.");
    }
    if options.purge {
        let step = Step::begin("forgetting all data");
        step.done(purge(&local))?;
    }
    Ok(())
}

fn stop(local: &Local) -> Result<bool> {
    if let Some(running) = Running::find(local)? {
        running.stop(local)?;
        return Ok(true);
    }
    let standalone = stop_leftover(local)?;
    Ok(cluster::halt(&local.cluster().dir)? || standalone)
}

fn purge(local: &Local) -> Result<()> {
    cluster::purge(&local.cluster().dir)?;
    for name in KEPT {
        local.delete(name)?;
    }
    for name in FOLDERS {
        let folder = local.path(name);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("delete {}", folder.display()));
            }
            _ => {}
        }
    }
    // Tests may be running; their data is nobody's, and the next `down --purge` finds it again.
    for dir in [local.test_cluster().dir, local.apart(clients::HOUSE)?.cluster().dir] {
        if let Err(error) = cluster::purge(&dir) {
            eprintln!("The data of tests stays: {error:#}");
        }
    }
    Ok(())
}
