//! The table of privileges in its file and in the form it is read from; checked whole, every error at once.

use super::{PRIVILEGES, matter};
use crate::immunity::{Provision, Rules};
use proto::accreditation::v1::{Extent, Immune, Matter, Privilege};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// The file that is shipped.
const SHIPPED: &str = include_str!("../../data/privileges.toml");

/// The table, complete and checked.
#[derive(Debug)]
pub struct Privileges {
    identity: String,
    rows: BTreeMap<(i32, String), Row>,
}

/// How far a class enjoys a privilege.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) extent: Extent,
    pub(super) conditions: Vec<String>,
    pub(super) cite: Vec<Arc<Provision>>,
}

/// Everything that is wrong with the table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of privileges cannot be used:\n{}", .0.join("\n"))]
pub struct Unusable(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    provision: BTreeMap<String, Words>,
    row: Vec<FileRow>,
}

/// A provision: its effect alone, or all three parts where the key does not say them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Effect(String),
    Whole { instrument: String, provision: String, effect: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    privilege: String,
    classes: Vec<String>,
    extent: String,
    #[serde(default)]
    conditions: Vec<String>,
    cite: Vec<String>,
}

impl Privileges {
    /// The table that is shipped, by the classes and provisions of the table of immunity.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn shipped(rules: &Rules) -> Result<Self, Unusable> {
        Self::parse(SHIPPED, rules)
    }

    /// Reads a table. `data/README.md` describes the form.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, Unusable> {
        let file: File = toml::from_str(text).map_err(|error| Unusable(vec![error.to_string()]))?;
        let mut errors = Vec::new();
        let own: BTreeMap<_, _> = file.provision.iter().map(|(key, words)| (key, Arc::new(read(key, words)))).collect();
        let known = rules.provisions();
        let twice = own.iter().filter(|(key, own)| known.get(key.as_str()).is_some_and(|other| other != *own));
        errors.extend(twice.map(|(key, _)| format!("provision `{key}`: the table of immunity words it otherwise")));
        let classes: BTreeSet<&str> = rules.table().map(|(class, _, _)| class.name.as_str()).collect();
        let (mut rows, mut used) = (BTreeMap::new(), BTreeSet::new());
        for (number, found) in (1..).zip(&file.row) {
            let at = format!("row {number}, {}", found.privilege);
            let mut demand = |holds: bool, error: String| {
                if !holds {
                    errors.push(format!("{at}: {error}"));
                }
            };
            let privilege = PRIVILEGES.into_iter().find(|privilege| privilege.as_str_name() == found.privilege);
            let has_rows = privilege.is_some_and(|privilege| matter(privilege).is_none());
            demand(has_rows, "it is no privilege with rows of its own".to_owned());
            let extent = Extent::from_str_name(&found.extent).unwrap_or_default();
            demand(extent != Extent::Unspecified, format!("`{}` is no extent", found.extent));
            let limited = matches!(extent, Extent::WithExceptions | Extent::Limited | Extent::Dependent);
            demand(
                limited != found.conditions.is_empty(),
                "conditions go with the extents that have limits".to_owned(),
            );
            demand(!found.cite.is_empty(), "the row cites no provision".to_owned());
            let mut cite = Vec::new();
            for key in &found.cite {
                used.insert(key.as_str());
                match own.get(key).or_else(|| known.get(key.as_str())) {
                    Some(provision) => cite.push(Arc::clone(provision)),
                    None => demand(false, format!("`{key}` is no provision")),
                }
            }
            for class in &found.classes {
                demand(classes.contains(class.as_str()), format!("`{class}` is no class of persons"));
                let row = Row { extent, conditions: found.conditions.clone(), cite: cite.clone() };
                let before = rows.insert((privilege.unwrap_or_default() as i32, class.clone()), row);
                demand(before.is_none(), format!("{class} has two rows"));
            }
        }
        let unused = own.keys().filter(|key| !used.contains(key.as_str()));
        errors.extend(unused.map(|key| format!("provision `{key}`: nothing refers to it")));
        // Where no row stands, the provision on taxes is cited for what a class does not have: it must not say that it has.
        let exempt = rules.table().filter(|(_, matter, row)| *matter == Matter::Taxation && row.value == Immune::Yes);
        for (class, privilege) in exempt.flat_map(|(class, ..)| PRIVILEGES.map(|privilege| (&class.name, privilege))) {
            let complete = matter(privilege).is_some() || rows.contains_key(&(privilege as i32, class.clone()));
            if !complete {
                errors.push(format!("class `{class}`: it has no row for {}", privilege.as_str_name()));
            }
        }
        if !errors.is_empty() {
            return Err(Unusable(errors));
        }
        let mut identity = format!("{} ", file.version);
        for byte in &Sha256::digest(text.as_bytes())[..4] {
            write!(identity, "{byte:02x}").expect("text grows as needed");
        }
        Ok(Self { identity, rows })
    }

    /// Which table it is: its version and the first digits of its SHA-256.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn row(&self, privilege: Privilege, class: &str) -> Option<&Row> {
        self.rows.get(&(privilege as i32, class.to_owned()))
    }
}

fn read(key: &str, words: &Words) -> Provision {
    match words {
        Words::Effect(effect) => {
            let (instrument, provision) = key.split_once(' ').unwrap_or((key, ""));
            Provision { instrument: instrument.into(), provision: provision.into(), effect: effect.clone() }
        }
        Words::Whole { instrument, provision, effect } => {
            Provision { instrument: instrument.clone(), provision: provision.clone(), effect: effect.clone() }
        }
    }
}
