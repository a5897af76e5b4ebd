//! A service's own process, from its settings to its end.

use crate::{House, Service, host, settings};
use anyhow::Context as _;
use config::Env;
use identity::Verifier;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use telemetry::Guard;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs a service as its own process until SIGTERM or SIGINT: the whole of its `main`. A second signal ends it at once.
pub fn run<S: Service>() -> ExitCode {
    main(S::NAME, |env| async move {
        telemetry::log_panics();
        let running = tokio::select! {
            running = start::<S>(&env) => running?,
            () = signalled() => return Ok(()),
        };
        println!("{} listens on {}; its admin port is {}", S::NAME, running.address, running.admin);
        let stop = CancellationToken::new();
        let ended = running.until(stop.clone().cancelled_owned());
        let twice = async {
            signalled().await;
            stop.cancel();
            signalled().await;
        };
        tokio::select! {
            ended = ended => ended,
            () = twice => anyhow::bail!("stopped by a second signal"),
        }
    })
}

/// Runs the async main of a process of this name with the system's environment. A process that fails says why in
/// plain text on standard error, for whoever started it.
pub fn main<F>(name: &str, body: impl FnOnce(Env) -> F) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let ended = runtime().context("start the runtime").and_then(|runtime| runtime.block_on(body(Env::system())));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// On one processor one thread takes everything in turn: what several calls have for one connection then goes out in one
/// write, where a pool's thread writes for each call by itself.
fn runtime() -> io::Result<Runtime> {
    let alone = thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
    let mut builder = if alone { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build()
}

/// A service at work in its own process.
#[derive(Debug)]
pub struct Running {
    /// Where it is called.
    pub address: SocketAddr,
    /// Where its admin port is.
    pub admin: SocketAddr,
    house: House,
    drain: Duration,
    _telemetry: Guard,
}

/// Starts a service as its own process does: settings, telemetry, home, the admin port, the service itself, and when
/// it is ready its socket.
pub async fn start<S: Service>(env: &Env) -> anyhow::Result<Running> {
    let all = settings::<S>(env)?;
    let guard = telemetry::init(&all.telemetry, S::NAME)?;
    let verifier = Verifier::of(&all.door.principal_keys)?;
    let house = House::new(all.home, verifier, all.door.limits());
    let admin = house.admin(all.door.admin_listen).await.context("open the admin port")?;
    let hosted = host::<S>(all.own, house.clone()).await?;
    let address = hosted.listen(all.door.listen).await.context("open the socket")?;
    tracing::info!(service = S::NAME, %address, %admin, "the service is at work");
    Ok(Running { address, admin, house, drain: all.door.drain, _telemetry: guard })
}

impl Running {
    /// Serves until `stop`, then lets calls and tasks end.
    pub async fn until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        stop.await;
        tracing::info!("the service is stopping");
        anyhow::ensure!(self.house.drain(self.drain).await, "not everything ended in time");
        tracing::info!("the service has stopped");
        Ok(())
    }
}

/// Waits for SIGTERM or SIGINT.
pub async fn signalled() {
    let listen = |kind| signal(kind).expect("a handler can be set for a signal that has one");
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
