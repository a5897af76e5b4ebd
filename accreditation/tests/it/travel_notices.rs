//! Travel notices: held against the controls in force, decided, and reconciled with what took place.

use crate::affairs::{CAPITAL, journey, meetings, radius, signatory_of};
use crate::world::{World, at, decider, fields, reason, registrar, secretary, stamp, world};
use identity::{Clearance, Principal};
use proto::accreditation::v1::control_rule::{Counterpart, Mode, Trigger};
use proto::accreditation::v1::travel_notice::{Breach, State};
use proto::accreditation::v1::{self as pb, Member, TravelNotice};
use tonic::{Response, Status};

async fn controlled() -> (World, Member) {
    let world = world().await;
    let mission = world.embassy("FR").await;
    world.enacted(radius(&["FR"])).await;
    let member = world.notify("garnier", secretary(&mission)).await.unwrap();
    (world, member)
}

async fn step(world: &World, by: &Principal, verb: &str, name: &str) -> Result<TravelNotice, Status> {
    let (mut client, name) = (world.notices(by), name.to_owned());
    let answer = match verb {
        "acknowledge" => {
            client.acknowledge_travel_notice(pb::AcknowledgeTravelNoticeRequest { name, ..Default::default() }).await
        }
        "approve" => client.approve_travel_notice(pb::ApproveTravelNoticeRequest { name, ..Default::default() }).await,
        "deny" => client.deny_travel_notice(pb::DenyTravelNoticeRequest { name, ..Default::default() }).await,
        "cancel" => client.cancel_travel_notice(pb::CancelTravelNoticeRequest { name, ..Default::default() }).await,
        _ => client.record_occurrence(pb::RecordOccurrenceRequest { name, ..Default::default() }).await,
    };
    answer.map(Response::into_inner)
}

#[tokio::test]
async fn a_notice_is_explained_at_once_and_approved_by_another_person() {
    let (world, member) = controlled().await;
    let notice = world.tell(&registrar(), journey(&member.name)).await.unwrap();
    assert_eq!((notice.mode(), notice.late, notice.mission.as_str()), (Mode::Approve, false, "missions/fr"));
    assert_eq!(notice.matches.len(), 1);
    assert!(notice.matches[0].binds && notice.matches[0].explanation.len() == 4);
    assert_eq!(reason(step(&world, &registrar(), "approve", &notice.name).await), "SAME_PERSON");
    assert_eq!(step(&world, &decider(), "approve", &notice.name).await.unwrap().state(), State::Approved);
    assert_eq!(reason(step(&world, &registrar(), "occur", &notice.name).await), "TIMES_IMPLAUSIBLE");
    world.clock.set(at("2026-05-08T14:00:00Z"));
    let occurred = step(&world, &signatory_of("fr"), "occur", &notice.name).await.unwrap();
    assert_eq!((occurred.violation, occurred.breaches.len()), (false, 0));
}

#[tokio::test]
async fn a_journey_against_a_denial_is_a_violation_until_it_is_reconciled() {
    let (world, member) = controlled().await;
    world.clock.set(at("2026-05-07T13:00:00Z"));
    let notice = world.tell(&signatory_of("fr"), journey(&member.name)).await.unwrap();
    assert!(notice.late, "told the day before");
    step(&world, &decider(), "deny", &notice.name).await.unwrap();
    world.clock.set(at("2026-05-10T13:00:00Z"));
    let request =
        pb::RecordOccurrenceRequest { name: notice.name.clone(), location: Some(CAPITAL), ..Default::default() };
    let occurred = world.notices(&registrar()).record_occurrence(request).await.unwrap().into_inner();
    assert!(occurred.violation);
    let broken: Vec<_> = occurred.breaches().collect();
    assert_eq!(broken, [Breach::LateNotice, Breach::AgainstDenial, Breach::OtherPlace]);
    let request = pb::ReconcileTravelNoticeRequest {
        name: notice.name.clone(),
        breaches: vec![Breach::LateNotice.into()],
        finding: "The member stayed in the capital".into(),
        ..Default::default()
    };
    let closed = world.notices(&registrar()).reconcile_travel_notice(request).await.unwrap().into_inner();
    assert_eq!((closed.state(), closed.violation, closed.breaches.len()), (State::Reconciled, true, 1));
    let request = pb::GetTravelNoticeRequest { name: notice.name, as_of: None };
    let seen = world.notices(&signatory_of("fr")).get_travel_notice(request).await.unwrap().into_inner();
    assert_eq!(seen.finding, "", "what we found is ours");
}

