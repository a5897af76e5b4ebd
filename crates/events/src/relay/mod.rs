//! Publishes the outbox in commit order and seals the audit chain; of a service's relays one works at a time.
//!
//! The relay that works holds an advisory lock on a session of its own, and does everything in the database over
//! that session: with the session it loses at once the lock and the means to do anything more.
//!
//! Commit order is `(tx, seq)` below the oldest open transaction. A reader that goes by `seq > last` loses the event
//! of a transaction that took its number early and committed late, and so does one that filters by
//! `pg_visible_in_snapshot`.
//!
//! Transaction ids belong to one cluster. A base backup keeps them; after a dump and load the rows have ids of the old
//! cluster, and nothing is published or sealed until the new one's counter is past them (`pg_resetwal --epoch`).

mod bell;
mod lead;
mod publish;
mod settings;
mod sweep;

pub use settings::Settings;

use crate::metrics::RelayMetrics;
use crate::outage::Outage;
use bell::Bell;
use chrono::{DateTime, Utc};
use fault::Fault;
use lead::Candidate;
use publish::Publisher;
use redis::{Client, RedisError};
use sqlx::{PgConnection, PgPool};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use sweep::Sweeper;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The notification channel on which a relay listens. Writers notify after their commit and not within it: `NOTIFY`
/// makes all transactions of the cluster that use it commit one after the other.
pub const CHANNEL: &str = "legation_outbox";

/// The longest that one step of the work may take; past it the session counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Publishes a service's events and seals its audit log.
#[derive(Clone, Debug)]
pub struct Relay {
    pool: PgPool,
    redis: Client,
    service: Arc<str>,
    settings: Arc<Settings>,
}

impl Relay {
    /// A relay for the service whose database this is.
    ///
    /// # Errors
    /// When `redis_url` is not the address of a Redis. Nothing is connected yet: Redis may be away.
    pub fn new(pool: PgPool, redis_url: &str, service: &str, settings: Settings) -> Result<Self, RedisError> {
        let redis = Client::open(redis_url)?;
        Ok(Self { pool, redis, service: service.into(), settings: Arc::new(settings) })
    }

    /// Works whenever no other relay of the database does, until shutdown. Safe to drop at any point: what was sent
    /// and not yet marked is sent again.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut outage = Outage::of("database");
        while !shutdown.is_cancelled() {
            let Err(error) = self.serve(&shutdown, &mut outage).await else { break };
            let pause = outage.failed(&error);
            shutdown.run_until_cancelled(sleep(pause)).await;
        }
    }

    /// Has every event since then published once more, as far back as the outbox keeps them, and says how many.
    /// Consumers that had an event already know it by its id.
    ///
    /// # Errors
    /// As [`pg::fault`].
    pub async fn replay(&self, since: DateTime<Utc>) -> Result<u64, Fault> {
        let mut tx = pg::begin(&self.pool).await?;
        // A week of events takes longer than a caller's statement may.
        sqlx::query("set local statement_timeout = 0").execute(&mut *tx).await.map_err(pg::fault)?;
        let again = sqlx::query("update outbox set published_at = null where published_at is not null and at >= $1");
        let events = again.bind(since).execute(&mut *tx).await.map_err(pg::fault)?.rows_affected();
        tx.commit().await.map_err(pg::fault)?;
        sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&self.pool).await.map_err(pg::fault)?;
        tracing::info!(service = %self.service, events, %since, "events are published again");
        Ok(events)
    }

    /// Stands by on a session until it leads, then works until shutdown.
    async fn serve(&self, shutdown: &CancellationToken, outage: &mut Outage) -> Result<(), sqlx::Error> {
        let mut candidate = within(Candidate::stand(&self.pool)).await?;
        outage.over();
        while !within(candidate.elected()).await? {
            if shutdown.run_until_cancelled(sleep(self.settings.standby)).await.is_none() {
                return Ok(());
            }
        }
        tracing::info!(service = %self.service, "the relay leads");
        let mut session = candidate.into_session();
        let bell = Bell::listen(&self.pool);
        let outcome = self.lead(&mut session, &bell, shutdown).await;
        lead::resign(session).await;
        bell.silence().await;
        outcome
    }

    async fn lead(
        &self,
        session: &mut PgConnection,
        bell: &Bell,
        shutdown: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        let metrics = RelayMetrics::new(&self.service);
        let mut publisher = Publisher::new(self);
        let mut sealer = crate::chain::Sealer::new(&self.service, &self.settings);
        let mut sweeper = Sweeper::new(self.settings.retention);
        let mut outage = Outage::of("redis");
        while !shutdown.is_cancelled() {
            let sealed = within(sealer.seal(session)).await?;
            metrics.sealed(sealed);
            let (mut is_more, mut is_worked) = (sealed >= self.settings.batch as usize, sealed > 0);
            if outage.left().is_zero() {
                match within(publisher.publish(session)).await {
                    Ok(progress) => {
                        outage.over();
                        metrics.published(progress.published);
                        is_more |= progress.is_more;
                        is_worked |= progress.published > 0;
                    }
                    Err(Trouble::Database(error)) => return Err(error),
                    Err(Trouble::Redis(error)) => {
                        metrics.failed();
                        outage.failed(&error);
                    }
                }
            }
            if let Some(waiting) = within(sweeper.sweep(session)).await? {
                metrics.waiting(waiting);
            }
            if is_more {
                continue;
            }
            if is_worked {
                shutdown.run_until_cancelled(sleep(self.settings.rest)).await;
                continue;
            }
            let pause = match outage.left() {
                Duration::ZERO => self.settings.poll,
                left => left.min(self.settings.poll),
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = bell.rung() => {}
                () = sleep(pause) => {}
            }
        }
        Ok(())
    }
}

/// What kept the relay from publishing.
#[derive(Debug)]
enum Trouble {
    Database(sqlx::Error),
    Redis(RedisError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<RedisError> for Trouble {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

/// One step of the work, with an end: a network that swallows packets must not hold the lock for ever.
async fn within<T, E: From<sqlx::Error>>(step: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match timeout(PATIENCE, step).await {
        Ok(outcome) => outcome,
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()),
    }
}
