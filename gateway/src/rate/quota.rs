//! Quotas: how many requests an agency may make in a month for one product, through all gateways together.
//!
//! As with rates, Redis counts and a gateway leases: a hundredth of what is left at a time, so that little lies idle in
//! other gateways when the quota runs out, and what is spent never passes it. Months are UTC's; each begins anew. If
//! Redis has lost its count, it is taken from the use of the keys in the database.

use super::Limits;
use super::together::Shared;
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use moka::sync::Cache;
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The most permits leased at once.
const MOST: u64 = 256;
/// How long a quota that is used up is not asked for again: another gateway may give some back.
const REST: Duration = Duration::from_secs(1);
/// How long permits lie unused before they go back.
const IDLE: Duration = Duration::from_secs(5);

/// The quotas of all agencies.
#[derive(Debug)]
pub(crate) struct Quotas {
    shared: Option<Arc<Shared>>,
    pool: PgPool,
    known: Cache<Box<str>, Arc<Quota>>,
}

/// One agency's quota for one product.
#[derive(Debug)]
pub(crate) struct Quota {
    /// `agencies/customs`.
    holder: Box<str>,
    /// `products/cards`.
    product: Box<str>,
    limit: u64,
    hand: Mutex<Hand>,
    /// Held by the one request that asks Redis; those behind it find new permits.
    turn: tokio::sync::Mutex<()>,
    shared: Option<Arc<Shared>>,
    pool: PgPool,
}

/// Permits in hand.
#[derive(Debug)]
struct Hand {
    /// The month they are of: `2026-11`.
    month: String,
    /// When that month is over.
    over: Instant,
    permits: u64,
    /// Spent while Redis was away, and not counted there yet.
    owed: u64,
    /// What the quota had left when it was last asked for.
    left: u64,
    /// While it is used up: until when it is not asked for again.
    empty: Option<Instant>,
    used: Instant,
}

/// What Redis or the database said of a quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) permits: u64,
    pub(super) left: u64,
}

impl Quotas {
    /// Counts where rates are counted.
    pub(crate) fn new(limits: &Limits, pool: PgPool) -> Self {
        let shared = limits.shared.clone();
        Self {
            shared,
            pool,
            known: Cache::builder().max_capacity(10_000).time_to_idle(Duration::from_secs(3600)).build(),
        }
    }

    /// The quota of an agency for a product.
    pub(crate) fn of(&self, holder: &str, product: &str, limit: u64) -> Arc<Quota> {
        let make = || {
            Arc::new(Quota {
                holder: holder.into(),
                product: product.into(),
                limit,
                hand: Mutex::new(Hand::of(Utc::now())),
                turn: tokio::sync::Mutex::default(),
                shared: self.shared.clone(),
                pool: self.pool.clone(),
            })
        };
        self.known.get_with(format!("{holder} {product}").into(), make)
    }

    /// Gives back what lies unused, until `shutdown` and then all of it.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            let last = shutdown.run_until_cancelled(tokio::time::sleep(IDLE)).await.is_none();
            for (_, quota) in &self.known {
                quota.give_back(if last { Duration::ZERO } else { IDLE }).await;
            }
            if last {
                return;
            }
        }
    }
}

impl Hand {
    /// An empty hand in the month of that instant.
    fn of(now: DateTime<Utc>) -> Self {
        let at = Instant::now();
        let over = at + until_next_month(now);
        Self { month: now.format("%Y-%m").to_string(), over, permits: 0, owed: 0, left: 0, empty: None, used: at }
    }
}

