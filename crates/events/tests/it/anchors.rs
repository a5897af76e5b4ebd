//! Sealing, and the anchors told of it.

use crate::world::{SERVICE, World, settings};
use events::relay;
use std::time::Duration;
use testkit::{log, until};

#[test]
fn rows_are_sealed_without_gaps_and_an_anchor_goes_to_the_events_and_to_the_log() {
    log::story(|log| async move {
        let world = World::new().await;
        let every_row = relay::Settings { anchor_rows: 1, ..settings() };
        let relay = world.relay_with(&world.redis.url, every_row);
        for n in 0..10 {
            world.happen(&format!("missions/m{n}")).await;
        }
        world.all_sealed().await;
        world.all_published().await;
        let anchors = world.anchors().await;
        let last = anchors.last().unwrap();
        assert_eq!((last.service.as_str(), last.position), (SERVICE, 10));
        assert!(log.has(&format!("hash={:?}", last.hash)), "the log holds it too");
        assert!(anchors.is_sorted_by_key(|anchor| anchor.position));
        assert_eq!(world.count("select count(*) filter (where position between 1 and 10) from audit_chain").await, 10);
        let report = world.verify(&anchors).await;
        assert!(report.is_intact(), "{:?}", report.findings);
        assert_eq!((report.sealed, report.unsealed, report.unanchored), (10, 0, 0));
        relay.stop().await;
        // What comes after the relay stopped is not sealed, and is counted.
        world.happen("missions/unsealed").await;
        assert_eq!(world.verify(&anchors).await.unsealed, 1);
        // The next relay goes on where this one stopped.
        let relay = world.relay();
        world.all_sealed().await;
        let report = world.verify(&anchors).await;
        assert!(report.is_intact(), "{:?}", report.findings);
        assert_eq!((report.sealed, report.unanchored), (11, 1));
        relay.stop().await;
    });
}

#[tokio::test]
async fn an_anchor_comes_after_a_time_however_few_rows_were_sealed() {
    let world = World::new().await;
    let soon = relay::Settings { anchor_every: Duration::from_millis(100), anchor_rows: u64::MAX, ..settings() };
    let relay = world.relay_with(&world.redis.url, soon);
    world.happen("missions/a").await;
    until("the first anchor", async || world.anchors().await.len() == 1).await;
    world.happen("missions/b").await;
    until("the second anchor", async || world.anchors().await.len() == 2).await;
    assert_eq!(world.anchors().await[1].position, 2);
    relay.stop().await;
}

#[tokio::test]
async fn another_key_does_not_seal_what_this_key_checks() {
    let world = World::new().await;
    let forger = events::chain::Key::new(&[8; 32]).unwrap();
    let relay = world.relay_with(&world.redis.url, relay::Settings { audit_key: forger, ..settings() });
    world.happen("missions/a").await;
    world.all_sealed().await;
    assert_eq!(world.verify(&[]).await.findings.len(), 1);
    relay.stop().await;
}

#[test]
fn a_key_shorter_than_the_hash_is_refused() {
    assert!(events::chain::Key::new(&[0; 31]).is_err());
    assert_eq!(format!("{:?}", crate::world::key()), "Key(…)");
}
