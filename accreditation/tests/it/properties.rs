//! Properties: the period of decision and its pauses, decisions in time, conditions, zoning, divestiture, custody.

use crate::affairs::{conditional, house, opinion, signatory_of, unopposed};
use crate::world::{World, at, decider, fields, reason, registrar, world};
use chrono::{DateTime, Days, TimeDelta, TimeZone as _, Utc};
use futures::future::join;
use identity::{Clearance, Principal};
use proptest::prelude::*;
use proto::accreditation::v1::property::{Action, ConditionKind, Finding, Ground, Item, Matter, State, Use};
use proto::accreditation::v1::{self as pb, Property};
use tonic::Response;

/// Sixty days after 4 May, to the end of the day in Washington.
const END: &str = "2026-07-04T04:00:00Z";

fn incomplete(name: &str, wanted: &[&str]) -> pb::FindIncompleteRequest {
    let wanted = wanted.iter().map(|text| (*text).to_owned()).collect();
    pb::FindIncompleteRequest { name: name.into(), wanted, ..Default::default() }
}

fn supplement(name: &str) -> pb::SupplementPropertyRequest {
    let documents = vec!["survey-plan.pdf".into()];
    pb::SupplementPropertyRequest { name: name.into(), documents, ..Default::default() }
}

async fn completed(world: &World, mission: &str) -> String {
    let name = world.reviewed(house(mission)).await.name;
    world.approve(&name, unopposed()).await.unwrap();
    world.complete(&name).await.unwrap().name
}

#[tokio::test]
async fn an_action_is_reviewed_by_one_and_approved_by_another() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let noted = world.note(&signatory_of("fr"), house(&mission)).await.unwrap();
    assert_eq!((noted.state(), noted.decision_due_time), (State::Notified, Some(registry::timestamp(at(END)))));
    let request = pb::ReviewPropertyRequest { name: noted.name.clone(), ..Default::default() };
    world.properties(&registrar()).review_property(request).await.unwrap();
    let request = pb::ApprovePropertyRequest { name: noted.name.clone(), opinions: unopposed(), ..Default::default() };
    assert_eq!(reason(world.properties(&registrar()).approve_property(request).await), "SAME_PERSON");
    let approved = world.approve(&noted.name, unopposed()).await.unwrap();
    assert_eq!((approved.state(), approved.decision_due_time, approved.opinions.len()), (State::Approved, None, 2));
    assert_eq!(world.count("timers").await, 0, "nothing is left to be deemed");
    let done = world.complete(&noted.name).await.unwrap();
    assert_eq!((done.state(), done.completion_time), (State::Completed, done.update_time));
}

#[tokio::test]
async fn a_note_that_lacks_something_is_not_reviewed_and_says_what() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let bare = Property { mission: mission.clone(), action: Action::Alteration.into(), ..Property::default() };
    let name = world.note(&signatory_of("fr"), bare).await.unwrap().name;
    let request = pb::ReviewPropertyRequest { name: name.clone(), ..Default::default() };
    let lacking = fields(world.properties(&registrar()).review_property(request).await);
    let all = [
        "address",
        "areaSquareMetres",
        "proposedUse",
        "contact",
        "declaration.disposalDuty",
        "declaration.commercialUse",
        "works",
        "documents",
    ];
    assert_eq!(lacking, all);
    let told = world.properties(&registrar()).find_incomplete(incomplete(&name, &[])).await.unwrap().into_inner();
    assert_eq!((told.state(), told.missing.len(), told.decision_due_time), (State::Incomplete, 8, None));
    assert_eq!(told.missing[0], i32::from(Item::Address));
    let refused = world.properties(&signatory_of("fr")).supplement_property(supplement(&name)).await;
    assert_eq!(reason(refused), "PROPERTY_NOTE_INCOMPLETE");
    let change = Property { name: name.clone(), works: "A lift".into(), ..house(&mission) };
    let paths = ["address", "area_square_metres", "proposed_use", "declaration", "contact", "works"];
    let request = pb::UpdatePropertyRequest {
        property: Some(change),
        update_mask: Some(prost_types::FieldMask { paths: paths.map(str::to_owned).into() }),
        etag: told.etag,
        ..Default::default()
    };
    world.properties(&signatory_of("fr")).update_property(request).await.unwrap();
    let whole =
        world.properties(&signatory_of("fr")).supplement_property(supplement(&name)).await.unwrap().into_inner();
    assert_eq!((whole.state(), whole.missing.len()), (State::Notified, 0));
    assert!(whole.decision_due_time.is_some());
}

