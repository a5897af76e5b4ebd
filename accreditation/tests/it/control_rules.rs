//! Controls on travel and contacts: which of them bind, held against cases one by one, and how they come into force.

use crate::affairs::{CAPITAL, CHICAGO, meetings, radius, signatory_of};
use crate::world::{at, decider, reason, registrar, stamp, world};
use accreditation::controls::{Case, breaches, held, in_force, owed};
use calendar::WorkingDays;
use proptest::prelude::*;
use proto::accreditation::v1::control_rule::{Counterpart, Mode, State, Trigger};
use proto::accreditation::v1::travel_notice::{self, Breach};
use proto::accreditation::v1::{self as pb, Category, ControlExemption, ControlRule, TravelNotice};
use proto::google::r#type::LatLng;

fn enacted(rule: ControlRule) -> ControlRule {
    ControlRule { state: State::Enacted.into(), name: "controlRules/one".into(), ..rule }
}

fn days() -> WorkingDays {
    let home = config::Home::default();
    WorkingDays::of([home.state.as_str()], home.timezone)
}

/// A journey of an attaché sent by CU to Chicago on Friday 8 May, told on Monday.
fn case() -> Case<'static> {
    Case {
        sending_state: "CU",
        category: Category::ServiceAttache,
        trigger: Trigger::TravelRadius,
        location: Some(CHICAGO),
        counterpart: Counterpart::Unspecified,
        begin: at("2026-05-08T13:00:00Z"),
        told: at("2026-05-04T13:00:00Z"),
    }
}

fn owes(rule: ControlRule, case: &Case<'_>) -> (Mode, bool) {
    owed(&held(&[enacted(rule)], case, &days()))
}

#[test]
fn a_journey_beyond_the_circle_is_bound_and_told_why() {
    let found = held(&[enacted(radius(&["CU", "IR"]))], &case(), &days());
    let [found] = found.as_slice() else { panic!("one rule: {found:?}") };
    assert!(found.binds && !found.late);
    assert_eq!(found.mode(), Mode::Approve);
    assert_eq!(
        found.explanation,
        [
            "binds members sent by CU",
            "binds SERVICE_ATTACHE",
            "955.8 km from the Ellipse, beyond 40.2 km",
            "a notice is due 3 working days before, on 2026-05-05 at the latest: in time",
        ]
    );
    assert_eq!(found.notify_by_time, stamp("2026-05-06T04:00:00Z"), "the end of Tuesday in Washington");
}

#[test]
fn each_part_of_a_rule_can_set_free() {
    let nothing = (Mode::Unspecified, false);
    let near = LatLng { latitude: 38.9, longitude: -77.2 };
    assert_eq!(owes(radius(&["IR"]), &case()), nothing, "another state's");
    assert_eq!(owes(radius(&["CU"]), &Case { location: Some(near), ..case() }), nothing, "within the circle");
    assert_eq!(owes(radius(&["CU"]), &Case { trigger: Trigger::Meeting, ..case() }), nothing, "no journey");
    let diplomats = ControlRule { categories: vec![Category::DiplomaticStaff.into()], ..radius(&["CU"]) };
    assert_eq!(owes(diplomats.clone(), &case()), nothing, "another category");
    assert_eq!(owes(diplomats, &Case { category: Category::DiplomaticStaff, ..case() }), (Mode::Approve, false));
    let exemption = ControlExemption {
        title: "the seat of the organisation".into(),
        centre: Some(CHICAGO),
        radius_metres: 40_000,
        ..ControlExemption::default()
    };
    let exempt = ControlRule { exemptions: vec![exemption], ..radius(&["CU"]) };
    let found = held(&[enacted(exempt.clone())], &case(), &days());
    assert_eq!(found[0].explanation.last().unwrap(), "exempt: the seat of the organisation");
    assert_eq!(owes(exempt.clone(), &Case { location: Some(CAPITAL), ..case() }), nothing);
    let unknown = Case { location: None, ..case() };
    assert_eq!(owes(exempt, &unknown), (Mode::Approve, false), "what is not known is not exempt");
}

#[test]
fn meetings_are_bound_by_whom_one_meets() {
    let meets = |counterpart| Case { trigger: Trigger::Meeting, location: None, counterpart, ..case() };
    assert_eq!(owes(meetings(&["CU"]), &meets(Counterpart::SubnationalOfficial)), (Mode::Notify, false));
    assert_eq!(owes(meetings(&["CU"]), &meets(Counterpart::Business)), (Mode::Unspecified, false));
    assert_eq!(owes(meetings(&["CU"]), &meets(Counterpart::Unspecified)), (Mode::Notify, false), "not known");
    let anyone = ControlRule { counterparts: Vec::new(), ..meetings(&["CU"]) };
    assert_eq!(owes(anyone, &meets(Counterpart::Business)), (Mode::Notify, false));
}

#[test]
fn the_strictest_rule_is_owed() {
    let rules = [
        enacted(ControlRule { mode: Mode::Notify.into(), lead_working_days: 9, ..radius(&["CU"]) }),
        enacted(radius(&["CU"])),
    ];
    assert_eq!(
        owed(&held(&rules, &case(), &days())),
        (Mode::Approve, true),
        "late for the one, to be approved by the other"
    );
}

