//! Findings of compliance: warned, remedied or met by a measure; the evidence, the time, and who sees them.

use crate::affairs::house;
use crate::benefits::{benefits, for_missions, tax_rule};
use crate::matters::{crash, fines, party_of};
use crate::world::{Signed, World, decider, embassy, fields, reason, registrar, secretary, stamp, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::accreditation::v1::compliance_finding::{Measure, State, Subject};
use proto::accreditation::v1::compliance_finding_service_client::ComplianceFindingServiceClient;
use proto::accreditation::v1::tax_card::State as Card;
use proto::accreditation::v1::{self as pb, ComplianceFinding, Evidence, LegalBasis, mission, persona_non_grata};
use tonic::{Response, Status};

/// That parking fines are not paid, by a member or, without one, by the mission.
pub(crate) fn unpaid(mission: &str, member: &str) -> ComplianceFinding {
    ComplianceFinding {
        mission: mission.into(),
        member: member.into(),
        subject: Subject::Traffic.into(),
        summary: "Parking fines of a year are not paid".into(),
        legal_basis: vec![LegalBasis { instrument: "VCDR".into(), provision: "art. 41.1".into() }],
        ..ComplianceFinding::default()
    }
}

fn shown_by(record: &str) -> Evidence {
    Evidence { record: record.into(), description: "What is owed".into(), ..Evidence::default() }
}

impl World {
    pub(crate) fn findings(&self, by: &Principal) -> ComplianceFindingServiceClient<Signed> {
        ComplianceFindingServiceClient::new(self.signed(by))
    }

    async fn find(&self, finding: ComplianceFinding) -> Result<ComplianceFinding, Status> {
        let request = pb::CreateComplianceFindingRequest { compliance_finding: Some(finding), ..Default::default() };
        self.findings(&registrar()).create_compliance_finding(request).await.map(Response::into_inner)
    }

    async fn warned(&self, finding: ComplianceFinding) -> ComplianceFinding {
        let name = self.find(finding).await.unwrap().name;
        let request = pb::WarnMissionRequest { name, note: "21/2026".into(), ..Default::default() };
        self.findings(&registrar()).warn_mission(request).await.unwrap().into_inner()
    }

    async fn measure(&self, by: &Principal, name: &str, measure: Measure) -> Result<ComplianceFinding, Status> {
        let (name, measure) = (name.to_owned(), measure.into());
        let request = pb::EscalateComplianceFindingRequest { name, measure, ..Default::default() };
        self.findings(by).escalate_compliance_finding(request).await.map(Response::into_inner)
    }

    async fn remedy(&self, name: &str) -> ComplianceFinding {
        let request = pb::RecordRemedyRequest { name: name.into(), remedy: "All is paid".into(), ..Default::default() };
        self.findings(&registrar()).record_remedy(request).await.unwrap().into_inner()
    }

    async fn close_finding(&self, name: &str) -> Result<ComplianceFinding, Status> {
        let request =
            pb::CloseComplianceFindingRequest { name: name.into(), cause: "Met".into(), ..Default::default() };
        self.findings(&decider()).close_compliance_finding(request).await.map(Response::into_inner)
    }

    async fn card_state(&self, name: &str) -> Card {
        let request = pb::GetTaxCardRequest { name: name.into(), as_of: None };
        self.tax_cards(&benefits()).get_tax_card(request).await.unwrap().into_inner().state()
    }

    /// To the end of the time to remedy a breach.
    async fn time_passes(&self) {
        self.clock.set(crate::world::at("2026-05-19T04:00:00Z"));
        self.store.fire_due().await.unwrap();
    }
}

#[tokio::test]
async fn a_warning_gives_time_and_what_is_remedied_in_it_is_closed() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let debt = world.owe(fines(&mission)).await.unwrap().name;
    let found = ComplianceFinding { evidence: vec![shown_by(&debt)], ..unpaid(&mission, "") };
    let warned = world.warned(found).await;
    // Ten working days from Monday, 4 May, to the end of the day in Washington.
    assert_eq!((warned.state(), warned.remedy_due_time), (State::Warned, stamp("2026-05-19T04:00:00Z")));
    assert_eq!(reason(world.close_finding(&warned.name).await), "WRONG_STATE", "a warning is not dropped in silence");
    let remedied = world.remedy(&warned.name).await;
    assert_eq!((remedied.state(), remedied.remedy.as_str()), (State::Remedied, "All is paid"));
    world.time_passes().await;
    assert_eq!(world.count("history where verb = 'fallOverdue'").await, 0);
    assert_eq!(world.close_finding(&warned.name).await.unwrap().state(), State::Closed);
    for personal in ["Parking fines of a year", "What is owed"] {
        assert_eq!(
            world.count(&format!("outbox where kind = 'complianceFindings' and doc::text like '%{personal}%'")).await,
            0
        );
    }
}

#[tokio::test]
async fn benefits_are_withheld_until_it_is_remedied() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    world.enact(for_missions(tax_rule("FR"))).await;
    let own = world.tax_card(&mission, "").await.unwrap().name;
    let personal = world.tax_card(&mission, &member.name).await.unwrap().name;
    let name = world.warned(unpaid(&mission, "")).await.name;
    assert_eq!(reason(world.measure(&decider(), &name, Measure::BenefitsWithheld).await), "REMEDY_TIME_RUNS");
    world.time_passes().await;
    let overdue = pb::ListComplianceFindingsRequest { filter: "overdue = true".into(), ..Default::default() };
    let page = world.findings(&registrar()).list_compliance_findings(overdue).await.unwrap().into_inner();
    assert_eq!(page.compliance_findings.len(), 1);
    assert_eq!(reason(world.measure(&registrar(), &name, Measure::BenefitsWithheld).await), "SAME_PERSON");
    let met = world.measure(&decider(), &name, Measure::BenefitsWithheld).await.unwrap();
    assert_eq!(
        (met.state(), met.measure(), &met.withheld),
        (State::Escalated, Measure::BenefitsWithheld, &vec![own.clone()])
    );
    assert_eq!((world.card_state(&own).await, world.card_state(&personal).await), (Card::Suspended, Card::Issued));
    assert!(!world.sold_to(&own).await.0 && world.sold_to(&personal).await.0);
    world.remedy(&name).await;
    assert!(world.sold_to(&own).await.0, "given back");
}

