//! Our practice where the conventions leave it to the receiving state: choices and numbers by home, read from data.

use anyhow::Context as _;
use config::Home;
use proto::accreditation::v1::{PostClass, Residence};
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
    /// On what a head of mission takes up functions (VCDR art. 13.1): one practice for all.
    pub functions_begin: FunctionsBegin,
    /// The state whose head of mission of the first class comes before all others, where `nuncio_first` (VCDR art. 16.3).
    pub nuncio_of: String,
    /// Whether that is our practice.
    pub nuncio_first: bool,
    /// The classes in which we receive honorary consular officers (VCCR art. 9, 68), by their names in the contract.
    pub honorary_classes: Vec<String>,
    /// Who may be one, by residence status (VCCR art. 22), by its names in the contract.
    pub honorary_residence: Vec<String>,
    /// Months for which an honorary consular officer is recognised.
    pub honorary_term_months: u16,
    /// Months after which the sending state certifies again that an honorary consular officer serves.
    pub recertify_months: u16,
    /// Days in which it does, once that has fallen due.
    pub recertify_within_days: u16,
    /// The ranks of diplomats, the highest first, each with the spellings of its title.
    pub ranks: Vec<Vec<String>>,
}

/// On what a head of mission takes up functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FunctionsBegin {
    /// On the presentation of the letters of credence.
    Presentation,
    /// On the notified arrival and the true copy of the letters handed to the ministry.
    TrueCopy,
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

    /// The state whose head of mission comes first, if our practice is such.
    pub fn nuncio(&self) -> Option<&str> {
        self.nuncio_first.then_some(self.nuncio_of.as_str())
    }

    /// The place of a title among the ranks, 0 for the highest: that of the longest spelling it begins with. Titles that
    /// begin with none come last.
    pub fn rank(&self, title: &str) -> usize {
        let title = plain(title);
        let longest = |spellings: &Vec<String>| {
            spellings.iter().map(|one| plain(one)).filter(|one| title.starts_with(one)).map(|one| one.len()).max()
        };
        let fitting = self.ranks.iter().enumerate().filter_map(|(at, spellings)| Some((longest(spellings)?, at)));
        fitting.max_by_key(|(length, at)| (*length, std::cmp::Reverse(*at))).map_or(self.ranks.len(), |(_, at)| at)
    }

    fn checked(self) -> anyhow::Result<Self> {
        anyhow::ensure!((1..=24).contains(&self.agrement_months), "agrement_months is not between 1 and 24");
        anyhow::ensure!(self.nuncio_of.len() == 2, "nuncio_of is no ISO 3166-1 alpha-2 code");
        let known = |word: &String| PostClass::from_str_name(word).is_some();
        anyhow::ensure!(self.honorary_classes.iter().all(known), "honorary_classes names an unknown class");
        let known = |word: &String| Residence::from_str_name(word).is_some();
        anyhow::ensure!(self.honorary_residence.iter().all(known), "honorary_residence names an unknown status");
        for (name, months) in
            [("honorary_term_months", self.honorary_term_months), ("recertify_months", self.recertify_months)]
        {
            anyhow::ensure!((1..=240).contains(&months), "{name} is not between 1 and 240");
        }
        anyhow::ensure!(
            (1..=365).contains(&self.recertify_within_days),
            "recertify_within_days is not between 1 and 365"
        );
        Ok(self)
    }
}

/// A title without capitals and hyphens.
fn plain(title: &str) -> String {
    title.to_lowercase().replace('-', " ")
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
    fn the_longest_spelling_decides_the_rank() {
        let practice = Practice::of(&Home::default());
        let ranks = ["Minister", "Minister Counsellor", "Counselor (Economic)", "Second Secretary", "attaché", "Cook"];
        let ranks: Vec<_> = ranks.iter().map(|title| practice.rank(title)).collect();
        assert_eq!(ranks, [0, 1, 2, 4, 6, practice.ranks.len()]);
    }

    #[test]
    fn numbers_out_of_range_and_unknown_words_are_refused_by_home() {
        for wrong in ["agrement_months = 0", "agrement_days = 7"] {
            let error = Practices::read(&format!("{FILE}\n[home.XA]\n{wrong}\n")).expect_err("it is wrong");
            assert!(format!("{error:#}").contains("XA"), "{error:#}");
        }
    }
}