#[test]
fn a_rule_binds_from_its_date_and_before_its_end_by_the_day_it_begins() {
    let rule = ControlRule {
        effective_time: stamp("2026-05-01T00:00:00Z"),
        end_time: stamp("2026-06-01T00:00:00Z"),
        ..radius(&["CU"])
    };
    let at_instant = |begin: &str| owes(rule.clone(), &Case { begin: at(begin), ..case() }).0;
    assert_eq!(at_instant("2026-04-30T23:59:59Z"), Mode::Unspecified);
    assert_eq!(at_instant("2026-05-01T00:00:00Z"), Mode::Approve);
    assert_eq!(at_instant("2026-05-31T23:59:59Z"), Mode::Approve);
    assert_eq!(at_instant("2026-06-01T00:00:00Z"), Mode::Unspecified);
    for (state, binds) in
        [(State::Draft, false), (State::Enacted, true), (State::Repealed, true), (State::Dropped, false)]
    {
        assert_eq!(in_force(&ControlRule { state: state.into(), ..rule.clone() }, at("2026-05-04T00:00:00Z")), binds);
    }
}

proptest! {
    /// The last day for a notice has exactly so many working days after it, up to the day itself, and the next has fewer.
    #[test]
    fn lead_times_agree_with_counting_days(day in 0..2000_u64, lead in 0..30_i32) {
        let begin = at("2024-01-01T15:00:00Z") + chrono::Days::new(day);
        let rule = ControlRule { lead_working_days: lead, effective_time: stamp("2020-01-01T00:00:00Z"), ..radius(&["CU"]) };
        let found = held(&[enacted(rule)], &Case { begin, ..case() }, &days());
        let by = registry::instant(found[0].notify_by_time.as_ref().unwrap()).unwrap();
        let (last, day, days) = (days().last_day(by), days().date(begin), days());
        prop_assert!(days.between(last, day) >= lead as usize);
        prop_assert!(days.between(last.succ_opt().unwrap(), day) < lead as usize || lead == 0);
        prop_assert!(by <= begin);
    }
}

#[test]
fn what_was_broken_is_told_apart() {
    let notice = |mode: Mode, late| TravelNotice {
        mode: mode.into(),
        late,
        location: Some(CHICAGO),
        begin_time: stamp("2026-05-08T13:00:00Z"),
        ..TravelNotice::default()
    };
    let broken =
        |notice: &TravelNotice, from, place, began: &str| breaches(notice, from, place, at(began), (5_000.0, 12));
    use travel_notice::State as S;
    let planned = "2026-05-08T13:00:00Z";
    assert_eq!(broken(&notice(Mode::Unspecified, false), S::Submitted, Some(&CAPITAL), "2026-06-08T13:00:00Z"), []);
    assert_eq!(broken(&notice(Mode::Notify, false), S::Submitted, None, planned), []);
    assert_eq!(broken(&notice(Mode::Notify, true), S::Acknowledged, None, planned), [Breach::LateNotice]);
    assert_eq!(broken(&notice(Mode::Approve, false), S::Approved, Some(&CHICAGO), planned), []);
    assert_eq!(broken(&notice(Mode::Approve, false), S::Acknowledged, None, planned), [Breach::WithoutApproval]);
    assert_eq!(broken(&notice(Mode::Approve, false), S::Denied, None, planned), [Breach::AgainstDenial]);
    let all = broken(&notice(Mode::Approve, true), S::Denied, Some(&CAPITAL), "2026-05-09T13:00:00Z");
    assert_eq!(all, [Breach::LateNotice, Breach::AgainstDenial, Breach::OtherPlace, Breach::OtherTime]);
}

#[tokio::test]
async fn a_rule_is_drafted_by_one_and_enacted_by_another() {
    let world = world().await;
    let name = world.draft_control(radius(&["CU"])).await.unwrap().name;
    let enact = || pb::EnactControlRuleRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.controls(&registrar()).enact_control_rule(enact()).await), "SAME_PERSON");
    world.controls(&decider()).enact_control_rule(enact()).await.unwrap();
    let repeal =
        |end: &str| pb::RepealControlRuleRequest { name: name.clone(), end_time: stamp(end), ..Default::default() };
    let past = world.controls(&decider()).repeal_control_rule(repeal("2026-05-01T00:00:00Z")).await;
    assert_eq!(reason(past), "TIMES_IMPLAUSIBLE");
    let repealed = world.controls(&decider()).repeal_control_rule(repeal("2026-07-01T00:00:00Z")).await.unwrap();
    assert_eq!(repealed.into_inner().end_time, stamp("2026-07-01T00:00:00Z"));
    let later = world.enacted(ControlRule { effective_time: stamp("2027-01-01T00:00:00Z"), ..radius(&["CU"]) }).await;
    let request = pb::RepealControlRuleRequest { name: later.name, ..Default::default() };
    let never = world.controls(&decider()).repeal_control_rule(request).await.unwrap().into_inner();
    assert_eq!(never.end_time, never.effective_time, "it never binds");
}

#[tokio::test]
async fn rules_are_not_shown_to_missions() {
    let world = world().await;
    let name = world.enacted(radius(&["FR"])).await.name;
    let request = pb::GetControlRuleRequest { name, as_of: None };
    assert_eq!(reason(world.controls(&signatory_of("fr")).get_control_rule(request).await), "NOT_FOUND");
}
