//! Rules of reciprocity as the suite makes them: each of a country of its own, so that no two overlap.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const RECIPROCITY_RULE: &str = "legation.accreditation.v1.ReciprocityRule";

pub(super) struct ReciprocityRules;

impl Fixture for ReciprocityRules {
    fn resource(&self) -> &'static str {
        RECIPROCITY_RULE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        // User-assigned codes, benefits and categories: as many keys as the suite can want, and none that cards need.
        let n = suite.number();
        let letter = char::from(b'A' + u8::try_from(n % 26).expect("it is less than 26"));
        let benefit = if n / 26 % 2 == 0 { "UTILITIES_TAX" } else { "FUEL_TAX" };
        let categories = ["DIPLOMATIC_STAFF", "SERVICE_STAFF", "CONSULAR_OFFICER", "CONSULAR_EMPLOYEE", "IO_OFFICIAL"];
        let category = categories[usize::try_from(n / 52).expect("it is small") % categories.len()];
        let rule = json!({
            "country": format!("X{letter}"),
            "category": category,
            "benefit": benefit,
            "level": "RESTRICTED",
            "restriction": { "minimumAmount": "30000", "excluded": ["LODGING"], "taxes": ["SALES"] },
            "basis": format!("Exchange of notes {n}"),
        });
        Box::pin(async { Ok(rule) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ActivateReciprocityRule" | "SupersedeReciprocityRule" => Some(json!({})),
            "PreviewReciprocityRule" => Some(json!({ "effectiveTime": "2030-01-01T00:00:00Z" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "basis": "Exchange of notes, corrected", "family": true }))
    }
}