/// How long it is until the month after that of `now` begins, in UTC.
fn until_next_month(now: DateTime<Utc>) -> Duration {
    let next = if now.month() == 12 { (now.year() + 1, 1) } else { (now.year(), now.month() + 1) };
    let first = chrono::NaiveDate::from_ymd_opt(next.0, next.1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let left = first.map_or(TimeDelta::days(1), |first| first.and_utc() - now);
    left.to_std().unwrap_or_default()
}

impl Quota {
    /// The product that it is of.
    pub(crate) fn product(&self) -> &str {
        &self.product
    }

    /// How many requests a month it is.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes one permit.
    ///
    /// # Errors
    /// The quota is used up: how long it is until the next month.
    pub(crate) async fn take(&self) -> Result<(), Duration> {
        if let Some(taken) = self.spend() {
            return taken;
        }
        let _turn = self.turn.lock().await;
        if let Some(taken) = self.spend() {
            return taken;
        }
        let Some(shared) = &self.shared else { return self.take_alone() };
        let (month, owed, wanted) = self.wish();
        match self.lease(shared, &month, wanted, owed).await {
            Some(lease) => self.accept(lease, owed),
            None => self.owe(),
        }
    }

    /// Spends a permit in hand, or repeats that there is none; `None` if Redis must be asked.
    fn spend(&self) -> Option<Result<(), Duration>> {
        let mut hand = self.hand.lock().expect("nothing panics while it is held");
        let now = Instant::now();
        if now >= hand.over {
            // What is left of the old month is worth nothing in the new one.
            *hand = Hand::of(Utc::now());
        }
        if hand.permits > 0 {
            hand.permits -= 1;
            hand.used = now;
            return Some(Ok(()));
        }
        hand.empty.filter(|until| now < *until).map(|_| Err(hand.over - now))
    }

    /// The month, what is owed to it, and how many to ask for.
    fn wish(&self) -> (String, u64, u64) {
        let hand = self.hand.lock().expect("nothing panics while it is held");
        (hand.month.clone(), hand.owed, (hand.left / 100).clamp(1, MOST))
    }

    async fn lease(&self, shared: &Shared, month: &str, wanted: u64, owed: u64) -> Option<Lease> {
        let key = format!("legation:quota:{}:{}:{month}", self.holder, self.product);
        let owed = i64::try_from(owed).unwrap_or(i64::MAX);
        match shared.lease(&key, self.limit, wanted, owed, None).await? {
            Some(lease) => Some(lease),
            // Redis does not know: what was spent is in the database.
            None => {
                let spent = self.spent().await?;
                shared.lease(&key, self.limit, wanted, owed, Some(spent)).await?
            }
        }
    }

    /// What the agency's keys for the product were used for in this month, as far as it is written.
    async fn spent(&self) -> Option<u64> {
        let sum: Result<i64, _> = sqlx::query_scalar(
            "select coalesce(sum(u.calls - u.denied), 0)::bigint from key_usage u join api_keys k on k.name = u.name \
             where k.holder = $1 and k.product = $2 and u.day >= date_trunc('month', now() at time zone 'utc')",
        )
        .bind(&*self.holder)
        .bind(&*self.product)
        .fetch_one(&self.pool)
        .await;
        match sum {
            Ok(sum) => Some(sum.unsigned_abs()),
            Err(error) => {
                tracing::warn!(%error, "what was spent of a quota cannot be read");
                None
            }
        }
    }

    /// Takes the lease and spends one permit of it.
    fn accept(&self, lease: Lease, owed: u64) -> Result<(), Duration> {
        let mut hand = self.hand.lock().expect("nothing panics while it is held");
        let now = Instant::now();
        hand.owed = hand.owed.saturating_sub(owed);
        hand.left = lease.left;
        hand.used = now;
        if lease.permits == 0 {
            hand.empty = Some(now + REST);
            return Err(hand.over.saturating_duration_since(now));
        }
        hand.empty = None;
        hand.permits = lease.permits - 1;
        Ok(())
    }

    /// Redis is away: the request passes, and is counted when Redis is back. A month's quota is no protection from a
    /// burst, the rate is; to refuse everyone for an outage of ours would be worse than a few requests too many.
    fn owe(&self) -> Result<(), Duration> {
        self.hand.lock().expect("nothing panics while it is held").owed += 1;
        Ok(())
    }

    /// Without Redis this gateway counts what passes through it.
    fn take_alone(&self) -> Result<(), Duration> {
        let mut hand = self.hand.lock().expect("nothing panics while it is held");
        if hand.owed >= self.limit {
            return Err(hand.over.saturating_duration_since(Instant::now()));
        }
        hand.owed += 1;
        Ok(())
    }

    /// Gives back what has lain unused for so long.
    async fn give_back(&self, idle: Duration) {
        let Some(shared) = &self.shared else { return };
        let (month, unspent) = {
            let mut hand = self.hand.lock().expect("nothing panics while it is held");
            if hand.permits == 0 || hand.used.elapsed() < idle || Instant::now() >= hand.over {
                return;
            }
            (hand.month.clone(), std::mem::take(&mut hand.permits))
        };
        let key = format!("legation:quota:{}:{}:{month}", self.holder, self.product);
        let back = i64::try_from(unspent).unwrap_or(0);
        if shared.lease(&key, self.limit, 0, -back, None).await.is_none() {
            self.hand.lock().expect("nothing panics while it is held").permits += unspent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_when_the_next_begins_in_utc() {
        let days = |text: &str| until_next_month(text.parse().unwrap()).as_secs_f64() / 86_400.0;
        assert!((days("2026-02-01T00:00:00Z") - 28.0).abs() < 1e-9);
        assert!((days("2026-12-31T12:00:00Z") - 0.5).abs() < 1e-9);
        assert!((days("2028-02-29T00:00:00Z") - 1.0).abs() < 1e-9);
    }
}
