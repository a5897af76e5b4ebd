//! Entry requirements as the suite makes them: each for a pair of countries of its own.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct EntryRequirements;

impl Fixture for EntryRequirements {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.EntryRequirement"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        // Each number is another pair of codes that states may give themselves.
        let number = suite.number();
        let code =
            |number: u32| format!("X{}", char::from_digit(10 + number % 26, 36).unwrap_or('A').to_ascii_uppercase());
        let rule = json!({
            "nationality": code(number),
            "destination": if number / 26 % 26 == number % 26 { "FR".to_owned() } else { code(number / 26) },
            "requirement": "VISA_FREE",
            "stayDays": 90,
            "effectiveDate": "2022-12-21",
            "source": "Example data set (MIT)",
        });
        Box::pin(async { Ok(rule) })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "requirement": "E_VISA", "effectiveDate": "2026-01-01" }))
    }
}
