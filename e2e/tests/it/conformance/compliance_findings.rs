//! Findings of compliance as the suite makes them: each against a member of its own, whose refusal to remedy it is recorded.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct ComplianceFindings;

impl Fixture for ComplianceFindings {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.ComplianceFinding"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            // A member of its own: a person is declared once.
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            Ok(json!({
                "mission": member["mission"],
                "member": member["name"],
                "subject": "TRAFFIC",
                "summary": format!("Parking fines of case {} are not paid", suite.number()),
                "legalBasis": [{ "instrument": "VCDR", "provision": "art. 41.1" }],
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AddEvidence" => Some(json!({ "evidence": { "description": "A letter of the city" } })),
            "WarnMission" => Some(json!({ "note": "21/2026" })),
            "RecordRemedy" => Some(json!({ "remedy": "All is paid" })),
            "EscalateComplianceFinding" => Some(json!({ "measure": "DECLARATION_OPENED", "remedyRefused": true })),
            "CloseComplianceFinding" => Some(json!({ "cause": "Met" })),
            _ => plain(method),
        }
    }

    /// The measure opens a declaration.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "EscalateComplianceFinding")
    }
}
