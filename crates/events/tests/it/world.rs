//! A service's database and a Redis, and what the tests do with them.

use chrono::{DateTime, Utc};
use config::Env;
use events::chain::{Anchor, Key, Progress, Report, verify};
use events::{Consumer, ConsumerSettings, Event, Handler, HandlerError, Relay, relay};
use pg::Tx;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamPendingReply, StreamRangeReply};
use sqlx::migrate::Migrator;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use testkit::{TestDb, TestRedis, until};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

static MIGRATIONS: Migrator = sqlx::migrate!("../registry/migrations");

/// The service whose events these are.
pub(crate) const SERVICE: &str = "accreditation";
/// Where they go.
pub(crate) const STREAM: &str = "legation:events:accreditation";
/// The group that takes them in.
pub(crate) const GROUP: &str = "chancery";

/// One test's database and Redis.
pub(crate) struct World {
    pub(crate) db: TestDb,
    pub(crate) redis: TestRedis,
}

/// A task that works until it is told to stop.
pub(crate) struct Running {
    pub(crate) task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Running {
    /// Tells it to stop.
    pub(crate) fn tell(&self) {
        self.shutdown.cancel();
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.tell();
        self.task.await.unwrap();
    }

    /// Drops it where it stands, as a killed process would be.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn key() -> Key {
    Key::new(&[7; 32]).unwrap()
}

/// Settings with which nothing is waited for longer than a test should take.
pub(crate) fn settings() -> relay::Settings {
    let key = "07".repeat(32);
    let env = Env::from_iter([("RELAY_AUDIT_KEY", key.as_str()), ("RELAY_STANDBY", "20ms"), ("RELAY_POLL", "50ms")]);
    config::read(&env, "RELAY").unwrap()
}

pub(crate) fn consumer_settings() -> ConsumerSettings {
    ConsumerSettings { block: Duration::from_millis(200), ..ConsumerSettings::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        let db = testkit::database(&[&MIGRATIONS]).await;
        sqlx::query("create table effects (event text not null, name text not null)").execute(&db.pool).await.unwrap();
        Self { db, redis: testkit::redis().await }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.db.pool
    }

    pub(crate) fn relay(&self) -> Running {
        self.relay_with(&self.redis.url, settings())
    }

    pub(crate) fn relay_with(&self, redis_url: &str, settings: relay::Settings) -> Running {
        let relay = Relay::new(self.pool().clone(), redis_url, SERVICE, settings).unwrap();
        start(|shutdown| relay.run(shutdown))
    }

    pub(crate) fn consumer(&self) -> Consumer {
        Consumer::new(self.pool().clone(), &self.redis.url, GROUP, &[SERVICE]).unwrap().with(consumer_settings())
    }

    /// A consumer whose effect is a row in `effects`.
    pub(crate) fn consume(&self) -> Running {
        consume(self.consumer())
    }

    /// Commits one event, and its audit row.
    pub(crate) async fn happen(&self, name: &str) {
        let mut tx = self.begin().await;
        write(&mut tx, name).await;
        tx.commit().await.unwrap();
    }

    pub(crate) async fn begin(&self) -> Tx {
        pg::begin(self.pool()).await.unwrap()
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.pool()).await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &'static str) -> u64 {
        sqlx::query(sql).execute(self.pool()).await.unwrap().rows_affected()
    }

    pub(crate) async fn waiting(&self) -> i64 {
        self.count("select count(*) from outbox where published_at is null").await
    }

    pub(crate) async fn all_published(&self) {
        until("every event is published", async || self.waiting().await == 0).await;
    }

    pub(crate) async fn all_sealed(&self) {
        let open = "select count(*) from audit where seq not in (select seq from audit_chain)";
        until("every audit row is sealed", async || self.count(open).await == 0).await;
    }

