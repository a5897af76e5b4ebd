//! How the relay works.

use crate::chain::Key;
use std::time::Duration;

/// How a relay publishes, seals and sweeps.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key of the audit chain's hashes. It is kept outside the database, or whoever can write there can seal.
    pub audit_key: Key,
    /// The most events or audit rows taken at once.
    pub batch: u32,
    /// How long the relay waits before it looks by itself, when nobody rings.
    pub poll: Duration,
    /// How long a relay that does not lead waits before it tries again to.
    pub standby: Duration,
    /// About how many entries a stream keeps. A consumer that falls further behind needs a replay.
    pub stream_length: u64,
    /// How long published events stay in the outbox, for a replay.
    pub retention: Duration,
    /// After how many sealed rows an anchor is published.
    pub anchor_rows: u64,
    /// After how much time an anchor is published, if rows were sealed since the last.
    pub anchor_every: Duration,
}

impl Settings {
    /// The usual settings, with this key.
    pub fn new(audit_key: Key) -> Self {
        Self {
            audit_key,
            batch: 500,
            poll: Duration::from_secs(1),
            standby: Duration::from_secs(1),
            stream_length: 1_000_000,
            retention: Duration::from_hours(7 * 24),
            anchor_rows: 10_000,
            anchor_every: Duration::from_mins(5),
        }
    }
}
