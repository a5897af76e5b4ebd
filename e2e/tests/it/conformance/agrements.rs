//! Agréments as the suite makes them: each of an embassy of its own, since a mission has one request at a time.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const AGREMENT: &str = "legation.accreditation.v1.Agrement";

pub(super) struct Agrements;

impl Fixture for Agrements {
    fn resource(&self) -> &'static str {
        AGREMENT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = suite.in_state(MISSION, "OPEN").await?;
            Ok(json!({
                "mission": mission["name"],
                "headClass": "AMBASSADOR",
                "familyName": format!("Eriksson-{}", suite.number()),
                "givenNames": "Anna Maria",
                "birthDate": "1964-08-12",
                "nationality": "FR",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SubmitAgrement" => Some(json!({ "noteReference": "2026/117" })),
            "GrantAgrement" => Some(json!({ "consentToNational": false })),
            "RecordNomineeArrival" => Some(json!({})),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "givenNames": "Anna", "curriculum": "Thirty years in the service." }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["LAPSED"]
    }
}
