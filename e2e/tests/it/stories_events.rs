//! What a house has told the world: its events as they lie in Redis.

use events::Event;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use testkit::TestRedis;

/// A connection to the test's own Redis, past every proxy.
pub(crate) async fn connection(redis: &TestRedis) -> MultiplexedConnection {
    let client = redis::Client::open(redis.url.as_str()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Every event of accreditation in the stream, in the stream's order.
pub(crate) async fn stream(redis: &TestRedis) -> Vec<Event> {
    let mut range = redis::cmd("XRANGE");
    range.arg("legation:events:accreditation").arg("-").arg("+");
    let entries: StreamRangeReply = range.query_async(&mut connection(redis).await).await.unwrap();
    entries.ids.iter().map(|entry| Event::read(&entry.map).unwrap()).collect()
}
