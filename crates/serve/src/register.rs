//! A service's register at its start: its database reached and known, its timers running, its events on their way.

use crate::{House, Service, Started};
use anyhow::Context as _;
use config::{ExposeSecret as _, SecretString};
use events::{Relay, relay};
use registry::{Options, Store};
use sqlx::migrate::Migrator;
use std::num::NonZeroU32;
use std::sync::Arc;
use tonic::service::Routes;

config::settings! {
    /// The service's own database.
    pub struct Database {
        /// Where it is: `postgres://user:password@host:5432/consular`.
        pub url: SecretString,
        /// The most connections.
        pub connections: NonZeroU32 = 16,
        /// Brings the schema up to date at start. Of several processes that start at once, one does.
        pub migrate: bool = true,
    }
}

impl Database {
    /// The settings of a service's pool.
    pub fn pool(&self, service: &str) -> pg::Settings {
        let max_connections = self.connections.get();
        pg::Settings {
            max_connections,
            application_name: service.into(),
            ..pg::Settings::new(self.url.expose_secret())
        }
    }
}

/// Starts a service that keeps a register, whose own tables are `own`: opens the register, makes the service's methods of
/// it, and sets its timers and its relay to work until the house ends.
///
/// # Errors
/// The database cannot be reached, or its schema is not one that this program knows; the relay's settings are no good.
pub async fn with_register<S: Service>(
    database: &Database,
    own: &Migrator,
    redis_url: &SecretString,
    relay: relay::Settings,
    house: &House,
    routes: impl FnOnce(&Store) -> Routes,
) -> anyhow::Result<Started> {
    let name = S::NAME;
    let pool = pg::connect(&database.pool(name)).await.with_context(|| format!("connect to the database of {name}"))?;
    if database.migrate {
        pg::migrate(&pool, &[&registry::MIGRATIONS, own]).await?;
    }
    pg::gate(&pool, &[&registry::MIGRATIONS, own]).await?;
    let options = Options { shutdown: house.shutdown.clone(), ..Options::new(Arc::clone(&house.home)) };
    let store = Store::open(pool.clone(), options).await?;
    // The register fires the timers of the kinds it has been asked to keep, so these are made first.
    let routes = routes(&store);
    let relay = Relay::new(pool, redis_url.expose_secret(), name, relay)?;
    house.tasks.spawn(relay.run(house.shutdown.clone()));
    let shutdown = house.shutdown.clone();
    house.tasks.spawn(async move { store.run_timers(shutdown).await });
    Ok(Started::new(routes))
}
