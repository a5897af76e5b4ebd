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
use vault::Vault;

config::settings! {
    /// The service's own database.
    pub struct Database {
        /// Where it is: `postgres://user:password@host:5432/consular`.
        pub url: SecretString,
        /// The most connections.
        pub connections: NonZeroU32 = 16,
        /// The keys of what is sealed in it: `index` and a key, then `key` and a key for each wrapping key, the newest first;
        /// each 32 bytes in base64, as `openssl rand -base64 32` makes them. SECURITY.md says how to keep and rotate them.
        pub sealing_keys: Vault,
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

/// What a service that keeps a register has besides its methods.
#[derive(Debug)]
pub struct Register {
    /// Its own database.
    pub database: Database,
    /// Its own tables, after the registry's.
    pub own: &'static Migrator,
    /// Redis, where its events go.
    pub redis_url: SecretString,
    /// How its events are published and its audit log is sealed.
    pub relay: relay::Settings,
}

impl Register {
    /// Starts the service: opens the register with these options, makes the service's methods of it, and sets its timers
    /// and its relay to work until the house ends.
    ///
    /// # Errors
    /// The database cannot be reached, was written with other sealing keys, or has a schema that this program does not know; the relay's settings are no good.
    pub async fn start<S: Service>(
        self,
        house: &House,
        options: impl FnOnce(Options) -> Options,
        routes: impl FnOnce(&Store) -> Routes,
    ) -> anyhow::Result<Started> {
        let (name, migrations) = (S::NAME, [&registry::MIGRATIONS, self.own]);
        let connected = pg::connect(&self.database.pool(name)).await;
        let pool = connected.with_context(|| format!("connect to the database of {name}"))?;
        if self.database.migrate {
            pg::migrate(&pool, &migrations).await?;
        }
        pg::gate(&pool, &migrations).await?;
        let (shutdown, vault) = (house.shutdown.clone(), Some(self.database.sealing_keys));
        let own = Options { shutdown, vault, ..Options::new(Arc::clone(&house.home)) };
        let store = Store::open(pool.clone(), options(own)).await?;
        // The register fires the timers of the kinds it has been asked to keep, so these are made first.
        let routes = routes(&store);
        let relay = Relay::new(pool, self.redis_url.expose_secret(), name, self.relay)?;
        house.tasks.spawn(relay.run(house.shutdown.clone()));
        let shutdown = house.shutdown.clone();
        house.tasks.spawn(async move { store.run_timers(shutdown).await });
        Ok(Started::new(routes))
    }
}
