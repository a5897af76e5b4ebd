//! Records that many want at once: decided in the order of asking, written together, never more than there is room for.

use crate::world::{World, asked, embassy, officer, secretary, world};
use calendar::{Clock, Length};
use fault::{Fault, refuse_if};
use futures::future::join_all;
use identity::Principal;
use proto::accreditation::v1::{CreateMemberRequest, Member, Reason};
use registry::{Call, Keep, Queue, Queued, Reader, Visible};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tokio::sync::Barrier;

/// How many members a mission may have.
const ROOM: i64 = 5;

type Rooms = BTreeMap<String, i64>;

async fn rooms(reader: &mut Reader<'_>, members: &[&Member]) -> Result<Rooms, Fault> {
    let mut rooms = Rooms::new();
    for member in members {
        if !rooms.contains_key(&member.mission) {
            let there = reader.count::<Member>(&[("mission", &[member.mission.as_str()])]).await?;
            rooms.insert(member.mission.clone(), ROOM - there);
        }
    }
    Ok(rooms)
}

fn admit_to(rooms: &mut Rooms, member: &Member, call: &mut Call) -> Result<(), Fault> {
    let room = rooms.entry(member.mission.clone()).or_default();
    refuse_if(*room == 0, Reason::GraceOver, "the mission has no room left")?;
    let day = Clock::new(call.now(), Length::Days(1));
    call.timers().set("grace", day);
    *room -= 1;
    Ok(())
}

/// Members of missions that have room for so many.
struct Roomy;

impl Keep for Roomy {
    type Record = Member;

    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }
}

impl Queued for Roomy {
    type Facts = Rooms;

    fn alone(member: &Member) -> Vec<String> {
        vec![member.mission.clone()]
    }

    async fn gather(reader: &mut Reader<'_>, members: &[&Member]) -> Result<Rooms, Fault> {
        rooms(reader, members).await
    }

    fn decide(member: &mut Member, rooms: &mut Rooms, call: &mut Call) -> Result<(), Fault> {
        admit_to(rooms, member, call)?;
        assert!(member.family_name != "Person stubborn", "this rule panics");
        Ok(())
    }
}

/// The same by a rule that names no word. Two that decide at once have both read before either writes.
struct Careless;

static BOTH_HAVE_READ: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

impl Keep for Careless {
    type Record = Member;

    fn visible(_: &Principal) -> Visible {
        Visible::All
    }
}

impl Queued for Careless {
    type Facts = Rooms;

    fn alone(_: &Member) -> Vec<String> {
        Vec::new()
    }

    async fn gather(reader: &mut Reader<'_>, members: &[&Member]) -> Result<Rooms, Fault> {
        let rooms = rooms(reader, members).await;
        BOTH_HAVE_READ.wait().await;
        rooms
    }

    fn decide(member: &mut Member, rooms: &mut Rooms, call: &mut Call) -> Result<(), Fault> {
        admit_to(rooms, member, call)
    }
}

async fn wants<K: Queued<Record = Member>>(
    queue: &Queue<K>,
    by: &Principal,
    id: &str,
    key: &str,
    mission: &str,
) -> String {
    let member = Member { family_name: format!("Person {id}"), ..secretary(mission) };
    let request = CreateMemberRequest { member: Some(member), member_id: id.into(), request_id: key.into() };
    match queue.create(asked(by, "MemberService/CreateMember", request)).await {
        Ok(made) => made.into_inner().name,
        Err(refused) => Fault::from(&refused).reason().to_owned(),
    }
}

