//! When deliveries are tried, given up and forgotten: a data file.

use anyhow::{Context as _, ensure};
use config::Value as _;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;

/// The schedule that comes with the gateway.
const SHIPPED: &str = include_str!("../../data/webhooks.toml");

/// When deliveries are tried, given up and forgotten.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    #[serde(deserialize_with = "times")]
    retry: Vec<Duration>,
    /// By which part of itself a pause is longer at most.
    #[serde(default)]
    jitter: f64,
    /// The longest that an endpoint's own `Retry-After` is heeded.
    #[serde(deserialize_with = "time", default = "a_day")]
    most_wait: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) disable_after: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) attempt: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) hold: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) postpone: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) overlap: Duration,
    #[serde(deserialize_with = "time")]
    pub(crate) keep: Duration,
}

impl Schedule {
    /// Reads a schedule file, or the one that comes with the gateway.
    ///
    /// # Errors
    /// It is no schedule, or holds attempts for less long than they can last.
    pub(crate) fn read(path: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let schedule: Self = match path {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
                toml::from_str(&text).context("the schedule of webhooks cannot be read")?
            }
            None => toml::from_str(SHIPPED).context("the schedule of webhooks cannot be read")?,
        };
        ensure!(
            schedule.hold > schedule.attempt,
            "the schedule of webhooks holds an attempt for less long than it lasts"
        );
        ensure!((0.0..=1.0).contains(&schedule.jitter), "the jitter of webhooks is a part of a pause, 0 to 1");
        Ok(schedule)
    }

    /// The pause after so many attempts; none if that was the last.
    pub(crate) fn pause(&self, attempts: i32) -> Option<Duration> {
        let step = usize::try_from(attempts).ok()?.checked_sub(1)?;
        self.retry.get(step).copied()
    }

    /// The pause after so many attempts: longer by a part that chance decides (`0.0` to `1.0`), so that what failed together
    /// is not tried together; and as long as the endpoint asked for, within bounds. None if that was the last attempt.
    pub(crate) fn wait(&self, attempts: i32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        let pause = self.pause(attempts)?.mul_f64(1.0 + self.jitter * chance);
        Some(asked.map_or(pause, |asked| asked.min(self.most_wait).max(pause)))
    }
}

fn a_day() -> Duration {
    Duration::from_hours(24)
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    Duration::parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn times<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Duration>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| Duration::parse(text).map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_ladder_is_the_one_that_receivers_know() {
        let schedule = Schedule::read(None).unwrap();
        let seconds: Vec<_> =
            (1..).map_while(|attempts| schedule.pause(attempts)).map(|pause| pause.as_secs()).collect();
        assert_eq!(seconds, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!(schedule.disable_after.as_secs(), 120 * 3_600);
        assert_eq!((schedule.pause(0), schedule.pause(8)), (None, None));
    }

    #[test]
    fn a_pause_is_longer_by_chance_and_as_long_as_the_endpoint_asks_within_bounds() {
        let schedule = Schedule::read(None).unwrap();
        let seconds = |attempts, asked: Option<u64>, chance| {
            schedule.wait(attempts, asked.map(Duration::from_secs), chance).map(|wait| wait.as_secs_f64())
        };
        assert_eq!((seconds(2, None, 0.0), seconds(2, None, 1.0)), (Some(300.0), Some(330.0)));
        assert_eq!(seconds(1, Some(120), 0.0), Some(120.0), "it asks for more than the ladder has");
        assert_eq!(seconds(2, Some(1), 0.0), Some(300.0), "it does not make the ladder shorter");
        assert_eq!(seconds(1, Some(u64::MAX), 0.0), Some(86_400.0), "nobody puts us off for ever");
        assert_eq!(seconds(8, Some(1), 0.0), None, "nor on beyond the ladder's end");
    }
}
