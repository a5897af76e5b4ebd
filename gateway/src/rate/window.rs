//! One caller's window: permits leased in small batches and spent without asking anyone.

use super::together::{Grant, Shared, Unspent};
use super::{BUCKET, WINDOW};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a window says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may pass.
    Pass {
        /// How many more may now, as far as this gateway knows.
        left: u32,
    },
    /// It must wait so long.
    Wait(Duration),
}

/// One caller's window.
#[derive(Debug)]
pub(crate) struct Window {
    key: Box<str>,
    limit: NonZeroU32,
    lease: Mutex<Lease>,
    /// Held by the one request that asks Redis; those behind it find a new lease.
    turn: tokio::sync::Mutex<()>,
    shared: Option<Arc<Shared>>,
    alone: DefaultDirectRateLimiter,
}

/// Permits in hand. They may be spent in the bucket of time in which they were granted and not after, so that what all
/// gateways spend in any window was counted in it.
#[derive(Debug)]
struct Lease {
    permits: u32,
    until: Instant,
    bucket: u64,
    /// What the shared window had left.
    left: u32,
    /// How many to ask for: doubled when they run out early, halved when half of them are left over.
    batch: u32,
    granted: u32,
    /// While the window is full: until when.
    full: Option<Instant>,
}

impl Window {
    pub(super) fn new(subject: &str, limit: NonZeroU32, shared: Option<Arc<Shared>>) -> Self {
        let now = Instant::now();
        let lease = Lease { permits: 0, until: now, bucket: 0, left: 0, batch: 1, granted: 0, full: None };
        // A tenth of the limit at once: the limit a second then holds to a tenth, whatever second is looked at.
        let burst = NonZeroU32::new(limit.get() / 10).unwrap_or(NonZeroU32::MIN);
        Self {
            key: format!("legation:rate:{subject}").into(),
            limit,
            lease: Mutex::new(lease),
            turn: tokio::sync::Mutex::new(()),
            shared,
            alone: RateLimiter::direct(Quota::per_second(limit).allow_burst(burst)),
        }
    }

    /// How many requests it lets through in any one second.
    pub(crate) fn limit(&self) -> NonZeroU32 {
        self.limit
    }

    /// Takes one permit.
    pub(crate) async fn take(&self) -> Verdict {
        let Some(shared) = &self.shared else { return self.take_alone() };
        if let Some(verdict) = self.spend() {
            return verdict;
        }
        let _turn = self.turn.lock().await;
        if let Some(verdict) = self.spend() {
            return verdict;
        }
        let (wanted, unspent) = self.next();
        let asked = Instant::now();
        match shared.reserve(&self.key, self.limit.get(), wanted, unspent).await {
            Some(grant) => self.accept(&grant, asked),
            None => self.take_alone(),
        }
    }

    /// Spends a permit in hand, or repeats that there is none for now; `None` if Redis must be asked.
    fn spend(&self) -> Option<Verdict> {
        let mut lease = self.lease.lock().expect("nothing panics while it is held");
        let now = Instant::now();
        if let Some(wait) = lease.full.and_then(|full| full.checked_duration_since(now)).filter(|wait| !wait.is_zero())
        {
            return Some(Verdict::Wait(wait));
        }
        if lease.permits == 0 || now >= lease.until {
            return None;
        }
        lease.permits -= 1;
        Some(Verdict::Pass { left: lease.left.saturating_add(lease.permits) })
    }

    /// How many to ask for, and what goes back.
    fn next(&self) -> (u32, Unspent) {
        let mut lease = self.lease.lock().expect("nothing panics while it is held");
        let most = (self.limit.get() / 4).max(1);
        if lease.permits == 0 && Instant::now() < lease.until {
            lease.batch = lease.batch.saturating_mul(2).min(most);
        } else if lease.permits > lease.granted / 2 {
            lease.batch = (lease.batch / 2).max(1);
        }
        let unspent = Unspent { bucket: lease.bucket, permits: lease.permits };
        lease.permits = 0;
        (lease.batch, unspent)
    }

