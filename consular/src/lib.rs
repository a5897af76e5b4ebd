//! Our citizens abroad and travellers to our country: who needs a visa where, and who is on which list.

mod blank_books;
mod clearance;
mod emergency_travel_documents;
mod entry_requirements;
mod lists;
mod machine_readable_zones;
pub mod numbers;
mod passport_applications;
mod rescreening;
pub mod screening;
mod screenings;
mod settings;
pub mod travel;
mod travel_documents;
pub mod visa;
mod visa_applications;
mod visa_statistics;
mod visas;
mod watch_lists;

pub use blank_books::BlankBooks;
pub use emergency_travel_documents::EmergencyTravelDocuments;
pub use entry_requirements::EntryRequirements;
pub use lists::Lists;
pub use machine_readable_zones::MachineReadableZones;
pub use passport_applications::PassportApplications;
pub use screenings::Screenings;
pub use settings::Settings;
pub use travel_documents::TravelDocuments;
pub use visa_applications::VisaApplications;
pub use visa_statistics::VisaStatistics;
pub use visas::Visas;
pub use watch_lists::WatchLists;

use anyhow::Context as _;
use proto::consular::v1::blank_book_service_server::BlankBookServiceServer;
use proto::consular::v1::emergency_travel_document_service_server::EmergencyTravelDocumentServiceServer;
use proto::consular::v1::entry_requirement_service_server::EntryRequirementServiceServer;
use proto::consular::v1::machine_readable_zone_service_server::MachineReadableZoneServiceServer;
use proto::consular::v1::passport_application_service_server::PassportApplicationServiceServer;
use proto::consular::v1::screening_service_server::ScreeningServiceServer;
use proto::consular::v1::travel_document_service_server::TravelDocumentServiceServer;
use proto::consular::v1::visa_application_service_server::VisaApplicationServiceServer;
use proto::consular::v1::visa_service_server::VisaServiceServer;
use proto::consular::v1::visa_statistic_service_server::VisaStatisticServiceServer;
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
        .add_service(BlankBookServiceServer::new(BlankBooks::new(store.keep())))
        .add_service(EmergencyTravelDocumentServiceServer::new(EmergencyTravelDocuments::new(store.keep())))
        .add_service(MachineReadableZoneServiceServer::new(MachineReadableZones::new(store)))
        .add_service(PassportApplicationServiceServer::new(PassportApplications::new(store.keep())))
        .add_service(ScreeningServiceServer::new(Screenings::new(store.keep(), Arc::clone(lists))))
        .add_service(TravelDocumentServiceServer::new(TravelDocuments::new(store.keep())))
        .add_service(VisaApplicationServiceServer::new(VisaApplications::new(store.keep())))
        .add_service(VisaServiceServer::new(Visas::new(store.keep())))
        .add_service(VisaStatisticServiceServer::new(VisaStatistics::new(store.keep())))
        .add_service(WatchListServiceServer::new(WatchLists::new(store.keep(), Arc::clone(lists))))
}
