//! A writer that rings is heard at once; one that does not is found by looking.

use crate::world::{World, settings};
use events::relay;
use std::time::Duration;
use testkit::until;

#[tokio::test]
async fn a_ring_after_the_commit_wakes_the_relay_long_before_it_would_look() {
    let world = World::new().await;
    let patient = relay::Settings { poll: Duration::from_hours(1), ..settings() };
    let relay = world.relay_with(&world.redis.url, patient);
    world.happen("missions/a").await;
    until("the event is published", async || {
        // Older transactions of other databases may be open at the first ring.
        sqlx::query("select pg_notify($1, '')").bind(relay::CHANNEL).execute(world.pool()).await.unwrap();
        world.published_names().await == ["missions/a"]
    })
    .await;
    relay.stop().await;
}
