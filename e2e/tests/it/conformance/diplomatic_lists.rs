//! Editions of the diplomatic list as the suite makes them.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct DiplomaticLists;

impl Fixture for DiplomaticLists {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.DiplomaticList"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let number = suite.number();
        let edition = format!("{}/{}", 2000 + number / 999, 1 + number % 999);
        Box::pin(async move { Ok(json!({ "kind": "DIPLOMATIC", "edition": edition })) })
    }
}
