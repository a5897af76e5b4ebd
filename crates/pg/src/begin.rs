//! The one way to begin a transaction that a caller who leaves cannot leave open.

use crate::fault;
use ::fault::Fault;
use proto::policy::v1::Reason;
use sqlx::{PgPool, Postgres};

/// A transaction that owns its connection; dropped without a commit it is rolled back.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// Begins a transaction.
///
/// sqlx 0.9.0 forgets a `BEGIN` whose future is dropped before the server has answered it: the connection goes back
/// to the pool inside an open transaction, and the next user's writes are never committed. So it begins in a task of
/// its own, which nobody can cancel; if the caller has gone, the task drops the finished transaction and that rolls
/// it back.
///
/// # Errors
/// As [`fault()`](crate::fault()).
pub async fn begin(pool: &PgPool) -> Result<Tx, Fault> {
    let pool = pool.clone();
    #[expect(clippy::disallowed_methods, reason = "this is the task of its own")]
    let task = tokio::spawn(async move { pool.begin().await });
    match task.await {
        Ok(begun) => begun.map_err(fault),
        Err(stopped) => Err(Fault::new(Reason::Unavailable, "the service is stopping").caused_by(stopped)),
    }
}
