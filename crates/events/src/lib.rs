//! The outbox relay in commit order to Redis Streams, and consumers with an inbox.
