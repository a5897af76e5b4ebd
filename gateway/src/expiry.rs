//! The end of a key: how long it may last, when its holder is warned. Numbers from `data/keys.toml`.

use calendar::{Clock, Length};
use chrono::{DateTime, TimeDelta, Utc};
use registry::Call;
use serde::Deserialize;
use std::sync::LazyLock;

/// The timer of the next warning.
pub(crate) const WARNING_TIMER: &str = "expiryWarning";
/// The timer of the end.
const EXPIRY_TIMER: &str = "expiry";

/// The numbers of keys.
pub(crate) static NUMBERS: LazyLock<Numbers> =
    LazyLock::new(|| Numbers::read(include_str!("../data/keys.toml")).expect("a test reads the shipped file"));

/// The numbers of keys, each with its source in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    /// The longest that a key may last, in days.
    pub longest_days: u16,
    /// How many days before its end a key's holder is warned, the earliest first.
    pub warn_days: Vec<u16>,
    /// How many active keys an agency may have for one product.
    pub most_per_product: u16,
}

impl Numbers {
    fn read(text: &str) -> anyhow::Result<Self> {
        let numbers: Self = toml::from_str(text)?;
        let in_order = numbers.warn_days.is_sorted_by(|earlier, later| earlier > later);
        anyhow::ensure!(in_order, "the days of warning are not in order, the earliest first");
        let within = numbers.warn_days.first().is_none_or(|first| *first < numbers.longest_days);
        anyhow::ensure!(within, "a key is warned of before it can be made");
        anyhow::ensure!(numbers.most_per_product > 1, "a key could not be rotated");
        Ok(numbers)
    }

    /// The longest that a key may last.
    pub(crate) fn longest(&self) -> TimeDelta {
        TimeDelta::days(self.longest_days.into())
    }

    /// The next warning after `now` of a key that ends then; none if all are past.
    fn next_warning(&self, ends: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let warnings = self.warn_days.iter().map(|days| ends - TimeDelta::days((*days).into()));
        warnings.filter(|at| *at > now).min()
    }
}

/// Sets the timers of a key that ends then: the next warning, and the end itself.
pub(crate) fn await_end(ends: DateTime<Utc>, call: &mut Call) {
    await_warning(ends, call);
    let clock = until(ends, call.now());
    call.timers().set(EXPIRY_TIMER, clock);
}

/// Sets the timer of the next warning, if there is one to come.
pub(crate) fn await_warning(ends: DateTime<Utc>, call: &mut Call) {
    match NUMBERS.next_warning(ends, call.now()) {
        Some(at) => {
            let clock = until(at, call.now());
            call.timers().set(WARNING_TIMER, clock);
        }
        None => call.timers().clear(WARNING_TIMER),
    }
}

fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Clock {
    Clock::new(now, Length::Exactly((at - now).to_std().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(number * 86_400, 0).unwrap()
    }

    #[test]
    fn the_shipped_numbers_are_good_and_others_are_refused() {
        assert_eq!(NUMBERS.longest(), TimeDelta::days(400));
        for bad in [
            "longest_days = 400\nwarn_days = [1, 7]\nmost_per_product = 2",
            "longest_days = 30\nwarn_days = [30]\nmost_per_product = 2",
            "longest_days = 400\nwarn_days = []\nmost_per_product = 1",
            "longest_days = 400\nwarn_days = []",
        ] {
            assert!(Numbers::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn warnings_come_one_after_another_and_none_for_what_is_past() {
        let numbers = Numbers { longest_days: 400, warn_days: vec![30, 7, 1], most_per_product: 2 };
        let next = |now| numbers.next_warning(day(100), day(now));
        assert_eq!(next(0), Some(day(70)));
        assert_eq!(next(70), Some(day(93)));
        assert_eq!(next(93), Some(day(99)));
        assert_eq!(next(99), None);
    }
}
