//! Which of several relays leads: the one whose session holds the advisory lock.

use sqlx::{Connection as _, PgConnection, PgPool};
use std::time::Duration;
use tokio::time::timeout;

/// The lock's number in every service's database; advisory locks are per database.
const LOCK: i64 = i64::from_be_bytes(*b"outbox\0\x01");

/// How long a session may take to close.
const CLOSING: Duration = Duration::from_secs(1);

/// A session that wants to lead.
#[derive(Debug)]
pub(super) struct Candidate(PgConnection);

impl Candidate {
    /// Opens a session outside the pool. The server is told to notice a vanished client within half a minute, or the
    /// lock of a machine that lost its power would be held for hours.
    pub(super) async fn stand(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut session = PgConnection::connect_with(&pool.connect_options()).await?;
        sqlx::query(
            "select set_config('application_name', 'legation relay', false),
                    set_config('idle_session_timeout', '0', false),
                    set_config('tcp_keepalives_idle', '10', false),
                    set_config('tcp_keepalives_interval', '5', false),
                    set_config('tcp_keepalives_count', '3', false)",
        )
        .execute(&mut session)
        .await?;
        Ok(Self(session))
    }

    /// Tries to take the lead. It asks rather than waits: a waiting statement would keep vacuum from its work.
    pub(super) async fn elected(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut self.0).await
    }

    /// The session, which holds the lock as long as it lives.
    pub(super) fn into_session(self) -> PgConnection {
        self.0
    }
}

/// Closes the session, and with it gives the lead away at once.
pub(super) async fn resign(session: PgConnection) {
    if !matches!(timeout(CLOSING, session.close()).await, Ok(Ok(()))) {
        tracing::debug!("the relay's session was gone before it was closed");
    }
}
