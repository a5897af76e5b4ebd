//! The rules of the register of citizens abroad that differ from house to house, read from data.

use crate::shipped::{Shipped, in_words};
use serde::Deserialize;

const FILE: &str = include_str!("../data/registration.toml");

pub(crate) static PRACTICE: Shipped<RegisterPractice> =
    Shipped::new("registration.toml", || in_words(RegisterPractice::read(FILE)));

/// The numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterPractice {
    /// Days before the first day of a journey from which it can be registered.
    pub early_days: u16,
    /// Days an address may stay unproven.
    pub unverified_days: u16,
    /// Days a confirmation holds.
    pub confirm_days: u16,
    /// Days after the last day of the last stay.
    pub grace_days: u16,
    /// Days personal data is kept after that.
    pub retention_days: u16,
    /// Minutes a code is good for.
    pub code_minutes: u16,
    /// How often a code may be guessed at.
    pub code_attempts: i16,
    /// How many codes an address is sent in a day.
    pub codes_a_day: i16,
    /// How many intakes of crises one address files in a day.
    pub intakes_a_day: usize,
    /// Days an intake may stay unproven.
    pub intake_days: u16,
}

/// The file, entry by entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    early: Days,
    unverified: Days,
    confirm: Days,
    grace: Days,
    retention: Days,
    code: Minutes,
    code_limits: Limits,
    intakes: Intakes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    days: u16,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Minutes {
    minutes: u16,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    attempts: i16,
    a_day: i16,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Intakes {
    a_day: usize,
    unproven_days: u16,
    source: String,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error(transparent)]
    Unreadable(#[from] toml::de::Error),
    #[error("{0}")]
    Wrong(&'static str),
}

impl RegisterPractice {
    /// The practice.
    pub fn get() -> &'static Self {
        PRACTICE.get()
    }

    fn read(text: &str) -> Result<Self, Invalid> {
        let File { early, unverified, confirm, grace, retention, code, code_limits, intakes } = toml::from_str(text)?;
        let days = [&early, &unverified, &confirm, &grace, &retention];
        let sources =
            days.map(|days| &days.source).into_iter().chain([&code.source, &code_limits.source, &intakes.source]);
        if sources.into_iter().any(|source| source.trim().is_empty()) {
            return Err(Invalid::Wrong("an entry names no source"));
        }
        if days.into_iter().any(|days| days.days == 0) || code.minutes == 0 {
            return Err(Invalid::Wrong("a period of no length"));
        }
        if intakes.a_day == 0 || intakes.unproven_days == 0 {
            return Err(Invalid::Wrong("an address files one intake at least, and has a day to be proven"));
        }
        if code_limits.attempts < 1 || code_limits.a_day < 1 {
            return Err(Invalid::Wrong("a code can be tried once at least"));
        }
        Ok(Self {
            early_days: early.days,
            unverified_days: unverified.days,
            confirm_days: confirm.days,
            grace_days: grace.days,
            retention_days: retention.days,
            code_minutes: code.minutes,
            code_attempts: code_limits.attempts,
            codes_a_day: code_limits.a_day,
            intakes_a_day: intakes.a_day,
            intake_days: intakes.unproven_days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_sound() {
        assert_eq!(RegisterPractice::read(FILE).unwrap().early_days, 10);
    }

    #[test]
    fn an_entry_without_source_or_length_is_refused() {
        for (from, to) in [("source = \"ELEFAND", "source = \" \" #"), ("days = 10", "days = 0"), ("a_day", "a_week")] {
            assert!(RegisterPractice::read(&FILE.replacen(from, to, 1)).is_err(), "{from}");
        }
    }
}
