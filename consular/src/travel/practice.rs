//! The numbers of passports and emergency documents, read from data once and checked at start.

use super::age;
use crate::numbers::Number;
use chrono::{Days, NaiveDate};
use proto::consular::v1::passport_application::Type;
use serde::Deserialize;
use std::sync::LazyLock;

/// The shipped numbers. A test reads them too, so that this never fails.
static PASSPORTS: LazyLock<Passports> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/travel/passports.toml")).expect("a test reads the shipped numbers")
});
static EMERGENCY: LazyLock<Emergency> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/travel/emergency.toml")).expect("a test reads the shipped numbers")
});

/// The numbers of passports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passports {
    child_age: Number,
    alert_age: Number,
    adult_years: Number,
    child_years: Number,
    official_years: Number,
    limited_months: Number,
    /// Days after which an application that nobody follows up is abandoned.
    pub abandon_days: Number,
}

impl Passports {
    /// The shipped numbers.
    pub fn shipped() -> &'static Self {
        &PASSPORTS
    }

    /// Whether both parents consent to a passport for someone born on this day.
    pub fn is_child(&self, born: NaiveDate, on: NaiveDate) -> bool {
        age(born, on) < self.child_age.value
    }

    /// The birthday until which a child may be on the alert list.
    pub fn alert_ends(&self, born: NaiveDate) -> NaiveDate {
        born.checked_add_months(self.alert_age.years()).unwrap_or(NaiveDate::MAX)
    }

    /// The last day of validity of a passport issued on a day: the eve of the same day of its last year.
    pub fn last_day(&self, kind: Type, born: NaiveDate, issued: NaiveDate) -> NaiveDate {
        let period = match kind {
            Type::LimitedValidity => self.limited_months.months(),
            Type::Diplomatic | Type::Service => self.official_years.years(),
            _ if self.is_child(born, issued) => self.child_years.years(),
            _ => self.adult_years.years(),
        };
        let end = issued.checked_add_months(period).unwrap_or(NaiveDate::MAX);
        end.checked_sub_days(Days::new(1)).unwrap_or(end)
    }
}

/// The numbers of Directive (EU) 2019/997.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Working days until we consult.
    pub consult_days: Number,
    /// Working days until the Member State answers.
    pub answer_days: Number,
    /// Working days until we issue.
    pub issue_days: Number,
    /// Days of validity past the end of the journey.
    pub grace_days: Number,
    /// Calendar days of validity as a rule.
    pub most_days: Number,
    states: States,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct States {
    codes: Vec<String>,
    #[expect(dead_code, reason = "read, so that the list has its source")]
    source: String,
}

impl Emergency {
    /// The shipped numbers.
    pub fn shipped() -> &'static Self {
        &EMERGENCY
    }

    /// Whether the Directive binds this state.
    pub fn binds(&self, state: &str) -> bool {
        self.states.codes.iter().any(|code| code == state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_passport_ends_on_the_eve() {
        let numbers = Passports::shipped();
        let last = |kind, born, issued| numbers.last_day(kind, day(born), day(issued)).to_string();
        assert_eq!(last(Type::First, "1974-08-12", "2026-05-04"), "2036-05-03");
        assert_eq!(last(Type::Renewal, "2010-05-05", "2026-05-04"), "2031-05-03", "a child still");
        assert_eq!(last(Type::Renewal, "2010-05-04", "2026-05-04"), "2036-05-03", "sixteen today");
        assert_eq!(last(Type::Diplomatic, "1974-08-12", "2024-02-29"), "2029-02-27");
        assert_eq!(last(Type::LimitedValidity, "1974-08-12", "2026-05-04"), "2027-05-03");
    }

    #[test]
    fn numbers_without_a_source_are_refused() {
        let text = include_str!("../../data/travel/passports.toml");
        for wrong in [text.replace("value = 90", "value = 0"), text.replacen("source = \"22", "source = \"\" # \"", 1)]
        {
            assert!(toml::from_str::<Passports>(&wrong).is_err(), "{wrong}");
        }
        assert!(Emergency::shipped().binds("FR") && !Emergency::shipped().binds("US"));
    }
}
