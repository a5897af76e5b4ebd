//! Functions as the suite makes them: a dinner with two guests.

use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct OfficialFunctions;

impl Fixture for OfficialFunctions {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.OfficialFunction"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let title = format!("Dinner {}", suite.number());
        let guest = |id: &str| json!({ "id": id, "fullName": format!("Person {id}"), "office": "AMBASSADOR" });
        let record = json!({
            "title": title,
            "kind": "MEAL",
            "startTime": "2026-01-01T18:00:00Z",
            "venue": "State Dining Room",
            "host": "The Minister of Foreign Affairs",
            "table": { "form": "ROUND", "size": 8 },
            "guests": [guest("1"), guest("2")],
        });
        Box::pin(async move { Ok(record) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AnswerOfficialFunction" => Some(json!({ "guest": "1", "reply": "ACCEPTED" })),
            _ => plain(method),
        }
    }

    /// Nobody is seated who has not accepted.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, function: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() != "SeatOfficialFunction" {
                return Ok(function);
            }
            let answer = suite.method_of(self.resource(), &Kind::Verb("answer".into()))?;
            suite.call_about(answer, &function).await
        })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "venue": "Garden" }))
    }
}
