//! Acts as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct NotarialActs;

impl Fixture for NotarialActs {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.NotarialAct"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let act = json!({
            "post": "posts/example",
            "kind": "OATH",
            "signer": format!("Person {}", suite.number()),
            "evidence": { "kind": "PERSONALLY_KNOWN" },
            "capacity": "Consul",
            "document": "An affidavit",
            "seal": "EXAMPLE-1",
        });
        Box::pin(async { Ok(act) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AnnulNotarialAct" => Some(json!({ "grounds": "The person was another." })),
            _ => plain(method),
        }
    }
}
