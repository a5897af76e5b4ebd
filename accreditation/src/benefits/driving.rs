//! What the host lays down for drivers: offences and their points, when a licence is reviewed and suspended.

use super::demand;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The practice in driving licences.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrivingPractice {
    /// For how many months a licence is valid at most.
    pub validity_months: u16,
    /// From which age a licence is issued, in years.
    pub least_age: u32,
    /// For how many months a violation counts.
    pub window_months: u32,
    /// At how many points a licence is reviewed.
    pub review_at: i32,
    /// At how many points it is suspended.
    pub suspend_at: i32,
    /// The offences, by their codes.
    offence: BTreeMap<String, OffencePractice>,
}

/// One kind of offence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffencePractice {
    /// Its points.
    pub points: i32,
    /// Whether it suspends a licence by itself.
    #[serde(default)]
    pub suspends: bool,
}

impl DrivingPractice {
    /// The offence of this code.
    pub fn offence(&self, code: &str) -> Option<OffencePractice> {
        self.offence.get(code).copied()
    }

    pub(super) fn check(&self, errors: &mut Vec<String>) {
        let positive = self.validity_months > 0 && self.window_months > 0 && self.review_at > 0;
        demand(errors, positive, || "driving: periods and thresholds are greater than 0".to_owned());
        demand(errors, self.review_at < self.suspend_at, || "driving: review comes before suspension".to_owned());
        for (code, offence) in &self.offence {
            let good = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            demand(errors, good, || format!("driving.offence: `{code}` is no code"));
            demand(errors, (0..=100).contains(&offence.points), || {
                format!("driving.offence.{code}: {} are no points", offence.points)
            });
        }
        demand(errors, !self.offence.is_empty(), || "driving.offence: there is none".to_owned());
    }
}
