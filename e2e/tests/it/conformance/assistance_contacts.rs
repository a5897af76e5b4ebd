//! Contacts in assistance cases as the suite makes them: attempts in one case, which complete nothing.

use super::assistance_cases::ASSISTANCE_CASE;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const ASSISTANCE_CONTACT: &str = "legation.consular.v1.AssistanceContact";

#[derive(Default)]
pub(super) struct AssistanceContacts {
    /// The case.
    case: OnceCell<Value>,
}

impl Fixture for AssistanceContacts {
    fn resource(&self) -> &'static str {
        ASSISTANCE_CONTACT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let case = self.case.get_or_try_init(|| suite.make(ASSISTANCE_CASE)).await?;
            Ok(json!({
                "case": case["name"],
                "party": "SUBJECT",
                "channel": "TELEPHONE",
                "summary": format!("Attempt {}: nobody answers.", suite.number()),
            }))
        })
    }
}
