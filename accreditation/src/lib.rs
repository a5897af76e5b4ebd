//! Foreign missions in our country, their people, privileges and immunities.

mod agrements;
mod air_waybill;
mod arrivals;
mod audit;
pub mod benefits;
mod card_applications;
mod card_number;
mod charges;
mod circular_receipts;
mod circulars;
mod closure;
mod compliance_findings;
mod consular_commissions;
mod consular_precedence;
mod control_rules;
pub mod controls;
mod courtesy_claims;
mod credentials;
mod customs_clearances;
pub mod debt_ageing;
mod debts;
mod departures;
mod determinations;
mod diplomatic_lists;
mod disputes;
mod dossier;
mod driver_licences;
mod ending;
mod filing;
mod grace;
mod guidance_articles;
mod holder;
mod honorary_consuls;
mod identity_cards;
pub mod immunity;
mod incidents;
mod insurance;
mod members;
mod missions;
mod notes_verbales;
mod notification;
mod official_functions;
mod order_of_precedence;
mod papers;
mod persona_non_grata;
mod plates;
pub mod points;
mod port_courtesies;
mod practice;
pub mod precedence;
mod previews;
mod privilege_grants;
pub mod privileges;
mod properties;
mod property_note;
mod protocol;
mod quota;
pub mod reciprocity;
mod reciprocity_rules;
mod sections;
mod service_requests;
mod settings;
mod status_certificates;
mod tax_card_age;
mod tax_cards;
mod tenure;
pub mod terms;
mod traffic_violations;
mod travel_notices;
mod usage;
mod vehicles;
mod waivers;

pub use agrements::Agrements;
pub use audit::Audit;
pub use card_applications::CardApplications;
pub use charges::Charges;
pub use circular_receipts::CircularReceipts;
pub use circulars::Circulars;
pub use compliance_findings::ComplianceFindings;
pub use consular_commissions::ConsularCommissions;
pub use control_rules::ControlRules;
pub use credentials::Credentials;
pub use customs_clearances::CustomsClearances;
pub use debts::Debts;
pub use determinations::Determinations;
pub use diplomatic_lists::DiplomaticLists;
pub use disputes::Disputes;
pub use dossier::Dossiers;
pub use driver_licences::DriverLicences;
pub use guidance_articles::GuidanceArticles;
pub use holder::Holders;
pub use honorary_consuls::HonoraryConsuls;
pub use identity_cards::IdentityCards;
pub use incidents::Incidents;
pub use members::Members;
pub use missions::Missions;
pub use notes_verbales::NotesVerbales;
pub use notification::Checklist;
pub use official_functions::OfficialFunctions;
pub use order_of_precedence::OrderOfPrecedence;
pub use papers::{Papers, Settings as PaperSettings};
pub use persona_non_grata::Declarations;
pub use port_courtesies::PortCourtesies;
pub use practice::Practice;
pub use privilege_grants::PrivilegeGrants;
pub use properties::Properties;
pub use protocol::Protocol;
pub use reciprocity_rules::ReciprocityRules;
pub use service_requests::ServiceRequests;
pub use settings::Settings;
pub use status_certificates::StatusCertificates;
pub use tax_cards::TaxCards;
pub use traffic_violations::TrafficViolations;
pub use travel_notices::TravelNotices;
pub use vehicles::Vehicles;
pub use waivers::Waivers;

