//! Members as the suite makes them: diplomats of one embassy.

use super::missions::MISSION;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const MEMBER: &str = "legation.accreditation.v1.Member";
/// The categories in which they are notified, in turn.
pub(super) const CATEGORIES: [&str; 2] = ["DIPLOMATIC_STAFF", "ADMINISTRATIVE_AND_TECHNICAL_STAFF"];

#[derive(Default)]
pub(super) struct Members {
    /// The embassy that notifies them all.
    mission: OnceCell<String>,
    /// How many there are.
    made: AtomicUsize,
    /// Another accreditation's person, to link one to.
    other: Mutex<String>,
}

impl Fixture for Members {
    fn resource(&self) -> &'static str {
        MEMBER
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let open = async || suite.in_state(MISSION, "OPEN").await.map(|mission| mission["name"].to_string());
            let mission = self.mission.get_or_try_init(open).await?;
            // One can be linked to the person of the next, since their roles differ.
            let category = CATEGORIES[self.made.fetch_add(1, Ordering::Relaxed) % 2];
            Ok(json!({
                "mission": mission.trim_matches('"'),
                "person": format!("people/c-{}", suite.number()),
                "category": category,
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
            "LinkPerson" => {
                let other = self.other.lock().expect("nothing panics under it").clone();
                Some(json!({ "person": if other.is_empty() { "people/c-1" } else { &*other } }))
            }
            "Terminate" => Some(json!({ "cause": "RECALLED" })),
            "RecordArrival" => Some(json!({ "arrivalTime": "2026-02-03T04:05:06Z" })),
            "RecordDeparture" => Some(json!({})),
            "QueryPrivileges" => Some(json!({ "instant": "2026-11-01T02:14:00Z" })),
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

    /// They are here, and have time to leave.
    fn leads(&self, method: &Method, to: &str) -> bool {
        method.name() != "Terminate" || to == "GRACE"
    }

    /// To be linked to another's person, there must be another; and who arrives was notified beforehand.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, member: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "RecordArrival" {
                let mut expected = self.record(suite).await?;
                expected.as_object_mut().map(|fields| fields.remove("arrivalTime"));
                return suite.create(suite.method_of(MEMBER, &Kind::Create)?, expected).await;
            }
            if method.name() == "LinkPerson" {
                let other = suite.make(MEMBER).await?;
                *self.other.lock().expect("nothing panics under it") =
                    other["person"].as_str().unwrap_or_default().into();
            }
            Ok(member)
        })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Counsellor", "passportNumber": "L898902C3" }))
    }
}
