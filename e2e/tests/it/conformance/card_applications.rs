//! Applications for identity cards as the suite makes them: each for a member of its own.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct CardApplications;

impl Fixture for CardApplications {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.CardApplication"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            Ok(json!({ "member": member["name"], "cause": "FIRST_CARD" }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    /// The card.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "ApproveCardApplication")
    }
}
