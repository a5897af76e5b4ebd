//! Incidents: reported by agencies, what a serious one opens, and who sees them.

use crate::matters::{agency, crash, party_of};
use crate::world::{World, decider, fields, police, reason, registrar, secretary, stamp, world};
use proto::accreditation::v1::incident::{OffenceClass, Proposal, State, WaiverOutcome};
use proto::accreditation::v1::{self as pb, Incident, PersonaNonGrata, Waiver, WaiverScope};
use tonic::{Response, Status};

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

async fn answered(world: &World, name: &str, outcome: WaiverOutcome) -> Result<Incident, Status> {
    let request = pb::RecordWaiverOutcomeRequest { name: name.into(), outcome: outcome.into(), ..Default::default() };
    world.incidents(&decider()).record_waiver_outcome(request).await.map(Response::into_inner)
}

async fn incident(world: &World, name: &str) -> Incident {
    let request = pb::GetIncidentRequest { name: name.into(), as_of: None };
    world.incidents(&registrar()).get_incident(request).await.unwrap().into_inner()
}

async fn waiver(world: &World, name: &str) -> Waiver {
    let request = pb::GetWaiverRequest { name: name.into(), as_of: None };
    world.waivers(&registrar()).get_waiver(request).await.unwrap().into_inner()
}

async fn declaration(world: &World, name: &str) -> PersonaNonGrata {
    let request = pb::GetPersonaNonGrataRequest { name: name.into(), as_of: None };
    world.declarations(&registrar()).get_persona_non_grata(request).await.unwrap().into_inner()
}

async fn send(world: &World, by: &identity::Principal, waiver: &str) -> Result<Waiver, Status> {
    let request = pb::SendWaiverRequest { name: waiver.into(), note: "17/2026".into(), ..Default::default() };
    world.waivers(by).send_waiver(request).await.map(Response::into_inner)
}

async fn refuse(world: &World, waiver: &str) -> Waiver {
    let request = pb::RefuseWaiverRequest { name: waiver.into(), ..Default::default() };
    world.waivers(&decider()).refuse_waiver(request).await.unwrap().into_inner()
}

async fn member(world: &World, id: &str) -> String {
    world.notify(id, secretary("missions/fr")).await.unwrap().name
}

#[tokio::test]
async fn a_serious_offence_opens_a_request_for_a_waiver_and_its_refusal_a_declaration() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let stated = charged(&world, crash(&driver)).await;
    assert_eq!((stated.state(), stated.serious, stated.mission.as_str()), (State::ChargeStated, true, "missions/fr"));
    assert_eq!(stated.proposals().collect::<Vec<_>>(), [Proposal::WaiverRequest]);
    let opened = waiver(&world, &stated.waiver).await;
    assert_eq!(
        (opened.state(), opened.scope(), opened.serious),
        (pb::waiver::State::Opened, WaiverScope::Criminal, true)
    );
    assert_eq!((opened.member.as_str(), opened.mission.as_str()), (driver.as_str(), "missions/fr"));
    assert_eq!((opened.incident.as_str(), opened.proceedings.as_str()), (stated.name.as_str(), "26-0412"));
    let version = stated.etag.split('-').next().unwrap();
    let made = format!("history where name = '{}' and verb = 'create' and version = 1", opened.name);
    assert_eq!(
        world.count(&format!("{made} and actor = 'people/registrar' and cause = '{}@{version}'", stated.name)).await,
        1
    );
    assert_eq!(
        reason(send(&world, &registrar(), &opened.name).await),
        "SAME_PERSON",
        "who stated the charge drafted it"
    );
    send(&world, &decider(), &opened.name).await.unwrap();
    assert_eq!(reason(answered(&world, &stated.name, WaiverOutcome::WaiverRefused).await), "WAIVER_PENDING");

    assert!(refuse(&world, &opened.name).await.departure_proposed);
    let told = incident(&world, &stated.name).await;
    assert_eq!((told.state(), told.waiver_outcome()), (State::WaiverDecided, WaiverOutcome::WaiverRefused));
    assert_eq!(told.proposals().collect::<Vec<_>>(), [Proposal::WaiverRequest, Proposal::PersonaNonGrata]);
    let proposed = declaration(&world, &told.declaration).await;
    assert_eq!((proposed.state(), proposed.member.as_str()), (pb::persona_non_grata::State::Proposed, driver.as_str()));
    assert_eq!((proposed.incident.as_str(), proposed.mission.as_str()), (told.name.as_str(), "missions/fr"));
    assert!(!proposed.person.is_empty());
    let outbox = "outbox where kind = 'incidents' and verb = 'learnOfAnswer' and \
                  doc->'proposals' = '[\"WAIVER_REQUEST\", \"PERSONA_NON_GRATA\"]'";
    assert_eq!(world.count(outbox).await, 1, "others learn it by the event");
    for personal in ["influence", "Dupont", "Aggravated"] {
        let leaked = format!("outbox where doc::text like '%{personal}%'");
        assert_eq!(world.count(&leaked).await, 0, "{personal}");
    }
}

