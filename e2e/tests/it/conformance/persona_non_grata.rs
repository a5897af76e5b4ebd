//! Declarations of persona non grata as the suite makes them: each about a member of its own.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const PERSONA_NON_GRATA: &str = "legation.accreditation.v1.PersonaNonGrata";

pub(super) struct Declarations;

impl Fixture for Declarations {
    fn resource(&self) -> &'static str {
        PERSONA_NON_GRATA
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = suite.make(MEMBER).await?;
            Ok(json!({ "member": member["name"], "inReturnFor": "note 4/2026" }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "DecidePersonaNonGrata" => Some(json!({ "deadlineHours": 72 })),
            "NotifyPersonaNonGrata" => Some(json!({ "note": "18/2026" })),
            "DepartPersonaNonGrata" => Some(json!({})),
            "RefuseRecognition" => Some(json!({ "recallRefused": true })),
            _ => plain(method),
        }
    }

    /// The member's record says so, and at last the status ends.
    fn follows(&self, method: &Method) -> i64 {
        let also = ["NotifyPersonaNonGrata", "DepartPersonaNonGrata", "RefuseRecognition"];
        i64::from(also.contains(&method.name()))
    }

    /// Only of one who has not arrived.
    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["NOT_ACCEPTABLE"]
    }
}
