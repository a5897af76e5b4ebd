//! Listens, on a session of its own, for writers that say they have committed something.

use super::CHANNEL;
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long to wait before listening again after the session was lost; meanwhile the relay looks by itself.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the session may take to close.
const CLOSING: Duration = Duration::from_secs(1);

/// A bell that can be waited for. Rings that come while nobody waits are kept, as one. Dropped, it stops listening.
#[derive(Debug)]
pub(super) struct Bell {
    rung: Arc<Notify>,
    listening: JoinHandle<()>,
    stop: DropGuard,
}

impl Bell {
    pub(super) fn listen(pool: &PgPool) -> Self {
        let (rung, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let listening = tokio::spawn(listen(pool.clone(), Arc::clone(&rung), stop.clone()));
        Self { rung, listening, stop: stop.drop_guard() }
    }

    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }

    /// Stops listening, and waits until the session is closed.
    pub(super) async fn silence(self) {
        drop(self.stop);
        if let Err(error) = self.listening.await {
            tracing::debug!(%error, "the listener had ended before it was told to");
        }
    }
}

/// Passes rings on until it is told to stop. The session is not of the service's pool, whose connections are few.
async fn listen(pool: PgPool, ring: Arc<Notify>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = options.connect_lazy_with((*pool.connect_options()).clone());
        if let Some(Err(error)) = stop.run_until_cancelled(pass_on(&own, &ring)).await {
            tracing::debug!(%error, "the relay does not hear the bell; it looks by itself");
        }
        if timeout(CLOSING, own.close()).await.is_err() {
            tracing::debug!("the listener's session did not close in time");
        }
        stop.run_until_cancelled(sleep(AGAIN)).await;
    }
}

async fn pass_on(own: &PgPool, ring: &Notify) -> Result<Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(own).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // What was committed while nobody listened is found by looking once.
        ring.notify_one();
        while listener.try_recv().await?.is_some() {
            ring.notify_one();
        }
    }
}
