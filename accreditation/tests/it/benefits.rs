//! Benefits in the test's register: rules of reciprocity and what is granted by them, and every verb on the way.

use crate::world::{Signed, World, decider, officer, registrar, secretary, staff_of, stamp};
use identity::{Permissions, Principal};
use proto::accreditation::v1::customs_clearance_service_client::CustomsClearanceServiceClient;
use proto::accreditation::v1::privilege_grant_service_client::PrivilegeGrantServiceClient;
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level};
use proto::accreditation::v1::reciprocity_rule_service_client::ReciprocityRuleServiceClient;
use proto::accreditation::v1::tax_card_service_client::TaxCardServiceClient;
use proto::accreditation::v1::{
    self as pb, Category, CustomsClearance, Extent, Member, Privilege, PrivilegeGrant, ReciprocityRule, Restriction,
    TaxCard, tax_card,
};
use tonic::{Response, Status};

/// The requests of verbs that need nothing but a name.
macro_rules! plain {
    ($client:expr, $name:expr, $method:ident, $request:ident) => {
        $client.$method(pb::$request { name: $name, ..Default::default() }).await
    };
}

/// Who decides on benefits.
pub(crate) fn benefits() -> Principal {
    officer("people/benefits")
}

/// A shop's terminal, which may ask about cards and nothing else.
pub(crate) fn merchant() -> Principal {
    Principal {
        subject: "apiKeys/merchant".into(),
        agency: Some("merchant".into()),
        permissions: Permissions::of(["accreditation.taxCards.verify"]),
        ..testkit::principal::<&str>([])
    }
}

/// A mission's own staff who sign for it.
pub(crate) fn signatory_of(mission: &str) -> Principal {
    let permissions = [
        "customsClearances.read",
        "customsClearances.submit",
        "driverLicences.apply",
        "members.read",
        "privilegeGrants.read",
        "reciprocityRules.read",
        "taxCards.history",
        "taxCards.read",
        "taxCards.request",
        "trafficViolations.read",
        "vehicles.apply",
        "vehicles.read",
    ];
    Principal {
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..staff_of(mission)
    }
}

/// A draft: members of the diplomatic staff of this state and their families get tax cards without restriction.
pub(crate) fn tax_rule(country: &str) -> ReciprocityRule {
    ReciprocityRule {
        country: country.into(),
        category: Category::DiplomaticStaff.into(),
        family: true,
        benefit: Benefit::TaxExemption.into(),
        level: Level::Unrestricted.into(),
        basis: "Exchange of notes".into(),
        ..ReciprocityRule::default()
    }
}

/// The same, restricted to purchases of 300.00 and more.
pub(crate) fn restricted(rule: ReciprocityRule) -> ReciprocityRule {
    let restriction = Restriction { minimum_amount: 30_000, ..Restriction::default() };
    ReciprocityRule { level: Level::Restricted.into(), restriction: Some(restriction), ..rule }
}

/// For the missions themselves.
pub(crate) fn for_missions(rule: ReciprocityRule) -> ReciprocityRule {
    ReciprocityRule { category: Category::Unspecified.into(), family: false, ..rule }
}

/// A shipment with an air waybill of its own.
pub(crate) fn shipment(mission: &str, member: &str, number: u32, quantity: i32) -> CustomsClearance {
    CustomsClearance {
        mission: mission.into(),
        member: member.into(),
        air_waybill: format!("020-{number:07}{}", number % 7),
        description: "Furniture".into(),
        quantity,
        ..CustomsClearance::default()
    }
}

/// Customs duties, wholly, for one member.
pub(crate) fn grant_of(member: &str, from: &str, end: Option<&str>) -> PrivilegeGrant {
    PrivilegeGrant {
        member: member.into(),
        privilege: Privilege::CustomsDuties.into(),
        extent: Extent::Whole.into(),
        basis: "Note 12/2026".into(),
        effective_time: stamp(from),
        end_time: end.and_then(stamp),
        ..PrivilegeGrant::default()
    }
}

impl World {
    pub(crate) fn rules(&self, by: &Principal) -> ReciprocityRuleServiceClient<Signed> {
        ReciprocityRuleServiceClient::new(self.signed(by))
    }

