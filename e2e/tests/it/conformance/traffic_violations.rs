//! Traffic violations as the suite makes them: small ones, each against a licence of its own.

use super::driver_licences::DRIVER_LICENCE;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct TrafficViolations;

impl Fixture for TrafficViolations {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.TrafficViolation"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let licence = suite.in_state(DRIVER_LICENCE, "ISSUED").await?;
            Ok(json!({
                "licence": licence["name"],
                "violationTime": "2026-05-01T02:14:00Z",
                "offence": "SPEEDING",
                "citation": "Citation 7",
            }))
        })
    }
}
