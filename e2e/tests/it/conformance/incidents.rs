//! Incidents as the suite makes them: of one member, about whom an officer asked.

use super::members::MEMBER;
use proto::contract::{Kind, Method, contract};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct Incidents {
    /// The answer that the officer got.
    answer: OnceCell<Value>,
}

impl Fixture for Incidents {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Incident"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let asked = async || {
                let kind = Kind::Verb("determineImmunity".into());
                let found = contract().methods().iter().find(|method| *method.kind() == kind);
                let ask = found.ok_or_else(|| Unprepared("the contract has no determineImmunity".into()))?;
                let member = suite.make(MEMBER).await?;
                suite.call_about(ask, &member).await
            };
            let answer = self.answer.get_or_try_init(asked).await?;
            Ok(json!({
                "member": answer["member"],
                "offence": format!("Assault, case {}", suite.number()),
                // Not a serious one: such an incident waits for the answer to the request that it opens.
                "offenceClass": "MISDEMEANOUR",
                "severity": "S3",
                "place": "12 Example Street",
                "occurTime": "2026-01-02T03:04:05Z",
                "agency": "metropolitan-police",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "LinkDetermination" => self.answer.get().map(|answer| json!({ "determination": answer["name"] })),
            "StateCharge" => Some(json!({ "prosecutor": "Example Prosecutor", "charges": "Assault" })),
            "RecordWaiverOutcome" => Some(json!({ "outcome": "WAIVER_REFUSED" })),
            "CloseIncident" => Some(json!({ "cause": "The member left" })),
            _ => plain(method),
        }
    }
}
