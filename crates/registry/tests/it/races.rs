//! Races between a parent and its children, which a lock decides.

use crate::world::{Missions, World, asked, embassy, officer, reason, secretary, world};
use fault::{Fault, refuse_if};
use proto::accreditation::v1::{CloseRequest, CreateMemberRequest, Member, Mission, Reason, mission::State};
use registry::Reader;
use std::sync::Arc;
use tokio::sync::Notify;
use tonic::{Response, Status};

/// Statements of this test that wait for a lock.
const WAITING: &str = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// An open mission to close and to notify members to.
async fn open_mission(world: &World) -> String {
    let name = world.create(&officer(), "fr", embassy("FR")).await.name;
    let open = "update missions set doc = doc || '{\"state\": \"OPEN\"}'";
    sqlx::query(open).execute(&world.db.pool).await.unwrap();
    name
}

/// Notifies a member, reading the mission in one of two ways, and stopping before the write until told to go on.
async fn notify(world: &World, share: bool, read: Arc<Notify>, go_on: Arc<Notify>) -> Result<Response<Member>, Status> {
    let request = CreateMemberRequest { member: Some(secretary("missions/fr")), ..Default::default() };
    let gather = async |reader: &mut Reader<'_>, member: &Member| {
        let mission: Option<Mission> =
            if share { reader.share(&member.mission).await? } else { world.missions.load(&member.mission).await? };
        read.notify_one();
        go_on.notified().await;
        Ok(mission)
    };
    let admit = |_: &mut Member, mission: Option<Mission>, _: &mut registry::Call| {
        let receiving = mission.is_some_and(|mission| mission.state() == State::Open);
        refuse_if(!receiving, Reason::MissionNotReceiving, "the mission does not receive members")
    };
    world.members.create_with(asked(&officer(), "MemberService/CreateMember", request), gather, admit).await
}

/// Closes the mission, if it has no members.
async fn close(world: &World) -> Result<Response<Mission>, Status> {
    let request = CloseRequest { name: "missions/fr".into(), ..Default::default() };
    let gather = async |reader: &mut Reader<'_>, mission: &Mission, _: &CloseRequest| {
        reader.exists::<Member>(&[("mission", &[&mission.name])]).await
    };
    let verb = |_: &mut Mission, _, has_members, _: &mut registry::Call| -> Result<(), Fault> {
        refuse_if(has_members, Reason::MissionHasMembers, "it has members")
    };
    world.missions.act_with(asked(&officer(), "MissionService/Close", request), gather, verb).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_parent_cannot_close_while_a_child_is_made() {
    let world = world().await;
    open_mission(&world).await;
    let (read, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let closing = async {
        read.notified().await;
        let closing = close(&world);
        let waiting = async {
            testkit::until("the closure waits for the lock", async || world.count(WAITING).await > 0).await;
            go_on.notify_one();
        };
        tokio::join!(closing, waiting).0
    };
    let (notified, closed) = tokio::join!(notify(&world, true, Arc::clone(&read), Arc::clone(&go_on)), closing);
    notified.unwrap();
    assert_eq!(reason(closed), "MISSION_HAS_MEMBERS");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_share_both_succeed_which_is_why_there_is_one() {
    let world = world().await;
    open_mission(&world).await;
    let (read, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let closing = async {
        read.notified().await;
        let closed = close(&world).await;
        go_on.notify_one();
        closed
    };
    let (notified, closed) = tokio::join!(notify(&world, false, Arc::clone(&read), Arc::clone(&go_on)), closing);
    notified.unwrap();
    closed.unwrap();
    let registry: &registry::Registry<Missions> = &world.missions;
    assert_eq!(registry.load("missions/fr").await.unwrap().unwrap().state(), State::Closing);
    assert_eq!(world.count("members").await, 1, "a member of a mission that closed without members");
}

/// A gRPC service answers from futures that move between threads.
fn movable<F: Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn every_method_can_be_answered_from_any_thread() {
    let world = world().await;
    open_mission(&world).await;
    movable(close(&world)).await.unwrap();
    movable(world.get(&officer(), "missions/fr")).await.unwrap();
}
