//! The conformance suite over every method of every service, at both doors.

mod agencies;
mod agency_notices;
mod agrements;
mod api_keys;
mod apostilles;
mod appointment_services;
mod appointment_slots;
mod appointment_windows;
mod assistance_cases;
mod assistance_contacts;
mod assistance_tasks;
mod bench;
mod blank_books;
mod bookings;
mod card_applications;
mod cash_days;
mod charges;
mod circular_receipts;
mod circulars;
mod civil_records;
mod compliance_findings;
mod consular_commissions;
mod control_rules;
mod credentials;
mod crises;
mod crisis_intakes;
mod crisis_persons;
mod customs_clearances;
mod debts;
mod deliveries;
mod determinations;
mod digital_seals;
mod diplomatic_lists;
mod disputes;
mod driver_licences;
mod elevations;
mod emergency_travel_documents;
mod enquiries;
mod entry_requirements;
mod exchange_rates;
mod fee_schedules;
mod guidance_articles;
mod honorary_consuls;
mod identity_cards;
mod incidents;
mod jobs;
mod legalisations;
mod lookouts;
mod machine_readable_zones;
mod mailbox_messages;
mod manifest_seats;
mod manifests;
mod members;
mod messages;
mod missions;
mod name_check_reviews;
mod notarial_acts;
mod notes_verbales;
mod official_functions;
mod passport_applications;
mod passport_holds;
mod persona_non_grata;
mod port_courtesies;
mod privilege_grants;
mod products;
mod properties;
mod protocol;
mod receipts;
mod reciprocity_rules;
mod registrations;
mod repatriation_loans;
mod reported_documents;
mod screenings;
mod service_requests;
mod specimen_signatures;
mod status_certificates;
mod tax_cards;
mod traffic_violations;
mod travel_documents;
mod travel_notices;
mod trust_accounts;
mod trust_entries;
mod vehicles;
mod visa_applications;
mod visa_statistics;
mod visas;
mod waivers;
mod watch_lists;
mod webhooks;

use bench::House;
pub(crate) use bench::{SEAL_KEY, SEAL_X509};
use proto::contract::contract;
use std::collections::BTreeSet;
use testkit::conformance::Suite;

/// The gRPC services that are checked, one a line: the test, the service, by the suite that knows its records.
macro_rules! conform {
    ($($suite:ident { $($test:ident: $service:literal,)* })*) => {
        const CHECKED: &[&str] = &[$($($service,)*)*];

        $($(
            #[tokio::test]
            async fn $test() {
                $suite($service).await;
            }
        )*)*
    };
}

