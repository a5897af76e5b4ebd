//! Tasks of assistance cases as the suite makes them: of an officer's own, in one case.

use super::assistance_cases::ASSISTANCE_CASE;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct AssistanceTasks {
    /// The case.
    case: OnceCell<Value>,
}

impl Fixture for AssistanceTasks {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.AssistanceTask"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let case = self.case.get_or_try_init(|| suite.make(ASSISTANCE_CASE)).await?;
            Ok(json!({
                "case": case["name"],
                "kind": "SOMETHING_ELSE",
                "title": format!("Errand {}", suite.number()),
                "dueTime": "2099-01-31T12:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AssignAssistanceTask" => Some(json!({ "assignee": "people/clerk" })),
            "CompleteAssistanceTask" => Some(json!({ "outcome": "Done." })),
            "WaiveAssistanceTask" => Some(json!({ "grounds": "Nobody needs it any more." })),
            _ => plain(method),
        }
    }
}
