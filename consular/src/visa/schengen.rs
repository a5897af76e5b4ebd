//! The numbers of the Visa Code, read from data once and checked at start.

use crate::numbers::Number;
use crate::visa::Limit;
use anyhow::ensure;
use serde::Deserialize;
use std::sync::LazyLock;

/// The shipped numbers. A test reads them too, so that this never fails.
static SHIPPED: LazyLock<Schengen> = LazyLock::new(|| {
    Schengen::read(include_str!("../../data/visa/schengen.toml")).expect("a test reads the shipped numbers")
});

/// The numbers of the Visa Code, each with its article.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schengen {
    /// Months before the journey from which an application may be lodged.
    pub lodge_months: Number,
    /// The same for seafarers.
    pub lodge_months_seafarer: Number,
    /// Days before the journey by which it is lodged as a rule.
    pub lodge_days: Number,
    /// Months that the travel document is valid after the departure.
    pub passport_months: Number,
    /// Blank pages of the travel document.
    pub passport_pages: Number,
    /// Years within which it was issued.
    pub passport_years: Number,
    /// The least cover of the insurance, in cents.
    pub insurance_cents: Number,
    /// Months for which fingerprints are used again.
    pub biometrics_months: Number,
    /// The age from which they are taken.
    pub biometrics_age: Number,
    /// Days that authorities consulted have to answer.
    pub consultation_days: Number,
    /// Days for the decision.
    pub decision_days: Number,
    /// The same once extended.
    pub decision_days_extended: Number,
    /// Days of grace of a visa.
    pub grace_days: Number,
    /// Days of stay in a period.
    pub stay_days: Number,
    /// Days of such a period.
    pub stay_period: Number,
    /// Years that a multiple-entry visa is valid at most.
    pub multiple_years: Number,
    /// Months that we wait for what an applicant was asked for.
    pub information_months: Number,
    /// The multiple-entry rules, the longest first.
    pub cascade: Vec<Step>,
}

/// A multiple-entry rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The validity it entitles to, in years.
    pub grant_years: u32,
    /// How many visas one must have had.
    pub visas: u32,
    /// Of what validity in years; 0 for any.
    pub of_years: u32,
    /// Within how many years.
    pub within_years: u32,
    /// Its source.
    pub source: String,
}

impl Schengen {
    /// The shipped numbers.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads the numbers.
    ///
    /// # Errors
    /// One is missing, 0, without its source, or contradicts another.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let numbers: Self = toml::from_str(text)?;
        let extended = numbers.decision_days_extended.value > numbers.decision_days.value;
        ensure!(extended, "decision_days_extended: it is no more than decision_days");
        ensure!(numbers.stay_days.value <= numbers.stay_period.value, "stay_days: more than the period has");
        let falling = numbers.cascade.windows(2).all(|two| two[0].grant_years > two[1].grant_years);
        ensure!(falling, "cascade: the longest stands first");
        let counted = |step: &Step| step.grant_years > 0 && step.visas > 0 && step.within_years > 0;
        ensure!(numbers.cascade.iter().all(counted), "cascade: a number is 0");
        ensure!(numbers.cascade.iter().all(|step| !step.source.is_empty()), "cascade: a rule has no source");
        Ok(numbers)
    }

    /// How long a short stay may be.
    pub fn stay(&self) -> Limit {
        Limit { days: self.stay_days.value, period: self.stay_period.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_numbers_can_be_used_and_broken_ones_cannot() {
        let text = include_str!("../../data/visa/schengen.toml");
        let numbers = Schengen::read(text).unwrap();
        assert_eq!((numbers.decision_days.value, numbers.decision_days_extended.value), (15, 45));
        assert_eq!((numbers.stay().days, numbers.stay().period, numbers.cascade.len()), (90, 180, 3));
        for (from, to) in [
            ("value = 45", "value = 10"),
            ("value = 180", "value = 80"),
            ("grant_years = 5", "grant_years = 1"),
            ("value = 59", "value = 0"),
        ] {
            assert!(Schengen::read(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
