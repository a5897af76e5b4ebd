//! Tests against the real thing: databases from a template, services in process, tokens, a proxy that cuts connections, the conformance suite.
//!
//! PostgreSQL and Redis are real and shared by all test processes of a checkout; each test has a database of its own
//! in each. They start with the first test that asks and stop when the last test process is gone.

mod caller;
pub mod conformance;
mod database;
pub mod log;
mod proxy;
mod redis;
mod servers;
mod until;

pub use caller::{called, principal, signed, signer, token, verifier};
pub use database::{TestDb, database};
pub use proxy::{Proxy, Upstream};
pub use redis::{TestRedis, redis};
pub use until::{Met, until};

/// Sealing keys that everyone may know, as a setting.
pub const SEALING_KEYS: &str =
    "index AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= key AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// The keys of [`SEALING_KEYS`], for a register under test.
pub fn vault() -> vault::Vault {
    vault::Vault::parse(SEALING_KEYS).expect("the keys were made as such")
}

use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};

/// What outlives a single test runs here: the connection that makes databases, the proxies.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(1).thread_name("testkit").enable_all().build();
    built.expect("a runtime needs a thread and nothing else")
});

/// Runs a future on the kit's own runtime, from within any other.
async fn aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match RUNTIME.spawn(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
