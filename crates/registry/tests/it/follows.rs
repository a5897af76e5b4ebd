//! Consequences: one act that changes many records, whole or not at all, whoever else is at work on them.

use crate::world::{Members, World, asked, embassy, officer, reason, secretary, world};
use calendar::{Clock, Length};
use chrono::TimeDelta;
use fault::{Fault, refuse_if};
use proto::accreditation::v1::{
    Category, CreateMemberRequest, Member, Mission, Reason, SeverRequest, TerminateRequest, member::State,
};
use registry::{Call, Held, Reader};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

const HOUR: Duration = Duration::from_secs(3599);
const IN_FUNCTIONS: [&str; 3] = ["NOTIFIED", "ACCREDITED", "CHANGE_REVIEW"];
const STAFF: [&str; 1] = ["DIPLOMATIC_STAFF"];
const DEPENDANTS: [&str; 1] = ["FAMILY_MEMBER"];

/// An open mission with so many members, every second one the child of the one before it.
async fn mission_of(world: &World, members: i32) {
    let officer = officer();
    world.create(&officer, "fr", embassy("FR")).await;
    run(world, "update missions set doc = doc || '{\"state\": \"OPEN\"}'").await;
    let first = world.notify(&officer, secretary("missions/fr")).await.name;
    // Children's names sort before their parents'. What is sealed of one member opens for no other.
    let text = "insert into members (name, uid, version, doc, created_at, updated_at)
        select n, gen_random_uuid(), 1, (doc - 'sealed' - 'blind') || jsonb_build_object('name', n, 'state', 'ACCREDITED', 'category',
                case when i % 2 = 0 then 'FAMILY_MEMBER' else 'DIPLOMATIC_STAFF' end, 'principal',
                case when i % 2 = 0 then 'members/p' || i - 1 else '' end), created_at, updated_at
        from members, generate_series(1, $2) i,
            lateral (select 'members/' || (case when i % 2 = 0 then 'c' else 'p' end) || i as n) n where name = $1";
    sqlx::query(text).bind(&first).bind(members).execute(&world.db.pool).await.unwrap();
    sqlx::query("delete from members where name = $1").bind(&first).execute(&world.db.pool).await.unwrap();
    run(world, "delete from history where kind = 'members'").await;
    run(world, "delete from audit where name like 'members/%'").await;
    run(world, "delete from outbox where kind = 'members'").await;
}

async fn run(world: &World, text: &'static str) {
    sqlx::query(text).execute(&world.db.pool).await.unwrap();
}

/// All of a mission in functions: principals before their dependants, each by name.
async fn everyone(reader: &mut Reader<'_>, mission: &Mission, _: &SeverRequest) -> Result<Vec<Held<Members>>, Fault> {
    let of = |categories| {
        [("mission", [mission.name.as_str()].to_vec()), ("category", categories), ("state", IN_FUNCTIONS.to_vec())]
    };
    let mut held = Vec::new();
    for categories in [STAFF.to_vec(), DEPENDANTS.to_vec()] {
        let fields = of(categories);
        let fields: Vec<_> = fields.iter().map(|(field, values)| (*field, values.as_slice())).collect();
        held.extend(reader.hold(&fields).await?);
    }
    Ok(held)
}

fn sever_all(_: &mut Mission, _: SeverRequest, members: Vec<Held<Members>>, call: &mut Call) -> Result<(), Fault> {
    for member in members {
        call.follow(member, "endWithMission", end)?;
    }
    Ok(())
}

fn end(member: &mut Member, call: &mut Call) -> Result<(), Fault> {
    refuse_if(member.title == "stubborn", Reason::GraceOver, "not now")?;
    member.set_state(State::Grace);
    member.termination_time = Some(call.timestamp());
    let clock = Clock::new(call.now(), Length::Exactly(HOUR));
    call.timers().set("grace", clock);
    Ok(())
}

