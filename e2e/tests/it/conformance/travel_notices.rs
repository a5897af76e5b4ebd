//! Travel notices as the suite makes them: of a journey that a rule binds and that has begun.

use super::control_rules::CONTROL_RULE;
use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct TravelNotices {
    /// The member who travels, bound by a rule.
    member: OnceCell<Value>,
}

impl Fixture for TravelNotices {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.TravelNotice"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let bound = async || {
                suite.in_state(CONTROL_RULE, "ENACTED").await?;
                suite.make(MEMBER).await
            };
            let member = self.member.get_or_try_init(bound).await?;
            Ok(json!({
                "member": member["name"],
                "trigger": "TRAVEL_RADIUS",
                "place": format!("Chicago, {} Example Street", suite.number()),
                "location": { "latitude": 41.8781, "longitude": -87.6298 },
                "beginTime": "2026-02-02T13:00:00Z",
                "endTime": "2026-02-03T13:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordOccurrence" => Some(json!({ "occurTime": "2026-02-02T14:00:00Z" })),
            "ReconcileTravelNotice" => Some(json!({ "breaches": ["LATE_NOTICE"], "finding": "Told afterwards" })),
            _ => plain(method),
        }
    }
}
