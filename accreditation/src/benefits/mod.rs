//! The host state's practice in granting benefits: numbers, names and codes that the conventions leave to it, as data.
//!
//! Each home has a file in `data/benefits`; one without has the neutral default. A file is checked whole at start, and
//! every error in it is told at once. `data/README.md` describes the form.

mod customs;
mod driving;
mod tax_cards;
mod vehicles;

pub use customs::CustomsPractice;
pub use driving::{DrivingPractice, OffencePractice};
pub use tax_cards::TaxCardPractice;
pub use vehicles::{Minimum, PlatePractice, VehiclePractice};

use serde::Deserialize;

/// The files that are shipped, by home.
const SHIPPED: [(&str, &str); 1] = [("US", include_str!("../../data/benefits/US.toml"))];
/// The file of a home that has none.
const DEFAULT: &str = include_str!("../../data/benefits/default.toml");

/// A host state's practice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// Whose it is; empty for the default.
    home: String,
    /// How many digits the smallest unit of the home's currency stands behind the point (ISO 4217).
    pub currency_digits: u32,
    /// Tax exemption cards.
    pub tax_cards: TaxCardPractice,
    /// Vehicles.
    pub vehicles: VehiclePractice,
    /// Licences to drive.
    pub driving: DrivingPractice,
    /// Customs clearances.
    pub customs: CustomsPractice,
}

/// Everything that is wrong with a practice file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the practice file cannot be used:\n{}", .0.join("\n"))]
pub struct Unusable(pub Vec<String>);

impl Practice {
    /// The practice of this home that is shipped, or the default.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn of_home(home: &str) -> Result<Self, Unusable> {
        let shipped = SHIPPED.iter().find(|(code, _)| *code == home);
        Self::read(shipped.map_or(DEFAULT, |(_, text)| text), shipped.map_or("", |(code, _)| code))
    }

    /// Reads the practice of this home.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn read(text: &str, home: &str) -> Result<Self, Unusable> {
        let practice: Self = toml::from_str(text).map_err(|error| Unusable(vec![error.to_string()]))?;
        let mut errors = Vec::new();
        demand(&mut errors, practice.home == home, || format!("home: it is `{}`, not `{home}`", practice.home));
        demand(&mut errors, practice.currency_digits <= 4, || {
            "currency_digits: no currency has more than 4".to_owned()
        });
        practice.tax_cards.check(&mut errors);
        practice.vehicles.check(&mut errors);
        practice.driving.check(&mut errors);
        practice.customs.check(&mut errors);
        if errors.is_empty() { Ok(practice) } else { Err(Unusable(errors)) }
    }
}

/// Notes what does not hold.
fn demand(errors: &mut Vec<String>, holds: bool, error: impl FnOnce() -> String) {
    if !holds {
        errors.push(error());
    }
}
