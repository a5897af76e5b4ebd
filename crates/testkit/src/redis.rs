//! A Redis database for one test.

use crate::servers::servers;
use crate::{Proxy, Upstream, aside};
use anyhow::{Context as _, Result};
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _};

/// One test's own numbered database. Publish and subscribe are not divided by number: channels are everyone's.
#[derive(Clone, Debug)]
pub struct TestRedis {
    /// The database's URL.
    pub url: String,
    number: i64,
}

/// An empty database that no other test has. Panics if there is no server to test on.
pub async fn redis() -> TestRedis {
    aside(async { claim().await.expect("the test Redis answers") }).await
}

async fn claim() -> Result<TestRedis> {
    let url = tokio::task::spawn_blocking(|| servers().redis.clone()).await?;
    let client = Client::open(url.as_str()).context("open the test Redis")?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let (_, databases): (String, i64) =
        redis::cmd("CONFIG").arg("GET").arg("databases").query_async(&mut connection).await?;
    let claimed: i64 = redis::cmd("INCR").arg("testkit:claimed").query_async(&mut connection).await?;
    // Database 0 holds the count; the others are handed out in turn.
    let number = 1 + claimed % (databases - 1);
    redis::pipe().cmd("SELECT").arg(number).cmd("FLUSHDB").exec_async(&mut connection).await?;
    Ok(TestRedis { url: with_number(&url, number), number })
}

impl TestRedis {
    /// Where a proxy finds the server.
    pub fn upstream(&self) -> Upstream {
        let info = self.url.as_str().into_connection_info().expect("the URL was made here");
        match info.addr() {
            ConnectionAddr::Unix(path) => Upstream::Unix(path.clone()),
            ConnectionAddr::Tcp(host, port) => Upstream::Tcp(format!("{host}:{port}")),
            other => panic!("no proxy to {other}"),
        }
    }

    /// The URL of this database through a proxy to [`TestRedis::upstream`].
    pub fn url_through(&self, proxy: &Proxy) -> String {
        format!("redis://{}/{}", proxy.address(), self.number)
    }
}

/// Over a socket the number is a parameter, over TCP it is the path.
fn with_number(url: &str, number: i64) -> String {
    match url.split_once("?db=") {
        Some((address, _)) => format!("{address}?db={number}"),
        None => {
            let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
            format!("{scheme}://{}/{number}", rest.split('/').next().unwrap_or(rest))
        }
    }
}
