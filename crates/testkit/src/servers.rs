//! The PostgreSQL and the Redis of this test run.

use cluster::{Cluster, Spec};
use std::env;
use std::path::Path;
use std::sync::LazyLock;

/// A superuser's URL of a PostgreSQL to test on, instead of one of our own.
const POSTGRES: &str = "LEGATION_TEST_POSTGRES";
/// The URL of a Redis to test on.
const REDIS: &str = "LEGATION_TEST_REDIS";

/// Where the servers are. Held until the process ends.
pub(crate) struct Servers {
    /// A superuser's URL of the database `postgres`.
    pub(crate) postgres: String,
    /// The URL of database 0.
    pub(crate) redis: String,
    _held: Option<Cluster>,
}

static SERVERS: LazyLock<Servers> = LazyLock::new(|| {
    if let (Ok(postgres), Ok(redis)) = (env::var(POSTGRES), env::var(REDIS)) {
        return Servers { postgres, redis, _held: None };
    }
    let local = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local");
    let spec = Spec { dir: local.join("test"), tools: local.join("tools"), durable: false, install: false };
    let cluster = Cluster::start(&spec, &mut |_| {});
    let cluster = cluster.unwrap_or_else(|error| panic!("no servers to test on: {error:#}"));
    Servers {
        postgres: cluster.postgres().superuser_url("postgres"),
        redis: cluster.redis().url(0),
        _held: Some(cluster),
    }
});

/// The servers, started if need be. Blocks for as long as that takes.
pub(crate) fn servers() -> &'static Servers {
    &SERVERS
}