conform! {
    accreditation {
        agrements_conform: "AgrementService",
        card_applications_conform: "CardApplicationService",
        charges_conform: "ChargeService",
        circular_receipts_conform: "CircularReceiptService",
        circulars_conform: "CircularService",
        compliance_findings_conform: "ComplianceFindingService",
        consular_commissions_conform: "ConsularCommissionService",
        control_rules_conform: "ControlRuleService",
        credentials_conform: "CredentialService",
        customs_clearances_conform: "CustomsClearanceService",
        debts_conform: "DebtService",
        declarations_conform: "PersonaNonGrataService",
        determinations_conform: "ImmunityService",
        diplomatic_lists_conform: "DiplomaticListService",
        disputes_conform: "DisputeService",
        driver_licences_conform: "DriverLicenceService",
        guidance_articles_conform: "GuidanceArticleService",
        honorary_consuls_conform: "HonoraryConsulService",
        identity_cards_conform: "IdentityCardService",
        incidents_conform: "IncidentService",
        members_conform: "MemberService",
        missions_conform: "MissionService",
        notes_verbales_conform: "NoteVerbaleService",
        official_functions_conform: "OfficialFunctionService",
        port_courtesies_conform: "PortCourtesyService",
        privilege_grants_conform: "PrivilegeGrantService",
        properties_conform: "PropertyService",
        protocol_conform: "ProtocolService",
        reciprocity_rules_conform: "ReciprocityRuleService",
        seals_conform: "SealService",
        service_requests_conform: "ServiceRequestService",
        status_certificates_conform: "StatusCertificateService",
        tax_cards_conform: "TaxCardService",
        traffic_violations_conform: "TrafficViolationService",
        travel_notices_conform: "TravelNoticeService",
        vehicles_conform: "VehicleService",
        waivers_conform: "WaiverService",
    }
    consular {
        apostilles_conform: "ApostilleService",
        appointment_services_conform: "AppointmentServiceService",
        appointment_slots_conform: "AppointmentSlotService",
        appointment_windows_conform: "AppointmentWindowService",
        assistance_cases_conform: "AssistanceCaseService",
        assistance_contacts_conform: "AssistanceContactService",
        assistance_tasks_conform: "AssistanceTaskService",
        blank_books_conform: "BlankBookService",
        bookings_conform: "BookingService",
        cash_days_conform: "CashDayService",
        civil_records_conform: "CivilRecordService",
        crises_conform: "CrisisService",
        crisis_intakes_conform: "CrisisIntakeService",
        crisis_persons_conform: "CrisisPersonService",
        digital_seals_conform: "DigitalSealService",
        emergency_travel_documents_conform: "EmergencyTravelDocumentService",
        enquiries_conform: "EnquiryService",
        entry_requirements_conform: "EntryRequirementService",
        exchange_rates_conform: "ExchangeRateService",
        fee_schedules_conform: "FeeScheduleService",
        legalisations_conform: "LegalisationService",
        lookouts_conform: "LookoutService",
        machine_readable_zones_conform: "MachineReadableZoneService",
        mailbox_messages_conform: "MailboxMessageService",
        manifest_seats_conform: "ManifestSeatService",
        manifests_conform: "ManifestService",
        messages_conform: "MessageService",
        name_check_reviews_conform: "NameCheckReviewService",
        notarial_acts_conform: "NotarialActService",
        passport_applications_conform: "PassportApplicationService",
        passport_holds_conform: "PassportHoldService",
        receipts_conform: "ReceiptService",
        registrations_conform: "RegistrationService",
        repatriation_loans_conform: "RepatriationLoanService",
        reported_documents_conform: "ReportedDocumentService",
        screenings_conform: "ScreeningService",
        specimen_signatures_conform: "SpecimenSignatureService",
        travel_documents_conform: "TravelDocumentService",
        trust_accounts_conform: "TrustAccountService",
        trust_entries_conform: "TrustEntryService",
        visa_applications_conform: "VisaApplicationService",
        visa_statistics_conform: "VisaStatisticService",
        visas_conform: "VisaService",
        watch_lists_conform: "WatchListService",
    }
    gateway {
        agencies_conform: "AgencyService",
        agency_notices_conform: "AgencyNoticeService",
        api_keys_conform: "ApiKeyService",
        deliveries_conform: "DeliveryService",
        elevations_conform: "ElevationService",
        jobs_conform: "JobService",
        products_conform: "ProductService",
        webhooks_conform: "WebhookService",
    }
}

/// Services that act on no record, with tests of their own: `gateway/tests/it/audit.rs`, `consular/tests/it/stopped_feed.rs`.
const ELSEWHERE: &[&str] = &["AuditService", "StoppedDocumentService"];

#[test]
fn every_service_of_the_contract_is_checked() {
    let methods = contract().methods();
    let all: BTreeSet<_> =
        methods.iter().map(|method| method.descriptor().parent_service().name().to_owned()).collect();
    let known: BTreeSet<_> = CHECKED.iter().chain(ELSEWHERE).map(|name| (*name).to_owned()).collect();
    assert_eq!(all, known);
}

async fn accreditation(grpc_service: &str) {
    let house = House::start().await;
    let suite = Suite::new(house.accreditation().await)
        .with(agrements::Agrements)
        .with(circular_receipts::CircularReceipts::default())
        .with(circulars::Circulars)
        .with(compliance_findings::ComplianceFindings)
        .with(guidance_articles::GuidanceArticles)
        .with(notes_verbales::NotesVerbales::default())
        .with(official_functions::OfficialFunctions)
        .with(protocol::Protocol)
        .with(status_certificates::StatusCertificates)
        .with(card_applications::CardApplications)
        .with(charges::Charges)
        .with(consular_commissions::ConsularCommissions::default())
        .with(credentials::Credentials)
        .with(diplomatic_lists::DiplomaticLists)
        .with(honorary_consuls::HonoraryConsuls::default())
        .with(missions::Missions)
        .with(traffic_violations::TrafficViolations)
        .with(driver_licences::DriverLicences)
        .with(vehicles::Vehicles::default())
        .with(privilege_grants::PrivilegeGrants)
        .with(customs_clearances::CustomsClearances::default())
        .with(members::Members::default())
        .with(identity_cards::IdentityCards)
        .with(determinations::Determinations)
        .with(persona_non_grata::Declarations)
        .with(waivers::Waivers::default())
        .with(reciprocity_rules::ReciprocityRules)
        .with(tax_cards::TaxCards::default())
        .with(travel_notices::TravelNotices::default())
        .with(service_requests::ServiceRequests::default())
        .with(properties::Properties)
        .with(port_courtesies::PortCourtesies::default())
        .with(incidents::Incidents::default())
        .with(disputes::Disputes::default())
        .with(debts::Debts::default())
        .with(control_rules::ControlRules);
    conforms(&suite, grpc_service).await;
}

