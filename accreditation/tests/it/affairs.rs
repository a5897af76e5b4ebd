//! The affairs of missions in the test's register: properties, courtesies, controls and what else they file.

use crate::world::{Signed, World, consulate, decider, registrar, secretary, staff_of, stamp};
use identity::{Permissions, Principal};
use proto::accreditation::v1::control_rule::{Counterpart, Mode, Trigger};
use proto::accreditation::v1::control_rule_service_client::ControlRuleServiceClient;
use proto::accreditation::v1::mission::State;
use proto::accreditation::v1::port_courtesy::{Courtesy, Direction, Rank};
use proto::accreditation::v1::port_courtesy_service_client::PortCourtesyServiceClient;
use proto::accreditation::v1::property::{Action, Finding, Matter, Use};
use proto::accreditation::v1::property_service_client::PropertyServiceClient;
use proto::accreditation::v1::travel_notice_service_client::TravelNoticeServiceClient;
use proto::accreditation::v1::{self as pb, ControlRule, Member, PortCourtesy, Property, Reason, TravelNotice};
use proto::google::r#type::{LatLng, PostalAddress};
use tonic::{Response, Status};

/// A mission's own staff who sign for it in all its affairs.
pub(crate) fn signatory_of(mission: &str) -> Principal {
    let permissions = [
        "properties.read",
        "properties.notify",
        "portCourtesies.read",
        "portCourtesies.prepare",
        "portCourtesies.submit",
        "travelNotices.read",
        "travelNotices.submit",
        "controlRules.read",
        "personal.read",
    ];
    Principal {
        permissions: Permissions::of(permissions.map(|permission| format!("accreditation.{permission}"))),
        ..staff_of(mission)
    }
}

/// A complete note about the purchase of a house for staff.
pub(crate) fn house(mission: &str) -> Property {
    Property {
        mission: mission.into(),
        action: Action::Acquisition.into(),
        address: Some(PostalAddress {
            region_code: "US".into(),
            address_lines: vec!["4101 Reservoir Road NW".into()],
            ..PostalAddress::default()
        }),
        area_square_metres: 420.0,
        proposed_use: Use::StaffResidence.into(),
        declaration: Some(pb::PropertyDeclaration {
            disposal_duty: true,
            commercial_use: Some(false),
            commercial_detail: String::new(),
        }),
        contact: Some(pb::PropertyContact { full_name: "Example Person".into(), ..Default::default() }),
        counterparty: "Example Estates".into(),
        ..Property::default()
    }
}

pub(crate) fn opinion(matter: Matter, finding: Finding) -> pb::PropertyOpinion {
    let (matter, finding) = (matter.into(), finding.into());
    pb::PropertyOpinion { matter, finding, authority: "an office".into(), ..Default::default() }
}

/// Security and reciprocity have nothing against it.
pub(crate) fn unopposed() -> Vec<pb::PropertyOpinion> {
    [Matter::SecurityOpinion, Matter::ReciprocityOpinion].map(|one| opinion(one, Finding::NoObjection)).into()
}

/// A request for a minister who leaves on Monday next.
pub(crate) fn minister(mission: &str) -> PortCourtesy {
    PortCourtesy {
        mission: mission.into(),
        direction: Direction::Departure.into(),
        traveller: Some(pb::Traveller {
            family_name: "Example".into(),
            given_names: "Minister".into(),
            office: "Minister of Examples".into(),
            passport_number: "D1234567".into(),
        }),
        rank: Rank::CabinetMinister.into(),
        port: "IAD".into(),
        carrier: "AF 27".into(),
        scheduled_time: stamp("2026-05-11T21:00:00Z"),
        courtesies: vec![Courtesy::EscortScreening.into(), Courtesy::Lounge.into()],
        ..PortCourtesy::default()
    }
}

