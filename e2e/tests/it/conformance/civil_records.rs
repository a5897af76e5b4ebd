//! Civil records as the suite makes them: deaths, each of another person and far enough from the next to be another event.

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
        let number = u64::from(suite.number());
        let day = |first: i32, days: u64| {
            (NaiveDate::from_ymd_opt(first, 1, 1).unwrap_or_default() + Days::new(days)).to_string()
        };
        let record = json!({
            "post": "posts/example",
            "kind": "DEATH",
            "eventDate": day(1980, 7 * number),
            "place": "Example",
            "country": "FR",
            "subject": { "familyName": "Example", "birthDate": day(1930, number) },
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
            "ReturnCivilRecord" => Some(json!({ "grounds": "The place is another." })),
            "CertifyCivilRecord" => Some(json!({ "applicant": "Person Example, widow" })),
            "CorrectCivilRecord" => Some(json!({ "place": "Elsewhere", "grounds": "Judgment of the court." })),
            "AnnulCivilRecord" => Some(json!({ "grounds": "It was another person." })),
            "RejectCivilRecord" => Some(json!({ "grounds": "The papers are forged." })),
            "PrintCivilRecord" => Some(json!({})),
            "VerifyCivilCertificate" => Some(json!({ "reference": "example D 1/2000-1", "code": "ABCDEFGHJKLM" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "place": "Elsewhere" }))
    }
}
