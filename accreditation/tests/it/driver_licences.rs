//! Licences and points: a rolling window, reviews and suspensions as consequences, reinstatement, and what an officer learns.

use crate::benefits::{benefits, signatory_of};
use crate::driving::{licence_of, violation};
use crate::world::{World, at, police, reason, registrar, secretary, stamp, world};
use accreditation::benefits::Practice;
use accreditation::points::{self, Consequence, Offence};
use chrono::{DateTime, Months, TimeDelta, Utc};
use futures::future::join_all;
use identity::{Permissions, Principal};
use proptest::prelude::*;
use proto::accreditation::v1::driver_licence::State;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb, DriverLicence, Member, traffic_violation};
use std::sync::LazyLock;

static PRACTICE: LazyLock<Practice> = LazyLock::new(|| Practice::of_home("US").unwrap());

fn officer() -> Principal {
    Principal { permissions: Permissions::of(["accreditation.driverLicences.verify"]), ..police("mpd") }
}

async fn drives(world: &World, name: &str) -> bool {
    let request = pb::VerifyDriverLicenceRequest { name: name.into() };
    let answer = world.licences(&officer()).verify_driver_licence(request).await.unwrap().into_inner();
    assert_eq!(answer.valid, !answer.member.is_empty() && !answer.classes.is_empty(), "nothing more is told");
    answer.valid
}

async fn driver(world: &World) -> DriverLicence {
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    world.licensed(&member).await
}

#[tokio::test]
async fn a_licence_is_issued_to_one_in_standing_and_of_age() {
    let world = world().await;
    let licence = driver(&world).await;
    assert_eq!((licence.state(), licence.expire_time), (State::Issued, stamp("2031-05-05T04:00:00Z")));
    assert!(drives(&world, &licence.name).await);
    assert!(drives(&world, &licence.name.to_lowercase().replace("driverlicences", "driverLicences")).await);
    assert!(!drives(&world, "driverLicences/BCDFGHJK0").await);
    let again = world.apply_for_licence(&registrar(), licence_of(&licence.member)).await;
    assert_eq!(reason(again), "LICENCE_ALREADY_LIVE");
    let notified = world.notify("notified", secretary("missions/fr")).await.unwrap().name;
    assert_eq!(reason(world.apply_for_licence(&registrar(), licence_of(&notified)).await), "HOLDER_NOT_IN_STANDING");
    let principal = world.member(&licence.member).await;
    let child = Member { birth_date: "2010-05-05".into(), ..crate::world::relative(&principal, pb::Relation::Child) };
    let child = world.accredited("child", child).await.name;
    assert_eq!(reason(world.apply_for_licence(&registrar(), licence_of(&child)).await), "HOLDER_AGE_UNFIT");
    world.clock.set(at("2026-05-05T00:00:00Z"));
    world.apply_for_licence(&signatory_of("fr"), licence_of(&child)).await.unwrap();
    world.embassy("BE").await;
    let theirs = world.apply_for_licence(&signatory_of("be"), licence_of(&licence.member)).await;
    assert_eq!(reason(theirs), "BROKEN_REFERENCE");
}

#[tokio::test]
async fn eight_points_review_a_licence_and_twelve_suspend_it() {
    let world = world().await;
    let name = driver(&world).await.name;
    let state = async || world.licence(&name).await;
    world.record(violation(&name, "RED_LIGHT", "2026-05-01T00:00:00Z")).await.unwrap();
    world.record(violation(&name, "CARELESS_DRIVING", "2026-05-02T00:00:00Z")).await.unwrap();
    assert_eq!((state().await.state(), state().await.points), (State::Issued, 0), "seven lead to nothing");
    let third = world.record(violation(&name, "SPEEDING", "2026-05-03T00:00:00Z")).await.unwrap();
    assert_eq!((third.points, third.suspends, third.mission.as_str()), (2, false, "missions/fr"));
    assert_eq!((state().await.state(), state().await.points), (State::Review, 9));
    let step = format!("history where name = '{name}' and verb = 'comeUnderReview' and cause = '{}@1'", third.name);
    assert_eq!(world.count(&step).await, 1, "a consequence names its cause");
    assert!(drives(&world, &name).await, "under review one may drive");
    world.record(violation(&name, "RED_LIGHT", "2026-05-04T00:00:00Z")).await.unwrap();
    let suspended = state().await;
    assert_eq!((suspended.state(), suspended.points), (State::Suspended, 12));
    assert!(suspended.suspension_time.is_some() && !drives(&world, &name).await);
    assert_eq!(reason(world.licence_step(&benefits(), "reinstate", &name).await), "POINTS_STILL_STAND");
    let voided = world.void(&third.name).await.unwrap();
    assert_eq!(voided.state(), traffic_violation::State::Voided);
    assert_eq!(state().await.state(), State::Suspended, "until it is given back");
    let back = world.licence_step(&benefits(), "reinstate", &name).await.unwrap();
    assert_eq!((back.state(), back.points), (State::Reinstated, 10));
    assert!(drives(&world, &name).await);
}

