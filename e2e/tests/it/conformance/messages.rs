//! Messages as the suite makes them: to a country where nobody is registered, in a house that has no senders.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct Messages;

impl Fixture for Messages {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Message"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            Ok(json!({
                "title": format!("Example message {}", suite.number()),
                "texts": [{ "language": "en", "subject": "Are you safe?", "body": "Call us." }],
                "country": "AQ",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        if method.name() == "ReadMessageReceipts" { Some(json!({})) } else { plain(method) }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Example message, renamed" }))
    }
}
