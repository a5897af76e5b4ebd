//! Roles and permissions: what a role may do, which permissions exist, and which of them a partner may hold.

use crate::jobs::OVERSEE;
use anyhow::{Context as _, bail};
use identity::Permissions;
use proto::contract::Contract;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The roles that come with the gateway.
pub const SHIPPED: &str = include_str!("../data/roles.toml");

/// Every role with what it may do.
#[derive(Debug)]
pub struct Roles(BTreeMap<String, Role>);

/// One role.
#[derive(Debug)]
pub struct Role {
    /// What the role is for, a sentence.
    pub doc: String,
    /// What it may do.
    pub permissions: Permissions,
    /// Whether it is taken in an emergency (`ElevationService`), and not otherwise.
    pub break_glass: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    doc: String,
    permissions: Vec<String>,
    #[serde(default)]
    break_glass: bool,
}

impl Roles {
    /// Reads a role file and checks it against what the contract knows.
    ///
    /// # Errors
    /// The file is not of this form, a role has no sentence, or permissions are not in the contract: all of them named.
    pub fn read(text: &str, known: &Known) -> anyhow::Result<Self> {
        let entries: BTreeMap<String, Entry> = toml::from_str(text).context("the role file cannot be read")?;
        let mut mistakes = Vec::new();
        for (name, entry) in &entries {
            if entry.doc.trim().is_empty() {
                mistakes.push(format!("role {name} does not say what it is for"));
            }
            let unknown = entry.permissions.iter().filter(|permission| !known.knows(permission));
            mistakes.extend(unknown.map(|permission| format!("role {name}: the contract has no {permission}")));
        }
        if !mistakes.is_empty() {
            bail!("the role file does not fit the contract: {}", mistakes.join("; "));
        }
        let role = |entry: Entry| Role {
            doc: entry.doc,
            permissions: Permissions::of(&entry.permissions),
            break_glass: entry.break_glass,
        };
        Ok(Self(entries.into_iter().map(|(name, entry)| (name, role(entry))).collect()))
    }

    /// The role of this name.
    pub fn get(&self, name: &str) -> Option<&Role> {
        self.0.get(name)
    }

    /// The role of this name, if it is one that a key or a person may have for as long as it likes.
    pub fn lasting(&self, name: &str) -> Option<&Role> {
        self.get(name).filter(|role| !role.break_glass)
    }

    /// What these roles may do together. A name that is no role of ours gives nothing: an issuer has other applications.
    pub fn permissions<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Permissions {
        let held = names.into_iter().filter_map(|name| self.lasting(name));
        Permissions::of(held.flat_map(|role| role.permissions.iter()))
    }

    /// Every role, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Role)> {
        self.0.iter().map(|(name, role)| (name.as_str(), role))
    }
}

/// The permissions that exist: those of the contract's rules, each service's right to personal data, and the right to
/// oversee jobs.
#[derive(Debug)]
pub struct Known {
    all: BTreeSet<String>,
    partner: BTreeSet<String>,
}

impl Known {
    /// Reads the contract's rules.
    pub fn of(contract: &Contract) -> Self {
        let rules = || contract.methods().iter().map(|method| method.rule()).filter(|rule| !rule.permission.is_empty());
        let personal = contract.services().into_iter().map(|service| format!("{service}.personal.read"));
        Self {
            all: rules().map(|rule| rule.permission.clone()).chain(personal).chain([OVERSEE.to_owned()]).collect(),
            partner: rules().filter(|rule| rule.partner).map(|rule| rule.permission.clone()).collect(),
        }
    }

    /// Whether the permission exists; one with a `*` at its end, whether any begins so.
    pub fn knows(&self, permission: &str) -> bool {
        match permission.strip_suffix(".*") {
            Some(stem) => {
                self.all.iter().any(|known| known.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')))
            }
            None => self.all.contains(permission),
        }
    }

    /// The permissions that a partner may hold.
    pub fn for_partners(&self) -> impl Iterator<Item = &String> {
        self.partner.iter()
    }

    /// Whether a partner's key may hold the permission. One with a `*` it may not: it would grow with the contract.
    pub fn is_for_partners(&self, permission: &str) -> bool {
        self.partner.contains(permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    #[test]
    fn the_shipped_roles_fit_the_contract() {
        let roles = Roles::read(SHIPPED, &Known::of(contract())).expect("the shipped roles fit the contract");
        let police: Vec<_> = roles.get("police-verifier").expect("there is such a role").permissions.iter().collect();
        assert_eq!(
            police,
            [
                "accreditation.determinations.read",
                "accreditation.driverLicences.verify",
                "accreditation.guidanceArticles.read",
                "accreditation.identityCards.verify",
                "accreditation.members.determineImmunity",
                "accreditation.missions.read",
                "accreditation.vehicles.verify",
            ]
        );
    }

    #[test]
    fn every_mistake_in_a_role_file_is_named_at_once() {
        let text = "[a]\ndoc = \"\"\npermissions = [\"x.y.z\", \"accreditation.missions.read\"]\n\
                    [b]\ndoc = \"Reads.\"\npermissions = [\"acc.*\", \"*\"]\n";
        let error = Roles::read(text, &Known::of(contract())).expect_err("nothing in it fits").to_string();
        for part in ["role a does not say", "no x.y.z", "no acc.*", "no *"] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
        assert!(!error.contains("missions.read"), "{error}");
    }

    #[test]
    fn a_name_that_is_no_role_gives_nothing() {
        let roles = Roles::read(SHIPPED, &Known::of(contract())).expect("the shipped roles fit the contract");
        assert_eq!(roles.permissions(["offline_access", "root"]), Permissions::default());
    }

    #[test]
    fn partners_hold_what_the_contract_opens_to_them_and_no_stars() {
        let known = Known::of(contract());
        assert!(known.is_for_partners("accreditation.identityCards.verify"));
        assert!(!known.is_for_partners("accreditation.members.read"));
        assert!(!known.is_for_partners("accreditation.missions.*"));
    }
}
