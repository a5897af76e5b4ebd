//! Persona non grata: from the proposal to the departure, the deadline, and one who has not arrived yet.

use crate::world::{World, decider, reason, registrar, relative, secretary, world};
use chrono::TimeDelta;
use proto::accreditation::v1::identity_card::State as Card;
use proto::accreditation::v1::member::{EndCause, State as Standing};
use proto::accreditation::v1::persona_non_grata::State;
use proto::accreditation::v1::{self as pb, Immune, Matter, Member, PersonaNonGrata, Relation};
use tonic::{Response, Status};

async fn propose(world: &World, member: &str) -> Result<PersonaNonGrata, Status> {
    let declaration = PersonaNonGrata { member: member.into(), grounds: "Espionage".into(), ..Default::default() };
    let request = pb::CreatePersonaNonGrataRequest { persona_non_grata: Some(declaration), ..Default::default() };
    world.declarations(&registrar()).create_persona_non_grata(request).await.map(Response::into_inner)
}

/// Declared, with three days to leave.
pub(crate) async fn notified(world: &World, member: &str) -> PersonaNonGrata {
    let name = propose(world, member).await.unwrap().name;
    let request = pb::ReviewPersonaNonGrataRequest { name: name.clone(), ..Default::default() };
    world.declarations(&registrar()).review_persona_non_grata(request).await.unwrap();
    let request = pb::DecidePersonaNonGrataRequest { name: name.clone(), deadline_hours: 72, ..Default::default() };
    assert_eq!(reason(world.declarations(&registrar()).decide_persona_non_grata(request.clone()).await), "SAME_PERSON");
    world.declarations(&decider()).decide_persona_non_grata(request).await.unwrap();
    let request = pb::NotifyPersonaNonGrataRequest { name, note: "18/2026".into(), ..Default::default() };
    world.declarations(&decider()).notify_persona_non_grata(request).await.unwrap().into_inner()
}

async fn card(world: &World, name: &str) -> Card {
    let request = pb::GetIdentityCardRequest { name: name.into(), as_of: None };
    world.cards(&registrar()).get_identity_card(request).await.unwrap().into_inner().state()
}

async fn refuse(world: &World, name: &str, recall_refused: bool) -> Result<PersonaNonGrata, Status> {
    let request = pb::RefuseRecognitionRequest { name: name.into(), recall_refused, ..Default::default() };
    world.declarations(&decider()).refuse_recognition(request).await.map(Response::into_inner)
}

#[tokio::test]
async fn at_the_deadline_cards_stop_and_the_status_goes_on_until_recognition_is_refused() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    let plastic = world.issue(&principal.name, "2028-01-01T00:00:00Z").await.unwrap().name;
    let declaration = notified(&world, &principal.name).await;
    assert_eq!((declaration.state(), declaration.visa_lookout), (State::Notified, true));
    let lookout = "outbox where kind = 'personaNonGrata' and verb = 'notify' and (doc->>'visaLookout')::boolean";
    assert_eq!(world.count(&format!("{lookout} and doc->>'person' = '{}'", principal.person)).await, 1);
    assert_eq!(reason(refuse(&world, &declaration.name, false).await), "DEADLINE_RUNNING");
    world.clock.advance(TimeDelta::hours(71));
    assert_eq!((world.store.fire_due().await.unwrap(), card(&world, &plastic).await), (0, Card::Issued));
    world.clock.advance(TimeDelta::minutes(61));
    assert_eq!((world.store.fire_due().await.unwrap(), card(&world, &plastic).await), (1, Card::Revoked));
    let another = world.issue(&principal.name, "2028-01-01T00:00:00Z").await;
    assert_eq!(reason(another), "HOLDER_UNWANTED", "and none takes its place");
    let prosecution =
        async || world.determine(&decider(), &principal.name, Matter::CriminalProsecution).await.unwrap().immune();
    assert_eq!(prosecution().await, Immune::Yes, "the declaration itself ends no immunity");
    let refused = refuse(&world, &declaration.name, false).await.unwrap();
    assert_eq!(refused.state(), State::RecognitionRefused);
    let member = world.member(&principal.name).await;
    assert_eq!((member.state(), member.end_cause()), (Standing::Grace, EndCause::PersonaNonGrata));
    assert_eq!(prosecution().await, Immune::Yes, "there is a last time to leave");
    let kin = world.member(&spouse.name).await;
    assert_eq!((kin.state(), kin.grace_end_time), (Standing::Grace, member.grace_end_time));
    world.clock.advance(TimeDelta::hours(49));
    assert_eq!(world.store.fire_due().await.unwrap(), 2);
    assert_eq!(prosecution().await, Immune::OfficialActsOnly);
    assert_eq!(world.member(&spouse.name).await.state(), Standing::Ended);
}

