//! Missions as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const MISSION: &str = "legation.accreditation.v1.Mission";

pub(super) struct Missions;

impl Fixture for Missions {
    fn resource(&self) -> &'static str {
        MISSION
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let mission = json!({
            "sendingState": "FR",
            "type": "EMBASSY",
            "title": format!("Embassy of France in Washington, {}", suite.number()),
            "seat": "Washington",
        });
        Box::pin(async { Ok(mission) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "Restrict" => Some(json!({ "sizeLimit": 40 })),
            "Sever" => Some(json!({ "protectingPower": "CH" })),
            "PreviewSever" => Some(json!({ "protectingPower": "CH" })),
            "ApprovePremises" => Some(json!({ "address": { "regionCode": "US", "locality": "Washington" } })),
            "Open" => Some(json!({ "openTime": "2026-01-02T03:04:05Z" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Embassy of the French Republic", "phone": "+1 202 944 6000" }))
    }
}