#[tokio::test]
async fn what_is_not_decided_in_time_is_approved_by_the_end_of_the_period_and_once() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.reviewed(house(&mission)).await.name;
    world.clock.set(at(END) - TimeDelta::microseconds(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 0);
    world.clock.set(at(END));
    // The period is over though no timer has said so yet.
    let refused = pb::DisapprovePropertyRequest {
        name: name.clone(),
        grounds: vec![Ground::NationalSecurity.into()],
        ..Default::default()
    };
    assert_eq!(reason(world.properties(&decider()).disapprove_property(refused).await), "DECISION_OVERDUE");
    assert_eq!(
        reason(world.properties(&registrar()).find_incomplete(incomplete(&name, &["x"])).await),
        "DECISION_OVERDUE"
    );
    let (one, other) = join(world.store.fire_due(), world.store.fire_due()).await;
    assert!(one.unwrap() + other.unwrap() <= 1, "however many look");
    let deemed = async || {
        world.store.fire_due().await.unwrap();
        world.property(&name).await.state() == State::DeemedApproved
    };
    testkit::until("the period has ended", deemed).await;
    let property = world.property(&name).await;
    assert_eq!((property.decide_time, property.decision_due_time), (Some(registry::timestamp(at(END))), None));
    assert_eq!(world.count("history where verb = 'deemApproved'").await, 1);
    assert_eq!(world.count("outbox where verb = 'deemApproved'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_the_period_it_is_either_disapproved_before_or_deemed_approved() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for _ in 0..8 {
        let name = world.reviewed(house(&mission)).await.name;
        let due = world.property(&name).await.decision_due_time.as_ref().and_then(registry::instant).unwrap();
        world.clock.set(due - TimeDelta::microseconds(1));
        let grounds = vec![Ground::Reciprocity.into()];
        let request = pb::DisapprovePropertyRequest { name: name.clone(), grounds, ..Default::default() };
        let decider = decider();
        let mut client = world.properties(&decider);
        let disapprove = client.disapprove_property(request);
        let expire = async {
            world.clock.set(due);
            world.store.fire_due().await.unwrap()
        };
        let (answer, _) = join(disapprove, expire).await;
        let answer = answer.map(Response::into_inner);
        let settled = async || {
            world.store.fire_due().await.unwrap();
            !matches!(world.property(&name).await.state(), State::Notified | State::InReview)
        };
        testkit::until("it is settled", settled).await;
        let (state, steps) = (world.property(&name).await.state(), settling(&world, &name).await);
        match answer {
            Ok(property) => assert_eq!((property.state(), state, steps), (State::Disapproved, State::Disapproved, 1)),
            Err(_) => assert_eq!((state, steps), (State::DeemedApproved, 1)),
        }
    }
}

/// How many steps settled it.
async fn settling(world: &World, name: &str) -> i64 {
    world.count(&format!("history where name = '{name}' and verb in ('disapprove', 'deemApproved', 'approve')")).await
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Stop,
    Go,
    Review,
    Hours(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Stop),
        3 => Just(Step::Go),
        1 => Just(Step::Review),
        6 => (1..600_i64).prop_map(Step::Hours),
    ]
}

/// How many midnights of the capital's clock lie in the times the clock ran, counted one by one.
fn midnights(ran: &[(DateTime<Utc>, DateTime<Utc>)]) -> usize {
    let zone = config::Home::default().timezone;
    let first = ran[0].0.with_timezone(&zone).date_naive();
    let days = (1..800).map(|n| first.checked_add_days(Days::new(n)).unwrap());
    let midnight = |day: chrono::NaiveDate| {
        zone.from_local_datetime(&day.and_hms_opt(0, 0, 0).unwrap()).earliest().unwrap().with_timezone(&Utc)
    };
    let counts = |instant: &DateTime<Utc>| ran.iter().any(|(from, until)| from < instant && instant <= until);
    days.map(midnight).filter(counts).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// I7: however the clock is stopped and let go, it never ran for more than sixty days without the approval, and the
    /// approval never came before.
    #[test]
    fn the_period_never_runs_longer_than_sixty_days(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(walk(&steps))?;
    }
}

