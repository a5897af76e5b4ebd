//! Members: accreditation, changes with their dates, the grace period and the ages, by verbs and by timers.

use crate::world::{at, decider, reason, registrar, relative, secretary, stamp, world};
use chrono::TimeDelta;
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::{self as pb, Fact, Member, Relation, Residence};

#[tokio::test]
async fn a_notification_is_taken_in_with_all_that_goes_with_it() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = Member { person: "people/garnier".into(), ..secretary(&mission) };
    let request =
        pb::CreateMemberRequest { member: Some(member), member_id: "garnier".into(), request_id: "note-26-117".into() };
    let made = world.members(&registrar()).create_member(request.clone()).await.unwrap().into_inner();
    insta::assert_json_snapshot!("a_member_is_notified", world.traces(&made.name, &made).await);
    let again = world.members(&registrar()).create_member(request).await.unwrap().into_inner();
    assert_eq!(again, made, "sent again, it is answered as before");
    assert_eq!(world.count("members").await, 1);
}

#[tokio::test]
async fn an_accreditation_is_decided_by_another_person() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    world.member_step(&registrar(), "beginValidation", &name).await.unwrap();
    let returned = world.member_step(&registrar(), "return", &name).await.unwrap();
    assert_eq!((returned.state(), returned.correction.as_str()), (State::Returned, "the photograph is missing"));
    let resubmitted = world.member_step(&registrar(), "resubmit", &name).await.unwrap();
    assert_eq!((resubmitted.state(), resubmitted.correction.as_str()), (State::Notified, ""));
    world.member_step(&registrar(), "beginValidation", &name).await.unwrap();
    world.member_step(&registrar(), "passValidation", &name).await.unwrap();
    assert_eq!(reason(world.member_step(&registrar(), "accredit", &name).await), "SAME_PERSON");
    let accredited = world.member_step(&decider(), "accredit", &name).await.unwrap();
    insta::assert_json_snapshot!("a_member_is_accredited", world.traces(&name, &accredited).await);
}

#[tokio::test]
async fn one_declined_is_told_no_reason() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    world.member_step(&registrar(), "beginValidation", &name).await.unwrap();
    world.member_step(&registrar(), "passValidation", &name).await.unwrap();
    let declined = world.member_step(&decider(), "decline", &name).await.unwrap();
    assert_eq!((declined.state(), declined.decline_time), (State::Declined, declined.update_time));
    let anew = world.notify("garnier-2", Member { person: declined.person, ..secretary(&mission) }).await;
    assert!(anew.is_ok(), "a declined notification does not stand in the way: {anew:?}");
}

#[tokio::test]
async fn a_notification_is_corrected_until_it_is_reviewed() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let made = world.notify("garnier", secretary(&mission)).await.unwrap();
    let update = |member: &Member, change: Member, path: &str| pb::UpdateMemberRequest {
        member: Some(Member { name: made.name.clone(), ..change }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        etag: member.etag.clone(),
        ..Default::default()
    };
    let mut client = world.members(&registrar());
    let title = Member { title: "First Secretary".into(), ..Member::default() };
    let corrected = client.update_member(update(&made, title.clone(), "title")).await.unwrap().into_inner();
    assert_eq!(corrected.facts.last().unwrap().title, "First Secretary", "the first fact is the notification");
    assert_eq!(corrected.notify_time, made.notify_time, "a correction is no new notification");
    let young = Member { birth_date: "2010-01-01".into(), ..Member::default() };
    assert_eq!(reason(client.update_member(update(&corrected, young, "birth_date")).await), "AGE_UNFIT");
    let other = Member { mission: "missions/be".into(), ..Member::default() };
    assert_eq!(reason(client.update_member(update(&corrected, other, "mission")).await), "INVALID_FIELDS");
    let reviewed = world.member_step(&registrar(), "beginValidation", &made.name).await.unwrap();
    assert_eq!(reason(client.update_member(update(&reviewed, title, "title")).await), "WRONG_STATE");
}

