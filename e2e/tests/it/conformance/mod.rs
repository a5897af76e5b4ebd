//! The conformance suite over every method of every service, at both doors.

mod agencies;
mod agrements;
mod api_keys;
mod apostilles;
mod appointment_services;
mod appointment_slots;
mod appointment_windows;
mod bench;
mod blank_books;
mod bookings;
mod cash_days;
mod charges;
mod circular_receipts;
mod circulars;
mod civil_records;
mod consular_commissions;
mod control_rules;
mod credentials;
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
mod entry_requirements;
mod fee_schedules;
mod guidance_articles;
mod honorary_consuls;
mod identity_cards;
mod incidents;
mod jobs;
mod legalisations;
mod machine_readable_zones;
mod members;
mod missions;
mod notarial_acts;
mod notes_verbales;
mod official_functions;
mod passport_applications;
mod persona_non_grata;
mod port_courtesies;
mod privilege_grants;
mod products;
mod properties;
mod protocol;
mod receipts;
mod reciprocity_rules;
mod screenings;
mod service_requests;
mod specimen_signatures;
mod status_certificates;
mod tax_cards;
mod traffic_violations;
mod travel_documents;
mod travel_notices;
mod vehicles;
mod visa_applications;
mod visa_statistics;
mod visas;
mod waivers;
mod watch_lists;
mod webhooks;

use bench::House;
use proto::contract::contract;
use std::collections::BTreeSet;
use testkit::conformance::Suite;

/// The gRPC services that are checked below, one a line.
#[rustfmt::skip]
const CHECKED: &[&str] = &[
    "AgencyService",
    "AgrementService",
    "ApiKeyService",
    "ApostilleService",
    "AppointmentServiceService",
    "AppointmentSlotService",
    "AppointmentWindowService",
    "BlankBookService",
    "BookingService",
    "CashDayService",
    "ChargeService",
    "CircularReceiptService",
    "CircularService",
    "CivilRecordService",
    "ConsularCommissionService",
    "ControlRuleService",
    "CredentialService",
    "CustomsClearanceService",
    "DebtService",
    "DeliveryService",
    "DigitalSealService",
    "DiplomaticListService",
    "DisputeService",
    "DriverLicenceService",
    "ElevationService",
    "EmergencyTravelDocumentService",
    "EntryRequirementService",
    "FeeScheduleService",
    "GuidanceArticleService",
    "HonoraryConsulService",
    "IdentityCardService",
    "ImmunityService",
    "IncidentService",
    "JobService",
    "LegalisationService",
    "MachineReadableZoneService",
    "MemberService",
    "MissionService",
    "NotarialActService",
    "NoteVerbaleService",
    "OfficialFunctionService",
    "PassportApplicationService",
    "PersonaNonGrataService",
    "PortCourtesyService",
    "PrivilegeGrantService",
    "ProductService",
    "PropertyService",
    "ProtocolService",
    "ReceiptService",
    "ReciprocityRuleService",
    "ScreeningService",
    "SealService",
    "ServiceRequestService",
    "SpecimenSignatureService",
    "StatusCertificateService",
    "TaxCardService",
    "TrafficViolationService",
    "TravelDocumentService",
    "TravelNoticeService",
    "VehicleService",
    "VisaApplicationService",
    "VisaService",
    "VisaStatisticService",
    "WaiverService",
    "WatchListService",
    "WebhookService",
];

/// Services that act on no record, with tests of their own: `gateway/tests/it/audit.rs`.
const ELSEWHERE: &[&str] = &["AuditService"];

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
        .with(guidance_articles::GuidanceArticles)
        .with(notes_verbales::NotesVerbales::default())
        .with(official_functions::OfficialFunctions)
        .with(protocol::Protocol)
        .with(status_certificates::StatusCertificates)
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
        .with(civil_records::CivilRecords)
        .with(apostilles::Apostilles::default())
        .with(appointment_services::AppointmentServices)
        .with(appointment_slots::AppointmentSlots::default())
        .with(appointment_windows::AppointmentWindows::default())
        .with(bookings::Bookings::default())
        .with(cash_days::CashDays)
        .with(fee_schedules::FeeSchedules::default())
        .with(legalisations::Legalisations::default())
        .with(notarial_acts::NotarialActs)
        .with(receipts::Receipts::default())
        .with(specimen_signatures::SpecimenSignatures)
        .with(blank_books::BlankBooks)
        .with(digital_seals::DigitalSeals)
        .with(emergency_travel_documents::EmergencyTravelDocuments::default())
        .with(entry_requirements::EntryRequirements)
        .with(machine_readable_zones::MachineReadableZones)
        .with(passport_applications::PassportApplications::default())
        .with(screenings::Screenings::default())
        .with(travel_documents::TravelDocuments)
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

