//! What ends with a principal, and with a mission: the household, the members, what they hold of us.

use crate::affairs::{house, unopposed};
use crate::benefits::{benefits, for_missions, grant_of, tax_rule};
use crate::driving::{insurance, sedan};
use crate::matters::fines;
use crate::world::{World, decider, reason, registrar, relative, secretary, world};
use chrono::TimeDelta;
use proto::accreditation::v1::identity_card::State as Card;
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::property::Action;
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

/// One of every kind of thing that a member holds of us, by name: card, tax card, vehicle, licence, grant.
async fn equipped(world: &World, mission: &str, member: &str) -> [String; 5] {
    let card = world.issue(member, "2028-01-01T00:00:00Z").await.unwrap().name;
    let tax_card = world.tax_card(mission, member).await.unwrap().name;
    let vehicle = world.driven(sedan(mission, member, 1), "0001", &insurance()).await.name;
    let licence = world.licensed(member).await.name;
    let grant = world.propose(grant_of(member, "2026-05-04T13:00:00Z", None)).await.unwrap().name;
    world.grant_step(&decider(), "grant", &grant).await.unwrap();
    [card, tax_card, vehicle, licence, grant]
}

/// The state of each.
async fn standing(world: &World, [card, tax_card, vehicle, licence, grant]: &[String; 5]) -> [String; 5] {
    let state = async |table: &str, name: &str| -> String {
        let text = sqlx::AssertSqlSafe(format!("select state from {table} where name = $1"));
        sqlx::query_scalar(text).bind(name).fetch_one(&world.db.pool).await.unwrap()
    };
    [
        state("identity_cards", card).await,
        state("tax_cards", tax_card).await,
        state("vehicles", vehicle).await,
        state("driver_licences", licence).await,
        state("privilege_grants", grant).await,
    ]
}

const HELD: [&str; 5] = ["ISSUED", "ISSUED", "REGISTERED", "ISSUED", "GRANTED"];
const OVER: [&str; 5] = ["REVOKED", "RECALLED", "SUSPENDED", "REVOKED", "ENDED"];

#[tokio::test]
async fn every_kind_of_thing_ends_with_the_privileges_of_its_holder() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let held = equipped(&world, &mission, &member.name).await;
    assert_eq!(standing(&world, &held).await, HELD);
    world.terminate(&member.name, EndCause::Recalled).await;
    world.clock.advance(TimeDelta::days(29));
    world.store.fire_due().await.unwrap();
    assert_eq!(standing(&world, &held).await, HELD, "the holder has time to leave");
    world.clock.advance(TimeDelta::days(3));
    world.store.fire_due().await.unwrap();
    assert_eq!(standing(&world, &held).await, OVER);
    let cause =
        format!("history where verb = 'endWithHolder' and actor = 'timers/grace' and cause like '{}@%'", member.name);
    assert_eq!(world.count(&cause).await, 5);
    assert_eq!(world.count("timers where kind <> 'members'").await, 0, "nothing is left to run");
    assert_eq!(reason(world.vehicle_step(&benefits(), "renew", &held[2]).await), "HOLDER_NOT_IN_STANDING");
}

#[tokio::test]
async fn every_kind_of_thing_ends_at_the_deadline_of_a_declaration_and_none_takes_its_place() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    let held = equipped(&world, &mission, &member.name).await;
    let titled = world.insured(sedan(&mission, &member.name, 2)).await.unwrap();
    world.vehicle_step(&benefits(), "title", &titled).await.unwrap();
    let proposed =
        world.propose(pb::PrivilegeGrant { privilege: 5, ..grant_of(&member.name, "2026-07-01T00:00:00Z", None) });
    let proposed = proposed.await.unwrap().name;
    crate::persona_non_grata::notified(&world, &member.name).await;
    world.clock.advance(TimeDelta::hours(73));
    world.store.fire_due().await.unwrap();
    assert_eq!(standing(&world, &held).await, OVER);
    assert_eq!(world.member(&member.name).await.state(), State::Accredited, "the status itself goes on");
    assert_eq!(reason(world.vehicle_step(&benefits(), "renew", &held[2]).await), "HOLDER_UNWANTED");
    assert_eq!(reason(world.register(&titled, "0002").await), "HOLDER_UNWANTED");
    assert_eq!(reason(world.grant_step(&decider(), "grant", &proposed).await), "HOLDER_UNWANTED");
}

#[tokio::test]
async fn previews_show_every_benefit_with_its_end() {
    let world = world().await;
    let (mission, member) = world.reciprocal().await;
    world.enact(for_missions(tax_rule("FR"))).await;
    let held = equipped(&world, &mission, &member.name).await;
    let own_card = world.tax_card(&mission, "").await.unwrap().name;
    let own_car = world.driven(sedan(&mission, "", 2), "0002", &insurance()).await.name;
    let bought = world.reviewed(house(&mission)).await.name;
    world.approve(&bought, unopposed()).await.unwrap();
    world.complete(&bought).await.unwrap();

    let request = pb::PreviewCloseRequest { name: mission.clone() };
    let foreseen = world.missions(&decider()).preview_close(request).await.unwrap().into_inner();
    let grace = foreseen.effects[0].grace_end_time;
    assert_eq!((foreseen.effects[0].name.as_str(), foreseen.affected), (member.name.as_str(), 6));
    assert!(grace.is_some());
    for name in &held {
        let effect = foreseen.effects.iter().find(|effect| effect.name == *name).unwrap();
        assert_eq!((effect.verb.as_str(), effect.grace_end_time), ("endWithHolder", grace));
        assert_eq!(effect.holder, member.name);
    }
    assert_eq!(foreseen.unsettled, [&own_card, &held[2], &own_car, &bought].map(Clone::clone));

    let request = pb::PreviewSeverRequest { name: mission.clone(), in_custody: true, ..Default::default() };
    let foreseen = world.missions(&decider()).preview_sever(request).await.unwrap().into_inner();
    assert_eq!(foreseen.affected, 8);
    assert!(foreseen.effects.iter().all(|effect| effect.grace_end_time == grace), "everything has an end");
    assert_eq!(standing(&world, &held).await, HELD, "a preview changes nothing");
    assert_eq!(world.count("history where verb = 'endWithHolder'").await, 0);
}

