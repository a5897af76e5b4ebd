//! The outbox relay in commit order to Redis Streams, consumers with an inbox, and the sealed audit chain.
//!
//! A write leaves its event in the `outbox` in its own transaction. The [`relay`] publishes it at least once to the
//! stream of its service; a [`Consumer`] notes it in its `inbox` in the transaction of the effect, so that the effect
//! happens once. The relay also seals the `audit` rows into a hash [`chain`].

pub mod chain;
mod consumer;
mod event;
mod link;
mod metrics;
mod outage;
mod position;
pub mod relay;

pub use consumer::{Consumer, Handler, HandlerError, Settings as ConsumerSettings, dead_letters};
pub use event::{Event, Malformed, stream};
pub use relay::Relay;
