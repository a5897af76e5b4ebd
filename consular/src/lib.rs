//! Our citizens abroad and travellers to our country: who needs a visa where, and who is on which list.

mod entry_requirements;
mod lists;
mod rescreening;
pub mod screening;
mod screenings;
mod settings;
mod watch_lists;

pub use entry_requirements::EntryRequirements;
pub use lists::Lists;
pub use screenings::Screenings;
pub use settings::Settings;
pub use watch_lists::WatchLists;

use anyhow::Context as _;
use proto::consular::v1::entry_requirement_service_server::EntryRequirementServiceServer;
use proto::consular::v1::screening_service_server::ScreeningServiceServer;
use proto::consular::v1::watch_list_service_server::WatchListServiceServer;
use registry::Store;
use serve::{House, Register, Service, Started};
use sqlx::migrate::Migrator;
use std::sync::Arc;
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
        let Settings { database, redis_url, relay, lists_folder } = settings;
        let lists = Arc::new(Lists::below(lists_folder).context("read the words and weights of names")?);
        let mut opened = None;
        let routes = |store: &Store| {
            opened = Some((store.pool().clone(), Screenings::new(store.keep(), Arc::clone(&lists))));
            routes(store, &lists)
        };
        let register = Register { database, own: &MIGRATIONS, redis_url, relay };
        let started = register.start::<Self>(&house, |options| options, routes).await?;
        let (pool, screenings) = opened.expect("a service that has started has its methods");
        // Whoever is screened before the lists are searched would be clear.
        lists.refresh(&pool).await.context("read the watch lists in force")?;
        house.tasks.spawn(lists.follow(pool, screenings, house.shutdown.clone()));
        Ok(started)
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(store: &Store, lists: &Arc<Lists>) -> Routes {
    Routes::new(EntryRequirementServiceServer::new(EntryRequirements::new(store.keep())))
        .add_service(ScreeningServiceServer::new(Screenings::new(store.keep(), Arc::clone(lists))))
        .add_service(WatchListServiceServer::new(WatchLists::new(store.keep(), Arc::clone(lists))))
}
