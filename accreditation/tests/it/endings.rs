//! What ends with a principal, and with a mission: the household, the members, what they hold of us.

use crate::world::{World, decider, reason, registrar, relative, secretary, world};
use chrono::TimeDelta;
use proto::accreditation::v1::identity_card::State as Card;
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::{self as pb, Category, Member, Relation};

async fn family(world: &World, mission: &str) -> (Member, Member, Member) {
    let principal = world.accredited("garnier", secretary(mission)).await;
    let spouse = world.accredited("spouse", relative(&principal, Relation::Spouse)).await;
    let child = Member { arrival_time: None, birth_date: "2015-01-01".into(), ..relative(&principal, Relation::Child) };
    let child = world.notify("child", child).await.unwrap();
    (principal, spouse, child)
}

async fn state(world: &World, name: &str) -> (State, EndCause) {
    let member = world.member(name).await;
    (member.state(), member.end_cause())
}

#[tokio::test]
async fn the_household_ends_with_the_principal_at_the_same_instant() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (principal, spouse, child) = family(&world, &mission).await;
    let engaged =
        Member { category: Category::LocallyEngagedStaff.into(), person: spouse.person.clone(), ..secretary(&mission) };
    let engaged = world.accredited("engaged", engaged).await;
    let diplomat = Member { person: spouse.person.clone(), ..secretary(&mission) };
    let diplomat = world.accredited("diplomat", diplomat).await;
    let ended = world.terminate(&principal.name, EndCause::Recalled).await;
    assert_eq!(state(&world, &spouse.name).await, (State::Grace, EndCause::PrincipalEnded));
    assert_eq!(state(&world, &engaged.name).await, (State::Grace, EndCause::PrincipalEnded));
    assert_eq!(state(&world, &child.name).await, (State::Ended, EndCause::PrincipalEnded), "who has not come does not");
    assert_eq!(state(&world, &diplomat.name).await.0, State::Accredited, "functions of one's own do not derive");
    let kin = world.member(&spouse.name).await;
    assert_eq!((kin.termination_time, kin.grace_end_time), (ended.termination_time, ended.grace_end_time));
    let cause = format!(
        "history where name = '{}' and cause = '{}@{}'",
        kin.name,
        ended.name,
        ended.etag.split('-').next().unwrap()
    );
    assert_eq!(world.count(&cause).await, 1);
}

#[tokio::test]
async fn more_time_for_the_principal_is_more_time_for_the_household() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (principal, spouse, _) = family(&world, &mission).await;
    world.terminate(&principal.name, EndCause::Recalled).await;
    let extended = world.member_step(&decider(), "extendGrace", &principal.name).await.unwrap();
    let kin = world.member(&spouse.name).await;
    assert_eq!((kin.grace_end_time, kin.grace_extended), (extended.grace_end_time, true));
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(world.store.fire_due().await.unwrap(), 2);
    assert_eq!(state(&world, &spouse.name).await.0, State::Ended);
}

#[tokio::test]
async fn the_household_of_one_declined_was_never_one() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let principal = world.notify("garnier", secretary(&mission)).await.unwrap();
    let spouse = world.notify("spouse", relative(&principal, Relation::Spouse)).await.unwrap();
    world.put("members", &principal.name, serde_json::json!({ "state": "UNDER_REVIEW" })).await;
    world.member_step(&decider(), "decline", &principal.name).await.unwrap();
    assert_eq!(state(&world, &spouse.name).await, (State::Ended, EndCause::PrincipalEnded));
}

#[tokio::test]
async fn cards_end_with_the_privileges_and_not_before() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (principal, spouse, _) = family(&world, &mission).await;
    let own = world.issue(&principal.name, "2028-01-01T00:00:00Z").await.unwrap().name;
    let theirs = world.issue(&spouse.name, "2028-01-01T00:00:00Z").await.unwrap().name;
    let card = async |name: &str| {
        let request = pb::GetIdentityCardRequest { name: name.into(), as_of: None };
        world.cards(&registrar()).get_identity_card(request).await.unwrap().into_inner().state()
    };
    world.terminate(&principal.name, EndCause::Recalled).await;
    assert_eq!((card(&own).await, card(&theirs).await), (Card::Issued, Card::Issued));
    world.member_step(&registrar(), "recordDeparture", &principal.name).await.unwrap();
    assert_eq!((card(&own).await, card(&theirs).await), (Card::Revoked, Card::Issued));
    world.clock.advance(TimeDelta::days(31));
    world.store.fire_due().await.unwrap();
    assert_eq!(card(&theirs).await, Card::Revoked);
    assert_eq!(world.count("timers where kind = 'identityCards'").await, 0);
}

#[tokio::test]
async fn a_closure_is_previewed_by_what_it_then_does() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (principal, spouse, child) = family(&world, &mission).await;
    let elsewhere = world.embassy("BE").await;
    let other = world.accredited("other", secretary(&elsewhere)).await;
    let request = pb::PreviewCloseRequest { name: mission.clone() };
    let foreseen = world.missions(&decider()).preview_close(request).await.unwrap().into_inner();
    assert_eq!(world.count("members where state = 'ACCREDITED'").await, 3, "a preview changes nothing");
    assert_eq!((foreseen.affected, foreseen.state()), (3, pb::mission::State::Closing));
    world.mission_step(&registrar(), "close", &mission).await.unwrap();
    for effect in &foreseen.effects {
        let member = world.member(&effect.name).await;
        assert_eq!(
            (effect.grace_end_time, effect.category),
            (member.grace_end_time, member.category),
            "{}",
            effect.name
        );
    }
    let names: Vec<_> = foreseen.effects.iter().map(|effect| effect.name.as_str()).collect();
    assert_eq!(names, [&principal.name, &child.name, &spouse.name], "principals first, each by name");
    assert_eq!(state(&world, &principal.name).await, (State::Grace, EndCause::MissionEnded));
    assert_eq!(state(&world, &child.name).await.0, State::Ended);
    assert_eq!(state(&world, &other.name).await.0, State::Accredited);
    assert_eq!(reason(world.mission_step(&decider(), "completeClosure", &mission).await), "MISSION_HAS_MEMBERS");
    world.clock.advance(TimeDelta::days(31));
    world.store.fire_due().await.unwrap();
    world.mission_step(&decider(), "completeClosure", &mission).await.unwrap();
}

#[tokio::test]
async fn a_break_of_relations_names_who_takes_charge_and_gives_all_time_to_leave() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let (principal, spouse, _) = family(&world, &mission).await;
    let preview = async |power: &str| {
        let request =
            pb::PreviewSeverRequest { name: mission.clone(), protecting_power: power.into(), ..Default::default() };
        world.missions(&decider()).preview_sever(request).await
    };
    assert_eq!(reason(preview("").await), "PROTECTION_NOT_SETTLED", "the preview is refused as the act would be");
    assert_eq!(preview("CH").await.unwrap().into_inner().affected, 3);
    let request = pb::SeverRequest { name: mission.clone(), protecting_power: "CH".into(), ..Default::default() };
    let severed = world.missions(&decider()).sever(request).await.unwrap().into_inner();
    assert_eq!((severed.state(), severed.protecting_power.as_str()), (pb::mission::State::Severed, "CH"));
    for name in [&principal.name, &spouse.name] {
        let member = world.member(name).await;
        assert_eq!((member.state(), member.end_cause()), (State::Grace, EndCause::MissionEnded));
        assert!(member.grace_end_time.is_some(), "every benefit has an end");
    }
}