pub(crate) const CAPITAL: LatLng = LatLng { latitude: 38.8937, longitude: -77.0365 };
pub(crate) const CHICAGO: LatLng = LatLng { latitude: 41.8781, longitude: -87.6298 };

/// A control: members sent by these states ask before they travel beyond 25 miles, three working days ahead.
pub(crate) fn radius(countries: &[&str]) -> ControlRule {
    ControlRule {
        title: "Travel beyond 25 miles".into(),
        countries: countries.iter().map(|country| (*country).to_owned()).collect(),
        trigger: Trigger::TravelRadius.into(),
        centre: Some(CAPITAL),
        centre_name: "the Ellipse".into(),
        radius_metres: 40_234,
        mode: Mode::Approve.into(),
        lead_working_days: 3,
        legal_basis: "Note 26-001".into(),
        effective_time: stamp("2026-01-01T00:00:00Z"),
        ..ControlRule::default()
    }
}

/// A control on meetings: a notice two working days ahead.
pub(crate) fn meetings(countries: &[&str]) -> ControlRule {
    ControlRule {
        title: "Meetings with local officials".into(),
        trigger: Trigger::Meeting.into(),
        centre: None,
        centre_name: String::new(),
        radius_metres: 0,
        counterparts: vec![Counterpart::SubnationalOfficial.into()],
        mode: Mode::Notify.into(),
        lead_working_days: 2,
        ..radius(countries)
    }
}

/// A journey to Chicago on Friday.
pub(crate) fn journey(member: &str) -> TravelNotice {
    TravelNotice {
        member: member.into(),
        trigger: Trigger::TravelRadius.into(),
        place: "Chicago".into(),
        location: Some(CHICAGO),
        begin_time: stamp("2026-05-08T13:00:00Z"),
        end_time: stamp("2026-05-09T23:00:00Z"),
        ..TravelNotice::default()
    }
}

impl World {
    pub(crate) fn properties(&self, by: &Principal) -> PropertyServiceClient<Signed> {
        PropertyServiceClient::new(self.signed(by))
    }

    pub(crate) fn courtesies(&self, by: &Principal) -> PortCourtesyServiceClient<Signed> {
        PortCourtesyServiceClient::new(self.signed(by))
    }

    pub(crate) fn controls(&self, by: &Principal) -> ControlRuleServiceClient<Signed> {
        ControlRuleServiceClient::new(self.signed(by))
    }

    pub(crate) fn notices(&self, by: &Principal) -> TravelNoticeServiceClient<Signed> {
        TravelNoticeServiceClient::new(self.signed(by))
    }

    pub(crate) async fn note(&self, by: &Principal, property: Property) -> Result<Property, Status> {
        let request = pb::CreatePropertyRequest { property: Some(property), ..Default::default() };
        self.properties(by).create_property(request).await.map(Response::into_inner)
    }

    pub(crate) async fn reviewed(&self, property: Property) -> Property {
        let name = self.note(&registrar(), property).await.unwrap().name;
        let request = pb::ReviewPropertyRequest { name, ..Default::default() };
        self.properties(&registrar()).review_property(request).await.unwrap().into_inner()
    }

    pub(crate) async fn approve(&self, name: &str, opinions: Vec<pb::PropertyOpinion>) -> Result<Property, Status> {
        let request = pb::ApprovePropertyRequest { name: name.into(), opinions, ..Default::default() };
        self.properties(&decider()).approve_property(request).await.map(Response::into_inner)
    }

    pub(crate) async fn complete(&self, name: &str) -> Result<Property, Status> {
        let request = pb::CompletePropertyRequest { name: name.into(), ..Default::default() };
        self.properties(&registrar()).complete_property(request).await.map(Response::into_inner)
    }

    pub(crate) async fn property(&self, name: &str) -> Property {
        let request = pb::GetPropertyRequest { name: name.into(), as_of: None };
        self.properties(&registrar()).get_property(request).await.unwrap().into_inner()
    }

