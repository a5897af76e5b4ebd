//! Precedence: the order by itself, in tables and over random claims, and as the register answers for an instant.

use crate::heads::{charge, head};
use crate::world::{World, at, dawn, fields, registrar, secretary, world, world_of};
use accreditation::precedence::{AdInterim, Claim, Letters, Standing, charges_at, heads_at, order};
use chrono::{DateTime, TimeDelta, Utc};
use identity::{Permissions, Principal};
use proptest::prelude::*;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::precedence_place::Standing as ShownAs;
use proto::accreditation::v1::{self as pb, HeadClass, Member};

const STANDINGS: [Standing; 4] =
    [Standing::FirstClass, Standing::SecondClass, Standing::ThirdClass, Standing::AdInterim];

fn day(number: i64) -> DateTime<Utc> {
    dawn() + TimeDelta::days(number)
}

/// A claim with a name of its own; the rest is often the same as another's.
fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let one = (0..4_usize, 0..3_i64, prop::option::of(0..2_i64), 0..3_usize, 0..2_usize);
    prop::collection::vec(one, 0..12).prop_map(|claims| {
        let numbered = claims.into_iter().enumerate();
        let claim =
            |(number, (standing, since, arrival, state, title)): (usize, (usize, i64, Option<i64>, usize, usize))| {
                Claim {
                    standing: STANDINGS[standing],
                    since: day(since),
                    arrival: arrival.map(|days| day(days - 40)),
                    sending_state: ["VA", "FR", "BE"][state].into(),
                    title: ["Embassy of Alpha", "Embassy of Beta"][title].into(),
                    member: format!("members/{number}"),
                    mission: format!("missions/{number}"),
                }
            };
        numbered.map(claim).collect()
    })
}

fn ordered(mut claims: Vec<Claim>, nuncio: Option<&str>) -> Vec<Claim> {
    order(&mut claims, nuncio);
    claims
}

proptest! {
    /// Total and stable: whatever the order they come in, and whoever else is there, two claims stand to each other alike.
    #[test]
    fn the_order_does_not_depend_on_how_claims_come(claims in claims(), nuncio in prop::bool::ANY, turn in 0..12_usize) {
        let nuncio = nuncio.then_some("VA");
        let right = ordered(claims.clone(), nuncio);
        let mut turned = claims.clone();
        turned.rotate_left(if claims.is_empty() { 0 } else { turn % claims.len() });
        prop_assert_eq!(&ordered(turned, nuncio), &right);
        let reversed = claims.iter().rev().cloned().collect();
        prop_assert_eq!(&ordered(reversed, nuncio), &right);
        for (at, one) in right.iter().enumerate() {
            for other in &right[at + 1..] {
                let pair = ordered(vec![other.clone(), one.clone()], nuncio);
                prop_assert_eq!(&pair[0], one);
            }
        }
    }

    /// Class before all else, then the nuncio, then the date and time of taking up functions (art. 14, 16).
    #[test]
    fn what_weighs_more_is_never_overruled(claims in claims(), nuncio in prop::bool::ANY) {
        let first = nuncio.then_some("VA");
        for pair in ordered(claims, first).windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            prop_assert!(before.standing <= after.standing);
            let nuncio = |claim: &Claim| first == Some(claim.sending_state.as_str()) && claim.standing == Standing::FirstClass;
            if before.standing == after.standing && nuncio(before) == nuncio(after) {
                prop_assert!(before.since <= after.since);
            }
            prop_assert!(before.standing != after.standing || nuncio(before) || !nuncio(after));
        }
    }
}

fn claim(member: &str, standing: Standing, since: i64) -> Claim {
    Claim {
        standing,
        since: day(since),
        arrival: None,
        sending_state: "FR".into(),
        title: "Embassy".into(),
        member: format!("members/{member}"),
        mission: format!("missions/{member}"),
    }
}

#[test]
fn a_new_class_gives_a_new_place_and_an_end_takes_it() {
    let old = Letters { claim: claim("a", Standing::SecondClass, 0), end: Some(day(30)) };
    let new = Letters { claim: claim("a", Standing::FirstClass, 10), end: Some(day(30)) };
    let at = |days: i64| heads_at(&[new.clone(), old.clone()], day(days));
    assert_eq!(at(-1), []);
    assert_eq!(at(0), std::slice::from_ref(&old.claim));
    assert_eq!(at(10), std::slice::from_ref(&new.claim));
    assert_eq!(at(29), std::slice::from_ref(&new.claim));
    assert_eq!(at(30), [], "the instant of the end is no longer of it");
}

#[test]
fn a_charge_for_a_vacant_post_ends_with_the_new_heads_functions_and_one_for_an_absent_head_does_not() {
    let heads = [Claim { mission: "missions/fr".into(), ..claim("head", Standing::FirstClass, 10) }];
    let acting = |post_vacant| AdInterim {
        claim: Claim { mission: "missions/fr".into(), ..claim("charge", Standing::AdInterim, 5) },
        end: None,
        post_vacant,
    };
    assert_eq!(charges_at(&[acting(true)], &[], day(9)).len(), 1);
    assert_eq!(charges_at(&[acting(true)], &heads, day(10)), []);
    assert_eq!(charges_at(&[acting(false)], &heads, day(10)).len(), 1);
}

