//! The letterhead: who issues a paper, and the settings that say so.

use anyhow::Context as _;
use config::Home;
use documents::seal::{PublicKey, SealKey};
use serde::Serialize;
use std::path::PathBuf;

config::settings! {
    /// What papers say of the house that issues them. The prefix is `ACCREDITATION_PAPERS`.
    pub struct Settings {
        /// The ministry's name as it stands at the head of a note.
        pub ministry: String = "Ministry of Foreign Affairs",
        /// The telephone number for questions about a card, printed on its back.
        pub phone: Option<String>,
        /// The key that seals cards and certificates: base64 of an Ed25519 seed of 32 bytes, as
        /// `openssl rand -base64 32` makes it. Without it they are not printed.
        pub seal_key: Option<SealKey>,
        /// Public keys that older papers are sealed with: base64 of 32 bytes each.
        pub retired_seal_keys: Vec<PublicKey>,
        /// The folder with the photographs that records refer to: JPEG or PNG files, each named by its reference, such as
        /// `photos/7f3a`. A card whose photograph is not there is printed with an empty frame.
        pub photos: Option<PathBuf>,
        /// Marks every paper as a specimen, good for nothing.
        pub specimen: bool = false,
    }
}

/// Who issues a paper.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Letterhead {
    /// The ministry's name.
    pub(crate) ministry: String,
    /// The state's name.
    pub(crate) state: String,
    /// The state as an ISO 3166-1 alpha-2 code.
    pub(crate) code: String,
    /// The state as machine-readable zones have it (ICAO Doc 9303-3, section 5).
    pub(crate) zone_code: String,
    /// Where the ministry sits.
    pub(crate) capital: String,
    /// The telephone number for questions; empty if none is given.
    pub(crate) phone: String,
}

impl Letterhead {
    pub(crate) fn new(settings: &Settings, home: &Home) -> anyhow::Result<Self> {
        let country = rust_iso3166::from_alpha2(&home.state);
        let country = country.with_context(|| format!("{} is no state of ISO 3166-1", home.state))?;
        Ok(Self {
            ministry: settings.ministry.clone(),
            state: country.name.to_owned(),
            code: home.state.clone(),
            zone_code: zone_code(&home.state).context("the state has no code in machine-readable zones")?,
            capital: home.capital.clone(),
            phone: settings.phone.clone().unwrap_or_default(),
        })
    }
}

/// A state as machine-readable zones have it: three letters, but one for Germany.
pub(crate) fn zone_code(alpha2: &str) -> Option<String> {
    match rust_iso3166::from_alpha2(alpha2)?.alpha3 {
        "DEU" => Some("D".to_owned()),
        other => Some(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_codes_of_passports() {
        assert_eq!(zone_code("FR").as_deref(), Some("FRA"));
        assert_eq!(zone_code("DE").as_deref(), Some("D"));
        assert_eq!(zone_code("XX"), None);
    }
}
