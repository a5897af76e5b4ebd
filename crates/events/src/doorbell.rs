//! Tells the relay that something was committed, without a queue at every commit.

use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The PostgreSQL notification channel on which the relay listens.
pub const CHANNEL: &str = "legation_outbox";

/// Rings that come closer together than this are one.
const GATHER: Duration = Duration::from_millis(10);

/// Rings the relay's bell after a commit.
///
/// `NOTIFY` inside a writing transaction takes a lock that all such transactions of the cluster commit under, one
/// after the other; so the ring is a statement of its own, after the commit, and many commits share one. A ring that
/// is lost costs a moment: the relay also looks by itself.
#[derive(Clone, Debug)]
pub struct Doorbell(Arc<Notify>);

impl Doorbell {
    /// A bell for the outbox of the pool's database, and the task that rings it until shutdown.
    pub fn new(pool: PgPool, shutdown: CancellationToken) -> (Self, impl Future<Output = ()> + Send) {
        let pressed = Arc::new(Notify::new());
        let bell = Self(Arc::clone(&pressed));
        let ringing = async move {
            loop {
                pressed.notified().await;
                let rung = sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&pool).await;
                if let Err(error) = rung {
                    tracing::debug!(%error, "the relay could not be woken; it looks by itself");
                }
                tokio::time::sleep(GATHER).await;
            }
        };
        let ringing = async move {
            shutdown.run_until_cancelled(ringing).await;
        };
        (bell, ringing)
    }

    /// Rings, at once and without waiting. Call it after the commit.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}