fn severance(request_id: &str) -> Request<SeverRequest> {
    let request = SeverRequest {
        name: "missions/fr".into(),
        request_id: request_id.into(),
        reason: "note 7/26".into(),
        ..Default::default()
    };
    asked(&officer_named(), "MissionService/Sever", request)
}

fn officer_named() -> identity::Principal {
    identity::Principal { subject: "people/decider".into(), ..officer() }
}

async fn sever(world: &World) -> Result<Response<Mission>, Status> {
    world.missions.act_with(severance(""), everyone, sever_all).await
}

/// The principal's household, for the end of the principal's functions.
async fn household(
    reader: &mut Reader<'_>,
    member: &Member,
    _: &TerminateRequest,
) -> Result<Vec<Held<Members>>, Fault> {
    reader.hold(&[("principal", &[member.name.as_str()]), ("state", &IN_FUNCTIONS)]).await
}

fn terminate_all(
    member: &mut Member,
    _: TerminateRequest,
    kin: Vec<Held<Members>>,
    call: &mut Call,
) -> Result<(), Fault> {
    member.set_state(State::Grace);
    for member in kin {
        call.follow(member, "endWithPrincipal", end)?;
    }
    Ok(())
}

fn termination(name: &str) -> Request<TerminateRequest> {
    let request = TerminateRequest { name: name.into(), cause: 1, ..Default::default() };
    asked(&officer(), "MemberService/Terminate", request)
}

#[tokio::test]
async fn one_act_changes_two_thousand_records_with_all_that_goes_with_each() {
    let world = world().await;
    mission_of(&world, 2_000).await;
    let mission = sever(&world).await.unwrap().into_inner();
    let step = "verb = 'endWithMission' and actor = 'people/decider'";
    let caused = format!(
        "history where {step} and version = 2 and cause = 'missions/fr@2' and reason like '%VCDR art. 39.2, 44, 45%'"
    );
    assert_eq!(world.count(&caused).await, 2_000);
    assert_eq!(world.count(&format!("outbox where {step} and version = 2")).await, 2_000);
    let noted = "audit where actor = 'people/decider' and method like '%/Sever' and outcome = 'OK'";
    assert_eq!(world.count(noted).await, 2_001);
    assert_eq!(world.count("timers where timer = 'grace' and kind = 'members' and due_at is not null").await, 2_000);
    assert_eq!(world.count("members where state = 'GRACE' and version = 2").await, 2_000);
    assert_eq!(world.count("(select distinct tx from history where cause is not null or verb = 'sever') t").await, 1);
    let member = world.members.load("members/c2").await.unwrap().unwrap();
    assert_eq!(member.termination_time, mission.update_time, "one instant for all");
    assert_eq!(registry::version(&member.etag), Some(2));
}

#[tokio::test]
async fn what_one_of_many_refuses_nobody_does() {
    let world = world().await;
    mission_of(&world, 4).await;
    run(&world, "update members set doc = doc || '{\"title\": \"stubborn\"}' where name = 'members/p3'").await;
    assert_eq!(reason(sever(&world).await), "GRACE_OVER");
    assert_eq!(world.count("members where state = 'ACCREDITED' and version = 1").await, 4);
    assert_eq!(world.count("missions where state = 'OPEN'").await, 1);
    assert_eq!(world.count("history where verb <> 'create'").await, 0);
    assert_eq!(world.count("timers").await, 0);
}

#[tokio::test]
async fn a_consequence_has_its_own_and_each_names_its_cause() {
    let world = world().await;
    mission_of(&world, 2).await;
    let verb = |_: &mut Mission, _: SeverRequest, mut members: Vec<Held<Members>>, call: &mut Call| {
        let (child, parent) = (members.remove(1), members.remove(0));
        assert_eq!((child.name.as_str(), parent.name.as_str()), ("members/c2", "members/p1"));
        call.follow(parent, "endWithMission", |parent, call| {
            end(parent, call)?;
            call.follow(child, "endWithPrincipal", end)
        })
    };
    world.missions.act_with(severance(""), everyone, verb).await.unwrap();
    assert_eq!(world.count("history where name = 'members/p1' and cause = 'missions/fr@2'").await, 1);
    assert_eq!(world.count("history where name = 'members/c2' and cause = 'members/p1@2'").await, 1);
    assert_eq!(world.count("members where state = 'GRACE'").await, 2);
}

