//! Redis away and Redis emptied: the house works on, and what it has to tell is told in the end.

use crate::chaos_effects::{count, whole};
use crate::stories_door::{Door, Ground};
use crate::stories_events::{connection, stream};
use std::collections::{BTreeMap, HashSet};
use testkit::{Proxy, until};

/// Events that wait for Redis.
const WAITING: &str = "select count(*) from outbox where published_at is null";

async fn propose(door: &Door, key: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        door.propose(key, number).await.expect("the door answers").good();
    }
}

async fn all_published(ground: &Ground) {
    until("no event waits", async || count(&ground.accreditation.pool, WAITING).await == 0).await;
}

/// How many different events of each mission lie in the stream.
async fn told(ground: &Ground) -> BTreeMap<String, usize> {
    let mut known = HashSet::new();
    let mut told = BTreeMap::new();
    for event in stream(&ground.redis).await.into_iter().filter(|event| event.kind == "missions") {
        if known.insert(event.id) {
            *told.entry(event.name).or_default() += 1;
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_away_stops_nothing_and_its_events_come_later_each_once() {
    let ground = Ground::new().await;
    let proxy = Proxy::to(ground.redis.upstream()).await;
    let door = ground.house_with(&ground.redis.url_through(&proxy)).await;
    let key = door.officer().await;
    propose(&door, &key, 0..5).await;
    all_published(&ground).await;

    proxy.refuse();
    propose(&door, &key, 5..25).await;
    assert_eq!(count(&ground.accreditation.pool, WAITING).await, 20, "they wait in the outbox");
    assert_eq!(told(&ground).await.len(), 5);
    door.get(&key, "accreditation/missions").await.good();

    proxy.heal();
    all_published(&ground).await;
    proxy.cut();
    propose(&door, &key, 25..30).await;
    all_published(&ground).await;
    let told = told(&ground).await;
    assert_eq!(told.len(), 30, "none is lost");
    assert!(told.values().all(|events| *events == 1), "none is told twice: {told:?}");
    assert_eq!(whole(&ground.accreditation.pool).await, 30);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_is_filled_again_and_nobody_waits_for_it() {
    let ground = Ground::new().await;
    let door = ground.house().await;
    let key = door.officer().await;
    propose(&door, &key, 0..5).await;
    all_published(&ground).await;

    let () = redis::cmd("FLUSHDB").query_async(&mut connection(&ground.redis).await).await.unwrap();
    assert!(told(&ground).await.is_empty());
    propose(&door, &key, 5..10).await;
    door.get(&key, "accreditation/missions").await.good();
    until("what was lost is told again with what is new", async || told(&ground).await.len() == 10).await;
    all_published(&ground).await;
    assert!(told(&ground).await.values().all(|events| *events == 1));
    assert_eq!(whole(&ground.accreditation.pool).await, 10);
    door.close().await;
}
