//! Benefits in the test's register: rules of reciprocity and what is granted by them, and every verb on the way.

use crate::world::{Signed, World, decider, officer, registrar, secretary, staff_of};
use identity::{Permissions, Principal};
use proto::accreditation::v1::reciprocity_rule::{Benefit, Level};
use proto::accreditation::v1::reciprocity_rule_service_client::ReciprocityRuleServiceClient;
use proto::accreditation::v1::tax_card_service_client::TaxCardServiceClient;
use proto::accreditation::v1::{
    self as pb, Category, Member, Reason, ReciprocityRule, Relation, Restriction, TaxCard, tax_card,
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
    let permissions = ["taxCards.read", "taxCards.request", "taxCards.history", "reciprocityRules.read"];
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

    /// An embassy with an accredited secretary, whose state has a rule for tax cards in force.
    pub(crate) async fn reciprocal(&self) -> (String, Member) {
        let mission = self.embassy("FR").await;
        let member = self.accredited("garnier", secretary(&mission)).await;
        self.enact(tax_rule("FR")).await;
        (mission, member)
    }
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(reason: Reason, world: &World) -> Result<(), Status> {
    match reason {
        Reason::RuleAlreadyInForce => {
            world.enact(tax_rule("FR")).await;
            let second = world.cleared(tax_rule("FR")).await;
            world.rule_step(&benefits(), "activate", &second).await.map(drop)
        }
        Reason::EffectiveTimeUnfit => {
            let name = world.cleared(tax_rule("FR")).await;
            world.activate(&name, "2026-05-04T12:59:59Z").await.map(drop)
        }
        Reason::RestrictionContradicts => {
            let rule = ReciprocityRule { level: Level::Denied.into(), ..restricted(tax_rule("FR")) };
            world.draft_rule(rule).await.map(drop)
        }
        Reason::BenefitNotReciprocated => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.eligible(&member.mission, &member.name).await.map(drop)
        }
        Reason::HolderNotInStanding => {
            let member = world.notify("a", secretary("missions/fr")).await?;
            world.ask_for_card(&registrar(), &member.mission, &member.name).await.map(drop)
        }
        Reason::HolderMismatch => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            let other = world.embassy("BE").await;
            world.ask_for_card(&registrar(), &other, &member.name).await.map(drop)
        }
        Reason::HolderAgeUnfit => {
            let principal = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            let child =
                Member { birth_date: "2010-01-01".into(), ..crate::world::relative(&principal, Relation::Child) };
            let child = world.accredited("b", child).await;
            world.eligible(&child.mission, &child.name).await.map(drop)
        }
        Reason::TaxCardAlreadyLive => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            world.tax_card(&member.mission, &member.name).await?;
            world.tax_card(&member.mission, &member.name).await.map(drop)
        }
        Reason::TaxCardLimitReached => {
            world.enact(for_missions(tax_rule("FR"))).await;
            world.tax_card("missions/fr", "").await?;
            world.tax_card("missions/fr", "").await?;
            world.tax_card("missions/fr", "").await.map(drop)
        }
        Reason::TaxCardOnHold => {
            let member = world.accredited("a", secretary("missions/fr")).await;
            world.enact(tax_rule("FR")).await;
            let lost = world.tax_card(&member.mission, &member.name).await?;
            world.tax_step(&registrar(), "reportLost", &lost.name).await?;
            world.tax_card(&member.mission, &member.name).await.map(drop)
        }
        other => panic!("{other:?} is no reason of benefits"),
    }
}
