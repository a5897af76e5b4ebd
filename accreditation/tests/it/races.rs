//! Two at once: each of these loses without the lock, the index or the order that stands behind it.

use crate::heads::{charge, letters};
use crate::world::{World, at, decider, embassy, reason, registrar, secretary, world};
use futures::future::{join, join_all};
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb, HeadClass, Member, mission};
use std::collections::BTreeMap;

fn tally<T: std::fmt::Debug>(answers: Vec<Result<T, tonic::Status>>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let what = if answer.is_ok() { "OK".to_owned() } else { reason(answer) };
        *tally.entry(what).or_default() += 1;
    }
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_cards_at_once_one_is_issued() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let answers = join_all((0..8).map(|_| world.issue(&member, "2028-01-01T00:00:00Z"))).await;
    let expected = BTreeMap::from([("OK".to_owned(), 1), ("CARD_ALREADY_ACTIVE".to_owned(), 7)]);
    assert_eq!(tally(answers), expected);
    assert_eq!(world.count("identity_cards where state = 'ISSUED'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_mission_is_never_over_its_limit() {
    let world = world().await;
    for round in 0..16 {
        let mission = world.mission(&format!("fr-{round}"), embassy("FR"), mission::State::Open).await;
        let request = pb::RestrictRequest { name: mission.clone(), size_limit: 1, ..Default::default() };
        world.missions(&decider()).restrict(request).await.unwrap();
        let ids: Vec<_> = (0..6).map(|n| format!("m-{round}-{n}")).collect();
        let answers = join_all(ids.iter().map(|id| world.notify(id, secretary(&mission)))).await;
        assert_eq!(tally(answers), BTreeMap::from([("OK".to_owned(), 1), ("MISSION_FULL".to_owned(), 5)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_person_notified_twice_at_once_one_is_taken_in() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let person = || Member { person: "people/garnier".into(), ..secretary(&mission) };
    let ids: Vec<_> = (0..6).map(|n| format!("a-{n}")).collect();
    let answers = join_all(ids.iter().map(|id| world.notify(id, person()))).await;
    assert_eq!(tally(answers), BTreeMap::from([("OK".to_owned(), 1), ("ACCREDITATION_ALREADY_LIVE".to_owned(), 5)]));
}

/// Closes the mission as two steps of two people, as fast as it goes.
async fn closed(world: &World, mission: &str) -> Result<pb::Mission, tonic::Status> {
    world.mission_step(&registrar(), "close", mission).await?;
    world.mission_step(&decider(), "completeClosure", mission).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_a_mission_that_closes_meanwhile() {
    let world = world().await;
    let (mut joined, mut shut) = (0, 0);
    for round in 0..24 {
        let id = format!("fr-{round}");
        let mission = world.mission(&id, embassy("FR"), mission::State::Open).await;
        let member_id = format!("m-{round}");
        let (notified, closed) = join(world.notify(&member_id, secretary(&mission)), closed(&world, &mission)).await;
        joined += usize::from(notified.is_ok());
        shut += usize::from(closed.is_ok());
        match (notified, closed) {
            (Ok(_), refused) => assert_eq!(reason(refused), "MISSION_HAS_MEMBERS"),
            (refused, Ok(_)) => assert_eq!(reason(refused), "MISSION_NOT_RECEIVING"),
            (refused, Err(_)) => panic!("one of them comes first: {refused:?}"),
        }
    }
    assert_eq!(joined + shut, 24);
    let stranded = "members m join missions c on c.name = m.mission where c.state = 'CLOSED' and m.state <> 'ENDED'";
    assert_eq!(world.count(stranded).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grace_period_is_extended_once_however_many_ask() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.accredited("garnier", secretary(&mission)).await.name;
    world.terminate(&name, EndCause::Recalled).await;
    let decider = decider();
    let answers = join_all((0..8).map(|_| world.member_step(&decider, "extendGrace", &name))).await;
    assert_eq!(tally(answers), BTreeMap::from([("OK".to_owned(), 1), ("GRACE_ALREADY_EXTENDED".to_owned(), 7)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_end_a_period_either_ends_or_was_extended_before() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let end = at("2026-06-04T04:00:00Z");
    for round in 0..8 {
        world.clock.set(crate::world::dawn());
        let name = world.accredited(&format!("m-{round}"), secretary(&mission)).await.name;
        world.terminate(&name, EndCause::Recalled).await;
        world.clock.set(end - chrono::TimeDelta::microseconds(1));
        // The clock moves on while the request is under way, and the timer fires.
        let decider = decider();
        let extend = world.member_step(&decider, "extendGrace", &name);
        let expire = async {
            world.clock.set(end);
            world.store.fire_due().await.unwrap()
        };
        let (extended, _) = join(extend, expire).await;
        match extended {
            Ok(_) => {
                world.store.fire_due().await.unwrap();
                let state = world.member(&name).await.state();
                assert_eq!(state, pb::member::State::Grace, "extended in time, it goes on");
            }
            Err(refused) => {
                let why = reason::<Member>(Err(refused));
                assert!(why == "GRACE_OVER" || why == "WRONG_STATE", "{why}");
                // The refusal's transaction may still hold the record for a moment.
                let ended = async || {
                    world.store.fire_due().await.unwrap();
                    world.member(&name).await.state() == pb::member::State::Ended
                };
                testkit::until("the period has ended", ended).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_not_issued_to_one_whose_functions_end_meanwhile() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for round in 0..16 {
        let name = world.accredited(&format!("m-{round}"), secretary(&mission)).await.name;
        let (issued, _) =
            join(world.issue(&name, "2028-01-01T00:00:00Z"), world.terminate(&name, EndCause::Recalled)).await;
        let Ok(card) = issued else {
            assert_eq!(reason(issued), "MEMBER_NOT_ACCREDITED");
            continue;
        };
        // Then the card came first: the member was held until it was written.
        let later = format!(
            "history card, history ended where card.name = '{}' and ended.name = '{name}' and ended.verb = 'terminate' \
             and card.seq < ended.seq",
            card.name
        );
        assert_eq!(world.count(&later).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_for_a_vacant_post_beside_a_head_who_takes_up_functions_meanwhile() {
    let world = world().await;
    for state in ["FR", "BE", "NL", "LU", "DK", "SE", "FI", "NO", "ES", "PT", "IT", "AT", "PL", "CZ", "GR", "IE"] {
        let head = world.head_from(state).await;
        let diplomat = world.accredited(&format!("charge-{}", state.to_lowercase()), secretary(&head.mission)).await;
        let letters = world.schedule(letters(&head, HeadClass::Ambassador)).await.unwrap().name;
        let registrar = registrar();
        let steps = async {
            world.credential_step(&registrar, "receiveWorkingCopy", &letters).await.unwrap();
            world.credential_step(&registrar, "present", &letters).await.unwrap()
        };
        let (begun, _) = join(world.begin_charge(charge(&diplomat)), steps).await;
        assert!(begun.is_ok() || reason(begun) == "HEAD_IN_FUNCTIONS");
    }
    let beside = "charges c join credentials k on k.mission = c.mission where c.state = 'ACTING' \
                  and k.doc->>'functionsTime' is not null";
    assert_eq!(world.count(beside).await, 0);
}