#[tokio::test]
async fn silence_is_recorded_once_the_time_to_answer_is_over() {
    let world = world().await;
    world.embassy("FR").await;
    let stated = charged(&world, crash(&member(&world, "garnier").await)).await;
    send(&world, &decider(), &stated.waiver).await.unwrap();
    let silent = async || answered(&world, &stated.name, WaiverOutcome::WaiverNotAnswered).await;
    assert_eq!(reason(silent().await), "WAIVER_PENDING");
    world.clock.advance(chrono::TimeDelta::days(40));
    world.store.fire_due().await.unwrap();
    assert_eq!(reason(answered(&world, &stated.name, WaiverOutcome::WaiverGranted).await), "WAIVER_PENDING");
    let decided = silent().await.unwrap();
    assert_eq!(declaration(&world, &decided.declaration).await.incident, decided.name);
    refuse(&world, &stated.waiver).await;
    assert_eq!(world.count("persona_non_grata").await, 1, "a late refusal opens no second declaration");
}

#[tokio::test]
async fn a_waiver_granted_leaves_the_rest_to_the_court_and_an_infraction_opens_nothing() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let stated = charged(&world, crash(&driver)).await;
    send(&world, &decider(), &stated.waiver).await.unwrap();
    let request = pb::GrantWaiverRequest {
        name: stated.waiver.clone(),
        text: "The immunity is waived.".into(),
        authority: "The Ambassador, note 99/2026".into(),
        ..Default::default()
    };
    world.waivers(&decider()).grant_waiver(request).await.unwrap();
    let told = incident(&world, &stated.name).await;
    assert_eq!((told.state(), told.waiver_outcome()), (State::WaiverDecided, WaiverOutcome::WaiverGranted));
    assert!(told.declaration.is_empty() && world.member(&driver).await.waived.len() == 1);
    let speeding = Incident { offence_class: OffenceClass::Infraction.into(), ..crash(&driver) };
    let charged_with = charged(&world, speeding.clone()).await;
    assert!(!charged_with.serious && charged_with.proposals.is_empty() && charged_with.waiver.is_empty());
    let refused = answered(&world, &charged_with.name, WaiverOutcome::WaiverRefused).await.unwrap();
    assert!(refused.proposals.is_empty() && refused.declaration.is_empty());
    let brawl = Incident { violent: true, offence_class: OffenceClass::Misdemeanour.into(), ..speeding };
    assert!(charged(&world, brawl).await.serious, "a crime of violence");
}

#[tokio::test]
async fn what_is_asked_or_declared_already_is_linked_and_not_opened_twice() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = member(&world, "garnier").await;
    let (first, second) = (charged(&world, crash(&driver)).await, charged(&world, crash(&driver)).await);
    assert_eq!(first.waiver, second.waiver, "the same proceedings");
    send(&world, &decider(), &first.waiver).await.unwrap();
    refuse(&world, &first.waiver).await;
    let (first, second) = (incident(&world, &first.name).await, incident(&world, &second.name).await);
    assert!(!first.declaration.is_empty());
    assert_eq!((first.declaration, second.state()), (second.declaration.clone(), State::WaiverDecided));
    let third = Incident { agency_reference: "26-0413".into(), ..crash(&driver) };
    let third = charged(&world, third).await;
    send(&world, &decider(), &third.waiver).await.unwrap();
    refuse(&world, &third.waiver).await;
    assert_eq!(incident(&world, &third.name).await.declaration, second.declaration, "the person is declared once");
    assert_eq!((world.count("waivers").await, world.count("persona_non_grata").await), (2, 1));
}

#[tokio::test]
async fn one_who_has_left_is_not_declared() {
    let world = world().await;
    world.embassy("FR").await;
    let driver = world.accredited("garnier", secretary("missions/fr")).await.name;
    let stated = charged(&world, crash(&driver)).await;
    send(&world, &decider(), &stated.waiver).await.unwrap();
    world.terminate(&driver, pb::member::EndCause::Recalled).await;
    world.member_step(&registrar(), "recordDeparture", &driver).await.unwrap();
    refuse(&world, &stated.waiver).await;
    let told = incident(&world, &stated.name).await;
    assert_eq!((told.state(), told.declaration.as_str()), (State::WaiverDecided, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_and_the_record_of_silence_at_once_open_one_declaration() {
    let world = world().await;
    world.embassy("FR").await;
    for round in 0..5 {
        let driver = member(&world, &format!("driver-{round}")).await;
        let stated = charged(&world, Incident { agency_reference: round.to_string(), ..crash(&driver) }).await;
        send(&world, &decider(), &stated.waiver).await.unwrap();
        world.clock.advance(chrono::TimeDelta::days(40));
        world.store.fire_due().await.unwrap();
        let silence = answered(&world, &stated.name, WaiverOutcome::WaiverNotAnswered);
        let (silent, _) = tokio::join!(silence, refuse(&world, &stated.waiver));
        assert!(silent.is_ok() || ["WRONG_STATE", "WAIVER_PENDING"].contains(&reason(silent).as_str()));
        assert_eq!(incident(&world, &stated.name).await.state(), State::WaiverDecided);
        assert_eq!(world.count(&format!("persona_non_grata where member = '{driver}'")).await, 1);
    }
}

/// Does what is refused while the answer to the linked request is awaited.
pub(crate) async fn provoke(world: &World, mission: &str) -> Result<(), Status> {
    let driver = world.notify("garnier", secretary(mission)).await?.name;
    let stated = charged(world, crash(&driver)).await;
    answered(world, &stated.name, WaiverOutcome::WaiverRefused).await.map(drop)
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