async fn gateway(grpc_service: &str) {
    let house = House::start().await;
    let suite = Suite::new(house.gateway().await)
        .with(agencies::Agencies)
        .with(agency_notices::AgencyNotices)
        .with(api_keys::ApiKeys)
        .with(deliveries::Deliveries)
        .with(elevations::Elevations)
        .with(jobs::Jobs)
        .with(products::Products)
        .with(webhooks::Webhooks::open());
    conforms(&suite, grpc_service).await;
}

async fn consular(grpc_service: &str) {
    let house = House::start().await;
    let suite = Suite::new(house.consular().await)
        .with(apostilles::Apostilles::default())
        .with(appointment_services::AppointmentServices)
        .with(appointment_slots::AppointmentSlots::default())
        .with(appointment_windows::AppointmentWindows::default())
        .with(assistance_cases::AssistanceCases)
        .with(assistance_contacts::AssistanceContacts::default())
        .with(assistance_tasks::AssistanceTasks::default())
        .with(blank_books::BlankBooks)
        .with(bookings::Bookings::default())
        .with(cash_days::CashDays)
        .with(civil_records::CivilRecords)
        .with(crises::Crises)
        .with(crisis_intakes::CrisisIntakes::default())
        .with(crisis_persons::CrisisPersons::default())
        .with(digital_seals::DigitalSeals)
        .with(emergency_travel_documents::EmergencyTravelDocuments::default())
        .with(enquiries::Enquiries::default())
        .with(entry_requirements::EntryRequirements)
        .with(exchange_rates::ExchangeRates::default())
        .with(fee_schedules::FeeSchedules::default())
        .with(legalisations::Legalisations::default())
        .with(lookouts::Lookouts)
        .with(machine_readable_zones::MachineReadableZones)
        .with(mailbox_messages::MailboxMessages)
        .with(manifest_seats::ManifestSeats::default())
        .with(manifests::Manifests::default())
        .with(messages::Messages)
        .with(name_check_reviews::NameCheckReviews::default())
        .with(notarial_acts::NotarialActs)
        .with(passport_applications::PassportApplications::default())
        .with(passport_holds::PassportHolds)
        .with(receipts::Receipts::default())
        .with(registrations::Registrations)
        .with(repatriation_loans::RepatriationLoans::default())
        .with(reported_documents::ReportedDocuments)
        .with(screenings::Screenings::default())
        .with(specimen_signatures::SpecimenSignatures)
        .with(travel_documents::TravelDocuments)
        .with(trust_accounts::TrustAccounts)
        .with(trust_entries::TrustEntries::default())
        .with(visa_applications::VisaApplications::default())
        .with(visa_statistics::VisaStatistics)
        .with(visas::Visas)
        .with(watch_lists::WatchLists);
    conforms(&suite, grpc_service).await;
}

async fn conforms(suite: &Suite, grpc_service: &str) {
    assert!(CHECKED.contains(&grpc_service));
    let report = suite.check(grpc_service).await;
    println!("{grpc_service}: {} checks", report.checks());
    report.assert_conforms();
}

#[tokio::test]
async fn a_method_without_a_fixture_fails_and_says_so() {
    let house = House::start().await;
    let report = Suite::new(house.accreditation().await).check("IdentityCardService").await;
    for method in contract().methods().iter().filter(|one| one.path().contains("IdentityCardService")) {
        for door in ["grpc", "rest"] {
            let line = format!("IdentityCardService.{} ({door}), ", method.name());
            let told = |failure: &&String| failure.starts_with(&line) && failure.contains("there is no fixture for");
            assert!(report.failures().iter().any(|failure| told(&failure)), "{line}: {report}");
        }
    }
}
