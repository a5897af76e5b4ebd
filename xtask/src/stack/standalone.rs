//! The program `standalone`: built, given its settings, started, watched, stopped.

mod log;
mod settings;

pub(crate) use settings::Settings;

use super::blocking;
use crate::local::{Local, cargo};
use crate::progress::Step;
use anyhow::{Context as _, Result, bail};
pub(crate) use log::Log;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// What its command line contains.
const MARK: &str = "standalone";
/// The file with its process number.
const PID_FILE: &str = "standalone.pid";
/// It is ready within 2 s of its database; a busy machine may take longer.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// The running program.
pub(super) struct Standalone {
    local: Local,
    child: Child,
    pid: i32,
    log: Log,
}

/// Builds it; cargo shows its own progress. The program's path.
pub(super) async fn build(release: bool) -> Result<PathBuf> {
    let profile = if release { "release" } else { "dev" };
    let step = Step::begin_aloud(format!("building standalone, profile {profile}"));
    let mut build = Command::from(cargo());
    // As the alias `xtask` does: with the features of the whole workspace.
    build.args(["build", "--bin", "standalone", "--message-format", "json-render-diagnostics"]);
    if release {
        build.arg("--release");
    }
    step.done(built(build).await)
}

async fn built(mut build: Command) -> Result<PathBuf> {
    let mut child = build.stdout(Stdio::piped()).kill_on_drop(true).spawn().context("run cargo")?;
    let mut lines = BufReader::new(child.stdout.take().context("cargo's output is piped")?).lines();
    let mut program = None;
    while let Some(line) = lines.next_line().await? {
        let message: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(path) = message["executable"].as_str().filter(|_| message["target"]["name"] == MARK) {
            program = Some(PathBuf::from(path));
        }
    }
    if !child.wait().await?.success() {
        bail!("cargo could not build standalone");
    }
    program.context("the package standalone has no program of its name")
}

impl Standalone {
    /// Starts it, in the place of one that a killed `up` left, and waits until it is ready.
    pub(super) async fn start(local: &Local, program: &Path, settings: &Settings) -> Result<Self> {
        stop_leftover(local)?;
        let step = Step::begin("starting the services");
        let log = Log::create(local)?;
        let mut command = settings.command(program);
        // A group of its own: Ctrl-C reaches us, and we decide in which order the others end.
        command.process_group(0).stdin(Stdio::null()).kill_on_drop(true);
        let child = command.stdout(log.for_child()?).stderr(log.for_child()?).spawn().context("start standalone")?;
        let pid = child.id().context("it has only just been started")?;
        local.write(PID_FILE, &pid.to_string())?;
        let mut this = Self { local: local.clone(), child, pid: i32::try_from(pid)?, log };
        let ready = this.wait_ready(settings).await;
        step.done(ready).map(|()| this)
    }

    async fn wait_ready(&mut self, settings: &Settings) -> Result<()> {
        let url = format!("{}/readyz", settings.admin_address());
        let client = reqwest::Client::new();
        let ready = async {
            let mut rest = tokio::time::interval(Duration::from_millis(10));
            while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                rest.tick().await;
            }
        };
        tokio::select! {
            outcome = timeout(READY_LIMIT, ready) => match outcome {
                Ok(()) => Ok(()),
                Err(_) => bail!("it is not ready after {READY_LIMIT:?}; its log:\n{}", self.log.tail()),
            },
            status = self.child.wait() => bail!("it ended ({}); its log:\n{}", status?, self.log.tail()),
        }
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.context("wait for standalone")
    }

    /// Its log.
    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Tells it to drain and end, and waits for it.
    pub(super) async fn stop(mut self) -> Result<()> {
        let pid = self.pid;
        blocking(move || cluster::stop(pid, MARK)).await.context("stop standalone")?;
        self.child.wait().await.context("wait for standalone")?;
        self.local.delete(PID_FILE)
    }
}

/// Stops a `standalone` that a killed `up` left. True if there was one.
pub(crate) fn stop_leftover(local: &Local) -> Result<bool> {
    let Some(pid) = local.read(PID_FILE)?.and_then(|text| text.trim().parse().ok()) else { return Ok(false) };
    let stopped = cluster::stop(pid, MARK).context("stop the standalone of an earlier run")?;
    local.delete(PID_FILE)?;
    Ok(stopped)
}
