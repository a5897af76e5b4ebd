//! A connection to Redis of one user's own: made when needed, and given up at the first error.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// A lazily made connection. It is not shared, so that a blocking read holds up nobody else.
pub(crate) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    connection: Option<MultiplexedConnection>,
}

impl Link {
    /// `answer` is the longest wait for an answer, the blocking time of a read included.
    pub(crate) fn new(client: Client, answer: Duration) -> Self {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(answer));
        Self { client, config, connection: None }
    }

    /// Whether the next command needs a new connection: what was known of the server may no longer hold.
    pub(crate) const fn is_new(&self) -> bool {
        self.connection.is_none()
    }

    /// The connection, made if there is none.
    pub(crate) async fn open(&mut self) -> RedisResult<&mut MultiplexedConnection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.client.get_multiplexed_async_connection_with_config(&self.config).await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Gives the connection up after an error, so that the next use begins with a new one.
    pub(crate) fn give_up(&mut self) {
        self.connection = None;
    }
}

/// Whether Redis says that the stream or the consumer group is not there, or went while a read waited: it was emptied.
pub(crate) fn is_no_group(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}

/// Whether Redis says that the consumer group exists already.
pub(crate) fn is_busy_group(error: &RedisError) -> bool {
    error.code() == Some("BUSYGROUP")
}
