//! The conformance suite over every method of every service, at both doors.

mod agencies;
mod agrements;
mod api_keys;
mod bench;
mod charges;
mod circular_receipts;
mod circulars;
mod consular_commissions;
mod control_rules;
mod credentials;
mod customs_clearances;
mod debts;
mod deliveries;
mod determinations;
mod diplomatic_lists;
mod disputes;
mod driver_licences;
mod entry_requirements;
mod guidance_articles;
mod honorary_consuls;
mod identity_cards;
mod incidents;
mod jobs;
mod members;
mod missions;
mod notes_verbales;
mod official_functions;
mod persona_non_grata;
mod port_courtesies;
mod privilege_grants;
mod products;
mod properties;
mod protocol;
mod reciprocity_rules;
mod screenings;
mod service_requests;
mod status_certificates;
mod tax_cards;
mod traffic_violations;
mod travel_notices;
mod vehicles;
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
    "ChargeService",
    "CircularReceiptService",
    "CircularService",
    "ConsularCommissionService",
    "ControlRuleService",
    "CredentialService",
    "CustomsClearanceService",
    "DebtService",
    "DeliveryService",
    "DiplomaticListService",
    "DisputeService",
    "DriverLicenceService",
    "EntryRequirementService",
    "GuidanceArticleService",
    "HonoraryConsulService",
    "IdentityCardService",
    "ImmunityService",
    "IncidentService",
    "JobService",
    "MemberService",
    "MissionService",
    "NoteVerbaleService",
    "OfficialFunctionService",
    "PersonaNonGrataService",
    "PortCourtesyService",
    "PrivilegeGrantService",
    "ProductService",
    "PropertyService",
    "ProtocolService",
    "ReciprocityRuleService",
    "ScreeningService",
    "SealService",
    "ServiceRequestService",
    "StatusCertificateService",
    "TaxCardService",
    "TrafficViolationService",
    "TravelNoticeService",
    "VehicleService",
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
        .with(jobs::Jobs)
        .with(products::Products)
        .with(webhooks::Webhooks::open());
    conforms(&suite, grpc_service).await;
}

async fn consular(grpc_service: &str) {
    let house = House::start().await;
    let suite = Suite::new(house.consular().await)
        .with(entry_requirements::EntryRequirements)
        .with(screenings::Screenings::default())
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

#[tokio::test]
async fn agrements_conform() {
    accreditation("AgrementService").await;
}

#[tokio::test]
async fn charges_conform() {
    accreditation("ChargeService").await;
}

#[tokio::test]
async fn consular_commissions_conform() {
    accreditation("ConsularCommissionService").await;
}

#[tokio::test]
async fn control_rules_conform() {
    accreditation("ControlRuleService").await;
}

#[tokio::test]
async fn credentials_conform() {
    accreditation("CredentialService").await;
}

#[tokio::test]
async fn customs_clearances_conform() {
    accreditation("CustomsClearanceService").await;
}

#[tokio::test]
async fn debts_conform() {
    accreditation("DebtService").await;
}

#[tokio::test]
async fn declarations_conform() {
    accreditation("PersonaNonGrataService").await;
}

#[tokio::test]
async fn determinations_conform() {
    accreditation("ImmunityService").await;
}

#[tokio::test]
async fn diplomatic_lists_conform() {
    accreditation("DiplomaticListService").await;
}

#[tokio::test]
async fn disputes_conform() {
    accreditation("DisputeService").await;
}

#[tokio::test]
async fn driver_licences_conform() {
    accreditation("DriverLicenceService").await;
}

#[tokio::test]
async fn honorary_consuls_conform() {
    accreditation("HonoraryConsulService").await;
}

#[tokio::test]
async fn identity_cards_conform() {
    accreditation("IdentityCardService").await;
}

#[tokio::test]
async fn incidents_conform() {
    accreditation("IncidentService").await;
}

#[tokio::test]
async fn members_conform() {
    accreditation("MemberService").await;
}

#[tokio::test]
async fn missions_conform() {
    accreditation("MissionService").await;
}

#[tokio::test]
async fn port_courtesies_conform() {
    accreditation("PortCourtesyService").await;
}

#[tokio::test]
async fn privilege_grants_conform() {
    accreditation("PrivilegeGrantService").await;
}

#[tokio::test]
async fn properties_conform() {
    accreditation("PropertyService").await;
}

#[tokio::test]
async fn reciprocity_rules_conform() {
    accreditation("ReciprocityRuleService").await;
}

#[tokio::test]
async fn service_requests_conform() {
    accreditation("ServiceRequestService").await;
}

#[tokio::test]
async fn tax_cards_conform() {
    accreditation("TaxCardService").await;
}

#[tokio::test]
async fn traffic_violations_conform() {
    accreditation("TrafficViolationService").await;
}

#[tokio::test]
async fn travel_notices_conform() {
    accreditation("TravelNoticeService").await;
}

#[tokio::test]
async fn vehicles_conform() {
    accreditation("VehicleService").await;
}

#[tokio::test]
async fn waivers_conform() {
    accreditation("WaiverService").await;
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

#[tokio::test]
async fn circular_receipts_conform() {
    accreditation("CircularReceiptService").await;
}

#[tokio::test]
async fn circulars_conform() {
    accreditation("CircularService").await;
}

#[tokio::test]
async fn guidance_articles_conform() {
    accreditation("GuidanceArticleService").await;
}

#[tokio::test]
async fn notes_verbales_conform() {
    accreditation("NoteVerbaleService").await;
}

#[tokio::test]
async fn official_functions_conform() {
    accreditation("OfficialFunctionService").await;
}

#[tokio::test]
async fn protocol_conform() {
    accreditation("ProtocolService").await;
}

#[tokio::test]
async fn seals_conform() {
    accreditation("SealService").await;
}

#[tokio::test]
async fn status_certificates_conform() {
    accreditation("StatusCertificateService").await;
}