async fn walk(steps: &[Step]) -> Result<(), TestCaseError> {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.note(&registrar(), house(&mission)).await.unwrap().name;
    let mut client = world.properties(&registrar());
    let mut since = Some(world.store.now());
    let mut ran = Vec::new();
    for step in steps {
        let now = world.store.now();
        let done = match step {
            Step::Stop => client.find_incomplete(incomplete(&name, &["a plan"])).await.is_ok(),
            Step::Go => client.supplement_property(supplement(&name)).await.is_ok(),
            Step::Review => {
                let request = pb::ReviewPropertyRequest { name: name.clone(), ..Default::default() };
                client.review_property(request).await.is_ok()
            }
            Step::Hours(hours) => {
                world.clock.advance(TimeDelta::hours(*hours));
                world.store.fire_due().await.unwrap();
                true
            }
        };
        match step {
            Step::Stop if done => ran.push((since.take().unwrap(), now)),
            Step::Go if done => since = Some(now),
            _ => {}
        }
        let so_far: Vec<_> = ran.iter().copied().chain(since.map(|since| (since, world.store.now()))).collect();
        // The day of the note is not counted, the sixtieth counts whole.
        let over = midnights(&so_far) > 60;
        let state = world.property(&name).await.state();
        prop_assert_eq!(state == State::DeemedApproved, over, "after {:?}", step);
        if over {
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::test]
async fn conditions_come_before_completion_where_they_say_so() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = conditional(&world, &mission).await.unwrap();
    assert_eq!(reason(world.complete(&name).await), "CONDITION_OPEN");
    let request = pb::FulfilConditionRequest { name: name.clone(), number: 1, ..Default::default() };
    let fulfilled = world.properties(&registrar()).fulfil_condition(request).await.unwrap().into_inner();
    assert_eq!(fulfilled.conditions[0].kind(), ConditionKind::Permit);
    assert_eq!(fulfilled.conditions[0].fulfil_time, fulfilled.update_time);
    assert_eq!(world.complete(&name).await.unwrap().state(), State::Completed);
}

#[tokio::test]
async fn a_chancery_waits_for_zoning() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.reviewed(Property { proposed_use: Use::Chancery.into(), ..house(&mission) }).await.name;
    world.approve(&name, unopposed()).await.unwrap();
    let record = async |finding, code: &str| {
        let criteria = vec![pb::PropertyCriterion { code: code.into(), finding: Finding::NoObjection.into() }];
        let opinion = Some(pb::PropertyOpinion { criteria, ..opinion(Matter::ZoningOpinion, finding) });
        let request = pb::RecordOpinionRequest { name: name.clone(), opinion, ..Default::default() };
        world.properties(&registrar()).record_opinion(request).await.map(Response::into_inner)
    };
    assert_eq!(reason(record(Finding::NoObjection, "beauty").await), "CRITERION_UNKNOWN");
    record(Finding::Objection, "parking-and-transit").await.unwrap();
    assert_eq!(reason(world.complete(&name).await), "ZONING_NOT_CLEARED");
    let cleared = record(Finding::NoObjection, "parking-and-transit").await.unwrap();
    assert_eq!(cleared.opinions.len(), 3, "the latest on each matter");
    assert_eq!(world.complete(&name).await.unwrap().state(), State::Completed);
}

#[tokio::test]
async fn what_a_mission_holds_it_may_sell_and_what_another_holds_it_may_not() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let held = completed(&world, &ours).await;
    let sale = |mission: &str| Property { action: Action::Sale.into(), previous: held.clone(), ..house(mission) };
    assert_eq!(reason(world.note(&registrar(), sale(&theirs)).await), "PROPERTY_UNRELATED");
    assert_eq!(world.note(&registrar(), sale(&ours)).await.unwrap().previous, held);
}

#[tokio::test]
async fn a_property_is_given_up_on_our_order() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = completed(&world, &mission).await;
    let order = |deadline: &str| pb::OrderDivestitureRequest {
        name: name.clone(),
        ground: Ground::Reciprocity.into(),
        deadline_time: Some(registry::timestamp(at(deadline))),
        ..Default::default()
    };
    let mut client = world.properties(&decider());
    assert_eq!(reason(client.order_divestiture(order("2026-05-01T00:00:00Z")).await), "TIMES_IMPLAUSIBLE");
    let ordered = client.order_divestiture(order("2026-11-01T00:00:00Z")).await.unwrap().into_inner();
    assert_eq!(ordered.divestiture.unwrap().ground(), Ground::Reciprocity);
    let request = pb::RecordDivestitureRequest { name, ..Default::default() };
    let given_up = client.record_divestiture(request).await.unwrap().into_inner();
    assert_eq!(given_up.state(), State::Divested);
    assert!(given_up.divestiture.unwrap().done_time.is_some());
}

