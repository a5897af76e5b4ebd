//! Events that cannot be handled go to the dead letters and hold up nothing else.

use crate::world::{GROUP, Note, Running, STREAM, World, consumer_settings, start};
use events::{Consumer, ConsumerSettings, Event, Handler, HandlerError, dead_letters};
use pg::Tx;
use redis::AsyncCommands as _;
use redis::streams::{StreamReadOptions, StreamReadReply};
use std::collections::HashMap;
use std::time::Duration;
use testkit::{log, until};

/// Refuses `missions/bad` and panics at `missions/worse`.
struct Picky;

impl Handler for Picky {
    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        Note.handle(tx, event).await?;
        match event.name.as_str() {
            "missions/bad" => Err("it cannot be".into()),
            "missions/worse" => panic!("it must not be"),
            _ => Ok(()),
        }
    }
}

fn picky(consumer: Consumer) -> Running {
    start(|shutdown| consumer.run(Picky, shutdown))
}

fn text<'a>(entry: &'a HashMap<String, redis::Value>, field: &str) -> &'a str {
    match entry.get(field) {
        Some(redis::Value::BulkString(bytes)) => std::str::from_utf8(bytes).unwrap(),
        other => panic!("{field}: {other:?}"),
    }
}

#[test]
fn what_fails_again_and_again_goes_to_the_dead_letters_with_its_error() {
    log::story(|log| async move {
        log.expect("a handler failed");
        log.expect("it is in the dead letters");
        let world = World::new().await;
        let relay = world.relay();
        let consumer = picky(world.consumer().with(ConsumerSettings { tries: 2, ..consumer_settings() }));
        for name in ["missions/a", "missions/bad", "missions/worse", "missions/b"] {
            world.happen(name).await;
        }
        world.all_published().await;
        world.all_taken_in().await;
        assert_eq!(world.effects().await, ["missions/a", "missions/b"]);
        let dead = world.entries(&dead_letters(GROUP)).await;
        assert_eq!(dead.len(), 2);
        assert_eq!(Event::read(&dead[0]).unwrap().name, "missions/bad");
        assert_eq!(text(&dead[0], "error"), "it cannot be");
        assert_eq!(text(&dead[0], "tries"), "2");
        assert_eq!(text(&dead[0], "stream"), STREAM);
        assert_eq!(text(&dead[1], "error"), "the handler panicked: it must not be");
        relay.stop().await;
        consumer.stop().await;
    });
}

#[test]
fn an_event_that_ended_every_consumer_that_took_it_is_not_given_to_one_more() {
    log::story(|log| async move {
        log.expect("it is in the dead letters");
        let world = World::new().await;
        let relay = world.relay();
        world.happen("missions/a").await;
        world.all_published().await;
        let mut redis = world.own_redis().await;
        let () = redis.xgroup_create(STREAM, GROUP, "0").await.unwrap();
        let ghost = StreamReadOptions::default().group(GROUP, "ghost").count(1);
        let read: StreamReadReply = redis.xread_options(&[STREAM], &[">"], &ghost).await.unwrap();
        let id = &read.keys[0].ids[0].id;
        let _: redis::Value = redis.xclaim(STREAM, GROUP, "another", 0, &[id]).await.unwrap();
        let settings = ConsumerSettings { tries: 2, stale: Duration::from_millis(1), ..consumer_settings() };
        let consumer = picky(world.consumer().with(settings));
        until("it is in the dead letters", async || world.entries(&dead_letters(GROUP)).await.len() == 1).await;
        world.all_taken_in().await;
        assert!(world.effects().await.is_empty());
        relay.stop().await;
        consumer.stop().await;
    });
}

#[test]
fn an_entry_that_is_no_event_goes_to_the_dead_letters_at_once() {
    log::story(|log| async move {
        log.expect("it is in the dead letters");
        let world = World::new().await;
        let mut redis = world.own_redis().await;
        let _: String = redis.xadd(STREAM, "*", &[("id", "x"), ("kind", "missions")]).await.unwrap();
        let consumer = picky(world.consumer());
        until("it is in the dead letters", async || world.entries(&dead_letters(GROUP)).await.len() == 1).await;
        let dead = world.entries(&dead_letters(GROUP)).await;
        assert_eq!(text(&dead[0], "error"), "the entry's field at is missing or malformed");
        world.all_taken_in().await;
        consumer.stop().await;
    });
}
