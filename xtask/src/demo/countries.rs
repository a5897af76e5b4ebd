//! Country names as people write them to ISO 3166-1 alpha-2 codes; a name without a code has a reason instead.

use anyhow::{Context as _, Result, ensure};
use std::collections::HashMap;

/// Names that differ from the standard's short names.
const NAMES: &str = include_str!("../../data/country_names.csv");

/// The names known.
#[derive(Debug)]
pub(crate) struct Countries(HashMap<String, Result<String, String>>);

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    code: String,
    note: String,
}

impl Countries {
    /// The short names of the standard, and ours.
    ///
    /// # Errors
    /// The file of names gives a code that is neither the standard's nor assigned to users, or no reason for having none.
    pub(crate) fn read() -> Result<Self> {
        let standard = rust_iso3166::ALL.iter();
        let mut names: HashMap<_, _> =
            standard.map(|country| (country.name.to_owned(), Ok(country.alpha2.to_owned()))).collect();
        for row in csv::Reader::from_reader(NAMES.as_bytes()).deserialize() {
            let row: Row = row.context("read country_names.csv")?;
            if row.code.is_empty() {
                ensure!(!row.note.is_empty(), "{} has neither a code nor a reason", row.name);
                names.insert(row.name, Err(row.note));
            } else {
                let known = rust_iso3166::from_alpha2(&row.code).is_some() || is_for_users(&row.code);
                ensure!(known, "{}: {} is no code", row.name, row.code);
                names.insert(row.name, Ok(row.code));
            }
        }
        Ok(Self(names))
    }

    /// The code of a name: `FR`.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub(crate) fn code(&self, name: &str) -> Result<&str, String> {
        match self.0.get(name) {
            Some(Ok(code)) => Ok(code),
            Some(Err(reason)) => Err(format!("{name} has no code: {reason}")),
            None => Err(format!("{name} is not known")),
        }
    }
}

/// `XA` to `XZ`, which the standard leaves to its users.
fn is_for_users(code: &str) -> bool {
    matches!(code.as_bytes(), [b'X', b'A'..=b'Z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_standard_and_of_daily_use_have_codes() {
        let countries = Countries::read().expect("the file is sound");
        for (name, code) in [
            ("France", "FR"),
            ("People's Republic of China", "CN"),
            ("Taiwan", "TW"),
            ("Vatican", "VA"),
            ("Kosovo", "XK"),
            ("Palestine", "PS"),
            ("The Gambia", "GM"),
            ("Democratic Republic of the Congo", "CD"),
            ("Republic of the Congo", "CG"),
            ("São Tomé and Príncipe", "ST"),
        ] {
            assert_eq!(countries.code(name), Ok(code), "{name}");
        }
        assert!(countries.code("Quebec").expect_err("it is part of a state").contains("part of a state"));
        assert!(countries.code("Atlantis").expect_err("it is no state").contains("not known"));
    }
}
