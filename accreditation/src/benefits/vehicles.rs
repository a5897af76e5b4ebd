//! What the host lays down for vehicles: the least insurance, how many are held, plates and their codes, disposal.

use super::demand;
use proto::accreditation::v1::vehicle::Kind;
use proto::accreditation::v1::{Category, mission};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The practice in vehicles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VehiclePractice {
    /// For how many months a vehicle is registered.
    pub registration_months: u16,
    /// For how many months after its registration the disposal of a vehicle free of duty makes duty due.
    pub holding_months: u16,
    /// In how many working days a lapse of the insurance can be cured.
    pub cure_working_days: u16,
    /// The least insurance, by kind of vehicle.
    minimum: BTreeMap<String, Minimum>,
    /// How many vehicles one holder has, where no rule of reciprocity says otherwise.
    quota: VehicleQuota,
    /// Plates.
    pub plates: PlatePractice,
}

/// The least insurance, in whole units of the home's currency: three limits, or one for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// For bodily injury of one person.
    pub per_person: i64,
    /// For bodily injury in one accident.
    pub per_accident: i64,
    /// For damage to property.
    pub property: i64,
    /// The one limit that stands in the place of the three.
    pub combined: i64,
}

/// How many vehicles one holder has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VehicleQuota {
    /// A mission, of its own.
    mission: i32,
    /// Members of categories that `category` does not name.
    otherwise: i32,
    #[serde(default)]
    category: BTreeMap<String, i32>,
}

/// Plates: a letter for the status, a code for the state, a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatePractice {
    /// Which letters stand for which categories.
    letters: BTreeMap<String, Vec<String>>,
    /// Which letters stand for the own vehicles of which types of mission.
    missions: BTreeMap<String, Vec<String>>,
    /// The letter of everyone else.
    otherwise: String,
    /// The codes of states, which need not be those of ISO 3166-1.
    #[serde(default)]
    countries: BTreeMap<String, String>,
    /// Whether a state without a code of its own has its ISO 3166-1 code; otherwise no plate can be made for it.
    unlisted_iso: bool,
}

impl VehiclePractice {
    /// The least insurance of a kind of vehicle.
    pub fn minimum(&self, kind: Kind) -> Minimum {
        let found = self.minimum.get(kind.as_str_name()).or_else(|| self.minimum.get("OTHERWISE"));
        found.copied().expect("a checked file says what holds otherwise")
    }

    /// How many vehicles a holder of this category has; unspecified is the mission itself.
    pub fn quota(&self, category: Category) -> i32 {
        match category {
            Category::Unspecified => self.quota.mission,
            known => self.quota.category.get(known.as_str_name()).copied().unwrap_or(self.quota.otherwise),
        }
    }

    pub(super) fn check(&self, errors: &mut Vec<String>) {
        let periods = self.registration_months > 0 && self.cure_working_days > 0;
        demand(errors, periods, || "vehicles: periods are greater than 0".to_owned());
        demand(errors, self.minimum.contains_key("OTHERWISE"), || "vehicles.minimum: OTHERWISE is missing".to_owned());
        for name in self.minimum.keys().filter(|name| *name != "OTHERWISE") {
            let known = Kind::from_str_name(name).is_some();
            demand(errors, known, || format!("vehicles.minimum: `{name}` is no kind of vehicle"));
        }
        let quotas = self.quota.category.values().chain([&self.quota.mission, &self.quota.otherwise]);
        let none_negative = quotas.into_iter().all(|quota| *quota >= 0);
        demand(errors, none_negative, || "vehicles.quota: a number is less than 0".to_owned());
        for name in self.quota.category.keys() {
            let known = Category::from_str_name(name).is_some();
            demand(errors, known, || format!("vehicles.quota: `{name}` is no category"));
        }
        self.plates.check(errors);
    }
}

impl PlatePractice {
    /// The letter for a holder: a member of this category or, unspecified, a mission of this type.
    pub fn letter(&self, category: Category, mission: mission::Type) -> &str {
        let (letters, name) = match category {
            Category::Unspecified => (&self.missions, mission.as_str_name()),
            known => (&self.letters, known.as_str_name()),
        };
        let found = letters.iter().find(|(_, names)| names.iter().any(|one| one == name));
        found.map_or(self.otherwise.as_str(), |(letter, _)| letter)
    }

    /// The code of a state; none if it has none, or if its ISO code is another's.
    pub fn code<'a>(&'a self, state: &'a str) -> Option<&'a str> {
        match self.countries.get(state) {
            Some(code) => Some(code),
            None if !self.unlisted_iso || self.countries.values().any(|code| code == state) => None,
            None => Some(state),
        }
    }

    fn check(&self, errors: &mut Vec<String>) {
        let letters = self.letters.keys().chain(self.missions.keys()).chain([&self.otherwise]);
        for letter in letters {
            let good = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase());
            demand(errors, good, || format!("vehicles.plates: `{letter}` is no letter"));
        }
        for name in self.letters.values().flatten() {
            let known = Category::from_str_name(name).is_some();
            demand(errors, known, || format!("vehicles.plates.letters: `{name}` is no category"));
        }
        for name in self.missions.values().flatten() {
            let known = mission::Type::from_str_name(name).is_some();
            demand(errors, known, || format!("vehicles.plates.missions: `{name}` is no type of mission"));
        }
        let mut codes = BTreeSet::new();
        for (state, code) in &self.countries {
            let good = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            demand(errors, good(state) && good(code), || {
                format!("vehicles.plates.countries: {state} and `{code}` are not two codes of two letters")
            });
            demand(errors, codes.insert(code), || format!("vehicles.plates.countries: `{code}` stands for two states"));
        }
    }
}