    pub(crate) async fn prepare(&self, by: &Principal, courtesy: PortCourtesy) -> Result<PortCourtesy, Status> {
        let request = pb::CreatePortCourtesyRequest { port_courtesy: Some(courtesy), ..Default::default() };
        self.courtesies(by).create_port_courtesy(request).await.map(Response::into_inner)
    }

    pub(crate) async fn submitted(&self, courtesy: PortCourtesy) -> PortCourtesy {
        let name = self.prepare(&registrar(), courtesy).await.unwrap().name;
        let request = pb::SubmitPortCourtesyRequest { name, ..Default::default() };
        self.courtesies(&registrar()).submit_port_courtesy(request).await.unwrap().into_inner()
    }

    pub(crate) async fn grant(
        &self,
        name: &str,
        granted: &[Courtesy],
        clearance: &str,
    ) -> Result<PortCourtesy, Status> {
        let request = pb::ApprovePortCourtesyRequest {
            name: name.into(),
            granted: granted.iter().map(|courtesy| (*courtesy).into()).collect(),
            officer: "Example Officer".into(),
            lane: "3".into(),
            lounge: "A".into(),
            weapons_clearance: clearance.into(),
            ..Default::default()
        };
        self.courtesies(&decider()).approve_port_courtesy(request).await.map(Response::into_inner)
    }

    pub(crate) async fn draft_control(&self, rule: ControlRule) -> Result<ControlRule, Status> {
        let request = pb::CreateControlRuleRequest { control_rule: Some(rule), ..Default::default() };
        self.controls(&registrar()).create_control_rule(request).await.map(Response::into_inner)
    }

    pub(crate) async fn enacted(&self, rule: ControlRule) -> ControlRule {
        let name = self.draft_control(rule).await.unwrap().name;
        let request = pb::EnactControlRuleRequest { name, ..Default::default() };
        self.controls(&decider()).enact_control_rule(request).await.unwrap().into_inner()
    }