use anyhow::Context as _;
use immunity::Rules;
use privileges::Privileges;
use proto::accreditation::v1::agrement_service_server::AgrementServiceServer;
use proto::accreditation::v1::audit_service_server::AuditServiceServer;
use proto::accreditation::v1::card_application_service_server::CardApplicationServiceServer;
use proto::accreditation::v1::charge_service_server::ChargeServiceServer;
use proto::accreditation::v1::circular_receipt_service_server::CircularReceiptServiceServer;
use proto::accreditation::v1::circular_service_server::CircularServiceServer;
use proto::accreditation::v1::compliance_finding_service_server::ComplianceFindingServiceServer;
use proto::accreditation::v1::consular_commission_service_server::ConsularCommissionServiceServer;
use proto::accreditation::v1::control_rule_service_server::ControlRuleServiceServer;
use proto::accreditation::v1::credential_service_server::CredentialServiceServer;
use proto::accreditation::v1::customs_clearance_service_server::CustomsClearanceServiceServer;
use proto::accreditation::v1::debt_service_server::DebtServiceServer;
use proto::accreditation::v1::diplomatic_list_service_server::DiplomaticListServiceServer;
use proto::accreditation::v1::dispute_service_server::DisputeServiceServer;
use proto::accreditation::v1::driver_licence_service_server::DriverLicenceServiceServer;
use proto::accreditation::v1::guidance_article_service_server::GuidanceArticleServiceServer;
use proto::accreditation::v1::honorary_consul_service_server::HonoraryConsulServiceServer;
use proto::accreditation::v1::identity_card_service_server::IdentityCardServiceServer;
use proto::accreditation::v1::immunity_service_server::ImmunityServiceServer;
use proto::accreditation::v1::incident_service_server::IncidentServiceServer;
use proto::accreditation::v1::member_service_server::MemberServiceServer;
use proto::accreditation::v1::mission_service_server::MissionServiceServer;
use proto::accreditation::v1::note_verbale_service_server::NoteVerbaleServiceServer;
use proto::accreditation::v1::official_function_service_server::OfficialFunctionServiceServer;
use proto::accreditation::v1::persona_non_grata_service_server::PersonaNonGrataServiceServer;
use proto::accreditation::v1::port_courtesy_service_server::PortCourtesyServiceServer;
use proto::accreditation::v1::privilege_grant_service_server::PrivilegeGrantServiceServer;
use proto::accreditation::v1::property_service_server::PropertyServiceServer;
use proto::accreditation::v1::protocol_service_server::ProtocolServiceServer;
use proto::accreditation::v1::reciprocity_rule_service_server::ReciprocityRuleServiceServer;
use proto::accreditation::v1::seal_service_server::SealServiceServer;
use proto::accreditation::v1::service_request_service_server::ServiceRequestServiceServer;
use proto::accreditation::v1::status_certificate_service_server::StatusCertificateServiceServer;
use proto::accreditation::v1::tax_card_service_server::TaxCardServiceServer;
use proto::accreditation::v1::traffic_violation_service_server::TrafficViolationServiceServer;
use proto::accreditation::v1::travel_notice_service_server::TravelNoticeServiceServer;
use proto::accreditation::v1::vehicle_service_server::VehicleServiceServer;
use proto::accreditation::v1::waiver_service_server::WaiverServiceServer;
use registry::Store;
use serve::{House, Register, Service, Started};
use sqlx::migrate::Migrator;
use std::sync::Arc;
use terms::Terms;
use tonic::service::Routes;

/// The service's own tables, after the registry's.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// The service.
#[derive(Debug)]
pub enum Accreditation {}

impl Service for Accreditation {
    const NAME: &'static str = "accreditation";
    type Settings = Settings;

