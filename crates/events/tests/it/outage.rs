//! Redis away, Redis back, Redis emptied.

use crate::world::{GROUP, STREAM, World, settings, start};
use chrono::{Duration, Utc};
use events::relay::Relay;
use redis::AsyncCommands as _;
use redis::streams::{StreamInfoConsumersReply, StreamMaxlen};
use testkit::{Proxy, log, until};

#[test]
fn events_wait_while_redis_is_away_and_flow_when_it_returns_and_one_outage_is_told_once() {
    log::story(|log| async move {
        log.expect("a dependency is away");
        let world = World::new().await;
        let proxy = Proxy::to(world.redis.upstream()).await;
        let relay = world.relay_with(&world.redis.url_through(&proxy), settings());
        let consumer = world.consume();
        world.happen("missions/before").await;
        world.all_published().await;
        proxy.refuse();
        for n in 0..5 {
            world.happen(&format!("missions/m{n}")).await;
        }
        until("the outage is told", async || log.has("a dependency is away")).await;
        world.all_sealed().await;
        assert_eq!(
            world.count("select count(*) from outbox where published_at is null and kind = 'missions'").await,
            5
        );
        proxy.heal();
        world.all_published().await;
        world.all_taken_in().await;
        let names = ["before", "m0", "m1", "m2", "m3", "m4"].map(|name| format!("missions/{name}"));
        assert_eq!(world.effects().await, names);
        relay.stop().await;
        consumer.stop().await;
        let told = log.entries().iter().filter(|entry| entry.text.contains("a dependency is away")).count();
        assert_eq!(told, 1);
        assert!(log.has("the dependency is back"));
    });
}

#[test]
fn an_emptied_redis_gets_its_groups_and_its_events_again_and_nothing_happens_twice() {
    log::story(|log| async move {
        log.expect("redis lost events");
        let world = World::new().await;
        let relay = world.relay();
        world.happen("missions/taken-in").await;
        let consumer = world.consume();
        world.all_published().await;
        world.all_taken_in().await;
        consumer.stop().await;
        world.happen("missions/only-published").await;
        world.all_published().await;
        let mut redis = world.own_redis().await;
        let consumer = world.consume();
        until("the consumer reads", async || {
            let members: StreamInfoConsumersReply = redis.xinfo_consumers(STREAM, GROUP).await.unwrap();
            !members.consumers.is_empty()
        })
        .await;
        let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
        world.happen("missions/after").await;
        until("the loss is made good", async || log.has("redis lost events")).await;
        world.all_published().await;
        until("the group is there again", async || {
            redis.exists::<_, bool>(STREAM).await.unwrap()
                && redis.xpending::<_, _, redis::Value>(STREAM, GROUP).await.is_ok()
        })
        .await;
        world.all_taken_in().await;
        let mut effects = world.effects().await;
        effects.sort();
        assert_eq!(effects, ["missions/after", "missions/only-published", "missions/taken-in"]);
        relay.stop().await;
        consumer.stop().await;
    });
}

#[test]
fn a_redis_that_came_back_older_gets_what_it_forgot() {
    log::story(|log| async move {
        log.expect("redis lost events");
        let world = World::new().await;
        for name in ["missions/a", "missions/b", "missions/c"] {
            world.happen(name).await;
        }
        let relay = world.relay();
        world.all_published().await;
        relay.stop().await;
        // As after a restart from a copy taken when only the first event was there.
        let mut redis = world.own_redis().await;
        let first = world.published().await[0].id.clone();
        let head = first.strip_prefix("accreditation:").unwrap();
        let () = redis.xtrim(STREAM, StreamMaxlen::Equals(1)).await.unwrap();
        let () = redis.set(format!("{STREAM}:head"), head).await.unwrap();
        let relay = world.relay();
        until("the loss is told", async || log.has("redis lost events")).await;
        world.all_published().await;
        relay.stop().await;
        let mut names = world.published_names().await;
        names.retain(|name| name != "missions/a");
        assert!(names.ends_with(&["missions/b".into(), "missions/c".into()]), "{names:?}");
    });
}

#[tokio::test]
async fn events_since_an_instant_are_published_again_on_request() {
    let world = World::new().await;
    let relay = world.relay();
    let consumer = world.consume();
    world.happen("missions/old").await;
    world.execute("update outbox set at = at - interval '2 days'").await;
    world.happen("missions/new").await;
    world.all_published().await;
    world.all_taken_in().await;
    relay.stop().await;
    let relay = Relay::new(world.pool().clone(), &world.redis.url, crate::world::SERVICE, settings()).unwrap();
    let running = start(|shutdown| relay.clone().run(shutdown));
    let rows = relay.replay(Utc::now() - Duration::days(1)).await.unwrap();
    assert!(rows > 0);
    world.all_published().await;
    world.all_taken_in().await;
    let names = world.published_names().await;
    assert_eq!(names, ["missions/old", "missions/new", "missions/new"]);
    assert_eq!(world.effects().await, ["missions/old", "missions/new"]);
    running.stop().await;
    consumer.stop().await;
}