#[tokio::test]
async fn what_was_suspended_for_another_cause_is_not_given_back() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let card = world.tax_card(&mission, &member.name).await.unwrap().name;
    let name = world.warned(unpaid(&mission, &member.name)).await.name;
    world.time_passes().await;
    world.measure(&decider(), &name, Measure::BenefitsWithheld).await.unwrap();
    world.tax_step(&benefits(), "reinstate", &card).await.unwrap();
    world.tax_step(&benefits(), "suspend", &card).await.unwrap();
    world.remedy(&name).await;
    assert_eq!(world.card_state(&card).await, Card::Suspended);
}

#[tokio::test]
async fn a_member_who_does_not_heed_a_warning_is_proposed_to_leave() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let name = world.warned(unpaid(&mission, &member)).await.name;
    let request = pb::EscalateComplianceFindingRequest {
        name: name.clone(),
        measure: Measure::DeclarationOpened.into(),
        remedy_refused: true,
        ..Default::default()
    };
    let met = world.findings(&decider()).escalate_compliance_finding(request).await.unwrap().into_inner();
    let request = pb::GetPersonaNonGrataRequest { name: met.declaration.clone(), as_of: None };
    let opened = world.declarations(&decider()).get_persona_non_grata(request).await.unwrap().into_inner();
    assert_eq!((opened.state(), opened.member), (persona_non_grata::State::Proposed, member));
    let made = format!("history where name = '{}' and verb = 'create' and cause like '{name}@%'", opened.name);
    assert_eq!(world.count(&made).await, 1);
    assert_eq!(world.close_finding(&name).await.unwrap().state(), State::Closed);
}

#[tokio::test]
async fn evidence_is_a_record_about_this_mission_or_something_else_that_is_described() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let other = world.mission("be", embassy("BE"), mission::State::Open).await;
    let driver = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let incident = world.report(&registrar(), crash(&driver)).await.unwrap().name;
    let (theirs, property) =
        (world.owe(fines(&other)).await.unwrap().name, world.note(&registrar(), house(&mission)).await.unwrap().name);
    let good = [&incident, &property].map(|record| shown_by(record));
    let letter = Evidence { uri: "https://example.org/letter".into(), ..shown_by("") };
    let finding = |evidence: Vec<Evidence>| ComplianceFinding { evidence, ..unpaid(&mission, "") };
    let name = world.find(finding([&good[..], &[letter]].concat())).await.unwrap().name;
    for wrong in [theirs.as_str(), "debts/none", "members/garnier", "debts"] {
        let refused = world.find(finding(vec![good[0].clone(), shown_by(wrong)])).await;
        assert_eq!(fields(refused), ["complianceFinding.evidence[1].record"], "{wrong}");
        let request =
            pb::AddEvidenceRequest { name: name.clone(), evidence: Some(shown_by(wrong)), ..Default::default() };
        assert_eq!(fields(world.findings(&registrar()).add_evidence(request).await), ["evidence.record"]);
    }
    let stranger = world.accredited("stranger", secretary(&other)).await.name;
    assert_eq!(fields(world.find(unpaid(&mission, &stranger)).await), ["complianceFinding.member"]);
    let baseless = ComplianceFinding { legal_basis: Vec::new(), ..unpaid(&mission, "") };
    assert_eq!(fields(world.find(baseless).await), ["complianceFinding.legalBasis"]);
}

#[tokio::test]
async fn a_missions_staff_see_no_findings() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.warned(unpaid(&mission, "")).await.name;
    let staff = Principal { permissions: Permissions::of(["accreditation.complianceFindings.read"]), ..party_of("fr") };
    let page = world.findings(&staff).list_compliance_findings(pb::ListComplianceFindingsRequest::default()).await;
    assert!(page.unwrap().into_inner().compliance_findings.is_empty());
    let request = pb::GetComplianceFindingRequest { name, as_of: None };
    assert_eq!(reason(world.findings(&staff).get_compliance_finding(request).await), "NOT_FOUND");
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(wanted: pb::Reason, world: &World, mission: &str) -> Result<(), Status> {
    if wanted == pb::Reason::EvidenceUnrelated {
        let finding = ComplianceFinding { evidence: vec![shown_by("debts/none")], ..unpaid(mission, "") };
        return world.find(finding).await.map(drop);
    }
    let name = world.warned(unpaid(mission, "")).await.name;
    if wanted != pb::Reason::RemedyTimeRuns {
        world.clock.advance(TimeDelta::days(30));
        world.store.fire_due().await.unwrap();
    }
    let measure = match wanted {
        pb::Reason::RemedyTimeRuns | pb::Reason::NothingToWithhold => Measure::BenefitsWithheld,
        pb::Reason::FindingWithoutMember => Measure::DeclarationOpened,
        _ => panic!("{wanted:?} is no finding's"),
    };
    world.measure(&decider(), &name, measure).await.map(drop)
}
