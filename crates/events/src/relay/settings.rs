//! How the relay works.

use crate::chain::Key;
use std::time::Duration;

config::settings! {
    /// How a relay publishes, seals and sweeps.
    pub struct Settings {
        /// The key of the audit chain's hashes: 64 or more hexadecimal digits, as `openssl rand -hex 32` makes them.
        /// It is kept outside the database, or whoever can write there can seal what he wrote.
        pub audit_key: Key,
        /// The most events or audit rows taken at once.
        pub batch: u32 = 500 => config::between(1, 10_000),
        /// How long the relay waits before it looks by itself, when no writer rings.
        pub poll: Duration = "1s",
        /// How long the relay rests after it has worked, so that what is committed meanwhile goes along.
        pub rest: Duration = "10ms",
        /// How long a relay that does not lead waits before it tries again to.
        pub standby: Duration = "1s",
        /// About how many entries a stream keeps. A consumer that falls further behind needs a replay.
        pub stream_length: u64 = 1_000_000,
        /// How long published events stay in the outbox, for a replay. No inbox may forget them sooner.
        pub retention: Duration = "7d",
        /// After how many sealed rows an anchor is published.
        pub anchor_rows: u64 = 10_000,
        /// After how much time an anchor is published, if rows were sealed since the last.
        pub anchor_every: Duration = "5m",
    }
}
