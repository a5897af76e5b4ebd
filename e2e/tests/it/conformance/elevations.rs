//! Elevations as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct Elevations;

impl Fixture for Elevations {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Elevation"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let elevation = json!({
            "role": "breakglass",
            "minutes": 15,
            "justification": format!("an exercise of the conformance suite, number {}", suite.number()),
        });
        Box::pin(async { Ok(elevation) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReviewElevation" => Some(json!({ "finding": "as it should be" })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }
}