async fn places(world: &World, by: &Principal, as_of: Option<DateTime<Utc>>) -> Vec<pb::PrecedencePlace> {
    let request = pb::GetPrecedenceRequest { as_of: as_of.map(registry::timestamp) };
    world.credentials(by).get_precedence(request).await.unwrap().into_inner().places
}

async fn order_of(world: &World, as_of: DateTime<Utc>) -> Vec<String> {
    let places = places(world, &registrar(), Some(as_of)).await;
    assert!(places.iter().zip(1..).all(|(place, rank)| place.rank == rank));
    places.into_iter().map(|place| place.mission.trim_start_matches("missions/").to_owned()).collect()
}

#[tokio::test]
async fn the_register_answers_for_every_instant() {
    let world = world().await;
    let minister = world.head_from("LI").await;
    world.presented(&minister, HeadClass::Envoy).await;
    world.clock.advance(TimeDelta::days(1));
    let (first, second) = (world.head_from("FR").await, world.head_from("BE").await);
    world.presented(&second, HeadClass::Ambassador).await;
    world.clock.advance(TimeDelta::days(1));
    world.presented(&first, HeadClass::Ambassador).await;
    let vacant = world.embassy("NL").await;
    let diplomat = world.accredited("dutch", secretary(&vacant)).await;
    world.begin_charge(charge(&diplomat)).await.unwrap();
    world.clock.advance(TimeDelta::days(1));
    let titular = world.head_from("SM").await;
    world.presented(&titular, HeadClass::ChargeEnTitre).await;
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(order_of(&world, day(4)).await, ["be", "fr", "li", "sm", "nl"]);
    assert_eq!(order_of(&world, day(3) - TimeDelta::seconds(1)).await, ["be", "fr", "li", "nl"]);
    assert_eq!(order_of(&world, day(1) + TimeDelta::seconds(1)).await, ["be", "li"]);
    assert_eq!(order_of(&world, dawn() - TimeDelta::days(1)).await, Vec::<String>::new());
    world.terminate(&second.name, EndCause::Recalled).await;
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(order_of(&world, day(5)).await, ["fr", "li", "sm", "nl"]);
    assert_eq!(order_of(&world, day(4) - TimeDelta::seconds(1)).await, ["be", "fr", "li", "sm", "nl"], "as it was");
    let head = Member { family_name: "Visser".into(), ..head(&vacant) };
    let head = world.accredited("dutch-head", world.agreed(head).await).await;
    world.presented(&head, HeadClass::Ambassador).await;
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(order_of(&world, day(6)).await, ["fr", "nl", "li", "sm"], "the vacancy is filled");
    let shown = places(&world, &registrar(), None).await;
    assert_eq!((shown[1].standing(), shown[1].display_name.as_str()), (ShownAs::HeadOfFirstClass, "Élise Visser"));
    let clerk =
        Principal { permissions: Permissions::of(["accreditation.precedence.read"]), ..testkit::principal::<&str>([]) };
    assert!(places(&world, &clerk, None).await.iter().all(|place| place.display_name.is_empty() && place.rank > 0));
    let request = pb::GetPrecedenceRequest { as_of: Some(registry::timestamp(day(7))) };
    assert_eq!(fields(world.credentials(&clerk).get_precedence(request).await), ["asOf"], "not of the future");
}

#[tokio::test]
async fn at_one_ceremony_the_earlier_arrival_comes_first() {
    let world = world().await;
    let mut letters = Vec::new();
    for (state, arrived) in [("BE", "2026-04-24T10:00:00Z"), ("FR", "2026-04-02T10:00:00Z")] {
        let mission = world.embassy(state).await;
        let head = Member { arrival_time: crate::world::stamp(arrived), ..world.agreed(head(&mission)).await };
        let head = world.accredited(&format!("head-{state}").to_lowercase(), head).await;
        let made = world.schedule(crate::heads::letters(&head, HeadClass::Ambassador)).await.unwrap();
        letters.push(world.credential_step(&registrar(), "receiveWorkingCopy", &made.name).await.unwrap());
    }
    world.clock.set(at("2026-05-20T14:00:00Z"));
    for one in letters {
        let present_time = crate::world::stamp("2026-05-20T13:00:00Z");
        let request = pb::PresentCredentialsRequest { name: one.name, present_time, ..Default::default() };
        world.credentials(&registrar()).present_credentials(request).await.unwrap();
    }
    assert_eq!(order_of(&world, at("2026-05-20T14:00:00Z")).await, ["fr", "be"]);
}

#[tokio::test]
async fn where_it_is_our_practice_the_nuncio_comes_first() {
    for (home, expected) in [("DE", ["va", "fr"]), ("US", ["fr", "va"])] {
        let world = world_of(home).await;
        let ambassador = world.head_from("FR").await;
        world.presented(&ambassador, HeadClass::Ambassador).await;
        world.clock.advance(TimeDelta::days(1));
        let nuncio = world.head_from("VA").await;
        world.presented(&nuncio, HeadClass::Ambassador).await;
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(order_of(&world, world.store.now()).await, expected, "{home}");
    }
}
