//! Brings waiting events from the outbox to the service's stream, in commit order and at least once.

use super::{Relay, Trouble};
use crate::event::{Event, stream};
use crate::link::Link;
use crate::position::Position;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use redis::{Pipeline, RedisResult};
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for Redis to take a batch.
const ANSWER: Duration = Duration::from_secs(10);
/// A batch ends past this many bytes of documents, however few they are.
const BATCH_BYTES: usize = 4 << 20;

/// Below the oldest open transaction everything is decided: no event can still appear before one that is read here.
const WAITING: &str = "
    select tx::text as transaction, seq, at, kind, name, version, verb, actor, doc, traceparent
    from outbox
    where published_at is null and tx < pg_snapshot_xmin(pg_current_snapshot())
    order by tx, seq limit $1";

const MARK: &str = "update outbox set published_at = clock_timestamp() where seq = any($1)";

/// Of what is marked and stands after a position, so much at once that one statement stays short.
const UNMARK: &str = "
    update outbox set published_at = null from (
        select seq from outbox
        where published_at is not null and (tx, seq) > ($1::text::xid8, $2) limit $3
    ) as lost
    where outbox.seq = lost.seq";

/// How many marks are taken back at once.
const UNMARK_AT_ONCE: i64 = 50_000;

/// What one step of publishing came to.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// How many events were published.
    pub(super) published: usize,
    /// Whether there may be more to do at once.
    pub(super) is_more: bool,
}

/// Publishes over one connection to Redis.
pub(super) struct Publisher {
    service: Arc<str>,
    stream: String,
    head_key: String,
    batch: i64,
    stream_length: u64,
    link: Link,
    /// What the head in Redis was when this relay last looked or wrote; `None` until it has looked.
    head: Option<Option<Position>>,
}

impl Publisher {
    pub(super) fn new(relay: &Relay) -> Self {
        let stream = stream(&relay.service);
        Self {
            service: Arc::clone(&relay.service),
            head_key: format!("{stream}:head"),
            stream,
            batch: relay.settings.batch.into(),
            stream_length: relay.settings.stream_length,
            link: Link::new(relay.redis.clone(), ANSWER),
            head: None,
        }
    }

    /// Publishes one batch.
    pub(super) async fn publish(&mut self, session: &mut PgConnection) -> Result<Progress, Trouble> {
        let outcome = self.batch(session).await;
        if matches!(outcome, Err(Trouble::Redis(_))) {
            self.link.give_up();
        }
        outcome
    }

    async fn batch(&mut self, session: &mut PgConnection) -> Result<Progress, Trouble> {
        if !self.make_good(session).await? {
            return Ok(Progress { published: 0, is_more: true });
        }
        let (events, is_more) = self.waiting(session).await?;
        let Some((last, _)) = events.last() else { return Ok(Progress::default()) };
        let last = *last;
        let mut pipeline = self.pipeline(&events);
        // The head goes with its events or not at all, and tells later what this Redis has seen.
        pipeline.set(&self.head_key, last.to_string()).ignore();
        let taken: Option<Vec<redis::Value>> = pipeline.query_async(self.link.open().await?).await?;
        if taken.is_none() {
            // The head was changed or emptied since it was read: look again.
            return Ok(Progress { published: 0, is_more: true });
        }
        self.head = Some(Some(last));
        let numbers: Vec<i64> = events.iter().map(|(position, _)| position.seq).collect();
        sqlx::query(MARK).bind(numbers).execute(session).await?;
        Ok(Progress { published: events.len(), is_more })
    }

    /// The next events, as many as go at once, and whether there may be more.
    async fn waiting(&self, session: &mut PgConnection) -> Result<(Vec<(Position, Event)>, bool), sqlx::Error> {
        let mut rows = sqlx::query(WAITING).bind(self.batch).fetch(session);
        let mut events = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.try_next().await? {
            let (position, event) = self.event(&row)?;
            bytes += event.doc.get().len();
            events.push((position, event));
            if bytes > BATCH_BYTES {
                return Ok((events, true));
            }
        }
        let is_full = events.len() as i64 == self.batch;
        Ok((events, is_full))
    }

    fn event(&self, row: &PgRow) -> Result<(Position, Event), sqlx::Error> {
        let tx: String = row.try_get("transaction")?;
        let tx = tx.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let position = Position { tx, seq: row.try_get("seq")? };
        let Json(doc) = row.try_get::<Json<Box<RawValue>>, _>("doc")?;
        let event = Event {
            id: format!("{}:{position}", self.service),
            kind: row.try_get("kind")?,
            name: row.try_get("name")?,
            version: row.try_get("version")?,
            verb: row.try_get("verb")?,
            actor: row.try_get("actor")?,
            at: row.try_get::<DateTime<Utc>, _>("at")?,
            doc,
            traceparent: row.try_get("traceparent")?,
        };
        Ok((position, event))
    }

    /// All of the batch in one transaction of Redis, so that it is never there in part or out of order.
    fn pipeline(&self, events: &[(Position, Event)]) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(events.len() + 1);
        pipeline.atomic();
        for (_, event) in events {
            let add = pipeline.cmd("XADD").arg(&self.stream).arg("MAXLEN").arg("~").arg(self.stream_length).arg("*");
            for (field, value) in event.fields() {
                add.arg(field).arg(value);
            }
            add.ignore();
        }
        pipeline
    }

    /// Compares the head in Redis with what was marked as published. A Redis that was emptied, or that came back from
    /// an older copy of itself, gets again what it lost, as far back as the outbox reaches. Says whether all marks of
    /// what was lost are taken back: until then nothing is published, or the order would be lost too.
    async fn make_good(&mut self, session: &mut PgConnection) -> Result<bool, Trouble> {
        let known = if self.link.is_new() { None } else { self.head };
        let found = self.watch_head().await?;
        if known == Some(found) {
            return Ok(true);
        }
        let head = found.unwrap_or_default();
        let unmark = sqlx::query(UNMARK).bind(head.tx.to_string()).bind(head.seq).bind(UNMARK_AT_ONCE);
        let events = unmark.execute(session).await?.rows_affected();
        if events > 0 {
            tracing::warn!(service = %self.service, events, "redis lost events; they are published again");
        }
        let is_done = events < UNMARK_AT_ONCE.unsigned_abs();
        self.head = is_done.then_some(found);
        Ok(is_done)
    }

    /// Reads the head, and watches it: if it changes before the next batch is taken, the batch is not.
    async fn watch_head(&mut self) -> RedisResult<Option<Position>> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("WATCH").arg(&self.head_key).ignore().get(&self.head_key);
        let (head,): (Option<String>,) = pipeline.query_async(self.link.open().await?).await?;
        Ok(head.and_then(|text| text.parse().ok()))
    }
}