#[tokio::test]
async fn a_change_makes_another_record_which_begins_as_a_callers_would() {
    let world = world().await;
    mission_of(&world, 0).await;
    let nobody = async |_: &mut Reader<'_>, _: &Mission, _: &SeverRequest| Ok(());
    let verb = |mission: &mut Mission, _: SeverRequest, (), call: &mut Call| {
        let name = call.open::<Members>(secretary("missions/fr"), |member, call| {
            let clock = Clock::new(call.now(), Length::Exactly(HOUR));
            call.timers().set("grace", clock);
            member.title = "Caretaker".into();
            Ok(())
        })?;
        mission.phone = name;
        Ok(())
    };
    let mission = world.missions.act_with(severance("k"), nobody, verb).await.unwrap().into_inner();
    let member = world.members.load(&mission.phone).await.unwrap().unwrap();
    assert_eq!((member.state(), member.title.as_str()), (State::Notified, "Caretaker"));
    assert_eq!((registry::version(&member.etag), member.create_time), (Some(1), mission.update_time));
    let made = format!("where name = '{}' and version = 1 and verb = 'create'", member.name);
    let caused = "and cause = 'missions/fr@2' and actor = 'people/decider' and reason = 'note 7/26'";
    assert_eq!(world.count(&format!("history {made} {caused}")).await, 1);
    assert_eq!(world.count(&format!("outbox {made}")).await, 1);
    assert_eq!(world.count(&format!("audit where name = '{}' and method like '%/Sever'", member.name)).await, 1);
    assert_eq!(world.count(&format!("timers where name = '{}' and timer = 'grace'", member.name)).await, 1);
    let again = world.missions.act_with(severance("k"), nobody, verb).await.unwrap().into_inner();
    assert_eq!((again, world.count("members").await), (mission, 1), "a request sent again makes it once");
}

#[tokio::test]
async fn a_record_that_may_not_be_made_undoes_the_change_that_made_it() {
    let world = world().await;
    mission_of(&world, 0).await;
    let nobody = async |_: &mut Reader<'_>, _: &Mission, _: &SeverRequest| Ok(());
    let nowhere = |_: &mut Mission, _: SeverRequest, (), call: &mut Call| {
        call.open::<Members>(secretary("missions/nowhere"), |_, _| Ok(())).map(drop)
    };
    assert_eq!(reason(world.missions.act_with(severance(""), nobody, nowhere).await), "BROKEN_REFERENCE");
    let refused = |_: &mut Mission, _: SeverRequest, (), call: &mut Call| {
        let admit = |_: &mut Member, _: &mut Call| refuse_if(true, Reason::GraceOver, "not now");
        call.open::<Members>(secretary("missions/fr"), admit).map(drop)
    };
    assert_eq!(reason(world.missions.act_with(severance(""), nobody, refused).await), "GRACE_OVER");
    assert_eq!(world.count("missions where state = 'OPEN'").await, 1);
    assert_eq!(world.count("members").await, 0);
}

#[tokio::test]
async fn a_timer_has_consequences_and_they_wake_the_timers() {
    let world = world().await;
    mission_of(&world, 2).await;
    let verb = |member: &mut Member, _: TerminateRequest, call: &mut Call| {
        member.set_state(State::Grace);
        let clock = Clock::new(call.now(), Length::Exactly(HOUR));
        call.timers().set("grace", clock);
        Ok(())
    };
    world.members.act(termination("members/p1"), verb).await.unwrap();
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 1);
    let followed = "history where name = 'members/c2' and verb = 'endWithPrincipal' and cause = 'members/p1@3'";
    assert_eq!(world.count(&format!("{followed} and actor = 'timers/grace'")).await, 1);
    let child = async || world.members.load("members/c2").await.unwrap().unwrap().state();
    assert_eq!(child().await, State::Ended);
}

