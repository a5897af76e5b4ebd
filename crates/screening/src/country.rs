//! Countries as lists name them, to the codes of ISO 3166-1.

use crate::fold;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Names that lists use and the standard does not.
const OTHER_NAMES: &str = include_str!("../data/countries.csv");

static CODES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let standard = rust_iso3166::ALL.iter().flat_map(|country| {
        [country.alpha2, country.alpha3, country.name].map(|name| (fold(name).trim().to_owned(), country.alpha2))
    });
    let others = OTHER_NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(','));
    standard.chain(others.map(|(code, name)| (fold(name).trim().to_owned(), code))).collect()
});

/// The ISO 3166-1 alpha-2 code of a country by any of its codes or names; none if it is not known.
pub fn country(name: &str) -> Option<&'static str> {
    CODES.get(fold(name).trim()).copied()
}
