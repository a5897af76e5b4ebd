//! Arrivals and ends that come after a notification made beforehand, whatever state it is in.

use crate::heads::head;
use crate::world::{World, at, decider, reason, registrar, secretary, staff_of, stamp, world};
use chrono::TimeDelta;
use proto::accreditation::v1::agrement;
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::{self as pb, Immune, Matter, Member};
use tonic::{Response, Status};

/// A second secretary who is to come.
fn expected(mission: &str) -> Member {
    Member { arrival_time: None, ..secretary(mission) }
}

async fn arrive(world: &World, name: &str, when: &str) -> Result<Member, Status> {
    let request = pb::RecordArrivalRequest {
        name: name.into(),
        arrival_time: stamp(when),
        ..pb::RecordArrivalRequest::default()
    };
    world.members(&staff_of("fr")).record_arrival(request).await.map(Response::into_inner)
}

async fn arrest(world: &World, name: &str) -> Immune {
    world.determine(&decider(), name, Matter::ArrestOrDetention).await.unwrap().immune()
}

#[tokio::test]
async fn who_is_accredited_before_coming_is_immune_from_the_arrival() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", expected(&mission)).await.name;
    assert_eq!(arrest(&world, &name).await, Immune::No, "not here yet");
    world.clock.set(at("2026-05-08T12:00:00Z"));
    for implausible in ["2026-05-08T12:00:01Z", "1988-04-11T12:00:00Z"] {
        assert_eq!(reason(arrive(&world, &name, implausible).await), "DATES_IMPLAUSIBLE", "{implausible}");
    }
    let here = arrive(&world, &name, "2026-05-07T06:00:00Z").await.unwrap();
    assert_eq!((here.state(), here.arrival_time), (State::Accredited, stamp("2026-05-07T06:00:00Z")));
    assert!(!here.notified_late);
    assert_eq!(arrest(&world, &name).await, Immune::Yes);
    assert_eq!(reason(arrive(&world, &name, "2026-05-06T06:00:00Z").await), "ARRIVAL_ALREADY_RECORDED");
    let theirs = world.embassy("BE").await;
    let other = world.notify("other", expected(&theirs)).await.unwrap().name;
    assert_eq!(reason(arrive(&world, &other, "2026-05-07T06:00:00Z").await), "NOT_FOUND", "another mission's");
}

#[tokio::test]
async fn an_arrival_is_told_in_time_or_late_whenever_the_person_was_notified() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", expected(&mission)).await.unwrap().name;
    world.clock.set(at("2026-06-20T12:00:00Z"));
    let here = arrive(&world, &name, "2026-05-10T06:00:00Z").await.unwrap();
    assert_eq!((here.state(), here.notified_late), (State::Notified, true));
    let before = world.notify("before", expected(&mission)).await.unwrap().name;
    let here = arrive(&world, &before, "2026-06-18T06:00:00Z").await.unwrap();
    assert_eq!(here.facts[0].effective_time, stamp("2026-06-18T06:00:00Z"), "what was notified holds from the arrival");
    assert!(!here.notified_late);
}

#[tokio::test]
async fn with_the_arrival_of_the_head_the_agrement_has_served() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let expected = world.agreed_before_coming(head(&mission)).await;
    let name = world.accredited("head", expected.clone()).await.name;
    assert_eq!(world.agrement(&expected.agrement).await.state(), agrement::State::Granted);
    world.clock.set(at("2026-05-08T12:00:00Z"));
    arrive(&world, &name, "2026-05-07T06:00:00Z").await.unwrap();
    let served = world.agrement(&expected.agrement).await;
    assert_eq!((served.state(), served.arrival_time), (agrement::State::Arrived, stamp("2026-05-07T06:00:00Z")));
    world.clock.advance(TimeDelta::days(3_000));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.agrement(&expected.agrement).await.state(), agrement::State::Arrived);
}

#[tokio::test]
async fn an_arrival_that_is_put_into_the_notification_serves_as_well() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let expected = world.agreed_before_coming(head(&mission)).await;
    let made = world.notify("head", expected.clone()).await.unwrap();
    let corrected = pb::UpdateMemberRequest {
        member: Some(Member { arrival_time: stamp("2026-05-03T06:00:00Z"), ..made.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["arrival_time".into()] }),
        etag: made.etag,
        ..Default::default()
    };
    world.members(&registrar()).update_member(corrected).await.unwrap();
    assert_eq!(world.agrement(&expected.agrement).await.state(), agrement::State::Arrived);
}

#[tokio::test]
async fn functions_end_before_the_accreditation_too() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for (round, steps) in
        [&[][..], &["beginValidation"], &["beginValidation", "return"], &["beginValidation", "passValidation"]]
            .into_iter()
            .enumerate()
    {
        let here = world.notify(&format!("here-{round}"), secretary(&mission)).await.unwrap().name;
        let to_come = world.notify(&format!("to-come-{round}"), expected(&mission)).await.unwrap().name;
        for (name, state) in [(here, State::Grace), (to_come, State::Ended)] {
            for step in steps {
                world.member_step(&registrar(), step, &name).await.unwrap();
            }
            let ended = world.terminate(&name, EndCause::Recalled).await;
            assert_eq!((ended.state(), ended.end_cause()), (state, EndCause::Recalled), "{name} after {steps:?}");
        }
    }
    world.clock.advance(TimeDelta::days(31));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.count("members where state <> 'ENDED'").await, 0, "and nobody counts any more");
}