#[tokio::test]
async fn a_mission_closes_when_it_has_given_back_what_it_holds_and_its_debts_outlive_it() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    world.enact(for_missions(tax_rule("FR"))).await;
    let card = world.tax_card(&mission, "").await.unwrap().name;
    let car = world.driven(sedan(&mission, "", 1), "0001", &insurance()).await.name;
    let bought = world.reviewed(house(&mission)).await.name;
    world.approve(&bought, unopposed()).await.unwrap();
    world.complete(&bought).await.unwrap();
    let debt = world.owe(fines(&mission)).await.unwrap().name;
    world.mission_step(&registrar(), "close", &mission).await.unwrap();
    let complete = async || world.mission_step(&decider(), "completeClosure", &mission).await;
    assert_eq!(reason(complete().await), "MISSION_HAS_TAX_CARDS");
    world.tax_step(&benefits(), "recall", &card).await.unwrap();
    assert_eq!(reason(complete().await), "MISSION_HAS_PLATES");
    world.vehicle_step(&registrar(), "export", &car).await.unwrap();
    assert_eq!(reason(complete().await), "MISSION_HAS_PLATES", "the car is gone and its plates are not back");
    world.vehicle_step(&benefits(), "returnPlates", &car).await.unwrap();
    assert_eq!(reason(complete().await), "MISSION_HAS_PROPERTY");
    let request = pb::TakeIntoCustodyRequest { name: bought, custodian: "an office".into(), ..Default::default() };
    world.properties(&decider()).take_into_custody(request).await.unwrap();
    assert_eq!(complete().await.unwrap().state(), pb::mission::State::Closed);
    assert_eq!(world.pay(&debt, 10_000, "").await.unwrap().state(), pb::debt::State::Paid);
}

#[tokio::test]
async fn what_is_sold_is_no_longer_in_the_way_of_a_closure() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let bought = world.reviewed(house(&mission)).await.name;
    world.approve(&bought, unopposed()).await.unwrap();
    world.complete(&bought).await.unwrap();
    let sale = pb::Property { action: Action::Sale.into(), previous: bought, ..house(&mission) };
    let sale = world.reviewed(sale).await.name;
    world.approve(&sale, unopposed()).await.unwrap();
    world.mission_step(&registrar(), "close", &mission).await.unwrap();
    assert_eq!(reason(world.mission_step(&decider(), "completeClosure", &mission).await), "MISSION_HAS_PROPERTY");
    world.complete(&sale).await.unwrap();
    world.mission_step(&decider(), "completeClosure", &mission).await.unwrap();
}

#[tokio::test]
async fn after_a_break_the_mission_has_the_same_time_to_wind_up_as_its_members_to_leave() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    world.enact(for_missions(tax_rule("FR"))).await;
    let card = world.tax_card(&mission, "").await.unwrap().name;
    let car = world.driven(sedan(&mission, "", 1), "0001", &insurance()).await.name;
    let severed = world.mission_step(&decider(), "sever", &mission).await.unwrap();
    // Thirty days from 4 May, to the end of the day in Washington.
    assert_eq!(severed.withdraw_end_time, crate::world::stamp("2026-06-04T04:00:00Z"));
    assert!(world.sold_to(&card).await.0, "the mission can still pay its way out");
    world.clock.set(crate::world::at("2026-06-04T04:00:00Z"));
    assert!(!world.sold_to(&card).await.0, "the instant counts, not the timer");
    world.store.fire_due().await.unwrap();
    let ended = "history where verb = 'endWithHolder' and actor = 'timers/withdrawal'";
    assert_eq!(world.count(&format!("{ended} and name in ('{card}', '{car}')")).await, 2);
    assert_eq!(world.vehicle(&car).await.state(), pb::vehicle::State::Suspended);
}

#[tokio::test]
async fn a_mission_that_is_to_work_again_keeps_what_it_held() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let car = world.driven(sedan(&mission, "", 1), "0001", &insurance()).await.name;
    world.mission_step(&decider(), "sever", &mission).await.unwrap();
    for (by, verb) in [(registrar(), "requestConsent"), (decider(), "consent"), (decider(), "approvePremises")] {
        world.mission_step(&by, verb, &mission).await.unwrap();
    }
    world.clock.advance(TimeDelta::days(40));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.vehicle(&car).await.state(), pb::vehicle::State::Registered);
    assert_eq!(world.count("timers where timer = 'withdrawal'").await, 0);
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(wanted: pb::Reason, world: &World, mission: &str) -> Result<(), tonic::Status> {
    match wanted {
        pb::Reason::MissionHasTaxCards => {
            world.enact(for_missions(tax_rule("FR"))).await;
            world.tax_card(mission, "").await?;
        }
        pb::Reason::MissionHasPlates => {
            world.driven(sedan(mission, "", 1), "0001", &insurance()).await;
        }
        pb::Reason::MissionHasProperty => {
            world.note(&registrar(), house(mission)).await?;
        }
        _ => panic!("{wanted:?} is no closure's"),
    }
    world.mission_step(&registrar(), "close", mission).await?;
    world.mission_step(&decider(), "completeClosure", mission).await.map(drop)
}
