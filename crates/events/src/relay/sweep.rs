//! Removes published events that are past their keeping, and counts those that wait.

use sqlx::PgConnection;
use std::time::{Duration, Instant};

/// How often to sweep and count.
const EVERY: Duration = Duration::from_secs(10);
/// The most rows looked at in one sweep.
const AT_ONCE: i64 = 5_000;

/// Only the oldest rows are looked at: a sweep costs the same however long the outbox is.
const SWEEP: &str = "
    delete from outbox using (select seq from outbox order by seq limit $1) as oldest
    where outbox.seq = oldest.seq and published_at < clock_timestamp() - make_interval(secs => $2)";

/// Sweeps from time to time.
#[derive(Debug)]
pub(super) struct Sweeper {
    retention: f64,
    next: Instant,
}

impl Sweeper {
    pub(super) fn new(retention: Duration) -> Self {
        Self { retention: retention.as_secs_f64(), next: Instant::now() }
    }

    /// Sweeps and counts if it is time to: the number of events that wait.
    pub(super) async fn sweep(&mut self, session: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
        if Instant::now() < self.next {
            return Ok(None);
        }
        let swept = sqlx::query(SWEEP).bind(AT_ONCE).bind(self.retention).execute(&mut *session).await?;
        let pause = if swept.rows_affected() == AT_ONCE.cast_unsigned() { Duration::ZERO } else { EVERY };
        self.next = Instant::now() + pause;
        let waiting = "select count(*) from outbox where published_at is null";
        Ok(Some(sqlx::query_scalar(waiting).fetch_one(session).await?))
    }
}
