//! How a visa is paid for: the first rule of a table that fits class, purpose and age says under which code of the schedule of
//! fees, or why there is none.

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

/// How a visa is paid for, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge<'f> {
    /// The code in the schedule; none where no fee is asked for.
    pub code: Option<&'f str>,
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
    under_age: Option<u32>,
    #[serde(default)]
    family_of_citizen: bool,
    /// None if no fee is asked for.
    code: Option<String>,
    source: String,
}

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traveller {
    pub(crate) class: VisaClass,
    pub(crate) purpose: Purpose,
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
            ensure!(rule.code.as_ref().is_none_or(|code| !code.is_empty()), "{basis}: its code is empty");
            for class in &rule.classes {
                VisaClass::from_str_name(class).with_context(|| format!("{basis}: {class} is no class"))?;
            }
            for purpose in &rule.purposes {
                Purpose::from_str_name(purpose).with_context(|| format!("{basis}: {purpose} is no purpose"))?;
            }
        }
        for class in ["A", "C", "D"] {
            let plain = |rule: &Rule| rule.is_for_all() && rule.classes.iter().any(|known| known == class);
            ensure!(rules.iter().any(plain), "class {class} has no rule for everyone");
        }
        Ok(Self(rules))
    }

    /// How it is paid for on a day.
    pub(crate) fn of(&self, traveller: Traveller, on: NaiveDate) -> Charge<'_> {
        let found = self.0.iter().find(|rule| rule.fits(traveller, on));
        let free = Charge { code: None, basis: "no rule asks for a fee", source: "" };
        found.map_or(free, |rule| Charge { code: rule.code.as_deref(), basis: &rule.basis, source: &rule.source })
    }

    /// Every code that a visa is paid under.
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.0.iter().filter_map(|rule| rule.code.as_deref()).collect()
    }
}

impl Rule {
    fn is_for_all(&self) -> bool {
        self.purposes.is_empty() && self.under_age.is_none() && !self.family_of_citizen && self.code.is_some()
    }

    fn fits(&self, traveller: Traveller, on: NaiveDate) -> bool {
        let among = |list: &[String], value: &str| list.is_empty() || list.iter().any(|known| known == value);
        among(&self.classes, traveller.class.as_str_name())
            && among(&self.purposes, traveller.purpose.as_str_name())
            && self.under_age.is_none_or(|limit| age(traveller.born, on) < limit)
            && (!self.family_of_citizen || traveller.family_of_citizen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(class: VisaClass, purpose: Purpose, born: &str) -> Option<&'static str> {
        let traveller = Traveller { class, purpose, born: born.parse().unwrap(), family_of_citizen: false };
        Fees::shipped().of(traveller, "2026-05-04".parse().unwrap()).code
    }

    #[test]
    fn class_age_and_purpose_decide() {
        let tourist = |born| code(VisaClass::C, Purpose::Tourism, born);
        assert_eq!(tourist("1974-08-12"), Some("VISA_C"));
        assert_eq!(tourist("2014-05-05"), Some("VISA_CHILD"), "eleven");
        assert_eq!(tourist("2014-05-04"), Some("VISA_C"), "twelve today");
        assert_eq!(tourist("2020-05-05"), None, "five");
        assert_eq!(code(VisaClass::A, Purpose::Tourism, "1974-08-12"), Some("VISA_A"));
        assert_eq!(code(VisaClass::D, Purpose::MissionPosting, "1974-08-12"), None);
        assert_eq!(code(VisaClass::D, Purpose::Study, "1974-08-12"), Some("VISA_D"));
        assert_eq!(Fees::shipped().codes(), ["VISA_CHILD", "VISA_A", "VISA_C", "VISA_D"]);
    }

    #[test]
    fn a_broken_table_is_refused() {
        let text = include_str!("../../data/visa/fees.toml");
        for (from, to) in
            [("code = \"VISA_A\"", ""), ("code = \"VISA_D\"", "code = \"\""), ("MISSION_POSTING", "HOLIDAY")]
        {
            assert!(Fees::read(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
