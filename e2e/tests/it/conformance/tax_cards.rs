//! Tax cards as the suite makes them: each for a member of its own, by one rule in force.

use super::members::MEMBER;
use super::reciprocity_rules::RECIPROCITY_RULE;
use proto::contract::{Kind, Method, contract};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct TaxCards {
    /// Whether the rule that grants the cards is in force.
    rule: OnceCell<()>,
}

impl TaxCards {
    /// Puts the rule in force by which France's diplomats have cards.
    async fn granted(&self, suite: &Suite) -> Result<(), Unprepared> {
        let rule = async || {
            let draft = json!({
                "country": "FR",
                "category": "DIPLOMATIC_STAFF",
                "benefit": "TAX_EXEMPTION",
                "level": "UNRESTRICTED",
                "basis": "Exchange of notes",
            });
            let of_rules = |kind: &Kind| {
                let mut methods = contract().methods().iter();
                let found = methods.find(|m| m.kind() == kind && m.resource() == Some(RECIPROCITY_RULE));
                found.ok_or_else(|| Unprepared(format!("rules have no {kind:?}")))
            };
            let mut rule = suite.create(of_rules(&Kind::Create)?, draft).await?;
            for verb in ["clear", "activate"] {
                rule = suite.call_about(of_rules(&Kind::Verb(verb.into()))?, &rule).await?;
            }
            Ok(())
        };
        self.rule.get_or_try_init(rule).await.map(drop)
    }
}

impl Fixture for TaxCards {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.TaxCard"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            self.granted(suite).await?;
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
