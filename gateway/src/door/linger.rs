//! Staying awake a moment after work. To be woken costs a lone caller more than all that the door does for it: on a
//! processor of its own, a door that looks for the next bytes itself answers sooner. Under load nothing changes, since a
//! busy door does not sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

/// How long to stay awake, and until when that is.
pub(crate) struct Linger {
    length: Duration,
    begun: Instant,
    /// Microseconds after `begun`.
    until: AtomicU64,
    stirred: Notify,
}

impl Linger {
    /// Stays awake for so long after work; not at all if that is no time.
    pub(crate) fn new(length: Duration) -> Arc<Self> {
        Arc::new(Self { length, begun: Instant::now(), until: AtomicU64::new(0), stirred: Notify::new() })
    }

    /// There was work.
    pub(crate) fn stir(&self) {
        if self.length.is_zero() {
            return;
        }
        let now = self.begun.elapsed();
        let until = self.until.swap(micros(now + self.length), Ordering::Relaxed);
        if until < micros(now) {
            self.stirred.notify_one();
        }
    }

    /// Keeps the thread awake after work, until the house ends. What else there is to do is done first.
    pub(crate) async fn keep(self: Arc<Self>, end: CancellationToken) {
        while end.run_until_cancelled(self.stirred.notified()).await.is_some() {
            while micros(self.begun.elapsed()) < self.until.load(Ordering::Relaxed) {
                yield_now().await;
            }
        }
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}
