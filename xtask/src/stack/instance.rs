//! The one `up` of a checkout: who it is, and where it is called.

use crate::local::Local;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};

/// Locked as long as an `up` lives; the kernel unlocks it however it ends.
const LOCK: &str = "up.lock";
/// What is known of it.
const FILE: &str = "up.json";

/// An `up` that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    /// Where it is called; empty until it is ready.
    pub(crate) address: String,
}

/// The right to be the one. Given up when dropped.
pub(crate) struct Instance {
    local: Local,
    _lock: File,
}

impl Instance {
    /// Claims it; `Err` with the one that runs, if there is one.
    pub(crate) fn claim(local: &Local) -> Result<Result<Self, Running>> {
        let lock = lock_file(local)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Err(Running::read(local)?)),
            Err(TryLockError::Error(error)) => return Err(error).context("lock .local/up.lock"),
        }
        let instance = Self { local: local.clone(), _lock: lock };
        instance.publish("")?;
        Ok(Ok(instance))
    }

    /// Tells others where it is called.
    pub(crate) fn publish(&self, address: &str) -> Result<()> {
        let running = Running { pid: std::process::id(), address: address.to_owned() };
        self.local.write(FILE, &serde_json::to_string(&running)?)
    }
}

impl Running {
    /// The one that runs, if there is one.
    pub(crate) fn find(local: &Local) -> Result<Option<Self>> {
        let lock = lock_file(local)?;
        match lock.try_lock() {
            Ok(()) => Ok(None),
            Err(_) => Self::read(local).map(Some),
        }
    }

    /// Ends it, and waits until it has stopped all it started.
    pub(crate) fn stop(&self, local: &Local) -> Result<()> {
        let pid = i32::try_from(self.pid).context("a process number is out of range")?;
        cluster::stop(pid, "xtask")?;
        lock_file(local)?.lock().context("wait for the running `up` to end")
    }

    fn read(local: &Local) -> Result<Self> {
        let text = local.read(FILE)?.context("an `up` is just starting")?;
        serde_json::from_str(&text).context("read .local/up.json")
    }
}

fn lock_file(local: &Local) -> Result<File> {
    let path = local.path(LOCK);
    let opened = File::options().write(true).create(true).truncate(false).open(&path);
    opened.with_context(|| format!("open {}", path.display()))
}
