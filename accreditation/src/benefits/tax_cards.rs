//! What the host lays down for tax exemption cards: what they are called, how long they hold, for whom, for what never.

use super::demand;
use proto::accreditation::v1::restriction::Purchase;
use proto::accreditation::v1::tax_card::Level;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The levels a card can have.
const LEVELS: [Level; 4] =
    [Level::MissionUnrestricted, Level::MissionRestricted, Level::PersonalUnrestricted, Level::PersonalRestricted];

/// The practice in tax exemption cards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxCardPractice {
    /// How many days a card is valid at most.
    pub validity_days: u16,
    /// How many days no other card is issued to the holder of a lost one.
    pub hold_days: u16,
    /// How many cards of its own a mission has at most.
    pub mission_cards: u16,
    /// From which age a dependant may hold a card.
    pub dependant_from_age: u32,
    /// The age at which a child may no longer.
    pub child_until_age: u32,
    /// The same for a child in full-time education.
    pub student_until_age: u32,
    /// What no card covers, by the names of the contract.
    never: Vec<String>,
    /// What is printed on every card of a mission.
    pub mission_note: String,
    /// What is printed on every card of a member.
    pub personal_note: String,
    /// What the levels are called here.
    names: BTreeMap<String, String>,
}

impl TaxCardPractice {
    /// What cards of this level are called here.
    pub fn name(&self, level: Level) -> &str {
        self.names.get(level.as_str_name()).map_or("", String::as_str)
    }

    /// What no card covers.
    pub fn never(&self) -> impl Iterator<Item = Purchase> {
        self.never.iter().filter_map(|name| Purchase::from_str_name(name))
    }

    pub(super) fn check(&self, errors: &mut Vec<String>) {
        let days = self.validity_days > 0 && self.hold_days > 0 && self.mission_cards > 0;
        demand(errors, days, || "tax_cards: days and numbers are greater than 0".to_owned());
        let ages = self.dependant_from_age < self.child_until_age && self.child_until_age <= self.student_until_age;
        demand(errors, ages, || "tax_cards: the ages do not follow one another".to_owned());
        for name in &self.never {
            let known = Purchase::from_str_name(name).is_some_and(|purchase| purchase != Purchase::Unspecified);
            demand(errors, known, || format!("tax_cards.never: `{name}` is no kind of purchase"));
        }
        for level in LEVELS {
            let named = !self.name(level).trim().is_empty();
            demand(errors, named, || format!("tax_cards.names: {} has none", level.as_str_name()));
        }
        let unknown = self.names.keys().filter(|name| LEVELS.iter().all(|level| level.as_str_name() != name.as_str()));
        errors.extend(unknown.map(|name| format!("tax_cards.names: `{name}` is no level")));
    }
}
