//! What one member of a group leaves, another takes over.

use crate::world::{GROUP, Gated, SERVICE, STREAM, World, consume, consumer_settings, start};
use events::{Consumer, ConsumerSettings};
use redis::AsyncCommands as _;
use redis::streams::{StreamInfoConsumersReply, StreamReadOptions};
use std::time::Duration;
use testkit::until;

#[tokio::test]
async fn what_a_dead_member_was_given_is_taken_over() {
    let world = World::new().await;
    let relay = world.relay();
    world.happen("missions/a").await;
    world.all_published().await;
    let mut redis = world.own_redis().await;
    let () = redis.xgroup_create(STREAM, GROUP, "0").await.unwrap();
    let ghost = StreamReadOptions::default().group(GROUP, "ghost").count(100);
    let _: redis::Value = redis.xread_options(&[STREAM], &[">"], &ghost).await.unwrap();
    assert!(world.pending().await > 0);
    let settings = ConsumerSettings { stale: Duration::from_millis(1), ..consumer_settings() };
    let consumer = consume(world.consumer().with(settings));
    world.all_taken_in().await;
    assert_eq!(world.effects().await, ["missions/a"]);
    relay.stop().await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_member_that_leaves_finishes_what_is_in_hand_and_hands_over_the_rest_at_once() {
    let world = World::new().await;
    let relay = world.relay();
    for name in ["missions/a", "missions/b", "missions/c"] {
        world.happen(name).await;
    }
    world.all_published().await;
    relay.stop().await;
    // Nothing is taken over in less than an hour unless it is handed over.
    let settings = ConsumerSettings { stale: Duration::from_hours(1), ..consumer_settings() };
    let gated = Gated::default();
    let (consumer, handler) = (world.consumer().with(settings.clone()), gated.clone());
    let leaving = start(|shutdown| consumer.run(handler, shutdown));
    gated.reached().await;
    leaving.tell();
    gated.open();
    leaving.stop().await;
    assert_eq!(world.effects().await.len(), 1, "the event in hand was finished, and no other begun");
    assert!(world.pending().await >= 2);
    let staying = consume(world.consumer().with(settings));
    world.all_taken_in().await;
    assert_eq!(world.effects().await, ["missions/a", "missions/b", "missions/c"]);
    staying.stop().await;
    let members: StreamInfoConsumersReply = world.own_redis().await.xinfo_consumers(STREAM, GROUP).await.unwrap();
    assert_eq!(members.consumers.len(), 1, "who left nothing is forgotten");
}

#[tokio::test]
async fn two_groups_have_one_effect_each() {
    let world = World::new().await;
    let relay = world.relay();
    let other = Consumer::new(world.pool().clone(), &world.redis.url, "webhooks", &[SERVICE]);
    let other = consume(other.unwrap().with(consumer_settings()));
    let consumer = world.consume();
    world.happen("missions/a").await;
    until("both groups had their effect", async || world.effects().await.len() == 2).await;
    relay.stop().await;
    consumer.stop().await;
    other.stop().await;
}
