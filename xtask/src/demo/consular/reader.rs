//! A reader of machine-readable zones that is none of ours: the package `mrz` of PyPI, in an environment of its own.

use crate::local::{Local, root};
use crate::progress::Step;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ADVICE: &str =
    "the package mrz could not be fetched from PyPI; python3 with venv and pip is needed, and a way there";

/// The reader.
pub(super) struct Reader {
    python: PathBuf,
}

impl Reader {
    /// Made at first need under `.local/tools`, and found there again.
    ///
    /// # Errors
    /// There is no Python with venv and none can be installed, or PyPI is not reached.
    pub(super) fn provide(local: &Local) -> Result<Self> {
        let step = Step::begin("the package mrz, which reads passports");
        let made = Self::make(&local.path("tools/mrz"), &step);
        step.done(made)
    }

    fn make(folder: &Path, step: &Step) -> Result<Self> {
        let reader = Self { python: folder.join("bin/python") };
        if reader.works() {
            return Ok(reader);
        }
        let environment = || Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder).output();
        // Debian keeps venv in a package of its own.
        if !environment().is_ok_and(|output| output.status.success()) && cluster::is_root() {
            cluster::package(&["python3-venv"], &mut |words| step.say(words)).context(ADVICE)?;
            succeeded(&environment().context("run python3")?).context(ADVICE)?;
        }
        step.say("fetching it from PyPI");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        let output = Command::new(&reader.python).args(pip).arg(data("requirements.txt")).output().context(ADVICE)?;
        succeeded(&output).context(ADVICE)?;
        Ok(reader)
    }

    fn works(&self) -> bool {
        let mut command = Command::new(&self.python);
        command.args(["-c", "import mrz.checker.td3"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// What it reads in a zone: `valid`, `faults`, `fields`.
    ///
    /// # Errors
    /// It cannot be run, or breaks off.
    pub(super) fn read(&self, lines: &[String]) -> Result<Value> {
        let mut command = Command::new(&self.python);
        command.arg(data("read.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("run the reader")?;
        let mut stdin = child.stdin.take().context("its input is piped")?;
        stdin.write_all(lines.join("\n").as_bytes()).context("give the zone to the reader")?;
        drop(stdin);
        let output = child.wait_with_output().context("wait for the reader")?;
        succeeded(&output).context("the reader")?;
        serde_json::from_slice(&output.stdout).context("the reader's answer is no JSON")
    }
}

fn data(file: &str) -> PathBuf {
    root().join("xtask/data/mrz").join(file)
}

fn succeeded(output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    bail!("{}", words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it failed without a word"))
}
