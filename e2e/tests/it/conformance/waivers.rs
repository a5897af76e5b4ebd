//! Waivers as the suite makes them: each for proceedings of its own.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const WAIVER: &str = "legation.accreditation.v1.Waiver";

#[derive(Default)]
pub(super) struct Waivers {
    /// The member they are all about.
    member: OnceCell<Value>,
}

impl Fixture for Waivers {
    fn resource(&self) -> &'static str {
        WAIVER
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = self.member.get_or_try_init(|| suite.in_state(MEMBER, "ACCREDITED")).await?;
            Ok(json!({
                "member": member["name"],
                "scope": "CRIMINAL",
                "proceedings": format!("2026 CF1 {}", suite.number()),
                "offence": "Assault",
                "serious": true,
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SendWaiver" => Some(json!({ "note": "17/2026" })),
            "GrantWaiver" => Some(json!({ "text": "The immunity is waived.", "authority": "The Ambassador" })),
            _ => plain(method),
        }
    }

    /// A grant stands in the member's record too.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "GrantWaiver")
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["NO_REPLY", "PARTIAL"]
    }
}
