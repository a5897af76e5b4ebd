//! A private PostgreSQL cluster and a private Redis: found or installed, started, stopped.
//!
//! Both listen on unix sockets in a folder only their owner may enter, and on no port: there is no password to keep
//! and nothing to collide with. A cluster runs as long as some process holds it ([`Cluster::start`]); several
//! processes may hold it at once, as the binaries of one test run do. When the last holder is gone, be it by
//! `kill -9`, a watchdog stops what is left.

mod binaries;
mod install;
mod place;
mod postgres;
mod process;
mod redis;
mod watchdog;
mod wheel;
mod wire;

pub use install::package;
pub use postgres::{Postgres, SUPERUSER};
pub use process::{alive, is_root, stop};
pub use redis::Redis;
pub use wheel::Wheel;

use anyhow::{Context as _, Result};
use binaries::Binaries;
use place::Place;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which cluster, and what is promised of it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The folder that is the cluster's: data, sockets, logs. Made if absent.
    pub dir: PathBuf,
    /// Where binaries are unpacked if they must be fetched.
    pub tools: PathBuf,
    /// Whether a commit survives a crash of the machine. Tests do without, and are several times as fast.
    pub durable: bool,
    /// Whether missing binaries may be installed; otherwise their absence is an error.
    pub install: bool,
}

/// A running PostgreSQL and Redis, held by this process. Dropped, they stop, unless another process holds them too.
#[derive(Debug)]
pub struct Cluster {
    postgres: Postgres,
    redis: Redis,
    place: Place,
    held: Option<File>,
}

impl Cluster {
    /// Holds the cluster, and starts it if it does not run. `say` hears of each step that takes its time.
    pub fn start(spec: &Spec, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let place = Place::choose(&spec.dir)?;
        let binaries = Binaries::find_or_install(spec, &place, say)?;
        let held = hold(&place)?;
        let starting = lock_file(&place, "start.lock")?;
        starting.lock().context("wait for another process that is starting the cluster")?;
        // First the watchdog: whatever happens to us while we start the servers, it stops them.
        watchdog::watch(&place)?;
        let postgres = Postgres::start(&place, &binaries, spec.durable, say)?;
        let redis = Redis::start(&place, &binaries.redis, spec.durable)?;
        drop(starting);
        Ok(Self { postgres, redis, place, held: Some(held) })
    }

    /// The PostgreSQL.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// The Redis.
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    /// The folder in which both keep their data and logs.
    pub fn base(&self) -> &Path {
        &self.place.base
    }

    /// Lets go of the cluster; if no other process holds it, stops Redis and then PostgreSQL, and waits for both.
    pub fn stop(mut self) -> Result<()> {
        self.release()
    }

    fn release(&mut self) -> Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        drop(held);
        let alone = lock_file(&self.place, "users.lock")?;
        if alone.try_lock().is_err() {
            // Others hold it, and this is granted at once; or the watchdog was faster, and this waits for it.
            return alone.lock_shared().context("wait for the watchdog to stop the cluster");
        }
        self.redis.stop().and(self.postgres.stop())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `stop`.
        drop(self.release());
    }
}

/// Forgets a cluster: its data, wherever it lies, is deleted. Refused while a process holds it.
pub fn purge(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let place = Place::choose(dir)?;
    let users = lock_file(&place, "users.lock")?;
    // The watchdog may be stopping what the last holder left.
    let alone = process::wait(Duration::from_secs(10), || users.try_lock().ok());
    alone.with_context(|| format!("the cluster in {} is in use", dir.display()))?;
    redis::stop_leftover(&place)?;
    postgres::stop_leftover(&place)?;
    for folder in [&place.sockets, &place.base, &place.dir] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("delete {}", folder.display()))?;
        }
    }
    Ok(())
}

/// Stops what runs of a cluster, whoever holds it. True if something did.
pub fn halt(dir: &Path) -> Result<bool> {
    if !dir.exists() {
        return Ok(false);
    }
    let place = Place::choose(dir)?;
    let redis = redis::stop_leftover(&place)?;
    Ok(postgres::stop_leftover(&place)? || redis)
}

fn hold(place: &Place) -> Result<File> {
    let held = lock_file(place, "users.lock")?;
    // Waits while a watchdog is stopping what the last holder left.
    held.lock_shared().context("wait for the cluster to stop before it is started again")?;
    Ok(held)
}

fn lock_file(place: &Place, name: &str) -> Result<File> {
    let path = place.base.join(name);
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))
}
