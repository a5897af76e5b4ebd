//! Enquiries as the suite makes them: all after one person.

use super::crisis_persons::CRISIS_PERSON;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct Enquiries {
    /// The person.
    person: OnceCell<Value>,
}

impl Fixture for Enquiries {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Enquiry"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let person = self.person.get_or_try_init(|| suite.make(CRISIS_PERSON)).await?;
            Ok(json!({
                "crisis": person["crisis"],
                "enquirerName": format!("Relative {}", suite.number()),
                "enquirerEmail": "relative@example.org",
                "relation": "PARENT",
                "familyName": "Example",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "MatchEnquiry" => Some(json!({ "person": self.person.get()?["name"] })),
            "AnswerEnquiry" => Some(json!({ "identityProven": true })),
            "AnswerEnquiryForSafety" => Some(json!({ "grounds": "A transplant." })),
            _ => plain(method),
        }
    }
}