#[tokio::test]
async fn a_confirmed_change_holds_from_its_date_and_what_was_stays_known() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", secretary(&mission)).await.name;
    let notify = async |from: &str| {
        let change = Fact {
            effective_time: stamp(from),
            residence: Residence::PermanentResident.into(),
            title: "Counsellor".into(),
        };
        let request = pb::NotifyChangeRequest { name: name.clone(), change: Some(change), ..Default::default() };
        world.members(&registrar()).notify_change(request).await
    };
    assert_eq!(reason(notify("2026-04-24T09:59:59Z").await), "DATES_IMPLAUSIBLE", "before the notification");
    assert_eq!(reason(notify("2026-05-04T13:00:01Z").await), "DATES_IMPLAUSIBLE", "not yet");
    notify("2026-05-01T00:00:00Z").await.unwrap();
    assert_eq!(reason(world.member_step(&registrar(), "confirmChange", &name).await), "SAME_PERSON");
    let confirmed = world.member_step(&decider(), "confirmChange", &name).await.unwrap();
    assert_eq!(confirmed.facts.len(), 2);
    assert_eq!((confirmed.residence(), confirmed.title.as_str()), (Residence::PermanentResident, "Counsellor"));
    assert_eq!((confirmed.state(), confirmed.pending_change), (State::Accredited, None));

    notify("2026-05-02T00:00:00Z").await.unwrap();
    let rejected = world.member_step(&decider(), "rejectChange", &name).await.unwrap();
    assert_eq!((rejected.facts.len(), rejected.pending_change), (2, None));
}

/// The golden vector: functions end on 15 May 2026, the period on 14 June, extended on 14 July; all in the capital.
#[tokio::test]
async fn the_grace_period_is_thirty_days_and_thirty_more_if_asked_in_time() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (early, late) = (
        world.accredited("early", secretary(&mission)).await.name,
        world.accredited("late", secretary(&mission)).await.name,
    );
    world.clock.set(at("2026-05-15T14:00:00Z"));
    for name in [&early, &late] {
        let ended = world.terminate(name, EndCause::Recalled).await;
        assert_eq!(ended.state(), State::Grace);
        assert_eq!(ended.grace_end_time, stamp("2026-06-15T04:00:00Z"), "midnight after 14 June in Washington");
    }
    world.clock.set(at("2026-06-10T12:00:00Z"));
    let extended = world.member_step(&decider(), "extendGrace", &early).await.unwrap();
    assert_eq!(extended.grace_end_time, stamp("2026-07-15T04:00:00Z"), "midnight after 14 July");
    assert!(extended.grace_extended);
    assert_eq!(reason(world.member_step(&decider(), "extendGrace", &early).await), "GRACE_ALREADY_EXTENDED");
    world.clock.set(at("2026-06-20T12:00:00Z"));
    assert_eq!(reason(world.member_step(&decider(), "extendGrace", &late).await), "GRACE_OVER");
}

#[tokio::test]
async fn the_grace_period_ends_by_itself_to_the_microsecond() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", secretary(&mission)).await.name;
    world.terminate(&name, EndCause::PersonaNonGrata).await;
    let end = at("2026-06-04T04:00:00Z");
    world.clock.set(end - TimeDelta::microseconds(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    assert_eq!(world.member(&name).await.state(), State::Grace);
    world.clock.set(end);
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let ended = world.member(&name).await;
    assert_eq!((ended.state(), ended.end_time), (State::Ended, Some(registry::timestamp(end))));
    insta::assert_json_snapshot!("a_grace_period_expires", world.traces(&name, &ended).await);
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "once");
}

