//! Courtesies of the port as the suite makes them: for ministers who have left already, asked for late.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct PortCourtesies {
    /// The embassy that asks for all of them.
    mission: OnceCell<Value>,
}

impl Fixture for PortCourtesies {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.PortCourtesy"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = self.mission.get_or_try_init(async || suite.in_state(MISSION, "OPEN").await).await?;
            let passport = format!("D{:07}", suite.number());
            Ok(json!({
                "mission": mission["name"],
                "direction": "DEPARTURE",
                "traveller": { "familyName": "Example", "givenNames": "Minister", "passportNumber": passport },
                "rank": "CABINET_MINISTER",
                "port": "IAD",
                "scheduledTime": "2026-01-05T21:00:00Z",
                "courtesies": ["ESCORT_SCREENING"],
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ApprovePortCourtesy" => Some(json!({ "granted": ["ESCORT_SCREENING"], "officer": "Example Officer" })),
            "DenyPortCourtesy" => Some(json!({ "cause": "TOO_LATE" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "carrier": "AF 27" }))
    }
}
