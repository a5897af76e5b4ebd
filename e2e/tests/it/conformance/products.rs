//! Products as the suite makes them.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct Products;

impl Fixture for Products {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Product"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let product = json!({
            "title": format!("Checks of identity cards {}", suite.number()),
            "permissions": ["accreditation.identityCards.verify"],
        });
        Box::pin(async { Ok(product) })
    }
}
