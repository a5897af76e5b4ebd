//! A relay killed after Redis took a batch and before the outbox was marked.

use crate::world::World;
use testkit::until;

#[tokio::test]
async fn a_relay_killed_between_publishing_and_marking_loses_nothing_and_makes_one_effect() {
    let world = World::new().await;
    let names: Vec<_> = (0..5).map(|n| format!("missions/m{n}")).collect();
    for name in &names {
        world.happen(name).await;
    }
    // An older transaction of any database of the cluster keeps them waiting.
    let ready = "select count(*) from outbox where tx < pg_snapshot_xmin(pg_current_snapshot())";
    until("nothing older is open", async || world.count(ready).await == 5).await;
    // Marking waits for this lock, so the relay stands just before it.
    let mut lock = world.begin().await;
    sqlx::query("select seq from outbox for update").execute(&mut *lock).await.unwrap();
    let relay = world.relay();
    until("the relay stands before marking", async || {
        let standing = "select count(*) from pg_stat_activity where application_name = 'legation relay'
            and datname = current_database() and wait_event_type = 'Lock'";
        world.count(standing).await == 1
    })
    .await;
    assert_eq!(world.published_names().await, names, "Redis has the batch");
    relay.kill().await;
    world.terminate_relays().await;
    lock.rollback().await.unwrap();
    assert_eq!(
        world.count("select count(*) from outbox where published_at is null and kind = 'missions'").await,
        5,
        "nothing is marked"
    );

    let (relay, consumer) = (world.relay(), world.consume());
    world.all_published().await;
    assert_eq!(world.published_names().await, [names.clone(), names.clone()].concat(), "it is published again");
    world.all_taken_in().await;
    assert_eq!(world.effects().await, names, "and has one effect, in order");
    relay.stop().await;
    consumer.stop().await;
}
