//! Tax cards as the suite makes them: each for a member of its own, by one rule in force.

use super::members::MEMBER;
use super::reciprocity_rules;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct TaxCards {
    /// Whether the rule that grants the cards is in force.
    rule: OnceCell<()>,
}

impl Fixture for TaxCards {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.TaxCard"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let rule = async || reciprocity_rules::in_force(suite, "TAX_EXEMPTION").await;
            self.rule.get_or_try_init(rule).await?;
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            Ok(json!({ "mission": member["mission"], "member": member["name"] }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SuspendTaxCard" => Some(json!({ "cause": "DEBT" })),
            "RecallTaxCard" => Some(json!({ "cause": "MISUSE" })),
            "ReportTaxCardLost" => Some(json!({ "note": "Note 44/2026" })),
            _ => plain(method),
        }
    }

    /// A card is replaced thirty days after its loss.
    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED", "REPLACED"]
    }
}
