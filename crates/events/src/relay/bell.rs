//! Listens, on a session of its own, for writers that say they have committed something.

use super::CHANNEL;
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long to wait before listening again after the session was lost; meanwhile the relay looks by itself.
const AGAIN: Duration = Duration::from_secs(5);

/// A bell that can be waited for. Rings that come while nobody waits are kept, as one.
#[derive(Debug)]
pub(super) struct Bell {
    rung: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Bell {
    pub(super) fn listen(pool: &PgPool) -> Self {
        let rung = Arc::new(Notify::new());
        let (ring, pool) = (Arc::clone(&rung), pool.clone());
        let listening = tokio::spawn(async move {
            loop {
                let Err(error) = listen(&pool, &ring).await;
                tracing::debug!(%error, "the relay does not hear the bell; it looks by itself");
                sleep(AGAIN).await;
            }
        });
        Self { rung, listening }
    }

    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Passes rings on until the session is lost. Its session is not of the service's pool, whose connections are few.
async fn listen(pool: &PgPool, ring: &Notify) -> Result<std::convert::Infallible, sqlx::Error> {
    let options = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let own = options.connect_lazy_with((*pool.connect_options()).clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // What was committed while nobody listened is found by looking once.
        ring.notify_one();
        while listener.try_recv().await?.is_some() {
            ring.notify_one();
        }
    }
}
