//! Rates of single methods, beside a caller's rate over all of them: `data/rates.toml`, checked against the contract.

use anyhow::{Context as _, ensure};
use proto::contract::{Contract, Kind, Method};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// The rates that come with the gateway.
const SHIPPED: &str = include_str!("../../data/rates.toml");

/// How many of each thousand requests of a caller's rate may be for one method.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteRates {
    /// By what a method does.
    kinds: Kinds,
    /// By the method's path, which stands over its kind.
    methods: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    export: u32,
    import: u32,
    watch: u32,
}

impl RouteRates {
    /// The rates that come with the gateway.
    ///
    /// # Errors
    /// They do not fit the contract.
    pub(crate) fn shipped(contract: &Contract) -> anyhow::Result<Self> {
        Self::read(SHIPPED, contract)
    }

    fn read(text: &str, contract: &Contract) -> anyhow::Result<Self> {
        let rates: Self = toml::from_str(text).context("the rates of methods cannot be read")?;
        for path in rates.methods.keys() {
            ensure!(contract.method(path).is_some(), "the contract has no method {path}");
        }
        let all = rates.methods.values().chain([&rates.kinds.export, &rates.kinds.import, &rates.kinds.watch]);
        ensure!(all.into_iter().all(|rate| (1..=1_000).contains(rate)), "a rate is from 1 to 1000 of each thousand");
        Ok(rates)
    }

    /// The method's part of a thousand, if it has a rate of its own.
    pub(crate) fn of(&self, method: &Method) -> Option<u32> {
        let kind = match method.kind() {
            Kind::Export => Some(self.kinds.export),
            Kind::Import => Some(self.kinds.import),
            Kind::Watch => Some(self.kinds.watch),
            _ => None,
        };
        self.methods.get(method.path()).copied().or(kind)
    }
}

/// A method's rate for a caller with this rate over all methods: at least one request a second.
pub(crate) fn rate(of_caller: NonZeroU32, per_thousand: u32) -> NonZeroU32 {
    let rate = u64::from(of_caller.get()) * u64::from(per_thousand) / 1_000;
    NonZeroU32::new(u32::try_from(rate).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    #[test]
    fn the_shipped_rates_fit_the_contract_and_others_are_refused() {
        let rates = RouteRates::shipped(contract()).unwrap();
        let of = |path: &str| rates.of(contract().method(path).unwrap());
        assert_eq!(of("/legation.accreditation.v1.MissionService/ExportMissions"), Some(20));
        assert_eq!(of("/legation.accreditation.v1.MissionService/GetMission"), None);
        let kinds = "[kinds]\nexport = 1\nimport = 1\nwatch = 1\n";
        for bad in ["[methods]\n\"/a.B/C\" = 1", "[methods]\n\"/legation.gateway.v1.ApiKeyService/WhoAmI\" = 0"] {
            assert!(RouteRates::read(&format!("{kinds}{bad}"), contract()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_methods_rate_is_its_part_and_never_nothing() {
        let rate = |of_caller, part| rate(NonZeroU32::new(of_caller).unwrap(), part).get();
        assert_eq!((rate(500, 20), rate(10, 20), rate(1_000_000, 1_000)), (10, 1, 1_000_000));
    }
}