#[tokio::test]
async fn one_who_leaves_in_time_has_no_status_from_then_on() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let plastic = world.issue(&principal.name, "2028-01-01T00:00:00Z").await.unwrap().name;
    let declaration = notified(&world, &principal.name).await;
    world.clock.advance(TimeDelta::hours(20));
    let request = pb::DepartPersonaNonGrataRequest { name: declaration.name.clone(), ..Default::default() };
    let departed = world.declarations(&registrar()).depart_persona_non_grata(request).await.unwrap().into_inner();
    assert_eq!(departed.state(), State::Departed);
    let member = world.member(&principal.name).await;
    assert_eq!((member.state(), member.end_cause()), (Standing::Ended, EndCause::PersonaNonGrata));
    assert_eq!(member.departure_time, departed.departure_time);
    assert_eq!(card(&world, &plastic).await, Card::Revoked);
    world.clock.advance(TimeDelta::days(9));
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "nothing is left to wait for");
    let answer = world.determine(&decider(), &principal.name, Matter::CriminalProsecution).await.unwrap();
    assert_eq!(answer.immune(), Immune::OfficialActsOnly);
}

#[tokio::test]
async fn one_who_has_not_arrived_is_not_acceptable_and_does_not_come() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let expected = Member { arrival_time: None, ..secretary(&mission) };
    let principal = world.notify("garnier", expected).await.unwrap();
    let declaration = notified(&world, &principal.name).await;
    assert_eq!((declaration.state(), declaration.deadline), (State::NotAcceptable, None));
    assert_eq!(world.member(&principal.name).await.state(), Standing::Declined);
    assert_eq!(world.count("timers").await, 0);
    let request = pb::ClosePersonaNonGrataRequest { name: declaration.name, ..Default::default() };
    world.declarations(&decider()).close_persona_non_grata(request).await.unwrap();
}

#[tokio::test]
async fn one_whom_the_sending_state_recalls_leaves_as_others_do() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let declaration = notified(&world, &principal.name).await;
    let recalled = world.terminate(&principal.name, EndCause::Recalled).await;
    assert_eq!(refuse(&world, &declaration.name, true).await.unwrap().state(), State::RecognitionRefused);
    let member = world.member(&principal.name).await;
    assert_eq!((member.end_cause(), member.grace_end_time), (EndCause::Recalled, recalled.grace_end_time));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_and_a_refusal_at_once_end_the_functions_once() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for round in 0..5 {
        let principal = world.accredited(&format!("p{round}"), secretary(&mission)).await;
        world.accredited(&format!("s{round}"), relative(&principal, Relation::Spouse)).await;
        let declaration = notified(&world, &principal.name).await;
        let request = pb::TerminateRequest { name: principal.name.clone(), cause: 1, ..Default::default() };
        let mut members = world.members(&decider());
        let (refused, recalled) = tokio::join!(refuse(&world, &declaration.name, true), members.terminate(request));
        refused.unwrap();
        assert!(recalled.is_ok() || reason(recalled) == "WRONG_STATE");
        let ends = "verb in ('terminate', 'loseRecognition', 'endWithPrincipal')";
        assert_eq!(
            world.count(&format!("history where name in ('{0}', 'members/s{round}') and {ends}", principal.name)).await,
            2
        );
    }
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(wanted: pb::Reason, world: &World, mission: &str) -> Result<(), Status> {
    let member = world.accredited("garnier", secretary(mission)).await.name;
    match wanted {
        pb::Reason::AlreadyUnwanted => {
            propose(world, &member).await?;
            propose(world, &member).await.map(drop)
        }
        pb::Reason::DeadlineRunning => {
            let name = notified(world, &member).await.name;
            refuse(world, &name, false).await.map(drop)
        }
        pb::Reason::HolderUnwanted => {
            notified(world, &member).await;
            world.issue(&member, "2028-01-01T00:00:00Z").await.map(drop)
        }
        _ => panic!("{wanted:?} is no declaration's"),
    }
}
