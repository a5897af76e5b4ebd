//! The order and rules of flags.

use proto::accreditation::v1::{ArrangeFlagsRequest, ArrangeFlagsResponse, FlagRule};
use serde::Deserialize;
use std::sync::LazyLock;

static SHIPPED: LazyLock<Flags> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/protocol/flags.toml")).expect("a test reads the data"));

/// The rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flags {
    host: Host,
    rule: Vec<Rule>,
    half_mast: Vec<Rule>,
}

/// Where the host's flag stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Host {
    First,
    Centre,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    text: String,
    source: String,
}

impl Flags {
    /// Those of the shipped data.
    pub(crate) fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The flags from the left, as one who faces them sees it, and the rules that apply.
    pub(crate) fn arrange(&self, ask: &ArrangeFlagsRequest, home: &str) -> ArrangeFlagsResponse {
        let mourning = self.half_mast.iter().filter(|_| ask.half_mast);
        let rule = |rule: &Rule| FlagRule { text: rule.text.clone(), source: rule.source.clone() };
        ArrangeFlagsResponse {
            order: order(self.host, home, &ask.states),
            rules: self.rule.iter().chain(mourning).map(rule).collect(),
        }
    }
}

/// The host's flag in the place of honour, the others by the alphabet.
fn order(host: Host, home: &str, states: &[String]) -> Vec<String> {
    let name = |code: &String| rust_iso3166::from_alpha2(code).map_or(code.clone(), |state| state.name.to_owned());
    let mut others: Vec<_> = states.iter().filter(|state| *state != home).cloned().collect();
    others.sort_by_cached_key(name);
    others.dedup();
    let place = match host {
        Host::Centre if others.len().is_multiple_of(2) => others.len() / 2,
        Host::Centre | Host::First => 0,
    };
    others.insert(place, home.to_owned());
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn the_host_has_the_place_of_honour_and_the_others_their_alphabet() {
        let states = codes(&["DE", "FR", "AT", "FR", "US"]);
        assert_eq!(order(Host::First, "US", &states), ["US", "AT", "FR", "DE"], "Austria, France, Germany");
        assert_eq!(order(Host::Centre, "US", &codes(&["FR", "DE"])), ["FR", "US", "DE"]);
        assert_eq!(order(Host::Centre, "US", &states), ["US", "AT", "FR", "DE"], "there is no middle of four");
        assert_eq!(order(Host::First, "US", &[]), ["US"]);
    }

    #[test]
    fn in_mourning_more_rules_apply() {
        let flags = Flags::shipped();
        let ask = |half_mast| ArrangeFlagsRequest { states: codes(&["FR"]), language: String::new(), half_mast };
        let (usual, mourning) = (flags.arrange(&ask(false), "US"), flags.arrange(&ask(true), "US"));
        assert_eq!((usual.rules.len(), mourning.rules.len()), (3, 5));
        assert!(mourning.rules.iter().all(|rule| !rule.source.is_empty()));
    }
}
