//! Crises as the suite makes them: earthquakes in an empty sea.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const CRISIS: &str = "legation.consular.v1.Crisis";

pub(super) struct Crises;

impl Fixture for Crises {
    fn resource(&self) -> &'static str {
        CRISIS
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            Ok(json!({
                "title": format!("Example crisis {}", suite.number()),
                "kind": "EARTHQUAKE",
                "circle": "-45,-120 50",
                "onsetTime": "2026-06-01T00:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "FindCrisisDuplicates" => Some(json!({})),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Example crisis, renamed" }))
    }
}
