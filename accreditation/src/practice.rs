//! Our practice where the conventions leave it to the receiving state: choices and numbers by home, read from data.

use anyhow::Context as _;
use config::Home;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const FILE: &str = include_str!("../data/practice.toml");

static PRACTICES: LazyLock<Result<Practices, String>> =
    LazyLock::new(|| Practices::read(FILE).map_err(|error| format!("{error:#}")));

/// The practice of one receiving state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// Months after the grant of an agrément in which the person arrives, or it lapses.
    pub agrement_months: u16,
}

/// The practices of the file: one for each home it names, and one for all others.
#[derive(Debug)]
struct Practices {
    default: Practice,
    homes: BTreeMap<String, Practice>,
}

/// The file's shape: what a home says stands in the place of the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: toml::Table,
    #[serde(default)]
    home: BTreeMap<String, toml::Table>,
}

impl Practice {
    /// The practice of this home.
    pub fn of(home: &Home) -> &'static Self {
        let practices = PRACTICES.as_ref().expect("the service does not start with a file that cannot be read");
        practices.homes.get(&home.state).unwrap_or(&practices.default)
    }

    /// Whether the file is sound: for the start.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check() -> anyhow::Result<()> {
        PRACTICES.as_ref().map(drop).map_err(|error| anyhow::anyhow!("data/practice.toml: {error}"))
    }

    fn checked(self) -> anyhow::Result<Self> {
        anyhow::ensure!((1..=24).contains(&self.agrement_months), "agrement_months is not between 1 and 24");
        Ok(self)
    }
}

impl Practices {
    fn read(text: &str) -> anyhow::Result<Self> {
        let File { default, home } = toml::from_str(text)?;
        let practice = |table: toml::Table| Practice::deserialize(table).map_err(anyhow::Error::from)?.checked();
        let overlaid = |(state, own): (String, toml::Table)| {
            let mut table = default.clone();
            table.extend(own);
            let practice = practice(table).with_context(|| format!("the practice of {state}"))?;
            Ok((state, practice))
        };
        let homes = home.into_iter().map(overlaid).collect::<anyhow::Result<_>>()?;
        Ok(Self { homes, default: practice(default.clone()).context("the default practice")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_sound() {
        Practice::check().expect("every practice can be read");
    }

    #[test]
    fn what_a_home_says_stands_in_the_place_of_the_default() {
        let text = FILE.to_owned() + "\n[home.XA]\nagrement_months = 3\n";
        let practices = Practices::read(&text).expect("it is sound");
        assert_eq!(practices.homes["XA"].agrement_months, 3);
        assert_eq!(practices.default.agrement_months, 6);
    }

    #[test]
    fn numbers_out_of_range_and_unknown_words_are_refused_by_home() {
        for wrong in ["agrement_months = 0", "agrement_days = 7"] {
            let error = Practices::read(&format!("{FILE}\n[home.XA]\n{wrong}\n")).expect_err("it is wrong");
            assert!(format!("{error:#}").contains("XA"), "{error:#}");
        }
    }
}
