//! What ends at once with someone's functions, what does not, and who is of the household by then.

use crate::persona_non_grata::notified;
use crate::world::{World, decider, reason, registrar, relative, secretary, staff_of, world};
use chrono::TimeDelta;
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::persona_non_grata;
use proto::accreditation::v1::verify_identity_card_response::Finding;
use proto::accreditation::v1::{Category, Member, Relation};

const EXPIRES: &str = "2028-01-01T00:00:00Z";

/// The cards in their holders' hands.
async fn cards(world: &World) -> i64 {
    world.count("identity_cards where state = 'ISSUED'").await
}

#[tokio::test]
async fn a_card_is_for_one_who_is_here() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let expected = Member { arrival_time: None, ..secretary(&mission) };
    let name = world.accredited("garnier", expected).await.name;
    assert_eq!(reason(world.issue(&name, EXPIRES).await), "ARRIVAL_NOT_NOTIFIED");
    world.member_step(&registrar(), "recordArrival", &name).await.unwrap();
    world.issue(&name, EXPIRES).await.unwrap();
}

#[tokio::test]
async fn the_cards_of_a_household_end_with_the_notification_that_is_declined() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.notify("garnier", secretary(&mission)).await.unwrap();
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    world.issue(&spouse.name, EXPIRES).await.unwrap();
    for verb in ["beginValidation", "passValidation"] {
        world.member_step(&registrar(), verb, &principal.name).await.unwrap();
    }
    world.member_step(&decider(), "decline", &principal.name).await.unwrap();
    assert_eq!(world.member(&spouse.name).await.state(), State::Ended);
    assert_eq!(cards(&world).await, 0);
    assert_eq!(world.count("timers where kind = 'identityCards'").await, 0);
}

/// Someone who has a card of ours and, by the register, has not come: as from a time when cards were made out beforehand.
async fn absent(world: &World, id: &str, member: Member) -> Member {
    let member = world.accredited(id, member).await;
    world.issue(&member.name, EXPIRES).await.unwrap();
    let unarrived = sqlx::query("update members set doc = doc - 'arrivalTime' where name = $1");
    unarrived.bind(&member.name).execute(&world.db.pool).await.unwrap();
    member
}

#[tokio::test]
async fn the_card_of_one_who_does_not_come_ends_at_once() {
    let world = world().await;
    for (state, end) in [("FR", "terminate"), ("BE", "close"), ("NL", "sever"), ("DK", "declare")] {
        let mission = world.embassy(state).await;
        let id = state.to_lowercase();
        let member = absent(&world, &id, secretary(&mission)).await;
        absent(&world, &format!("{id}-spouse"), relative(&member, Relation::Spouse)).await;
        assert_eq!(cards(&world).await, 2);
        match end {
            "terminate" => _ = world.terminate(&member.name, EndCause::Recalled).await,
            "declare" => {
                let declared = notified(&world, &member.name).await;
                assert_eq!(declared.state(), persona_non_grata::State::NotAcceptable);
            }
            verb => _ = world.mission_step(&decider(), verb, &mission).await.unwrap(),
        }
        assert_eq!(cards(&world).await, 0, "{end}");
    }
    assert_eq!(world.count("members where state not in ('ENDED', 'DECLINED')").await, 0);
}

#[tokio::test]
async fn the_card_of_the_dead_ends_with_them_and_the_familys_goes_on() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    let own = world.issue(&principal.name, EXPIRES).await.unwrap().name;
    let theirs = world.issue(&spouse.name, EXPIRES).await.unwrap().name;
    let dead = world.terminate(&principal.name, EndCause::Death).await;
    assert_eq!(dead.state(), State::Grace, "the period is the family's (VCDR art. 39.3)");
    assert_eq!(world.verify(&own).await.finding(), Finding::CardRevoked);
    assert_eq!(world.verify(&theirs).await.finding(), Finding::Valid);
    assert_eq!(world.member(&spouse.name).await.grace_end_time, dead.grace_end_time);
}

#[tokio::test]
async fn who_has_left_a_household_belongs_to_it_no_more() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.accredited("garnier", secretary(&mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    world.terminate(&spouse.name, EndCause::LeftHousehold).await;
    world.clock.advance(TimeDelta::days(31));
    world.store.fire_due().await.unwrap();
    let engaged =
        Member { category: Category::LocallyEngagedStaff.into(), person: spouse.person.clone(), ..secretary(&mission) };
    let engaged = world.accredited("engaged", engaged).await.name;
    let signatory = identity::Principal { subject: spouse.person.as_str().into(), ..staff_of("fr") };
    world.member_step(&signatory, "notifyChange", &principal.name).await.unwrap();
    world.terminate(&principal.name, EndCause::Recalled).await;
    assert_eq!(world.member(&engaged).await.state(), State::Accredited, "engaged in her own right");
}
