//! Customs clearances as the suite makes them: for members of their own, by one rule without a quota.

use super::members::MEMBER;
use super::reciprocity_rules;
use proto::contract::{Kind, Method, contract};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

const CLEARANCE: &str = "legation.accreditation.v1.CustomsClearance";

#[derive(Default)]
pub(super) struct CustomsClearances {
    /// Whether the rule that grants them is in force.
    rule: OnceCell<()>,
}

impl Fixture for CustomsClearances {
    fn resource(&self) -> &'static str {
        CLEARANCE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let rule = async || reciprocity_rules::in_force(suite, "CUSTOMS_CLEARANCE").await;
            self.rule.get_or_try_init(rule).await?;
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            let serial = suite.number();
            Ok(json!({
                "mission": member["mission"],
                "member": member["name"],
                "airWaybill": format!("020-{serial:07}{}", serial % 7),
                "description": "Furniture",
                "quantity": 1,
            }))
        })
    }

    /// A shipment that has arrived: nothing else is certified.
    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let of_clearances = |kind: &Kind| {
                let mut methods = contract().methods().iter();
                let found = methods.find(|method| method.kind() == kind && method.resource() == Some(CLEARANCE));
                found.ok_or_else(|| Unprepared(format!("clearances have no {kind:?}")))
            };
            let clearance = suite.create(of_clearances(&Kind::Create)?, self.record(suite).await?).await?;
            suite.call_about(of_clearances(&Kind::Verb("recordArrival".into()))?, &clearance).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RejectCustomsClearance" => Some(json!({ "grounds": "There is no invoice." })),
            "RecordShipmentArrival" => Some(json!({ "arrivalNotice": "Notice 7" })),
            _ => plain(method),
        }
    }

    /// A quota is exceeded by what else was certified, not by a verb of its own.
    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["QUOTA_EXCEEDED"]
    }
}
