//! Answers given to requests with a key: the same request gets the same answer again, another one is refused.

use crate::effect::{Deed, Keyed};
use crate::kind::Kind;
use crate::secret::{DATA_KEY, Secret};
use crate::store::Store;
use crate::texts::key_of;
use fault::Fault;
use proto::policy::v1::Reason;
use proto::shape::Record;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// As [`replay`], on a connection of its own.
pub(crate) async fn replay_anew<T: Record>(
    kind: &Kind,
    store: &Store,
    deed: &Deed,
    keyed: &Keyed,
) -> Result<Option<T>, Fault> {
    let mut connection = store.pool().acquire().await.map_err(pg::fault)?;
    replay(&mut connection, kind, store, deed, keyed).await
}

/// The answer to the request that used this key before, if one did. What was erased since is empty in it.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` if that was another request.
pub(crate) async fn replay<T: Record>(
    connection: &mut PgConnection,
    kind: &Kind,
    store: &Store,
    deed: &Deed,
    keyed: &Keyed,
) -> Result<Option<T>, Fault> {
    let found =
        sqlx::query("select fingerprint, answer from idempotency where principal = $1 and method = $2 and key = $3")
            .bind(&*deed.principal.subject)
            .bind(&*deed.method)
            .bind(&keyed.key)
            .fetch_optional(&mut *connection)
            .await
            .map_err(pg::fault)?;
    let Some(row) = found else { return Ok(None) };
    let fingerprint: &[u8] = row.try_get("fingerprint").map_err(pg::fault)?;
    if fingerprint != keyed.fingerprint && keyed.otherwise.is_none_or(|otherwise| fingerprint != otherwise) {
        return Err(Fault::new(Reason::IdempotencyKeyReused, "this key was used before for another request"));
    }
    let (record, envelope) = kind.answer::<T>(row.try_get("answer").map_err(pg::fault)?)?;
    let Some(envelope) = envelope else { return Ok(Some(record)) };
    let find = format!("select {}", key_of("$1", DATA_KEY));
    let row = sqlx::query(AssertSqlSafe(find)).bind(record.name()).fetch_one(connection).await.map_err(pg::fault)?;
    let secret = Secret::of(&row, DATA_KEY, record.name(), kind, store)?;
    kind.whole_answer(record, &envelope, secret).map(Some)
}
