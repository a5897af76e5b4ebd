//! Webhooks: events of the house, delivered to endpoints of agencies and of our own applications.
//!
//! ```text
//! Redis stream ─ leader, one gateway: fanout ─▶ webhook_events, deliveries   (with the inbox, once)
//!                worker, every gateway: ledger ─ owner: may it see this? ─ endpoint: signed, at least once
//! ```

mod deliveries;
mod endpoint;
mod fanout;
mod guard;
mod leader;
mod ledger;
mod owner;
mod records;
mod schedule;
mod secret;
mod turns;
mod worker;

pub(crate) use deliveries::Deliveries;
pub(crate) use owner::method;
pub(crate) use records::Webhooks;
pub use secret::WebhookKey;

use crate::errand::Errands;
use crate::settings::Settings;
use anyhow::Context as _;
use config::ExposeSecret as _;
use endpoint::Sender;
use ledger::Ledger;
use proto::contract::contract;
use registry::{Options, Store};
use schedule::Schedule;
use serve::House;
use sqlx::PgPool;
use std::sync::Arc;
use worker::Worker;

/// What webhooks are made and verified with.
#[derive(Debug)]
pub(crate) struct Making {
    key: WebhookKey,
    sender: Sender,
    schedule: Schedule,
    ledger: Ledger,
    /// The most webhooks of an agency.
    most: u32,
}

/// What the settings say; none if this gateway delivers nothing.
///
/// # Errors
/// The schedule is no good.
pub(crate) fn making(settings: &Settings, pool: PgPool) -> anyhow::Result<Option<Arc<Making>>> {
    let (Some(key), Some(_)) = (&settings.webhook_key, &settings.redis_url) else { return Ok(None) };
    // The provider of TLS for clients; a second installation is refused, and the first serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let schedule = Schedule::read(settings.webhook_schedule.as_deref())?;
    let refused = &settings.webhook_refused_networks;
    let sender = Sender::new(settings.webhook_loopback, refused, schedule.attempt);
    let sender = sender.context("make a client for webhooks")?;
    let (key, most) = (key.clone(), settings.webhooks_of_agency.get());
    Ok(Some(Arc::new(Making { key, sender, schedule, ledger: Ledger::new(pool), most })))
}

/// Begins to take events in and to deliver them, until the house stops.
///
/// # Errors
/// The database, or the schedule, is no good.
pub(crate) async fn start(settings: &Settings, house: &House, pool: PgPool, errands: Errands) -> anyhow::Result<()> {
    let Some(redis) = &settings.redis_url else { return Ok(()) };
    let Some(making) = making(settings, pool.clone())? else { return Ok(()) };
    let options = Options { shutdown: house.shutdown.clone(), ..Options::new(Arc::clone(&house.home)) };
    let store = Store::open(pool.clone(), options).await?;
    let worker = Worker {
        ledger: making.ledger.clone(),
        sender: making.sender.clone(),
        errands,
        key: making.key.clone(),
        schedule: making.schedule.clone(),
        webhooks: Webhooks::new(store.keep(), Some(making)),
    };
    let services = contract().services().into_iter().map(str::to_owned).collect();
    let redis = redis.expose_secret().to_owned();
    house.tasks.spawn(leader::run(pool, redis, services, house.shutdown.clone()));
    house.tasks.spawn(Arc::new(worker).run(house.shutdown.clone()));
    Ok(())
}
