//! One outage of a dependency: told once when it begins and once when it ends, with a growing pause between tries.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The pause after the first failure; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A pause that grows with every failure.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    failures: u32,
}

impl Pause {
    /// How long to wait after one more failure.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures += 1;
        pause
    }
}

/// What is known of a dependency that may be away.
#[derive(Debug)]
pub(crate) struct Outage {
    of: &'static str,
    began: Option<Instant>,
    next_try: Option<Instant>,
    pause: Pause,
}

impl Outage {
    pub(crate) fn of(dependency: &'static str) -> Self {
        Self { of: dependency, began: None, next_try: None, pause: Pause::default() }
    }

    /// Notes a failure, and gives the pause before the next try.
    pub(crate) fn failed(&mut self, error: &dyn Display) -> Duration {
        if self.began.is_none() {
            self.began = Some(Instant::now());
            tracing::warn!(dependency = self.of, %error, "a dependency is away; trying again until it is back");
        }
        let pause = self.pause.next();
        self.next_try = Some(Instant::now() + pause);
        pause
    }

    /// Notes a success.
    pub(crate) fn over(&mut self) {
        if let Some(began) = self.began.take() {
            tracing::info!(dependency = self.of, seconds = began.elapsed().as_secs(), "the dependency is back");
        }
        self.next_try = None;
        self.pause = Pause::default();
    }

    /// How long to wait before the next try; zero when there is no outage.
    pub(crate) fn left(&self) -> Duration {
        self.next_try.map_or(Duration::ZERO, |next| next.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap_and_start_again_after_a_success() {
        let mut outage = Outage::of("redis");
        assert_eq!(outage.left(), Duration::ZERO);
        let pauses: Vec<_> = (0..40).map(|_| outage.failed(&"refused")).collect();
        assert_eq!(pauses[0], FIRST_PAUSE);
        assert!(pauses.is_sorted());
        assert_eq!(pauses[39], LONGEST_PAUSE);
        assert!(outage.left() > Duration::ZERO);
        outage.over();
        assert_eq!(outage.left(), Duration::ZERO);
        assert_eq!(outage.failed(&"refused"), FIRST_PAUSE);
    }
}
