//! Waivers: asked, waited for, granted or not, and what they do to the answer at every instant.

use crate::world::{World, at, decider, reason, registrar, secretary, staff_of, world};
use chrono::TimeDelta;
use proto::accreditation::v1::waiver::State;
use proto::accreditation::v1::{self as pb, Circumstances, Immune, Matter, Waiver, WaiverScope};
use tonic::{Response, Status};

const CASE: &str = "2026 CF1 1234";

async fn open(world: &World, member: &str, scope: WaiverScope) -> Result<Waiver, Status> {
    let waiver = Waiver {
        member: member.into(),
        scope: scope.into(),
        proceedings: CASE.into(),
        offence: "Assault".into(),
        serious: true,
        ..Waiver::default()
    };
    let request = pb::CreateWaiverRequest { waiver: Some(waiver), ..Default::default() };
    world.waivers(&registrar()).create_waiver(request).await.map(Response::into_inner)
}

async fn sent(world: &World, member: &str, scope: WaiverScope) -> String {
    let name = open(world, member, scope).await.unwrap().name;
    let request = pb::SendWaiverRequest { name: name.clone(), note: "17/2026".into(), ..Default::default() };
    world.waivers(&decider()).send_waiver(request).await.unwrap();
    name
}

fn granting(name: &str) -> pb::GrantWaiverRequest {
    pb::GrantWaiverRequest {
        name: name.into(),
        text: "The immunity is waived.".into(),
        authority: "The Ambassador, note 99/2026".into(),
        ..Default::default()
    }
}

async fn granted(world: &World, member: &str, scope: WaiverScope, limits: &str) -> Waiver {
    let name = sent(world, member, scope).await;
    let request = pb::GrantWaiverRequest { limits: limits.into(), ..granting(&name) };
    world.waivers(&decider()).grant_waiver(request).await.unwrap().into_inner()
}

async fn immune(world: &World, member: &str, matter: Matter, case: &str, when: &str) -> pb::Determination {
    let circumstances = Circumstances { proceedings: case.into(), ..Circumstances::default() };
    let request = pb::DetermineImmunityRequest {
        name: member.into(),
        matter: matter.into(),
        instant: Some(registry::timestamp(at(when))),
        circumstances: Some(circumstances),
        ..Default::default()
    };
    world.immunity(&decider()).determine_immunity(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_waiver_takes_immunity_away_in_its_scope_its_proceedings_and_its_time_alone() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    world.clock.advance(TimeDelta::days(1));
    let waiver = granted(&world, &member, WaiverScope::Criminal, "").await;
    assert_eq!(waiver.state(), State::Granted);
    let (before, after) = ("2026-05-04T13:00:00Z", "2026-05-06T00:00:00Z");
    let answer = async |matter, case, when| immune(&world, &member, matter, case, when).await.immune();
    assert_eq!(answer(Matter::CriminalProsecution, CASE, before).await, Immune::Yes, "not yet waived");
    assert_eq!(answer(Matter::CriminalProsecution, CASE, after).await, Immune::No);
    assert_eq!(answer(Matter::CriminalProsecution, "another", after).await, Immune::Yes, "other proceedings");
    assert_eq!(answer(Matter::CriminalProsecution, "", after).await, Immune::Conditional, "nobody said which");
    assert_eq!(answer(Matter::ArrestOrDetention, CASE, after).await, Immune::Yes, "inviolability was not waived");
    assert_eq!(answer(Matter::CivilSuit, "another", after).await, answer(Matter::CivilSuit, CASE, after).await);
    let told = immune(&world, &member, Matter::CriminalProsecution, CASE, after).await;
    assert!(told.citations.iter().any(|cited| cited.instrument == "VCDR" && cited.provision == "32.1"));
    assert_eq!(told.advice, "Prosecution under the ordinary rules is allowed.");
    let caused = format!("history where name = '{member}' and verb = 'waive' and cause = '{}@3'", waiver.name);
    assert_eq!(world.count(&caused).await, 1);
}

#[tokio::test]
async fn execution_needs_a_waiver_of_its_own() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    granted(&world, &member, WaiverScope::Civil, "").await;
    let after = "2026-05-06T00:00:00Z";
    assert_eq!(immune(&world, &member, Matter::CivilSuit, CASE, after).await.immune(), Immune::No);
    let execution = immune(&world, &member, Matter::ExecutionOfJudgment, CASE, after).await;
    assert_ne!(execution.immune(), Immune::No, "jurisdiction is not execution (VCDR art. 32.4)");
    granted(&world, &member, WaiverScope::Execution, "").await;
    let execution = immune(&world, &member, Matter::ExecutionOfJudgment, CASE, after).await;
    assert_eq!(execution.immune(), Immune::No);
    assert!(execution.citations.iter().any(|cited| cited.provision == "32.4"));
}