#[tokio::test]
async fn where_a_notice_is_enough_nothing_is_approved_or_denied() {
    let (world, member) = controlled().await;
    world.enacted(meetings(&["FR"])).await;
    let meeting = TravelNotice {
        trigger: Trigger::Meeting.into(),
        counterpart: Counterpart::SubnationalOfficial.into(),
        counterpart_name: "Example Mayor".into(),
        location: None,
        ..journey(&member.name)
    };
    let notice = world.tell(&registrar(), meeting).await.unwrap();
    assert_eq!((notice.mode(), notice.matches.len()), (Mode::Notify, 1));
    for verb in ["approve", "deny"] {
        assert_eq!(reason(step(&world, &decider(), verb, &notice.name).await), "APPROVAL_NOT_REQUIRED");
    }
    step(&world, &decider(), "acknowledge", &notice.name).await.unwrap();
    world.clock.set(at("2026-05-08T14:00:00Z"));
    assert!(!step(&world, &registrar(), "occur", &notice.name).await.unwrap().violation);
    assert_eq!(world.count("outbox where kind = 'travelNotices' and doc::text like '%Mayor%'").await, 0);
}

#[tokio::test]
async fn acknowledged_is_not_approved() {
    let (world, member) = controlled().await;
    let name = world.tell(&registrar(), journey(&member.name)).await.unwrap().name;
    step(&world, &decider(), "acknowledge", &name).await.unwrap();
    world.clock.set(at("2026-05-08T14:00:00Z"));
    let occurred = step(&world, &registrar(), "occur", &name).await.unwrap();
    assert_eq!(occurred.breaches().collect::<Vec<_>>(), [Breach::WithoutApproval]);
}

#[tokio::test]
async fn a_rule_repealed_since_still_holds_for_what_was_told_before() {
    let (world, member) = controlled().await;
    let notice = world.tell(&registrar(), journey(&member.name)).await.unwrap();
    let request = pb::RepealControlRuleRequest { name: notice.matches[0].rule.clone(), ..Default::default() };
    world.controls(&decider()).repeal_control_rule(request).await.unwrap();
    step(&world, &decider(), "deny", &notice.name).await.unwrap();
    let after = world.tell(&registrar(), journey(&member.name)).await.unwrap();
    assert_eq!((after.mode(), after.matches.len()), (Mode::Unspecified, 0), "the journey lies after its end");
}

#[tokio::test]
async fn a_journey_says_where_it_leads_and_ends_after_it_begins() {
    let (world, member) = controlled().await;
    let nowhere = TravelNotice { location: None, ..journey(&member.name) };
    assert_eq!(fields(world.tell(&registrar(), nowhere).await), ["travelNotice.location"]);
    let back = TravelNotice { end_time: stamp("2026-05-01T00:00:00Z"), ..journey(&member.name) };
    assert_eq!(reason(world.tell(&registrar(), back).await), "TIMES_IMPLAUSIBLE");
}

#[tokio::test]
async fn a_missions_staff_tell_of_their_own_members_alone() {
    let (world, member) = controlled().await;
    let theirs = world.embassy("BE").await;
    let belgian = world.notify("janssens", Member { nationality: "BE".into(), ..secretary(&theirs) }).await.unwrap();
    let staff = signatory_of("fr");
    assert_eq!(fields(world.tell(&staff, journey(&belgian.name)).await), ["travelNotice.member"]);
    let other = world.tell(&registrar(), journey(&belgian.name)).await.unwrap();
    assert_eq!(other.matches.len(), 0, "no rule binds that state");
    let own = world.tell(&staff, journey(&member.name)).await.unwrap();
    let page = world.notices(&staff).list_travel_notices(pb::ListTravelNoticesRequest::default()).await.unwrap();
    let names: Vec<_> = page.into_inner().travel_notices.into_iter().map(|notice| notice.name).collect();
    assert_eq!(names, [own.name]);
    assert_eq!(reason(step(&world, &staff, "cancel", &other.name).await), "NOT_FOUND");
    let unknown = world.tell(&staff, journey("members/nobody")).await;
    assert_eq!(fields(unknown), ["travelNotice.member"], "as if there were no such member");
    let low = Principal { clearance: Clearance::Unclassified, ..registrar() };
    assert!(world.tell(&low, journey(&member.name)).await.is_ok());
}
