//! Writes what was taken down, block by block, and tells when a gateway was killed before it could.

use super::addresses::Addresses;
use super::block::Block;
use super::{BLOCK, Call, Calls, MOST};
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long calls wait to be written.
const EVERY: Duration = Duration::from_millis(250);
/// How often a gateway with nothing to write says that it lives, and looks for others that no longer do.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// How long to wait before trying again, while the database is away.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is tried when the gateway stops.
const LAST_TRIES: u32 = 3;

const WRITE: &str = "
    with block as (
        insert into call_blocks (keeper, number, first_at, last_at, lost, callers, agencies, methods, caller, method,
            micros, code, trace, addresses, address, record, strangers, times, written_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15, $16, $17, $18, $19, now())
    ), alive as (update call_keepers set seen_at = now() where keeper = $1)
    insert into audit (at, actor, method, name, outcome, reason)
    values (now(), 'gateway', 'calls/keep', 'callBlocks/' || $1::text || '/' || $2::text, 'OK', $14)";

/// Keepers that died without a word are told once, by whoever sees it first.
const TELL: &str = "
    with dead as (
        update call_keepers set told_at = now()
        where ended_at is null and told_at is null and seen_at < now() - make_interval(secs => $1)
        returning keeper, seen_at
    )
    insert into audit (actor, method, name, outcome, reason)
    select 'gateway', 'calls/keep', 'callKeepers/' || keeper::text, 'UNCLEAN_STOP',
        'killed after ' || to_char(seen_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
            || '; calls not yet written then are lost'
    from dead returning reason";

/// Writes calls.
#[derive(Debug)]
pub(crate) struct Keeper {
    id: Uuid,
    number: i64,
    pool: PgPool,
    calls: Calls,
    /// Makes digests of addresses; none until the database gave the key for it.
    whence: Option<Addresses>,
}

impl Keeper {
    /// A keeper of the calls that `calls` takes down.
    pub(crate) fn new(pool: PgPool, calls: Calls) -> Self {
        Self { id: Uuid::now_v7(), number: 0, pool, calls, whence: None }
    }

    /// Writes until `shutdown`, and then what is left: calls have ended by then.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut alive = tokio::time::interval(SIGN_OF_LIFE);
        let mut spare: Vec<Call> = Vec::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = alive.tick() => self.sign_of_life().await,
                () = self.calls.0.full.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            let taken = self.calls.take(std::mem::take(&mut spare));
            spare = self.write(taken.calls, taken.lost, &shutdown).await;
        }
        let taken = self.calls.take(Vec::new());
        self.write(taken.calls, taken.lost, &shutdown).await;
        let ended = sqlx::query("update call_keepers set ended_at = now() where keeper = $1").bind(self.id);
        if let Err(error) = ended.execute(&self.pool).await {
            tracing::warn!(%error, "that the record of calls ended cannot be written");
        }
    }

    /// Writes calls; the emptied list, to be used again.
    async fn write(&mut self, mut calls: Vec<Call>, mut lost: u64, shutdown: &CancellationToken) -> Vec<Call> {
        // Strangers in blocks of their own, which do not stay for ever.
        calls.sort_by_key(|call| call.caller.is_none());
        let (known, strangers) = calls.split_at(calls.partition_point(|call| call.caller.is_some()));
        for part in known.chunks(BLOCK).chain(strangers.chunks(BLOCK)) {
            let Some(whence) = self.whence(shutdown).await else { break };
            let block = Block::of(self.id, self.number + 1, lost, part, &whence);
            if self.insist(&block, shutdown).await {
                self.number += 1;
                lost = 0;
            }
        }
        calls.clear();
        calls.shrink_to(MOST / 4);
        calls
    }

    /// What makes digests of addresses. None if the gateway stops and the database does not give it: then it does not take
    /// calls either.
    async fn whence(&mut self, shutdown: &CancellationToken) -> Option<Addresses> {
        let mut tries = 0;
        while self.whence.is_none() {
            match Addresses::of(&self.pool).await {
                Ok(whence) => self.whence = Some(whence),
                Err(error) => {
                    tracing::warn!(%error, "calls cannot be put on record; it is tried again");
                    tries = if shutdown.is_cancelled() { tries + 1 } else { 0 };
                    if tries == LAST_TRIES {
                        tracing::error!("calls were not put on record before the gateway stopped");
                        return None;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        self.whence.clone()
    }

    /// Tries until it is written, or until the gateway stops and it was tried often enough. Whether it was written.
    async fn insist(&self, block: &Block, shutdown: &CancellationToken) -> bool {
        let mut tries = 0;
        while let Err(error) = self.put(block).await {
            tracing::warn!(%error, "calls cannot be put on record; it is tried again");
            tries = if shutdown.is_cancelled() { tries + 1 } else { 0 };
            if tries == LAST_TRIES {
                tracing::error!(calls = block.caller.len(), "calls were not put on record before the gateway stopped");
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }

    async fn put(&self, block: &Block) -> Result<(), sqlx::Error> {
        let (first, last) = block.span();
        let written = sqlx::query(WRITE)
            .bind(block.keeper)
            .bind(block.number)
            .bind(first)
            .bind(last)
            .bind(block.lost)
            .bind(&block.callers)
            .bind(&block.agencies)
            .bind(&block.methods)
            .bind(&block.caller)
            .bind(&block.method)
            .bind(&block.micros)
            .bind(&block.code)
            .bind(&block.trace)
            .bind(block.seal())
            .bind(&block.addresses)
            .bind(&block.address)
            .bind(&block.record)
            .bind(block.strangers)
            .bind(&block.times)
            .execute(&self.pool)
            .await;
        match written {
            // An answer that was lost on its way is no reason to write the block twice.
            Err(sqlx::Error::Database(error)) if error.constraint() == Some("call_blocks_pkey") => Ok(()),
            written => written.map(drop),
        }
    }

    async fn sign_of_life(&self) {
        let seen = sqlx::query(
            "insert into call_keepers (keeper, began_at, seen_at) values ($1, now(), now()) \
             on conflict (keeper) do update set seen_at = now()",
        );
        let told = async {
            seen.bind(self.id).execute(&self.pool).await?;
            let limit = 3.0 * SIGN_OF_LIFE.as_secs_f64();
            sqlx::query_scalar::<_, String>(TELL).bind(limit).fetch_all(&self.pool).await
        };
        match told.await {
            Ok(dead) => dead.iter().for_each(|reason| tracing::warn!(reason, "a gateway was killed")),
            Err(error) => tracing::warn!(%error, "the keepers of calls cannot be read"),
        }
    }
}
