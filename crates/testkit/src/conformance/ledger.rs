//! What stands in the books: the rows that every write leaves, and no refusal.

use super::bench::Bench;
use super::outcome::Unprepared;
use std::fmt;
use std::ops::Sub;

const COUNT: &str = "
    select (select count(*) from history),
           (select count(*) from audit where outcome = 'OK' and actor <> all (array[$1, 'gateway'])
               and not (method like '%/Watch%' and actor = any ($2))),
           (select count(*) from outbox where kind <> 'audit.anchor')";

/// How many rows there are. Anchors of the audit chain, denials, and the gateway's record of calls come by themselves,
/// and are not counted. Nor are notes of what officers were shown by a watch: one that was left in an earlier check
/// reads on until its end is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) history: i64,
    pub(super) audit: i64,
    pub(super) outbox: i64,
}

impl Ledger {
    /// What one write leaves.
    pub(super) const ONE: Self = Self { history: 1, audit: 1, outbox: 1 };

    /// What a write leaves that changes so many other records too.
    pub(super) const fn with(follows: i64) -> Self {
        Self { history: 1 + follows, audit: 1 + follows, outbox: 1 + follows }
    }

    /// What a read leaves: nothing, or its note in the audit log.
    pub(super) const fn read(audited: bool) -> Self {
        Self { history: 0, audit: audited as i64, outbox: 0 }
    }

    pub(super) async fn of(bench: &Bench) -> Result<Self, Unprepared> {
        let officers: Vec<_> = bench.officers.iter().map(|officer| &*officer.principal.subject).collect();
        let counted = sqlx::query_as(COUNT).bind(&*bench.hurried.principal.subject).bind(officers);
        let counted = counted.fetch_one(&bench.pool).await;
        let (history, audit, outbox) =
            counted.map_err(|error| Unprepared(format!("the books cannot be read: {error}")))?;
        Ok(Self { history, audit, outbox })
    }
}

impl Sub for Ledger {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            history: self.history - before.history,
            audit: self.audit - before.audit,
            outbox: self.outbox - before.outbox,
        }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of history, {} of audit, {} of events", self.history, self.audit, self.outbox)
    }
}