    pub(crate) fn tax_cards(&self, by: &Principal) -> TaxCardServiceClient<Signed> {
        TaxCardServiceClient::new(self.signed(by))
    }

    pub(crate) async fn draft_rule(&self, rule: ReciprocityRule) -> Result<ReciprocityRule, Status> {
        let request = pb::CreateReciprocityRuleRequest { reciprocity_rule: Some(rule), ..Default::default() };
        self.rules(&registrar()).create_reciprocity_rule(request).await.map(Response::into_inner)
    }

    pub(crate) async fn rule_step(&self, by: &Principal, verb: &str, name: &str) -> Result<ReciprocityRule, Status> {
        let (mut client, name) = (self.rules(by), name.to_owned());
        let answer = match verb {
            "clear" => plain!(client, name, clear_reciprocity_rule, ClearReciprocityRuleRequest),
            "return" => plain!(client, name, return_reciprocity_rule, ReturnReciprocityRuleRequest),
            "activate" => plain!(client, name, activate_reciprocity_rule, ActivateReciprocityRuleRequest),
            "supersede" => plain!(client, name, supersede_reciprocity_rule, SupersedeReciprocityRuleRequest),
            _ => panic!("rules have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    /// A rule that was drafted and cleared.
    pub(crate) async fn cleared(&self, rule: ReciprocityRule) -> String {
        let name = self.draft_rule(rule).await.unwrap().name;
        self.rule_step(&decider(), "clear", &name).await.unwrap().name
    }

    pub(crate) async fn activate(&self, name: &str, from: &str) -> Result<ReciprocityRule, Status> {
        let effective_time = crate::world::stamp(from);
        let request = pb::ActivateReciprocityRuleRequest { name: name.into(), effective_time, ..Default::default() };
        self.rules(&benefits()).activate_reciprocity_rule(request).await.map(Response::into_inner)
    }

    pub(crate) async fn supersede(&self, name: &str, end: &str) -> Result<ReciprocityRule, Status> {
        let end_time = crate::world::stamp(end);
        let request = pb::SupersedeReciprocityRuleRequest { name: name.into(), end_time, ..Default::default() };
        self.rules(&benefits()).supersede_reciprocity_rule(request).await.map(Response::into_inner)
    }

    /// A rule in force: a second passes, since a change is always later than the one before it.
    pub(crate) async fn enact(&self, rule: ReciprocityRule) -> ReciprocityRule {
        let name = self.cleared(rule).await;
        let rule = self.rule_step(&benefits(), "activate", &name).await.unwrap();
        self.clock.advance(chrono::TimeDelta::seconds(1));
        rule
    }

    pub(crate) async fn rule(&self, name: &str) -> ReciprocityRule {
        let request = pb::GetReciprocityRuleRequest { name: name.into(), as_of: None };
        self.rules(&benefits()).get_reciprocity_rule(request).await.unwrap().into_inner()
    }

    pub(crate) async fn ask_for_card(&self, by: &Principal, mission: &str, member: &str) -> Result<TaxCard, Status> {
        let card = TaxCard { mission: mission.into(), member: member.into(), ..TaxCard::default() };
        let request = pb::CreateTaxCardRequest { tax_card: Some(card), ..Default::default() };
        self.tax_cards(by).create_tax_card(request).await.map(Response::into_inner)
    }

    pub(crate) async fn tax_step(&self, by: &Principal, verb: &str, name: &str) -> Result<TaxCard, Status> {
        let (mut client, name) = (self.tax_cards(by), name.to_owned());
        let answer = match verb {
            "examine" => plain!(client, name, examine_tax_card, ExamineTaxCardRequest),
            "decline" => plain!(client, name, decline_tax_card, DeclineTaxCardRequest),
            "issue" => plain!(client, name, issue_tax_card, IssueTaxCardRequest),
            "suspend" => {
                let cause = tax_card::SuspensionCause::Debt.into();
                client.suspend_tax_card(pb::SuspendTaxCardRequest { name, cause, ..Default::default() }).await
            }
            "reinstate" => plain!(client, name, reinstate_tax_card, ReinstateTaxCardRequest),
            "reportLost" => {
                let note = "Note 44/2026".into();
                client.report_tax_card_lost(pb::ReportTaxCardLostRequest { name, note, ..Default::default() }).await
            }
            "recall" => {
                let cause = tax_card::RecallCause::Misuse.into();
                client.recall_tax_card(pb::RecallTaxCardRequest { name, cause, ..Default::default() }).await
            }
            _ => panic!("tax cards have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    /// A card asked for and examined, for a member or, without one, for the mission.
    pub(crate) async fn eligible(&self, mission: &str, member: &str) -> Result<String, Status> {
        let name = self.ask_for_card(&registrar(), mission, member).await?.name;
        self.tax_step(&benefits(), "examine", &name).await.map(|card| card.name)
    }

    /// The same, issued.
    pub(crate) async fn tax_card(&self, mission: &str, member: &str) -> Result<TaxCard, Status> {
        let name = self.eligible(mission, member).await?;
        self.tax_step(&benefits(), "issue", &name).await
    }

    /// What a merchant is told.
    pub(crate) async fn sold_to(&self, name: &str) -> (bool, String) {
        let request = pb::VerifyTaxCardRequest { name: name.into() };
        let answer = self.tax_cards(&merchant()).verify_tax_card(request).await.unwrap().into_inner();
        (answer.valid, answer.restriction)
    }

    pub(crate) fn clearances(&self, by: &Principal) -> CustomsClearanceServiceClient<Signed> {
        CustomsClearanceServiceClient::new(self.signed(by))
    }

    pub(crate) fn grants(&self, by: &Principal) -> PrivilegeGrantServiceClient<Signed> {
        PrivilegeGrantServiceClient::new(self.signed(by))
    }

    pub(crate) async fn file(&self, by: &Principal, clearance: CustomsClearance) -> Result<CustomsClearance, Status> {
        let request = pb::CreateCustomsClearanceRequest { customs_clearance: Some(clearance), ..Default::default() };
        self.clearances(by).create_customs_clearance(request).await.map(Response::into_inner)
    }

    pub(crate) async fn clearance_step(
        &self,
        by: &Principal,
        verb: &str,
        name: &str,
    ) -> Result<CustomsClearance, Status> {
        let (mut client, name) = (self.clearances(by), name.to_owned());
        let answer = match verb {
            "recordArrival" => {
                let arrival_notice = "Notice 7".into();
                let request = pb::RecordShipmentArrivalRequest { name, arrival_notice, ..Default::default() };
                client.record_shipment_arrival(request).await
            }
            "certify" => plain!(client, name, certify_customs_clearance, CertifyCustomsClearanceRequest),
            "reject" => {
                let grounds = "no invoice".into();
                let request = pb::RejectCustomsClearanceRequest { name, grounds, ..Default::default() };
                client.reject_customs_clearance(request).await
            }
            _ => panic!("clearances have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn propose(&self, grant: PrivilegeGrant) -> Result<PrivilegeGrant, Status> {
        let request = pb::CreatePrivilegeGrantRequest { privilege_grant: Some(grant), ..Default::default() };
        self.grants(&registrar()).create_privilege_grant(request).await.map(Response::into_inner)
    }

    pub(crate) async fn grant_step(&self, by: &Principal, verb: &str, name: &str) -> Result<PrivilegeGrant, Status> {
        let (mut client, name) = (self.grants(by), name.to_owned());
        let answer = match verb {
            "grant" => plain!(client, name, grant_privilege, GrantPrivilegeRequest),
            "decline" => plain!(client, name, decline_privilege, DeclinePrivilegeRequest),
            "revoke" => plain!(client, name, revoke_privilege, RevokePrivilegeRequest),
            _ => panic!("grants have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    /// An embassy with an accredited secretary, whose state has a rule for tax cards in force.
    pub(crate) async fn reciprocal(&self) -> (String, Member) {
        let mission = self.embassy("FR").await;
        let member = self.accredited("garnier", secretary(&mission)).await;
        self.enact(tax_rule("FR")).await;
        (mission, member)
    }
}