#[tokio::test]
async fn what_nobody_looks_after_comes_into_custody() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = completed(&world, &mission).await;
    let custody = || pb::TakeIntoCustodyRequest {
        name: name.clone(),
        custodian: "Office of Properties".into(),
        ..Default::default()
    };
    let mut client = world.properties(&decider());
    let severed = |power: &str| serde_json::json!({ "state": "SEVERED", "protectingPower": power, "inCustody": power.is_empty() });
    world.put("missions", &mission, severed("CH")).await;
    assert_eq!(reason(client.take_into_custody(custody()).await), "CUSTODY_NOT_NEEDED", "a third state protects it");
    world.put("missions", &mission, severed("")).await;
    let taken = client.take_into_custody(custody()).await.unwrap().into_inner();
    assert_eq!((taken.state(), taken.custody.unwrap().start_time), (State::VacantCustody, taken.update_time));
    let request = pb::EndCustodyRequest { name, ..Default::default() };
    let back = client.end_custody(request).await.unwrap().into_inner();
    assert_eq!(back.state(), State::Completed);
    assert!(back.custody.unwrap().end_time.is_some());
}

#[tokio::test]
async fn another_use_than_was_approved_is_marked() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = completed(&world, &mission).await;
    let declare = async |declared: Use, commercial_use| {
        let declaration = Some(pb::UseDeclaration { r#use: declared.into(), commercial_use, time: None });
        let request = pb::DeclareUseRequest { name: name.clone(), declaration, ..Default::default() };
        world.properties(&signatory_of("fr")).declare_use(request).await.unwrap().into_inner()
    };
    assert!(!declare(Use::StaffResidence, false).await.use_deviates);
    assert!(declare(Use::StaffResidence, true).await.use_deviates, "part of it is let");
    let last = declare(Use::CulturalOrSchool, false).await;
    assert!(last.use_deviates);
    assert_eq!(last.use_declarations.len(), 3);
}

#[tokio::test]
async fn permits_and_the_tax_are_on_record() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = completed(&world, &mission).await;
    let permit = |kind: &str| pb::PropertyPermit {
        kind: kind.into(),
        authority: "an office".into(),
        number: "B-26-1".into(),
        expire_time: None,
    };
    let local_law = |permits| pb::LocalLaw { permits, property_tax_exempt: true, citation: "VCDR 23".into() };
    for permits in [vec![permit("building")], vec![permit("building"), permit("occupancy")]] {
        let request = pb::RecordLocalLawRequest {
            name: name.clone(),
            local_law: Some(local_law(permits.clone())),
            ..Default::default()
        };
        let property = world.properties(&registrar()).record_local_law(request).await.unwrap().into_inner();
        assert_eq!((property.state(), property.local_law), (State::Completed, Some(local_law(permits))));
    }
}

#[tokio::test]
async fn a_missions_staff_see_their_own_properties_and_not_what_we_think_of_them() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let name = completed(&world, &ours).await;
    let other = world.note(&registrar(), house(&theirs)).await.unwrap().name;
    let staff = signatory_of("fr");
    let page =
        world.properties(&staff).list_properties(pb::ListPropertiesRequest::default()).await.unwrap().into_inner();
    assert_eq!(page.properties.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name.as_str()]);
    assert!(page.properties[0].opinions.is_empty(), "opinions are ours");
    assert_eq!(page.properties[0].counterparty, "Example Estates");
    let request = pb::GetPropertyRequest { name: other.clone(), as_of: None };
    assert_eq!(reason(world.properties(&staff).get_property(request).await), "NOT_FOUND");
    assert_eq!(fields(world.note(&staff, house(&theirs)).await), ["property.mission"]);
    let request = pb::WithdrawPropertyRequest { name: other, ..Default::default() };
    assert_eq!(reason(world.properties(&staff).withdraw_property(request).await), "NOT_FOUND");
    let cleared = Principal { clearance: Clearance::Unclassified, ..registrar() };
    let request = pb::GetPropertyRequest { name, as_of: None };
    let seen = world.properties(&cleared).get_property(request).await.unwrap().into_inner();
    assert!(seen.opinions.is_empty(), "not without the clearance");
    assert_eq!(world.count("outbox where kind = 'properties' and doc::text like '%Example Estates%'").await, 0);
}
