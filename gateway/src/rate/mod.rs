//! Rates: how many requests a caller may make in any one second, through all gateways together.
//!
//! Redis keeps one sliding window for each caller, in buckets of 20 ms. A gateway reserves a few permits at a time and
//! spends them by itself, in the bucket in which they were granted and never after; so the requests of any second were
//! all counted in the buckets that touch it, and those never hold more than the limit. Permits left over go back.

mod quota;
mod routes;
mod shares;
mod together;
mod window;

pub(crate) use quota::{Quota, Quotas};
pub(crate) use routes::RouteRates;
pub(crate) use shares::{Share, Shares, Turn};
pub(crate) use window::{Verdict, Window};

use http::HeaderValue;
use moka::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use together::Shared;

/// The time in which the limit holds, wherever it begins.
const WINDOW: Duration = Duration::from_secs(1);
/// The time in which leased permits may be spent.
const BUCKET: Duration = Duration::from_millis(20);
/// The most buckets that a window touches: it seldom begins where a bucket does.
const SPAN: u32 = (WINDOW.as_millis() / BUCKET.as_millis()) as u32 + 1;

/// The windows of all callers.
#[derive(Debug)]
pub(crate) struct Limits {
    limit: NonZeroU32,
    shared: Option<Arc<Shared>>,
    windows: Cache<Arc<str>, Arc<Window>>,
    /// Of single methods, by the method's place in the contract.
    of_methods: Cache<(Arc<str>, usize), Arc<Window>>,
}

impl Limits {
    /// As many requests a second for each caller, counted in Redis while it answers within this time, or by this gateway
    /// alone if there is no Redis.
    ///
    /// # Errors
    /// The address of Redis cannot be one.
    pub(crate) fn new(limit: NonZeroU32, redis: Option<&str>, patience: Duration) -> anyhow::Result<Self> {
        let shared = redis.map(|url| Shared::new(url, patience)).transpose()?.map(Arc::new);
        let idle = Duration::from_secs(120);
        let windows = Cache::builder().max_capacity(50_000).time_to_idle(idle).build();
        let of_methods = Cache::builder().max_capacity(50_000).time_to_idle(idle).build();
        Ok(Self { limit, shared, windows, of_methods })
    }

    /// The window of one caller, with its own limit or the house's.
    pub(crate) fn window(&self, subject: &Arc<str>, own: Option<NonZeroU32>) -> Arc<Window> {
        let limit = self.of(own);
        let make = || Arc::new(Window::new(subject, limit, self.shared.clone()));
        let known = self.windows.get_with(Arc::clone(subject), make);
        if known.limit() == limit {
            return known;
        }
        // A person's agency was assigned other products. What was spent is counted in Redis, under the same name.
        let other = make();
        self.windows.insert(Arc::clone(subject), Arc::clone(&other));
        other
    }

    /// A caller's own limit, or the house's.
    pub(crate) fn of(&self, own: Option<NonZeroU32>) -> NonZeroU32 {
        own.unwrap_or(self.limit)
    }

    /// The window of one caller for one method, which has so many of each thousand requests of the caller's rate.
    pub(crate) fn of_method(&self, subject: &Arc<str>, of_caller: NonZeroU32, method: usize, part: u32) -> Arc<Window> {
        let make = || {
            let limit = routes::rate(of_caller, part);
            Arc::new(Window::new(&format!("{subject}:{method}"), limit, self.shared.clone()))
        };
        self.of_methods.get_with((Arc::clone(subject), method), make)
    }
}

/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): made once for a caller, sent with each answer.
pub(crate) fn policy(window: &Window, quota: Option<&Quota>) -> HeaderValue {
    let second = format!("\"second\";q={};w=1", window.limit());
    let text = match quota {
        Some(quota) => format!("{second}, \"month\";q={}", quota.limit()),
        None => second,
    };
    HeaderValue::try_from(text).expect("numbers and names are good in a header")
}

#[cfg(test)]
mod tests {
    use super::together::Unspent;
    use super::*;
    use std::time::Instant;

    const LIMIT: u32 = 40;
    /// No machine is so slow that Redis counts as away.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn window(redis: &str) -> Arc<Window> {
        Limits::new(LIMIT.try_into().unwrap(), Some(redis), PATIENCE).unwrap().window(&"people/ada".into(), None)
    }

    async fn passes(window: &Window) -> bool {
        matches!(window.take().await, Verdict::Pass { .. })
    }

    /// A gateway that leased more than it spent must not spend the rest in a second for which it was not counted.
    #[tokio::test]
    async fn what_was_leased_in_one_second_is_not_spent_in_the_next() {
        let redis = testkit::redis().await;
        let (one, other) = (window(&redis.url), window(&redis.url));
        // Batches of 1, 2, 4 and 8 by now: some of the last are left.
        for _ in 0..8 {
            assert!(passes(&one).await);
        }
        let mut passed: Vec<Instant> = Vec::new();
        let lately = |passed: &[Instant], now: Instant| passed.iter().filter(|at| now - **at < WINDOW).count();
        testkit::until("the other gateway has all of a second", async || {
            while passes(&other).await {
                passed.push(Instant::now());
            }
            lately(&passed, Instant::now()) == LIMIT as usize
        })
        .await;
        for _ in 0..8 {
            let asked = Instant::now();
            assert!(!passes(&one).await || lately(&passed, asked) < LIMIT as usize, "more than {LIMIT} in a second");
        }
    }

    #[tokio::test]
    async fn what_was_not_spent_goes_back() {
        let redis = testkit::redis().await;
        let shared = Shared::new(&redis.url, PATIENCE).unwrap();
        let nothing = Unspent::default();
        let granted = shared.reserve("one", LIMIT, 10, nothing).await.unwrap();
        assert_eq!((granted.permits, granted.left), (10, 30));
        let unspent = Unspent { bucket: granted.bucket, permits: 7 };
        assert!(shared.reserve("one", LIMIT, 0, unspent).await.unwrap().left >= 37);
        // What was never counted there is no gift.
        let invented = Unspent { bucket: granted.bucket, permits: 1_000 };
        let after = shared.reserve("one", LIMIT, 1_000, invented).await.unwrap();
        assert!(after.permits <= LIMIT, "{after:?}");
        let full = shared.reserve("one", LIMIT, 1, nothing).await.unwrap();
        assert!(full.permits == 0 && full.free_in <= WINDOW + BUCKET || full.left > 0, "{full:?}");
    }
}
