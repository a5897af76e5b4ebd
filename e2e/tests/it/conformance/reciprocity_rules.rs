//! Rules of reciprocity as the suite makes them: each of a country of its own, so that no two overlap.

use super::members::CATEGORIES;
use proto::contract::{Kind, Method, contract};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The resource.
const RECIPROCITY_RULE: &str = "legation.accreditation.v1.ReciprocityRule";

pub(super) struct ReciprocityRules;

/// Puts rules in force by which France's members of both categories that the suite makes enjoy a benefit.
pub(super) async fn in_force(suite: &Suite, benefit: &str) -> Result<(), Unprepared> {
    let of_rules = |kind: &Kind| {
        let mut methods = contract().methods().iter();
        let found = methods.find(|method| method.kind() == kind && method.resource() == Some(RECIPROCITY_RULE));
        found.ok_or_else(|| Unprepared(format!("rules have no {kind:?}")))
    };
    for category in CATEGORIES {
        let draft = json!({
            "country": "FR",
            "category": category,
            "benefit": benefit,
            "level": "UNRESTRICTED",
            "basis": "Exchange of notes",
        });
        let mut rule = suite.create(of_rules(&Kind::Create)?, draft).await?;
        for verb in ["clear", "activate"] {
            rule = suite.call_about(of_rules(&Kind::Verb(verb.into()))?, &rule).await?;
        }
    }
    Ok(())
}

impl Fixture for ReciprocityRules {
    fn resource(&self) -> &'static str {
        RECIPROCITY_RULE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        // User-assigned codes, benefits and categories: as many keys as the suite can want, and none that cards need.
        let n = suite.number();
        let letter = char::from(b'A' + u8::try_from(n % 26).expect("it is less than 26"));
        let benefit = if (n / 26).is_multiple_of(2) { "UTILITIES_TAX" } else { "FUEL_TAX" };
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