#[tokio::test]
async fn points_are_forgotten_after_twenty_four_months() {
    let world = world().await;
    let name = driver(&world).await.name;
    world.record(violation(&name, "LEAVING_THE_SCENE", "2026-05-04T12:00:00Z")).await.unwrap();
    world.licence_step(&benefits(), "closeReview", &name).await.unwrap();
    world.clock.set(at("2028-05-04T11:59:59Z"));
    world.record(violation(&name, "CARELESS_DRIVING", "2028-05-04T00:00:00Z")).await.unwrap();
    assert_eq!(world.licence(&name).await.state(), State::Suspended, "eight and four");
    world.clock.set(at("2028-05-04T12:00:00Z"));
    let back = world.licence_step(&benefits(), "reinstate", &name).await.unwrap();
    assert_eq!((back.state(), back.points), (State::Reinstated, 4), "the eight are over");
}

#[tokio::test]
async fn driving_under_the_influence_suspends_by_itself() {
    let world = world().await;
    let name = driver(&world).await.name;
    let offence = world.record(violation(&name, "DRIVING_UNDER_THE_INFLUENCE", "2026-05-03T02:14:00Z")).await.unwrap();
    assert!(offence.suspends);
    assert_eq!(world.licence(&name).await.state(), State::Suspended);
    let revoked = world.licence_step(&benefits(), "revoke", &name).await.unwrap();
    assert_eq!(revoked.state(), State::Revoked);
    assert_eq!(world.count(&format!("timers where name = '{name}'")).await, 0);
    let late = world.record(violation(&name, "SPEEDING", "2026-05-03T00:00:00Z")).await;
    assert_eq!(reason(late), "LICENCE_NOT_OUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_violations_recorded_at_once_each_counts_those_before() {
    let world = world().await;
    let name = driver(&world).await.name;
    // Six times two points: the sixth to come makes it twelve, whichever it is.
    let record = |_| world.record(violation(&name, "SPEEDING", "2026-05-03T00:00:00Z"));
    for answer in join_all((0..6).map(record)).await {
        answer.unwrap();
    }
    assert_eq!((world.licence(&name).await.state(), world.licence(&name).await.points), (State::Suspended, 12));
    let steps = format!("history where name = '{name}' and verb in ('comeUnderReview', 'beSuspended')");
    assert_eq!(world.count(&steps).await, 2);
}

#[tokio::test]
async fn what_is_recorded_is_a_fact_of_a_known_kind() {
    let world = world().await;
    let name = driver(&world).await.name;
    assert_eq!(reason(world.record(violation(&name, "SPEEDING", "2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(world.record(violation(&name, "SNORING", "2026-05-03T00:00:00Z")).await), "OFFENCE_UNKNOWN");
    let nothing = violation("driverLicences/BCDFGHJK0", "SPEEDING", "2026-05-03T00:00:00Z");
    assert_eq!(reason(world.record(nothing).await), "LICENCE_NOT_OUT");
    world.embassy("BE").await;
    let request = pb::ListTrafficViolationsRequest::default();
    world.record(violation(&name, "SPEEDING", "2026-05-03T00:00:00Z")).await.unwrap();
    for (by, seen) in [(signatory_of("fr"), 1), (signatory_of("be"), 0)] {
        let page = world.violations(&by).list_traffic_violations(request.clone()).await.unwrap().into_inner();
        assert_eq!(page.traffic_violations.len(), seen);
    }
}

#[tokio::test]
async fn a_licence_ends_with_its_time_and_with_the_holders_standing() {
    let world = world().await;
    let licence = driver(&world).await;
    world.terminate(&licence.member, EndCause::Recalled).await;
    world.clock.set(at("2026-06-04T03:59:59Z"));
    assert!(drives(&world, &licence.name).await, "in the grace period");
    world.clock.set(at("2026-06-04T04:00:00Z"));
    assert!(!drives(&world, &licence.name).await);
    let other = world.accredited("other", secretary("missions/fr")).await.name;
    let licence = world.licensed(&other).await;
    world.clock.set(at("2031-06-05T04:00:00Z"));
    assert!(!drives(&world, &licence.name).await, "the instant counts, not the timer");
    world.store.fire_due().await.unwrap();
    assert_eq!(world.licence(&licence.name).await.state(), State::Expired);
}

fn day(number: i64) -> DateTime<Utc> {
    at("2020-01-31T12:00:00Z") + TimeDelta::days(number)
}

#[test]
fn the_window_is_open_at_its_far_end_and_closed_at_now() {
    let practice = &PRACTICE.driving;
    let one = |at| [Offence { at, points: 5, suspends: false, voided: false }];
    let now = at("2026-05-04T13:00:00Z");
    for (when, points) in [
        ("2024-05-04T13:00:00Z", 0),
        ("2024-05-04T13:00:00.000001Z", 5),
        ("2026-05-04T13:00:00Z", 5),
        ("2026-05-04T13:00:00.000001Z", 0),
    ] {
        assert_eq!(points::standing(&one(at(when)), now, practice), points, "{when}");
    }
    let voided = Offence { voided: true, ..one(now)[0] };
    assert_eq!(points::standing(&[voided], now, practice), 0);
    let drunk = Offence { points: 0, suspends: true, ..one(now)[0] };
    assert_eq!(points::consequence(&[drunk], now, practice), Consequence::Suspension);
    assert_eq!(points::consequence(&[Offence { voided: true, ..drunk }], now, practice), Consequence::None);
}

proptest! {
    /// Against the plainest reading of I6: the sum over the last twenty-four months, without what was voided.
    #[test]
    fn only_the_last_twenty_four_months_count(
        given in proptest::collection::vec((0_i64..2_000, 0_i32..13, any::<bool>()), 0..30),
        asked in 0_i64..2_500,
    ) {
        let practice = &PRACTICE.driving;
        let offence = |(when, points, voided)| Offence { at: day(when), points, suspends: false, voided };
        let offences: Vec<_> = given.iter().copied().map(offence).collect();
        let now = day(asked);
        let since = now.checked_sub_months(Months::new(24)).unwrap();
        let counts = |(when, _, voided): &&(i64, i32, bool)| !voided && since < day(*when) && day(*when) <= now;
        let sum: i32 = given.iter().filter(counts).map(|(_, points, _)| points).sum();
        prop_assert_eq!(points::standing(&offences, now, practice), sum);
        let expected = match sum {
            12.. => Consequence::Suspension,
            8..=11 => Consequence::Review,
            _ => Consequence::None,
        };
        prop_assert_eq!(points::consequence(&offences, now, practice), expected);
        let mut turned = offences.clone();
        turned.reverse();
        prop_assert_eq!(points::standing(&turned, now, practice), sum, "order does not matter");
        let more: Vec<_> = offences.iter().copied().chain([Offence { at: now, points: 1, suspends: false, voided: false }]).collect();
        prop_assert_eq!(points::standing(&more, now, practice), sum + 1);
        let later = now + TimeDelta::days(740);
        prop_assert_eq!(points::standing(&offences.iter().copied().filter(|one| one.at <= now).collect::<Vec<_>>(), later, practice), 0);
    }
}