    /// Ends the sessions of relays of this database, as `kill -9` of their backends would.
    pub(crate) async fn terminate_relays(&self) {
        self.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'legation relay' and datname = current_database()",
        )
        .await;
    }

    /// A connection to Redis of the test's own.
    pub(crate) async fn own_redis(&self) -> MultiplexedConnection {
        redis::Client::open(self.redis.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// The records' events in the stream, anchors left out.
    pub(crate) async fn published(&self) -> Vec<Event> {
        self.entries(STREAM).await.iter().map(|e| Event::read(e).unwrap()).filter(|e| e.kind == "missions").collect()
    }

    pub(crate) async fn published_names(&self) -> Vec<String> {
        self.published().await.into_iter().map(|event| event.name).collect()
    }

    pub(crate) async fn anchors(&self) -> Vec<Anchor> {
        let events = self.entries(STREAM).await;
        let events = events.iter().map(|fields| Event::read(fields).unwrap());
        events.filter(|event| event.kind == "audit.anchor").map(|event| event.document().unwrap()).collect()
    }

    pub(crate) async fn entries(&self, stream: &str) -> Vec<HashMap<String, redis::Value>> {
        let range: StreamRangeReply = self.own_redis().await.xrange_all(stream).await.unwrap();
        range.ids.into_iter().map(|entry| entry.map).collect()
    }

    /// How many entries were delivered to the group and not acknowledged.
    pub(crate) async fn pending(&self) -> usize {
        let pending: StreamPendingReply = self.own_redis().await.xpending(STREAM, GROUP).await.unwrap();
        pending.count()
    }

    /// Waits until the group has taken in everything in the stream.
    pub(crate) async fn all_taken_in(&self) {
        let mut redis = self.own_redis().await;
        until("the group has taken in every event", async || {
            let groups: redis::streams::StreamInfoGroupsReply = redis.xinfo_groups(STREAM).await.ok()?;
            let info: redis::streams::StreamInfoStreamReply = redis.xinfo_stream(STREAM).await.ok()?;
            let group = groups.groups.into_iter().find(|group| group.name == GROUP)?;
            (group.pending == 0 && group.last_delivered_id == info.last_generated_id).then_some(())
        })
        .await;
    }

    /// The names whose events had an effect, in the order they had it.
    pub(crate) async fn effects(&self) -> Vec<String> {
        let names = "select name from effects where name like 'missions/%' order by ctid";
        sqlx::query_scalar(names).fetch_all(self.pool()).await.unwrap()
    }

    pub(crate) async fn verify(&self, anchors: &[Anchor]) -> Report {
        let (report, next) = verify(self.pool(), &key(), anchors, Progress::default(), i64::MAX).await.unwrap();
        assert_eq!(next, None, "there is no more than all");
        report
    }

    /// The same in parts of so many links: what each found, and where each began.
    pub(crate) async fn verify_parts(&self, anchors: &[Anchor], most: i64) -> Vec<(Report, Progress)> {
        let (mut parts, mut next) = (Vec::new(), Some(Progress::default()));
        while let Some(from) = next {
            let (report, after) = verify(self.pool(), &key(), anchors, from, most).await.unwrap();
            parts.push((report, from));
            next = after;
        }
        parts
    }
}

/// Starts something that runs until it is told to stop.
pub(crate) fn start<F>(run: impl FnOnce(CancellationToken) -> F) -> Running
where
    F: Future<Output = ()> + Send + 'static,
{
    let shutdown = CancellationToken::new();
    Running { task: tokio::spawn(run(shutdown.clone())), shutdown }
}

/// Runs a consumer whose effect is a row in `effects`.
pub(crate) fn consume(consumer: Consumer) -> Running {
    start(|shutdown| consumer.run(Note, shutdown))
}

/// The effect that the tests count: a row.
pub(crate) struct Note;

impl Handler for Note {
    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        let note = sqlx::query("insert into effects (event, name) values ($1, $2)").bind(&event.id).bind(&event.name);
        note.execute(&mut **tx).await?;
        Ok(())
    }
}

/// The same, held up at the first record's event: it says that it is there, and waits until it may go on.
#[derive(Clone, Default)]
pub(crate) struct Gated(Arc<Gate>);

/// What a test and its gated handlers share.
struct Gate {
    reached: Semaphore,
    open: Semaphore,
    passed: AtomicBool,
    handled: AtomicU32,
}

impl Default for Gate {
    fn default() -> Self {
        let closed = || Semaphore::new(0);
        Self { reached: closed(), open: closed(), passed: AtomicBool::new(false), handled: AtomicU32::new(0) }
    }
}

impl Gated {
    /// Waits until a handler stands at the gate.
    pub(crate) async fn reached(&self) {
        self.0.reached.acquire().await.unwrap().forget();
    }

    /// Lets it go on.
    pub(crate) fn open(&self) {
        self.0.open.add_permits(1);
    }

    /// How many records' events were handled, or begun to be.
    pub(crate) fn handled(&self) -> u32 {
        self.0.handled.load(Ordering::SeqCst)
    }
}

impl Handler for Gated {
    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        if event.kind == "missions" {
            self.0.handled.fetch_add(1, Ordering::SeqCst);
            if !self.0.passed.swap(true, Ordering::SeqCst) {
                self.0.reached.add_permits(1);
                self.0.open.acquire().await?.forget();
            }
        }
        Note.handle(tx, event).await
    }
}

/// Writes an event and its audit row, as the registry does.
pub(crate) async fn write(connection: &mut PgConnection, name: &str) {
    let now: DateTime<Utc> = Utc::now();
    sqlx::query(
        "insert into outbox (at, kind, name, version, verb, actor, doc)
         values ($1, 'missions', $2, 1, 'create', 'users/test', jsonb_build_object('name', $2))",
    )
    .bind(now)
    .bind(name)
    .execute(&mut *connection)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit (actor, agency, method, name, outcome, reason, trace)
         values ('users/test', 'police', 'MissionService.CreateMission', $1, 'done', 'none', 'trace')",
    )
    .bind(name)
    .execute(connection)
    .await
    .unwrap();
}
