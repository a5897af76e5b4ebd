//! Our citizens abroad and travellers to our country: who is where, their documents, who needs a visa where, and who is on
//! which list.

mod apostille_convention;
mod apostilles;
mod application_corrections;
mod appointment_plan;
mod appointment_services;
mod appointment_slots;
mod appointment_windows;
pub mod area;
mod assistance;
mod assistance_cases;
mod assistance_contacts;
mod assistance_tasks;
mod audit;
mod blank_books;
mod blank_consignments;
mod booking_applications;
mod booking_holds;
mod booking_letters;
mod booking_limits;
mod booking_queue;
mod booking_returns;
mod bookings;
mod cash_days;
mod certificate_codes;
pub mod channels;
mod civil_candidates;
mod civil_corrections;
mod civil_declarations;
mod civil_duplicates;
mod civil_records;
mod clearance;
mod contact_codes;
mod counter;
mod crises;
mod crisis_arrivals;
mod crisis_forgetting;
mod crisis_intakes;
mod crisis_likeness;
mod crisis_listing;
mod crisis_merging;
mod crisis_persons;
mod digital_seals;
mod districts;
mod document_scan;
mod emergency_issue;
mod emergency_travel_documents;
mod enquiries;
mod entry_requirements;
mod errand;
mod exchange;
mod exchange_rates;
mod fee_choice;
mod fee_schedules;
mod hold_decisions;
mod legalisations;
mod lists;
mod loan_terms;
mod lookouts;
mod machine_readable_zones;
mod mailbox_messages;
mod manifest_arrivals;
mod manifest_seats;
mod manifests;
mod messages;
pub mod mission_members;
mod name_check_reviews;
mod notarial_acts;
pub mod numbers;
mod own_applications;
mod parcels;
mod passenger_lists;
mod passport_applications;
mod passport_corrections;
mod passport_holds;
mod passport_lodging;
mod passport_production;
pub mod places;
mod post_room;
mod receipts;
mod register_numbers;
mod register_practice;
mod registration_end;
mod registration_rules;
mod registrations;
mod repatriation_loans;
mod reported_documents;
mod rescreening;
mod roll_call;
mod screenings;
mod service_fees;
mod settings;
mod shipped;
mod specimen_signatures;
mod stopped_documents;
pub mod travel;
mod travel_documents;
mod travel_papers;
mod trust_accounts;
mod trust_books;
mod trust_entries;
pub mod visa;
mod visa_applications;
mod visa_checks;
mod visa_corrections;
mod visa_crossings;
mod visa_decisions;
mod visa_endings;
mod visa_fees;
mod visa_reviews;
mod visa_statistics;
mod visas;
mod watch_lists;
pub mod whereabouts;

pub use apostilles::Apostilles;
pub use appointment_services::AppointmentServices;
pub use appointment_slots::AppointmentSlots;
pub use appointment_windows::AppointmentWindows;
pub use assistance_cases::AssistanceCases;
pub use assistance_contacts::AssistanceContacts;
pub use assistance_tasks::AssistanceTasks;
pub use audit::Audit;
pub use blank_books::BlankBooks;
pub use bookings::Bookings;
pub use cash_days::CashDays;
pub use civil_records::CivilRecords;
pub use crises::Crises;
pub use crisis_intakes::CrisisIntakes;
pub use crisis_persons::CrisisPersons;
pub use digital_seals::DigitalSeals;
pub use emergency_travel_documents::EmergencyTravelDocuments;
pub use enquiries::Enquiries;
pub use entry_requirements::EntryRequirements;
pub use exchange_rates::ExchangeRates;
pub use fee_schedules::FeeSchedules;
pub use legalisations::Legalisations;
pub use lists::Lists;
pub use lookouts::Lookouts;
pub use machine_readable_zones::MachineReadableZones;
pub use mailbox_messages::MailboxMessages;
pub use manifest_seats::ManifestSeats;
pub use manifests::Manifests;
pub use messages::Messages;
pub use mission_members::MissionMembers;
pub use name_check_reviews::NameCheckReviews;
pub use notarial_acts::NotarialActs;
pub use passport_applications::PassportApplications;
pub use passport_holds::PassportHolds;
pub use post_room::PostRoom;
pub use receipts::Receipts;
pub use register_practice::RegisterPractice;
pub use registrations::Registrations;
pub use repatriation_loans::RepatriationLoans;
pub use reported_documents::ReportedDocuments;
pub use roll_call::RollCall;
pub use screenings::Screenings;
pub use settings::Settings;
pub use specimen_signatures::SpecimenSignatures;
pub use stopped_documents::StoppedDocuments;
pub use travel_documents::TravelDocuments;
pub use travel_papers::{SealKey, Settings as TravelPaperSettings, TravelPapers, X509};
pub use trust_accounts::TrustAccounts;
pub use trust_entries::TrustEntries;
pub use visa_applications::VisaApplications;
pub use visa_statistics::VisaStatistics;
pub use visas::Visas;
pub use watch_lists::WatchLists;

