//! The numbers of our practice: periods, ages and limits, read from data at start, each with its source.

use anyhow::Context as _;
use calendar::Length;
use chrono::TimeDelta;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;

/// What is shipped.
const SHIPPED: &str = include_str!("../data/terms.toml");

/// The numbers of our practice. Rules find them by [`registry::Call::data`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The reasonable period after functions end (VCDR art. 39.2, 39.3; VCCR art. 53.3, 53.5).
    pub grace: Length,
    /// The same with its one extension, from the end of functions.
    pub grace_extended: Length,
    /// How long after arrival a notification is still in time.
    pub notify_within: TimeDelta,
    /// The least age of a diplomatic agent, in years.
    pub diplomat_age: u32,
    /// The age at which a child no longer counts as a member of the household, in years.
    pub child_age: u32,
    /// The same for a child in full-time education.
    pub student_age: u32,
    /// The time to leave once recognition is refused (VCDR art. 9.2, 39.2).
    pub unwanted_grace: Length,
    /// How long we wait for an answer to a request for a waiver.
    pub waiver_reply: Length,
    /// The longest validity of an identity card.
    pub card_validity: TimeDelta,
}

/// The file, entry by entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    card_validity: Days,
    child_age: Years,
    diplomat_age: Years,
    grace: Days,
    grace_extended: Days,
    notify_within: Days,
    student_age: Years,
    unwanted_grace: Hours,
    waiver_reply: Days,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    days: u16,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    hours: u16,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Years {
    years: u32,
    source: String,
}

/// Everything that is wrong with the numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the terms cannot be used:\n{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

impl Terms {
    /// The numbers in this file; those that are shipped if none is named.
    ///
    /// # Errors
    /// If the file cannot be read, or says what cannot be.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else { return Ok(Self::parse(SHIPPED)?) };
        let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("read {}", file.display()))
    }

    /// Reads the numbers.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let file: File = toml::from_str(text).map_err(|error| Invalid(vec![error.to_string()]))?;
        let faults = file.faults();
        if !faults.is_empty() {
            return Err(Invalid(faults));
        }
        Ok(Self {
            grace: Length::Days(file.grace.days),
            grace_extended: Length::Days(file.grace_extended.days),
            notify_within: TimeDelta::days(file.notify_within.days.into()),
            diplomat_age: file.diplomat_age.years,
            child_age: file.child_age.years,
            student_age: file.student_age.years,
            unwanted_grace: Length::Exactly(Duration::from_secs(3600 * u64::from(file.unwanted_grace.hours))),
            waiver_reply: Length::Days(file.waiver_reply.days),
            card_validity: TimeDelta::days(file.card_validity.days.into()),
        })
    }
}

impl File {
    /// What is wrong, a sentence each: no number is zero, none is without its source, and none contradicts another.
    fn faults(&self) -> Vec<String> {
        let days = [
            ("card_validity", &self.card_validity),
            ("grace", &self.grace),
            ("grace_extended", &self.grace_extended),
            ("notify_within", &self.notify_within),
            ("waiver_reply", &self.waiver_reply),
        ];
        let hours = [("unwanted_grace", u32::from(self.unwanted_grace.hours), &self.unwanted_grace.source)];
        let years =
            [("child_age", &self.child_age), ("diplomat_age", &self.diplomat_age), ("student_age", &self.student_age)];
        let days = days.map(|(name, entry)| (name, u32::from(entry.days), &entry.source));
        let years = years.map(|(name, entry)| (name, entry.years, &entry.source));
        let mut faults = Vec::new();
        for (name, number, source) in days.into_iter().chain(hours).chain(years) {
            if number == 0 {
                faults.push(format!("{name}: it is 0"));
            }
            if source.is_empty() {
                faults.push(format!("{name}: it has no source"));
            }
        }
        faults.extend(
            years.iter().filter(|(_, age, _)| *age > 150).map(|(name, ..)| format!("{name}: nobody gets so old")),
        );
        if self.grace_extended.days < self.grace.days {
            faults.push("grace_extended: it is shorter than grace".to_owned());
        }
        if self.student_age.years < self.child_age.years {
            faults.push("student_age: it is lower than child_age".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_used() {
        let terms = Terms::parse(SHIPPED).expect("the shipped terms are good");
        assert_eq!((terms.grace, terms.grace_extended), (Length::Days(30), Length::Days(60)));
        assert_eq!((terms.child_age, terms.student_age, terms.diplomat_age), (21, 23, 21));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = SHIPPED.replace("days = 60", "days = 20").replace("years = 23", "years = 200");
        let wrong = wrong.replace("days = 1461", "days = 0").replacen("source = \"VCDR", "source = \"\" # \"VCDR", 1);
        let told = Terms::parse(&wrong).expect_err("the terms are wrong").0;
        let expected = [
            "card_validity: it is 0",
            "grace: it has no source",
            "student_age: nobody gets so old",
            "grace_extended: it is shorter than grace",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_number_that_is_missing_or_unknown_is_named() {
        for (text, name) in [
            (SHIPPED.replace("[grace_extended]", "[grace_extendet]"), "grace_extendet"),
            (SHIPPED.replace("[child_age]\nyears = 21", "[child_age]"), "years"),
        ] {
            let Invalid(told) = Terms::parse(&text).expect_err("the terms are wrong");
            assert!(told.len() == 1 && told[0].contains(name), "{told:?}");
        }
    }

    #[test]
    fn another_file_takes_their_place() {
        let folder = tempfile(SHIPPED.replace("days = 30", "days = 14").as_str());
        let terms = Terms::read(Some(&folder)).expect("the file is good");
        std::fs::remove_file(&folder).expect("the file is ours");
        assert_eq!((terms.grace, terms.notify_within), (Length::Days(14), TimeDelta::days(14)));
        assert!(Terms::read(Some(Path::new("/nowhere/terms.toml"))).is_err());
    }

    fn tempfile(text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("legation-terms-{}.toml", uuid::Uuid::now_v7()));
        std::fs::write(&path, text).expect("a file can be written");
        path
    }
}
