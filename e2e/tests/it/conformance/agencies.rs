//! Partner agencies as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct Agencies;

impl Fixture for Agencies {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Agency"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let agency = json!({
            "title": format!("Police of district {}", suite.number()),
            "contact": "desk@police.example",
            "legalBasis": "Example Act, section 1",
        });
        Box::pin(async { Ok(agency) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AssignProducts" => Some(json!({ "products": [] })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Police of the northern district", "contact": "north@police.example" }))
    }
}
