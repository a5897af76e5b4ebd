//! One effect per event: duplicates, two consumers at once, failures in between.

use crate::world::{World, consume, consumer_settings, note, start};
use events::{Consumer, Event};
use futures::FutureExt as _;
use pg::Tx;
use redis::AsyncCommands as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::{Proxy, log, until};
use tokio::sync::Barrier;

#[tokio::test]
async fn an_event_that_comes_twice_has_one_effect() {
    let world = World::new().await;
    let relay = world.relay();
    world.happen("missions/a").await;
    world.all_published().await;
    world.execute("update outbox set published_at = null").await;
    world.all_published().await;
    assert_eq!(world.published_names().await, ["missions/a", "missions/a"]);
    let consumer = world.consume();
    world.all_taken_in().await;
    assert_eq!(world.effects().await, ["missions/a"]);
    relay.stop().await;
    consumer.stop().await;
}

#[tokio::test]
async fn two_members_that_hold_the_same_event_at_once_make_one_effect() {
    let world = World::new().await;
    let relay = world.relay();
    world.happen("missions/a").await;
    world.all_published().await;
    world.execute("update outbox set published_at = null where kind = 'missions'").await;
    world.all_published().await;
    relay.stop().await;
    // The first to have noted the event in its inbox waits until the other asks for the same row.
    let handled = Arc::new(AtomicU32::new(0));
    let waits = "select count(*) from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like 'insert into inbox%'";
    let member = || {
        let (handled, pool) = (Arc::clone(&handled), world.pool().clone());
        let settings = events::ConsumerSettings { batch: 1, ..consumer_settings() };
        let consumer = world.consumer().with(settings);
        start(move |shutdown| {
            let handler = move |tx: &mut Tx, event: &Event| {
                let (handled, pool, event) = (Arc::clone(&handled), pool.clone(), event.clone());
                let is_record = event.kind == "missions";
                async move {
                    if is_record {
                        handled.fetch_add(1, Ordering::SeqCst);
                        until("the other member waits at the inbox", async || {
                            sqlx::query_scalar::<_, i64>(waits).fetch_one(&pool).await.unwrap() == 1
                        })
                        .await;
                    }
                    note(tx, &event).await
                }
                .boxed()
            };
            consumer.run(handler, shutdown)
        })
    };
    let (first, second) = (member(), member());
    world.all_taken_in().await;
    assert_eq!(handled.load(Ordering::SeqCst), 1);
    assert_eq!(world.effects().await, ["missions/a"]);
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_handler_that_fails_once_leaves_nothing_behind_and_is_tried_again() {
    let world = World::new().await;
    let relay = world.relay();
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let consumer = world.consumer();
    let consumer = start(move |shutdown| {
        let handler = move |tx: &mut Tx, event: &Event| {
            let (counted, event) = (Arc::clone(&counted), event.clone());
            async move {
                note(tx, &event).await?;
                match counted.fetch_add(u32::from(event.kind == "missions"), Ordering::SeqCst) {
                    0 if event.kind == "missions" => Err("not yet".into()),
                    _ => Ok(()),
                }
            }
            .boxed()
        };
        consumer.run(handler, shutdown)
    });
    world.happen("missions/a").await;
    world.all_published().await;
    world.all_taken_in().await;
    assert_eq!(world.effects().await, ["missions/a"], "the failed try was rolled back");
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    relay.stop().await;
    consumer.stop().await;
}

#[test]
fn an_event_waits_while_the_database_is_away_however_long_and_is_not_put_in_the_dead_letters() {
    log::story(|log| async move {
        log.expect("a dependency is away");
        let world = World::new().await;
        let proxy = Proxy::to(world.db.upstream()).await;
        let settings = events::ConsumerSettings { tries: 1, ..consumer_settings() };
        let through = world.db.pool_through(&proxy);
        let consumer = Consumer::new(through, &world.redis.url, crate::world::GROUP, &[crate::world::SERVICE]).unwrap();
        let relay = world.relay();
        proxy.refuse();
        let consumer = consume(consumer.with(settings));
        world.happen("missions/a").await;
        until("the outage is told", async || log.has("a dependency is away")).await;
        proxy.heal();
        world.all_published().await;
        world.all_taken_in().await;
        assert_eq!(world.effects().await, ["missions/a"]);
        relay.stop().await;
        consumer.stop().await;
    });
}

#[tokio::test]
async fn a_connection_that_breaks_under_the_handler_costs_no_try() {
    let world = World::new().await;
    let relay = world.relay();
    let met = Arc::new(Barrier::new(2));
    let reached = Arc::clone(&met);
    let first = Arc::new(AtomicU32::new(0));
    let consumer = world.consumer().with(events::ConsumerSettings { tries: 1, ..consumer_settings() });
    let consumer = start(move |shutdown| {
        let handler = move |tx: &mut Tx, event: &Event| {
            let (reached, first, event) = (Arc::clone(&reached), Arc::clone(&first), event.clone());
            async move {
                if event.kind == "missions" && first.fetch_add(1, Ordering::SeqCst) == 0 {
                    reached.wait().await;
                    reached.wait().await;
                }
                note(tx, &event).await
            }
            .boxed()
        };
        consumer.run(handler, shutdown)
    });
    world.happen("missions/a").await;
    met.wait().await;
    world
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and state = 'idle in transaction'",
        )
        .await;
    met.wait().await;
    world.all_published().await;
    world.all_taken_in().await;
    assert_eq!(world.effects().await, ["missions/a"]);
    let dead: usize = world.own_redis().await.xlen(events::dead_letters(crate::world::GROUP)).await.unwrap();
    assert_eq!(dead, 0);
    relay.stop().await;
    consumer.stop().await;
}