use anyhow::Context as _;
use channels::{Channel, Mailbox, Smtp};
use config::ExposeSecret as _;
use events::Consumer;
use proto::consular::v1::apostille_service_server::ApostilleServiceServer;
use proto::consular::v1::appointment_service_service_server::AppointmentServiceServiceServer;
use proto::consular::v1::appointment_slot_service_server::AppointmentSlotServiceServer;
use proto::consular::v1::appointment_window_service_server::AppointmentWindowServiceServer;
use proto::consular::v1::assistance_case_service_server::AssistanceCaseServiceServer;
use proto::consular::v1::assistance_contact_service_server::AssistanceContactServiceServer;
use proto::consular::v1::assistance_task_service_server::AssistanceTaskServiceServer;
use proto::consular::v1::audit_service_server::AuditServiceServer;
use proto::consular::v1::blank_book_service_server::BlankBookServiceServer;
use proto::consular::v1::booking_service_server::BookingServiceServer;
use proto::consular::v1::cash_day_service_server::CashDayServiceServer;
use proto::consular::v1::civil_record_service_server::CivilRecordServiceServer;
use proto::consular::v1::crisis_intake_service_server::CrisisIntakeServiceServer;
use proto::consular::v1::crisis_person_service_server::CrisisPersonServiceServer;
use proto::consular::v1::crisis_service_server::CrisisServiceServer;
use proto::consular::v1::digital_seal_service_server::DigitalSealServiceServer;
use proto::consular::v1::emergency_travel_document_service_server::EmergencyTravelDocumentServiceServer;
use proto::consular::v1::enquiry_service_server::EnquiryServiceServer;
use proto::consular::v1::entry_requirement_service_server::EntryRequirementServiceServer;
use proto::consular::v1::exchange_rate_service_server::ExchangeRateServiceServer;
use proto::consular::v1::fee_schedule_service_server::FeeScheduleServiceServer;
use proto::consular::v1::legalisation_service_server::LegalisationServiceServer;
use proto::consular::v1::lookout_service_server::LookoutServiceServer;
use proto::consular::v1::machine_readable_zone_service_server::MachineReadableZoneServiceServer;
use proto::consular::v1::mailbox_message_service_server::MailboxMessageServiceServer;
use proto::consular::v1::manifest_seat_service_server::ManifestSeatServiceServer;
use proto::consular::v1::manifest_service_server::ManifestServiceServer;
use proto::consular::v1::message_service_server::MessageServiceServer;
use proto::consular::v1::name_check_review_service_server::NameCheckReviewServiceServer;
use proto::consular::v1::notarial_act_service_server::NotarialActServiceServer;
use proto::consular::v1::passport_application_service_server::PassportApplicationServiceServer;
use proto::consular::v1::passport_hold_service_server::PassportHoldServiceServer;
use proto::consular::v1::receipt_service_server::ReceiptServiceServer;
use proto::consular::v1::registration_service_server::RegistrationServiceServer;
use proto::consular::v1::repatriation_loan_service_server::RepatriationLoanServiceServer;
use proto::consular::v1::reported_document_service_server::ReportedDocumentServiceServer;
use proto::consular::v1::screening_service_server::ScreeningServiceServer;
use proto::consular::v1::specimen_signature_service_server::SpecimenSignatureServiceServer;
use proto::consular::v1::stopped_document_service_server::StoppedDocumentServiceServer;
use proto::consular::v1::travel_document_service_server::TravelDocumentServiceServer;
use proto::consular::v1::trust_account_service_server::TrustAccountServiceServer;
use proto::consular::v1::trust_entry_service_server::TrustEntryServiceServer;
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
        apostille_convention::PARTIES.check()?;
        assistance::rules::RULES.check()?;
        counter::COUNTER.check()?;
        districts::DISTRICTS.check()?;
        exchange::CURRENCIES.check()?;
        hold_decisions::NAMES.check()?;
        lists::GUARD.check()?;
        loan_terms::TERMS.check()?;
        register_practice::PRACTICE.check()?;
        service_fees::SERVICES.check()?;
        trust_books::BOOKS.check()?;
        let smtp = Smtp::new(&settings.smtp).context("prepare the mail to people")?;
        let papers = TravelPapers::new(&settings.travel_papers, &house.home).context("prepare the travel papers")?;
        let Settings { database, redis_url, relay, lists_folder, senders, .. } = settings;
        let key = relay.audit_key.clone();
        let lists = Arc::new(Lists::below(lists_folder).context("read the words and weights of names")?);
        let (mut opened, mut members) = (None, None);
        let routes = |store: &Store| {
            send_parcels(store, smtp, senders, &house);
            members = Some(MissionMembers::new(store));
            let slots = AppointmentSlots::new(store.keep(), store.keep(), store.keep());
            opened = Some((store.pool().clone(), Screenings::new(store.keep(), Arc::clone(&lists)), slots));
            let audit = AuditServiceServer::new(Audit::new(store.clone(), key));
            routes(store, &lists, &papers).add_service(audit)
        };
        let redis = redis_url.clone();
        let register = Register { database, own: &MIGRATIONS, redis_url, relay };
        let started = register.start::<Self>(&house, |options| options, routes).await?;
        let (pool, screenings, slots) = opened.expect("a service that has started has its methods");
        // Whoever is screened before the lists are searched would be clear.
        lists.refresh(&pool).await.context("read the watch lists in force")?;
        house.tasks.spawn(lists.follow(pool.clone(), screenings, house.shutdown.clone()));
        house.tasks.spawn(slots.keep_ahead(house.shutdown.clone()));
        let members = members.expect("a service that has started has its methods");
        let hears = Consumer::new(pool, redis.expose_secret(), mission_members::GROUP, &[mission_members::TELLS])?;
        house.tasks.spawn(hears.run(members, house.shutdown.clone()));
        Ok(started)
    }
}

