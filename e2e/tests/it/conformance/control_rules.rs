//! Control rules as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const CONTROL_RULE: &str = "legation.accreditation.v1.ControlRule";

pub(super) struct ControlRules;

impl Fixture for ControlRules {
    fn resource(&self) -> &'static str {
        CONTROL_RULE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let rule = json!({
            "title": format!("Travel beyond 25 miles, {}", suite.number()),
            "countries": ["FR"],
            "trigger": "TRAVEL_RADIUS",
            "centre": { "latitude": 38.8937, "longitude": -77.0365 },
            "centreName": "the Ellipse",
            "radiusMetres": 40234,
            "mode": "APPROVE",
            "leadWorkingDays": 3,
            "legalBasis": "Note 26-001",
            "effectiveTime": "2020-01-01T00:00:00Z",
        });
        Box::pin(async { Ok(rule) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        if method.name() == "RepealControlRule" { Some(json!({})) } else { plain(method) }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "leadWorkingDays": 5 }))
    }
}
