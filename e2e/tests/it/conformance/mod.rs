//! The conformance suite over every method of every service, at both doors.

mod agencies;
mod agrements;
mod api_keys;
mod bench;
mod charges;
mod consular_commissions;
mod credentials;
mod deliveries;
mod determinations;
mod diplomatic_lists;
mod elevations;
mod entry_requirements;
mod honorary_consuls;
mod identity_cards;
mod jobs;
mod members;
mod missions;
mod products;
mod reciprocity_rules;
mod screenings;
mod tax_cards;
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
    "ElevationService",
    "ChargeService",
    "ConsularCommissionService",
    "CredentialService",
    "DeliveryService",
    "DiplomaticListService",
    "EntryRequirementService",
    "HonoraryConsulService",
    "IdentityCardService",
    "ImmunityService",
    "JobService",
    "MemberService",
    "MissionService",
    "ProductService",
    "ReciprocityRuleService",
    "ScreeningService",
    "TaxCardService",
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
        .with(charges::Charges)
        .with(consular_commissions::ConsularCommissions::default())
        .with(credentials::Credentials)
        .with(diplomatic_lists::DiplomaticLists)
        .with(honorary_consuls::HonoraryConsuls::default())
        .with(missions::Missions)
        .with(members::Members::default())
        .with(identity_cards::IdentityCards)
        .with(determinations::Determinations)
        .with(reciprocity_rules::ReciprocityRules)
        .with(tax_cards::TaxCards::default());
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
async fn diplomatic_lists_conform() {
    accreditation("DiplomaticListService").await;
}

#[tokio::test]
async fn honorary_consuls_conform() {
    accreditation("HonoraryConsulService").await;
}

#[tokio::test]
async fn credentials_conform() {
    accreditation("CredentialService").await;
}

#[tokio::test]
async fn missions_conform() {
    accreditation("MissionService").await;
}

#[tokio::test]
async fn members_conform() {
    accreditation("MemberService").await;
}

#[tokio::test]
async fn identity_cards_conform() {
    accreditation("IdentityCardService").await;
}

#[tokio::test]
async fn determinations_conform() {
    accreditation("ImmunityService").await;
}

async fn gateway(grpc_service: &str) {
    let house = House::start().await;
    let suite = Suite::new(house.gateway().await)
        .with(agencies::Agencies)
        .with(api_keys::ApiKeys)
        .with(elevations::Elevations)
        .with(products::Products);
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

#[tokio::test]
async fn agencies_conform() {
    gateway("AgencyService").await;
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
async fn entry_requirements_conform() {
    consular("EntryRequirementService").await;
}

#[tokio::test]
async fn reciprocity_rules_conform() {
    accreditation("ReciprocityRuleService").await;
}

#[tokio::test]
async fn tax_cards_conform() {
    accreditation("TaxCardService").await;
}

#[tokio::test]
async fn api_keys_conform() {
    gateway("ApiKeyService").await;
}

#[tokio::test]
async fn elevations_conform() {
    gateway("ElevationService").await;
}

#[tokio::test]
async fn products_conform() {
    gateway("ProductService").await;
}

#[tokio::test]
async fn webhooks_conform() {
    let house = House::start().await;
    let suite = Suite::new(house.gateway().await).with(webhooks::Webhooks::open());
    conforms(&suite, "WebhookService").await;
}

#[tokio::test]
async fn deliveries_conform() {
    let house = House::start().await;
    let suite = Suite::new(house.gateway().await).with(deliveries::Deliveries);
    conforms(&suite, "DeliveryService").await;
}

#[tokio::test]
async fn jobs_conform() {
    let house = House::start().await;
    let suite = Suite::new(house.gateway().await).with(jobs::Jobs);
    conforms(&suite, "JobService").await;
}
