//! The record of calls held against the audit log, part by part: what the log says of each block, and then each block.

use super::block::{Block, COLUMNS, is_of_strangers};
use super::retention::Rules;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// How many blocks are read at once.
const AT_ONCE: i64 = 16;

/// What the log says of blocks, between two rows of it. An instant that is none was put there by somebody else.
const KEPT: &str = "
    select name, case when isfinite(at) then at end, reason from audit
    where seq > $1 and seq <= $2 and method = 'calls/keep' and name like 'callBlocks/%' order by seq";

/// Which of these blocks there are.
const THERE: &str = "
    select keeper, number from call_blocks
    where (keeper, number) in (select k, n from unnest($1::uuid[], $2::bigint[]) t (k, n))";

/// Where a check of the record goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At what the log says of blocks, behind the row of this number.
    Log(i64),
    /// At the blocks, behind this one.
    Blocks(Uuid, i64),
}

impl Place {
    /// The beginning.
    pub(crate) const BEGIN: Self = Self::Log(0);
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(seq) => write!(f, "log {seq}"),
            Self::Blocks(keeper, number) => write!(f, "blocks {keeper} {number}"),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["log", seq] => seq.parse().map(Self::Log).map_err(drop),
            ["blocks", keeper, number] => {
                Ok(Self::Blocks(keeper.parse().map_err(drop)?, number.parse().map_err(drop)?))
            }
            _ => Err(()),
        }
    }
}

/// What a part of the check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// How many calls are as the log says.
    pub(crate) calls: i64,
    /// How many blocks of strangers are gone by rule.
    pub(crate) emptied: i64,
    /// The shortest that any rule kept them for, in seconds.
    pub(crate) kept_seconds: i64,
    pub(crate) findings: Vec<String>,
}

/// Checks from a place on, as much as about so many rows or calls, and says where to go on; none at the end.
///
/// # Errors
/// The database's.
pub(crate) async fn check(pool: &PgPool, from: Place, most: i64) -> Result<(Checked, Option<Place>), sqlx::Error> {
    // One snapshot: blocks that are removed meanwhile are gone with the row that says so, or not at all.
    let mut tx = pg::begin(pool).await.map_err(|fault| sqlx::Error::Protocol(fault.to_string()))?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let (mut checked, mut left, mut place) = (Checked::default(), most, Some(from));
    while let Some(at) = place.filter(|_| left > 0) {
        place = match at {
            Place::Log(seq) => checked.log(&mut tx, seq, &mut left).await?,
            Place::Blocks(keeper, number) => checked.blocks(&mut tx, (keeper, number), &mut left).await?,
        };
    }
    tx.rollback().await?;
    Ok((checked, place))
}

impl Checked {
    /// Blocks of which the log knows and that are not there.
    async fn log(&mut self, tx: &mut PgConnection, from: i64, left: &mut i64) -> Result<Option<Place>, sqlx::Error> {
        let last: i64 = sqlx::query_scalar("select coalesce(max(seq), 0) from audit").fetch_one(&mut *tx).await?;
        let until = last.min(from.saturating_add(*left));
        let rows: Vec<(String, Option<DateTime<Utc>>, String)> =
            sqlx::query_as(KEPT).bind(from).bind(until).fetch_all(&mut *tx).await?;
        let named: Vec<_> = rows.iter().map(|(name, ..)| block_of(name)).collect();
        let (keepers, numbers): (Vec<_>, Vec<_>) = named.iter().flatten().copied().unzip();
        let there = sqlx::query_as::<_, (Uuid, i64)>(THERE).bind(keepers).bind(numbers).fetch_all(&mut *tx).await?;
        let there: HashSet<_> = there.into_iter().collect();
        let rules = Rules::read(tx).await?;
        for ((name, at, seal), block) in rows.iter().zip(&named) {
            if block.is_some_and(|block| there.contains(&block)) {
                continue;
            }
            if is_of_strangers(seal) && at.is_some_and(|at| rules.allow(at)) {
                self.emptied += 1;
            } else {
                self.findings.push(format!("{name} was deleted"));
            }
        }
        if self.emptied > 0 {
            self.kept_seconds = rules.shortest();
        }
        *left -= until - from;
        Ok(Some(if until >= last { Place::Blocks(Uuid::nil(), 0) } else { Place::Log(until) }))
    }

    /// Blocks of which the log does not know, or that are not as it says.
    async fn blocks(
        &mut self,
        tx: &mut PgConnection,
        (keeper, number): (Uuid, i64),
        left: &mut i64,
    ) -> Result<Option<Place>, sqlx::Error> {
        let text = format!(
            "select {COLUMNS}, a.reason as seal from call_blocks b left join audit a \
             on a.name = 'callBlocks/' || b.keeper::text || '/' || b.number::text and a.method = 'calls/keep' \
             where (b.keeper, b.number) > ($1, $2) order by b.keeper, b.number limit $3"
        );
        let rows = sqlx::query(AssertSqlSafe(text)).bind(keeper).bind(number).bind(AT_ONCE);
        let mut place = None;
        for row in &rows.fetch_all(tx).await? {
            let (block, seal) = (Block::read(row)?, row.try_get::<Option<String>, _>("seal")?);
            let name = format!("callBlocks/{}/{}", block.keeper, block.number);
            match seal {
                None => self.findings.push(format!("{name} was inserted afterwards")),
                Some(seal) if seal != block.seal() => self.findings.push(format!("{name} was altered")),
                Some(_) => self.calls += block.calls(),
            }
            *left -= 1 + i64::try_from(block.caller.len()).unwrap_or(i64::MAX);
            place = Some(Place::Blocks(block.keeper, block.number));
        }
        Ok(place)
    }
}

/// The block that a row of the log names: `callBlocks/{keeper}/{number}`.
fn block_of(name: &str) -> Option<(Uuid, i64)> {
    let (keeper, number) = name.strip_prefix("callBlocks/")?.split_once('/')?;
    keeper.parse().ok().zip(number.parse().ok())
}
