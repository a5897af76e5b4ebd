//! The whole foreign service in one process, for a laptop.
//!
//! Each service has its own database and its own settings, as in its own process; only the sockets between them are
//! spared. With `migrate` as its one argument it brings the databases up to date and ends.

use accreditation::Accreditation;
use anyhow::{Context as _, bail};
use config::{Env, Errors, ExposeSecret as _, Home, Reader, SecretString};
use consular::Consular;
use gateway::{Gateway, Upstream, Upstreams};
use identity::Signer;
use layers::Limits;
use serve::{House, Service as _};
use sqlx::migrate::Migrator;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

config::settings! {
    /// What the one process is told besides its services' settings. The prefix is `STANDALONE`.
    struct Process {
        /// Where `/livez`, `/readyz` and `/metrics` are.
        admin_listen: SocketAddr = "127.0.0.1:0",
        /// The private key that vouches for callers: base64 of an Ed25519 seed of 32 bytes. Made at start if it is not
        /// set, since nobody outside has to trust it.
        signing_key: Option<SecretString>,
        /// The most time that requests under way get to end when the process stops.
        drain: Duration = "20s",
    }
}

struct All {
    process: Process,
    gateway: gateway::Settings,
    accreditation: accreditation::Settings,
    consular: consular::Settings,
    telemetry: telemetry::Settings,
    home: Home,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    serve::main("standalone", |env| async move {
        telemetry::log_panics();
        let all = read(&env)?;
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => run(all).await,
            ["migrate"] => migrate(&all).await,
            _ => bail!("the only argument there is is `migrate`"),
        }
    })
}

async fn run(all: All) -> anyhow::Result<()> {
    let _telemetry = telemetry::init(&all.telemetry, "standalone")?;
    let signer = match &all.process.signing_key {
        Some(key) => Signer::from_text(key.expose_secret()).context("STANDALONE_SIGNING_KEY")?,
        None => Signer::generate(),
    };
    let signer = Arc::new(signer);
    let house = House::new(all.home, signer.verifier(), Limits::default());
    let own = serve::host::<Gateway>(all.gateway.clone(), house.clone()).await?;
    let accreditation = serve::host::<Accreditation>(all.accreditation, house.clone()).await?;
    let consular = serve::host::<Consular>(all.consular, house.clone()).await?;
    let upstreams = [own, accreditation, consular]
        .into_iter()
        .fold(Upstreams::default(), |upstreams, hosted| upstreams.with(hosted.name, Upstream::Local(hosted.service)));
    let door = gateway::door(&all.gateway, &house, signer, upstreams).await?;
    let address = door.listen(all.gateway.listen).await.context("open the door")?;
    // Last, so that whoever reads that we are ready finds the door open.
    let admin = house.admin(all.process.admin_listen).await.context("open the admin port")?;
    tracing::info!(%address, %admin, "the foreign service is at work");
    println!("the gateway listens on {address}; the admin port is {admin}");
    serve::signalled().await;
    tracing::info!("the foreign service is stopping");
    anyhow::ensure!(house.drain(all.process.drain).await, "not everything ended in time");
    Ok(())
}

/// Brings every service's database up to date.
async fn migrate(all: &All) -> anyhow::Result<()> {
    let databases: [(&str, pg::Settings, &Migrator); 3] = [
        (Gateway::NAME, all.gateway.database.pool(), &gateway::MIGRATIONS),
        (Accreditation::NAME, all.accreditation.database.pool(Accreditation::NAME), &accreditation::MIGRATIONS),
        (Consular::NAME, all.consular.database.pool(Consular::NAME), &consular::MIGRATIONS),
    ];
    for (name, settings, own) in databases {
        let pool = pg::connect(&settings).await.with_context(|| format!("connect to {name}'s database"))?;
        pg::migrate(&pool, &[&registry::MIGRATIONS, own]).await.with_context(|| format!("migrate {name}"))?;
        pool.close().await;
        println!("{name}: the schema is up to date");
    }
    Ok(())
}

fn read(env: &Env) -> Result<All, Errors> {
    let mut reader = Reader::new(env);
    let process = reader.read("STANDALONE");
    let services = reader.read("GATEWAY").zip(reader.read("ACCREDITATION")).zip(reader.read("CONSULAR"));
    let house = reader.read("TELEMETRY").zip(reader.read("HOME"));
    let all = process.zip(services).zip(house).map(|((process, services), (telemetry, home))| {
        let ((gateway, accreditation), consular) = services;
        All { process, gateway, accreditation, consular, telemetry, home }
    });
    reader.finish(all)
}