#[tokio::test]
async fn a_waiver_within_limits_and_one_of_inviolability() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let after = "2026-05-06T00:00:00Z";
    let partial = granted(&world, &member, WaiverScope::Evidence, "Before the court, in writing.").await;
    assert_eq!(partial.state(), State::Partial);
    assert_eq!(immune(&world, &member, Matter::Testimony, CASE, after).await.immune(), Immune::Conditional);
    let name = sent(&world, &member, WaiverScope::Criminal).await;
    let request = pb::GrantWaiverRequest { inviolability: true, ..granting(&name) };
    world.waivers(&decider()).grant_waiver(request).await.unwrap();
    assert_eq!(immune(&world, &member, Matter::ArrestOrDetention, CASE, after).await.immune(), Immune::No);
    let civil = sent(&world, &member, WaiverScope::Civil).await;
    let request = pb::GrantWaiverRequest { inviolability: true, ..granting(&civil) };
    assert_eq!(reason(world.waivers(&decider()).grant_waiver(request).await), "INVIOLABILITY_OUT_OF_SCOPE");
}

#[tokio::test]
async fn silence_waives_nothing_and_a_refusal_in_a_serious_case_proposes_departure() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let name = sent(&world, &member, WaiverScope::Criminal).await;
    world.clock.advance(TimeDelta::days(20));
    let request = pb::RemindWaiverRequest { name: name.clone(), ..Default::default() };
    assert_eq!(world.waivers(&registrar()).remind_waiver(request).await.unwrap().into_inner().reminders, 1);
    world.clock.advance(TimeDelta::days(20));
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "the reminder began the time anew");
    world.clock.advance(TimeDelta::days(11));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let request = pb::GetWaiverRequest { name: name.clone(), as_of: None };
    assert_eq!(world.waivers(&registrar()).get_waiver(request).await.unwrap().into_inner().state(), State::NoReply);
    let answer = immune(&world, &member, Matter::CriminalProsecution, CASE, "2026-07-01T00:00:00Z").await;
    assert_eq!(answer.immune(), Immune::Yes);
    let request = pb::RefuseWaiverRequest { name, ..Default::default() };
    let refused = world.waivers(&decider()).refuse_waiver(request).await.unwrap().into_inner();
    assert_eq!((refused.state(), refused.departure_proposed), (State::Refused, true));
}

#[tokio::test]
async fn who_drafts_does_not_send_and_nobody_asks_twice() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let name = open(&world, &member, WaiverScope::Criminal).await.unwrap().name;
    let request = pb::SendWaiverRequest { name: name.clone(), note: "17/2026".into(), ..Default::default() };
    assert_eq!(reason(world.waivers(&registrar()).send_waiver(request.clone()).await), "SAME_PERSON");
    assert_eq!(reason(open(&world, &member, WaiverScope::Criminal).await), "WAIVER_ALREADY_ASKED");
    open(&world, &member, WaiverScope::Civil).await.unwrap();
    world.waivers(&decider()).send_waiver(request).await.unwrap();
    let early = Some(registry::timestamp(at("2026-05-04T12:00:00Z")));
    let request = pb::GrantWaiverRequest { effective_time: early, ..granting(&name) };
    assert_eq!(reason(world.waivers(&decider()).grant_waiver(request).await), "WAIVER_DATE_IMPLAUSIBLE");
}

#[tokio::test]
async fn a_mission_does_not_read_what_we_mean_to_ask() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    let name = open(&world, &member, WaiverScope::Criminal).await.unwrap().name;
    let mut staff = staff_of("fr");
    staff.permissions = identity::Permissions::of(["accreditation.*"]);
    let request = pb::GetWaiverRequest { name, as_of: None };
    assert_eq!(reason(world.waivers(&staff).get_waiver(request).await), "NOT_FOUND");
}

/// Does what is refused for this reason.
pub(crate) async fn provoke(wanted: pb::Reason, world: &World, mission: &str) -> Result<(), Status> {
    let member = world.accredited("garnier", secretary(mission)).await.name;
    match wanted {
        pb::Reason::MemberWithoutStatus => {
            world.put("members", &member, serde_json::json!({ "state": "DECLINED" })).await;
            open(world, &member, WaiverScope::Civil).await.map(drop)
        }
        pb::Reason::WaiverAlreadyAsked => {
            open(world, &member, WaiverScope::Civil).await?;
            open(world, &member, WaiverScope::Civil).await.map(drop)
        }
        pb::Reason::WaiverDateImplausible => {
            let name = sent(world, &member, WaiverScope::Civil).await;
            let future = Some(registry::timestamp(at("2027-01-01T00:00:00Z")));
            let request = pb::GrantWaiverRequest { effective_time: future, ..granting(&name) };
            world.waivers(&decider()).grant_waiver(request).await.map(drop)
        }
        pb::Reason::InviolabilityOutOfScope => {
            let name = sent(world, &member, WaiverScope::Civil).await;
            let request = pb::GrantWaiverRequest { inviolability: true, ..granting(&name) };
            world.waivers(&decider()).grant_waiver(request).await.map(drop)
        }
        _ => panic!("{wanted:?} is no waiver's"),
    }
}
