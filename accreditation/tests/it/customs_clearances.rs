//! Customs clearances: air waybills, arrival, ten working days, and quotas that are exact however many ask at once.

use crate::benefits::{benefits, for_missions, shipment, signatory_of, tax_rule};
use crate::world::{World, at, fields, reason, registrar, secretary, stamp, world};
use chrono::TimeDelta;
use futures::future::join_all;
use proto::accreditation::v1::customs_clearance::State;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::reciprocity_rule::Benefit;
use proto::accreditation::v1::{self as pb, CustomsClearance, Quota, ReciprocityRule, quota};

fn customs_rule(amount: i32, period: quota::Period) -> ReciprocityRule {
    let quota = Some(Quota { amount, period: period.into() });
    ReciprocityRule { benefit: Benefit::CustomsClearance.into(), quota, ..tax_rule("FR") }
}

async fn importer(world: &World) -> (String, String) {
    let mission = world.embassy("FR").await;
    let member = world.accredited("garnier", secretary(&mission)).await.name;
    (mission, member)
}

#[tokio::test]
async fn a_shipment_is_certified_after_its_arrival_by_another() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    world.enact(customs_rule(10, quota::Period::CalendarYear)).await;
    let filed = world.file(&signatory_of("fr"), shipment(&mission, &member, 1, 4)).await.unwrap();
    assert_eq!((filed.state(), filed.air_waybill.as_str()), (State::Submitted, "020-00000011"));
    // Ten working days from Monday, 4 May: Monday the 18th, to its end in Washington.
    assert_eq!(filed.due_time, stamp("2026-05-19T04:00:00Z"));
    assert_eq!(reason(world.clearance_step(&benefits(), "certify", &filed.name).await), "GOODS_NOT_ARRIVED");
    let arrived = world.clearance_step(&signatory_of("fr"), "recordArrival", &filed.name).await.unwrap();
    assert_eq!((arrived.state(), arrived.arrival_notice.as_str()), (State::Submitted, "Notice 7"));
    let certified = world.clearance_step(&benefits(), "certify", &filed.name).await.unwrap();
    assert_eq!((certified.state(), certified.month.as_str()), (State::Certified, "2026-05"));
    assert!(!certified.rule.is_empty());
    assert_eq!(world.count("timers where kind = 'customsClearances'").await, 0);
    let own = world.file(&benefits(), shipment(&mission, &member, 2, 1)).await.unwrap().name;
    world.clearance_step(&benefits(), "recordArrival", &own).await.unwrap();
    assert_eq!(reason(world.clearance_step(&benefits(), "certify", &own).await), "SAME_PERSON");
    let rejected = world.clearance_step(&benefits(), "reject", &own).await.unwrap();
    assert_eq!((rejected.state(), rejected.grounds.as_str()), (State::Rejected, "no invoice"));
}

#[tokio::test]
async fn an_air_waybill_is_well_read_and_filed_once() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    let wrong = CustomsClearance { air_waybill: "020-12345674".into(), ..shipment(&mission, &member, 1, 1) };
    assert_eq!(fields(world.file(&registrar(), wrong).await), ["customsClearance.airWaybill"]);
    let first = world.file(&registrar(), shipment(&mission, &member, 1, 1)).await.unwrap().name;
    let bare = CustomsClearance { air_waybill: "02000000011".into(), ..shipment(&mission, "", 1, 1) };
    assert_eq!(reason(world.file(&registrar(), bare.clone()).await), "AIR_WAYBILL_ALREADY_FILED", "by another hand");
    world.clearance_step(&benefits(), "reject", &first).await.unwrap();
    world.file(&registrar(), bare).await.unwrap();
}

#[tokio::test]
async fn what_is_not_decided_in_ten_working_days_is_overdue() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    let name = world.file(&registrar(), shipment(&mission, &member, 1, 1)).await.unwrap().name;
    world.clock.set(at("2026-05-19T03:59:59Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.set(at("2026-05-19T04:00:00Z"));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let filter = "overdue = true AND state = SUBMITTED";
    let request = pb::ListCustomsClearancesRequest { filter: filter.into(), ..Default::default() };
    let late = world.clearances(&benefits()).list_customs_clearances(request).await.unwrap().into_inner();
    assert_eq!(late.customs_clearances.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name]);
}

async fn certify(world: &World, clearance: CustomsClearance) -> Result<CustomsClearance, tonic::Status> {
    let name = world.file(&registrar(), clearance).await?.name;
    world.clearance_step(&registrar(), "recordArrival", &name).await?;
    world.clearance_step(&benefits(), "certify", &name).await
}

