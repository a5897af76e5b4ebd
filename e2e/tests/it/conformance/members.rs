//! Members as the suite makes them: diplomats of one embassy.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const MEMBER: &str = "legation.accreditation.v1.Member";

#[derive(Default)]
pub(super) struct Members {
    /// The embassy that notifies them all.
    mission: OnceCell<String>,
}

impl Fixture for Members {
    fn resource(&self) -> &'static str {
        MEMBER
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let open = async || suite.in_state(MISSION, "OPEN").await.map(|mission| mission["name"].to_string());
            let mission = self.mission.get_or_try_init(open).await?;
            Ok(json!({
                "mission": mission.trim_matches('"'),
                "category": "DIPLOMATIC_STAFF",
                "familyName": "Eriksson",
                "givenNames": "Anna Maria",
                "birthDate": "1974-08-12",
                "nationality": "FR",
                "residence": "FOREIGN",
                "title": format!("Secretary {}", suite.number()),
                "arrivalTime": "2026-01-02T03:04:05Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReturnNotification" => Some(json!({ "correction": "The passport number is missing." })),
            "NotifyChange" => {
                let (since, residence) = ("2026-06-01T00:00:00Z", "PERMANENT_RESIDENT");
                Some(
                    json!({ "change": { "effectiveTime": since, "residence": residence, "title": "First Secretary" } }),
                )
            }
            "Terminate" => Some(json!({ "cause": "RECALLED" })),
            "RecordDeparture" => Some(json!({})),
            "DetermineImmunity" => Some(
                json!({ "matter": "ARREST_OR_DETENTION", "instant": "2026-11-01T02:14:00Z", "reference": "unit 12" }),
            ),
            "CertifyStatus" => Some(json!({
                "instant": "2026-11-01T02:14:00Z",
                "court": "Superior Court",
                "courtReference": "2026 CMD 001234",
            })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Counsellor", "passportNumber": "L898902C3" }))
    }
}
