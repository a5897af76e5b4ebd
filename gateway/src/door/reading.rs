//! Whether a client takes what it asked for. An answer that is large or lasts holds places and memory until it is taken; a
//! client that takes nothing of it for a while loses the connection.

use serve::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Nothing lies there: whoever waits, waits for us.
const NOTHING: u64 = u64::MAX;

/// One answer being read.
#[derive(Debug)]
pub(super) struct Reading {
    begun: Instant,
    /// Since when a portion lies there, in milliseconds from the beginning.
    lies: Arc<AtomicU64>,
    watch: JoinHandle<()>,
}

impl Reading {
    /// Watches a client that begins to read, and ends its connection if it leaves a portion lying for so long.
    pub(super) fn begin(connection: Connection, patience: Duration) -> Self {
        let begun = Instant::now();
        let lies = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&lies);
        let watch = tokio::spawn(async move {
            loop {
                tokio::time::sleep(patience / 4).await;
                if is_left(seen.load(Ordering::Relaxed), begun.elapsed(), patience) {
                    return connection.end();
                }
            }
        });
        Self { begun, lies, watch }
    }

    /// Notes that a portion was handed over: the next one is asked for when this one was taken.
    pub(super) fn handed(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(NOTHING - 1);
        self.lies.store(now, Ordering::Relaxed);
    }

    /// Notes that more is wanted than there is.
    pub(super) fn wanted(&self) {
        self.lies.store(NOTHING, Ordering::Relaxed);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Whether a portion that lies there since then has lain too long.
fn is_left(since: u64, now: Duration, patience: Duration) -> bool {
    since != NOTHING && now > Duration::from_millis(since) + patience
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_lies_there_too_long_is_left_and_who_waits_for_us_leaves_nothing() {
        let patience = Duration::from_secs(30);
        let reading = Reading::begin(Connection::default(), patience);
        let is_left =
            |later: Duration| is_left(reading.lies.load(Ordering::Relaxed), reading.begun.elapsed() + later, patience);
        reading.handed();
        assert!(!is_left(Duration::ZERO) && is_left(patience * 2));
        reading.wanted();
        assert!(!is_left(Duration::from_hours(24)), "a stream on which nothing happens is not left");
        reading.handed();
        assert!(is_left(patience * 2));
    }
}
