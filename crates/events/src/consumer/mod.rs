//! Takes events in, each with one effect: the inbox is written in the effect's own transaction.
//!
//! Entries come through a consumer group of Redis, at least once and in the stream's order. What a consumer left
//! unfinished is taken over by another; what cannot be handled goes to the group's dead letters.

mod effect;
mod group;
mod handler;
mod settings;

pub use handler::{Handler, HandlerError};
pub use settings::Settings;

use crate::event::{self, Event};
use crate::link::{Link, is_no_group};
use crate::metrics::ConsumerMetrics;
use crate::outage::{Outage, Pause};
use effect::{Effect, Failure};
use group::{Entry, Group};
use redis::{Client, RedisError};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The longest wait for an answer of Redis, beyond the blocking time of a read.
const ANSWER: Duration = Duration::from_secs(5);
/// How often inbox rows past their keeping are removed.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// The stream into which a group's dead letters go: the event's fields, and `error`, `tries`, `stream` and `entry`.
pub fn dead_letters(group: &str) -> String {
    format!("legation:dead:{group}")
}

/// One member of a consumer group.
#[derive(Debug)]
pub struct Consumer {
    pool: PgPool,
    redis: Client,
    group: Group,
    settings: Settings,
    metrics: ConsumerMetrics,
}

impl Consumer {
    /// A member of `group` that takes the events of these services in. A group has one effect per event, however many
    /// members it has; two groups have one each.
    ///
    /// # Errors
    /// When `redis_url` is not the address of a Redis. Nothing is connected yet: Redis may be away.
    pub fn new(pool: PgPool, redis_url: &str, group: &str, services: &[&str]) -> Result<Self, RedisError> {
        let redis = Client::open(redis_url)?;
        let streams = services.iter().map(|service| event::stream(service)).collect();
        let group = Group { name: group.to_owned(), member: Uuid::now_v7().to_string(), streams };
        let metrics = ConsumerMetrics::new(&group.name);
        Ok(Self { pool, redis, group, settings: Settings::default(), metrics })
    }

    /// The consumer with other settings.
    #[must_use]
    pub fn with(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The consumer as this member of its group, for a group of which there is one at a time: whoever comes after it
    /// under the same name begins with what it left unfinished, so that nothing overtakes what was in its hands.
    #[must_use]
    pub fn as_member(mut self, name: &str) -> Self {
        name.clone_into(&mut self.group.member);
        self
    }

    /// Takes events in until shutdown; the event in hand is finished first. Safe to drop at any point: an effect that
    /// was not committed is made by whoever takes the event over.
    pub async fn run(self, handler: impl Handler, shutdown: CancellationToken) {
        let mut outage = Outage::of("redis");
        let mut link = Link::new(self.redis.clone(), self.settings.block + ANSWER);
        while !shutdown.is_cancelled() {
            let Err(error) = self.attend(&mut link, &handler, &shutdown, &mut outage).await else { break };
            // An emptied Redis has lost the groups too; they are made again at once.
            if !is_no_group(&error) {
                link.give_up();
                let pause = outage.failed(&error);
                shutdown.run_until_cancelled(sleep(pause)).await;
            }
        }
        // A read that was given up may still be answered to the old connection; what it took is handed over here.
        let mut link = Link::new(self.redis.clone(), ANSWER);
        if let Err(error) = self.group.leave(&mut link, self.settings.stale).await {
            tracing::debug!(%error, "the consumer could not leave its group; others take over what it left");
        }
    }

    async fn attend(
        &self,
        link: &mut Link,
        handler: &impl Handler,
        shutdown: &CancellationToken,
        outage: &mut Outage,
    ) -> Result<(), RedisError> {
        self.group.found(link).await?;
        outage.over();
        // What was in hand when the last connection broke comes first.
        let mut entries = self.group.resume(link).await?;
        let (mut next_claim, mut next_sweep) = (Instant::now(), Instant::now());
        loop {
            for entry in entries {
                if shutdown.is_cancelled() {
                    return Ok(());
                }
                self.take(link, handler, shutdown, entry).await?;
            }
            if Instant::now() >= next_sweep {
                self.sweep().await;
                next_sweep = Instant::now() + SWEEP_EVERY;
            }
            if Instant::now() >= next_claim {
                entries = self.group.claim(link, self.settings.stale, self.settings.batch).await?;
                if !entries.is_empty() {
                    continue;
                }
                next_claim = Instant::now() + self.settings.stale / 2;
            }
            let read = self.group.read(link, self.settings.block, self.settings.batch);
            let Some(read) = shutdown.run_until_cancelled(read).await else { return Ok(()) };
            entries = read?;
        }
    }

    /// Brings one entry to its end: its effect, the dead letters, or, at shutdown, somebody else.
    async fn take(
        &self,
        link: &mut Link,
        handler: &impl Handler,
        shutdown: &CancellationToken,
        entry: Entry,
    ) -> Result<(), RedisError> {
        let event = match Event::read(&entry.fields) {
            Ok(event) => event,
            Err(malformed) => return self.bury(link, &entry, malformed, 1).await,
        };
        if !handler.concerns(&event) {
            return self.group.acknowledge(link, &entry).await;
        }
        let mut database = Outage::of("database");
        let mut pauses = Pause::default();
        // Deliveries before this one ended with their consumer; so a handler that kills its process is noticed.
        let mut tries = entry.deliveries.saturating_sub(1);
        if tries >= self.settings.tries {
            return self.bury(link, &entry, "every consumer that took it came to its end", tries).await;
        }
        loop {
            let pause = match effect::effect(&self.pool, &self.group.name, handler, &event).await {
                Ok(Effect::Made) => {
                    self.metrics.taken();
                    break;
                }
                Ok(Effect::Known) => {
                    self.metrics.known();
                    break;
                }
                Err(Failure::Database(error)) => database.failed(&error),
                Err(Failure::Handler(error)) => {
                    database.over();
                    self.metrics.failed();
                    tries += 1;
                    if tries >= self.settings.tries {
                        return self.bury(link, &entry, error, tries).await;
                    }
                    tracing::warn!(group = self.group.name, event = event.id, tries, %error, "a handler failed; it is tried again");
                    pauses.next()
                }
            };
            if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(());
            }
        }
        database.over();
        self.group.acknowledge(link, &entry).await
    }

    async fn bury(
        &self,
        link: &mut Link,
        entry: &Entry,
        error: impl std::fmt::Display,
        tries: u32,
    ) -> Result<(), RedisError> {
        let (group, stream, entry_id) = (&self.group.name, &entry.stream, &entry.id);
        tracing::error!(group, stream, entry = entry_id, tries, %error, "an event could not be handled; it is in the dead letters");
        self.group.bury(link, entry, &error.to_string(), tries).await?;
        self.metrics.dead();
        Ok(())
    }

    async fn sweep(&self) {
        let sweep = "delete from inbox where source = $1 and taken_at < clock_timestamp() - make_interval(secs => $2)";
        let keep = self.settings.retention.as_secs_f64();
        if let Err(error) = sqlx::query(sweep).bind(&self.group.name).bind(keep).execute(&self.pool).await {
            tracing::debug!(%error, "the inbox could not be swept; it is tried again later");
        }
    }
}
