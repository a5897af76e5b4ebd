//! The gateway as a process of its own, with the services elsewhere.

use crate::settings::Settings;
use crate::upstream::{Upstream, Upstreams};
use crate::{Gateway, door};
use anyhow::Context as _;
use config::{Entry, Env, Errors, ExposeSecret as _, Home, Reader, SecretString, Settings as _};
use identity::Signer;
use layers::Limits;
use serve::{House, Service as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

config::settings! {
    /// What the gateway's own process is told besides. The prefix is `GATEWAY` too.
    struct Process {
        /// Where `/livez`, `/readyz` and `/metrics` are.
        admin_listen: SocketAddr = "127.0.0.1:0",
        /// The private key that vouches for callers to the services: base64 of an Ed25519 seed of 32 bytes, or of a
        /// PKCS#8 document.
        signing_key: SecretString,
        /// The most time that requests under way get to end when the process stops.
        drain: Duration = "20s",
    }
}

struct All {
    process: Process,
    gateway: Settings,
    telemetry: telemetry::Settings,
    home: Home,
}

/// Runs the gateway until SIGTERM or SIGINT: the whole of its `main`.
pub fn run() -> ExitCode {
    serve::main(Gateway::NAME, |env| async move {
        telemetry::log_panics();
        let all = read(&env)?;
        let _telemetry = telemetry::init(&all.telemetry, Gateway::NAME)?;
        let signer = Signer::from_text(all.process.signing_key.expose_secret()).context("GATEWAY_SIGNING_KEY")?;
        let signer = Arc::new(signer);
        let house = House::new(all.home, signer.verifier(), Limits::default());
        let own = serve::host::<Gateway>(all.gateway.clone(), house.clone()).await?;
        let upstreams = Upstreams::at(all.gateway.upstreams.clone()).with(own.name, Upstream::Local(own.service));
        let public_key = signer.public_text();
        let door = door(&all.gateway, &house, signer, upstreams).await?;
        let address = door.listen(all.gateway.listen).await.context("open the door")?;
        // Last: whoever reads that we are ready finds the door open.
        let admin = house.admin(all.process.admin_listen).await.context("open the admin port")?;
        tracing::info!(%address, %admin, public_key, "the door is open");
        println!("gateway listens on {address}; its admin port is {admin}");
        serve::signalled().await;
        anyhow::ensure!(house.drain(all.process.drain).await, "not everything ended in time");
        Ok(())
    })
}

fn read(env: &Env) -> Result<All, Errors> {
    let mut reader = Reader::new(env);
    let (process, gateway) = (reader.read("GATEWAY"), reader.read("GATEWAY"));
    let (telemetry, home) = (reader.read("TELEMETRY"), reader.read("HOME"));
    let all = process.zip(gateway).zip(telemetry.zip(home));
    let all = all.map(|((process, gateway), (telemetry, home))| All { process, gateway, telemetry, home });
    reader.finish(all)
}

/// Every setting of the gateway's process, for the docs.
pub fn describe() -> Vec<Entry> {
    let own = [Process::describe("GATEWAY"), Settings::describe("GATEWAY")];
    let house = [telemetry::Settings::describe("TELEMETRY"), Home::describe("HOME")];
    own.into_iter().chain(house).flatten().collect()
}
