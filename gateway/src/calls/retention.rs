//! How long calls of strangers are kept. They are refused, all of them, and anyone can make as many as the network bears; so
//! their blocks go after a time, and the audit log keeps what it said of each, and says that they are gone and by which rule.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked for blocks whose time is over.
const EVERY: Duration = Duration::from_hours(1);

/// Removes blocks of strangers that were written before a time, some at once, and says so in the same transaction: which time
/// that was, how long they had been kept by rule, and how many they are. `skip locked`: another gateway does the same.
const EMPTY: &str = "
    with rule as (select now() - make_interval(secs => $1) as before),
    due as (
        select b.keeper, b.number from call_blocks b, rule where b.strangers and b.written_at < rule.before
        order by b.written_at limit 1000 for update of b skip locked
    ), gone as (
        delete from call_blocks b using due where b.keeper = due.keeper and b.number = due.number returning b.number
    )
    insert into audit (actor, method, name, outcome, reason)
    select 'gateway', 'calls/empty', 'callBlocks', 'OK', 'before '
        || to_char((select before from rule) at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
        || ' after ' || ceil($1)::bigint || ' s: ' || count(*) || ' blocks'
    from gone having count(*) > 0";

/// What the audit log says of blocks that were removed.
const RULES: &str = "select reason from audit where method = 'calls/empty' and name = 'callBlocks' order by seq";

/// Removes what is kept no longer, until shutdown.
pub(crate) async fn keep_for(keep: Duration, pool: PgPool, shutdown: CancellationToken) {
    loop {
        match shutdown.run_until_cancelled(empty(&pool, keep)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "calls of strangers cannot be removed; it is tried again later"),
            None => return,
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn empty(pool: &PgPool, keep: Duration) -> Result<(), sqlx::Error> {
    loop {
        let emptied = sqlx::query(EMPTY).bind(keep.as_secs_f64()).execute(pool).await?;
        if emptied.rows_affected() == 0 {
            return Ok(());
        }
    }
}

/// By which rules blocks of strangers were removed, as the audit log has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// Blocks written before this may be gone.
    before: Option<DateTime<Utc>>,
    /// The shortest that any rule kept them for, in seconds.
    shortest: Option<i64>,
}

impl Rules {
    /// # Errors
    /// The database's.
    pub(super) async fn read(connection: &mut sqlx::PgConnection) -> Result<Self, sqlx::Error> {
        let reasons: Vec<String> = sqlx::query_scalar(RULES).fetch_all(connection).await?;
        Ok(reasons.iter().fold(Self::default(), |rules, reason| rules.with(reason)))
    }

    /// What is no such reason gives no right to remove anything.
    fn with(self, reason: &str) -> Self {
        let words: Vec<&str> = reason.split(' ').collect();
        let ["before", before, "after", seconds, ..] = words[..] else { return self };
        let (Ok(before), Ok(seconds)) = (before.parse::<DateTime<Utc>>(), seconds.parse::<i64>()) else { return self };
        Self {
            before: self.before.max(Some(before)),
            shortest: Some(self.shortest.map_or(seconds, |shortest| shortest.min(seconds))),
        }
    }

    /// Whether a block that was written then may be gone, if it was one of strangers.
    pub(super) fn allow(&self, written: DateTime<Utc>) -> bool {
        self.before.is_some_and(|before| written < before)
    }

    /// The shortest that any of them was kept for by rule, in seconds; 0 if none was removed.
    pub(super) fn shortest(&self) -> i64 {
        self.shortest.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_was_removed_may_be_gone_and_nothing_else() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let none = Rules::default().with("was removed").with("before noon after 5 s: 3 blocks");
        assert_eq!((none.allow(at("2020-01-01T00:00:00Z")), none.shortest()), (false, 0));
        let rules = none.with("before 2026-01-01T00:00:00.000000Z after 34560000 s: 1000 blocks");
        let rules = rules.with("before 2025-01-01T00:00:00.000001Z after 86400 s: 2 blocks");
        assert!(rules.allow(at("2025-12-31T23:59:59.999999Z")) && !rules.allow(at("2026-01-01T00:00:00Z")));
        assert_eq!(rules.shortest(), 86_400);
    }
}
