//! Work that is cut off at any point is whole or absent, and can be done again.

use crate::world::{World, asked, creates, embassy, officer, world};
use calendar::{Clock, Length};
use chrono::TimeDelta;
use proto::accreditation::v1::{CreateMissionRequest, ExtendGraceRequest, Member, RequestConsentRequest};
use registry::Call;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// At how many points each piece of work is cut.
const CUTS: usize = 20;

/// Polls the future `polls` times, when it asks for it, and drops it right after the last.
async fn cut<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let mut done = 0;
    poll_fn(|context| {
        let ready = future.as_mut().poll(context).is_ready();
        done += 1;
        if ready || done >= polls { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits until nothing of this test is at work in the database or inside a transaction.
async fn settled(world: &World) {
    let busy = "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'";
    testkit::until("the database is at rest", async || world.count(busy).await == 0).await;
}

/// Every version has its audit row and its event, and every record its last version; all read as of one instant.
async fn assert_whole(world: &World) {
    let apart = "(select where (select count(*) from history) <> (select count(*) from audit)
        or (select count(*) from history) <> (select count(*) from outbox)
        or exists (select from missions m where not exists (
            select from history h where h.name = m.name and h.version = m.version and h.doc = m.doc))) apart";
    assert_eq!(world.count(apart).await, 0);
}

#[tokio::test]
async fn a_create_is_whole_or_absent_and_its_key_makes_it_one() {
    let (world, officer) = (world().await, officer());
    for polls in 1..=CUTS {
        let key = format!("key {polls}");
        let request =
            || CreateMissionRequest { request_id: key.clone(), ..creates(&format!("m{polls}"), embassy("FR")) };
        let create = || world.missions.create(asked(&officer, "MissionService/CreateMission", request()));
        cut(polls, create()).await;
        settled(&world).await;
        assert_whole(&world).await;
        create().await.unwrap();
        assert_eq!(world.count("missions").await, polls as i64);
    }
    assert_whole(&world).await;
}

#[tokio::test]
async fn a_verb_is_whole_or_absent_and_its_key_makes_it_one() {
    let (world, officer) = (world().await, officer());
    for polls in 1..=CUTS {
        let name = world.create(&officer, &format!("m{polls}"), embassy("FR")).await.name;
        let request = RequestConsentRequest { name, request_id: format!("key {polls}"), ..Default::default() };
        let act = || {
            let request = asked(&officer, "MissionService/RequestConsent", request.clone());
            world.missions.act(request, |_, _, _| Ok(()))
        };
        cut(polls, act()).await;
        settled(&world).await;
        assert_whole(&world).await;
        act().await.unwrap();
        assert_eq!(world.count("history").await, 2 * polls as i64);
    }
}

#[tokio::test]
async fn a_timer_that_was_cut_off_fires_once_all_the_same() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    for polls in 1..=CUTS {
        let name = world.notify(&officer, crate::world::secretary("missions/fr")).await.name;
        let grace = "update members set doc = doc || '{\"state\": \"GRACE\"}' where name = $1";
        sqlx::query(grace).bind(&name).execute(&world.db.pool).await.unwrap();
        let request = ExtendGraceRequest { name, ..Default::default() };
        let set = |_: &mut Member, _, call: &mut Call| {
            let clock = Clock::new(call.now(), Length::Exactly(Duration::from_secs(60)));
            call.timers().set("grace", clock);
            Ok(())
        };
        world.members.act(asked(&officer, "MemberService/ExtendGrace", request), set).await.unwrap();
        world.pass(TimeDelta::hours(1));
        cut(polls, world.store.fire_due()).await;
        settled(&world).await;
        world.store.fire_due().await.unwrap();
        assert_eq!(world.count("history where verb = 'expireGrace'").await, polls as i64);
        assert_eq!(world.count("timers").await, 0);
    }
}
