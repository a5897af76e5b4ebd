//! Answers given to requests with a key: the same request gets the same answer again, another one is refused.

use crate::effect::{Deed, Keyed};
use fault::Fault;
use prost::Message;
use proto::policy::v1::Reason;
use sqlx::Row as _;

/// The answer to the request that used this key before, if one did.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` if that was another request.
pub(crate) async fn replay<'e, T: Message + Default>(
    executor: impl sqlx::PgExecutor<'e>,
    deed: &Deed,
    keyed: &Keyed,
) -> Result<Option<T>, Fault> {
    let found =
        sqlx::query("select fingerprint, answer from idempotency where principal = $1 and method = $2 and key = $3")
            .bind(&*deed.principal.subject)
            .bind(&*deed.method)
            .bind(&keyed.key)
            .fetch_optional(executor)
            .await
            .map_err(pg::fault)?;
    let Some(row) = found else { return Ok(None) };
    let fingerprint: &[u8] = row.try_get("fingerprint").map_err(pg::fault)?;
    if fingerprint != keyed.fingerprint {
        return Err(Fault::new(Reason::IdempotencyKeyReused, "this key was used before for another request"));
    }
    let answer: &[u8] = row.try_get("answer").map_err(pg::fault)?;
    let unreadable = |error| Fault::new(Reason::Internal, "a stored answer cannot be read").caused_by(error);
    T::decode(answer).map(Some).map_err(unreadable)
}
