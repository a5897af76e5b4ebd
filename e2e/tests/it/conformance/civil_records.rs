//! Civil records as the suite makes them: deaths, each on a day of its own, far enough from the next to be another event.

use chrono::{Days, NaiveDate};
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct CivilRecords;

impl Fixture for CivilRecords {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.CivilRecord"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let day = NaiveDate::from_ymd_opt(1980, 1, 1).unwrap_or_default() + Days::new(7 * u64::from(suite.number()));
        let record = json!({
            "post": "posts/example",
            "kind": "DEATH",
            "eventDate": day.to_string(),
            "place": "Example",
            "country": "FR",
            "subject": { "familyName": "Example", "birthDate": "1950-01-01" },
            "declarant": "Person Example",
            "documents": [
                { "kind": "LOCAL_CERTIFICATE", "issuer": "Example" },
                { "kind": "PROOF_OF_CITIZENSHIP", "issuer": "Example" },
            ],
        });
        Box::pin(async { Ok(record) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReviewCivilRecord" => Some(json!({ "grounds": "The passports differ." })),
            "CorrectCivilRecord" => Some(json!({ "place": "Elsewhere", "grounds": "Judgment of the court." })),
            "RejectCivilRecord" => Some(json!({ "grounds": "The papers are forged." })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "place": "Elsewhere" }))
    }
}
