//! Foreign missions in our country, their people, privileges and immunities.

mod agrements;
pub mod benefits;
mod card_number;
mod charges;
mod consular_commissions;
mod consular_precedence;
mod credentials;
mod determinations;
mod diplomatic_lists;
mod dossier;
mod holder;
mod honorary_consuls;
mod identity_cards;
pub mod immunity;
mod members;
mod missions;
mod notification;
mod order_of_precedence;
mod practice;
pub mod precedence;
pub mod reciprocity;
mod reciprocity_rules;
mod sections;
mod settings;
mod tax_card_age;
mod tax_cards;
pub mod terms;

pub use agrements::Agrements;
pub use charges::Charges;
pub use consular_commissions::ConsularCommissions;
pub use credentials::Credentials;
pub use determinations::Determinations;
pub use diplomatic_lists::DiplomaticLists;
pub use dossier::Dossiers;
pub use holder::Holders;
pub use honorary_consuls::HonoraryConsuls;
pub use identity_cards::IdentityCards;
pub use members::Members;
pub use missions::Missions;
pub use order_of_precedence::OrderOfPrecedence;
pub use practice::Practice;
pub use reciprocity_rules::ReciprocityRules;
pub use settings::Settings;
pub use tax_cards::TaxCards;

use anyhow::Context as _;
use immunity::Rules;
use proto::accreditation::v1::agrement_service_server::AgrementServiceServer;
use proto::accreditation::v1::charge_service_server::ChargeServiceServer;
use proto::accreditation::v1::consular_commission_service_server::ConsularCommissionServiceServer;
use proto::accreditation::v1::credential_service_server::CredentialServiceServer;
use proto::accreditation::v1::diplomatic_list_service_server::DiplomaticListServiceServer;
use proto::accreditation::v1::honorary_consul_service_server::HonoraryConsulServiceServer;
use proto::accreditation::v1::identity_card_service_server::IdentityCardServiceServer;
use proto::accreditation::v1::immunity_service_server::ImmunityServiceServer;
use proto::accreditation::v1::member_service_server::MemberServiceServer;
use proto::accreditation::v1::mission_service_server::MissionServiceServer;
use proto::accreditation::v1::reciprocity_rule_service_server::ReciprocityRuleServiceServer;
use proto::accreditation::v1::tax_card_service_server::TaxCardServiceServer;
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
        let rules = Arc::new(Rules::of_home(&house.home.state).context("read the rules of immunity")?);
        let terms = Terms::read(settings.terms.as_deref()).context("read the numbers of our practice")?;
        Practice::check().context("read our practice")?;
        let benefits = benefits::Practice::of_home(&house.home.state).context("read our practice in benefits")?;
        let Settings { database, redis_url, relay, .. } = settings;
        let register = Register { database, own: &MIGRATIONS, redis_url, relay };
        let routes = |store: &Store| routes(store, rules, Arc::new(benefits));
        register.start::<Self>(&house, |options| options.with(Arc::new(terms)), routes).await
    }
}

/// The service's methods, on a register that is open. Tests bring a register with a clock of their own.
pub fn routes(store: &Store, rules: Arc<Rules>, practice: Arc<benefits::Practice>) -> Routes {
    let (missions, members) = (store.keep::<Missions>(), store.keep::<Members>());
    let dossiers = Dossiers::new(members.clone(), missions.clone());
    let holders = Holders::new(dossiers.clone(), missions.clone());
    let (reciprocity, tax_cards) = (store.keep::<ReciprocityRules>(), store.keep::<TaxCards>());
    let cards = IdentityCards::new(store.keep(), dossiers.clone(), Arc::clone(&rules));
    let determinations = Determinations::new(store.keep(), dossiers, Arc::clone(&rules));
    let reciprocity_rules = ReciprocityRules::new(
        reciprocity.clone(),
        members.clone(),
        missions.clone(),
        tax_cards.clone(),
        Arc::clone(&practice),
    );
    let tax_cards = TaxCards::new(tax_cards, holders, reciprocity, rules, practice);
    Routes::new(MissionServiceServer::new(Missions::new(missions)))
        .add_service(AgrementServiceServer::new(Agrements::new(store.keep())))
        .add_service(ChargeServiceServer::new(Charges::new(store.keep())))
        .add_service(ConsularCommissionServiceServer::new(ConsularCommissions::new(store.keep())))
        .add_service(DiplomaticListServiceServer::new(DiplomaticLists::new(store)))
        .add_service(HonoraryConsulServiceServer::new(HonoraryConsuls::new(store.keep())))
        .add_service(CredentialServiceServer::new(Credentials::new(store.keep(), OrderOfPrecedence::new(store))))
        .add_service(MemberServiceServer::new(Members::new(members)))
        .add_service(IdentityCardServiceServer::new(cards))
        .add_service(ImmunityServiceServer::new(determinations))
        .add_service(ReciprocityRuleServiceServer::new(reciprocity_rules))
        .add_service(TaxCardServiceServer::new(tax_cards))
}
