//! Tells watchers and timers of this process, and of others, that something was committed.

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
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
    heard: watch::Sender<()>,
    rung: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Signal {
    pub(crate) fn new(pool: &PgPool) -> Self {
        let (heard, rung) = (watch::Sender::new(()), Arc::new(Notify::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(ring(pool.clone(), Arc::clone(&rung)));
        tasks.spawn(listen(pool.clone(), heard.clone()));
        Self { heard, rung, _tasks: tasks }
    }

    /// Something was committed.
    pub(crate) fn committed(&self) {
        self.heard.send_replace(());
        self.rung.notify_one();
    }

    /// Hears of what is committed from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.heard.subscribe()
    }
}

async fn ring(pool: PgPool, rung: Arc<Notify>) {
    loop {
        rung.notified().await;
        if let Err(error) = sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&pool).await {
            tracing::debug!(%error, "other processes were not told of a commit; they look by themselves");
        }
    }
}

async fn listen(pool: PgPool, heard: watch::Sender<()>) {
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

async fn hear(pool: &PgPool, heard: &watch::Sender<()>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        listener.recv().await?;
        heard.send_replace(());
    }
}
