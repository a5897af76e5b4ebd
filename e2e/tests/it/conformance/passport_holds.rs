//! Holds on passports as the suite makes them: orders of a court on one person.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const PASSPORT_HOLD: &str = "legation.consular.v1.PassportHold";

pub(super) struct PassportHolds;

impl Fixture for PassportHolds {
    fn resource(&self) -> &'static str {
        PASSPORT_HOLD
    }

    /// On the person whom the suite's applications for passports are of.
    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let hold = json!({
            "kind": "COURT_ORDER",
            "familyName": "Sample",
            "givenNames": "Anna",
            "birthDate": "1974-08-12",
            "authority": "Example Court",
            "authorityReference": format!("{}/26", suite.number()),
            "grounds": "She is not to leave the country before the hearing.",
        });
        Box::pin(async { Ok(hold) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "LiftPassportHold" => Some(json!({ "grounds": "The hearing is over." })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }
}
