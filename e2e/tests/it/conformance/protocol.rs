//! Questions to protocol, which keeps no records.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct Protocol;

impl Fixture for Protocol {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.ProtocolService"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("protocol keeps no records".into())) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "GetFormOfAddress" => Some(json!({ "office": "AMBASSADOR", "fullName": "Anna Example", "of": "France" })),
            "ArrangeFlags" => Some(json!({ "states": ["FR", "DE"], "halfMast": true })),
            _ => plain(method),
        }
    }
}
