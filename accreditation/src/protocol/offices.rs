//! Ranks and forms of address by office.

use anyhow::{Context as _, ensure};
use proto::accreditation::v1::guest::Office;
use proto::accreditation::v1::{GetFormOfAddressRequest, GetFormOfAddressResponse};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static SHIPPED: LazyLock<Offices> =
    LazyLock::new(|| Offices::read(include_str!("../../data/protocol/offices.toml")).expect("a test reads the data"));

/// The offices.
#[derive(Debug)]
pub(crate) struct Offices(BTreeMap<String, Entry>);

#[derive(Debug, Deserialize)]
struct Entry {
    rank: u32,
    source: String,
    #[serde(flatten)]
    forms: BTreeMap<String, Form>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    envelope: Vec<String>,
    salutation: String,
    spoken: String,
    close: String,
    place_card: String,
}

impl Offices {
    /// Those of the shipped data.
    pub(crate) fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let offices: BTreeMap<String, Entry> = toml::from_str(text)?;
        for office in (1..).map_while(|number| Office::try_from(number).ok()) {
            let name = office.as_str_name();
            let entry = offices.get(name).with_context(|| format!("{name} is missing"))?;
            ensure!(entry.forms.contains_key("en"), "{name} has no form in English, which stands in for others");
        }
        for name in offices.keys() {
            ensure!(Office::from_str_name(name).is_some(), "{name} is no office");
        }
        Ok(Self(offices))
    }

    fn entry(&self, office: Office) -> Option<&Entry> {
        self.0.get(office.as_str_name())
    }

    /// The office's rank; 1 goes first.
    pub(crate) fn rank(&self, office: Office) -> u32 {
        self.entry(office).map_or(u32::MAX, |entry| entry.rank)
    }

    /// How its holder is addressed: in the language asked for, or in English where we have no form in it.
    pub(crate) fn address(&self, ask: &GetFormOfAddressRequest, language: &str) -> GetFormOfAddressResponse {
        let Some(entry) = self.entry(ask.office()) else { return GetFormOfAddressResponse::default() };
        let primary = language.split('-').next().unwrap_or_default();
        let form = entry.forms.get(primary).unwrap_or_else(|| &entry.forms["en"]);
        let filled = |words: &str| filled(words, &ask.full_name, &ask.of);
        GetFormOfAddressResponse {
            envelope: form.envelope.iter().map(|line| filled(line)).collect(),
            salutation: filled(&form.salutation),
            spoken: filled(&form.spoken),
            close: form.close.clone(),
            place_card: filled(&form.place_card),
            rank: i32::try_from(entry.rank).unwrap_or(i32::MAX),
            source: entry.source.clone(),
        }
    }
}

/// Words with the name and what the office is of put in; what is put in is not looked at again.
fn filled(words: &str, name: &str, of: &str) -> String {
    let put = |part: &str| part.replace("{of}", of);
    words.split("{name}").map(put).collect::<Vec<_>>().join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(office: Office, name: &str, of: &str) -> GetFormOfAddressRequest {
        GetFormOfAddressRequest {
            office: office.into(),
            full_name: name.into(),
            of: of.into(),
            language: String::new(),
        }
    }

    #[test]
    fn every_office_has_a_rank_of_its_own_and_a_form() {
        let offices = Offices::read(include_str!("../../data/protocol/offices.toml")).unwrap();
        let mut ranks: Vec<_> = offices.0.values().map(|entry| entry.rank).collect();
        ranks.sort_unstable();
        assert_eq!(ranks, (1..=21).collect::<Vec<_>>());
        let order = [Office::Ambassador, Office::Envoy, Office::ChargeEnTitre, Office::ChargeAdInterim];
        assert!(order.windows(2).all(|pair| offices.rank(pair[0]) < offices.rank(pair[1])), "VCDR art. 14, 19");
    }

    #[test]
    fn an_ambassador_is_an_excellency_in_every_language() {
        let ask = ask(Office::Ambassador, "Anna {of} Example", "France");
        let form = Offices::shipped().address(&ask, "en-US");
        assert_eq!(form.envelope[1..], ["Anna {of} Example", "Ambassador of France"]);
        assert_eq!((form.spoken.as_str(), form.salutation.as_str()), ("Your Excellency", "Excellency:"));
        assert_eq!(Offices::shipped().address(&ask, "fr").salutation, "Excellence,");
        assert_eq!(Offices::shipped().address(&ask, "tlh").salutation, "Excellency:", "English stands in");
    }
}