#[tokio::test]
async fn a_request_sent_again_has_its_consequences_once() {
    let world = world().await;
    mission_of(&world, 4).await;
    let first = world.missions.act_with(severance("k"), everyone, sever_all).await.unwrap().into_inner();
    let again = world.missions.act_with(severance("k"), everyone, sever_all).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!(world.count("history where verb = 'endWithMission'").await, 4);
}

#[tokio::test]
async fn mistakes_of_a_verb_change_nothing() {
    let world = world().await;
    mission_of(&world, 2).await;
    let all = async |reader: &mut Reader<'_>, _: &Mission, _: &SeverRequest| {
        let (first, again) = (reader.hold::<Members>(&[]).await?, reader.hold::<Members>(&[]).await?);
        Ok((first, again))
    };
    type Both = (Vec<Held<Members>>, Vec<Held<Members>>);
    let twice = |_: &mut Mission, _: SeverRequest, (first, again): Both, call: &mut Call| {
        first.into_iter().chain(again).try_for_each(|member| call.follow(member, "endWithMission", end))
    };
    assert_eq!(reason(world.missions.act_with(severance(""), all, twice).await), "INTERNAL");
    let unknown = |_: &mut Mission, _: SeverRequest, (first, _): Both, call: &mut Call| {
        first.into_iter().try_for_each(|member| call.follow(member, "expireGrace", end))
    };
    assert_eq!(reason(world.missions.act_with(severance(""), all, unknown).await), "INTERNAL", "a timer's verb");
    run(&world, "update members set doc = doc || '{\"state\": \"ENDED\"}'").await;
    let over = |_: &mut Mission, _: SeverRequest, (first, _): Both, call: &mut Call| {
        first.into_iter().try_for_each(|member| call.follow(member, "endWithMission", end))
    };
    assert_eq!(reason(world.missions.act_with(severance(""), all, over).await), "INTERNAL", "not in this state");
    assert_eq!(world.count("members where version = 1").await, 2);
    assert_eq!(world.count("missions where version = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_breaks_of_relations_at_once_one_ends_each_member() {
    let world = world().await;
    mission_of(&world, 40).await;
    let (one, other) = tokio::join!(sever(&world), sever(&world));
    let refused = if one.is_ok() { other } else { one };
    assert_eq!(reason(refused), "WRONG_STATE");
    assert_eq!(world.count("history where verb = 'endWithMission'").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_notified_while_the_mission_is_severed_ends_with_it() {
    let world = world().await;
    mission_of(&world, 2).await;
    let (read, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let request = CreateMemberRequest { member: Some(secretary("missions/fr")), ..Default::default() };
    let gather = async |reader: &mut Reader<'_>, member: &Member| {
        reader.lock::<Mission>(&member.mission).await?;
        read.notify_one();
        go_on.notified().await;
        Ok(())
    };
    let notifying = world.members.create_with(
        asked(&officer(), "MemberService/CreateMember", request),
        gather,
        |_: &mut Member, (), _: &mut Call| Ok(()),
    );
    let severing = async {
        read.notified().await;
        let waiting = async {
            testkit::until("the break waits for the lock", async || waiting(&world).await > 0).await;
            go_on.notify_one();
        };
        tokio::join!(sever(&world), waiting).0
    };
    let (notified, severed) = tokio::join!(notifying, severing);
    notified.unwrap();
    severed.unwrap();
    assert_eq!(world.count("members where state = 'GRACE'").await, 3, "nobody was passed over");
}

/// Statements of this test that wait for a lock.
async fn waiting(world: &World) -> i64 {
    world.count("pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").await
}

/// A principal's functions end while the mission is severed: the household is locked in two orders unless both go from
/// the top down. How often one of the two had to begin again.
async fn sever_and_terminate(
    world: &World,
    everyone: impl AsyncFn(&mut Reader<'_>, &Mission) -> Result<Vec<Held<Members>>, Fault>,
) -> usize {
    let gathered = AtomicUsize::new(0);
    let (read, go_on) = (Notify::new(), Notify::new());
    let slowly = async |reader: &mut Reader<'_>, member: &Member, request: &TerminateRequest| {
        if gathered.fetch_add(1, Ordering::SeqCst) == 0 {
            read.notify_one();
            go_on.notified().await;
        }
        household(reader, member, request).await
    };
    let counted = async |reader: &mut Reader<'_>, mission: &Mission, _: &SeverRequest| {
        gathered.fetch_add(1, Ordering::SeqCst);
        everyone(reader, mission).await
    };
    let terminating = world.members.act_with(termination("members/p1"), slowly, terminate_all);
    let severing = async {
        read.notified().await;
        let waiting = async {
            testkit::until("the break waits for the principal", async || waiting(world).await > 0).await;
            go_on.notify_one();
        };
        tokio::join!(world.missions.act_with(severance(""), counted, sever_all), waiting).0
    };
    let (terminated, severed) = tokio::join!(terminating, severing);
    severed.unwrap();
    // The principal was locked before the break began. So if there are no functions left to end, PostgreSQL ended this one of
    // the two, and the break went first; which of the two it ends is not ours to say.
    let overtaken = terminated.is_err();
    assert!(!overtaken || reason(terminated) == "WRONG_STATE");
    assert_eq!(world.count("members where state = 'GRACE'").await, 4);
    assert_eq!(world.count("history where verb in ('endWithMission', 'endWithPrincipal', 'terminate')").await, 4);
    gathered.into_inner() - 2 + usize::from(overtaken)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_top_down_no_two_acts_wait_for_each_other() {
    let world = world().await;
    mission_of(&world, 4).await;
    let down =
        async |reader: &mut Reader<'_>, mission: &Mission| everyone(reader, mission, &SeverRequest::default()).await;
    assert_eq!(sever_and_terminate(&world, down).await, 0, "neither had to begin again");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_another_order_they_do_and_one_begins_again() {
    let world = world().await;
    mission_of(&world, 4).await;
    let by_name = async |reader: &mut Reader<'_>, mission: &Mission| {
        reader.hold(&[("mission", &[mission.name.as_str()]), ("state", &IN_FUNCTIONS)]).await
    };
    assert_eq!(sever_and_terminate(&world, by_name).await, 1, "the deadlock was found and mended");
}

#[tokio::test]
async fn a_rehearsal_says_what_would_be_and_neither_writes_nor_waits() {
    let world = world().await;
    mission_of(&world, 4).await;
    let mut held = pg::begin(&world.db.pool).await.unwrap();
    sqlx::query("select from members for update").execute(&mut *held).await.unwrap();
    let foreseen = world.missions.rehearse(severance(""), everyone, sever_all).await.unwrap();
    held.rollback().await.unwrap();
    let names: Vec<_> = foreseen.follows.iter().map(|follow| (follow.name.as_str(), follow.verb.as_str())).collect();
    let expected = ["members/p1", "members/p3", "members/c2", "members/c4"].map(|name| (name, "endWithMission"));
    assert_eq!(names, expected);
    let member = foreseen.follows[0].record::<Member>().unwrap().unwrap();
    assert_eq!(member.state(), State::Grace);
    assert_eq!(member.category(), Category::DiplomaticStaff);
    assert!(foreseen.follows[0].record::<Mission>().unwrap().is_none());
    assert_eq!(world.count("members where version = 1").await, 4);
    assert_eq!(world.count("history where verb = 'sever'").await, 0);
    sever(&world).await.unwrap();
    let again = world.missions.rehearse(severance(""), everyone, sever_all).await;
    assert_eq!(again.unwrap_err().reason(), "WRONG_STATE", "a rehearsal is refused as the act is");
}
