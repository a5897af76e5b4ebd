//! Loans for the way home as the suite makes them: of one case, each of another person, repaid at once.

use super::assistance_cases::ASSISTANCE_CASE;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct RepatriationLoans {
    /// The case.
    case: OnceCell<Value>,
}

impl Fixture for RepatriationLoans {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.RepatriationLoan"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let case = self.case.get_or_try_init(|| suite.make(ASSISTANCE_CASE)).await?;
            Ok(json!({
                "case": case["name"],
                "person": format!("L-{:04}", suite.number()),
                "currency": "USD",
                "costMinorUnits": "90000",
                "ownMinorUnits": "10000",
                "familyAsked": true,
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AssessRepatriationLoan" => Some(json!({ "findings": "No money, and none to be had." })),
            "RefuseRepatriationLoan" => Some(json!({ "grounds": "The family pays after all." })),
            "SignPromissoryNote" => Some(json!({ "note": "note 4" })),
            "DisburseRepatriationLoan" => Some(json!({ "payee": "Example Airline", "voucher": "ticket 7" })),
            "RepayRepatriationLoan" => Some(json!({ "minorUnits": "80000", "voucher": "transfer 9" })),
            "WaiveRepatriationLoan" => Some(json!({ "grounds": "The borrower has died." })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["IN_DEFAULT"]
    }
}