/// Begins to deliver what waits, by mail where there is a mail server and into the mailbox where there is none; and to list
/// the people of crises.
fn send_parcels(store: &Store, smtp: Option<Smtp>, senders: u32, house: &House) {
    let channel: Arc<dyn Channel> = match smtp {
        Some(smtp) => Arc::new(smtp),
        None => Arc::new(Mailbox::new(store.pool().clone())),
    };
    let room = Arc::new(PostRoom::new(store.pool().clone(), Messages::new(store.keep()), channel));
    let rolls = Arc::new(RollCall::new(store));
    for _ in 0..senders {
        house.tasks.spawn(Arc::clone(&room).run(house.shutdown.clone()));
        house.tasks.spawn(Arc::clone(&rolls).run(house.shutdown.clone()));
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(store: &Store, lists: &Arc<Lists>, papers: &TravelPapers) -> Routes {
    let (screenings, visa_applications) = (store.keep::<Screenings>(), store.keep::<VisaApplications>());
    let visas = Visas::new(store.keep(), visa_applications.clone(), screenings, papers.clone());
    Routes::new(EntryRequirementServiceServer::new(EntryRequirements::new(store.keep())))
        .add_service(CrisisIntakeServiceServer::new(CrisisIntakes::new(store.keep())))
        .add_service(CrisisPersonServiceServer::new(CrisisPersons::new(store.keep())))
        .add_service(CrisisServiceServer::new(Crises::new(store.keep(), store.keep())))
        .add_service(EnquiryServiceServer::new(Enquiries::new(store.keep())))
        .add_service(MailboxMessageServiceServer::new(MailboxMessages::new(store.keep())))
        .add_service(ManifestSeatServiceServer::new(ManifestSeats::new(store.keep())))
        .add_service(ManifestServiceServer::new(Manifests::new(store.keep())))
        .add_service(MessageServiceServer::new(Messages::new(store.keep())))
        .add_service(RegistrationServiceServer::new(Registrations::new(store.keep())))
        .add_service(AppointmentServiceServiceServer::new(AppointmentServices::new(store.keep())))
        .add_service(AppointmentSlotServiceServer::new(AppointmentSlots::new(store.keep(), store.keep(), store.keep())))
        .add_service(AppointmentWindowServiceServer::new(AppointmentWindows::new(store.keep())))
        .add_service(BookingServiceServer::new(Bookings::new(store.keep())))
        .add_service(CashDayServiceServer::new(CashDays::new(store.keep(), store.keep(), papers.clone())))
        .add_service(ExchangeRateServiceServer::new(ExchangeRates::new(store.keep())))
        .add_service(FeeScheduleServiceServer::new(FeeSchedules::new(store.keep())))
        .add_service(ReceiptServiceServer::new(Receipts::new(store.keep(), papers.clone())))
        .add_service(ApostilleServiceServer::new(Apostilles::new(store.keep(), papers.clone())))
        .add_service(AssistanceCaseServiceServer::new(AssistanceCases::new(store.keep())))
        .add_service(AssistanceContactServiceServer::new(AssistanceContacts::new(store.keep())))
        .add_service(AssistanceTaskServiceServer::new(AssistanceTasks::new(store.keep())))
        .add_service(RepatriationLoanServiceServer::new(RepatriationLoans::new(store.keep())))
        .add_service(TrustAccountServiceServer::new(TrustAccounts::new(store.keep())))
        .add_service(TrustEntryServiceServer::new(TrustEntries::new(store.keep())))
        .add_service(LegalisationServiceServer::new(Legalisations::new(store.keep(), papers.clone())))
        .add_service(NotarialActServiceServer::new(NotarialActs::new(store.keep(), papers.clone())))
        .add_service(SpecimenSignatureServiceServer::new(SpecimenSignatures::new(store.keep())))
        .add_service(BlankBookServiceServer::new(BlankBooks::new(store.keep())))
        .add_service(DigitalSealServiceServer::new(DigitalSeals::new(store, papers.clone())))
        .add_service(EmergencyTravelDocumentServiceServer::new(EmergencyTravelDocuments::new(
            store.keep(),
            store.keep(),
            papers.clone(),
        )))
        .add_service(MachineReadableZoneServiceServer::new(MachineReadableZones::new(store)))
        .add_service(PassportApplicationServiceServer::new(PassportApplications::new(store.keep())))
        .add_service(CivilRecordServiceServer::new(CivilRecords::new(store.keep(), Arc::clone(lists), papers.clone())))
        .add_service(ScreeningServiceServer::new(Screenings::new(store.keep(), Arc::clone(lists))))
        .add_service(LookoutServiceServer::new(Lookouts::new(store.keep())))
        .add_service(NameCheckReviewServiceServer::new(NameCheckReviews::new(store.keep())))
        .add_service(PassportHoldServiceServer::new(PassportHolds::new(store.keep())))
        .add_service(ReportedDocumentServiceServer::new(ReportedDocuments::new(store.keep())))
        .add_service(StoppedDocumentServiceServer::new(StoppedDocuments::new(store)))
        .add_service(TravelDocumentServiceServer::new(TravelDocuments::new(
            store.keep(),
            store.keep(),
            store.keep(),
            papers.clone(),
        )))
        .add_service(VisaApplicationServiceServer::new(VisaApplications::new(
            visa_applications,
            store.keep(),
            papers.clone(),
        )))
        .add_service(VisaServiceServer::new(visas))
        .add_service(VisaStatisticServiceServer::new(VisaStatistics::new(store.keep())))
        .add_service(WatchListServiceServer::new(WatchLists::new(store.keep(), Arc::clone(lists))))
}
