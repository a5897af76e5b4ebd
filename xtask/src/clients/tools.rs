//! The tools of PyPI and npm in `.local/clients`, each at the version of a lock file, installed once.
//!
//! Python with venv is all that the machine must have. openapi-generator and a Java for it come from PyPI, and so does
//! node where the machine's is missing or too old.

use crate::check::command;
use crate::local::{Local, root};
use crate::progress::Step;
use anyhow::{Context as _, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Our part: programs, what the tools are told, and the lock files.
const SOURCE: &str = "xtask/data/clients";
/// The lock file of npm.
const PACKAGES: &str = "package-lock.json";
/// The oldest node that redocly runs on, major and minor.
const OLDEST_NODE: (u32, u32) = (20, 19);
/// Nobody is told that we lint.
const QUIET: [(&str, &str); 3] =
    [("REDOCLY_TELEMETRY", "off"), ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"), ("NO_UPDATE_NOTIFIER", "1")];

/// The tools.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    ///
    /// # Errors
    /// There is no Python, or a registry does not give what a lock file names.
    pub(super) fn provide(local: &Local) -> Result<Self> {
        let step = Step::begin("linters and openapi-generator, from PyPI and npm");
        let tools = Self { folder: local.path("clients") };
        let provided = tools.install(&step);
        step.done(provided)?;
        Ok(tools)
    }

    /// Installs the fuzzer, if it is missing.
    pub(super) fn provide_fuzzer(&self) -> Result<()> {
        let step = Step::begin("schemathesis, from PyPI");
        let provided = self.wheels("fuzzer.txt", &step);
        step.done(provided)
    }

    /// Where they are, and where they work.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A tool, or a program of the machine.
    pub(super) fn command(&self, program: &str) -> Command {
        let own = ["venv/bin", "node_modules/.bin"].map(|folder| self.folder.join(folder).join(program));
        let own = own.into_iter().find(|path| path.exists());
        let mut command = Command::new(own.unwrap_or_else(|| program.into()));
        command.current_dir(&self.folder).env("PATH", self.path()).envs(QUIET);
        // The node from PyPI brings authorities of its own, and the machine's are meant.
        command.env("NODE_USE_SYSTEM_CA", "1");
        command
    }

    /// Scripts of npm look for `node`, which may come from PyPI.
    fn path(&self) -> OsString {
        let machine = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.join("venv/bin")).chain(env::split_paths(&machine));
        env::join_paths(folders).unwrap_or(machine)
    }

    fn install(&self, step: &Step) -> Result<()> {
        fs::create_dir_all(&self.folder).context("make .local/clients")?;
        for entry in fs::read_dir(root().join(SOURCE)).context("read our own part")?.flatten() {
            fs::copy(entry.path(), self.folder.join(entry.file_name()))?;
        }
        self.venv(step)?;
        self.wheels("requirements.txt", step)?;
        if !self.has_node(step) {
            self.wheels("node.txt", step)?;
        }
        self.once(PACKAGES, || {
            step.say("npm ci");
            let quiet = ["ci", "--no-fund", "--no-audit", "--ignore-scripts"];
            run(self.command("npm").args(quiet), step)
        })
    }

    /// The place for what comes from PyPI.
    fn venv(&self, step: &Step) -> Result<()> {
        let there = self.folder.join("venv/bin/python").exists();
        if there && run(self.command("python").args(["-m", "pip", "--version"]), step).is_ok() {
            return Ok(());
        }
        let make = || run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(self.folder.join("venv")), step);
        if make().is_ok() {
            return Ok(());
        }
        if cluster::is_root() {
            cluster::package(&["python3", "python3-venv"], &mut |words| step.say(words))?;
        }
        make().context("python3 with venv is needed (on Debian: `apt-get install python3-venv`)")
    }

    fn wheels(&self, lock: &str, step: &Step) -> Result<()> {
        self.once(lock, || {
            step.say(&format!("pip install, {lock}"));
            let pip =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement"];
            run(self.command("python").args(pip).arg(lock), step)
        })
    }

    /// Whether there is a node with npm that is new enough.
    fn has_node(&self, step: &Step) -> bool {
        let node = command::run(self.command("node").arg("--version"), step);
        let npm = command::run(self.command("npm").arg("--version"), step);
        node.success && npm.success && version(&node.output).is_some_and(|version| version >= OLDEST_NODE)
    }

    /// Installs what a lock file names, unless that was done for a file that said the same.
    fn once(&self, lock: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
        let wanted = fs::read(self.folder.join(lock)).with_context(|| format!("read {lock}"))?;
        if fs::read(self.done(lock)).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        if self.done(lock).exists() {
            fs::remove_file(self.done(lock)).with_context(|| format!("forget that {lock} was done"))?;
        }
        install().with_context(|| format!("install what {lock} names"))?;
        fs::write(self.done(lock), wanted).with_context(|| format!("note that {lock} is done"))
    }

    /// It goes with what it speaks of.
    fn done(&self, lock: &str) -> PathBuf {
        let place = if lock == PACKAGES { "node_modules" } else { "venv" };
        self.folder.join(place).join(format!("{lock}.installed"))
    }
}

/// `v20.19.2`: major and minor.
fn version(words: &str) -> Option<(u32, u32)> {
    let mut numbers = words.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Runs a command to its end; its last words if it fails.
fn run(command: &mut Command, step: &Step) -> Result<()> {
    let outcome = command::run(command, step);
    if outcome.success {
        return Ok(());
    }
    let lines: Vec<_> = outcome.output.lines().filter(|line| !line.trim().is_empty()).collect();
    bail!("{} failed: {}", command.get_program().to_string_lossy(), lines[lines.len().saturating_sub(3)..].join(" / "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared_as_numbers() {
        assert_eq!(version("v20.9.0\n"), Some((20, 9)));
        assert!(version("v20.9.0").is_some_and(|version| version < OLDEST_NODE));
        assert!(version("v24.0.1").is_some_and(|version| version >= OLDEST_NODE));
        assert_eq!(version("cannot run node: No such file or directory"), None);
    }
}
