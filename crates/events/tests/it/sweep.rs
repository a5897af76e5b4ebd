//! Published events are kept for a time, and waiting ones for ever.

use crate::world::{World, settings};
use events::relay;
use std::time::Duration;
use testkit::until;

#[tokio::test]
async fn published_events_past_their_keeping_are_removed_and_waiting_ones_are_not() {
    let world = World::new().await;
    world.happen("missions/old").await;
    world.happen("missions/recent").await;
    let relay = world.relay();
    world.all_published().await;
    relay.stop().await;
    world.execute("update outbox set published_at = now() - interval '8 days' where name = 'missions/old'").await;
    // An older transaction that is open keeps this event waiting.
    let mut open = world.begin().await;
    sqlx::query("select pg_current_xact_id()").execute(&mut *open).await.unwrap();
    world.happen("missions/waiting").await;
    let week = Duration::from_hours(7 * 24);
    let relay = world.relay_with(&world.redis.url, relay::Settings { retention: week, ..settings() });
    let old = "select count(*) from outbox where name = 'missions/old'";
    until("the old event is removed", async || world.count(old).await == 0).await;
    let left = "select count(*) from outbox where name in ('missions/recent', 'missions/waiting')";
    assert_eq!(world.count(left).await, 2);
    assert_eq!(
        world.count("select count(*) from outbox where name = 'missions/waiting' and published_at is null").await,
        1
    );
    open.rollback().await.unwrap();
    relay.stop().await;
}

#[tokio::test]
async fn the_inbox_forgets_what_no_outbox_keeps_any_more() {
    let world = World::new().await;
    world.execute("insert into inbox (source, event, taken_at) values ('chancery', 'a', now() - interval '40 days'), ('chancery', 'b', now()), ('webhooks', 'a', now() - interval '40 days')").await;
    let consumer = world.consume();
    let old = "select count(*) from inbox where source = 'chancery' and event = 'a'";
    until("the old row is removed", async || world.count(old).await == 0).await;
    assert_eq!(world.count("select count(*) from inbox").await, 2);
    consumer.stop().await;
}
