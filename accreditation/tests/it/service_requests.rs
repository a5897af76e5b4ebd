//! Service requests: routed by the table, due in working days, escalated by time, and who sees them.

use crate::matters::{agency, party_of, question};
use crate::world::{World, at, fields, reason, registrar, world};
use identity::Principal;
use proto::accreditation::v1::service_request::{Kind, State};
use proto::accreditation::v1::{self as pb, ServiceRequest};

async fn accepted(world: &World, kind: Kind) -> ServiceRequest {
    let name = world.ask(&party_of("fr"), question("missions/fr", kind)).await.unwrap().name;
    let request = pb::AcceptServiceRequestRequest { name, ..Default::default() };
    world.requests(&registrar()).accept_service_request(request).await.unwrap().into_inner()
}

async fn seen(world: &World, by: &Principal) -> Vec<String> {
    let page = world.requests(by).list_service_requests(pb::ListServiceRequestsRequest::default()).await.unwrap();
    page.into_inner().service_requests.into_iter().map(|request| request.name).collect()
}

async fn now(world: &World, name: &str) -> ServiceRequest {
    let request = pb::GetServiceRequestRequest { name: name.into(), as_of: None };
    world.requests(&registrar()).get_service_request(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_request_goes_where_the_table_says_and_is_due_in_working_days() {
    let world = world().await;
    world.embassy("FR").await;
    let asked = world.ask(&party_of("fr"), question("missions/fr", Kind::Vehicles)).await.unwrap();
    assert_eq!((asked.state(), asked.agency.as_str()), (State::Routed, "motor-vehicles"));
    // Five working days after Monday: to the end of the next Monday in Washington.
    assert_eq!(asked.due_time, Some(registry::timestamp(at("2026-05-12T04:00:00Z"))));
    for number in 1.. {
        let Ok(kind) = Kind::try_from(number) else { break };
        let routed = world.ask(&registrar(), question("missions/fr", kind)).await.unwrap();
        assert!(!routed.agency.is_empty() && routed.due_time.is_some(), "{kind:?}");
    }
}

#[tokio::test]
async fn the_time_stands_still_while_the_mission_is_asked() {
    let world = world().await;
    world.embassy("FR").await;
    let name = accepted(&world, Kind::Vehicles).await.name;
    world.clock.set(at("2026-05-05T13:00:00Z"));
    let ask = pb::AskMissionRequest { name: name.clone(), question: "Which cars?".into(), ..Default::default() };
    let waiting = world.requests(&agency("motor-vehicles")).ask_mission(ask).await.unwrap().into_inner();
    assert_eq!((waiting.state(), waiting.due_time), (State::WaitingForMission, None));
    world.clock.set(at("2026-06-05T13:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    let reply = pb::ReplyToAgencyRequest { name: name.clone(), answer: "The three".into(), ..Default::default() };
    let goes_on = world.requests(&party_of("fr")).reply_to_agency(reply).await.unwrap().into_inner();
    assert_eq!(goes_on.state(), State::Accepted);
    assert_eq!(goes_on.questions[0].answer, "The three");
    // Monday is the event's; Friday, on which the pause ends, is the first of five.
    assert_eq!(goes_on.due_time, Some(registry::timestamp(at("2026-06-12T04:00:00Z"))));
    let answer = pb::AnswerServiceRequestRequest { name, answer: "They are ready".into(), ..Default::default() };
    let answered = world.requests(&agency("motor-vehicles")).answer_service_request(answer).await.unwrap().into_inner();
    assert_eq!((answered.state(), answered.due_time), (State::Answered, None));
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn what_is_not_answered_is_escalated_step_by_step_and_then_no_further() {
    let world = world().await;
    world.embassy("FR").await;
    let name = accepted(&world, Kind::Vehicles).await.name;
    for (instant, level, to) in [
        ("2026-05-12T03:59:59Z", 0, ""),
        ("2026-05-12T04:00:00Z", 1, "protocol-duty-officer"),
        ("2026-05-20T04:00:00Z", 2, "chief-of-protocol"),
        ("2026-12-31T04:00:00Z", 2, "chief-of-protocol"),
    ] {
        world.clock.set(at(instant));
        world.store.fire_due().await.unwrap();
        let request = now(&world, &name).await;
        assert_eq!((request.escalation_level, request.escalated_to.as_str()), (level, to), "{instant}");
        assert_eq!((request.state(), request.escalated), (State::Accepted, level > 0));
    }
    assert_eq!(world.count("history where verb = 'escalate'").await, 2);
    let ask = pb::AskMissionRequest { name: name.clone(), question: "Which cars?".into(), ..Default::default() };
    world.requests(&registrar()).ask_mission(ask).await.unwrap();
    let reply = pb::ReplyToAgencyRequest { name: name.clone(), answer: "The three".into(), ..Default::default() };
    world.requests(&registrar()).reply_to_agency(reply).await.unwrap();
    let answer = pb::AnswerServiceRequestRequest { name: name.clone(), answer: "No".into(), ..Default::default() };
    world.requests(&registrar()).answer_service_request(answer).await.unwrap();
    let request = pb::ReopenServiceRequestRequest { name, ..Default::default() };
    let again = world.requests(&party_of("fr")).reopen_service_request(request).await.unwrap().into_inner();
    assert_eq!((again.escalated, again.escalation_level), (false, 0));
    assert!(again.due_time.is_some(), "its time begins anew");
}

#[tokio::test]
async fn another_agency_has_its_own_time() {
    let world = world().await;
    world.embassy("FR").await;
    let name = accepted(&world, Kind::Vehicles).await.name;
    world.clock.set(at("2026-05-08T13:00:00Z"));
    let reroute = |agency: &str| pb::RerouteServiceRequestRequest {
        name: name.clone(),
        agency: agency.into(),
        ..Default::default()
    };
    assert_eq!(reason(world.requests(&registrar()).reroute_service_request(reroute("nobody")).await), "AGENCY_UNKNOWN");
    let moved = world.requests(&registrar()).reroute_service_request(reroute("police")).await.unwrap().into_inner();
    assert_eq!((moved.state(), moved.agency.as_str()), (State::Routed, "police"));
    assert_eq!(moved.due_time, Some(registry::timestamp(at("2026-05-16T04:00:00Z"))));
    assert!(seen(&world, &agency("motor-vehicles")).await.is_empty());
    assert_eq!(seen(&world, &agency("police")).await, [name]);
}

#[tokio::test]
async fn a_mission_sees_its_own_requests_and_an_agency_those_it_is_asked() {
    let world = world().await;
    world.embassy("FR").await;
    let theirs = world.embassy("BE").await;
    let ours = world.ask(&party_of("fr"), question("missions/fr", Kind::Vehicles)).await.unwrap().name;
    let other = world.ask(&party_of("be"), question(&theirs, Kind::Customs)).await.unwrap().name;
    assert_eq!(seen(&world, &party_of("fr")).await, [ours.as_str()]);
    assert_eq!(seen(&world, &agency("customs")).await, [other.as_str()]);
    assert_eq!(seen(&world, &registrar()).await.len(), 2);
    assert_eq!(fields(world.ask(&party_of("fr"), question(&theirs, Kind::Taxes)).await), ["serviceRequest.mission"]);
    let accept = pb::AcceptServiceRequestRequest { name: ours, ..Default::default() };
    assert_eq!(reason(world.requests(&agency("customs")).accept_service_request(accept).await), "NOT_FOUND");
    let cancel = pb::CancelServiceRequestRequest { name: other, ..Default::default() };
    assert_eq!(reason(world.requests(&party_of("fr")).cancel_service_request(cancel).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_question_after_the_day_has_passed_does_not_undo_the_escalation() {
    let world = world().await;
    world.embassy("FR").await;
    let name = accepted(&world, Kind::Vehicles).await.name;
    // The day has passed, and its timer has not fired yet.
    world.clock.set(at("2026-05-12T04:00:00Z"));
    let ask = pb::AskMissionRequest { name: name.clone(), question: "Which cars?".into(), ..Default::default() };
    world.requests(&registrar()).ask_mission(ask).await.unwrap();
    world.store.fire_due().await.unwrap();
    let waiting = now(&world, &name).await;
    assert_eq!((waiting.escalation_level, waiting.escalated_to.as_str()), (1, "protocol-duty-officer"));
    world.clock.set(at("2026-06-12T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    let reply = pb::ReplyToAgencyRequest { name: name.clone(), answer: "The three".into(), ..Default::default() };
    world.requests(&registrar()).reply_to_agency(reply).await.unwrap();
    assert_eq!(now(&world, &name).await.escalation_level, 1, "the time stood still");
    world.clock.set(at("2026-07-12T04:00:00Z"));
    world.store.fire_due().await.unwrap();
    assert_eq!(now(&world, &name).await.escalation_level, 2);
}
