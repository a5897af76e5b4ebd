//! Of two relays one works, and the other goes on when it dies.

use crate::world::World;
use testkit::until;

const LEADERS: &str = "select count(*) from pg_locks join pg_database on pg_database.oid = pg_locks.database
    where locktype = 'advisory' and granted and datname = current_database()";
const CANDIDATES: &str = "select count(*) from pg_stat_activity
    where application_name = 'legation relay' and datname = current_database()";

#[tokio::test]
async fn one_relay_works_and_the_other_takes_over_when_it_is_killed() {
    let world = World::new().await;
    let first = world.relay();
    world.happen("missions/a").await;
    world.all_published().await;
    let second = world.relay();
    until("two relays stand", async || world.count(CANDIDATES).await == 2).await;
    assert_eq!(world.count(LEADERS).await, 1);
    first.kill().await;
    world.happen("missions/b").await;
    world.all_published().await;
    until("one relay is left", async || world.count(CANDIDATES).await == 1).await;
    assert_eq!(world.count(LEADERS).await, 1);
    second.stop().await;
    assert_eq!(world.published_names().await, ["missions/a", "missions/b"]);
    until("the lead is given away", async || world.count(LEADERS).await == 0).await;
}

#[tokio::test]
async fn a_relay_that_loses_its_session_stands_again() {
    let world = World::new().await;
    let relay = world.relay();
    world.happen("missions/a").await;
    world.all_published().await;
    world.terminate_relays().await;
    world.happen("missions/b").await;
    world.all_published().await;
    assert_eq!(world.published_names().await, ["missions/a", "missions/b"]);
    relay.stop().await;
}

#[tokio::test]
async fn two_relays_of_one_database_publish_each_event_once_and_seal_one_chain() {
    let world = World::new().await;
    let (first, second) = (world.relay(), world.relay());
    for n in 0..50 {
        world.happen(&format!("missions/m{n:02}")).await;
    }
    world.all_published().await;
    world.all_sealed().await;
    let expected: Vec<_> = (0..50).map(|n| format!("missions/m{n:02}")).collect();
    assert_eq!(world.published_names().await, expected);
    let report = world.verify(&world.anchors().await).await;
    assert!(report.is_intact(), "{:?}", report.findings);
    assert_eq!(report.sealed, 50);
    first.stop().await;
    second.stop().await;
}
