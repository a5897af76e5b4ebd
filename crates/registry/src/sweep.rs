//! Sweeps away stored answers that nobody will ask for again.

use crate::store::Store;
use ::fault::Fault;
use chrono::TimeDelta;

/// How long an answer is given again. After that a key is as good as new.
const KEPT: TimeDelta = TimeDelta::days(7);
/// How many are removed in one statement, so that none of them takes long.
const AT_ONCE: i64 = 5_000;

impl Store {
    /// Removes stored answers that are older than a week; how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep(&self) -> Result<u64, Fault> {
        let mut removed = 0;
        loop {
            let swept = sqlx::query(
                "delete from idempotency where ctid = any (array (
                     select ctid from idempotency where at < $1 order by at limit $2 for update skip locked))",
            );
            let swept = swept.bind(self.now() - KEPT).bind(AT_ONCE).execute(self.pool()).await.map_err(pg::fault)?;
            removed += swept.rows_affected();
            if swept.rows_affected() < AT_ONCE as u64 {
                return Ok(removed);
            }
        }
    }
}
