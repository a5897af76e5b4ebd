//! One effect per event: duplicates, two consumers at once, failures in between.

use crate::world::{GROUP, Gated, Note, SERVICE, World, consume, consumer_settings, start};
use events::{Consumer, ConsumerSettings, Event, Handler, HandlerError};
use pg::Tx;
use redis::AsyncCommands as _;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::{Proxy, log, until};

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
    assert_eq!(world.published_names().await, ["missions/a", "missions/a"]);
    let gated = Gated::default();
    let member = || {
        let settings = ConsumerSettings { batch: 1, ..consumer_settings() };
        let (consumer, gated) = (world.consumer().with(settings), gated.clone());
        start(|shutdown| consumer.run(gated, shutdown))
    };
    let (first, second) = (member(), member());
    gated.reached().await;
    until("the other member waits at the inbox", async || {
        let waits = "select count(*) from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock' and query like 'insert into inbox%'";
        world.count(waits).await == 1
    })
    .await;
    gated.open();
    world.all_taken_in().await;
    assert_eq!(gated.handled(), 1);
    assert_eq!(world.effects().await, ["missions/a"]);
    first.stop().await;
    second.stop().await;
}

/// Fails at the first record's event after it has written.
#[derive(Default)]
struct FailsOnce(AtomicBool);

impl Handler for FailsOnce {
    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        Note.handle(tx, event).await?;
        if event.kind == "missions" && !self.0.swap(true, Ordering::SeqCst) {
            return Err("not yet".into());
        }
        Ok(())
    }
}

#[test]
fn a_handler_that_fails_once_leaves_nothing_behind_and_is_tried_again() {
    log::story(|log| async move {
        log.expect("a handler failed");
        let world = World::new().await;
        let relay = world.relay();
        let consumer = world.consumer();
        let consumer = start(|shutdown| consumer.run(FailsOnce::default(), shutdown));
        world.happen("missions/a").await;
        world.all_published().await;
        world.all_taken_in().await;
        assert_eq!(world.effects().await, ["missions/a"], "the failed try was rolled back");
        relay.stop().await;
        consumer.stop().await;
    });
}

#[test]
fn an_event_waits_while_the_database_is_away_however_long_and_is_not_put_in_the_dead_letters() {
    log::story(|log| async move {
        log.expect("a dependency is away");
        log.expect("error occurred while testing the connection");
        let world = World::new().await;
        let proxy = Proxy::to(world.db.upstream()).await;
        let settings = ConsumerSettings { tries: 1, ..consumer_settings() };
        let through = world.db.pool_through(&proxy).await;
        let consumer = Consumer::new(through, &world.redis.url, GROUP, &[SERVICE]).unwrap();
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

#[test]
fn a_connection_that_breaks_under_the_handler_costs_no_try() {
    log::story(|log| async move {
        log.expect("a dependency is away");
        log.expect("error occurred while testing the connection");
        let world = World::new().await;
        let relay = world.relay();
        let gated = Gated::default();
        let consumer = world.consumer().with(ConsumerSettings { tries: 1, ..consumer_settings() });
        let handler = gated.clone();
        let consumer = start(|shutdown| consumer.run(handler, shutdown));
        world.happen("missions/a").await;
        gated.reached().await;
        world
            .execute(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and state = 'idle in transaction'",
            )
            .await;
        gated.open();
        world.all_published().await;
        world.all_taken_in().await;
        assert_eq!(world.effects().await, ["missions/a"]);
        let dead: usize = world.own_redis().await.xlen(events::dead_letters(GROUP)).await.unwrap();
        assert_eq!(dead, 0);
        relay.stop().await;
        consumer.stop().await;
    });
}