    async fn start(settings: Settings, house: House) -> anyhow::Result<Started> {
        usage::check().context("read our usage in the affairs of missions")?;
        let rules = Arc::new(Rules::of_home(&house.home.state).context("read the rules of immunity")?);
        let terms = Terms::read(settings.terms.as_deref()).context("read the numbers of our practice")?;
        let checklist =
            Checklist::read(settings.notification.as_deref()).context("read the checks of notifications")?;
        Practice::check().context("read our practice")?;
        let benefits = benefits::Practice::of_home(&house.home.state).context("read our practice in benefits")?;
        let privileges = Privileges::shipped(&rules).context("read the table of privileges")?;
        let papers = Papers::new(&settings.papers, &house.home).context("prepare the papers")?;
        let Settings { database, redis_url, relay, .. } = settings;
        let key = relay.audit_key.clone();
        let register = Register { database, own: &MIGRATIONS, redis_url, relay };
        let carry = |options: registry::Options| options.with(Arc::new(terms)).with(Arc::new(checklist));
        let routes = |store: &Store| {
            let audit = AuditServiceServer::new(Audit::new(store.clone(), key));
            routes(store, rules, Arc::new(benefits), Arc::new(privileges), papers).add_service(audit)
        };
        register.start::<Self>(&house, carry, routes).await
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(
    store: &Store,
    rules: Arc<Rules>,
    practice: Arc<benefits::Practice>,
    privileges: Arc<Privileges>,
    papers: Papers,
) -> Routes {
    let (missions, members) = (store.keep::<Missions>(), store.keep::<Members>());
    let dossiers = Dossiers::new(members.clone(), missions.clone());
    let holders = Holders::new(dossiers.clone(), missions.clone());
    let (reciprocity, tax_cards) = (store.keep::<ReciprocityRules>(), store.keep::<TaxCards>());
    let cards = IdentityCards::new(store.keep(), dossiers.clone(), Arc::clone(&rules), papers.clone());
    let applications = CardApplications::new(store.keep(), Arc::clone(&rules));
    let notes = NotesVerbales::new(store.keep(), missions.clone(), papers.clone());
    let circulars = Circulars::new(store.keep(), papers.clone());
    let certificates = StatusCertificates::new(store.keep(), dossiers.clone(), Arc::clone(&rules), papers.clone());
    let determinations = Determinations::new(store.keep(), dossiers.clone(), Arc::clone(&rules));
    let reciprocity_rules = ReciprocityRules::new(
        reciprocity.clone(),
        members.clone(),
        missions.clone(),
        tax_cards.clone(),
        Arc::clone(&practice),
    );
    let (customs, vehicles) = (store.keep::<CustomsClearances>(), store.keep::<Vehicles>());
    let customs = CustomsClearances::new(customs, Arc::clone(&rules), Arc::clone(&practice));
    let vehicles = Vehicles::new(vehicles, holders.clone(), Arc::clone(&rules), Arc::clone(&practice));
    let licences = DriverLicences::new(store.keep(), holders.clone(), Arc::clone(&rules), Arc::clone(&practice));
    let violations = TrafficViolations::new(store.keep(), Arc::clone(&practice));
    let grants = PrivilegeGrants::new(store.keep(), members.clone(), dossiers, Arc::clone(&rules), privileges);
    let tax_cards = TaxCards::new(tax_cards, holders, reciprocity, rules, practice);
    Routes::new(MissionServiceServer::new(Missions::new(missions)))
        .add_service(AgrementServiceServer::new(Agrements::new(store.keep())))
        .add_service(CardApplicationServiceServer::new(applications))
        .add_service(ChargeServiceServer::new(Charges::new(store.keep())))
        .add_service(ComplianceFindingServiceServer::new(ComplianceFindings::new(store.keep())))
        .add_service(ConsularCommissionServiceServer::new(ConsularCommissions::new(store.keep())))
        .add_service(DiplomaticListServiceServer::new(DiplomaticLists::new(store, papers.clone())))
        .add_service(HonoraryConsulServiceServer::new(HonoraryConsuls::new(store.keep())))
        .add_service(CredentialServiceServer::new(Credentials::new(store.keep(), OrderOfPrecedence::new(store))))
        .add_service(MemberServiceServer::new(Members::new(members)))
        .add_service(IdentityCardServiceServer::new(cards))
        .add_service(ImmunityServiceServer::new(determinations))
        .add_service(PersonaNonGrataServiceServer::new(Declarations::new(store.keep())))
        .add_service(WaiverServiceServer::new(Waivers::new(store.keep())))
        .add_service(ReciprocityRuleServiceServer::new(reciprocity_rules))
        .add_service(CustomsClearanceServiceServer::new(customs))
        .add_service(DriverLicenceServiceServer::new(licences))
        .add_service(PrivilegeGrantServiceServer::new(grants))
        .add_service(TaxCardServiceServer::new(tax_cards))
        .add_service(TrafficViolationServiceServer::new(violations))
        .add_service(VehicleServiceServer::new(vehicles))
        .add_service(CircularReceiptServiceServer::new(CircularReceipts::new(store.keep())))
        .add_service(CircularServiceServer::new(circulars))
        .add_service(GuidanceArticleServiceServer::new(GuidanceArticles::new(store.keep())))
        .add_service(NoteVerbaleServiceServer::new(notes))
        .add_service(OfficialFunctionServiceServer::new(OfficialFunctions::new(store.keep())))
        .add_service(ProtocolServiceServer::new(Protocol::new(store)))
        .add_service(SealServiceServer::new(papers::Seals::new(papers)))
        .add_service(StatusCertificateServiceServer::new(certificates))
        .add_service(ControlRuleServiceServer::new(ControlRules::new(store.keep())))
        .add_service(DebtServiceServer::new(Debts::new(store.keep())))
        .add_service(DisputeServiceServer::new(Disputes::new(store.keep())))
        .add_service(IncidentServiceServer::new(Incidents::new(store.keep())))
        .add_service(PortCourtesyServiceServer::new(PortCourtesies::new(store.keep())))
        .add_service(PropertyServiceServer::new(Properties::new(store.keep())))
        .add_service(ServiceRequestServiceServer::new(ServiceRequests::new(store.keep())))
        .add_service(TravelNoticeServiceServer::new(TravelNotices::new(store.keep())))
}
