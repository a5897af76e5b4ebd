//! Our citizens abroad and travellers to our country: who needs a visa where, and who is on which list.

mod apostille_convention;
mod apostilles;
mod appointment_plan;
mod appointment_services;
mod appointment_slots;
mod appointment_windows;
mod bookings;
mod cash_days;
mod counter;
mod entry_requirements;
mod fee_choice;
mod fee_schedules;
mod legalisations;
mod lists;
mod notarial_acts;
mod receipts;
mod register_numbers;
mod rescreening;
pub mod screening;
mod screenings;
mod settings;
mod specimen_signatures;
mod watch_lists;

pub use apostilles::Apostilles;
pub use appointment_services::AppointmentServices;
pub use appointment_slots::AppointmentSlots;
pub use appointment_windows::AppointmentWindows;
pub use bookings::Bookings;
pub use cash_days::CashDays;
pub use entry_requirements::EntryRequirements;
pub use fee_schedules::FeeSchedules;
pub use legalisations::Legalisations;
pub use lists::Lists;
pub use notarial_acts::NotarialActs;
pub use receipts::Receipts;
pub use screenings::Screenings;
pub use settings::Settings;
pub use specimen_signatures::SpecimenSignatures;
pub use watch_lists::WatchLists;

use anyhow::Context as _;
use proto::consular::v1::apostille_service_server::ApostilleServiceServer;
use proto::consular::v1::appointment_service_service_server::AppointmentServiceServiceServer;
use proto::consular::v1::appointment_slot_service_server::AppointmentSlotServiceServer;
use proto::consular::v1::appointment_window_service_server::AppointmentWindowServiceServer;
use proto::consular::v1::booking_service_server::BookingServiceServer;
use proto::consular::v1::cash_day_service_server::CashDayServiceServer;
use proto::consular::v1::entry_requirement_service_server::EntryRequirementServiceServer;
use proto::consular::v1::fee_schedule_service_server::FeeScheduleServiceServer;
use proto::consular::v1::legalisation_service_server::LegalisationServiceServer;
use proto::consular::v1::notarial_act_service_server::NotarialActServiceServer;
use proto::consular::v1::receipt_service_server::ReceiptServiceServer;
use proto::consular::v1::screening_service_server::ScreeningServiceServer;
use proto::consular::v1::specimen_signature_service_server::SpecimenSignatureServiceServer;
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
        apostille_convention::check().context("read the parties to the convention on apostilles")?;
        counter::check().context("read our practice at the counter")?;
        let Settings { database, redis_url, relay, lists_folder } = settings;
        let lists = Arc::new(Lists::below(lists_folder).context("read the words and weights of names")?);
        let mut opened = None;
        let routes = |store: &Store| {
            let slots = AppointmentSlots::new(store.keep(), store.keep(), store.keep());
            opened = Some((store.pool().clone(), Screenings::new(store.keep(), Arc::clone(&lists)), slots));
            routes(store, &lists)
        };
        let register = Register { database, own: &MIGRATIONS, redis_url, relay };
        let started = register.start::<Self>(&house, |options| options, routes).await?;
        let (pool, screenings, slots) = opened.expect("a service that has started has its methods");
        // Whoever is screened before the lists are searched would be clear.
        lists.refresh(&pool).await.context("read the watch lists in force")?;
        house.tasks.spawn(lists.follow(pool, screenings, house.shutdown.clone()));
        house.tasks.spawn(slots.keep_ahead(house.shutdown.clone()));
        Ok(started)
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(store: &Store, lists: &Arc<Lists>) -> Routes {
    Routes::new(EntryRequirementServiceServer::new(EntryRequirements::new(store.keep())))
        .add_service(AppointmentServiceServiceServer::new(AppointmentServices::new(store.keep())))
        .add_service(AppointmentSlotServiceServer::new(AppointmentSlots::new(store.keep(), store.keep(), store.keep())))
        .add_service(AppointmentWindowServiceServer::new(AppointmentWindows::new(store.keep())))
        .add_service(BookingServiceServer::new(Bookings::new(store.keep())))
        .add_service(CashDayServiceServer::new(CashDays::new(store.keep())))
        .add_service(FeeScheduleServiceServer::new(FeeSchedules::new(store.keep())))
        .add_service(ReceiptServiceServer::new(Receipts::new(store.keep())))
        .add_service(ApostilleServiceServer::new(Apostilles::new(store.keep())))
        .add_service(LegalisationServiceServer::new(Legalisations::new(store.keep())))
        .add_service(NotarialActServiceServer::new(NotarialActs::new(store.keep())))
        .add_service(SpecimenSignatureServiceServer::new(SpecimenSignatures::new(store.keep())))
        .add_service(ScreeningServiceServer::new(Screenings::new(store.keep(), Arc::clone(lists))))
        .add_service(WatchListServiceServer::new(WatchLists::new(store.keep(), Arc::clone(lists))))
}
