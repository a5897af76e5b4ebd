//! How a consumer takes events in.

use std::time::Duration;

/// How a consumer takes events in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most events taken at once.
    pub batch: u32,
    /// How long one read waits for events.
    pub block: Duration,
    /// How often an event is tried before it goes to the dead letters.
    pub tries: u32,
    /// After how long without a sign of its consumer an event is taken over by another.
    pub stale: Duration,
    /// How long the inbox remembers an event; longer than any outbox keeps it, or a replay would repeat its effect.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 100,
            block: Duration::from_secs(5),
            tries: 5,
            stale: Duration::from_mins(1),
            retention: Duration::from_hours(30 * 24),
        }
    }
}
