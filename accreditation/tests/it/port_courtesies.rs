//! Courtesies of the port: in time or late, by rank, one request for one traveller, and what becomes of them.

use crate::affairs::{minister, signatory_of};
use crate::world::{World, at, decider, fields, reason, registrar, stamp, world};
use futures::future::join_all;
use identity::{Permissions, Principal};
use proto::accreditation::v1::port_courtesy::{Courtesy, DenialCause, Direction, Rank, State};
use proto::accreditation::v1::{self as pb, PortCourtesy, Relation};
use tonic::{Response, Status};

async fn step(world: &World, verb: &str, name: &str) -> Result<PortCourtesy, Status> {
    let (mut client, name) = (world.courtesies(&decider()), name.to_owned());
    let answer = match verb {
        "complete" => {
            client.complete_port_courtesy(pb::CompletePortCourtesyRequest { name, ..Default::default() }).await
        }
        "noShow" => client.record_no_show(pb::RecordNoShowRequest { name, ..Default::default() }).await,
        _ => client.cancel_port_courtesy(pb::CancelPortCourtesyRequest { name, ..Default::default() }).await,
    };
    answer.map(Response::into_inner)
}

#[tokio::test]
async fn a_request_in_time_is_granted_with_officer_lane_and_lounge() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let asked = world.submitted(minister(&mission)).await;
    assert_eq!((asked.state(), asked.late, asked.submit_time), (State::Submitted, false, asked.update_time));
    assert!(asked.claims.iter().all(|claim| claim.eligible), "{:?}", asked.claims);
    let granted = world.grant(&asked.name, &[Courtesy::EscortScreening, Courtesy::Lounge], "").await.unwrap();
    assert_eq!(
        (granted.state(), granted.officer.as_str(), granted.lane.as_str()),
        (State::Approved, "Example Officer", "3")
    );
    assert_eq!(reason(step(&world, "complete", &asked.name).await), "TIMES_IMPLAUSIBLE", "it lies ahead");
    world.clock.set(at("2026-05-11T21:00:00Z"));
    assert_eq!(step(&world, "complete", &asked.name).await.unwrap().state(), State::Completed);
}

#[tokio::test]
async fn three_business_days_before_is_in_time_and_two_are_late() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    // From Monday 4 May: Thursday has three business days before it, Wednesday two.
    for (passport, scheduled, late) in
        [("D0000001", "2026-05-07T21:00:00Z", false), ("D0000002", "2026-05-06T21:00:00Z", true)]
    {
        let mut asked = PortCourtesy { scheduled_time: stamp(scheduled), ..minister(&mission) };
        asked.traveller.as_mut().unwrap().passport_number = passport.into();
        assert_eq!(world.submitted(asked).await.late, late, "{scheduled}");
    }
    // Memorial Day, 25 May, is no business day: Tuesday 26 is one day from Friday 22.
    world.clock.set(at("2026-05-21T13:00:00Z"));
    let asked = PortCourtesy { scheduled_time: stamp("2026-05-26T21:00:00Z"), ..minister(&mission) };
    assert!(world.submitted(asked).await.late, "Friday and Tuesday are two");
}

#[tokio::test]
async fn rank_decides_and_the_claim_says_why() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let courtesies = vec![Courtesy::EscortScreening.into(), Courtesy::MeetAndAssist.into()];
    let asked = PortCourtesy { rank: Rank::HeadOfMission.into(), courtesies, ..minister(&mission) };
    let asked = world.submitted(asked).await;
    let claims: Vec<_> = asked.claims.iter().map(|claim| (claim.courtesy(), claim.eligible)).collect();
    assert_eq!(claims, [(Courtesy::MeetAndAssist, true), (Courtesy::EscortScreening, false)]);
    assert!(asked.claims[1].explanation.contains("CABINET_EQUIVALENT"), "{}", asked.claims[1].explanation);
    assert_eq!(reason(world.grant(&asked.name, &[Courtesy::EscortScreening], "").await), "RANK_NOT_ELIGIBLE");
    assert_eq!(reason(world.grant(&asked.name, &[Courtesy::Lounge], "").await), "RANK_NOT_ELIGIBLE", "not asked for");
    let cause = DenialCause::RankNotEligible.into();
    let request = pb::DenyPortCourtesyRequest { name: asked.name, cause, ..Default::default() };
    let denied = world.courtesies(&decider()).deny_port_courtesy(request).await.unwrap().into_inner();
    assert_eq!((denied.state(), denied.denial_cause()), (State::Denied, DenialCause::RankNotEligible));
}

