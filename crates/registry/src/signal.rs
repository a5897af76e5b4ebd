//! Tells watchers and timers of this process, and of others, that something was committed.

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// The notification channel of a service's database, on which every commit is rung, many commits with one ring. The
/// event relay listens on it too.
pub const CHANNEL: &str = "legation_outbox";

/// When to listen again after the connection was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// The bell of one process.
///
/// `NOTIFY` inside a writing transaction makes all such transactions of the cluster commit one after the other, since
/// PostgreSQL keeps the notifications in commit order under a lock. So ours is a statement of its own after the
/// commit, and commits that come while it runs share the next one. A ring lost with a crash costs a moment: whoever
/// waits also looks by itself.
#[derive(Debug)]
pub(crate) struct Signal {
    heard: Heard,
    rung: Arc<Rung>,
    _tasks: JoinSet<()>,
}

/// Those who wait in this process.
#[derive(Clone, Debug)]
struct Heard {
    commits: watch::Sender<()>,
    /// Commits that touched timers.
    timers: watch::Sender<()>,
}

/// What other processes are still to be told.
#[derive(Debug, Default)]
struct Rung {
    commits: Notify,
    timers: AtomicBool,
}

/// What a ring says if a timer was touched since the last one.
pub(crate) const TIMERS: &str = "timers";

impl Signal {
    pub(crate) fn new(pool: &PgPool) -> Self {
        let heard = Heard { commits: watch::Sender::new(()), timers: watch::Sender::new(()) };
        let rung = Arc::new(Rung::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(ring(pool.clone(), Arc::clone(&rung)));
        tasks.spawn(listen(pool.clone(), heard.clone()));
        Self { heard, rung, _tasks: tasks }
    }

    /// Something was committed, and touched timers or not.
    pub(crate) fn committed(&self, timed: bool) {
        self.heard.tell(timed);
        self.rung.timers.fetch_or(timed, Ordering::Relaxed);
        self.rung.commits.notify_one();
    }

    /// Hears of what is committed from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.heard.commits.subscribe()
    }

    /// Hears of timers that are touched from now on.
    pub(crate) fn subscribe_timers(&self) -> watch::Receiver<()> {
        self.heard.timers.subscribe()
    }
}

impl Heard {
    fn tell(&self, timed: bool) {
        self.commits.send_replace(());
        if timed {
            self.timers.send_replace(());
        }
    }
}

/// The pause after a ring: under load one tells of many commits, and the database has not as many statements as records.
const PAUSE: Duration = Duration::from_millis(5);

async fn ring(pool: PgPool, rung: Arc<Rung>) {
    loop {
        rung.commits.notified().await;
        let said = if rung.timers.swap(false, Ordering::Relaxed) { TIMERS } else { "" };
        if let Err(error) = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(said).execute(&pool).await {
            tracing::debug!(%error, "other processes were not told of a commit; they look by themselves");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(pool: PgPool, heard: Heard) {
    loop {
        if let Err(error) = hear(&pool, &heard).await {
            tracing::debug!(%error, "commits of other processes are not heard; they are looked for");
        }
        if pool.is_closed() {
            return;
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn hear(pool: &PgPool, heard: &Heard) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let ring = listener.recv().await?;
        heard.tell(ring.payload() == TIMERS);
    }
}
