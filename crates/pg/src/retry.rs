//! Trying again when another transaction was in the way.

use ::fault::{Fault, Reason as _};
use proto::policy::v1::Reason;
use std::time::Duration;

/// How often a contended operation is tried in all.
const ATTEMPTS: u32 = 5;
/// The pause before the second attempt; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// Does `operation` until it succeeds, fails for a reason of its own, or has been `CONTENDED` five times. It must
/// begin its own transaction each time.
///
/// # Errors
/// The operation's own fault; `CONTENDED` if every attempt was.
pub async fn retrying<T, F, O>(operation: O) -> Result<T, Fault>
where
    O: Fn() -> F,
    F: Future<Output = Result<T, Fault>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match operation().await {
            Err(fault) if fault.reason() == Reason::Contended.name() => tokio::time::sleep(pause).await,
            settled => return settled,
        }
        pause *= 2;
    }
    operation().await
}