#[tokio::test]
async fn those_who_travel_along_are_covered_by_kin_and_age() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let one = |relation: Relation, birth_date: &str| pb::Companion {
        full_name: "Example Companion".into(),
        relation: relation.into(),
        birth_date: birth_date.into(),
        // What the mission says of it does not count.
        covered: true,
    };
    let companions = vec![
        one(Relation::Spouse, ""),
        one(Relation::Child, "2014-05-12"),
        one(Relation::Child, "2014-05-11"),
        one(Relation::OtherHousehold, ""),
    ];
    let asked = world.submitted(PortCourtesy { companions, ..minister(&mission) }).await;
    let covered: Vec<_> = asked.companions.iter().map(|companion| companion.covered).collect();
    assert_eq!(covered, [true, true, false, false]);
}

#[tokio::test]
async fn weapons_come_with_a_clearance() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let weapon = pb::Weapon { model: "pistol".into(), serial_number: "1".into(), carried_by: "a guard".into() };
    let name = world.submitted(PortCourtesy { weapons: vec![weapon], ..minister(&mission) }).await.name;
    assert_eq!(reason(world.grant(&name, &[Courtesy::Lounge], "").await), "WEAPONS_NOT_CLEARED");
    assert_eq!(world.grant(&name, &[Courtesy::Lounge], "W-26-4").await.unwrap().weapons_clearance, "W-26-4");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_requests_for_one_journey_one_is_taken() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let registrar = registrar();
    let answers = join_all((0..6).map(|_| world.prepare(&registrar, minister(&mission)))).await;
    let taken: Vec<_> = answers.iter().flatten().map(|one| one.name.clone()).collect();
    assert_eq!(taken.len(), 1);
    let refused = answers.into_iter().filter(Result::is_err).map(reason);
    assert!(refused.into_iter().all(|reason| reason == "COURTESY_ALREADY_REQUESTED"));
    step(&world, "cancel", &taken[0]).await.unwrap();
    world.prepare(&registrar, minister(&mission)).await.unwrap();
    let back = PortCourtesy { direction: Direction::Arrival.into(), ..minister(&mission) };
    world.prepare(&registrar, back).await.unwrap();
}

#[tokio::test]
async fn who_did_not_come_is_on_record() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.submitted(minister(&mission)).await.name;
    world.grant(&name, &[Courtesy::Lounge], "").await.unwrap();
    world.clock.set(at("2026-05-12T00:00:00Z"));
    assert_eq!(step(&world, "noShow", &name).await.unwrap().state(), State::NoShow);
}

#[tokio::test]
async fn a_missions_staff_ask_for_their_own_visitors_and_a_clerk_does_not_submit() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let staff = signatory_of("fr");
    let name = world.prepare(&staff, minister(&ours)).await.unwrap().name;
    assert_eq!(fields(world.prepare(&staff, minister(&theirs)).await), ["portCourtesy.mission"]);
    let submit = || pb::SubmitPortCourtesyRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.courtesies(&signatory_of("be")).submit_port_courtesy(submit()).await), "NOT_FOUND");
    let permissions = ["portCourtesies.read", "portCourtesies.prepare"];
    let permissions = Permissions::of(permissions.map(|permission| format!("accreditation.{permission}")));
    let clerk = Principal { permissions, ..signatory_of("fr") };
    assert_eq!(reason(world.courtesies(&clerk).submit_port_courtesy(submit()).await), "PERMISSION_DENIED");
    let request = pb::GetPortCourtesyRequest { name: name.clone(), as_of: None };
    let seen = world.courtesies(&clerk).get_port_courtesy(request).await.unwrap().into_inner();
    assert_eq!((seen.traveller, seen.port.as_str()), (None, "IAD"), "who travels is personal");
    world.courtesies(&staff).submit_port_courtesy(submit()).await.unwrap();
    assert_eq!(world.count("outbox where kind = 'portCourtesies' and doc::text like '%D1234567%'").await, 0);
}
