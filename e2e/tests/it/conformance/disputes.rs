//! Disputes as the suite makes them: with a landlord, one offer made when the mediation begins.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct Disputes {
    /// The mission that disputes.
    mission: OnceCell<Value>,
}

impl Fixture for Disputes {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Dispute"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = self.mission.get_or_try_init(async || suite.in_state(MISSION, "OPEN").await).await?;
            Ok(json!({
                "mission": mission["name"],
                "kind": "LANDLORD",
                "party": { "fullName": "Example Landlord" },
                "subject": format!("Rent, case {}", suite.number()),
                "claim": { "currency": "USD", "minorUnits": "900000" },
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        let offer = json!({ "by": "OTHER_SIDE", "terms": "Half of it" });
        let ask = match method.name() {
            "ScreenDispute" => json!({ "screening": { "jurisdiction": true, "finding": "Nobody is immune" } }),
            "BeginMediation" => json!({ "offers": [offer] }),
            "RecordSession" => {
                json!({ "session": { "sessionTime": "2026-01-02T03:04:05Z", "outcome": "Both stay as they were" } })
            }
            "MakeOffer" => json!({ "offer": offer }),
            "AnswerOffer" => json!({ "number": 1, "accept": true }),
            "SettleDispute" => json!({ "terms": "The lease ends" }),
            "ReferDispute" => json!({ "forum": "COURT", "body": "Example Court" }),
            "EscalateDispute" => json!({ "step": "NOTE", "reference": "118/2026" }),
            "AddDisputeNote" => json!({ "text": "They would pay all of it" }),
            _ => return plain(method),
        };
        Some(ask)
    }
}
