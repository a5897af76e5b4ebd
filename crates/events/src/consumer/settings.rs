//! How a consumer takes events in.

use std::time::Duration;

config::settings! {
    /// How a consumer takes events in.
    pub struct Settings {
        /// The most events taken at once.
        pub batch: u32 = 100 => config::between(1, 10_000),
        /// How long one read waits for events.
        pub block: Duration = "5s",
        /// How often an event is tried before it goes to the dead letters.
        pub tries: u32 = 5 => config::between(1, 100),
        /// After how long without a sign of its consumer an event is taken over by another.
        pub stale: Duration = "1m",
        /// How long the inbox remembers an event; longer than any outbox keeps it, or a replay would repeat its effect.
        pub retention: Duration = "30d",
    }
}

impl Default for Settings {
    fn default() -> Self {
        config::read(&config::Env::default(), "CONSUMER").expect("every setting has a default that passes its check")
    }
}
