//! Who acts for a head of mission: who may, when, and one at a time.

use crate::heads::charge;
use crate::world::{reason, registrar, secretary, staff_of, stamp, world};
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::accreditation::v1::charge::{Cause, Scope, State};
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb, Category, Charge, HeadClass, Member};

#[tokio::test]
async fn a_charge_is_held_by_a_diplomat_of_the_mission_in_functions() {
    let world = world().await;
    let (mission, other) = (world.embassy("FR").await, world.embassy("BE").await);
    let diplomat = world.accredited("garnier", secretary(&mission)).await;
    let notified = world.notify("second", secretary(&mission)).await.unwrap();
    let clerk = Member { category: Category::AdministrativeAndTechnicalStaff.into(), ..secretary(&mission) };
    let clerk = world.accredited("clerk", clerk).await;
    for (why, unfit) in [
        ("only notified", charge(&notified)),
        ("no diplomat", charge(&clerk)),
        ("of another mission", Charge { mission: other, ..charge(&diplomat) }),
        ("nobody", Charge { member: "members/nobody".into(), ..charge(&diplomat) }),
        ("a diplomat is there", Charge { scope: Scope::AdministrativeAffairs.into(), ..charge(&clerk) }),
    ] {
        assert_eq!(reason(world.begin_charge(unfit).await), "CHARGE_UNFIT", "{why}");
    }
    let begun = world.begin_charge(charge(&diplomat)).await.unwrap();
    assert_eq!((begun.state(), begun.begin_time), (State::Acting, begun.create_time));
    assert_eq!(reason(world.begin_charge(charge(&diplomat)).await), "CHARGE_ALREADY_ACTING");
    world.charge_step(&registrar(), "end", &begun.name).await.unwrap();
    world.terminate(&diplomat.name, EndCause::Recalled).await;
    let affairs = Charge { scope: Scope::AdministrativeAffairs.into(), ..charge(&clerk) };
    world.begin_charge(affairs).await.unwrap();
}

#[tokio::test]
async fn a_post_with_a_head_in_functions_is_not_vacant_but_its_head_may_be_away() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let diplomat = world.accredited("garnier", secretary(&head.mission)).await;
    let waiting = world.begin_charge(charge(&diplomat)).await.unwrap();
    world.charge_step(&registrar(), "end", &waiting.name).await.unwrap();
    world.presented(&head, HeadClass::Ambassador).await;
    assert_eq!(reason(world.begin_charge(charge(&diplomat)).await), "HEAD_IN_FUNCTIONS");
    let away = Charge { cause: Cause::HeadUnable.into(), ..charge(&diplomat) };
    let away = world.begin_charge(away).await.unwrap();
    world.charge_step(&registrar(), "end", &away.name).await.unwrap();
    world.terminate(&head.name, EndCause::Recalled).await;
    world.begin_charge(charge(&diplomat)).await.unwrap();
}

#[tokio::test]
async fn a_charge_begins_and_ends_in_the_past_and_in_this_order() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let diplomat = world.accredited("garnier", secretary(&mission)).await;
    let from = |when: &str| Charge { begin_time: stamp(when), ..charge(&diplomat) };
    assert_eq!(reason(world.begin_charge(from("2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    let name = world.begin_charge(from("2026-05-02T00:00:00Z")).await.unwrap().name;
    let end = |when: &str| pb::EndChargeRequest { name: name.clone(), end_time: stamp(when), ..Default::default() };
    let mut client = world.charges(&registrar());
    assert_eq!(reason(client.end_charge(end("2026-05-01T23:59:59Z")).await), "DATES_IMPLAUSIBLE");
    assert_eq!(reason(client.end_charge(end("2026-05-04T13:00:01Z")).await), "DATES_IMPLAUSIBLE");
    let ended = client.end_charge(end("2026-05-03T00:00:00Z")).await.unwrap().into_inner();
    assert_eq!((ended.state(), ended.end_time), (State::Ended, stamp("2026-05-03T00:00:00Z")));
}

#[tokio::test]
async fn a_mission_notifies_its_own_charge_alone() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let diplomat = world.accredited("garnier", secretary(&ours)).await;
    let belgian = world.accredited("janssens", secretary(&theirs)).await;
    let staff = Principal {
        permissions: Permissions::of(["accreditation.charges.notify", "accreditation.charges.read"]),
        ..staff_of("fr")
    };
    let begin = async |member: &Member| {
        let request = pb::CreateChargeRequest { charge: Some(charge(member)), ..Default::default() };
        world.charges(&staff).create_charge(request).await
    };
    assert_eq!(reason(begin(&belgian).await), "BROKEN_REFERENCE");
    begin(&diplomat).await.unwrap();
    let hidden = world.begin_charge(charge(&belgian)).await.unwrap().name;
    let page = world.charges(&staff).list_charges(pb::ListChargesRequest::default()).await.unwrap().into_inner();
    assert_eq!(page.charges.len(), 1);
    assert_eq!(reason(world.charge_step(&staff, "end", &hidden).await), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_charges_at_once_one_begins() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let diplomat = world.accredited("garnier", secretary(&mission)).await;
    let answers = join_all((0..6).map(|_| world.begin_charge(charge(&diplomat)))).await;
    let refused: Vec<_> = answers.into_iter().filter(Result::is_err).map(reason).collect();
    assert_eq!(refused, ["CHARGE_ALREADY_ACTING"; 5]);
}

#[tokio::test]
async fn a_charge_for_a_vacant_post_ends_when_a_head_takes_up_functions() {
    let world = world().await;
    let head = world.head_from("FR").await;
    let diplomat = world.accredited("garnier", secretary(&head.mission)).await;
    let vacant = world.begin_charge(charge(&diplomat)).await.unwrap().name;
    let letters = world.presented(&head, HeadClass::Ambassador).await;
    let request = pb::GetChargeRequest { name: vacant.clone(), as_of: None };
    let ended = world.charges(&registrar()).get_charge(request).await.unwrap().into_inner();
    assert_eq!((ended.state(), ended.end_time), (State::Ended, letters.functions_time));
    let request = pb::ListChargeRevisionsRequest { name: vacant, ..Default::default() };
    let steps = world.charges(&registrar()).list_charge_revisions(request).await.unwrap().into_inner().revisions;
    let last = steps[0].revision.as_ref().unwrap();
    assert_eq!((last.verb.as_str(), last.cause.as_str()), ("endWithVacancy", format!("{}@3", letters.name).as_str()));
}
