//! Our citizens abroad and travellers to our country: who needs a visa where, and who is on which list.

mod entry_requirements;
pub mod screening;
mod settings;

pub use entry_requirements::EntryRequirements;
pub use settings::Settings;

use proto::consular::v1::entry_requirement_service_server::EntryRequirementServiceServer;
use registry::Store;
use serve::{House, Service, Started};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

/// The service's own tables, after the registry's.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service.
#[derive(Debug)]
pub enum Consular {}

impl Service for Consular {
    const NAME: &'static str = "consular";
    type Settings = Settings;

    async fn start(settings: Settings, house: House) -> anyhow::Result<Started> {
        let Settings { database, redis_url, relay } = settings;
        serve::with_register::<Self>(&database, &MIGRATIONS, &redis_url, relay, &house, routes).await
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(store: &Store) -> Routes {
    Routes::new(EntryRequirementServiceServer::new(EntryRequirements::new(store.keep())))
}
