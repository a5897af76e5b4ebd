//! Missions as the suite makes them.

use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The resource.
pub(super) const MISSION: &str = "legation.accreditation.v1.Mission";

pub(super) struct Missions;

/// A consulate-general at work.
pub(super) async fn consulate(suite: &Suite) -> Result<Value, Unprepared> {
    let mission = json!({
        "sendingState": "FR",
        "type": "CONSULATE_GENERAL",
        "title": format!("Consulate-General of France in Chicago, {}", suite.number()),
        "seat": "Chicago",
    });
    let mut mission = suite.create(suite.method_of(MISSION, &Kind::Create)?, mission).await?;
    for verb in ["requestConsent", "consent", "approvePremises", "open"] {
        mission = suite.call_about(suite.method_of(MISSION, &Kind::Verb(verb.into()))?, &mission).await?;
    }
    Ok(mission)
}

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

    /// Relations with them were never broken.
    fn leads(&self, method: &Method, to: &str) -> bool {
        method.name() != "Refuse" || to == "REFUSED"
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Embassy of the French Republic", "phone": "+1 202 944 6000" }))
    }
}
