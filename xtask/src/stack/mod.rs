//! The whole foreign service on this machine: PostgreSQL and Redis, `standalone`, and keys to call it with.

mod instance;
mod keys;
mod lists;
mod secrets;
mod standalone;

pub(crate) use instance::{Instance, Running};
pub(crate) use keys::Keys;
pub(crate) use secrets::random_key;
pub(crate) use standalone::stop_leftover;

use crate::demo::door::Door;
use crate::local::Local;
use crate::progress::Step;
use crate::reference;
use anyhow::{Context as _, Result};
use cluster::Cluster;
use secrets::Secrets;
use standalone::{Log, Standalone};
use std::process::ExitStatus;

/// The services, each with a role and a database of its name.
const SERVICES: [&str; 3] = ["accreditation", "consular", "gateway"];

/// Everything running. [`Stack::stop`] stops it in order; dropped, it is cut off.
pub(crate) struct Stack {
    /// Where it is called: `http://127.0.0.1:8080`.
    pub(crate) address: String,
    /// A key for each role of the demonstration.
    pub(crate) keys: Keys,
    standalone: Standalone,
    cluster: Cluster,
}

impl Stack {
    /// Starts everything, and shows each step.
    pub(crate) async fn start(local: &Local, release: bool) -> Result<Self> {
        let cluster = start_cluster(local).await?;
        let program = standalone::build(release).await?;
        let mut secrets = Secrets::open(local)?;
        let settings = standalone::Settings::choose(local, &cluster, &mut secrets)?;
        settings.migrate(&program).await?;
        let standalone = Standalone::start(local, &program, &settings).await?;
        let keys = Keys::provide(local, settings.address(), &mut secrets).await?;
        reference::load(&Door::new(settings.address(), keys.by_role()), &home()).await?;
        Ok(Self { address: settings.address().to_owned(), keys, standalone, cluster })
    }

    /// Waits until `standalone` ends by itself.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        self.standalone.ended().await
    }

    /// The log of `standalone`.
    pub(crate) fn log(&self) -> Log {
        self.standalone.log()
    }

    /// Stops everything: first `standalone`, so that nothing is refused a database, then Redis and PostgreSQL.
    pub(crate) async fn stop(self) -> Result<()> {
        let step = Step::begin("stopping");
        let cluster = self.cluster;
        let stopped = self.standalone.stop().await;
        step.done(stopped.and(blocking(|| cluster.stop()).await))
    }
}

async fn start_cluster(local: &Local) -> Result<Cluster> {
    let step = Step::begin("PostgreSQL and Redis");
    let (spec, shown) = (local.cluster(), step.clone());
    let start = move || {
        let cluster = Cluster::start(&spec, &mut |words| shown.say(words))?;
        cluster.postgres().provide(&SERVICES)?;
        Ok(cluster)
    };
    step.done(blocking(start).await)
}

/// Whose foreign service it is, as `standalone` will read it.
fn home() -> String {
    std::env::var("HOME_STATE").unwrap_or_else(|_| config::Home::default().state)
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a step broke off")?
}