/// The tests of accreditation's services, one a line.
macro_rules! accreditation {
    ($($test:ident: $service:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                accreditation($service).await;
            }
        )*
    };
}

accreditation! {
    agrements_conform: "AgrementService",
    charges_conform: "ChargeService",
    circular_receipts_conform: "CircularReceiptService",
    circulars_conform: "CircularService",
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

#[tokio::test]
async fn blank_books_conform() {
    consular("BlankBookService").await;
}

#[tokio::test]
async fn digital_seals_conform() {
    consular("DigitalSealService").await;
}

#[tokio::test]
async fn emergency_travel_documents_conform() {
    consular("EmergencyTravelDocumentService").await;
}

#[tokio::test]
async fn machine_readable_zones_conform() {
    consular("MachineReadableZoneService").await;
}

#[tokio::test]
async fn passport_applications_conform() {
    consular("PassportApplicationService").await;
}

#[tokio::test]
async fn travel_documents_conform() {
    consular("TravelDocumentService").await;
}

#[tokio::test]
async fn visa_applications_conform() {
    consular("VisaApplicationService").await;
}

#[tokio::test]
async fn visa_statistics_conform() {
    consular("VisaStatisticService").await;
}

#[tokio::test]
async fn visas_conform() {
    consular("VisaService").await;
}

#[tokio::test]
async fn apostilles_conform() {
    consular("ApostilleService").await;
}

#[tokio::test]
async fn appointment_services_conform() {
    consular("AppointmentServiceService").await;
}

#[tokio::test]
async fn appointment_slots_conform() {
    consular("AppointmentSlotService").await;
}

#[tokio::test]
async fn appointment_windows_conform() {
    consular("AppointmentWindowService").await;
}

#[tokio::test]
async fn bookings_conform() {
    consular("BookingService").await;
}

#[tokio::test]
async fn cash_days_conform() {
    consular("CashDayService").await;
}

#[tokio::test]
async fn fee_schedules_conform() {
    consular("FeeScheduleService").await;
}

#[tokio::test]
async fn legalisations_conform() {
    consular("LegalisationService").await;
}

#[tokio::test]
async fn notarial_acts_conform() {
    consular("NotarialActService").await;
}

#[tokio::test]
async fn receipts_conform() {
    consular("ReceiptService").await;
}

#[tokio::test]
async fn specimen_signatures_conform() {
    consular("SpecimenSignatureService").await;
}

#[tokio::test]
async fn civil_records_conform() {
    consular("CivilRecordService").await;
}

#[tokio::test]
async fn entry_requirements_conform() {
    consular("EntryRequirementService").await;
}

#[tokio::test]
async fn screenings_conform() {
    consular("ScreeningService").await;
}

#[tokio::test]
async fn watch_lists_conform() {
    consular("WatchListService").await;
}

#[tokio::test]
async fn agencies_conform() {
    gateway("AgencyService").await;
}

#[tokio::test]
async fn elevations_conform() {
    gateway("ElevationService").await;
}

#[tokio::test]
async fn api_keys_conform() {
    gateway("ApiKeyService").await;
}

#[tokio::test]
async fn deliveries_conform() {
    gateway("DeliveryService").await;
}

#[tokio::test]
async fn jobs_conform() {
    gateway("JobService").await;
}

#[tokio::test]
async fn products_conform() {
    gateway("ProductService").await;
}

#[tokio::test]
async fn webhooks_conform() {
    gateway("WebhookService").await;
}