    /// Takes the grant and spends one permit of it: this one was spent when Redis counted it.
    fn accept(&self, grant: &Grant, asked: Instant) -> Verdict {
        let mut lease = self.lease.lock().expect("nothing panics while it is held");
        if grant.permits == 0 {
            // Other gateways may give permits back before the oldest bucket ends, so ask again soon.
            let wait = grant.free_in.clamp(Duration::from_millis(1), WINDOW + BUCKET);
            lease.full = Some(Instant::now() + wait.min(BUCKET));
            return Verdict::Wait(wait);
        }
        lease.full = None;
        lease.permits = grant.permits - 1;
        lease.granted = grant.permits;
        lease.bucket = grant.bucket;
        lease.left = grant.left;
        // From before the question, since the answer's way takes time: the lease ends early rather than late.
        lease.until = asked + grant.good_for;
        Verdict::Pass { left: lease.left.saturating_add(lease.permits) }
    }

    /// Without Redis each gateway limits by itself.
    fn take_alone(&self) -> Verdict {
        match self.alone.check() {
            Ok(()) => Verdict::Pass { left: 0 },
            Err(until) => Verdict::Wait(until.wait_time_from(DefaultClock::default().now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn grant(permits: u32, good_for: Duration) -> Grant {
        Grant { permits, left: 7, bucket: 42, good_for, free_in: Duration::from_millis(300) }
    }

    #[tokio::test]
    async fn a_gateway_alone_holds_to_its_limit() {
        let window = Window::new("apiKeys/a", limit(50), None);
        let begun = Instant::now();
        let mut passed = 0_u32;
        while begun.elapsed() < Duration::from_millis(300) {
            passed += u32::from(matches!(window.take().await, Verdict::Pass { .. }));
        }
        let most = 6 + (begun.elapsed().as_millis() * 50).div_ceil(1_000) as u32;
        assert!((6..=most).contains(&passed), "{passed} of at most {most}");
    }

    #[tokio::test]
    async fn permits_are_spent_in_their_own_bucket_of_time_only() {
        let window = Window::new("apiKeys/a", limit(100), None);
        assert_eq!(window.accept(&grant(3, Duration::from_secs(60)), Instant::now()), Verdict::Pass { left: 9 });
        assert_eq!(window.spend(), Some(Verdict::Pass { left: 8 }));
        assert_eq!(window.spend(), Some(Verdict::Pass { left: 7 }));
        assert_eq!(window.spend(), None);
        window.accept(&grant(3, Duration::ZERO), Instant::now());
        assert_eq!(window.spend(), None, "their bucket is over");
        assert_eq!(window.next(), (1, Unspent { bucket: 42, permits: 2 }), "they go back");
        assert_eq!(window.next().1.permits, 0, "once");
    }

    #[tokio::test]
    async fn batches_grow_while_they_run_out_and_shrink_while_they_do_not() {
        let window = Window::new("apiKeys/a", limit(40), None);
        let long = Duration::from_secs(60);
        let mut batches = Vec::new();
        for _ in 0..5 {
            let (wanted, _) = window.next();
            batches.push(wanted);
            window.accept(&grant(wanted, long), Instant::now());
            while window.spend().is_some() {}
        }
        assert_eq!(batches, [1, 2, 4, 8, 10], "a quarter of the limit at most");
        window.accept(&grant(10, Duration::ZERO), Instant::now());
        assert_eq!(window.next().0, 5);
    }

    #[tokio::test]
    async fn a_full_window_is_not_asked_again_at_once() {
        let window = Window::new("apiKeys/a", limit(40), None);
        assert_eq!(window.accept(&grant(0, Duration::ZERO), Instant::now()), Verdict::Wait(Duration::from_millis(300)));
        assert!(matches!(window.spend(), Some(Verdict::Wait(wait)) if wait <= BUCKET));
    }
}