#[tokio::test]
async fn a_quota_is_counted_in_units_and_begins_anew_with_its_period() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    assert_eq!(reason(certify(&world, shipment(&mission, &member, 1, 1)).await), "BENEFIT_NOT_RECIPROCATED");
    world.enact(customs_rule(10, quota::Period::CalendarHalfYear)).await;
    world.enact(for_missions(customs_rule(5, quota::Period::CalendarHalfYear))).await;
    let state = async |n: u32, quantity: i32, member: &str| {
        certify(&world, shipment(&mission, member, n, quantity)).await.unwrap().state()
    };
    assert_eq!(state(2, 7, &member).await, State::Certified);
    assert_eq!(state(3, 4, &member).await, State::QuotaExceeded, "seven and four");
    assert_eq!(state(4, 3, &member).await, State::Certified, "what was not certified does not count");
    assert_eq!(state(5, 1, &member).await, State::QuotaExceeded);
    assert_eq!(state(6, 5, "").await, State::Certified, "the mission has a quota of its own");
    let waiting = world.file(&registrar(), shipment(&mission, &member, 7, 10)).await.unwrap().name;
    world.clearance_step(&registrar(), "recordArrival", &waiting).await.unwrap();
    world.clock.set(at("2026-07-01T04:00:00Z"));
    let certified = world.clearance_step(&benefits(), "certify", &waiting).await.unwrap();
    assert_eq!(
        (certified.state(), certified.month.as_str()),
        (State::Certified, "2026-07"),
        "counted where it is certified"
    );
    assert_eq!(state(8, 1, &member).await, State::QuotaExceeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_exact_however_many_ask_at_once() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    world.enact(customs_rule(10, quota::Period::CalendarYear)).await;
    world.enact(for_missions(customs_rule(10, quota::Period::CalendarYear))).await;
    for (round, holder) in [member.as_str(), ""].into_iter().enumerate() {
        let mut names = Vec::new();
        for n in 0..8 {
            let n = u32::try_from(round).unwrap() * 100 + n;
            let name = world.file(&registrar(), shipment(&mission, holder, n, 3)).await.unwrap().name;
            world.clearance_step(&registrar(), "recordArrival", &name).await.unwrap();
            names.push(name);
        }
        let by = benefits();
        let answers = join_all(names.iter().map(|name| world.clearance_step(&by, "certify", name))).await;
        let certified = answers.iter().filter(|one| one.as_ref().unwrap().state() == State::Certified).count();
        assert_eq!(certified, 3, "three times three are nine, and a fourth would be twelve");
        let sum = format!("customs_clearances where state = 'CERTIFIED' and member = '{holder}'");
        assert_eq!(world.count(&sum).await, 3);
    }
}

#[tokio::test]
async fn nothing_is_certified_for_one_who_has_left_nor_years_later() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    world.enact(customs_rule(10, quota::Period::CalendarYear)).await;
    world.enact(for_missions(customs_rule(10, quota::Period::CalendarYear))).await;
    let mut waiting = Vec::new();
    for (n, holder) in [(1, member.as_str()), (2, "")] {
        let name = world.file(&registrar(), shipment(&mission, holder, n, 1)).await.unwrap().name;
        world.clearance_step(&registrar(), "recordArrival", &name).await.unwrap();
        waiting.push(name);
    }
    world.terminate(&member, EndCause::Recalled).await;
    assert_eq!(reason(world.clearance_step(&benefits(), "certify", &waiting[0]).await), "HOLDER_NOT_IN_STANDING");
    world.clock.advance(TimeDelta::days(4 * 365));
    assert_eq!(reason(world.clearance_step(&benefits(), "certify", &waiting[1]).await), "CLEARANCE_TOO_OLD");
}

#[tokio::test]
async fn a_mission_files_for_and_sees_its_own() {
    let world = world().await;
    let (mission, member) = importer(&world).await;
    world.embassy("BE").await;
    let filed = world.file(&signatory_of("be"), shipment(&mission, &member, 1, 1)).await;
    assert_eq!(fields(filed), ["customsClearance.mission"]);
    world.file(&signatory_of("fr"), shipment(&mission, &member, 1, 1)).await.unwrap();
    for (by, seen) in [(signatory_of("fr"), 1), (signatory_of("be"), 0)] {
        let request = pb::ListCustomsClearancesRequest::default();
        let page = world.clearances(&by).list_customs_clearances(request).await.unwrap().into_inner();
        assert_eq!(page.customs_clearances.len(), seen);
    }
}
