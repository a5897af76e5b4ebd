//! What a visa costs: the first rule of a table that fits class, purpose, age and nationality.

use crate::travel::age;
use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use proto::consular::v1::visa_application::{Purpose, VisaClass};
use serde::Deserialize;
use std::sync::LazyLock;

/// The shipped fees. A test reads them too, so that this never fails.
static SHIPPED: LazyLock<Fees> =
    LazyLock::new(|| Fees::read(include_str!("../../data/visa/fees.toml")).expect("a test reads the shipped fees"));

/// The table of fees.
#[derive(Clone, Debug)]
pub struct Fees(Vec<Rule>);

/// A fee and why it is that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee<'f> {
    /// In cents of a euro.
    pub cents: i64,
    /// The rule.
    pub basis: &'f str,
    /// Its source.
    pub source: &'f str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    basis: String,
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    nationalities: Vec<String>,
    under_age: Option<u32>,
    #[serde(default)]
    family_of_citizen: bool,
    cents: i64,
    source: String,
}

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traveller<'t> {
    pub(crate) class: VisaClass,
    pub(crate) purpose: Purpose,
    pub(crate) nationality: &'t str,
    pub(crate) born: NaiveDate,
    pub(crate) family_of_citizen: bool,
}

impl Fees {
    /// The shipped fees.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a table.
    ///
    /// # Errors
    /// It is broken, a rule has no source, or a class has no fee.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let File { rule: rules } = toml::from_str(text)?;
        for rule in &rules {
            let basis = &rule.basis;
            ensure!(!basis.is_empty() && !rule.source.is_empty(), "{basis}: it has no basis or source");
            ensure!(rule.cents >= 0, "{basis}: a fee is not negative");
            for class in &rule.classes {
                VisaClass::from_str_name(class).with_context(|| format!("{basis}: {class} is no class"))?;
            }
            for purpose in &rule.purposes {
                Purpose::from_str_name(purpose).with_context(|| format!("{basis}: {purpose} is no purpose"))?;
            }
        }
        for class in ["A", "C", "D"] {
            let plain = |rule: &Rule| rule.is_for_all() && rule.classes.iter().any(|known| known == class);
            ensure!(rules.iter().any(plain), "class {class} has no fee for everyone");
        }
        Ok(Self(rules))
    }

    /// The fee on a day.
    pub(crate) fn of(&self, traveller: Traveller<'_>, on: NaiveDate) -> Fee<'_> {
        let found = self.0.iter().find(|rule| rule.fits(traveller, on));
        let free = Fee { cents: 0, basis: "no rule asks for a fee", source: "" };
        found.map_or(free, |rule| Fee { cents: rule.cents, basis: &rule.basis, source: &rule.source })
    }
}

impl Rule {
    fn is_for_all(&self) -> bool {
        self.purposes.is_empty() && self.nationalities.is_empty() && self.under_age.is_none() && !self.family_of_citizen
    }

    fn fits(&self, traveller: Traveller<'_>, on: NaiveDate) -> bool {
        let among = |list: &[String], value: &str| list.is_empty() || list.iter().any(|known| known == value);
        among(&self.classes, traveller.class.as_str_name())
            && among(&self.purposes, traveller.purpose.as_str_name())
            && among(&self.nationalities, traveller.nationality)
            && self.under_age.is_none_or(|limit| age(traveller.born, on) < limit)
            && (!self.family_of_citizen || traveller.family_of_citizen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(class: VisaClass, purpose: Purpose, nationality: &str, born: &str) -> i64 {
        let traveller =
            Traveller { class, purpose, nationality, born: born.parse().unwrap(), family_of_citizen: false };
        Fees::shipped().of(traveller, "2026-05-04".parse().unwrap()).cents
    }

    #[test]
    fn age_nationality_and_purpose_decide() {
        let tourist = |nationality, born| cents(VisaClass::C, Purpose::Tourism, nationality, born);
        assert_eq!(tourist("IN", "1974-08-12"), 9000);
        assert_eq!(tourist("IN", "2014-05-05"), 4500, "eleven");
        assert_eq!(tourist("IN", "2014-05-04"), 9000, "twelve today");
        assert_eq!(tourist("IN", "2020-05-05"), 0, "five");
        assert_eq!(tourist("AM", "1974-08-12"), 3500, "by agreement");
        assert_eq!(cents(VisaClass::D, Purpose::MissionPosting, "IN", "1974-08-12"), 0);
        assert_eq!(cents(VisaClass::D, Purpose::Study, "IN", "1974-08-12"), 7500);
    }

    #[test]
    fn a_broken_table_is_refused() {
        let text = include_str!("../../data/visa/fees.toml");
        for (from, to) in [("\"A\", \"C\"", "\"A\""), ("cents = 9000", "cents = -1"), ("MISSION_POSTING", "HOLIDAY")] {
            assert!(Fees::read(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
