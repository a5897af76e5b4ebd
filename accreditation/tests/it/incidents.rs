//! Incidents: reported by agencies, what a serious one proposes, and who sees them.

use crate::matters::{agency, crash, party_of};
use crate::world::{World, decider, fields, police, reason, registrar, secretary, stamp, world};
use proto::accreditation::v1::incident::{OffenceClass, Proposal, State, WaiverOutcome};
use proto::accreditation::v1::{self as pb, Incident};

async fn charged(world: &World, incident: Incident) -> Incident {
    let name = world.report(&registrar(), incident).await.unwrap().name;
    let mut client = world.incidents(&registrar());
    client.confirm_incident(pb::ConfirmIncidentRequest { name: name.clone(), ..Default::default() }).await.unwrap();
    let request = pb::StateChargeRequest {
        name,
        prosecutor: "Example Prosecutor".into(),
        charges: "Aggravated assault".into(),
        ..Default::default()
    };
    client.state_charge(request).await.unwrap().into_inner()
}

async fn answered(world: &World, name: &str, outcome: WaiverOutcome) -> Incident {
    let request = pb::RecordWaiverOutcomeRequest { name: name.into(), outcome: outcome.into(), ..Default::default() };
    world.incidents(&decider()).record_waiver_outcome(request).await.unwrap().into_inner()
}

async fn member(world: &World, id: &str) -> String {
    world.notify(id, secretary("missions/fr")).await.unwrap().name
}

#[tokio::test]
async fn a_serious_offence_proposes_a_waiver_and_if_it_is_refused_that_the_member_leaves() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let stated = charged(&world, crash(&driver)).await;
    assert_eq!((stated.state(), stated.serious, stated.mission.as_str()), (State::ChargeStated, true, "missions/fr"));
    assert_eq!(stated.proposals().collect::<Vec<_>>(), [Proposal::WaiverRequest]);
    let refused = answered(&world, &stated.name, WaiverOutcome::WaiverRefused).await;
    assert_eq!(refused.proposals().collect::<Vec<_>>(), [Proposal::WaiverRequest, Proposal::PersonaNonGrata]);
    let told = "outbox where kind = 'incidents' and verb = 'recordWaiverOutcome' and \
                doc->'proposals' = '[\"WAIVER_REQUEST\", \"PERSONA_NON_GRATA\"]'";
    assert_eq!(world.count(told).await, 1, "others learn it by the event");
    for personal in ["influence", "Dupont", "Aggravated"] {
        let leaked = format!("outbox where kind = 'incidents' and doc::text like '%{personal}%'");
        assert_eq!(world.count(&leaked).await, 0, "{personal}");
    }
}

#[tokio::test]
async fn a_waiver_granted_leaves_the_rest_to_the_court_and_an_infraction_proposes_nothing() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let granted = charged(&world, crash(&driver)).await.name;
    let granted = answered(&world, &granted, WaiverOutcome::WaiverGranted).await;
    assert_eq!(granted.proposals().collect::<Vec<_>>(), [Proposal::WaiverRequest]);
    let speeding = Incident { offence_class: OffenceClass::Infraction.into(), ..crash(&driver) };
    let charged_with = charged(&world, speeding.clone()).await;
    assert!(!charged_with.serious && charged_with.proposals.is_empty());
    assert!(answered(&world, &charged_with.name, WaiverOutcome::WaiverRefused).await.proposals.is_empty());
    let brawl = Incident { violent: true, offence_class: OffenceClass::Misdemeanour.into(), ..speeding };
    assert!(charged(&world, brawl).await.serious, "a crime of violence");
}

#[tokio::test]
async fn the_answer_an_officer_got_is_linked_if_it_was_about_this_member() {
    let world = world().await;
    world.embassy("FR").await;
    let (driver, other) = (member(&world, "garnier").await, member(&world, "autre").await);
    let name = world.report(&registrar(), crash(&driver)).await.unwrap().name;
    let link = async |about: &str| {
        let answer = world.determine(&police("mpd"), about, pb::Matter::ArrestOrDetention).await.unwrap();
        let (name, determination) = (name.clone(), answer.name);
        let request = pb::LinkDeterminationRequest { name, determination, ..Default::default() };
        world.incidents(&registrar()).link_determination(request).await
    };
    assert_eq!(fields(link(&other).await), ["determination"]);
    assert!(link(&driver).await.unwrap().into_inner().determination.starts_with("determinations/"));
}

#[tokio::test]
async fn an_agency_reports_for_itself_and_sees_its_own_reports_and_a_mission_sees_none() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let reported = world.report(&agency("park-police"), crash(&driver)).await.unwrap();
    assert_eq!(reported.agency, "park-police", "whatever it says");
    let other = world.report(&registrar(), crash(&driver)).await.unwrap();
    let seen = async |by: identity::Principal| {
        let page = world.incidents(&by).list_incidents(pb::ListIncidentsRequest::default()).await.unwrap();
        page.into_inner().incidents.into_iter().map(|incident| incident.name).collect::<Vec<_>>()
    };
    assert_eq!(seen(agency("park-police")).await, [reported.name]);
    assert_eq!(seen(registrar()).await.len(), 2);
    assert!(seen(party_of("fr")).await.is_empty(), "a mission is told by note");
    let request = pb::GetIncidentRequest { name: other.name, as_of: None };
    assert_eq!(reason(world.incidents(&agency("park-police")).get_incident(request).await), "NOT_FOUND");
    let future = Incident { occur_time: stamp("2026-06-01T00:00:00Z"), ..crash(&driver) };
    assert_eq!(fields(world.report(&registrar(), future).await), ["incident.occurTime"]);
    assert_eq!(fields(world.report(&registrar(), crash("members/nobody")).await), ["incident.member"]);
}
