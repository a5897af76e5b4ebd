//! One gateway at a time takes events in, so that they are in the ledger in the order of their stream.

use super::fanout::Fanout;
use events::Consumer;
use sqlx::{Connection as _, PgConnection, PgPool};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The group, and its only member at a time: whoever comes next begins with what the one before left unfinished.
const GROUP: &str = "webhooks";
/// The lock that makes it the only one: any number that no other lock of this database has.
const LOCK: i64 = 0x6c65_6761_7765_6268;
/// How often the others look whether it is their turn, and the one looks whether it still is.
const LOOK: Duration = Duration::from_secs(1);

/// Takes events in when it is this gateway's turn, until shutdown.
pub(crate) async fn run(pool: PgPool, redis: String, services: Vec<String>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match turn(&pool, &redis, &services, &shutdown).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "events cannot be taken in for webhooks now; trying again"),
        }
        shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await;
    }
}

async fn turn(
    pool: &PgPool,
    redis: &str,
    services: &[String],
    shutdown: &CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // A session of its own: the lock is held as long as it lives, and it is closed and not given back.
    let mut session: PgConnection = pool.acquire().await?.detach();
    let mine: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut session).await?;
    if mine {
        let services: Vec<_> = services.iter().map(String::as_str).collect();
        let consumer = Consumer::new(pool.clone(), redis, GROUP, &services)?.as_member(GROUP);
        let turn = shutdown.child_token();
        let run = consumer.run(Fanout, turn.clone());
        tokio::pin!(run);
        loop {
            tokio::select! {
                () = &mut run => break,
                () = tokio::time::sleep(LOOK) => if session.ping().await.is_err() {
                    // The lock is lost, and another may have it. The event in hand is finished; the inbox knows it.
                    turn.cancel();
                },
            }
        }
    }
    session.close().await?;
    Ok(())
}
