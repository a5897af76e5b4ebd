//! How keys are used: counted in memory as calls end, written in batches, read by whoever may see the key.

use chrono::{DateTime, NaiveDate, Utc};
use fault::Fault;
use proto::gateway::v1::{DayOfUse, ShowApiKeyUsageResponse};
use registry::timestamp;
use sqlx::{PgPool, Row as _};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often counts are written: what a gateway that is killed forgets, and how late a key's last use is seen.
const EVERY: Duration = Duration::from_secs(2);
/// How many days are told.
const DAYS: i64 = 92;

/// What was counted for one key since it was last written.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    calls: AtomicU64,
    denied: AtomicU64,
}

impl Usage {
    /// Counts a call that is over.
    pub(crate) fn count(&self, denied: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if denied {
            self.denied.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(&self) -> (i64, i64) {
        let take = |count: &AtomicU64| i64::try_from(count.swap(0, Ordering::Relaxed)).unwrap_or(i64::MAX);
        (take(&self.calls), take(&self.denied))
    }

    fn give_back(&self, calls: i64, denied: i64) {
        self.calls.fetch_add(calls.unsigned_abs(), Ordering::Relaxed);
        self.denied.fetch_add(denied.unsigned_abs(), Ordering::Relaxed);
    }
}

/// A key, where it is counted, and what was: calls, and those of them that were denied.
type Taken = (Arc<str>, Arc<Usage>, (i64, i64));

/// What this gateway counted and has not written.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<HashMap<Arc<str>, Arc<Usage>>>);

impl Ledger {
    /// The counts of a key. Nobody counts how often a person calls.
    pub(crate) fn of(&self, subject: &Arc<str>) -> Option<Arc<Usage>> {
        let is_key = subject.starts_with("apiKeys/");
        let mut kept = self.0.lock().expect("nothing panics while it is held");
        is_key.then(|| Arc::clone(kept.entry(Arc::clone(subject)).or_default()))
    }

    /// Writes until `shutdown`, and then once more: calls have ended by then.
    pub(crate) async fn run(self: Arc<Self>, pool: PgPool, shutdown: CancellationToken) {
        loop {
            let last = shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
            if let Err(error) = self.write(&pool).await {
                tracing::warn!(%error, "the use of keys cannot be written; it is tried again");
            }
            if last {
                return;
            }
        }
    }

    async fn write(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut taken = self.take();
        if taken.is_empty() {
            return Ok(());
        }
        // In one order for all gateways, so that none waits for another that waits for it.
        taken.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let written = sqlx::query(
            "insert into key_usage (name, day, calls, denied, last_at) \
             select name, (now() at time zone 'utc')::date, calls, denied, now() \
             from unnest($1::text[], $2::bigint[], $3::bigint[]) as used (name, calls, denied) \
             on conflict (name, day) do update set calls = key_usage.calls + excluded.calls, \
                 denied = key_usage.denied + excluded.denied, last_at = greatest(key_usage.last_at, excluded.last_at)",
        )
        .bind(taken.iter().map(|(name, ..)| name.as_ref()).collect::<Vec<_>>())
        .bind(taken.iter().map(|(_, _, (calls, _))| *calls).collect::<Vec<_>>())
        .bind(taken.iter().map(|(_, _, (_, denied))| *denied).collect::<Vec<_>>())
        .execute(pool)
        .await;
        if written.is_err() {
            taken.iter().for_each(|(_, usage, (calls, denied))| usage.give_back(*calls, *denied));
        }
        written.map(drop)
    }

    /// What was counted, and an end to remembering keys that nobody uses.
    fn take(&self) -> Vec<Taken> {
        let mut kept = self.0.lock().expect("nothing panics while it is held");
        let all = kept.iter().map(|(name, usage)| (Arc::clone(name), Arc::clone(usage), usage.take()));
        let used: Vec<_> = all.filter(|(_, _, (calls, _))| *calls > 0).collect();
        kept.retain(|_, usage| Arc::strong_count(usage) > 1);
        used
    }
}

/// How a key is used, newest day first.
///
/// # Errors
/// The database's.
pub(crate) async fn of(pool: &PgPool, name: &str) -> Result<ShowApiKeyUsageResponse, Fault> {
    let rows =
        sqlx::query("select day, calls, denied, last_at from key_usage where name = $1 order by day desc limit $2")
            .bind(name)
            .bind(DAYS)
            .fetch_all(pool)
            .await
            .map_err(pg::fault)?;
    let mut usage = ShowApiKeyUsageResponse::default();
    for row in &rows {
        let (day, last): (NaiveDate, DateTime<Utc>) =
            (row.try_get("day").map_err(pg::fault)?, row.try_get("last_at").map_err(pg::fault)?);
        usage.last_use_time.get_or_insert(timestamp(last));
        let (calls, denied) = (row.try_get("calls").map_err(pg::fault)?, row.try_get("denied").map_err(pg::fault)?);
        usage.days.push(DayOfUse { date: day.to_string(), calls, denied });
    }
    Ok(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_taken_once_and_a_person_is_not_counted() {
        let ledger = Ledger::default();
        let usage = ledger.of(&"apiKeys/a".into()).unwrap();
        usage.count(false);
        usage.count(true);
        let taken = ledger.take();
        assert_eq!((taken[0].0.as_ref(), taken[0].2), ("apiKeys/a", (2, 1)));
        assert!(ledger.take().is_empty());
        usage.give_back(2, 1);
        assert_eq!(ledger.take()[0].2, (2, 1));
        assert!(ledger.of(&"people/ada".into()).is_none());
        drop((usage, taken));
        ledger.take();
        assert!(ledger.0.lock().unwrap().is_empty(), "a key that nobody uses is forgotten");
    }
}
