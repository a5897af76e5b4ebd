//! Intakes of crises as the suite makes them: each of a family and an address of its own, proven by a code it knows.

use super::crises::CRISIS;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

/// The code that the suite puts in the place of the one that was sent.
const CODE: &str = "424242";
/// As the service keeps it.
const KNOWN: &str = "
    update contact_codes set attempts = 0, digest = sha256(convert_to(
        registration || chr(10) || address || chr(10) || $2, 'UTF8'))
    where registration = $1";

#[derive(Default)]
pub(super) struct CrisisIntakes {
    /// The crisis of them all.
    crisis: OnceCell<Value>,
}

impl Fixture for CrisisIntakes {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.CrisisIntake"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let crisis = self.crisis.get_or_try_init(|| suite.make(CRISIS)).await?;
            let number = suite.number();
            Ok(json!({
                "crisis": crisis["name"],
                "said": "SAFE",
                "email": format!("person{number}@example.org"),
                "people": [{
                    "familyName": format!("Example {number}"),
                    "givenNames": "Person",
                    "birthDate": "1974-08-12",
                    "nationality": "US",
                }],
            }))
        })
    }

    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "ProveCrisisIntake" {
                let known = sqlx::query(KNOWN).bind(record["name"].as_str()).bind(CODE);
                known.execute(&suite.bench().pool).await.map_err(|error| Unprepared(error.to_string()))?;
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ProveCrisisIntake" => Some(json!({ "code": CODE })),
            _ => plain(method),
        }
    }

    /// Whoever is new comes onto the list.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "ProveCrisisIntake")
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["LAPSED", "ERASED"]
    }
}