    pub(crate) async fn tell(&self, by: &Principal, notice: TravelNotice) -> Result<TravelNotice, Status> {
        let request = pb::CreateTravelNoticeRequest { travel_notice: Some(notice), ..Default::default() };
        self.notices(by).create_travel_notice(request).await.map(Response::into_inner)
    }
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(reason: Reason, world: &World) -> Result<(), Status> {
    let mission = "missions/fr".to_owned();
    match reason {
        Reason::MissionNotAtWork => {
            world.put("missions", &mission, serde_json::json!({ "state": "SUSPENDED" })).await;
            world.note(&registrar(), house(&mission)).await.map(drop)
        }
        Reason::PropertyUnrelated => {
            let previous = world.note(&registrar(), house(&mission)).await?.name;
            let sale = Property { action: Action::Sale.into(), previous, ..house(&mission) };
            world.note(&registrar(), sale).await.map(drop)
        }
        Reason::PropertyNoteIncomplete => {
            let name = world.note(&registrar(), Property { contact: None, ..house(&mission) }).await?.name;
            let request = pb::ReviewPropertyRequest { name, ..Default::default() };
            world.properties(&registrar()).review_property(request).await.map(drop)
        }
        Reason::NothingMissing => {
            let name = world.note(&registrar(), house(&mission)).await?.name;
            let request = pb::FindIncompleteRequest { name, ..Default::default() };
            world.properties(&registrar()).find_incomplete(request).await.map(drop)
        }
        Reason::DecisionOverdue => {
            let name = world.reviewed(house(&mission)).await.name;
            world.clock.advance(chrono::TimeDelta::days(61));
            world.approve(&name, unopposed()).await.map(drop)
        }
        Reason::OpinionMissing => {
            let name = world.reviewed(house(&mission)).await.name;
            world.approve(&name, unopposed()[..1].to_vec()).await.map(drop)
        }
        Reason::OpinionObjects => {
            let name = world.reviewed(house(&mission)).await.name;
            let against = opinion(Matter::ZoningOpinion, Finding::Objection);
            world.approve(&name, [unopposed(), vec![against]].concat()).await.map(drop)
        }
        Reason::ConditionOpen | Reason::ConditionUnknown => {
            let name = conditional(world, &mission).await?;
            if reason == Reason::ConditionOpen {
                return world.complete(&name).await.map(drop);
            }
            let request = pb::FulfilConditionRequest { name, number: 7, ..Default::default() };
            world.properties(&registrar()).fulfil_condition(request).await.map(drop)
        }
        Reason::ZoningNotCleared => {
            let chancery = Property { proposed_use: Use::Chancery.into(), ..house(&mission) };
            let name = world.reviewed(chancery).await.name;
            world.approve(&name, unopposed()).await?;
            world.complete(&name).await.map(drop)
        }
        Reason::CriterionUnknown => {
            let name = world.reviewed(house(&mission)).await.name;
            let code = "beauty".into();
            let criteria = vec![pb::PropertyCriterion { code, finding: Finding::Objection.into() }];
            let opinion = pb::PropertyOpinion { criteria, ..opinion(Matter::ZoningOpinion, Finding::Objection) };
            world.approve(&name, vec![opinion]).await.map(drop)
        }
        Reason::CustodyNotNeeded => {
            let name = world.reviewed(house(&mission)).await.name;
            world.approve(&name, unopposed()).await?;
            world.complete(&name).await?;
            let request = pb::TakeIntoCustodyRequest { name, custodian: "an office".into(), ..Default::default() };
            world.properties(&decider()).take_into_custody(request).await.map(drop)
        }
        Reason::CourtesyNotForPosts => {
            let post = world.mission("chicago", consulate("FR"), State::Open).await;
            world.prepare(&registrar(), minister(&post)).await.map(drop)
        }
        Reason::CourtesyAlreadyRequested => {
            world.prepare(&registrar(), minister(&mission)).await?;
            world.prepare(&registrar(), minister(&mission)).await.map(drop)
        }
        Reason::RankNotEligible => {
            let name = world.submitted(PortCourtesy { rank: Rank::OtherRank.into(), ..minister(&mission) }).await.name;
            world.grant(&name, &[Courtesy::Lounge], "").await.map(drop)
        }
        Reason::WeaponsNotCleared => {
            let name = world.submitted(minister(&mission)).await.name;
            world.grant(&name, &[Courtesy::Lounge], "W-1").await.map(drop)
        }
        Reason::TimesImplausible => {
            let end = stamp("2025-12-31T00:00:00Z");
            world.draft_control(ControlRule { end_time: end, ..radius(&["FR"]) }).await.map(drop)
        }
        Reason::ControlIncomplete => {
            world.draft_control(ControlRule { centre: None, ..radius(&["FR"]) }).await.map(drop)
        }
        Reason::ApprovalNotRequired => {
            let member: Member = world.notify("garnier", secretary(&mission)).await?;
            let name = world.tell(&registrar(), journey(&member.name)).await?.name;
            let request = pb::ApproveTravelNoticeRequest { name, ..Default::default() };
            world.notices(&decider()).approve_travel_notice(request).await.map(drop)
        }
        other => panic!("{other:?} is provoked elsewhere"),
    }
}

/// An action approved with one condition that comes before its completion.
pub(crate) async fn conditional(world: &World, mission: &str) -> Result<String, Status> {
    let name = world.reviewed(house(mission)).await.name;
    let condition = pb::PropertyCondition {
        kind: pb::property::ConditionKind::Permit.into(),
        text: "A building permit is shown".into(),
        before_completion: true,
        ..Default::default()
    };
    let request = pb::ApprovePropertyWithConditionsRequest {
        name,
        opinions: unopposed(),
        conditions: vec![condition],
        ..Default::default()
    };
    Ok(world.properties(&decider()).approve_property_with_conditions(request).await?.into_inner().name)
}
