//! Debts as the suite makes them: fines, paid in full when they are paid.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct Debts {
    /// The mission that owes.
    mission: OnceCell<Value>,
}

impl Fixture for Debts {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Debt"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = self.mission.get_or_try_init(async || suite.in_state(MISSION, "OPEN").await).await?;
            Ok(json!({
                "mission": mission["name"],
                "kind": "PARKING_FINES",
                "creditor": "Example City",
                "reference": format!("case {}", suite.number()),
                "amount": { "currency": "USD", "minorUnits": "10000" },
                "incurDate": "2026-01-02",
                "dueDate": "2026-02-02",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordPayment" => Some(json!({ "minorUnits": "10000", "paymentDate": "2026-03-01" })),
            "AgeDebts" => Some(json!({ "asOfDate": "2026-06-30" })),
            "StateDebts" => Some(json!({ "year": 2026 })),
            _ => plain(method),
        }
    }
}
