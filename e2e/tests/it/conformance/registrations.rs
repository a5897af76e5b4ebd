//! Registrations as the suite makes them: residences told by e-mail and telephone, proven by a code it knows.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The code that the suite puts in the place of the one that was sent.
const CODE: &str = "424242";
/// As the service keeps it.
const KNOWN: &str = "
    update contact_codes set attempts = 0, digest = sha256(convert_to(
        registration || chr(10) || address || chr(10) || $2, 'UTF8'))
    where registration = $1";
const EMAIL: &str = "person@example.org";
const PHONE: &str = "+12025550100";

pub(super) struct Registrations;

impl Fixture for Registrations {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Registration"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            Ok(json!({
                "kind": "RESIDENCE",
                "familyName": "Example",
                "givenNames": format!("Person {}", suite.number()),
                "birthDate": "1974-08-12",
                "nationalities": ["US"],
                "email": EMAIL,
                "phone": PHONE,
                "consents": ["KEEP_DATA"],
                "stays": [{
                    "country": "JP",
                    "city": "Kobe",
                    "location": { "latitude": 34.69, "longitude": 135.19 },
                    "startDate": "2026-01-01",
                }],
            }))
        })
    }

    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name().starts_with("Verify") {
                let known = sqlx::query(KNOWN).bind(record["name"].as_str()).bind(CODE);
                known.execute(&suite.bench().pool).await.map_err(|error| Unprepared(error.to_string()))?;
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SendContactCode" => Some(json!({ "address": EMAIL })),
            "VerifyRegistration" => Some(json!({ "address": EMAIL, "code": CODE })),
            "VerifyContact" => Some(json!({ "address": PHONE, "code": CODE })),
            "LocateRegistrations" => Some(json!({ "country": "AQ" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "language": "fr" }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["STALE"]
    }
}
