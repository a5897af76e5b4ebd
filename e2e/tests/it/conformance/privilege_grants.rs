//! Grants of privileges as the suite makes them: each for a member of its own, since one holds at a time.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct PrivilegeGrants;

impl Fixture for PrivilegeGrants {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.PrivilegeGrant"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            Ok(json!({
                "member": member["name"],
                "privilege": "CUSTOMS_DUTIES",
                "extent": "LIMITED",
                "conditions": ["Books alone."],
                "basis": "Note 12/2026",
                "effectiveTime": "2030-01-01T00:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["ENDED"]
    }
}
