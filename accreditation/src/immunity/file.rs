//! The rule table as it stands in its files: the shapes serde reads, and the files that are shipped.

use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The table, in parts.
pub(super) const TABLE: [&str; 4] = [
    include_str!("../../data/immunity/advice.toml"),
    include_str!("../../data/immunity/vcdr.toml"),
    include_str!("../../data/immunity/vccr.toml"),
    include_str!("../../data/immunity/organisations.toml"),
];

/// What home states have agreed, by home.
pub(super) const AGREEMENTS: [(&str, &str); 1] = [("US", include_str!("../../data/bilateral/US.toml"))];

/// One part of the table; together the parts are read as one.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    pub(super) version: Option<String>,
    pub(super) dependant_without_principal: Option<String>,
    pub(super) provision: BTreeMap<String, Words>,
    pub(super) limit: BTreeMap<String, String>,
    pub(super) level: BTreeMap<String, String>,
    pub(super) exception: BTreeMap<String, Vec<Case>>,
    pub(super) regime: BTreeMap<String, Regime>,
    pub(super) class: BTreeMap<String, Class>,
    /// By matter and answer.
    pub(super) advice: BTreeMap<String, BTreeMap<String, Advice>>,
}

/// A home state's agreements.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Agreements {
    pub(super) home: String,
    pub(super) provision: BTreeMap<String, Words>,
    pub(super) r#override: Vec<Override>,
}

/// A provision: its effect alone, or all three parts where the key does not say them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    Effect(String),
    #[serde(rename_all = "snake_case")]
    Whole {
        instrument: String,
        provision: String,
        effect: String,
    },
}

/// An advice line, or one for each tier.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Advice {
    Same(String),
    ByTier(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Regime {
    pub(super) before: String,
    pub(super) grace: String,
    pub(super) death: String,
    pub(super) waiver: String,
    pub(super) execution: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Class {
    pub(super) categories: Vec<String>,
    pub(super) tier: String,
    pub(super) regime: Option<String>,
    pub(super) national: Option<String>,
    pub(super) permanent_resident: Option<String>,
    pub(super) family: Option<String>,
    pub(super) honorary_post: Option<String>,
    pub(super) relations: Vec<String>,
    pub(super) other_relations: Option<String>,
    pub(super) former: Option<String>,
    pub(super) like: Option<String>,
    pub(super) cite: Vec<String>,
    pub(super) limits: Vec<String>,
    pub(super) all: Option<Row>,
    pub(super) rules: BTreeMap<String, Row>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) value: String,
    pub(super) cite: Vec<String>,
    pub(super) except: Option<String>,
    #[serde(default)]
    pub(super) limits: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) when: When,
    pub(super) value: String,
    #[serde(default)]
    pub(super) cite: Vec<String>,
    pub(super) condition: String,
    #[serde(default)]
    pub(super) limits: Vec<String>,
    pub(super) advice: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    pub(super) grave_crime: Option<bool>,
    pub(super) judicial_decision: Option<bool>,
    pub(super) civil_action: OneOrMore,
    pub(super) held_for_mission: Option<bool>,
    pub(super) contract_as_agent: Option<bool>,
    pub(super) official_matters: Option<bool>,
    pub(super) infringes_inviolability: Option<bool>,
    pub(super) tax_kind: OneOrMore,
    pub(super) serious_grounds: Option<bool>,
    pub(super) never_known: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
        .iter()
        .map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    pub(super) sending_states: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) persons: Vec<String>,
    #[serde(default)]
    pub(super) residence: Vec<String>,
    pub(super) from: Option<NaiveDate>,
    pub(super) until: Option<NaiveDate>,
    pub(super) tier: Option<String>,
    pub(super) rules: BTreeMap<String, Row>,
}
