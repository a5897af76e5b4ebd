//! Whether a publication looks cut off: its end is not marked as it was, or more of it is gone than publishers take back.

use crate::numbers::Number;
use crate::shipped::{Shipped, in_words};
use serde::Deserialize;

/// The numbers of practice.
pub(crate) static GUARD: Shipped<Guard> =
    Shipped::new("publications.toml", || in_words(toml::from_str(include_str!("../../data/publications.toml"))));

/// From when on a loss is too great to be believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Of so many entries or names at least a share is meant.
    least_counted: Number,
    /// The greatest share of a version that the next one leaves out, in hundredths.
    most_lost_percent: Number,
}

/// How much a version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) entries: i32,
    pub(crate) names: i32,
    /// Whether its files have the mark of their end.
    pub(crate) end_marked: bool,
}

impl Guard {
    /// Why the version that would take the place of another looks cut off; nothing if it does not.
    pub(crate) fn suspicion(&self, before: Size, now: Size) -> Option<String> {
        if before.end_marked && !now.end_marked {
            return Some("the mark of the end is missing, which the version in force has".into());
        }
        let parts = [("entries", before.entries, now.entries), ("names", before.names, now.names)];
        parts.into_iter().find(|(_, before, now)| self.is_too_much(*before, *now)).map(|(what, before, now)| {
            format!(
                "it has {now} {what}, the version in force {before}; more than {}% are gone",
                self.most_lost_percent.value
            )
        })
    }

    fn is_too_much(&self, before: i32, now: i32) -> bool {
        let (before, lost) = (i64::from(before), i64::from(before) - i64::from(now));
        before >= i64::from(self.least_counted.value) && lost * 100 > before * i64::from(self.most_lost_percent.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_cut_off_is_told() {
        GUARD.check().expect("the shipped numbers are good");
        let guard = GUARD.get();
        let size = |entries, names, end_marked| Size { entries, names, end_marked };
        let told = |before, now| guard.suspicion(before, now);
        assert_eq!(told(size(1_000, 3_000, true), size(900, 2_700, true)), None, "a tenth is believed");
        assert!(told(size(1_000, 3_000, true), size(899, 3_000, true)).is_some_and(|words| words.contains("entries")));
        assert!(told(size(1_000, 3_000, true), size(1_000, 2_600, true)).is_some_and(|words| words.contains("names")));
        assert!(told(size(1_000, 3_000, true), size(1_001, 3_001, false)).is_some_and(|words| words.contains("mark")));
        assert_eq!(told(size(1_000, 3_000, false), size(1_001, 3_001, false)), None, "it never had one");
        assert_eq!(told(size(2, 2, false), size(1, 1, false)), None, "of a handful no share is meant");
        assert_eq!(told(size(0, 0, false), size(1, 1, false)), None, "the first is compared with nothing");
    }
}