#[tokio::test]
async fn a_child_leaves_the_household_on_its_birthday() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let child = Member { birth_date: "2005-06-01".into(), ..relative(&principal, Relation::Child) };
    let child = world.accredited("child", child).await.name;
    let student = Member { birth_date: "2005-06-01".into(), ..relative(&principal, Relation::StudentChild) };
    let student = world.accredited("student", student).await.name;
    world.clock.set(at("2026-06-01T12:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let grown = world.member(&child).await;
    assert_eq!((grown.state(), grown.end_cause()), (State::Grace, EndCause::AgeLimit));
    assert_eq!(world.member(&student).await.state(), State::Accredited, "a student stays until 23");
    world.clock.set(at("2026-07-03T12:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    assert_eq!(world.member(&child).await.state(), State::Ended);
}

#[tokio::test]
async fn a_departure_ends_the_period_and_its_timer() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", secretary(&mission)).await.name;
    world.terminate(&name, EndCause::Recalled).await;
    world.clock.set(at("2026-05-10T12:00:00Z"));
    let depart = |when: &str| pb::RecordDepartureRequest {
        name: name.clone(),
        departure_time: stamp(when),
        ..Default::default()
    };
    let mut client = world.members(&registrar());
    assert_eq!(reason(client.record_departure(depart("2026-05-10T12:00:01Z")).await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(client.record_departure(depart("2026-04-01T00:00:00Z")).await), "DATES_IMPLAUSIBLE");
    let left = client.record_departure(depart("2026-05-09T18:00:00Z")).await.unwrap().into_inner();
    assert_eq!((left.state(), left.end_time), (State::Ended, stamp("2026-05-09T18:00:00Z")));
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn functions_end_in_the_past_and_after_arrival() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", secretary(&mission)).await.name;
    let terminate = |when: &str, cause: EndCause| pb::TerminateRequest {
        name: name.clone(),
        cause: cause.into(),
        end_time: stamp(when),
        ..Default::default()
    };
    let mut client = world.members(&registrar());
    let late = terminate("2026-05-04T13:00:01Z", EndCause::Recalled);
    assert_eq!(reason(client.terminate(late).await), "DATES_IMPLAUSIBLE");
    let early = terminate("2026-04-24T09:59:59Z", EndCause::Recalled);
    assert_eq!(reason(client.terminate(early).await), "DATES_IMPLAUSIBLE");
    let why = terminate("2026-05-01T00:00:00Z", EndCause::Unspecified);
    assert_eq!(reason(client.terminate(why).await), "INVALID_FIELDS");
    let died = client.terminate(terminate("2026-05-01T00:00:00Z", EndCause::Death)).await.unwrap().into_inner();
    assert_eq!((died.state(), died.end_cause()), (State::Grace, EndCause::Death));
    // In Washington it was still 30 April.
    assert_eq!(died.grace_end_time, stamp("2026-05-31T04:00:00Z"));
}

#[tokio::test]
async fn one_person_has_one_live_accreditation_in_one_role() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let person = Member { person: "people/garnier".into(), ..secretary(&mission) };
    let first = world.notify("a", person.clone()).await.unwrap();
    assert_eq!(reason(world.notify("b", person.clone()).await), "ACCREDITATION_ALREADY_LIVE");
    let elsewhere = Member { mission: other, nationality: "BE".into(), ..person.clone() };
    world.notify("c", elsewhere).await.unwrap();
    world.put("members", &first.name, serde_json::json!({ "state": "ENDED" })).await;
    world.notify("d", person).await.unwrap();
}

#[tokio::test]
async fn a_members_papers_lie_nowhere_open() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let papers =
        Member { passport_number: "20ZZ99871".into(), photo: "photos/garnier-2026".into(), ..secretary(&mission) };
    let made = world.notify("garnier", papers.clone()).await.unwrap();
    let all = world.db.dump().await;
    assert!(all.contains("Garnier"), "names are found by words, and lie open");
    for secret in [&papers.passport_number, &papers.photo, &papers.birth_date] {
        assert!(!secret.is_empty() && !all.contains(secret.as_str()), "{secret} lies open");
    }
    let shown = world.member(&made.name).await;
    assert_eq!(
        (shown.passport_number, shown.photo, shown.birth_date),
        (papers.passport_number, papers.photo, papers.birth_date)
    );
}