/// A mission with so many members.
async fn mission(world: &World, id: &str, members: usize) -> String {
    let name = world.create(&officer(), id, embassy("FR")).await.name;
    for n in 0..members {
        world.notify(&officer(), Member { family_name: format!("Member {n}"), ..secretary(&name) }).await;
    }
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_as_many_are_made_as_there_is_room_for_each_with_all_that_goes_with_it() {
    let world = world().await;
    let missions = [mission(&world, "a", 0).await, mission(&world, "b", 2).await, mission(&world, "c", 5).await];
    let elsewhere = world.elsewhere().await.0;
    let queues = [Queue::<Roomy>::new(&world.store.keep()), Queue::new(&elsewhere.keep())];
    let (by, before) = (officer(), world.count("members").await);
    let ids: Vec<_> = (0..60).map(|n| format!("m{n}")).collect();
    let answers = join_all((0..60).map(|n| wants(&queues[n % 2], &by, &ids[n], "", &missions[n % 3]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("members/")).count(), 8);
    assert_eq!(answers.iter().filter(|answer| *answer == "GRACE_OVER").count(), 52);
    assert_eq!(world.count("members").await - before, 8);
    for table in
        ["history where kind = 'members'", "outbox where kind = 'members'", "data_keys where record like 'members/%'"]
    {
        assert_eq!(world.count(table).await - before, 8, "{table}");
    }
    assert_eq!(world.count("audit where name like 'members/m%' and outcome = 'OK'").await, 8);
    assert_eq!(world.count("timers where timer = 'grace'").await, 8);
    let together = "(select from history where name like 'members/m%' group by tx having count(*) > 1) as t";
    assert!(world.count(together).await > 0, "none were written together");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_fill_the_last_place_once_and_twice_if_the_rule_names_no_word() {
    let world = world().await;
    let (guarded, unguarded) = (mission(&world, "a", 4).await, mission(&world, "b", 4).await);
    let (elsewhere, by) = (world.elsewhere().await.0, officer());
    let queues = [Queue::<Roomy>::new(&world.store.keep()), Queue::new(&elsewhere.keep())];
    let answers = [wants(&queues[0], &by, "m1", "", &guarded), wants(&queues[1], &by, "m2", "", &guarded)];
    let answers = join_all(answers).await;
    assert_eq!(answers.iter().filter(|answer| *answer == "GRACE_OVER").count(), 1, "{answers:?}");
    let queues = [Queue::<Careless>::new(&world.store.keep()), Queue::new(&elsewhere.keep())];
    let answers = [wants(&queues[0], &by, "m3", "", &unguarded), wants(&queues[1], &by, "m4", "", &unguarded)];
    assert_eq!(join_all(answers).await, ["members/m3", "members/m4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_takes_no_room_and_gets_the_first_answer_even_when_it_is_full() {
    let world = world().await;
    let (mission, by) = (mission(&world, "a", 0).await, officer());
    let queue = Queue::<Roomy>::new(&world.store.keep());
    let first = wants(&queue, &by, "", "k", &mission).await;
    // One more opens a transaction of its own; the repetitions wait behind it with four who want what is left.
    let ids = ["m1", "m2", "m3", "m4"];
    let again = (0..20).map(|_| wants(&queue, &by, "", "k", &mission));
    let (again, others) =
        tokio::join!(join_all(again), join_all(ids.iter().map(|id| wants(&queue, &by, id, "", &mission))));
    assert!(again.iter().all(|answer| *answer == first), "{first}: {again:?}");
    assert_eq!(others, ["members/m1", "members/m2", "members/m3", "members/m4"]);
    assert_eq!(wants(&queue, &by, "m5", "", &mission).await, "GRACE_OVER");
    assert_eq!(wants(&queue, &by, "", "k", &mission).await, first);
    assert_eq!(wants(&queue, &by, "m5", "k", &mission).await, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_request_breaks_harms_no_other_and_takes_no_room() {
    let world = world().await;
    let (mission, by) = (mission(&world, "a", 0).await, officer());
    let bound = Principal { mission: Some("missions/b".into()), ..officer() };
    let queue = Queue::<Roomy>::new(&world.store.keep());
    let wanted = [
        (&by, "m1", &*mission),
        (&by, "m2", &*mission),
        // A name that is taken, a mission that there is none of, a mission that the caller could not see.
        (&by, "m2", &*mission),
        (&by, "m3", "missions/none"),
        (&bound, "m4", &*mission),
        (&by, "m5", &*mission),
        (&by, "m6", &*mission),
        (&by, "m7", &*mission),
    ];
    let answers = join_all(wanted.map(|(by, id, mission)| wants(&queue, by, id, "", mission))).await;
    let expected = [
        "members/m1",
        "members/m2",
        "ALREADY_EXISTS",
        "BROKEN_REFERENCE",
        "PERMISSION_DENIED",
        "members/m5",
        "members/m6",
        "members/m7",
    ];
    assert_eq!(answers, expected);
    assert_eq!(world.count("members").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_panics_over_one_request_harms_no_other_and_the_queue_goes_on() {
    let world = world().await;
    let (mission, by) = (mission(&world, "a", 0).await, officer());
    let queue = Queue::<Roomy>::new(&world.store.keep());
    let together = ["m1", "stubborn", "m2", "m3"].map(|id| wants(&queue, &by, id, "", &mission));
    // The first opens a transaction of its own, the others wait behind it together.
    assert_eq!(join_all(together).await, ["members/m1", "INTERNAL", "members/m2", "members/m3"]);
    assert_eq!(wants(&queue, &by, "stubborn", "", &mission).await, "INTERNAL");
    assert_eq!(wants(&queue, &by, "m4", "", &mission).await, "members/m4");
    assert_eq!(wants(&queue, &by, "m5", "", &mission).await, "members/m5", "the panics have taken no room");
}
