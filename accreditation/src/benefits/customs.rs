//! What the host lays down for customs clearances.

use super::demand;
use serde::Deserialize;

/// The practice in customs clearances.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomsPractice {
    /// In how many working days a clearance is decided.
    pub decision_working_days: u16,
}

impl CustomsPractice {
    pub(super) fn check(&self, errors: &mut Vec<String>) {
        demand(errors, self.decision_working_days > 0, || "customs: days are greater than 0".to_owned());
    }
}
