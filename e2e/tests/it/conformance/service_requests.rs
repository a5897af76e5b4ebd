//! Service requests as the suite makes them.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct ServiceRequests {
    /// The mission that asks.
    mission: OnceCell<Value>,
}

impl Fixture for ServiceRequests {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.ServiceRequest"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = self.mission.get_or_try_init(async || suite.in_state(MISSION, "OPEN").await).await?;
            let subject = format!("Plates, case {}", suite.number());
            Ok(json!({ "mission": mission["name"], "kind": "VEHICLES", "subject": subject }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RerouteServiceRequest" => Some(json!({ "agency": "police" })),
            "AskMission" => Some(json!({ "question": "Which cars?" })),
            "ReplyToAgency" => Some(json!({ "answer": "The three" })),
            "AnswerServiceRequest" => Some(json!({ "answer": "They are ready" })),
            _ => plain(method),
        }
    }
}
