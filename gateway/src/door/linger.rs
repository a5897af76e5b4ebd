//! Staying awake a moment after work. To be woken costs a lone caller more than all that the door does for it: on a
//! processor of its own, a door that looks for the next bytes itself answers sooner. Under load nothing changes, since a
//! busy door does not sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};
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

    /// Keeps the thread awake after work, until the house ends. What else there is to do is done first. Of several threads the
    /// one that looked would not be the one that bytes come to, so there it does nothing.
    pub(crate) async fn keep(self: Arc<Self>, end: CancellationToken) {
        if Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread {
            return;
        }
        let awake = || micros(self.begun.elapsed()) < self.until.load(Ordering::Relaxed);
        while end.run_until_cancelled(self.stirred.notified()).await.is_some() {
            while awake() && !end.is_cancelled() {
                yield_now().await;
            }
        }
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::atomic::AtomicUsize;
    use tokio::runtime::Builder;
    use tokio::time::timeout;

    /// How often the thread went to sleep while it waited for a clock, once there was work.
    fn sleeps_after_work(length: Duration) -> usize {
        let sleeps = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sleeps);
        let park = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let runtime = Builder::new_current_thread().enable_time().on_thread_park(park).build().unwrap();
        runtime.block_on(async {
            let (linger, end) = (Linger::new(length), CancellationToken::new());
            let keeping = tokio::spawn(Arc::clone(&linger).keep(end.clone()));
            yield_now().await;
            linger.stir();
            let before = sleeps.load(Ordering::Relaxed);
            timeout(Duration::from_millis(1), pending::<()>()).await.unwrap_err();
            let slept = sleeps.load(Ordering::Relaxed) - before;
            end.cancel();
            keeping.await.unwrap();
            slept
        })
    }

    #[test]
    fn a_thread_that_lingers_does_not_sleep_does_what_there_is_to_do_and_ends_with_the_house() {
        assert_eq!(sleeps_after_work(Duration::from_secs(3600)), 0);
        assert!(sleeps_after_work(Duration::ZERO) > 0, "one that does not linger sleeps");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_several_threads_none_lingers() {
        Linger::new(Duration::from_secs(3600)).keep(CancellationToken::new()).await;
    }
}
